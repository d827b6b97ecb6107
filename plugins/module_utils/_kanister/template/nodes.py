# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A template as a tree. ``str`` of an expression is how it is written, for messages."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True, slots=True)
class Literal:
    """A text, a truth value or a number; of a number, ``number`` says what else it may be taken for."""

    line: int
    source: str
    value: t.Any
    integer: int | None = None
    float: float | None = None

    def __str__(self) -> str:
        return self.source


@dataclasses.dataclass(frozen=True, slots=True)
class Nil:
    """The word ``nil``."""

    line: int

    def __str__(self) -> str:
        return "nil"


@dataclasses.dataclass(frozen=True, slots=True)
class Dot:
    """What a template is rendered with, or a block is about."""

    line: int

    def __str__(self) -> str:
        return "."


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """Keys or fields of the dot: ``.a.b``."""

    line: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


@dataclasses.dataclass(frozen=True, slots=True)
class Variable:
    """A variable, and keys or fields of it: ``$x.a.b``."""

    line: int
    variable: str
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.variable + "".join(f".{name}" for name in self.names)


@dataclasses.dataclass(frozen=True, slots=True)
class Identifier:
    """The name of a function."""

    line: int
    name: str

    def __str__(self) -> str:
        return self.name


@dataclasses.dataclass(frozen=True, slots=True)
class Chain:
    """Keys or fields of anything else: ``(...).a.b``."""

    line: int
    operand: Operand
    names: tuple[str, ...]

    def __str__(self) -> str:
        inner = f"({self.operand})" if isinstance(self.operand, Pipeline) else str(self.operand)
        return inner + "".join(f".{name}" for name in self.names)


@dataclasses.dataclass(frozen=True, slots=True)
class Command:
    """An operand, and what it is called with."""

    line: int
    operands: tuple[Operand, ...]

    def __str__(self) -> str:
        return " ".join(f"({each})" if isinstance(each, Pipeline) else str(each) for each in self.operands)


@dataclasses.dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands, each of which gets the value of the one before; ``declared`` are variables that get the last one."""

    line: int
    commands: tuple[Command, ...]
    declared: tuple[str, ...] = ()
    assigns: bool = False

    def __str__(self) -> str:
        made = f"{', '.join(self.declared)} {'=' if self.assigns else ':='} " if self.declared else ""
        return made + " | ".join(str(each) for each in self.commands)


Operand: t.TypeAlias = Literal | Nil | Dot | Field | Variable | Identifier | Chain | Pipeline


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    """What is outside of braces."""

    line: int
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Action:
    """Prints a pipeline, unless it declares."""

    line: int
    pipeline: Pipeline


@dataclasses.dataclass(frozen=True, slots=True)
class Condition:
    """``if`` or ``with``: the body after the first true pipeline; each pipeline may declare for those that follow."""

    line: int
    moves_dot: bool
    branches: tuple[tuple[Pipeline, Body], ...]
    otherwise: Body | None


@dataclasses.dataclass(frozen=True, slots=True)
class Range:
    """The body for each element, or the other one where there is none."""

    line: int
    pipeline: Pipeline
    body: Body
    otherwise: Body | None


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """Another template: ``{{ template "name" pipeline }}``."""

    line: int
    name: str
    pipeline: Pipeline | None

    def __str__(self) -> str:
        return f'template "{self.name}"'


@dataclasses.dataclass(frozen=True, slots=True)
class Jump:
    """``break`` or ``continue``."""

    line: int
    word: str


Node: t.TypeAlias = Text | Action | Condition | Range | Call | Jump
Body: t.TypeAlias = tuple[Node, ...]


def is_blank(body: Body) -> bool:
    """Whether there is nothing but white space."""
    return all(isinstance(node, Text) and not node.text.strip() for node in body)


__all__ = (
    "Action",
    "Body",
    "Call",
    "Chain",
    "Command",
    "Condition",
    "Dot",
    "Field",
    "Identifier",
    "Jump",
    "Literal",
    "Nil",
    "Node",
    "Operand",
    "Pipeline",
    "Range",
    "Text",
    "Variable",
    "is_blank",
)
