# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The volumes of one backup whose snapshots are moved into a repository (Velero 1.18, docs/compatibility 19).

The snapshots are taken as ever, inside the window of the freeze. When the last hook has run, a Job for each volume
reads a claim that is made of the snapshot; then the snapshot goes, and what is recorded is the copy.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_size import ask_for_room
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import TakenSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.backup.as_workload import why_no_user
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.backup.backup_mover import BackupMover
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.backup.movable import MovableVolumes
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.backup.temporary_claims import (
    claims_to_try,
    node_affinity,
    storage_class,
    temporary_claim,
    why_not_movable,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import (
    OwnedObject,
    Upload,
    Uploaded,
    WorkloadPlace,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.data_uploads import (
    DATA_UPLOADS,
    DataUpload,
    SourceSnapshot,
    mark_claim,
    operation_id,
    source_path,
    upload_tags,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.item_operations import upload_operation
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.names import record_name
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.volume_entries import (
    MOVED_METHOD,
    failed_volume_info,
    moved_volume_info,
    planned_volume_info,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.repository import Repository
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.rights import claim_needs, job_needs
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import (
    BackupJob,
    KeptSnapshots,
    Key,
    SnapshotOffer,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import PlannedSnapshot

_HINT = "To leave the snapshots with the storage, set snapshot_move_data: false."


class MovedBackup:
    """A ``BackupVolumes`` around those who take the snapshots."""

    method = MOVED_METHOD
    title = "CSI snapshots to be moved"
    moves = True
    why_not = ""

    def __init__(self, mover: BackupMover, job: BackupJob, inner: MovableVolumes) -> None:
        self._mover = mover
        self._job = job
        self._inner = inner
        self._plans: t.Mapping[Key, PlannedSnapshot] = {}
        self._taken: dict[Key, TakenSnapshot] = {}
        self._records: dict[Key, DataUpload] = {}
        #: Namespaces and ids of the copies that are in repositories, also where the run ends among them.
        self._copied: list[tuple[str, str]] = []

    # -- plan ---------------------------------------------------------------------------------------------------------

    def needs(self, namespaces: t.Sequence[str]) -> list[Need]:
        inner = self._inner.needs(namespaces)
        return [*inner, *job_needs(namespaces), *claim_needs(namespaces)] if inner else []

    def open(self, *, allowed: bool) -> None:
        self._inner.open(allowed=allowed)

    def plan(self, claim: ClaimVolume, *, wanted: bool) -> SnapshotOffer:
        """Who wants data moved wants it of every volume that has snapshots."""
        offer = self._inner.plan(claim, wanted=True)
        why = self._why_not_movable(claim) if offer.plan is not None else ""
        return SnapshotOffer(reason="csiSnapshot: it is not moved;", error=why, is_mine=True) if why else offer

    def _why_not_movable(self, claim: ClaimVolume) -> str:
        as_workload = self._mover.moving.settings.security_context == "workload"
        return why_not_movable(claim) or (why_no_user(claim.where, claim.user) if as_workload else "")

    def begin(self, plans: t.Mapping[Key, PlannedSnapshot], *, namespaces: t.Sequence[str], sweeps: bool) -> list[str]:
        """Pods have reached the repositories when this returns. Raises ``SnapshotError`` where nothing can be moved."""
        self._plans = plans
        if claims := self._claims_to_try():
            # Many backups move nothing.
            from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.backup.claim_room import (
                await_claim_room,
            )

            await_claim_room(self._mover, claims)
        if sweeps and plans:
            # A claim that waits for a pod of a dead run keeps the snapshot that it is made of. What cannot be looked at
            # is told with the repositories.
            from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.sweep import sweep_jobs

            sweep_jobs(self._mover.client, sorted({key[0] for key in plans}))
        # Room for snapshots is known without a pod.
        warnings = self._inner.begin(plans, namespaces=namespaces, sweeps=sweeps)
        self._mover.open(plans, hint=_HINT)
        return warnings

    def foresee(self, plans: t.Mapping[Key, PlannedSnapshot]) -> list[str]:
        self._plans = plans
        warnings = []
        if claims := self._claims_to_try():
            from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.backup.claim_room import (
                foresee_claim_room,
            )

            warnings += foresee_claim_room(self._mover, claims)
        warnings += self._inner.foresee(plans)
        self._mover.foresee(plans, hint=_HINT)
        return warnings

    def _claims_to_try(self) -> list[Object]:
        """The temporary claims that the cluster has to let in."""
        snapshot_type = self._inner.snapshot_type
        claims = [plan.claim for plan in self._plans.values()]
        return claims_to_try(claims, snapshot_type) if snapshot_type is not None else []

    def close(self) -> None:
        self._inner.close()

    # -- take ---------------------------------------------------------------------------------------------------------

    def take(self, keys: t.Sequence[Key], *, timeout: float, too_late: str) -> None:
        self._inner.take(keys, timeout=timeout, too_late=too_late)

    def spoil(self, keys: t.Sequence[Key], *, why: str) -> None:
        self._inner.spoil(keys, why=why)

    def error_of(self, key: Key) -> str:
        return self._inner.error_of(key)

    def drop_failed(self, keys: t.Sequence[Key]) -> list[str]:
        return self._inner.drop_failed(keys)

    # -- move ---------------------------------------------------------------------------------------------------------

    def keep(self, *, timeout: float, progress: ProgressSink) -> KeptSnapshots | None:
        """The snapshots are moved, and gone then; of each volume there is a record, also of one that failed."""
        self._taken = self._inner.await_ready(timeout=timeout, progress=progress)
        if not self._taken:
            return None
        moved = [key for key, taken in sorted(self._taken.items()) if not taken.failed]
        progress(f"moving the data of {counted(len(moved), 'volume')}")
        uploads = [self._upload(key) for key in moved]
        done = dict(zip(moved, self._mover.get().upload(uploads, uploaded=self._note), strict=True))
        for key, taken in sorted(self._taken.items()):
            self._records[key] = self._record(key, done.get(key) or Uploaded(error=taken.error))
        return KeptSnapshots(
            records=[(DATA_UPLOADS, record.to_object()) for record in self._records.values()],
            errors={key: record.message for key, record in self._records.items() if not record.is_good},
            warnings={key: found.losses for key, found in done.items() if found.losses},
            left=self._inner.drop_all(),
            count=sum(record.is_good for record in self._records.values()),
        )

    def _note(self, upload: Upload, uploaded: Uploaded) -> None:
        if not uploaded.failed:
            self._copied.append((upload.repository, uploaded.snapshot_id))

    def _upload(self, key: Key) -> Upload:
        claim, taken = self._plans[key].claim, self._taken[key]
        snapshot_type = self._inner.snapshot_type
        if snapshot_type is None:
            raise MoverError("The cluster does not serve the API of VolumeSnapshots any more.")
        made = temporary_claim(claim, taken.name, snapshot_type, size_bytes=taken.size_bytes)
        return Upload(
            namespace=claim.namespace,
            claim=made["metadata"]["name"],
            original_claim=claim.name,
            source_path=source_path(*key),
            tags=upload_tags(operation_id(self._job.uid, _uid(claim))),
            temporary_claim=made,
            owned=(OwnedObject(resource=snapshot_type, name=taken.name),),
            place=WorkloadPlace(affinity=node_affinity(claim.volume), security_context=claim.user),
            parallel=self._job.parallel,
        )

    def _record(self, key: Key, uploaded: Uploaded) -> DataUpload:
        claim, taken, job = self._plans[key].claim, self._taken[key], self._job
        record = DataUpload(
            name=record_name(job.name, _uid(claim)),
            namespace=job.namespace,
            backup_name=job.name,
            backup_uid=job.uid,
            claim_namespace=claim.namespace,
            claim=claim.name,
            claim_uid=_uid(claim),
            storage_location=job.storage_location,
            source=SourceSnapshot(
                name=taken.name,
                storage_class=storage_class(claim),
                snapshot_class=taken.spec.class_name,
                driver=taken.driver,
            ),
            timeout_seconds=job.cut_seconds,
            data_mover=job.data_mover,
            parallel=job.parallel,
            created=taken.requested,
            node=uploaded.node,
        )
        return record.of_copy(uploaded, ended=utc_now())

    # -- record -------------------------------------------------------------------------------------------------------

    def mark_claim(self, key: Key, claim: Object) -> bool:
        """Only where the data is there: a claim that names its record is one whose data comes back."""
        record = self._records.get(key)
        if record is None or not record.is_good:
            return False
        mark_claim(claim, record)
        ask_for_room(claim, self._taken[key].size_bytes)
        return True

    def describe(self, key: Key) -> Object | None:
        if key in self._records:
            return moved_volume_info(self._records[key])
        error = self._inner.error_of(key)
        taken = self._inner.describe(key)
        if error and taken is not None:
            return failed_volume_info(taken)
        if key in self._plans:
            where = Repository(self._mover.moving.store, key[0]).where
            return planned_volume_info(data_mover=self._job.data_mover, repository=where)
        return None

    def counts(self) -> dict[str, int]:
        good = sum(record.is_good for record in self._records.values())
        return {
            "backupItemOperationsAttempted": len(self._records),
            "backupItemOperationsCompleted": good,
            "backupItemOperationsFailed": len(self._records) - good,
        }

    def records(self, backup_uid: str) -> list[Object]:
        """That file is of native snapshots."""
        return []

    def operations(self) -> list[Object]:
        return [upload_operation(record) for record in self._records.values()]

    # -- discard ------------------------------------------------------------------------------------------------------

    def release(self) -> list[str]:
        """The snapshots went when their data had been moved."""
        return []

    def abandon(self) -> list[str]:
        """What is in the repository and no backup names is taken out of it, whether the run was cancelled or not."""
        return [*self._inner.abandon(), *self._mover.take_back(self._copied)]


def _uid(claim: ClaimVolume) -> str:
    return str(claim.claim["metadata"].get("uid") or "")


__all__ = ("MovedBackup",)
