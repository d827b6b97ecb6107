# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups as a table for people, like that of ``velero backup get``."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.text_table import text_table
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted

_TITLES = ("NAME", "STATUS", "ERRORS", "WARNINGS", "STARTED", "EXPIRES", "SIZE", "SCHEDULE")
_WIDTHS = (63, 26, 6, 8, 20, 20, 9, 40)
_NUMBERS = (2, 3, 6)
#: Lines of backups; the newest are shown.
_MOST = 100


def backup_table(entries: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """The newest first; empty where there are none. ``entries`` are those of a task's ``backups``."""
    if not entries:
        return []
    newest = sorted(entries, key=lambda entry: (str(entry.get("started") or ""), str(entry["name"])), reverse=True)
    lines = text_table([_TITLES, *map(_row, newest[:_MOST])], most=_WIDTHS, right=_NUMBERS)
    left = len(newest) - _MOST
    return [*lines, f"and {counted(left, 'older backup')}"] if left > 0 else lines


def _row(entry: t.Mapping[str, t.Any]) -> tuple[str, ...]:
    status = str(entry.get("phase") or "New")
    if entry.get("problems"):
        status += ", damaged"
    if entry.get("held"):
        status += ", held"
    numbers = (str(entry.get("errors") or 0), str(entry.get("warnings") or 0))
    times = (str(entry.get("started") or "-"), str(entry.get("expiration") or "never"))
    return (str(entry["name"]), status, *numbers, *times, _size(entry.get("size")), str(entry.get("schedule") or "-"))


def _size(number: t.Any) -> str:
    if not isinstance(number, int):
        return "-"
    amount, unit = float(number), 0
    while amount >= 1000 and unit < 5:
        amount, unit = amount / 1024, unit + 1
    return f"{number} B" if unit == 0 else f"{amount:.1f} {'KMGTP'[unit - 1]}iB"


__all__ = ("backup_table",)
