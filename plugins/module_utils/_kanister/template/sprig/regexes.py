# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sprig's regular expressions: those of Go, whose time is bounded."""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Run, function, table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.regexps.machine import Match, search
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.regexps.program import (
    Program,
    compile_expression,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.conversion import texts
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.types import STRINGS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import TypedList

_REFERENCE = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")

_compiled = functools.lru_cache(maxsize=64)(compile_expression)


def _matches(run: Run, expression: str, text: str, most: int = -1) -> list[Match]:
    """Matches that do not overlap; an empty one does not follow at once on another."""
    program = _compiled(expression)
    found: list[Match] = []
    at, last_end = 0, -1
    while at <= len(text) and len(found) != most:
        match = search(program, text, at, run.budget)
        if match is None:
            break
        start, end = t.cast(int, match[0]), t.cast(int, match[1])
        if end > start or start != last_end:
            found.append(match)
        at = end if end > start else end + 1
        last_end = end
    return found


def _whole(match: Match, text: str) -> str:
    return text[match[0] : match[1]]


def _match(run: Run, expression: str, text: str) -> bool:
    """What is no expression matches nothing."""
    try:
        program = _compiled(expression)
    except Fault as fault:
        if fault.kind == "failed":
            return False
        raise
    return search(program, text, 0, run.budget) is not None


def _find(run: Run, expression: str, text: str) -> str:
    found = _matches(run, expression, text, 1)
    return _whole(found[0], text) if found else ""


def _find_all(run: Run, expression: str, text: str, most: int) -> TypedList:
    found = _matches(run, expression, text, most)
    return TypedList((_whole(match, text) for match in found), STRINGS, is_nil=not found)


def _replace(run: Run, expression: str, text: str, replacement: str) -> str:
    program = _compiled(expression)
    return _replaced(run, expression, text, lambda match: _expanded(program, match, text, replacement))


def _replace_literally(run: Run, expression: str, text: str, replacement: str) -> str:
    return _replaced(run, expression, text, lambda _match: replacement)


def _replaced(run: Run, expression: str, text: str, made: t.Callable[[Match], str]) -> str:
    parts: list[str] = []
    at = 0
    for match in _matches(run, expression, text):
        new = made(match)
        run.budget.make(len(new))
        parts += [text[at : match[0]], new]
        at = t.cast(int, match[1])
    return "".join([*parts, text[at:]])


def _expanded(program: Program, match: Match, text: str, replacement: str) -> str:
    """``$1``, ``${name}`` and ``$$`` in a replacement; a group that is not there is empty."""

    def group(found: re.Match[str]) -> str:
        if found[1]:
            return "$"
        name = found[2] or found[3]
        numbers = (int(name),) if name.isdecimal() and len(name) < 5 else program.names.get(name, ())
        number = next((each for each in numbers if each < program.groups and match[2 * each] is not None), None)
        return "" if number is None else text[match[2 * number] : match[2 * number + 1]]

    return _REFERENCE.sub(group, replacement)


def _split(run: Run, expression: str, text: str, most: int) -> TypedList:
    if not most:
        return TypedList((), STRINGS, is_nil=True)
    _compiled(expression)  # what is no expression is an error whatever the text
    if expression and not text:
        return texts([""])
    parts: list[str] = []
    at = end = 0
    for match in _matches(run, expression, text, most if most > 0 else -1):
        if 0 < most == len(parts) + 1:
            break
        end = t.cast(int, match[0])
        if match[1]:
            parts.append(text[at:end])
        at = t.cast(int, match[1])
    if end != len(text):
        parts.append(text[at:])
    return texts(parts)


REGEX_FUNCTIONS = table(
    function("regexMatch", _match, "string string", with_run=True),
    function("regexFind", _find, "string string", with_run=True),
    function("regexFindAll", _find_all, "string string int", with_run=True),
    function("regexReplaceAll", _replace, "string string string", with_run=True),
    function("regexReplaceAllLiteral", _replace_literally, "string string string", with_run=True),
    function("regexSplit", _split, "string string int", with_run=True),
)

__all__ = ("REGEX_FUNCTIONS",)
