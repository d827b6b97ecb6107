# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Members of records that anybody may have written: what is of another type counts as missing."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView


def member(value: ObjectView, name: str) -> ObjectView:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def text(value: ObjectView, name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def count(value: ObjectView, name: str) -> int:
    found = value.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 0


__all__ = ("count", "member", "text")
