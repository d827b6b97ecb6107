# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names, labels and annotations of the snapshots of a set."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import hashlib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec, TakenSnapshot

#: The label, and the tag, of a set's snapshots: its name.
SET_LABEL = "arkive.k8s/snapshot"
#: ``complete`` once it is known that the freeze held until the snapshot was taken.
STATE_ANNOTATION = "arkive.k8s/snapshot-state"
#: The name of the set in full; a label has room for 63 characters only.
NAME_ANNOTATION = "arkive.k8s/snapshot-name"
#: Of the run that made it: two may make sets of one name.
RUN_ANNOTATION = "arkive.k8s/snapshot-run"
COMPLETE = "complete"
UNFINISHED = "unfinished"
_LONGEST_NAME = 253
_DIGEST = 8


def snapshot_name(set_name: str, claim: str) -> str:
    """``<set>-<claim>``; truncated, with 8 hex digits of its SHA-256, when that is longer than a name may be."""
    name = f"{set_name}-{claim}"
    if len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST]
    return f"{name[: _LONGEST_NAME - _DIGEST - 1].rstrip('-.')}-{digest}"


def set_labels(set_name: str) -> dict[str, str]:
    """What every snapshot of the set is labelled with."""
    return {SET_LABEL: label_value(set_name)}


def set_annotations(set_name: str, state: str = UNFINISHED) -> dict[str, str]:
    """What every snapshot of the set is annotated with."""
    return {NAME_ANNOTATION: set_name, STATE_ANNOTATION: state}


def set_of(snapshot: t.Mapping[str, t.Any]) -> str:
    """The name of the set that a VolumeSnapshot is of; empty for one of nobody's."""
    metadata = snapshot["metadata"]
    annotations, labels = metadata.get("annotations") or {}, metadata.get("labels") or {}
    return str(annotations.get(NAME_ANNOTATION) or labels.get(SET_LABEL) or "")


def is_complete(snapshot: t.Mapping[str, t.Any]) -> bool:
    annotations = snapshot["metadata"].get("annotations") or {}
    return annotations.get(STATE_ANNOTATION) == COMPLETE


def known_snapshot(snapshot: t.Mapping[str, t.Any]) -> TakenSnapshot:
    """A VolumeSnapshot that is there, as one that was taken; its status is not read yet."""
    metadata, wanted = snapshot["metadata"], snapshot.get("spec") or {}
    spec = SnapshotSpec(
        namespace=metadata["namespace"],
        claim=str((wanted.get("source") or {}).get("persistentVolumeClaimName") or ""),
        class_name=str(wanted.get("volumeSnapshotClassName") or ""),
        name=metadata["name"],
        labels=metadata.get("labels") or {},
        annotations=metadata.get("annotations") or {},
    )
    made = metadata.get("creationTimestamp")
    requested: dt.datetime = parse_rfc3339(made) if made else utc_now()
    return TakenSnapshot(spec=spec, requested=requested, state="cut", name=metadata["name"], uid=metadata["uid"])


__all__ = (
    "COMPLETE",
    "NAME_ANNOTATION",
    "RUN_ANNOTATION",
    "SET_LABEL",
    "STATE_ANNOTATION",
    "UNFINISHED",
    "is_complete",
    "known_snapshot",
    "set_annotations",
    "set_labels",
    "set_of",
    "snapshot_name",
)
