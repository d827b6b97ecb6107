# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The CSI snapshots of one backup (Velero 1.18)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import functools
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import find_snapshot_api, list_classes
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.classes import choose_class
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.records import (
    LOCATION_ANNOTATION,
    METHOD,
    csi_volume_info,
    mark_claim,
    snapshot_labels,
    stored_content,
    stored_snapshot,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.rights import backup_needs
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec, TakenSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import (
    BackupJob,
    KeptSnapshots,
    Key,
    SnapshotOffer,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import PlannedSnapshot

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.snapshots import CsiSnapshots

#: Requests at a time while finished snapshots are taken over.
_AT_A_TIME = 8
#: Until a quota knows that what a dead run had left is gone, in seconds.
_QUOTA_SECONDS = 15.0
_NO_API = "csiSnapshot: the cluster does not serve VolumeSnapshots, or they may not be used;"
_NOT_CSI = "csiSnapshot: the volume is not of a CSI driver;"


class CsiBackup:
    """A ``BackupVolumes``."""

    method = METHOD
    title = "CSI snapshots"
    moves = False
    why_not = ""

    def __init__(self, client: KubeClient, job: BackupJob, discovery: Discovery, *, cancel: CancelToken) -> None:
        self._client = client
        self._job = job
        self._cancel = cancel
        self._api = find_snapshot_api(discovery)
        #: None: there can be no snapshots.
        self._classes: list[Object] | None = None
        self._lock = threading.Lock()
        self._plans: t.Mapping[Key, PlannedSnapshot] = {}
        self._snapshots: CsiSnapshots | None = None
        self._taken: dict[Key, TakenSnapshot] = {}

    # -- plan ---------------------------------------------------------------------------------------------------------

    def needs(self, namespaces: t.Sequence[str]) -> list[Need]:
        return backup_needs(namespaces) if self._api is not None else []

    def open(self, *, allowed: bool) -> None:
        self._classes = list_classes(self._client, self._api) if self._api is not None and allowed else None

    def plan(self, claim: ClaimVolume, *, wanted: bool) -> SnapshotOffer:
        return offer_snapshot(claim, self._classes, self._job, wanted=wanted)

    def begin(self, plans: t.Mapping[Key, PlannedSnapshot], *, namespaces: t.Sequence[str], sweeps: bool) -> list[str]:
        """What a dead run of the same backup has left can go: nobody else works on this name here.

        Raises ``SnapshotError`` where a quota does not admit all of them.
        """
        if self._api is None:
            return []
        # Here, before anything is frozen.
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.snapshots import CsiSnapshots

        self._plans = plans
        self._snapshots = CsiSnapshots(self._client, self._api, with_contents=True, cancel=self._cancel)
        self._snapshots.__enter__()
        job = self._job
        if not sweeps:
            self._require_room(plans)
            return []
        swept = self._snapshots.sweep(namespaces, backup_name=job.name, location=job.location)
        self._require_room(plans, patience=_QUOTA_SECONDS if swept.found else 0.0)
        return list(swept.warnings)

    def foresee(self, plans: t.Mapping[Key, PlannedSnapshot]) -> list[str]:
        """Beside what the plans say, a quota may have no room for all of them."""
        self._require_room(plans, leaving=self._count_left)
        return []

    def _count_left(self, namespace: str) -> int:
        """How many snapshots there a run would remove before."""
        if self._api is None:
            return 0
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.removal import SnapshotRemoval

        removal = SnapshotRemoval(self._client, self._api, with_contents=False)
        found, _unknown = removal.find_left([namespace], backup_name=self._job.name, location=self._job.location)
        return len(found)

    def _require_room(self, plans: t.Mapping[Key, PlannedSnapshot], **terms: t.Any) -> None:
        """As ``require_room``. Raises ``SnapshotError``."""
        if self._api is not None and plans:
            # Many backups take no snapshots.
            from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.admission import require_room

            require_room(self._client, self._api.snapshots, [plan.spec for plan in plans.values()], **terms)

    def close(self) -> None:
        if self._snapshots is not None:
            self._snapshots.__exit__(None, None, None)

    # -- take ---------------------------------------------------------------------------------------------------------

    def take(self, keys: t.Sequence[Key], *, timeout: float, too_late: str) -> None:
        by_namespace: dict[str, list[Key]] = {}
        for key in keys:
            by_namespace.setdefault(key[0], []).append(key)
        take = functools.partial(self._take_in, timeout=timeout, too_late=too_late)
        if len(by_namespace) == 1:
            take(*next(iter(by_namespace.items())))
            return
        with concurrent.futures.ThreadPoolExecutor(min(len(by_namespace), self._job.workers)) as pool:
            for job in [pool.submit(take, namespace, found) for namespace, found in by_namespace.items()]:
                job.result()

    def _take_in(self, namespace: str, keys: t.Sequence[Key], *, timeout: float, too_late: str) -> None:
        if self._snapshots is None:
            return
        specs = [self._plans[key].spec for key in keys]
        snapshots = self._snapshots.take(namespace, specs, timeout=timeout, too_late=too_late)
        with self._lock:
            self._taken.update(zip(keys, snapshots, strict=True))

    def spoil(self, keys: t.Sequence[Key], *, why: str) -> None:
        for taken in self._of(keys):
            taken.fail(why)

    def error_of(self, key: Key) -> str:
        taken = self._taken.get(key)
        return taken.error if taken is not None and taken.failed else ""

    def drop_failed(self, keys: t.Sequence[Key]) -> list[str]:
        failed = [taken for taken in self._of(keys) if taken.failed]
        return self._snapshots.discard(failed) if failed and self._snapshots is not None else []

    # -- record -------------------------------------------------------------------------------------------------------

    def mark_claim(self, key: Key, claim: Object) -> bool:
        taken = self._taken.get(key)
        if taken is None or taken.state != "cut":
            return False
        mark_claim(claim, taken, backup_name=self._job.name)
        return True

    def keep(self, *, timeout: float, progress: ProgressSink) -> KeptSnapshots | None:
        """The objects of the snapshots are stored, and the classes that they are of."""
        kept = {key: taken for key, taken in self._taken.items() if taken.state == "cut"}
        if self._snapshots is None or self._api is None or not kept:
            return None
        self._snapshots.wait_ready(list(kept.values()), timeout=timeout, progress=progress)
        with concurrent.futures.ThreadPoolExecutor(min(len(kept), _AT_A_TIME)) as pool:
            found = dict(zip(kept, pool.map(self._take_over, kept.values()), strict=True))
        objects: list[tuple[ApiResource, Object]] = []
        for _key, pair in sorted(found.items()):
            if pair is not None:
                objects.append((self._api.snapshots, stored_snapshot(*pair, backup_name=self._job.name)))
                objects.append((self._api.contents, stored_content(pair[1], backup_name=self._job.name)))
        used = {self._plans[key].spec.class_name for key, pair in found.items() if pair is not None}
        objects += [(self._api.classes, entry) for entry in self._classes or () if entry["metadata"]["name"] in used]
        return KeptSnapshots(
            objects=objects,
            errors={key: kept[key].error for key, pair in found.items() if pair is None},
            count=sum(pair is not None for pair in found.values()),
        )

    def await_ready(self, *, timeout: float, progress: ProgressSink) -> dict[Key, TakenSnapshot]:
        """Wait until volumes can be made from the snapshots, of which some fail; each goes with its object."""
        found = {key: taken for key, taken in self._taken.items() if taken.state == "cut"}
        if self._snapshots is None or not found:
            return {}
        self._snapshots.wait_ready(list(found.values()), timeout=timeout, progress=progress)
        ready = [taken for taken in found.values() if not taken.failed]
        with concurrent.futures.ThreadPoolExecutor(max(1, min(len(ready), _AT_A_TIME))) as pool:
            list(pool.map(self._bind, ready))
        return found

    def _bind(self, taken: TakenSnapshot) -> None:
        """Have the storage drop the snapshot when whoever owns its object goes: its class may say otherwise."""
        try:
            if self._snapshots is not None:
                self._snapshots.bind(taken)
        except KubeError as exc:
            taken.fail(f"The snapshot of {taken.where} could not be prepared: {exc.sentence}")

    @property
    def snapshot_type(self) -> ApiResource | None:
        """The type of the objects; None where the cluster has none."""
        return self._api.snapshots if self._api is not None else None

    def drop_all(self) -> list[str]:
        """Remove all snapshots, in the storage too. A sentence for each that is still there."""
        return self._snapshots.discard(list(self._taken.values())) if self._snapshots is not None else []

    def _take_over(self, taken: TakenSnapshot) -> tuple[Object, Object] | None:
        if taken.failed or self._snapshots is None:
            return None
        try:
            self._snapshots.retain(taken)
            snapshot, content = self._snapshots.read(taken)
        except KubeError as exc:
            taken.fail(f"The snapshot of {taken.where} could not be taken over: {exc.sentence}")
            return None
        if content is None or not taken.handle:
            taken.fail(f"The snapshot of {taken.where} has lost its VolumeSnapshotContent.")
            return None
        return snapshot, content

    def describe(self, key: Key) -> Object | None:
        return csi_volume_info(self._taken[key]) if key in self._taken else None

    def counts(self) -> dict[str, int]:
        snapshots = self._taken.values()
        return {
            "csiVolumeSnapshotsAttempted": len(snapshots),
            "csiVolumeSnapshotsCompleted": sum(not taken.failed for taken in snapshots),
        }

    def records(self, backup_uid: str) -> list[Object]:
        """That file has none of CSI."""
        return []

    def operations(self) -> list[Object]:
        return []

    # -- discard ------------------------------------------------------------------------------------------------------

    def release(self) -> list[str]:
        if self._snapshots is None:
            return []
        return self._snapshots.release_objects([taken for taken in self._taken.values() if not taken.failed])

    def abandon(self) -> list[str]:
        return self._snapshots.discard(self._snapshots.taken) if self._snapshots is not None else []

    def _of(self, keys: t.Iterable[Key]) -> list[TakenSnapshot]:
        return [self._taken[key] for key in keys if key in self._taken]


def offer_snapshot(
    claim: ClaimVolume, classes: t.Sequence[Object] | None, job: BackupJob, *, wanted: bool
) -> SnapshotOffer:
    """How the volume of ``claim`` would be snapshotted. ``classes`` None: it cannot be here."""
    driver = claim.driver if claim.volume is not None else ""
    if not driver:
        return SnapshotOffer(reason=_NOT_CSI)
    if classes is None:
        error = "The cluster does not serve the API of VolumeSnapshots, or it may not be used." if wanted else ""
        return SnapshotOffer(reason=_NO_API, error=error, is_mine=True)
    try:
        chosen = choose_class(driver, classes, claim_annotations=claim.annotations, backup_annotations=job.annotations)
    except SnapshotError as exc:
        return SnapshotOffer(reason=f"csiSnapshot: {exc.message};", error=exc.sentence, is_mine=True)
    spec = SnapshotSpec(
        namespace=claim.namespace,
        claim=claim.name,
        driver=driver,
        class_name=chosen.name,
        labels=snapshot_labels(claim.claim, backup_name=job.name, run_id=job.run_id),
        annotations={LOCATION_ANNOTATION: job.location},
    )
    return SnapshotOffer(plan=PlannedSnapshot(claim=claim, spec=spec, why=chosen.why), is_mine=True)


__all__ = ("CsiBackup", "offer_snapshot")
