# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An API server in memory, and a location with backups, for whole restores without a cluster."""

from __future__ import annotations

import copy
import datetime as dt
import gzip
import io
import json
import threading
import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_writer import TarballWriter
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.json_patch import apply_merge_patch
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import plan_restore, run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec

Object = dict[str, t.Any]
Query: t.TypeAlias = "t.Mapping[str, str] | None"

_VERBS = frozenset({"create", "delete", "get", "list", "patch", "update"})
KINDS = [
    ("", "v1", "configmaps", "ConfigMap", True),
    ("", "v1", "secrets", "Secret", True),
    ("", "v1", "serviceaccounts", "ServiceAccount", True),
    ("", "v1", "persistentvolumes", "PersistentVolume", False),
    ("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", True),
    ("", "v1", "pods", "Pod", True),
    ("", "v1", "namespaces", "Namespace", False),
    ("coordination.k8s.io", "v1", "leases", "Lease", True),
    ("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False),
]


class RestoreApi:
    """Objects by plural, namespace and name. ``refuse`` is asked before each request: ``(verb, path, dry_run)``."""

    server = "https://127.0.0.1:6443"

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], Object] = {}
        #: ``POST /api/v1/namespaces/x/configmaps``, in their order; dry runs are not among them.
        self.requests: list[str] = []
        self.refuse: t.Callable[[str, str, bool], KubeError | None] = lambda _verb, _path, _dry_run: None
        #: Asked after a request had its effect: the answer is lost when it returns an error.
        self.lose: t.Callable[[str, str], KubeError | None] = lambda _verb, _path: None
        self.cancel = CancelToken()
        #: How far the server's clock is before that of this machine.
        self.ahead = dt.timedelta()
        self._version = 0
        self._lock = threading.Lock()

    @property
    def requests_made(self) -> int:
        return len(self.requests)

    def can_i(self, verb: str, **asked: str) -> bool:
        return self.refuse(verb, asked["resource"], False) is None

    def with_cancel(self, _cancel: t.Any) -> RestoreApi:
        return self

    def server_now(self) -> dt.datetime:
        return utc_now() + self.ahead

    def version(self) -> Object:
        with self._lock:
            self._note("GET", "/version")
        return {}

    def discovery(self) -> Discovery:
        return Discovery(
            ApiResource(group, version, plural, kind.lower(), kind, namespaced, _VERBS, (), True)
            for group, version, plural, kind, namespaced in KINDS
        )

    def add(self, plural: str, name: str, namespace: str = "", **more: t.Any) -> Object:
        body = {"metadata": {"name": name, **more.pop("metadata", {})}, **more}
        return self._store((plural, namespace, name), body)

    def names(self, plural: str, namespace: str = "") -> list[str]:
        return sorted(key[2] for key in self.objects if key[:2] == (plural, namespace))

    def get(self, path: str, *, query: Query = None, **_more: t.Any) -> Object:
        with self._lock:
            self._note("GET", path)
            plural, namespace, name = _read(path)
            if name:
                return copy.deepcopy(self._present(plural, namespace, name))
            found = [obj for key, obj in sorted(self.objects.items()) if key[0] == plural and namespace in ("", key[1])]
            limit = int((query or {}).get("limit") or 0) or len(found)
            metadata: Object = {"resourceVersion": str(self._version)}
            if len(found) > limit:
                metadata |= {"remainingItemCount": len(found) - limit, "continue": "more"}
            return {"items": copy.deepcopy(found[:limit]), "metadata": metadata}

    def get_bytes(self, path: str, **more: t.Any) -> bytes:
        return json.dumps(self.get(path, **more)).encode()

    def post(self, path: str, body: t.Mapping[str, t.Any], *, query: Query = None) -> Object:
        with self._lock:
            dry_run = "dryRun" in (query or {})
            self._note("POST", path, dry_run)
            plural, namespace, _name = _read(path)
            key = (plural, namespace, body["metadata"]["name"])
            if key in self.objects:
                raise KubeError(f'{plural} "{key[2]}" already exists', status=409, reason="AlreadyExists")
            if plural != "namespaces" and namespace and ("namespaces", "", namespace) not in self.objects:
                raise KubeError(f'namespaces "{namespace}" not found', status=404, reason="NotFound")
            made = copy.deepcopy(dict(body))
            if not dry_run:
                made = self._store(key, made)
                self._answer("POST", path)
            return copy.deepcopy(made)

    def post_bytes(self, path: str, body: bytes, *, query: Query = None) -> bytes:
        return json.dumps(self.post(path, json.loads(body), query=query)).encode()

    def patch(self, path: str, body: Object, *, query: Query = None, **_more: t.Any) -> Object:
        with self._lock:
            dry_run = "dryRun" in (query or {})
            self._note("PATCH", path, dry_run)
            key = _read(path)
            changed: Object = apply_merge_patch(self._present(*key), body)
            return copy.deepcopy(changed if dry_run else self._store(key, changed))

    def put(self, path: str, body: t.Mapping[str, t.Any], **_more: t.Any) -> Object:
        with self._lock:
            self._note("PUT", path)
            key = _read(path)
            if self._present(*key)["metadata"]["resourceVersion"] != body["metadata"].get("resourceVersion"):
                raise KubeError("the object has been modified", status=409, reason="Conflict")
            changed = self._store(key, copy.deepcopy(dict(body)))
            self._answer("PUT", path)
            return copy.deepcopy(changed)

    def delete(self, path: str, *, body: t.Mapping[str, t.Any] | None = None, **_more: t.Any) -> Object:
        with self._lock:
            self._note("DELETE", path)
            key = _read(path)
            wanted = (body or {}).get("preconditions") or {}
            metadata = self._present(*key)["metadata"]
            if any(metadata[name] != value for name, value in wanted.items()):
                raise KubeError("precondition failed", status=409, reason="Conflict")
            del self.objects[key]
            return {}

    def _store(self, key: tuple[str, str, str], body: Object) -> Object:
        self._version += 1
        metadata = body["metadata"]
        metadata.setdefault("uid", f"uid-{self._version}")
        metadata["resourceVersion"] = str(self._version)
        if key[1]:
            metadata["namespace"] = key[1]
        self.objects[key] = body
        return body

    def _present(self, plural: str, namespace: str, name: str) -> Object:
        found = self.objects.get((plural, namespace, name))
        if found is None:
            raise KubeError(f'{plural} "{name}" not found', status=404, reason="NotFound")
        return found

    def _note(self, verb: str, path: str, dry_run: bool = False) -> None:
        if not dry_run:
            self.requests.append(f"{verb} {path}")
        refusal = self.refuse(verb, path, dry_run)
        if refusal is not None:
            raise refusal

    def _answer(self, verb: str, path: str) -> None:
        lost = self.lose(verb, path)
        if lost is not None:
            raise lost


