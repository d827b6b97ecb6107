# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A regular expression as a program: what to compare, where to go on, and where a group begins and ends."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.regexps.characters import CharacterSet
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.regexps.syntax import (
    Char,
    Choice,
    Edge,
    Expression,
    Group,
    Repeat,
    Sequence,
    Tree,
    parse_expression,
)

_LONGEST = 5_000


@dataclasses.dataclass(slots=True)
class Step:
    """One of: a character (``set``), an ``edge``, a ``mark`` of a group, a branch (``other``), a match, or a jump."""

    next: int = 0
    set: CharacterSet | None = None
    edge: str = ""
    mark: int = -1
    other: int = -1
    is_match: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Program:
    """What ``search`` runs; ``names`` are those of groups."""

    steps: tuple[Step, ...]
    groups: int
    names: dict[str, tuple[int, ...]]


def compile_expression(text: str) -> Program:
    expression = parse_expression(text)
    compiler = _Compiler(text)
    compiler.add(expression.tree)
    compiler.emit(Step(is_match=True))
    return _program(compiler, expression)


def _program(compiler: _Compiler, expression: Expression) -> Program:
    return Program(tuple(compiler.steps), expression.groups, expression.names)


class _Compiler:
    """Each part goes on with the step after its last one."""

    def __init__(self, text: str) -> None:
        self.steps: list[Step] = []
        self._text = text

    def emit(self, step: Step) -> Step:
        if len(self.steps) >= _LONGEST:
            raise Fault("budget", "this regular expression is too large", detail=self._text)
        self.steps.append(step)
        step.next = len(self.steps)
        return step

    def add(self, tree: Tree) -> None:
        if isinstance(tree, Char):
            self.emit(Step(set=tree.set))
        elif isinstance(tree, Edge):
            self.emit(Step(edge=tree.kind))
        elif isinstance(tree, Sequence):
            for part in tree.parts:
                self.add(part)
        elif isinstance(tree, Group):
            self.emit(Step(mark=2 * tree.number))
            self.add(tree.part)
            self.emit(Step(mark=2 * tree.number + 1))
        elif isinstance(tree, Choice):
            self._add_choice(tree)
        else:
            self._add_repeat(tree)

    def _add_choice(self, tree: Choice) -> None:
        ends: list[Step] = []
        for branch in tree.branches[:-1]:
            split = self.emit(Step())
            self.add(branch)
            ends.append(self.emit(Step()))
            split.other = len(self.steps)
        self.add(tree.branches[-1])
        for end in ends:
            end.next = len(self.steps)

    def _add_repeat(self, tree: Repeat) -> None:
        if tree.most is None:
            self._add_endless(tree)
            return
        for _time in range(tree.fewest):
            self.add(tree.part)
        splits: list[Step] = []
        for _time in range(tree.most - tree.fewest):
            splits.append(self.emit(Step(other=0)))
            self.add(tree.part)
        for split in splits:
            self._branch(split, split.next, len(self.steps), greedy=tree.greedy)

    def _add_endless(self, tree: Repeat) -> None:
        """What may be empty is tried once before it is left out: that decides what matches first."""
        if tree.fewest:
            for _time in range(tree.fewest - 1):
                self.add(tree.part)
            self._add_loop(tree)
            return
        split = self.emit(Step(other=0))
        if _may_be_empty(tree.part):
            self._add_loop(tree)
        else:
            self.add(tree.part)
            self.emit(Step()).next = split.next - 1
        self._branch(split, split.next, len(self.steps), greedy=tree.greedy)

    def _add_loop(self, tree: Repeat) -> None:
        """Once at least."""
        start = len(self.steps)
        self.add(tree.part)
        split = self.emit(Step(other=0))
        self._branch(split, start, len(self.steps), greedy=tree.greedy)

    def _branch(self, split: Step, inside: int, outside: int, *, greedy: bool) -> None:
        split.next, split.other = (inside, outside) if greedy else (outside, inside)


def _may_be_empty(tree: Tree) -> bool:
    if isinstance(tree, Char):
        return False
    if isinstance(tree, Edge):
        return True
    if isinstance(tree, Sequence):
        return all(_may_be_empty(part) for part in tree.parts)
    if isinstance(tree, Choice):
        return any(_may_be_empty(branch) for branch in tree.branches)
    if isinstance(tree, Repeat):
        return not tree.fewest or _may_be_empty(tree.part)
    return _may_be_empty(tree.part)


__all__ = ("Program", "Step", "compile_expression")
