# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long the steps of a restore take."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import time
import typing as t


class Timings:
    """Seconds by step; a step that comes again adds to its time."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def measure(self, step: str) -> t.Iterator[None]:
        """Counted however it ends."""
        clock = time.monotonic()
        try:
            yield
        finally:
            self.add(step, time.monotonic() - clock)

    def add(self, step: str, seconds: float) -> None:
        self._seconds[step] = self._seconds.get(step, 0.0) + seconds

    def count(self, name: str, number: int) -> None:
        """A number that is shown beside the times, such as that of the requests."""
        self._seconds[name] = number

    def to_dict(self) -> dict[str, float]:
        return dict(self._seconds)


__all__ = ("Timings",)
