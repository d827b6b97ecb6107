# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with the arguments of Wait and WaitV2 (docs/compatibility 15.7)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import quoted, readable, shown_value
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.finding import Finding
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import TemplateError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.function_sets import WAIT_V2
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.template import parse_template
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.text_checks import Place, check_texts
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.wait_condition import (
    read_wait_condition,
    uses_go_variables,
)

_QUOTED_PATH_ALONE = re.compile(r"""\{\{-?\s*(?:else\s+)?if\s+"\{\s*+\$[^{}]*+\}"\s*-?\}\}""")
_HAS_PATH = re.compile(r"\{\s*\$|\$\.")


def check_wait(function: str, arguments: t.Mapping[str, t.Any], place: Place) -> t.Iterator[Finding]:
    """Of a phase with ``Wait`` or ``WaitV2``."""
    yield from _check_timeout(function, arguments.get("timeout"), place)
    given = arguments.get("conditions")
    if not isinstance(given, t.Mapping):
        if given is not None:
            yield place.finding("error", f"conditions is not a mapping: {shown_value(given)}.", _SHAPE)
        return
    for name in sorted(set(given) - {"anyOf", "allOf"}):
        yield place.finding("warning", f"there is no {quoted(name)} in conditions; it is ignored.", _SHAPE)
    if not any(given.get(name) for name in ("anyOf", "allOf")):
        yield place.finding("error", "there is no condition, so that it waits until its timeout.", _SHAPE)
    for name in ("anyOf", "allOf"):
        entries = given.get(name) or []
        for at, entry in enumerate(entries if isinstance(entries, list) else [entries]):
            yield from _check_entry(function, entry, f"conditions.{name}[{at}]", place)


_SHAPE = "Write anyOf or allOf with a list of {condition, objectReference}."


def _check_timeout(function: str, timeout: t.Any, place: Place) -> t.Iterator[Finding]:
    if not isinstance(timeout, str):
        return
    if "{{" in timeout:
        yield from check_texts(timeout, _within(place, "timeout"))
        if function == "WaitV2":
            yield _within(place, "timeout").finding("warning", "Kanister does not render the timeout of WaitV2.")
        return
    try:
        parse_duration(timeout)
    except ValidationError as exc:
        yield _within(place, "timeout").finding("error", exc.message, exc.hint or "")


def _check_entry(function: str, entry: t.Any, argument: str, place: Place) -> t.Iterator[Finding]:
    place = _within(place, argument)
    if not isinstance(entry, t.Mapping):
        yield place.finding("error", f"it is not a mapping: {shown_value(entry)}.", _SHAPE)
        return
    yield from check_texts(entry.get("objectReference"), place)
    yield from _check_version(entry.get("objectReference"), place)
    condition = entry.get("condition")
    if not isinstance(condition, str) or not condition.strip():
        yield place.finding("error", "it has no condition, so that it never comes true.", _SHAPE)
    elif function == "Wait":
        yield from _check_condition(condition, place)
    else:
        yield from _check_condition_v2(condition, place)


def _check_version(reference: t.Any, place: Place) -> t.Iterator[Finding]:
    version = reference.get("apiVersion") if isinstance(reference, t.Mapping) else None
    if isinstance(version, str) and "/" in version and "{{" not in version:
        yield slash_finding(version, place)


def slash_finding(version: str, place: Place) -> Finding:
    group, _slash, alone = version.partition("/")
    return place.finding(
        "warning",
        f"apiVersion is {quoted(version)}, and Kanister takes the version alone.",
        f"Write 'apiVersion: {readable(alone)}' and 'group: {readable(group)}'.",
    )


def _check_condition(condition: str, place: Place) -> t.Iterator[Finding]:
    if uses_go_variables(condition):
        yield place.finding(
            "warning", "it has an action that begins with '$', which Kanister takes for a JSONPath.", "Use WaitV2."
        )
    try:
        read = read_wait_condition(condition)
        parse_template("".join(_stand_in(piece) for piece in read.pieces), name="the condition")
    except (BlueprintError, TemplateError) as exc:
        yield place.finding("error", exc.message, exc.hint or "")
        return
    if any(each.place == "bare" for each in read.paths):
        yield place.finding(
            "warning",
            "a JSONPath stands bare in an action, which Kanister 0.86 and later cannot read.",
            'Put it in "double quotes", and compare: {{ if eq "{ $.a }" "true" }}. Here both work.',
        )
    if _QUOTED_PATH_ALONE.search(condition):
        yield place.finding(
            "warning",
            "a quoted JSONPath is true for any text, for 'false' as well.",
            'Compare it: eq "{ $.a }" "true".',
        )
    if not read.paths:
        yield place.finding(
            "warning", "it has no JSONPath, so that it does not depend on the object.", 'Write "{ $.status.phase }".'
        )


def _stand_in(piece: t.Any) -> str:
    """Any value in the place of a path."""
    if isinstance(piece, str):
        return piece
    return "true" if piece.place == "bare" else "x"


def _check_condition_v2(condition: str, place: Place) -> t.Iterator[Finding]:
    try:
        parse_template(condition, name="the condition", functions=WAIT_V2)
    except TemplateError as exc:
        hint = "WaitV2 takes no JSONPath: write {{ .status.phase }}." if _HAS_PATH.search(condition) else ""
        yield place.finding("error", exc.message, hint or exc.hint or "")


def _within(place: Place, argument: str) -> Place:
    return dataclasses.replace(place, argument=argument)


__all__ = ("check_wait", "slash_finding")
