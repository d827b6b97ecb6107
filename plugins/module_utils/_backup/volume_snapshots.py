# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""The snapshots of one backup: cut inside the windows of the blocks, kept when the backup is, else removed."""

from __future__ import annotations

import concurrent.futures
import functools
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.item_sink import ItemSink
from ansible_collections.arkive.k8s.plugins.module_utils._backup.native_cut import NativeCut
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volume_plan import Key, VolumePlan
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import RawItem
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.section import CriticalSection
from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import RunLog
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.records import (
    LOCATION_ANNOTATION,
    csi_volume_info,
    mark_claim,
    snapshot_labels,
    stored_content,
    stored_snapshot,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.snapshots import CsiSnapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.decision import NOT_WANTED, PRE_HOOK_FAILED
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.ec2 import EbsSnapshotter
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.records import (
    NativeSnapshot,
    snapshot_record,
    volume_info_entry,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import CutSnapshot, SnapshotWish

_CLAIMS = "persistentvolumeclaims"
#: Requests at a time while finished snapshots are taken over.
_AT_A_TIME = 8


class VolumeSnapshots:
    """Thread-safe where blocks use it. ``begin`` first, ``close`` last; in between ``release`` or ``abandon``."""

    def __init__(
        self,
        client: KubeClient,
        request: BackupRequest,
        *,
        run_id: str,
        location: str,
        ebs: EbsSnapshotter | None,
        log: RunLog,
        progress: ProgressSink,
        cancel: CancelToken,
        sweeps: bool = True,
    ) -> None:
        """``sweeps`` False leaves alone what runs of this name have left: a backup that is there may need it."""
        self._client = client
        self._sweeps = sweeps
        self._request = request
        self._run_id = run_id
        self._location = location
        self._log = log
        self._progress = progress
        self._cancel = cancel
        self._native = NativeCut(ebs, request) if ebs is not None else None
        self._lock = threading.Lock()
        self._plan = VolumePlan()
        self._csi: CsiSnapshots | None = None
        self._cuts: dict[Key, CutSnapshot] = {}
        self._natives: dict[Key, NativeSnapshot] = {}
        #: Claims whose snapshot is this run's business no more: taken, or left out.
        self._handled: set[Key] = set()
        self._left_out: dict[Key, str] = {}

    # -- life ---------------------------------------------------------------------------------------------------------

    def begin(self, plan: VolumePlan, *, dry_run: bool = False) -> None:
        """Take over what was decided, and tell what will have no data. A dry run makes and removes nothing."""
        self._plan = plan
        for key, planned in plan.volumes.items():
            decision = planned.decision
            if decision.error:
                self._tell_error(key, decision.error)
            elif not decision.method and not decision.on_purpose:
                self._log.warning(
                    f"The data of the volume is not in this backup: {decision.reason.rstrip(';')}", **_fields(key)
                )
        if dry_run or plan.api is None:
            return
        if any(entry.decision.method == "csi" for entry in plan.volumes.values()):
            self._csi = CsiSnapshots(self._client, plan.api, with_contents=True, cancel=self._cancel)
            self._csi.__enter__()
            if self._sweeps:
                self._sweep()

    @property
    def planned(self) -> int:
        """How many volumes are to be snapshotted."""
        return sum(bool(entry.decision.method) for entry in self._plan.volumes.values())

    def close(self) -> None:
        if self._csi is not None:
            self._csi.__exit__(None, None, None)

    def release(self) -> list[str]:
        """The backup is stored: the objects go from the cluster, and the storage keeps the snapshots.

        Returns a sentence for each object that is still there.
        """
        if self._csi is None:
            return []
        return self._csi.release_objects([cut for cut in self._cuts.values() if not cut.failed])

    def abandon(self) -> list[str]:
        """The backup is not stored: everything that was made goes. What could not be removed, a sentence each."""
        left = self._csi.discard(self._csi.taken) if self._csi is not None else []
        if self._native is not None:
            left += self._native.discard(self._natives.values())
        return left

    # -- windows ------------------------------------------------------------------------------------------------------

    def leave_out(self, keys: t.Iterable[Key]) -> None:
        """The volumes of a pod whose pre hook failed."""
        with self._lock:
            for key in keys:
                if key not in self._handled:
                    self._handled.add(key)
                    self._left_out[key] = PRE_HOOK_FAILED

    def cut(self, keys: t.Iterable[Key], *, longest: float | None = None) -> list[Key]:
        """Cut what is planned of these claims, within ``longest`` seconds. Returns those that were begun.

        What fails is told by ``settle``, which is for after the window.
        """
        taken = self._take(keys)
        timeout, too_late = self._request.spec.csi_snapshot_timeout_seconds, ""
        if longest is not None and longest < timeout:
            timeout, too_late = longest, _LEASE_RAN_OUT
        wanted: dict[str, list[Key]] = {}
        for key in taken:
            if self._plan.volumes[key].decision.method == "csi":
                wanted.setdefault(key[0], []).append(key)
        natives = [key for key in taken if self._plan.volumes[key].decision.method == "native"]
        jobs: list[t.Callable[[], None]] = [
            functools.partial(self._cut_csi, namespace, found, timeout, too_late) for namespace, found in wanted.items()
        ]
        jobs += [functools.partial(self._cut_native, key) for key in natives]
        if len(jobs) == 1:
            jobs[0]()
        elif jobs:
            with concurrent.futures.ThreadPoolExecutor(min(len(jobs), self._request.workers)) as pool:
                for job in [pool.submit(job) for job in jobs]:
                    job.result()
        return taken

    def settle(self, keys: t.Sequence[Key], section: CriticalSection | None = None) -> None:
        """After the window: what did not hold is removed, what failed is told."""
        torn = section.torn if section is not None else []
        cuts = [self._cuts[key] for key in keys if key in self._cuts]
        if torn:
            where = ", ".join(record.target.where for record in torn)
            for cut in cuts:
                cut.fail(f"{_LEASE_RAN_OUT} {where} was not frozen all the time.")
        for key in keys:
            if torn and key in self._natives and self._native is not None:
                self._natives[key] = self._native.spoil(self._natives[key])
            error = self._error_of(key)
            if error:
                self._tell_error(key, error)
        self._remove([cut for cut in cuts if cut.failed])

    def cut_rest(self) -> None:
        """The volumes that no block has to do with."""
        keys = self.cut(self._plan.volumes)
        self.settle(keys)

    # -- what is stored -----------------------------------------------------------------------------------------------

    def mark_claim(self, claim: dict[str, t.Any]) -> bool:
        """Change a claim on its way into the archive. True when it was changed."""
        cut = self._cuts.get((claim["metadata"].get("namespace", ""), claim["metadata"]["name"]))
        if cut is None or cut.state != "cut":
            return False
        mark_claim(claim, cut, backup_name=self._request.name)
        return True

    def finish(self, sink: ItemSink) -> None:
        """Wait until the snapshots can be used, make them outlive the cluster, and store their objects."""
        csi, plan = self._csi, self._plan
        kept = {key: cut for key, cut in self._cuts.items() if cut.state == "cut"}
        if csi is None or plan.api is None or not kept:
            return
        csi.wait_ready(
            list(kept.values()), timeout=self._request.spec.item_operation_timeout_seconds, progress=self._progress
        )
        with concurrent.futures.ThreadPoolExecutor(min(len(kept), _AT_A_TIME)) as pool:
            found = dict(zip(kept, pool.map(self._take_over, kept.values()), strict=True))
        for key, pair in sorted(found.items()):
            if pair is None:
                self._tell_error(key, kept[key].error)
                continue
            snapshot, content = pair
            _store(sink, plan.api.snapshots, stored_snapshot(snapshot, content, backup_name=self._request.name))
            _store(sink, plan.api.contents, stored_content(content, backup_name=self._request.name))
        used = {self._plan.volumes[key].decision.class_name for key, pair in found.items() if pair is not None}
        for entry in plan.classes:
            if entry["metadata"]["name"] in used:
                _store(sink, plan.api.classes, entry)
        self._remove([cut for cut in kept.values() if cut.failed])
        self._progress(f"{counted(sum(pair is not None for pair in found.values()), 'volume')} snapshotted")

    def describe(self, key: Key) -> dict[str, t.Any]:
        """What volumeinfo says of a claim's volume, beside its names."""
        planned = self._plan.volumes.get(key)
        if key in self._cuts:
            return csi_volume_info(self._cuts[key])
        if key in self._natives and planned is not None and planned.volume is not None:
            return volume_info_entry(self._natives[key], volume=planned.volume, claim=key)
        skipped = {"snapshotDataMoved": False, "preserveLocalSnapshot": False, "skipped": True}
        if key in self._left_out:
            return skipped | {"skippedReason": self._left_out[key]}
        if planned is None:
            why = NOT_WANTED if self._request.spec.snapshot_volumes is False else _FOUND_LATE
            return skipped | {"skippedReason": why}
        if planned.decision.method:
            # Nothing was done yet: check mode.
            method = "CSISnapshot" if planned.decision.method == "csi" else "NativeSnapshot"
            return skipped | {"skipped": False, "backupMethod": method}
        return skipped | {"skippedReason": planned.decision.reason}

    def counts(self) -> dict[str, int]:
        """The members of a Backup's status that are not zero."""
        csi, native = self._cuts.values(), self._natives.values()
        found = {
            "volumeSnapshotsAttempted": len(native),
            "volumeSnapshotsCompleted": sum(not entry.failed for entry in native),
            "csiVolumeSnapshotsAttempted": len(csi),
            "csiVolumeSnapshotsCompleted": sum(not cut.failed for cut in csi),
        }
        return {name: count for name, count in found.items() if count}

    def native_records(self, backup_uid: str) -> list[dict[str, t.Any]]:
        """``volumesnapshots.json.gz``."""
        return [
            snapshot_record(entry, backup_name=self._request.name, backup_uid=backup_uid)
            for _key, entry in sorted(self._natives.items())
        ]

    # -- one claim ----------------------------------------------------------------------------------------------------

    def _take(self, keys: t.Iterable[Key]) -> list[Key]:
        with self._lock:
            fresh = [
                key
                for key in dict.fromkeys(keys)
                if key not in self._handled and key in self._plan.volumes and self._plan.volumes[key].decision.method
            ]
            self._handled.update(fresh)
        return fresh

    def _cut_csi(self, namespace: str, keys: t.Sequence[Key], timeout: float, too_late: str) -> None:
        if self._csi is None:
            return
        wishes = [self._wish(key) for key in keys]
        cuts = self._csi.cut(namespace, wishes, timeout=timeout, too_late=too_late)
        with self._lock:
            self._cuts.update(zip(keys, cuts, strict=True))

    def _wish(self, key: Key) -> SnapshotWish:
        planned = self._plan.volumes[key]
        return SnapshotWish(
            namespace=key[0],
            claim=key[1],
            driver=planned.decision.driver,
            class_name=planned.decision.class_name,
            labels=snapshot_labels(planned.claim, backup_name=self._request.name, run_id=self._run_id),
            annotations={LOCATION_ANNOTATION: self._location},
        )

    def _cut_native(self, key: Key) -> None:
        planned = self._plan.volumes[key]
        if self._native is None or planned.volume is None:
            return
        made = self._native.cut(planned.volume, planned.decision.native_id)
        with self._lock:
            self._natives[key] = made

    def _error_of(self, key: Key) -> str:
        if key in self._cuts:
            return self._cuts[key].error if self._cuts[key].failed else ""
        if key in self._natives and self._native is not None:
            return self._native.error_of(self._natives[key])
        return ""

    def _take_over(self, cut: CutSnapshot) -> tuple[dict[str, t.Any], dict[str, t.Any]] | None:
        if cut.failed or self._csi is None:
            return None
        try:
            self._csi.retain(cut)
            snapshot, content = self._csi.read(cut)
        except KubeError as exc:
            cut.fail(f"The snapshot of {cut.where} could not be taken over: {exc.sentence}")
            return None
        if content is None or not cut.handle:
            cut.fail(f"The snapshot of {cut.where} has lost its VolumeSnapshotContent.")
            return None
        return snapshot, content

    def _remove(self, cuts: t.Sequence[CutSnapshot]) -> None:
        if not cuts or self._csi is None:
            return
        for text in self._csi.discard(cuts):
            self._log.warning(text)

    def _sweep(self) -> None:
        """What a dead run of the same backup has left: nobody else can work on this name here."""
        if self._csi is None:
            return
        names = sorted({key[0] for key in self._plan.volumes})
        for text in self._csi.sweep(names, backup_name=self._request.name, location=self._location):
            self._log.warning(text)

    def _tell_error(self, key: Key, error: str) -> None:
        self._log.error("Error snapshotting a volume", error=error, **_fields(key))


_LEASE_RAN_OUT = "The lease ran out before the snapshot was cut."
_FOUND_LATE = "any: it was not there when the snapshots were cut;"


def _fields(key: Key) -> dict[str, t.Any]:
    return {"resource": _CLAIMS, "namespace": key[0], "name": key[1]}


def _store(sink: ItemSink, resource: t.Any, obj: dict[str, t.Any]) -> None:
    typed = {"apiVersion": resource.api_version, "kind": resource.kind} | obj
    sink.store_all(resource, [RawItem(typed, encode_compact(typed))])


__all__ = ("VolumeSnapshots",)
