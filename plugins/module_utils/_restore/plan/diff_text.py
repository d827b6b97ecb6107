# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects as YAML for diff mode, with the values of Secrets masked."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import SECRETS
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.object_text import is_large, object_text
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.metadata import OUR_LABELS

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_HIDDEN_METADATA = ("managedFields", "uid", "resourceVersion", "generation", "creationTimestamp", "selfLink")
_HIDDEN_WITHIN = {"annotations": frozenset({_LAST_APPLIED}), "labels": OUR_LABELS}
#: What is said of objects that differ in nothing that is shown.
_UNSHOWN = "they differ only in what is left out here: the status, what the server fills in, kubectl's last-applied"
_MASK = "********"


def diff_entry(
    group_resource: GroupResource, title: str, before: ObjectView | None, after: ObjectView | None
) -> dict[str, str]:
    """One entry of a task's ``diff``: ``before`` and ``after`` are YAML, empty text for an object that is not there.

    Of objects with very many values they are JSON in lines.
    """
    if group_resource == SECRETS:
        before, after = _mask_pair(before, after)
    as_json = any(map(is_large, (before, after)))
    texts = [_to_text(obj, as_json=as_json) for obj in (before, after)]
    if texts[0] == texts[1] and before != after:
        texts = [f"{text}# {_UNSHOWN} ({word})\n" for text, word in zip(texts, ("before", "after"), strict=True)]
    return {"before_header": title, "after_header": title, "before": texts[0], "after": texts[1]}


def _mask_pair(before: ObjectView | None, after: ObjectView | None) -> tuple[ObjectView | None, ObjectView | None]:
    """Values are replaced; where they differ the masks differ, so that the diff still names the key."""
    masked: list[dict[str, t.Any] | None] = [dict(obj) if obj is not None else None for obj in (before, after)]
    for field in ("data", "stringData"):
        old = dict((before or {}).get(field) or {})
        new = dict((after or {}).get(field) or {})
        for side, values, other, word in ((masked[0], old, new, "before"), (masked[1], new, old, "after")):
            if side is not None and field in side:
                side[field] = {
                    name: _MASK if other.get(name, value) == value else f"{_MASK} ({word})"
                    for name, value in values.items()
                }
    return masked[0], masked[1]


def _to_text(obj: ObjectView | None, *, as_json: bool) -> str:
    if obj is None:
        return ""
    shown = {name: value for name, value in obj.items() if name != "status"}
    shown["metadata"] = _shown_metadata(shown.get("metadata") or {})
    return object_text(shown, as_json=as_json)


def _shown_metadata(metadata: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What a person has written there: not what the server fills in, kubectl's copy of the object, and our labels."""
    shown = {name: value for name, value in metadata.items() if name not in _HIDDEN_METADATA}
    for field, hidden in _HIDDEN_WITHIN.items():
        if not hidden.isdisjoint(shown.get(field) or ()):
            kept = {name: value for name, value in shown[field].items() if name not in hidden}
            shown = {**shown, field: kept} if kept else {name: shown[name] for name in shown if name != field}
    return shown


__all__ = ("diff_entry",)
