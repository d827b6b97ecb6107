# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with the texts of a blueprint: templates that cannot be, profiles, tools that need one."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.finding import Finding, FindingLevel
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.references import template_references
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import TemplateError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.parser import ParseFault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.template import parse_template

_KANDO_LOCATION = re.compile(r"\bkando\s+(?:-\S{1,99}\s+){0,9}location\b")
_INSTEAD_OF_LOCATION = (
    "Hooks have no location profile: write the data into a volume that is backed up, or let an image with its own "
    "credentials (from a Secret in 'objects') send it."
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a text stands. ``phases``: whose results it may use; None where none has begun.

    ``current``: the phase that it belongs to, whose objects it may use; empty for the deferred one, which has its own.
    """

    action: str
    phase: str = ""
    argument: str = ""
    phases: frozenset[str] | None = frozenset()
    current: str = ""

    def finding(self, level: FindingLevel, message: str, hint: str = "") -> Finding:
        return Finding(
            level=level,
            message=message,
            action=self.action,
            phase=self.phase,
            argument=self.argument,
            hint=hint,
        )


def check_texts(value: t.Any, place: Place) -> t.Iterator[Finding]:
    """Of each text in ``value``, names in mappings as well."""
    rest = [value]
    while rest:
        each = rest.pop()
        if isinstance(each, str):
            yield from check_text(each, place)
        elif isinstance(each, t.Mapping):
            rest.extend([*each.values(), *each])
        elif isinstance(each, list | tuple):
            rest.extend(each)


def check_text(text: str, place: Place) -> t.Iterator[Finding]:
    if _KANDO_LOCATION.search(text):
        yield place.finding("refused", "'kando location' needs a location profile.", _INSTEAD_OF_LOCATION)
    if "{{" not in text:
        return
    try:
        parse_template(text, name="it")
    except TemplateError as exc:
        yield place.finding("refused" if exc.kind == "refused" else "error", exc.message, exc.hint or "")
        return
    yield from check_references(text, place)


def check_references(text: str, place: Place) -> t.Iterator[Finding]:
    """What a sound template refers to: is it there?"""
    try:
        found = sorted(template_references(text))
    except ParseFault:
        return
    if any(names[0] == "Profile" and len(names) > 1 for names in found) or re.search(r"toJson\s+\$?\.Profile", text):
        yield place.finding("refused", "'.Profile' is a location profile.", _INSTEAD_OF_LOCATION)
    for names in found:
        if names[0] == "Phases" and (problem := _problem_of_phase(names, place)):
            yield place.finding("warning", *problem)
        if names[0] == "Unstructured":
            yield place.finding("warning", "there is no '.Unstructured'.", "Use .Object, which always is the subject.")
        if names[0] == "ArtifactsOut":
            yield place.finding("warning", "there is no '.ArtifactsOut'.", "Artifacts come as .ArtifactsIn.")


def _problem_of_phase(names: tuple[str, ...], place: Place) -> tuple[str, str] | None:
    if place.phases is None:
        return (
            "references of objects are rendered before any phase runs, so that '.Phases' is empty.",
            "Name the object by the subject or by options.",
        )
    if len(names) < 2 or names[1] in place.phases:
        return None
    name = readable(names[1])
    if names[1] == place.current:
        if names[2:3] == ("Output",):
            return f"'.Phases.{name}.Output' is not there before the phase has ended.", "Its objects are."
        return None
    hint = "The result of a phase is there once it ended."
    if names[1] == place.phase:
        hint = "The deferred phase finds its objects in .DeferPhase.Secrets and .DeferPhase.ConfigMaps."
    return f"'.Phases.{name}' is no earlier phase of this action.", hint


__all__ = ("Place", "check_references", "check_text", "check_texts")
