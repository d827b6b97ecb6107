# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What makes the snapshots of a set: the cluster's CSI driver, or the cloud."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec, TakenSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.pod_files import PodVolume


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSnapshot:
    """One snapshot to be taken. ``why``: a phrase about its class. ``group``: those of one value are one group.

    ``source``: the pod's volume by which the files are read, where these are copied instead.
    """

    claim: ClaimVolume
    spec: SnapshotSpec
    why: str = ""
    group: str = ""
    source: PodVolume | None = None


@dataclasses.dataclass(slots=True, kw_only=True)
class SetMember:
    """A snapshot of the set that is there. ``complete``: the run that took it saw that it is good.

    ``policy``: what becomes of the storage snapshot when the object goes, empty if unknown. ``leaving``: it is being
    deleted. ``group``: the uid of the group that it lives and goes with.
    """

    snapshot: TakenSnapshot
    complete: bool
    policy: str = ""
    leaving: bool = False
    group: str = ""


class SetSpec(t.Protocol):
    """What a set is to be; ``group_label``: claims with this label are taken as one group for each of its values."""

    @property
    def name(self) -> str:
        """The set's name, of which its snapshots' names begin."""

    @property
    def namespace(self) -> str:
        """Where its claims are."""

    @property
    def snapshot_class(self) -> str:
        """The class that every snapshot is to have; empty for the one that fits."""

    @property
    def labels(self) -> t.Mapping[str, str]:
        """More labels, or tags, of the snapshots."""

    @property
    def group_label(self) -> str:
        """Empty: no groups."""

    @property
    def retain(self) -> bool:
        """Whether the storage's snapshots outlive the objects of the cluster."""


class SetSnapshots(t.Protocol):
    """Made for one set. Used as a context around ``take`` and ``wait_ready``. ``warnings`` are sentences.

    ``discard`` and ``remove`` are never cancelled.
    """

    warnings: list[str]

    def __enter__(self) -> SetSnapshots:
        """Be ready, so that nothing but the snapshots themselves is waited for inside the window."""

    def __exit__(self, *exc: t.Any) -> None:
        """Nothing is followed any more."""

    @property
    def taken(self) -> list[TakenSnapshot]:
        """Everything that was started by this run, also after an error."""

    def check(self, *, removing: bool = False) -> None:
        """Raise ``SnapshotError`` unless all that the task needs is allowed."""

    def plan(self, claims: t.Sequence[ClaimVolume]) -> list[PlannedSnapshot]:
        """How each claim would be snapshotted. Raises ``SnapshotError``."""

    def find(self) -> list[SetMember]:
        """The snapshots of the set that are there, by claim."""

    def take(self, plans: t.Sequence[PlannedSnapshot], *, timeout: float) -> None:
        """Take all at once, into ``taken``; returns when each is there or has failed. May raise ``Cancelled``."""

    def seal(self, snapshots: t.Sequence[TakenSnapshot]) -> None:
        """Note on each, for later runs, that it is good. Raises an error of the area."""

    def retain(self, snapshots: t.Sequence[TakenSnapshot]) -> bool:
        """Make the storage's snapshots outlive the objects; False when they all did. Raises an error of the area."""

    def wait_ready(
        self, snapshots: t.Sequence[TakenSnapshot], *, timeout: float, progress: ProgressSink
    ) -> list[TakenSnapshot]:
        """Wait until volumes can be made from each; those that failed for good become ``failed``.

        Returns those that only were not ready in time.
        """

    def discard(self, snapshots: t.Sequence[TakenSnapshot]) -> list[str]:
        """Remove them and what the storage has of them; sentences for those that are not gone."""

    def remove(self, members: t.Sequence[SetMember]) -> list[str]:
        """Remove them, each by its policy; sentences for those that are not gone."""


def snapshot_entry(taken: TakenSnapshot, *, set_name: str, state: str = "") -> dict[str, t.Any]:
    """The entry of a task's ``snapshots`` list."""
    return {
        "set": set_name,
        "namespace": taken.spec.namespace,
        "claim": taken.spec.claim,
        "name": taken.name,
        "content": taken.content,
        "handle": taken.handle,
        "group_handle": taken.group_handle,
        "size_bytes": taken.size_bytes,
        "driver": taken.driver,
        "class": taken.spec.class_name,
        "requested": rfc3339(taken.requested),
        "created": rfc3339(taken.created) if taken.created else None,
        "ready": taken.ready,
        "state": state or ("ready" if taken.ready and not taken.failed else taken.state),
        "error": taken.error,
    }


def listed_entry(
    taken: TakenSnapshot,
    *,
    set_name: str,
    complete: bool,
    labels: t.Mapping[str, str],
    deletion_policy: str | None = None,
) -> dict[str, t.Any]:
    """The entry of a list of what is there."""
    return snapshot_entry(taken, set_name=set_name) | {
        "deletion_policy": deletion_policy,
        "complete": complete,
        "labels": dict(labels),
    }


def planned_entry(plan: PlannedSnapshot, *, set_name: str) -> dict[str, t.Any]:
    """The same for a snapshot that would be taken, with the reason for its class."""
    spec = plan.spec
    return {
        "set": set_name,
        "namespace": spec.namespace,
        "claim": spec.claim,
        "name": spec.name,
        "content": "",
        "handle": "",
        "group_handle": "",
        "size_bytes": None,
        "driver": spec.driver,
        "class": spec.class_name,
        "requested": None,
        "created": None,
        "ready": False,
        "state": "planned",
        "error": "",
        "class_reason": plan.why,
        "group": plan.group,
    }


__all__ = ("PlannedSnapshot", "SetMember", "SetSnapshots", "SetSpec", "listed_entry", "planned_entry", "snapshot_entry")
