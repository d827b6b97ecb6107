# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order in which the claims of a block are cut, where a database needs one."""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.side_by_side import run_at_once

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pod_database import PodDatabase


def cut_waves(databases: t.Sequence[PodDatabase], claims: t.Iterable[str]) -> t.Iterator[list[str]]:
    """``claims`` by what is cut first. Between two waves each database is told that the one before is cut."""
    at: dict[str, int] = {}
    for database in databases:
        for number, wave in enumerate(database.waves):
            for claim in wave:
                if at.setdefault(claim, number) != number:
                    database.spoil(f"{claim} has files of two databases, which need another order of it.")
    wanted = list(claims)
    staged = [database for database in databases if database.waves]
    for number in range(max((len(database.waves) for database in staged), default=1)):
        if number:
            run_at_once(functools.partial(_advance, number), staged, meanwhile=lambda: None)
        yield [claim for claim in wanted if at.get(claim, 0) == number]


def _advance(number: int, database: PodDatabase) -> None:
    database.advance(number)


__all__ = ("cut_waves",)
