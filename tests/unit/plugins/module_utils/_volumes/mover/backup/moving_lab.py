# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stand-ins for who takes snapshots and for who moves them: what a backup makes of their answers is what is tested."""

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec, TakenSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.sweep import Swept
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import (
    InPod,
    Probe,
    Probed,
    Upload,
    Uploaded,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import KeptSnapshots, Key, SnapshotOffer
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import PlannedSnapshot

START = dt.datetime(2026, 6, 1, 2, 0, tzinfo=dt.UTC)
SNAPSHOTS = ApiResource(
    "snapshot.storage.k8s.io", "v1", "volumesnapshots", "volumesnapshot", "VolumeSnapshot", True, frozenset()
)


class LabSnapshots:
    """Snapshots that exist as soon as they are asked for. ``failing``: names of claims whose snapshot never is ready.

    ``uncut``: those whose snapshot fails at once. ``left``: what could not be removed. ``events``: what was asked.
    """

    method = "CSISnapshot"
    title = "CSI snapshots"
    moves = False
    why_not = ""
    snapshot_type = SNAPSHOTS

    def __init__(self, events: list[str]) -> None:
        self.events = events
        self.failing: set[str] = set()
        self.uncut: set[str] = set()
        self.left: list[str] = []
        #: Why a namespace has no room for them.
        self.refusal = ""
        self.sizes: dict[str, int] = {}
        self._plans: t.Mapping[Key, PlannedSnapshot] = {}
        self.taken: dict[Key, TakenSnapshot] = {}

    def needs(self, namespaces: t.Sequence[str]) -> list[Need]:
        return [Need("create", "snapshot.storage.k8s.io", "volumesnapshots", "", place) for place in namespaces]

    def open(self, *, allowed: bool) -> None:
        pass

    def plan(self, claim: ClaimVolume, *, wanted: bool) -> SnapshotOffer:
        if not claim.driver:
            return SnapshotOffer(reason="csiSnapshot: the volume is not of a CSI driver;")
        spec = SnapshotSpec(namespace=claim.namespace, claim=claim.name, driver=claim.driver, class_name="class")
        return SnapshotOffer(plan=PlannedSnapshot(claim=claim, spec=spec), is_mine=True)

    def begin(self, plans: t.Mapping[Key, PlannedSnapshot], *, namespaces: t.Sequence[str], sweeps: bool) -> list[str]:
        self._plans = plans
        return self.foresee(plans)

    def foresee(self, plans: t.Mapping[Key, PlannedSnapshot]) -> list[str]:
        if self.refusal:
            raise SnapshotError(self.refusal)
        return []

    def close(self) -> None:
        self.events.append("close")

    def take(self, keys: t.Sequence[Key], *, timeout: float, too_late: str) -> None:
        for key in keys:
            self.events.append(f"cut {key[1]}")
            self.taken[key] = taken = TakenSnapshot(
                spec=self._plans[key].spec,
                requested=START,
                name=f"velero-{key[1]}",
                driver="csi.example",
                size_bytes=self.sizes.get(key[1]),
            )
            taken.state = "cut"
            if key[1] in self.uncut:
                taken.fail("The storage is full.")

    def spoil(self, keys: t.Sequence[Key], *, why: str) -> None:
        for key in keys:
            self.taken[key].fail(why)

    def error_of(self, key: Key) -> str:
        return self.taken[key].error if key in self.taken else ""

    def drop_failed(self, keys: t.Sequence[Key]) -> list[str]:
        return []

    def await_ready(self, *, timeout: float, progress: ProgressSink) -> dict[Key, TakenSnapshot]:
        found = {key: taken for key, taken in self.taken.items() if taken.state == "cut"}
        for key, taken in found.items():
            if key[1] in self.failing:
                taken.fail("The driver has not answered.")
        return found

    def drop_all(self) -> list[str]:
        self.events.append("drop")
        return self.left

    def mark_claim(self, key: Key, claim: Object) -> bool:
        raise AssertionError("a claim whose data is moved names no snapshot")

    def keep(self, *, timeout: float, progress: ProgressSink) -> KeptSnapshots | None:
        assert not self.taken, "a snapshot that is moved is not kept"
        return None

    def describe(self, key: Key) -> Object | None:
        taken = self.taken.get(key)
        if taken is None:
            return None
        return {"backupMethod": "CSISnapshot", "snapshotDataMoved": False, "skipped": False, "result": "failed"}

    def counts(self) -> dict[str, int]:
        return {"csiVolumeSnapshotsAttempted": len(self.taken)}

    def records(self, backup_uid: str) -> list[Object]:
        return []

    def operations(self) -> list[Object]:
        return []

    def release(self) -> list[str]:
        assert not self.taken, "a snapshot that is moved is not released"
        return []

    def abandon(self) -> list[str]:
        self.events.append("abandon")
        return []


class LabMover:
    """Moves what it is told to. ``errors``: by the names of claims; ``refusal``: of each probe."""

    def __init__(self, events: list[str]) -> None:
        self.events = events
        self.errors: dict[str, str] = {}
        self.losses: dict[str, tuple[str, ...]] = {}
        self.refusal = ""
        #: The claim before whose upload the run is cancelled, or after it where that is in a pod.
        self.cancelled_at = ""
        self.uploads: list[Upload] = []
        self.in_pods: list[InPod] = []
        self.not_admitted = ""
        self.forgotten: list[tuple[str, tuple[str, ...]]] = []
        self.why_not_forgotten: dict[str, str] = {}

    def preview(self, probes: t.Sequence[Probe]) -> list[Probed]:
        self.events.append("preview " + " ".join(probe.namespace for probe in probes))
        return [Probed(probe=probe, error=self.refusal) for probe in probes]

    def probe(self, probes: t.Sequence[Probe]) -> list[Probed]:
        self.events.append("probe " + " ".join(probe.namespace for probe in probes))
        return [Probed(probe=probe, error=self.refusal) for probe in probes]

    def upload(self, uploads: t.Sequence[Upload], *, uploaded: t.Callable[[Upload, Uploaded], None]) -> list[Uploaded]:
        self.events.append("upload")
        self.uploads += uploads
        found = []
        for upload in uploads:
            if upload.original_claim == self.cancelled_at:
                raise Cancelled("The run was cancelled.")
            found.append(self._uploaded(upload))
            uploaded(upload, found[-1])
        return found

    def require_admitted(self, pods: t.Sequence[InPod]) -> None:
        self.events.append("admit " + " ".join(f"{each.pod}/{each.volume}" for each in pods))
        if self.not_admitted:
            raise MoverError(self.not_admitted)

    def upload_in_pod(
        self, upload: Upload, inside: InPod, *, uploaded: t.Callable[[Upload, Uploaded], None]
    ) -> Uploaded:
        self.events.append(f"upload in {inside.where}")
        self.uploads.append(upload)
        self.in_pods.append(inside)
        found = self._uploaded(upload)
        uploaded(upload, found)
        if upload.original_claim == self.cancelled_at:
            raise Cancelled("The run was cancelled.")
        return found

    def _uploaded(self, upload: Upload) -> Uploaded:
        name = upload.original_claim
        if name in self.errors:
            # Whatever a pod has left in the repository, it does not count.
            return Uploaded(snapshot_id=f"half-of-{name}", error=self.errors[name], started=START)
        return Uploaded(
            snapshot_id=f"id-of-{name}",
            bytes=1000,
            files=3,
            incremental_bytes=10,
            started=START,
            ended=START,
            losses=self.losses.get(name, ()),
        )

    def forget(self, source_namespace: str, ids: t.Sequence[str], *, namespace: str) -> dict[str, str]:
        self.forgotten.append((source_namespace, tuple(ids)))
        return {each: self.why_not_forgotten[each] for each in ids if each in self.why_not_forgotten}

    def sweep(self, namespaces: t.Iterable[str]) -> Swept:
        self.events.append("sweep " + " ".join(namespaces))
        return Swept()


__all__ = ("SNAPSHOTS", "START", "LabMover", "LabSnapshots")
