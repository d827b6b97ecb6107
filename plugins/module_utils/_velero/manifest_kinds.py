# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do with a manifest of another kind than the one that a task takes."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import is_subdomain_name

#: By the kind that is asked for and the one that was given; NAME stands for the name of the object.
_HINTS: dict[tuple[str, str], str] = {
    ("Backup", "Schedule"): "k8s_backup_schedule takes it, and makes a backup when one is due.",
    ("Schedule", "Backup"): "k8s_backup takes it.",
    ("Backup", "Restore"): "k8s_restore takes it.",
    ("Restore", "Schedule"): "To restore the newest backup that the Schedule made, set schedule: NAME.",
    ("Restore", "Backup"): "To restore what this Backup has stored, set backup: NAME.",
}


def hint_for_kind(asked: str, document: t.Any) -> str:
    """What to do with ``document``, where a task takes the kind ``asked``; empty when nobody can say."""
    if not isinstance(document, t.Mapping):
        return ""
    kind, metadata = document.get("kind"), document.get("metadata")
    if kind in ("List", f"{asked}List"):
        return f"Give one of its items: a task makes one {asked.lower()}."
    name = metadata.get("name") if isinstance(metadata, t.Mapping) else None
    known = isinstance(name, str) and is_subdomain_name(name)
    return _HINTS.get((asked, str(kind)), "").replace("NAME", str(name) if known else "NAME")


__all__ = ("hint_for_kind",)
