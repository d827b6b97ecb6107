# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How busy the machine is: where it always is, another lane makes a run no shorter."""

from __future__ import annotations

import pathlib
import typing as t

_STATISTICS = pathlib.Path("/proc/stat")


class Processors(t.NamedTuple):
    """What all processors did since the machine started, in ticks."""

    busy: int
    all: int

    @classmethod
    def read(cls) -> Processors:
        user, nice, system, idle, iowait, *rest = map(int, _STATISTICS.read_text().split("\n", 1)[0].split()[1:9])
        busy = user + nice + system + sum(rest)
        return cls(busy, busy + idle + iowait)

    def busy_since(self, before: Processors) -> float:
        """The part of the time since ``before`` in which they computed, from 0 to 1."""
        return (self.busy - before.busy) / max(self.all - before.all, 1)


__all__ = ("Processors",)
