# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways to spoil a backup, each made of chance alone: one more is one function and one row."""

from __future__ import annotations

import random
import typing as t

from campaigns import archives_odd as odd
from campaigns import archives_spoil as spoiled
from campaigns.archives_make import Files

Way: t.TypeAlias = "t.Callable[[random.Random], Files]"

#: Each way, and how often it is taken beside the others. A seed means the same cases as long as rows are only added.
WAYS: tuple[tuple[Way, int], ...] = (
    (spoiled.wrong_shapes, 3),
    (spoiled.smuggled, 1),
    (spoiled.unreadable_json, 1),
    (spoiled.bad_tar, 1),
    (spoiled.bad_gzip, 1),
    (spoiled.bad_files, 2),
    (odd.odd_tar, 2),
    (odd.odd_packing, 1),
    (odd.odd_names, 1),
    (odd.odd_numbers, 1),
    (odd.masses, 1),
    (odd.wrong_metadata, 1),
    (odd.odd_versions, 1),
    (odd.odd_annotations, 1),
    (odd.lies, 1),
)


def spoil(chance: random.Random) -> tuple[str, Files]:
    """The name of the way, and the files of a location."""
    way = chance.choice([way for way, often in WAYS for _time in range(often)])
    return way.__name__, way(chance)


__all__ = ("WAYS", "spoil")
