# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a VolumeSnapshot and its VolumeSnapshotContent say about the snapshot (external-snapshotter 8)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.quantities import parse_quantity
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import TakenSnapshot


def take_status(taken: TakenSnapshot, snapshot: ObjectView | None, content: ObjectView | None) -> None:
    """Note in ``taken`` what the two objects know. It is taken when there is a handle or, without one, a creationTime.

    A volume can be made from it when the VolumeSnapshot says so: its content may be ready a moment earlier, before the
    two are bound.
    """
    said = _status(snapshot)
    taken.content = taken.content or str(said.get("boundVolumeSnapshotContentName") or "")
    if said.get("creationTime"):
        taken.created = taken.created or parse_rfc3339(str(said["creationTime"]))
    if taken.size_bytes is None and said.get("restoreSize"):
        taken.size_bytes = _bytes(said["restoreSize"])
    ready = bool(said.get("readyToUse"))
    if content is not None:
        stored = _status(content)
        taken.content = str(content["metadata"]["name"])
        taken.driver = str((content.get("spec") or {}).get("driver") or taken.driver)
        taken.handle = str(stored.get("snapshotHandle") or taken.handle)
        taken.group_handle = str(stored.get("volumeGroupSnapshotHandle") or taken.group_handle)
        if stored.get("creationTime"):
            nanoseconds = int(stored["creationTime"])
            taken.created = dt.datetime.fromtimestamp(nanoseconds / 1e9, tz=dt.UTC)
        if stored.get("restoreSize"):
            taken.size_bytes = int(stored["restoreSize"])
        if snapshot is None:
            ready = bool(stored.get("readyToUse"))
    taken.ready = taken.ready or ready


def stated_error(snapshot: ObjectView | None, content: ObjectView | None) -> str:
    """What the controllers say went wrong, the driver's words before the others; empty when nothing did."""
    for obj in (content, snapshot):
        message = (_status(obj).get("error") or {}).get("message")
        if message:
            return str(message).strip()
    return ""


def is_taken(taken: TakenSnapshot, *, with_contents: bool) -> bool:
    """Without rights on contents no handle can be seen: the creationTime, which comes with it, has to do."""
    return bool(taken.handle) if with_contents else taken.created is not None or bool(taken.handle)


def _status(obj: ObjectView | None) -> ObjectView:
    return (obj or {}).get("status") or {}


def _bytes(text: t.Any) -> int | None:
    try:
        return int(parse_quantity(str(text)))
    except ValidationError:
        return None


__all__ = ("is_taken", "stated_error", "take_status")
