# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The snapshots of a set, by EC2 itself."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.ec2 import EbsSnapshotter
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.names import DRIVER
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.tags import (
    CLAIM_TAG,
    CLUSTER_TAG,
    NAMESPACE_TAG,
    known_member,
    name_cluster,
    take_ebs_status,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec, TakenSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_names import (
    COMPLETE,
    SET_LABEL,
    STATE_ANNOTATION,
    UNFINISHED,
    snapshot_name,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import (
    PlannedSnapshot,
    SetMember,
    SetSpec,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.zones import zone_of

_AT_A_TIME = 16
_TICK_SECONDS = 0.2


class EbsSet:
    """A ``SetSnapshots``. A snapshot's name is its id."""

    def __init__(
        self, client: KubeClient, request: SetSpec, location: SnapshotLocation, *, cancel: CancelToken
    ) -> None:
        self._client = client
        self._request = request
        self._ebs = EbsSnapshotter(location, cancel)
        self._cancel = cancel
        self._pool = concurrent.futures.ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="arkive-ebs")
        self._begun: list[concurrent.futures.Future[None]] = []
        self._cluster = ""
        self.taken: list[TakenSnapshot] = []
        self.warnings: list[str] = []

    def __enter__(self) -> EbsSet:
        return self

    def __exit__(self, *_exc: t.Any) -> None:
        self._pool.shutdown(wait=False)

    def check(self, *, removing: bool = False) -> None:
        """EC2 answers the requests themselves."""

    def plan(self, claims: t.Sequence[ClaimVolume]) -> list[PlannedSnapshot]:
        plans = []
        for claim in claims:
            if claim.volume is None:
                raise SnapshotError(
                    f"The volume {claim.volume_name} of claim {claim.where} may not be read, so its EBS volume is "
                    "unknown.",
                    hint="Grant get on persistentvolumes.",
                )
            if not self._ebs.volume_id(claim.volume):
                raise SnapshotError(f"The volume {claim.volume_name} of claim {claim.where} is no EBS volume.")
            spec = SnapshotSpec(
                namespace=claim.namespace,
                claim=claim.name,
                driver=DRIVER,
                labels={
                    "Name": snapshot_name(self._request.name, claim.name),
                    **self._request.labels,
                    **self._tags(),
                    CLAIM_TAG: claim.name,
                    STATE_ANNOTATION: UNFINISHED,
                },
            )
            plans.append(PlannedSnapshot(claim=claim, spec=spec))
        return plans

    def find(self) -> list[SetMember]:
        members = [known_member(found) for found in self._ebs.list_snapshots(self._tags())]
        return sorted(members, key=lambda member: (member.snapshot.spec.claim, member.snapshot.name))

    def take(self, plans: t.Sequence[PlannedSnapshot], *, timeout: float) -> None:
        """No request is waited for longer than ``timeout``: what EC2 answers later is discarded."""
        snapshots = [TakenSnapshot(spec=plan.spec, requested=utc_now(), driver=DRIVER) for plan in plans]
        self.taken += snapshots
        begun = [self._pool.submit(self._take_one, taken, plan) for taken, plan in zip(snapshots, plans, strict=True)]
        self._begun += begun
        end = time.monotonic() + timeout
        pending: t.Collection[t.Any] = begun
        while pending and time.monotonic() < end:
            self._cancel.check()
            pending = concurrent.futures.wait(pending, timeout=min(_TICK_SECONDS, timeout)).not_done
        for taken in snapshots:
            if taken.state == "pending":
                taken.fail(f"EC2 has not begun the snapshot of claim {taken.where} within {timeout:g} s.")

    def seal(self, snapshots: t.Sequence[TakenSnapshot]) -> None:
        for taken in snapshots:
            self._ebs.tag_snapshot(taken.handle, {STATE_ANNOTATION: COMPLETE})

    def retain(self, snapshots: t.Sequence[TakenSnapshot]) -> bool:
        """There is no object beside them."""
        return False

    def wait_ready(
        self, snapshots: t.Sequence[TakenSnapshot], *, timeout: float, progress: ProgressSink
    ) -> list[TakenSnapshot]:
        end = time.monotonic() + timeout
        late = []
        for at, taken in enumerate(snapshots):
            progress(f"snapshots: {at} of {len(snapshots)} completed")
            left = max(0.0, end - time.monotonic())
            try:
                take_ebs_status(taken, self._ebs.wait_completed(taken.handle, timeout=left, cancel=self._cancel))
            except SnapshotError as exc:
                found = self._ebs.describe_snapshot(taken.handle)
                if found is None or found.state == "error":
                    taken.fail(exc.sentence)
                else:
                    taken.error = exc.sentence
                    late.append(taken)
        return late

    def discard(self, snapshots: t.Sequence[TakenSnapshot]) -> list[str]:
        """After what EC2 still has to answer."""
        concurrent.futures.wait(self._begun)
        left = []
        for taken in snapshots:
            if taken.handle:
                try:
                    self._ebs.delete_snapshot(taken.handle)
                except SnapshotError as exc:
                    taken.left = exc.sentence
                    left.append(taken.left)
        return left

    def remove(self, members: t.Sequence[SetMember]) -> list[str]:
        return self.discard([member.snapshot for member in members])

    def _take_one(self, taken: TakenSnapshot, plan: PlannedSnapshot) -> None:
        volume = plan.claim.volume or {}
        if self._cancel.is_cancelled:
            return
        try:
            made = self._ebs.create_snapshot(self._ebs.volume_id(volume), zone_of(volume), taken.spec.labels)
        except SnapshotError as exc:
            taken.fail(f"The snapshot of claim {taken.where} was not begun: {exc.sentence}")
            return
        taken.name = taken.handle = made
        if taken.state == "pending":
            taken.state, taken.created = "cut", utc_now()

    def _tags(self) -> dict[str, str]:
        """What distinguishes the set from those of other namespaces and clusters of the same account."""
        request = self._request
        self._cluster = self._cluster or name_cluster(self._client)
        return {SET_LABEL: request.name, CLUSTER_TAG: self._cluster, NAMESPACE_TAG: request.namespace}


__all__ = ("EbsSet",)
