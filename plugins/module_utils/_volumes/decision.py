# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Whether and how a volume is snapshotted (Velero 1.18: volume policies, then the old way)."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_policy import ResourcePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.classes import choose_class
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError

Method: t.TypeAlias = t.Literal["csi", "native", ""]
Object: t.TypeAlias = "t.Mapping[str, t.Any]"

#: Velero's form: ``<approach>: <reason>;``.
NOT_WANTED = "any: snapshotVolumes is false;"
SKIP_POLICY = "any: skipped due to the resource policy;"
LEFT_TO_PLUGINS = "any: the resource policy leaves it to plugins;"
NEEDS_AGENT = "podvolume: file system backup needs Velero's node agent;"
PRE_HOOK_FAILED = "any: pre hook failed;"
_NO_API = "csiSnapshot: the cluster does not serve VolumeSnapshots, or they may not be used;"
_NOT_CSI = "csiSnapshot: the volume is not of a CSI driver;"
_NO_LOCATION = "volumeSnapshot: no snapshot location is for it;"
_UNKNOWN_VOLUME = "any: its PersistentVolume cannot be read;"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotMeans:
    """What this run could do. ``classes`` None: the cluster serves no VolumeSnapshots (or they may not be used).

    ``native_id`` returns the id of the disk behind a PersistentVolume, empty where no location is for it.
    """

    classes: t.Sequence[Object] | None
    native_id: t.Callable[[Object], str]
    backup_annotations: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VolumeDecision:
    """``method`` empty: no snapshot, for ``reason`` (Velero's form), which is an ``error`` (a sentence) or not.

    ``on_purpose``: somebody wanted it so; otherwise data is missing that nobody gave up.
    """

    method: Method = ""
    driver: str = ""
    class_name: str = ""
    native_id: str = ""
    reason: str = ""
    error: str = ""
    on_purpose: bool = False


def decide(
    claim: Object,
    volume: Object | None,
    *,
    policy: ResourcePolicy | None,
    snapshot_volumes: bool | None,
    means: SnapshotMeans,
) -> VolumeDecision:
    """What becomes of the volume of a bound claim. The first policy that matches wins over ``snapshot_volumes``."""
    action = policy.volume_action(claim, volume, None) if policy else None
    kind = action.type if action else ""
    if kind == "skip":
        return VolumeDecision(reason=SKIP_POLICY, on_purpose=True)
    if kind == "custom":
        return VolumeDecision(reason=LEFT_TO_PLUGINS, on_purpose=True)
    if kind == "fs-backup":
        return VolumeDecision(reason=NEEDS_AGENT)
    if not kind and snapshot_volumes is False:
        return VolumeDecision(reason=NOT_WANTED, on_purpose=True)
    if volume is None:
        return VolumeDecision(reason=_UNKNOWN_VOLUME)
    return _by_snapshot(claim, volume, wanted=kind == "snapshot" or snapshot_volumes is True, means=means)


def _by_snapshot(claim: Object, volume: Object, *, wanted: bool, means: SnapshotMeans) -> VolumeDecision:
    """A CSI snapshot where there can be one, else one of the cloud."""
    native = means.native_id(volume)
    driver = str(((volume.get("spec") or {}).get("csi") or {}).get("driver") or "")
    refused = VolumeDecision(reason=_NOT_CSI + _NO_LOCATION)
    if driver and means.classes is not None:
        annotations = (claim.get("metadata") or {}).get("annotations") or {}
        try:
            chosen = choose_class(
                driver, means.classes, claim_annotations=annotations, backup_annotations=means.backup_annotations
            )
            return VolumeDecision(method="csi", driver=driver, class_name=chosen.name)
        except SnapshotError as exc:
            refused = VolumeDecision(driver=driver, reason=f"csiSnapshot: {exc.message};", error=exc.sentence)
    elif driver:
        error = "The cluster does not serve the API of VolumeSnapshots, or it may not be used." if wanted else ""
        refused = VolumeDecision(driver=driver, reason=_NO_API, error=error)
    return VolumeDecision(method="native", native_id=native) if native else refused


__all__ = (
    "LEFT_TO_PLUGINS",
    "NEEDS_AGENT",
    "NOT_WANTED",
    "PRE_HOOK_FAILED",
    "SKIP_POLICY",
    "SnapshotMeans",
    "VolumeDecision",
    "decide",
)
