# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a JSONPath is made of (docs/compatibility 15.6)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    """Text between braces, or quoted inside of them: it takes the place of what was found."""

    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Number:
    """The same with a number, once for each value that was found."""

    value: int | float


@dataclasses.dataclass(frozen=True, slots=True)
class Truth:
    """The same with ``true`` or ``false``."""

    value: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """``.name`` and ``['name']``."""

    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class Word:
    """``range`` and ``end``; any other is an error once it is evaluated."""

    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class Wildcard:
    """``.*``. Not ``[*]``, which is a slice."""


@dataclasses.dataclass(frozen=True, slots=True)
class Descent:
    """``..``: each value that holds others, from the outermost on."""


@dataclasses.dataclass(frozen=True, slots=True)
class Slice:
    """``[start:end:step]``; None is what is not given. ``[3]`` and ``[]`` end one after their start.

    ``one`` tells those two: an end of 0 then means the end of the list, for ``[-1]``.
    """

    start: int | None
    end: int | None
    step: int | None
    one: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Filter:
    """``[?(left operator right)]``; without an operator it is ``exists``."""

    left: Steps
    operator: str
    right: Steps = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Union:
    """``[a,b]``: what each of them finds, one after the other."""

    members: tuple[Steps, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Action:
    """What is between two braces: steps, each on what the one before it found."""

    steps: Steps


Node: t.TypeAlias = "Text | Number | Truth | Field | Word | Wildcard | Descent | Slice | Filter | Union"
Steps: t.TypeAlias = tuple[Node, ...]

__all__ = (
    "Action",
    "Descent",
    "Field",
    "Filter",
    "Node",
    "Number",
    "Slice",
    "Steps",
    "Text",
    "Truth",
    "Union",
    "Wildcard",
    "Word",
)
