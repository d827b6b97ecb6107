# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running the program of a regular expression over a text, in time that is linear in both.

All that may match is followed at once, one character at a time, so that no expression takes exponential time. Of what
could match, the first in the order of the expression does, as in Perl.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.budget import Budget
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.regexps.characters import WORDS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.regexps.program import Program

#: Where each group begins and ends; None for one that took no part.
Match: t.TypeAlias = tuple[int | None, ...]


def search(program: Program, text: str, start: int, budget: Budget) -> Match | None:
    """The first match at ``start`` or after it."""
    return _Machine(program, text, budget).run(start)


class _Machine:
    def __init__(self, program: Program, text: str, budget: Budget) -> None:
        self._steps = program.steps
        self._text = text
        self._budget = budget
        self._nothing: Match = (None,) * (2 * program.groups)

    def run(self, start: int) -> Match | None:
        found: Match | None = None
        threads: list[tuple[int, Match]] = []
        for at in range(start, len(self._text) + 1):
            seen: set[int] = set()
            ready: list[tuple[int, Match]] = []
            for place, marks in threads:
                self._follow(place, at, marks, seen, ready)
            if found is None:
                self._follow(0, at, self._nothing, seen, ready)
            if not ready and found is not None:
                break
            self._budget.step(1 + len(seen))
            threads, matched = self._advance(ready, at)
            if matched is not None:
                found = matched
            if not threads and found is not None:
                break
        return found

    def _advance(self, ready: list[tuple[int, Match]], at: int) -> tuple[list[tuple[int, Match]], Match | None]:
        """The threads after the character at ``at``, and a match that ends before it; those after that are dropped."""
        threads: list[tuple[int, Match]] = []
        char = self._text[at : at + 1]
        for place, marks in ready:
            step = self._steps[place]
            if step.is_match:
                return threads, marks
            if char and step.set is not None and step.set.holds(char):
                threads.append((step.next, marks))
        return threads, None

    def _follow(self, place: int, at: int, marks: Match, seen: set[int], ready: list[tuple[int, Match]]) -> None:
        """Go on until a character is wanted, in the order of the expression."""
        waiting = [(place, marks)]
        while waiting:
            place, marks = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            step = self._steps[place]
            if step.is_match or step.set is not None:
                ready.append((place, marks))
                continue
            if step.edge and not self._is_edge(step.edge, at):
                continue
            if step.other >= 0:
                waiting.append((step.other, marks))
            if step.mark >= 0:
                marks = (*marks[: step.mark], at, *marks[step.mark + 1 :])
            waiting.append((step.next, marks))

    def _is_edge(self, kind: str, at: int) -> bool:
        if kind == "A":
            return at == 0
        if kind == "z":
            return at == len(self._text)
        if kind == "^":
            return at == 0 or self._text[at - 1] == "\n"
        if kind == "$":
            return at == len(self._text) or self._text[at] == "\n"
        between = self._is_word(at - 1) != self._is_word(at)
        return between == (kind == "b")

    def _is_word(self, at: int) -> bool:
        if not 0 <= at < len(self._text):
            return False
        code = ord(self._text[at])
        return any(low <= code <= high for low, high in WORDS)


__all__ = ("Match", "search")
