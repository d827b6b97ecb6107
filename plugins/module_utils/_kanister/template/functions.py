# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Functions that a template may call: what they take, and what is done with what they are given."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.budget import Budget

#: The type of an argument, as Go names it: "any" for ``interface {}``, "value" for what takes anything, nil as well.
Parameter: t.TypeAlias = str


class Run(t.Protocol):
    """What a function may know of the rendering that it is called in."""

    @property
    def budget(self) -> Budget:
        """What is left to spend."""

    @property
    def now(self) -> dt.datetime:
        """The time of the rendering."""


@dataclasses.dataclass(frozen=True, slots=True)
class Function:
    """``rest`` is the type of further arguments.

    ``with_run`` for one that is given the ``Run`` first. One that is ``shallow`` looks at no element of what it is
    given, or hands on what it looked at: secrets in there stay marked until somebody looks at them.
    """

    name: str
    call: t.Callable[..., t.Any]
    parameters: tuple[Parameter, ...]
    rest: Parameter | None
    with_run: bool
    shallow: bool


def function(
    name: str, call: t.Callable[..., t.Any], signature: str = "", *, with_run: bool = False, shallow: bool = False
) -> Function:
    """``signature`` are types with blanks between them; the last one may end in ``...``."""
    words = signature.split()
    rest = words.pop().removesuffix("...") if words and words[-1].endswith("...") else None
    return Function(name, call, tuple(words), rest, with_run, shallow)


Table: t.TypeAlias = t.Mapping[str, Function]


def table(*rows: Function) -> Table:
    return {row.name: row for row in rows}


__all__ = ("Function", "Parameter", "Run", "Table", "function", "table")
