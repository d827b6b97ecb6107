# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups for the restore tests: made of what is in the cluster, or of objects that a test writes down."""

from __future__ import annotations

import gzip
import io
import secrets
import time
import typing as t
from pathlib import Path

from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_writer import TarballWriter
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact, encode_pretty
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import delete_object, get_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import wait_for_object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import plan_restore, run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec

PREFIX = "arkive-test-"
NAMESPACES = GroupResource("namespaces")
VOLUMES = GroupResource("persistentvolumes")
CLAIMS = GroupResource("persistentvolumeclaims")


class Cluster:
    """The cluster, with the few things that these tests do to it by themselves."""

    def __init__(self, client: KubeClient) -> None:
        self.client = client
        self.discovery = Discovery.read(client)
        self.made: set[str] = set()

    def new_name(self) -> str:
        """A namespace's name that is removed after the test, whoever makes it."""
        name = PREFIX + "r-" + secrets.token_hex(3)
        self.made.add(name)
        return name

    def get(self, kind: str, name: str, namespace: str | None = None) -> Object | None:
        resource = self.discovery.resolve(kind)
        assert resource is not None
        return get_object(self.client, resource, name, namespace)

    def wait(
        self,
        kind: str,
        name: str,
        namespace: str | None,
        predicate: t.Callable[[Object | None], bool],
        timeout: float = 60,
    ) -> Object | None:
        resource = self.discovery.resolve(kind)
        assert resource is not None
        return wait_for_object(self.client, resource, name, namespace, predicate, timeout=timeout)

    def delete(self, kind: str, name: str, namespace: str | None = None) -> None:
        """Delete and wait until it is gone."""
        resource = self.discovery.resolve(kind)
        assert resource is not None
        if delete_object(self.client, resource, name, namespace):
            self.wait(kind, name, namespace, lambda obj: obj is None, timeout=90)

    def stored(self, *namespaces: str) -> dict[tuple[GroupResource, str | None, str], Object]:
        """Everything in the namespaces, their Namespace objects, and the volumes of their claims."""
        found: dict[tuple[GroupResource, str | None, str], Object] = {}
        for resource in self.discovery.preferred():
            if resource.namespaced and {"list", "create", "get", "delete"} <= resource.verbs:
                for namespace in namespaces:
                    for page in list_pages(self.client, resource, namespace=namespace):
                        found |= {(resource.group_resource, namespace, o["metadata"]["name"]): o for o in page.items}
        wanted = {(NAMESPACES, name) for name in namespaces}
        wanted |= {(VOLUMES, obj["spec"].get("volumeName", "")) for key, obj in found.items() if key[0] == CLAIMS}
        for kind, name in wanted:
            obj = self.get(str(kind), name) if name else None
            if obj is not None:
                found[(kind, None, name)] = obj
        return found


class Backups:
    """A local location with backups that a test writes by hand."""

    def __init__(self, path: Path, client: KubeClient) -> None:
        path.mkdir()
        self.path = path
        self.client = client
        self.location = LocalLocation(path=str(path))
        self.store = open_store(self.location)
        self.lines: list[str] = []

    def write(
        self,
        name: str,
        objects: t.Mapping[tuple[GroupResource, str | None, str], Object] | t.Iterable[tuple[str, Object]],
        *,
        phase: str = "Completed",
        spec: Object | None = None,
        volume_info: t.Sequence[Object] = (),
        labels: t.Mapping[str, str] | None = None,
        started: str = "2026-06-01T02:00:00Z",
        preferred: t.Mapping[str, str] | None = None,
    ) -> None:
        """Objects by their keys, or pairs of a group-resource and an object.

        ``preferred``: the preferred version of a group-resource, where that is not the object's own.
        """
        if isinstance(objects, t.Mapping):
            pairs = [(key[0], obj) for key, obj in objects.items()]
        else:
            pairs = [(GroupResource.parse(kind), obj) for kind, obj in objects]
        stream = io.BytesIO()
        with TarballWriter(stream) as writer:
            for kind, obj in pairs:
                version = (preferred or {}).get(str(kind)) or obj["apiVersion"].rpartition("/")[2]
                writer.add_items(kind, [(obj, None)], preferred_version=version)
            writer.close()
        backup = {
            "apiVersion": "velero.io/v1",
            "kind": "Backup",
            "metadata": {"name": name, "namespace": "velero", "labels": dict(labels or {})},
            "spec": {"snapshotVolumes": False} if spec is None else spec,
            "status": {"phase": phase, "formatVersion": "1.1.0", "version": 1, "startTimestamp": started},
        }
        self.store.put(f"backups/{name}/{name}.tar.gz", stream.getvalue())
        self.store.put(f"backups/{name}/{name}-volumeinfo.json.gz", gzip.compress(encode_compact(list(volume_info))))
        self.store.put(f"backups/{name}/velero-backup.json", encode_pretty(backup))

    def plan(self, backup: str, **options: t.Any) -> RestoreOutcome:
        return plan_restore(self.request(backup, options), client=self.client, store=self.store)

    def restore(self, backup: str, *, client: KubeClient | None = None, **options: t.Any) -> RestoreOutcome:
        self.lines = []
        request = self.request(backup, options)
        return run_restore(request, client=client or self.client, store=self.store, progress=self.lines.append)

    @staticmethod
    def request(backup: str, options: dict[str, t.Any]) -> RestoreRequest:
        fields = set(RestoreRequest.__dataclass_fields__) - {"spec"}
        own = {name: options.pop(name) for name in list(options) if name in fields}
        return RestoreRequest(spec=RestoreSpec.from_options({"backup_name": backup, **options}), **own)


def action_of(outcome: RestoreOutcome, kind: str, name: str) -> tuple[str, str]:
    """Action and reason of one planned object."""
    found = [item for item in outcome.plan_items if (item["resource"], item["name"]) == (kind, name)]
    assert len(found) == 1, f"{kind} {name}: {found}"
    return found[0]["action"], found[0]["reason"]


def settled(read: t.Callable[[], RestoreOutcome], *, seconds: float = 30) -> RestoreOutcome:
    """Plan until controllers have settled what they own, then once more: the last outcome."""
    end = time.monotonic() + seconds
    while True:
        outcome = read()
        if not outcome.changed or time.monotonic() > end:
            return outcome
        time.sleep(0.2)


__all__ = ("Backups", "Cluster", "KubeError", "action_of", "settled")
