# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects whose files are gone: what a stock Velero removes of them, and what it leaves, is what our sync does."""

from __future__ import annotations

import secrets
import typing as t

import pytest
from velero_judge import NAMESPACE, SYNC_SECONDS, Judge, until

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_request import SyncRequest
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_run import sync_backups
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys

pytestmark = pytest.mark.velero

_HERE = {"velero.io/storage-location": "default"}
_LONG = "elsewhere-" * 8

#: By the end of their names: the phase, and members of the metadata. No controller of the server changes these.
ORPHANS: t.Mapping[str, tuple[str, Object]] = {
    "completed": ("Completed", {"labels": _HERE}),
    "partly": ("PartiallyFailed", {"labels": _HERE}),
    "failed": ("Failed", {"labels": _HERE}),
    "refused": ("FailedValidation", {"labels": _HERE}),
    "no-label": ("Completed", {}),
    "elsewhere": ("Completed", {"labels": {"velero.io/storage-location": "other"}}),
    "far": ("Completed", {"labels": {"velero.io/storage-location": label_value(_LONG)}}),
    "more-labels": ("Completed", {"labels": {**_HERE, "velero.io/schedule-name": "nightly", "team": "a"}}),
    "noted": ("Completed", {"labels": _HERE, "annotations": {"why": "somebody wants to keep it"}}),
    "finalized": ("Completed", {"labels": _HERE, "finalizers": ["example.com/mine"]}),
    "some-files": ("Completed", {"labels": _HERE}),
    "broken-file": ("Completed", {"labels": _HERE}),
}
_GONE = ("completed", "more-labels", "noted", "partly")


class Orphans:
    """In both namespaces, and what of them is in the bucket."""

    def __init__(self, client: KubeClient, store: Store, namespaces: t.Sequence[str]) -> None:
        self._client, self._store, self._namespaces = client, store, namespaces
        self.prefix = f"o{secrets.token_hex(3)}-"

    def make(self) -> None:
        self._store.put(f"backups/{self.prefix}some-files/{self.prefix}some-files-logs.gz", b"log")
        self._store.put(BackupKeys(f"{self.prefix}broken-file").metadata, b"{")
        for namespace in self._namespaces:
            for name, (phase, metadata) in ORPHANS.items():
                self._post(namespace, "Backup", name, metadata, {"storageLocation": "default"}, {"phase": phase})
            spec = {"backupName": f"{self.prefix}completed"}
            # The server gives it to each restore.
            finalizers = {"finalizers": ["restores.velero.io/external-resources-finalizer"]}
            self._post(namespace, "Restore", "of-completed", finalizers, spec, {"phase": "Completed"})
            volume = {
                "backupStorageLocation": "default",
                "node": "n",
                "pod": {"kind": "Pod", "name": "p", "namespace": "shop"},
                "repoIdentifier": "x",
                "volume": "data",
            }
            labels = {"velero.io/backup-name": f"{self.prefix}completed"}
            self._post(namespace, "PodVolumeBackup", "of-completed", {"labels": labels}, volume, {"phase": "Completed"})

    def there(self, plural: str, namespace: str) -> dict[str, Object]:
        """Without what differs between any two objects."""
        found = {}
        for item in self._client.get(f"/apis/velero.io/v1/namespaces/{namespace}/{plural}")["items"]:
            name = item["metadata"]["name"]
            if name.startswith(self.prefix):
                kept = ("labels", "annotations", "finalizers", "ownerReferences")
                metadata = {member: item["metadata"][member] for member in kept if member in item["metadata"]}
                doomed = "deletionTimestamp" in item["metadata"]
                found[name.removeprefix(self.prefix)] = {**item, "metadata": metadata, "doomed": doomed}
        return found

    def remove(self) -> None:
        self._store.delete_many(
            [info.key for info in self._store.list("backups/").objects if f"/{self.prefix}" in info.key]
        )
        for namespace in self._namespaces:
            for plural in ("backups", "restores", "podvolumebackups"):
                for name in self.there(plural, namespace):
                    path = f"/apis/velero.io/v1/namespaces/{namespace}/{plural}/{self.prefix}{name}"
                    try:
                        self._client.patch(path, {"metadata": {"finalizers": None}})
                        self._client.delete(path)
                    except KubeError as exc:
                        if not exc.not_found:
                            raise

    def _post(self, namespace: str, kind: str, name: str, metadata: Object, spec: Object, status: Object) -> None:
        body = {
            "apiVersion": "velero.io/v1",
            "kind": kind,
            "metadata": {**metadata, "name": f"{self.prefix}{name}"},
            "spec": spec,
            "status": status,
        }
        self._client.post(f"/apis/velero.io/v1/namespaces/{namespace}/{kind.lower()}s", body)


@pytest.fixture
def orphans(judge: Judge, client: KubeClient, judged_store: Store, namespace: str) -> t.Iterator[Orphans]:
    assert judge.get("backupstoragelocations", "default") is not None
    found = Orphans(client, judged_store, (NAMESPACE, namespace))
    found.make()
    yield found
    found.remove()


def test_the_same_go_and_the_same_stay(
    judge: Judge, orphans: Orphans, client: KubeClient, judged_store: Store, namespace: str
) -> None:
    request = SyncRequest(namespace=namespace, create_location=True)
    outcome = sync_backups(request, client=client, store=judged_store)
    ours = [name.removeprefix(orphans.prefix) for name in outcome.removed if name.startswith(orphans.prefix)]
    assert sorted(ours) == sorted([*_GONE, "finalized"])

    def synced() -> str:
        return str(((judge.get("backupstoragelocations", "default") or {}).get("status") or {}).get("lastSyncedTime"))

    before = synced()
    judge.start()
    until(lambda: synced() != before, "a pass of the server's sync has ended", seconds=SYNC_SECONDS)
    until(
        lambda: not set(_GONE) & set(orphans.there("backups", NAMESPACE)),
        "the server has removed what it removes",
        seconds=SYNC_SECONDS,
    )
    for plural in ("backups", "restores", "podvolumebackups"):
        assert orphans.there(plural, namespace) == orphans.there(plural, NAMESPACE), plural
    left = orphans.there("backups", namespace)
    assert [name for name, each in left.items() if each["doomed"]] == ["finalized"]
    assert set(left) == set(ORPHANS) - set(_GONE)