def _read(path: str) -> tuple[str, str, str]:
    """Plural, namespace and name."""
    words = [urllib.parse.unquote(word) for word in path.strip("/").split("/")]
    words = words[2:] if words[0] == "api" else words[3:]
    namespace = words[1] if words[0] == "namespaces" and len(words) > 2 else ""
    plural, *name = words[2:] if namespace else words
    return plural, namespace, name[0] if name else ""


def write_backup(store: t.Any, name: str, *objects: tuple[str, Object]) -> None:
    """Pairs of a group-resource and an object."""
    stream = io.BytesIO()
    with TarballWriter(stream) as writer:
        for kind, obj in objects:
            writer.add_item(GroupResource.parse(kind), obj, preferred_version=obj["apiVersion"].rpartition("/")[2])
        writer.close()
    backup = {
        "apiVersion": "velero.io/v1",
        "kind": "Backup",
        "metadata": {"name": name, "namespace": "velero"},
        "spec": {"snapshotVolumes": False},
        "status": {"phase": "Completed", "formatVersion": "1.1.0", "version": 1},
    }
    store.put(f"backups/{name}/{name}.tar.gz", stream.getvalue())
    store.put(f"backups/{name}/velero-backup.json", json.dumps(backup).encode())


def config(name: str, namespace: str = "shop", **data: str) -> tuple[str, Object]:
    metadata = {"name": name, "namespace": namespace}
    return "configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {"a": "1"}}


def _request(backup: str, options: Object) -> RestoreRequest:
    fields = set(RestoreRequest.__dataclass_fields__) - {"spec"}
    own: Object = {"workers": 2} | {name: options.pop(name) for name in list(options) if name in fields}
    return RestoreRequest(spec=RestoreSpec.from_options({"backup_name": backup, **options}), **own)


def plan(api: RestoreApi, store: t.Any, backup: str = "b", **options: t.Any) -> RestoreOutcome:
    return plan_restore(_request(backup, options), client=t.cast("t.Any", api), store=store)


def restore(api: RestoreApi, store: t.Any, backup: str = "b", **options: t.Any) -> RestoreOutcome:
    return run_restore(_request(backup, options), client=t.cast("t.Any", api), store=store)


def actions(outcome: RestoreOutcome) -> dict[str, str]:
    """Action by name."""
    return {item["name"]: item["action"] for item in outcome.plan_items}


def record_of(store: t.Any, name: str) -> Object:
    """Our own record of a restore."""
    document: Object = json.loads(gzip.decompress(store.get(f"restores/{name}/{name}-arkive.json.gz")))
    return document
