# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The annotation of an owner that is paused: by whom, until when, and what it was before."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment, rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_kind import OwnerKind

PAUSED_ANNOTATION = "arkive.k8s/paused"
_LONGEST = 64 * 1024


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PauseMark:
    """``until`` None: nobody may take it for forgotten, as it waits for a person. ``was``: of the kind's field."""

    run: str
    until: dt.datetime | None
    was: t.Any

    def to_text(self) -> str:
        until = None if self.until is None else rfc3339(self.until)
        return json.dumps({"run": self.run, "until": until, "was": self.was}, separators=(",", ":"), sort_keys=True)

    def is_over(self, now: dt.datetime) -> bool:
        """Whether its run is taken to be dead."""
        return self.until is not None and self.until <= now


def read_mark(obj: ObjectView, kind: OwnerKind) -> PauseMark | None:
    """The mark of ``obj``; None without one. Raises ``ValueError`` (half a sentence) where it cannot be used."""
    annotations = (obj.get("metadata") or {}).get("annotations") or {}
    text = annotations.get(PAUSED_ANNOTATION)
    if text is None:
        return None
    try:
        document = json.loads(text) if isinstance(text, str) and len(text) <= _LONGEST else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not {"run", "until", "was"} <= document.keys():
        raise ValueError("it is not what this collection writes")
    until, was = document["until"], document["was"]
    if until is not None and read_moment(until) is None:
        raise ValueError("its end is no time")
    if not kind.is_value(was):
        raise ValueError(f"what it was before is nothing that {'.'.join(kind.field)} can be")
    return PauseMark(run=str(document["run"]), until=None if until is None else read_moment(until), was=was)


__all__ = ("PAUSED_ANNOTATION", "PauseMark", "read_mark")
