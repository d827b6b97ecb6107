# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evaluates a JSONPath as kubectl does (client-go 0.34, docs/compatibility 15.6)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.budget import Budget
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.comparing import compare
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.errors import JsonPathError, TooMuchError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.nodes import (
    Action,
    Descent,
    Field,
    Filter,
    Node,
    Number,
    Slice,
    Steps,
    Text,
    Truth,
    Union,
    Wildcard,
    Word,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.values import ABSENT, Absent

Values: t.TypeAlias = list[t.Any]


class _Stop(Exception):
    """An error with what had been found: a filter that asks whether something exists looks at that."""

    def __init__(self, error: JsonPathError, kept: Values) -> None:
        super().__init__(error.message)
        self.error = error
        self.kept = kept


class Evaluation:
    """One JSONPath on one object. ``$`` and ``@`` are the object itself, in a range what it goes through.

    ``allow_missing``: a field that is not there finds nothing, and is no error.
    """

    def __init__(self, parts: t.Sequence[Text | Action], budget: Budget, *, allow_missing: bool = False) -> None:
        self._parts = parts
        self._budget = budget
        self._allow_missing = allow_missing
        #: Ranges that begin and ends that were met since the last part, and ranges that are open.
        self._begin = self._end = self._open = 0
        self._last_end = -1

    def find(self, value: t.Any) -> list[Values]:
        """What each part found. Raises ``JsonPathError``."""
        try:
            return self._find(value, 0)
        except _Stop as stop:
            raise stop.error from None

    def _find(self, value: t.Any, first: int) -> list[Values]:
        found: list[Values] = []
        at = first
        while at < len(self._parts):
            results = self._part([value], self._parts[at])
            if 0 < self._end <= self._open:
                self._end -= 1
                self._last_end = at
                break
            if self._begin > 0:
                self._begin -= 1
                found += self._range(results, at + 1)
                if at < self._last_end:
                    at = self._last_end
            else:
                found.append(results)
            at += 1
        return found

    def _range(self, values: Values, first: int) -> list[Values]:
        """What the parts from ``first`` up to the end of the range find in each of ``values``.

        They are gone through once where there is no value, so that it is known where the range ends.
        """
        self._budget.enter()
        self._open += 1
        found: list[Values] = []
        for value in values:
            if isinstance(value, Absent):
                raise _Stop(
                    JsonPathError("A range in a range has no value to go through.", "nothing to go through"), []
                )
            # Go has no value of what is null, once it is alone.
            found += self._find(ABSENT if value is None else value, first)
        if not values:
            self._find(ABSENT, first)
        self._open -= 1
        self._budget.leave()
        return found

    def _part(self, values: Values, part: Text | Action) -> Values:
        return [part.text] if isinstance(part, Text) else self._steps(values, part.steps)

    def _steps(self, values: Values, steps: Steps) -> Values:
        for step in steps:
            values = self._step(values, step)
            self._budget.step(1 + len(values))
        return values

    def _step(self, values: Values, step: Node) -> Values:
        if isinstance(step, Field):
            return self._field(values, step)
        if isinstance(step, Slice):
            return _slices(values, step)
        if isinstance(step, Filter):
            return self._filter(values, step)
        if isinstance(step, Union):
            return self._union(values, step)
        if isinstance(step, Descent):
            return self._descend(values)
        if isinstance(step, Wildcard):
            return [member for value in values for member in _members(value)]
        if isinstance(step, Word):
            return self._word(values, step)
        return [step.text] if isinstance(step, Text) else _constant(values, step)

    def _field(self, values: Values, step: Field) -> Values:
        found = [value[step.name] for value in values if isinstance(value, dict) and step.name in value]
        if values and not found and not self._allow_missing:
            raise _Stop(JsonPathError(f"There is no '{readable(step.name)}'.", "not found"), [])
        return found

    def _union(self, values: Values, step: Union) -> Values:
        found: Values = []
        for member in step.members:
            try:
                found += self._steps(values, member)
            except _Stop as stop:
                raise _Stop(stop.error, values) from None
        return found

    def _descend(self, values: Values) -> Values:
        """Each value that holds others, and each text that is not empty: outer ones first. Nothing recurses."""
        found: Values = []
        rest = list(reversed(values))
        while rest:
            value = rest.pop()
            self._budget.step()
            if isinstance(value, str) and value:
                found.append(value)
            elif isinstance(value, dict | list) and value:
                found.append(value)
                rest.extend(reversed(_members(value)))
        return found

    def _filter(self, values: Values, step: Filter) -> Values:
        found: Values = []
        for value in values:
            if not isinstance(value, list):
                raise _Stop(
                    JsonPathError(
                        "A filter is for lists, and this is none.", "not a list", hint="Name the list before '[?('."
                    ),
                    values,
                )
            for member in value:
                self._budget.step()
                if self._passes(member, step, values, found):
                    found.append(member)
        return found

    def _passes(self, member: t.Any, step: Filter, values: Values, found: Values) -> bool:
        if step.operator == "exists":
            return self._exists(member, step)
        try:
            sides = [self._steps([member], step.left)]
            if len(sides[0]) == 1:
                sides.append(self._steps([member], step.right))
        except _Stop as stop:
            raise _Stop(stop.error, values) from None
        if any(len(side) > 1 for side in sides):
            raise _Stop(JsonPathError("A filter compares several values at a time.", "several values"), values)
        if not all(sides):
            return False
        try:
            return compare(sides[0][0], step.operator, sides[1][0])
        except TooMuchError:
            raise
        except JsonPathError as exc:
            raise _Stop(exc, found) from None

    def _exists(self, member: t.Any, step: Filter) -> bool:
        try:
            return bool(self._steps([member], step.left))
        except _Stop as stop:
            return bool(stop.kept)

    def _word(self, values: Values, step: Word) -> Values:
        if step.name == "range":
            self._begin += 1
            return values
        if step.name != "end":
            error = JsonPathError(f"There is no '{readable(step.name)}' in JSONPath.", "unknown word")
            raise _Stop(error, values)
        if self._open == 0:
            raise _Stop(JsonPathError("'end' stands outside of any range.", "end without range"), [])
        self._end += 1
        return []


def _constant(values: Values, step: Node) -> Values:
    return [step.value] * len(values) if isinstance(step, Number | Truth) else values


def _members(value: t.Any) -> Values:
    """In a fixed order, where kubectl has none: mappings by their keys. A text is made of bytes."""
    if isinstance(value, dict):
        return [value[name] for name in sorted(value)]
    if isinstance(value, str):
        return list(value.encode("utf-8", "replace"))
    return value if isinstance(value, list) else []


def _slices(values: Values, step: Slice) -> Values:
    """The members of each list. As in kubectl, a slice of nothing ends it: lists that follow are not looked at."""
    found: Values = []
    for value in values:
        if value is not None:
            members = _slice(value, step, values)
            if not members:
                break
            found += members
    return found


def _slice(value: t.Any, step: Slice, values: Values) -> Values:
    """The members of a list. Raises ``_Stop`` where the list is too short."""
    if isinstance(value, Absent):
        raise _Stop(JsonPathError("There is nothing to take an entry of.", "nothing to go through"), values)
    if not isinstance(value, list):
        raise _Stop(JsonPathError("An index is for lists, and this is none.", "not a list"), values)
    length = len(value)
    start = step.start or 0
    if start < 0:
        start += length
    end = length if step.end is None else step.end
    if end < 0 or (end == 0 and step.one):
        end += length
    if start == end:
        return []
    for bound, index in ((0 <= start < length, start), (0 <= end <= length, end - 1)):
        if not bound:
            raise _Stop(
                JsonPathError(f"There is no entry {index} in a list of {length}.", "out of bounds"), values
            )  # fmt: skip
    if start > end:
        raise _Stop(JsonPathError(f"A slice starts at {start} and ends at {end}.", "start after end"), values)
    if step.step is not None and step.step <= 0:
        raise _Stop(JsonPathError(f"The step of a slice is {step.step}.", "bad step"), values)
    return value[start : end : step.step or 1]


__all__ = ("Evaluation", "Values")
