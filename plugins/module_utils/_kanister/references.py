# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a template refers to, seen without rendering it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.nodes import (
    Command,
    Field,
    Identifier,
    Literal,
    Variable,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.parser import parse

#: Names from the root of the parameters on: ``("Phases", "dump", "Output", "path")``.
Reference: t.TypeAlias = tuple[str, ...]


def template_references(text: str) -> frozenset[Reference]:
    """Each ``.A.b``, ``$.A.b``, and ``index .A "b" "c"`` in ``text``. Raises ``ParseFault`` for what is no template.

    A field inside of ``with`` or ``range`` is one of what these go through; it is in the answer all the same.
    """
    if "{{" not in text:
        return frozenset()
    found: set[Reference] = set()
    for body in parse(text, "", lambda _name: None).values():
        _collect(body, found)
    return frozenset(found)


def _collect(node: t.Any, found: set[Reference]) -> None:
    if isinstance(node, Field):
        found.add(node.names)
    elif isinstance(node, Variable):
        if node.variable == "$" and node.names:
            found.add(node.names)
    elif isinstance(node, tuple):
        for each in node:
            _collect(each, found)
    elif dataclasses.is_dataclass(node):
        if isinstance(node, Command) and (indexed := _indexed(node)):
            found.add(indexed)
        for field in dataclasses.fields(node):
            _collect(getattr(node, field.name), found)


def _indexed(command: Command) -> Reference | None:
    """``index .Phases "a-b" "Output"`` as the same as ``.Phases.a-b.Output``, as far as the names are written out."""
    first, *rest = command.operands
    if not isinstance(first, Identifier) or first.name != "index" or not rest or not isinstance(rest[0], Field):
        return None
    names = list(rest[0].names)
    for each in rest[1:]:
        if not isinstance(each, Literal) or not isinstance(each.value, str):
            break
        names.append(each.value)
    return tuple(names) if len(names) > len(rest[0].names) else None


__all__ = ("Reference", "template_references")
