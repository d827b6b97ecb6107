# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a function is called with: the arguments that it needs, and those that it knows (docs/compatibility 15.2)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import near_names


class ArgumentProblem(t.NamedTuple):
    """``of``: the argument, where it is one that is given."""

    message: str
    hint: str = ""
    of: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSignature:
    """``renders_itself``: its arguments are templates of its own kind, and reach it as they are written.

    ``refused_reason`` says, for a function that this collection does not carry out, why that is, and
    ``instead`` what to use.
    """

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    renders_itself: bool = False
    refused_reason: str = ""
    instead: str = ""

    @property
    def supported(self) -> tuple[str, ...]:
        """All arguments that it knows."""
        return self.required + self.optional

    def problem_of(self, arguments: t.Collection[str]) -> ArgumentProblem | None:
        """The first of ``problems_of``."""
        return next(self.problems_of(arguments), None)

    def problems_of(self, arguments: t.Collection[str]) -> t.Iterator[ArgumentProblem]:
        """Each of ``arguments`` that it does not know, and each that it needs and is not among them."""
        for name in arguments:
            if name not in self.supported:
                hint = near_names(name, self.supported).replace("Its fields are", "It takes")
                yield ArgumentProblem(f"{self.name} has no such argument.", hint, of=name)
        for name in self.required:
            if name not in arguments:
                yield ArgumentProblem(f"{self.name} needs the argument {name}.")


__all__ = ("ArgumentProblem", "FunctionSignature")
