# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An API server that answers from lists of objects, for whole backups without a cluster."""

from __future__ import annotations

import copy
import datetime as dt
import json
import threading
import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.plugins.module_utils._archive.repository import BackupRepository
from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import ExecResult
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector

VERBS = frozenset({"create", "delete", "get", "list"})
RBAC = "rbac.authorization.k8s.io"
#: Group, version, plural, kind, namespaced, short names; the first version of a group-resource is preferred.
KINDS: list[tuple[str, str, str, str, bool, tuple[str, ...]]] = [
    ("", "v1", "configmaps", "ConfigMap", True, ("cm",)),
    ("", "v1", "namespaces", "Namespace", False, ("ns",)),
    ("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", True, ("pvc",)),
    ("", "v1", "persistentvolumes", "PersistentVolume", False, ("pv",)),
    ("", "v1", "pods", "Pod", True, ("po",)),
    ("", "v1", "serviceaccounts", "ServiceAccount", True, ("sa",)),
    ("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", False, ()),
    (RBAC, "v1", "clusterroles", "ClusterRole", False, ()),
    (RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", False, ()),
    ("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False, ("crd",)),
    ("shop.example", "v2", "orders", "Order", True, ()),
    ("shop.example", "v1", "orders", "Order", True, ()),
]


class BackupApi:
    """Objects by plural, and the commands that were executed: ``(pod, command)``."""

    server = "https://127.0.0.1:6443"

    def __init__(self) -> None:
        self.objects: dict[str, list[dict[str, t.Any]]] = {plural: [] for _g, _v, plural, *_more in KINDS}
        self.executed: list[tuple[str, str]] = []
        self.codes: dict[str, int] = {}
        self.forbidden: set[str] = set()
        self.unauthorized: set[str] = set()
        #: What access reviews deny: plurals, or ``pods/exec``.
        self.denied: set[str] = set()
        self.paths: list[str] = []
        self.on_exec: t.Callable[[], None] = lambda: None
        self._lock = threading.Lock()

    @property
    def requests_made(self) -> int:
        return len(self.paths)

    def server_now(self) -> dt.datetime:
        return utc_now()

    def discovery(self) -> Discovery:
        seen: set[tuple[str, str]] = set()
        found = []
        for group, version, plural, kind, namespaced, short in KINDS:
            found.append(
                ApiResource(
                    group, version, plural, kind.lower(), kind, namespaced, VERBS, short, (group, plural) not in seen
                )
            )
            seen.add((group, plural))
        return Discovery(found)

    def add(self, plural: str, name: str, namespace: str = "", **more: t.Any) -> None:
        metadata = {"name": name} | ({"namespace": namespace} if namespace else {}) | more.pop("metadata", {})
        self.objects[plural].append({"metadata": metadata, **more})

    def add_pod(self, name: str, namespace: str = "shop", *, claims: t.Sequence[str] = (), **annotations: str) -> None:
        volumes = [{"name": claim, "persistentVolumeClaim": {"claimName": claim}} for claim in claims]
        self.add(
            "pods",
            name,
            namespace,
            metadata={"annotations": annotations},
            spec={"containers": [{"name": "main"}], "nodeName": "n1", "volumes": volumes},
            status={"phase": "Running"},
        )

    def with_cancel(self, _cancel: t.Any) -> BackupApi:
        return self

    def version(self) -> dict[str, str]:
        return {"gitVersion": "v1.34.1", "major": "1", "minor": "34"}

    def can_i(self, _verb: str, *, resource: str, subresource: str = "", **_more: t.Any) -> bool:
        asked = f"{resource}/{subresource}" if subresource else resource
        return not self.denied if resource == "*" else asked not in self.denied

    def post(self, path: str, body: t.Mapping[str, t.Any], **_more: t.Any) -> dict[str, t.Any]:
        """Rules of a namespace: everything but what is denied."""
        with self._lock:
            self.paths.append(path)
        granted = [
            f"{plural}{sub}" for plural in self.objects for sub in ("", "/exec") if f"{plural}{sub}" not in self.denied
        ]
        rules = [{"verbs": ["*"], "apiGroups": ["*"], "resources": granted}]
        return {"status": {"resourceRules": rules, "incomplete": False}}

    def get(self, path: str, *, query: t.Mapping[str, str] | None = None, **_more: t.Any) -> dict[str, t.Any]:
        with self._lock:
            self.paths.append(path)
        namespaced, plural, namespace, name = self._read(path)
        if plural in self.unauthorized:
            raise KubeError("The API server did not accept the credential.", status=401, reason="Unauthorized")
        if plural in self.forbidden:
            raise KubeError(f"You may not list {plural}.", status=403, reason="Forbidden")
        found = [o for o in self.objects[plural] if not namespaced or o["metadata"]["namespace"] == namespace]
        if name:
            for each in found:
                if each["metadata"]["name"] == name:
                    return copy.deepcopy(each)
            raise KubeError(f"{path} is not there.", status=404, reason="NotFound")
        selector = LabelSelector.from_text((query or {}).get("labelSelector", ""))
        found = [each for each in found if selector.matches(each["metadata"].get("labels"))]
        return {"items": copy.deepcopy(found), "metadata": {"resourceVersion": "7"}}

    def get_bytes(self, path: str, **more: t.Any) -> bytes:
        return json.dumps(self.get(path, **more)).encode()

    def exec_command(self, _client: t.Any, **given: t.Any) -> ExecResult:
        with self._lock:
            self.executed.append((given["pod"], " ".join(given["argv"])))
        self.on_exec()
        rc = self.codes.get(given["argv"][0], 0)
        return ExecResult(
            rc=rc, stdout=b"", stderr=b"", stdout_truncated=False, stderr_truncated=False, duration_seconds=0.0
        )

    @staticmethod
    def _read(path: str) -> tuple[bool, str, str, str]:
        """Whether a namespace is named, the plural, the namespace, and the name (empty for a list)."""
        words = [urllib.parse.unquote(word) for word in path.strip("/").split("/")]
        words = words[2:] if words[0] == "api" else words[3:]
        namespaced = words[0] == "namespaces" and len(words) > 2
        namespace = words[1] if namespaced else ""
        plural, *name = words[2:] if namespaced else words
        return namespaced, plural, namespace, name[0] if name else ""


def make_request(name: str = "b1", *, request: t.Mapping[str, t.Any] | None = None, **options: t.Any) -> BackupRequest:
    """``options`` are fields of the spec, ``request`` members of the request."""
    return BackupRequest(name=name, spec=BackupSpec.from_options(options), **{"workers": 2, **(request or {})})


def back_up(api: BackupApi, store: t.Any, *, cancel: t.Any = None, **options: t.Any) -> BackupOutcome:
    return run_backup(make_request(**options), client=t.cast("t.Any", api), store=store, cancel=cancel)


def stored(store: t.Any, name: str = "b1") -> list[str]:
    """``configmaps/shop/c`` for each stored object."""
    with BackupRepository(store).open_tarball(name) as tarball:
        return sorted(
            f"{item.group_resource}/{f'{item.namespace}/' if item.namespace else ''}{item.name}"
            for item in tarball.items
        )
