# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much a JSONPath may do: text from a stranger, on an object of any size."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.errors import TooMuchError

#: A value that is looked at is a step. The largest object of a cluster has some 100,000 values.
MOST_STEPS = 1_000_000
MOST_OUTPUT = 4 << 20
MOST_DEPTH = 50


class Budget:
    """Counts steps, ranges within each other, and characters of the result; ends with a ``TooMuchError``."""

    def __init__(self, *, steps: int = MOST_STEPS, depth: int = MOST_DEPTH, output: int = MOST_OUTPUT) -> None:
        self._steps = self._most_steps = steps
        self._depth = self._most_depth = depth
        self._output = self._most_output = output

    @property
    def steps_taken(self) -> int:
        return self._most_steps - self._steps

    def step(self, number: int = 1) -> None:
        self._steps -= number
        if self._steps < 0:
            raise TooMuchError(f"A JSONPath looked at more than {self._most_steps} values.")

    def enter(self) -> None:
        self._depth -= 1
        if self._depth < 0:
            raise TooMuchError(f"A JSONPath has more than {self._most_depth} ranges within each other.")

    def leave(self) -> None:
        self._depth += 1

    def write(self, number: int) -> None:
        self._output -= number
        if self._output < 0:
            raise TooMuchError(f"The result of a JSONPath has more than {self._most_output} characters.")


__all__ = ("MOST_DEPTH", "MOST_OUTPUT", "MOST_STEPS", "Budget")
