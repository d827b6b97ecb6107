# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan as a short table for people: what is written and what stands in the way, and the rest by its number."""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.text_table import text_table
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted

_Entry: t.TypeAlias = "t.Mapping[str, t.Any]"
_Row: t.TypeAlias = "tuple[str, str, str, str]"

_TITLES: _Row = ("WAVE", "ACTION", "TYPE", "OBJECT")
#: Objects that are named one by one, and groups of those that are not.
_MOST_OBJECTS, _MOST_GROUPS = 60, 20
_WIDTHS = (4, 12, 63, 160)
#: What changes nothing, of which there may be very much.
_QUIET = ("unchanged", "skip")


def plan_table(entries: t.Sequence[_Entry]) -> list[str]:
    """The lines of a table; empty for an empty plan. ``entries`` are those of a task's plan."""
    if not entries:
        return []
    told = [entry for entry in entries if entry["action"] not in _QUIET]
    # Where there is no room for all, what goes wrong is shown.
    told = sorted(told, key=_is_harmless)[:_MOST_OBJECTS]
    shown = {id(entry) for entry in told}
    rows = [_TITLES, *(_object_row(entry) for entry in entries if id(entry) in shown)]
    rows += _group_rows([entry for entry in entries if id(entry) not in shown])
    lines = text_table(rows, most=_WIDTHS, right=(0,))
    actions = collections.Counter(str(entry["action"]) for entry in entries)
    return [*lines, ", ".join(f"{number} {action}" for action, number in sorted(actions.items()))]


def _is_harmless(entry: _Entry) -> bool:
    return not (entry["action"] == "conflict" or entry.get("state") == "failed")


def _object_row(entry: _Entry) -> _Row:
    name = f"{entry['namespace']}/{entry['name']}" if entry.get("namespace") else str(entry["name"])
    came_from = entry.get("source_namespace")
    origin = f" (from {came_from})" if came_from else ""
    return (str(entry["wave"]), _word(entry), str(entry["resource"]), _said(f"{name}{origin}", _reason(entry)))


def _group_rows(entries: t.Iterable[_Entry]) -> list[_Row]:
    """Objects of one type with one reason in one row, the largest groups first."""
    groups = collections.Counter((_word(entry), str(entry["resource"]), _reason(entry)) for entry in entries)
    found = groups.most_common()
    rows = [
        ("", word, kind, _said(counted(number, "object"), why)) for (word, kind, why), number in found[:_MOST_GROUPS]
    ]
    left = sum(number for _group, number in found[_MOST_GROUPS:])
    return [*rows, ("", "", "...", f"and {counted(left, 'more object')}")] if left else rows


def _word(entry: _Entry) -> str:
    """What became of it or, in a plan, what is to be done: of what the server cannot judge yet, that as well."""
    if entry.get("state"):
        return str(entry["state"])
    if entry["action"] == "unverified":
        return f"{entry.get('intent') or 'write'}?"
    return str(entry["action"])


def _reason(entry: _Entry) -> str:
    return str(entry.get("reason") or "")


def _said(what: str, why: str) -> str:
    return f"{what}: {why}" if why else what


__all__ = ("plan_table",)
