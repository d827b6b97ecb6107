# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A third volume provider, as somebody might add one: it keeps the data of hostPath volumes on a shelf."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.left_snapshots import LeftSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import (
    BackupJob,
    KeptSnapshots,
    Key,
    Reasons,
    SnapshotOffer,
    StoredContents,
    VolumeContext,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import ProviderRow
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restore_kinds import NewVolumes
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import DataSource, RestoreJob
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_listing import FoundSnapshots, SnapshotQuery
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import (
    PlannedSnapshot,
    SetSnapshots,
    SetSpec,
)

METHOD = "PodVolumeBackup"

#: What is on the shelf, by handles.
SHELF: dict[str, str] = {}


class ShelfBackup:
    method = METHOD
    title = "copies on the shelf"
    moves = False
    why_not = ""

    def __init__(self, job: BackupJob) -> None:
        self._job = job
        self._taken: dict[Key, str] = {}
        self._plans: t.Mapping[Key, PlannedSnapshot] = {}

    def needs(self, namespaces: t.Sequence[str]) -> list[Need]:
        return []

    def open(self, *, allowed: bool) -> None:
        pass

    def plan(self, claim: ClaimVolume, *, wanted: bool) -> SnapshotOffer:
        path = ((claim.volume or {}).get("spec") or {}).get("hostPath")
        if not path:
            return SnapshotOffer(reason="shelf: no hostPath;")
        spec = SnapshotSpec(namespace=claim.namespace, claim=claim.name)
        return SnapshotOffer(plan=PlannedSnapshot(claim=claim, spec=spec), is_mine=True)

    def begin(self, plans: t.Mapping[Key, PlannedSnapshot], *, namespaces: t.Sequence[str], sweeps: bool) -> list[str]:
        self._plans = plans
        return []

    def foresee(self, plans: t.Mapping[Key, PlannedSnapshot]) -> list[str]:
        return []

    def close(self) -> None:
        pass

    def take(self, keys: t.Sequence[Key], *, timeout: float, too_late: str) -> None:
        for key in keys:
            handle = f"{self._job.name}/{'/'.join(key)}"
            SHELF[handle] = str((self._plans[key].claim.volume or {})["spec"]["hostPath"]["path"])
            self._taken[key] = handle

    def spoil(self, keys: t.Sequence[Key], *, why: str) -> None:
        pass

    def error_of(self, key: Key) -> str:
        return ""

    def drop_failed(self, keys: t.Sequence[Key]) -> list[str]:
        return []

    def mark_claim(self, key: Key, claim: Object) -> bool:
        return False

    def keep(self, *, timeout: float, progress: ProgressSink) -> KeptSnapshots | None:
        return None

    def describe(self, key: Key) -> Object | None:
        if key not in self._taken:
            return None
        info = {"snapshotHandle": self._taken[key]}
        return {"backupMethod": METHOD, "skipped": False, "result": "succeeded", "pvbInfo": info}

    def counts(self) -> dict[str, int]:
        return {}

    def records(self, backup_uid: str) -> list[Object]:
        return []

    def operations(self) -> list[Object]:
        return []

    def release(self) -> list[str]:
        return []

    def abandon(self) -> list[str]:
        for handle in self._taken.values():
            del SHELF[handle]
        return []


class ShelfSource(t.NamedTuple):
    handle: str
    missing: str = ""
    provider: str = "shelf"
    method: str = METHOD
    driver: str = ""
    helper: str = ""

    def volume_info(self) -> Object:
        return {"pvbInfo": {"snapshotHandle": self.handle}}


class ShelfRestore(NewVolumes):
    name = "shelf"
    method = METHOD
    objects = None

    def __init__(self, job: RestoreJob) -> None:
        self._handles = {
            (entry["pvcNamespace"], entry["pvcName"]): entry["pvbInfo"]["snapshotHandle"]
            for entry in job.records.volumeinfo or ()
            if entry.get("backupMethod") == METHOD
        }

    def of_claim(self, claim: t.Mapping[str, t.Any], namespace: str) -> DataSource | None:
        handle = self._handles.get((namespace, claim["metadata"]["name"]))
        return ShelfSource(handle, "" if handle in SHELF else "the shelf is empty") if handle else None

    def why_not(self, source: DataSource, *, namespace: str, claim: t.Mapping[str, t.Any]) -> str:
        return ""

    def provision(self, source: DataSource, spec: Object) -> None:
        spec["dataSourceRef"] = {"apiGroup": "shelf.example", "kind": "Copy", "name": source.handle}

    def is_made_from(
        self, claim: t.Mapping[str, t.Any], namespace: str, live: t.Mapping[str, t.Any], *, ours: bool
    ) -> bool:
        return ours

    def why_unreadable(self, volume: t.Mapping[str, t.Any], entry: t.Mapping[str, t.Any]) -> str:
        return "it is not on the shelf"

    def error_of(self, source: DataSource) -> str:
        return ""

    def take_out(self, source: DataSource, *, namespace: str, claim: str) -> list[str] | None:
        return None


class ShelfProvider:
    name = "shelf"
    kind = "repository"

    def __init__(self, context: VolumeContext) -> None:
        pass

    def for_backup(self, job: BackupJob, discovery: Discovery) -> ShelfBackup:
        return ShelfBackup(job)

    def end_backup(self, job: BackupJob, namespaces: t.Sequence[str]) -> list[str]:
        return []

    def for_set(self, spec: SetSpec) -> SetSnapshots:
        raise SnapshotError("There are no sets on the shelf.")

    def list_sets(self, query: SnapshotQuery) -> FoundSnapshots:
        raise SnapshotError("There are no sets on the shelf.")

    def for_restore(self, job: RestoreJob) -> ShelfRestore:
        return ShelfRestore(job)

    def why_not_delete(self, snapshots: t.Sequence[RecordedSnapshot]) -> Reasons:
        return {snapshot: "it is not on the shelf" for snapshot in snapshots if snapshot.handle not in SHELF}

    def delete_ahead(self, snapshots: t.Sequence[RecordedSnapshot]) -> None:
        """Each goes with its backup."""

    def delete(self, snapshots: t.Sequence[RecordedSnapshot], contents: StoredContents) -> Reasons:
        for snapshot in snapshots:
            del SHELF[snapshot.handle]
        return {}

    @property
    def is_cancelled(self) -> bool:
        return False

    def find_left(self, location: str) -> t.Sequence[LeftSnapshot]:
        return ()

    def deletion_notes(self) -> tuple[str, ...]:
        return ()


#: Typed, so that the type checker sees whether a provider is one.
ROW = ProviderRow(name=ShelfProvider.name, title=ShelfBackup.title, make=ShelfProvider)

__all__ = ("METHOD", "ROW", "SHELF")
