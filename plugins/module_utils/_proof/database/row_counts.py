# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of tables in a copy, compared with those that were counted as the original was held."""

# Private: not for use outside of this collection.

from __future__ import annotations

import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.table_counts import check_table, count_question
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.server_proof import Check, ServerFacts
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.shell import Said

_TOOL = "the count of rows"

#: The database, empty for any, and the statement.
CountRows: t.TypeAlias = t.Callable[[str, str], Said]


def compare_counts(kind: str, recorded: t.Any, known: ServerFacts, ask: CountRows) -> t.Iterator[Check]:
    """Nothing where nothing was to be counted. What is counted is among the facts of ``known`` as well."""
    if not isinstance(recorded, dict) or not recorded:
        return
    started = time.monotonic()
    failed: list[str] = []
    unknown: list[str] = []
    counted: dict[str, int] = {}
    for table, numbers in recorded.items():
        limits = _limits(numbers)
        if limits is None or check_table(kind, str(table)):
            unknown.append(f"{table} was not counted as it was held")
            continue
        said = ask(*count_question(kind, str(table)))
        if said.code or not said.out.strip().isdecimal():
            failed.append(f"{table} cannot be counted: {' '.join(said.lines)[:200] or f'exit code {said.code}'}")
            continue
        counted[str(table)] = found = int(said.out)
        least, most = limits
        if not least <= found <= most:
            had = f"{least}" if least == most else f"{least} to {most}"
            failed.append(f"{table} has {found} rows, and had {had} as it was held")
    known.facts["counts"] = counted
    known.warnings.extend(f"{text}." for text in unknown)
    state: t.Literal["passed", "failed", "unavailable"] = "passed" if counted else "unavailable"
    yield Check(
        name="counts",
        tool=_TOOL,
        state="failed" if failed else state,
        seconds=time.monotonic() - started,
        found=tuple([*failed, *unknown][:20]),
    )


def _limits(numbers: t.Any) -> tuple[int, int] | None:
    """How many there were at least, and at most; None where nobody has counted."""
    if not isinstance(numbers, dict):
        return None
    before, after = numbers.get("before"), numbers.get("after")
    if not isinstance(before, int) or not isinstance(after, int):
        return None
    return min(before, after), max(before, after)


__all__ = ("CountRows", "compare_counts")
