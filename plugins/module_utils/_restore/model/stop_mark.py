# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mark of a workload that is stopped while the volume of its claim is rolled back: how it was, on itself."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import json

from ansible_collections.arkive.k8s.plugins.module_utils._core.json_patch import apply_merge_patch
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView

#: Of workloads that are stopped, and of claims that keep an old volume: JSON for whoever goes on.
ROLL_BACK_ANNOTATION = "arkive.k8s/roll-back"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StopMark:
    """Two merge patches: ``stopped`` is what was written by restore ``restore``, ``back`` takes it back."""

    restore: str
    stopped: Object
    back: Object

    @classmethod
    def of(cls, obj: ObjectView) -> StopMark | None:
        """The mark that an object carries; None for none, and for what is no mark."""
        found = read_annotation(obj)
        stopped, back = found.get("stopped"), found.get("back")
        if not (isinstance(stopped, dict) and isinstance(back, dict)):
            return None
        return cls(restore=str(found.get("restore") or ""), stopped=stopped, back=back)

    def to_annotation(self) -> str:
        document = {"restore": self.restore, "stopped": self.stopped, "back": self.back}
        return json.dumps(document, sort_keys=True, separators=(",", ":"))

    def holds(self, obj: ObjectView) -> bool:
        """Whether nobody has changed what was stopped."""
        return bool(apply_merge_patch(obj, self.stopped) == obj)


def read_annotation(obj: ObjectView) -> Object:
    """What the annotation of an object says; empty where there is none, or one that somebody has spoilt."""
    text = ((obj.get("metadata") or {}).get("annotations") or {}).get(ROLL_BACK_ANNOTATION)
    try:
        found = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def inverse_patch(obj: ObjectView, patch: ObjectView) -> Object:
    """The merge patch that makes ``obj`` again of ``obj`` with ``patch`` applied."""
    back: Object = {}
    for name, value in patch.items():
        there = obj.get(name)
        if isinstance(value, dict) and isinstance(there, dict):
            back[name] = inverse_patch(there, value)
        else:
            back[name] = there
    return back


def as_before(obj: Object) -> Object:
    """A workload as it was before it was stopped; any other object as it is."""
    mark = StopMark.of(obj)
    if mark is None:
        return obj
    before: Object = apply_merge_patch(obj, mark.back) if mark.holds(obj) else dict(obj)
    annotations = {
        name: text for name, text in before["metadata"]["annotations"].items() if name != ROLL_BACK_ANNOTATION
    }
    return {**before, "metadata": {**before["metadata"], "annotations": annotations}}


__all__ = ("ROLL_BACK_ANNOTATION", "StopMark", "as_before", "inverse_patch", "read_annotation")
