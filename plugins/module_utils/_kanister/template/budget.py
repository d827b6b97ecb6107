# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much a template may use: what nobody here wrote must not run for ever, or fill the memory."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """For one rendering. A usual template takes some dozen steps and makes some hundred bytes.

    ``steps`` counts what is evaluated, and the elements that functions go through. ``depth`` is of parentheses, blocks,
    templates in templates and values in values together. ``text`` is in bytes, of all that is made on the way;
    ``output`` is in bytes of the result.
    """

    steps: int = 200_000
    depth: int = 60
    text: int = 4 * 1024 * 1024
    output: int = 1024 * 1024


class Budget:
    """What is left of the limits. Each method raises ``Fault`` when there is not enough."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.steps = 0
        self.text = 0
        self.output = 0
        self.depth = 0

    def step(self, count: int = 1) -> None:
        self.steps += count
        if self.steps > self.limits.steps:
            raise Fault(
                "budget",
                f"it takes more than {self.limits.steps} steps",
                hint="Is there a range that does not end, or a template that calls itself? Let a pod do what is long.",
            )

    def make(self, size: int) -> None:
        """Say that a text of ``size`` bytes is about to be made."""
        self.text += size
        if self.text > self.limits.text:
            raise Fault(
                "budget",
                f"it makes more than {self.limits.text} bytes of text",
                hint="Let a command in a pod make what is large.",
            )

    def write(self, size: int) -> None:
        """Say that ``size`` bytes are added to the result."""
        self.output += size
        if self.output > self.limits.output:
            raise Fault(
                "budget",
                f"its result is larger than {self.limits.output} bytes",
                hint="Let a command in a pod make what is large.",
            )

    def enter(self) -> None:
        """Go one deeper; ``leave`` goes back."""
        self.depth += 1
        if self.depth > self.limits.depth:
            raise Fault(
                "budget",
                f"it is nested more than {self.limits.depth} deep",
                hint="Does a template call itself? Use variables instead of parentheses in parentheses.",
            )

    def leave(self) -> None:
        self.depth -= 1


__all__ = ("Budget", "Limits")
