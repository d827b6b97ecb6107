# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How an engine says what it is doing, without knowing who listens."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

#: A line that begins so is shown even where a flood of lines is shortened.
PLAN_PREFIX = "plan: "

#: Called with one short line, such as ``pods: 120 stored``. Must not raise and must not block.
ProgressSink: t.TypeAlias = t.Callable[[str], None]


#: Called with how many more objects were dealt with, from any thread. Must not raise and must not block.
CountSink: t.TypeAlias = t.Callable[[int], None]


def no_progress(line: str) -> None:
    """The sink for callers that do not show progress."""


class CountingProgress:
    """A ``ProgressSink`` of somebody who wants to know numbers of objects as well."""

    def __init__(self, tell: ProgressSink, counted: CountSink) -> None:
        self._tell = tell
        self.counted = counted

    def __call__(self, line: str) -> None:
        self._tell(line)


def count_sink(progress: ProgressSink) -> CountSink:
    """Where numbers go of a run that tells ``progress`` its lines."""
    return progress.counted if isinstance(progress, CountingProgress) else _no_count


def _no_count(_number: int) -> None:
    """Nobody wants to know."""


__all__ = ("PLAN_PREFIX", "CountSink", "CountingProgress", "ProgressSink", "count_sink", "no_progress")
