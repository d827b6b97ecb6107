# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When what happened: the hooks, holds, freezes and snapshots of a backup as spans of time."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._report.page.messages import has_failed, place_of
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.plain_values import (
    mappings_of,
    name_of,
    number_of,
    seconds_between,
    time_of,
    volume_of_pod,
)

#: A picture of more is none. The tables have all of them.
_MOST_LANES, _MOST_SPANS = 200, 3_000

Span: t.TypeAlias = "dict[str, t.Any]"


def timeline_of(described: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """``lanes``, each with ``spans`` of ``kind``, ``label``, ``offset`` and ``seconds``; ``left_out``: spans.

    Offsets are seconds after ``started``. Stored times are whole seconds.
    """
    spans = [*_whole(described), *_of_hooks(described), *_of_freezes(described), *_of_databases(described)]
    spans += _of_volumes(described)
    if not spans:
        return {"started": None, "seconds": 0.0, "lanes": [], "left_out": 0}
    start = min(span["started"] for span in spans)
    lanes: dict[str, list[Span]] = {}
    kept = 0
    for span in spans:
        lane = span.pop("lane")
        if kept >= _MOST_SPANS or (lane not in lanes and len(lanes) >= _MOST_LANES):
            continue
        kept += 1
        span["offset"] = seconds_between(start, span.pop("started"))
        lanes.setdefault(lane, []).append(span)
    ends = [span["offset"] + span["seconds"] for found in lanes.values() for span in found]
    return {
        "started": start,
        "seconds": max(ends),
        "lanes": [{"name": lane, "spans": _in_order(found)} for lane, found in lanes.items()],
        "left_out": len(spans) - kept,
    }


def _in_order(spans: list[Span]) -> list[Span]:
    return sorted(spans, key=lambda span: (span["offset"], -span["seconds"]))


def _span(kind: str, lane: str, label: str, started: t.Any, length: t.Any, *, bad: bool = False) -> list[Span]:
    """Nothing where nobody knows when it began."""
    began, seconds = time_of(started), number_of(length)
    if began is None:
        return []
    return [
        {
            "kind": kind,
            "lane": lane,
            "label": label,
            "started": began,
            "seconds": max(float(seconds or 0), 0.0),
            "bad": bad,
        }
    ]


def _length(entry: t.Mapping[str, t.Any], started: str, ended: str) -> float | None:
    return seconds_between(time_of(entry.get(started)), time_of(entry.get(ended)))


def _whole(described: t.Mapping[str, t.Any]) -> list[Span]:
    took = _length(described, "started", "completed")
    return _span("backup", "the whole backup", name_of(described.get("name")), described.get("started"), took)


def _of_hooks(described: t.Mapping[str, t.Any]) -> t.Iterator[Span]:
    for hook in mappings_of(described.get("hooks")):
        label = " ".join(filter(None, (name_of(hook.get("phase")), "hook", name_of(hook.get("name")))))
        yield from _span(
            "hook", place_of(hook), label, hook.get("started"), hook.get("duration_seconds"), bad=has_failed(hook)
        )


def _of_freezes(described: t.Mapping[str, t.Any]) -> t.Iterator[Span]:
    for freeze in mappings_of(described.get("freezes")):
        label = f"freeze of {name_of(freeze.get('path'))}, thawed by {name_of(freeze.get('thawed_by')) or 'nobody yet'}"
        bad = bool(freeze.get("error")) or freeze.get("thawed_by") == "not proven"
        yield from _span("freeze", place_of(freeze), label, freeze.get("started"), freeze.get("seconds"), bad=bad)


def _of_databases(described: t.Mapping[str, t.Any]) -> t.Iterator[Span]:
    for quiesce in mappings_of(described.get("quiesces")):
        label = f"{name_of(quiesce.get('kind'))} held, mode {name_of(quiesce.get('mode'))}"
        bad = bool(quiesce.get("error")) or quiesce.get("consistent") is False
        yield from _span("database", place_of(quiesce), label, quiesce.get("started"), quiesce.get("seconds"), bad=bad)


def _of_volumes(described: t.Mapping[str, t.Any]) -> t.Iterator[Span]:
    for volume in mappings_of(described.get("volumes")):
        claim = "/".join(filter(None, (name_of(volume.get("pvcNamespace")), name_of(volume.get("pvcName")))))
        lane = f"volume {claim or name_of(volume.get('pvName')) or volume_of_pod(volume)}"
        took = _length(volume, "startTimestamp", "completionTimestamp")
        bad = volume.get("result") == "failed"
        yield from _span("snapshot", lane, "snapshot", volume.get("startTimestamp"), took, bad=bad)


__all__ = ("timeline_of",)
