# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A repository that is copied to a second location, as far as the copy lacks anything."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.repository import Repository
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.upkeep import CopyTarget, Upkeep


def copy_repository(upkeep: Upkeep, copy: CopyTarget, *, check_mode: bool) -> dict[str, t.Any]:
    """Fields of the outcome. In check mode it is the objects that would be copied; no pod runs."""
    before = upkeep.difference(copy)
    wanted = bool(before.missing or (copy.delete and before.extra))
    problems: tuple[str, ...] = ()
    if wanted and not check_mode:
        left = upkeep.copy(copy, before)
        lost = set(left.missing) & set(before.missing)
        if lost:
            problems = (f"{len(lost)} objects are not in the copy, such as {sorted(lost)[0]}.",)
    return {
        "changed": wanted,
        "copied": {
            "location": Repository(copy.target.store, upkeep.repository).where,
            "objects": len(before.missing),
            "bytes": before.bytes,
            "deleted": len(before.extra) if copy.delete else 0,
            "extra": len(before.extra),
        },
        "size": before.total,
        "problems": problems,
    }


__all__ = ("copy_repository",)
