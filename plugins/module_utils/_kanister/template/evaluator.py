# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rendering: a tree, and the data that it is rendered with."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.arguments import (
    check_count,
    constant,
    fit,
    fit_literal,
    fit_nil,
    parameter_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.budget import Budget
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.fields import field_of, method_of
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Function, Parameter, Table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.nodes import (
    Action,
    Body,
    Call,
    Chain,
    Command,
    Condition,
    Dot,
    Field,
    Identifier,
    Jump,
    Literal,
    Nil,
    Node,
    Operand,
    Pipeline,
    Range,
    Text,
    Variable,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.printing.fmt import printable, show
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.ranging import elements_of
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.taint import reveal
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import (
    INVALID,
    Tainted,
    indirect,
    is_true,
    to_bytes,
)

Missing: t.TypeAlias = t.Literal["error", "zero", "default"]


@dataclasses.dataclass(frozen=True, slots=True)
class Surroundings:
    """What a rendering knows beside its data."""

    trees: t.Mapping[str, Body]
    functions: Table
    missing: Missing
    clock: t.Callable[[], dt.datetime]


#: Of what a function is given: more takes more than one step.
_TEXT_OF_A_STEP = 1024


class _Break(Exception):
    """Ends a range."""


class _Continue(Exception):
    """Ends one round of a range."""


class Evaluator:
    """One rendering. ``line`` and ``where`` say at what it is, for errors."""

    def __init__(self, surroundings: Surroundings, budget: Budget) -> None:
        self.budget = budget
        self.tainted = False
        #: What was printed of secrets, as it was made of them.
        self.secret_texts: list[str] = []
        self.line = 1
        self.where: object = ""
        self._around = surroundings
        self._now: dt.datetime | None = None
        self._variables: list[tuple[str, t.Any]] = []
        self._written: list[str] = []

    @property
    def now(self) -> dt.datetime:
        """The same throughout a rendering."""
        if self._now is None:
            self._now = self._around.clock()
        return self._now

    def run(self, name: str, data: t.Any) -> str:
        dot = self.open(INVALID if data is None else data)
        self._variables = [("$", dot)]
        self._walk(self._around.trees[name], dot)
        return "".join(self._written)

    # Secrets

    def open(self, value: t.Any) -> t.Any:
        """Whoever looks at a secret taints the rendering."""
        while isinstance(value, Tainted):
            self.tainted = True
            value = value.value
        return value

    def _reveal(self, value: t.Any) -> t.Any:
        """The same for all that is in a value."""
        revealed, tainted = reveal(value, self.budget)
        self.tainted = self.tainted or tainted
        return revealed

    # Blocks

    def _walk(self, body: Body, dot: t.Any) -> None:
        for node in body:
            self.budget.step()
            self._WALKS[type(node)](self, node, dot)

    def _at(self, node: Operand | Command | Call) -> None:
        self.line, self.where = node.line, node

    def _text(self, node: Text, _dot: t.Any) -> None:
        self._write(node.text)

    def _write(self, text: str) -> None:
        self.budget.write(len(text) if text.isascii() else len(to_bytes(text)))
        self._written.append(text)

    def _action(self, node: Action, dot: t.Any) -> None:
        value = self._pipeline(node.pipeline, dot)
        if not node.pipeline.declared:
            self._at(node.pipeline)
            self._print(value)

    def _print(self, value: t.Any) -> None:
        is_secret = isinstance(value, Tainted)
        value = self.open(value)
        if value is INVALID:
            self._write("<no value>")
            return
        revealed, tainted = reveal(value, self.budget)
        self.tainted = self.tainted or tainted
        self._write(show(printable(revealed), self.budget))
        if is_secret or tainted:
            self.secret_texts.append(self._written[-1])

    def _condition(self, node: Condition, dot: t.Any) -> None:
        mark = len(self._variables)
        self.budget.enter()
        for pipeline, body in node.branches:
            value = self._pipeline(pipeline, dot)
            if is_true(self.open(value)):
                self._walk(body, value if node.moves_dot else dot)
                break
        else:
            if node.otherwise is not None:
                self._walk(node.otherwise, dot)
        self.budget.leave()
        del self._variables[mark:]

    def _range(self, node: Range, dot: t.Any) -> None:
        mark = len(self._variables)
        depth = self.budget.depth
        self.budget.enter()
        value = self._pipeline(node.pipeline, dot)
        is_secret = isinstance(value, Tainted)
        value = self.open(indirect(self.open(value)))
        ran = False
        try:
            self._at(node.pipeline)
            for index, element in elements_of(value, len(node.pipeline.declared)):
                ran = True
                is_marked = is_secret and not isinstance(element, Tainted)
                self._round(node, index, Tainted(element) if is_marked else element)
        except _Break:
            pass
        if not ran and node.otherwise is not None:
            self._walk(node.otherwise, dot)
        self.budget.depth = depth
        del self._variables[mark:]

    def _round(self, node: Range, index: t.Any, element: t.Any) -> None:
        self.budget.step()
        pipeline = node.pipeline
        depth, mark = self.budget.depth, len(self._variables)
        if pipeline.declared:
            values = (element,) if len(pipeline.declared) == 1 else (index, element)
            for place, (name, value) in enumerate(zip(pipeline.declared, values, strict=True)):
                if pipeline.assigns:
                    self._assign(name, value)
                else:
                    self._variables[mark - len(values) + place] = (name, value)
        with contextlib.suppress(_Continue):
            self._walk(node.body, element)
        self.budget.depth = depth
        del self._variables[mark:]

    def _call(self, node: Call, dot: t.Any) -> None:
        self._at(node)
        body = self._around.trees.get(node.name)
        if body is None:
            raise Fault(
                "no such template",
                f"no template {node.name!r} is defined",
                hint="Each string of a blueprint is a template of its own: define it in the same one.",
            )
        value = INVALID if node.pipeline is None else self._pipeline(node.pipeline, dot)
        kept, self._variables = self._variables, [("$", value)]
        self.budget.enter()
        self._walk(body, value)
        self.budget.leave()
        self._variables = kept

    def _jump(self, node: Jump, _dot: t.Any) -> None:
        raise _Break if node.word == "break" else _Continue

    _WALKS: t.ClassVar[dict[type[Node], t.Callable[[Evaluator, t.Any, t.Any], None]]] = {
        Action: _action,
        Call: _call,
        Condition: _condition,
        Jump: _jump,
        Range: _range,
        Text: _text,
    }

    # Pipelines

    def _pipeline(self, pipeline: Pipeline, dot: t.Any) -> t.Any:
        """A secret again, whatever it has made of one."""
        self.budget.step()
        self._at(pipeline)
        before, self.tainted = self.tainted, False
        value: t.Any = _ABSENT
        try:
            for command in pipeline.commands:
                value = self.open(self._command(command, dot, value))
                if value is None:
                    value = INVALID
            if self.tainted:
                value = Tainted(value)
        finally:
            self.tainted = self.tainted or before
        for name in pipeline.declared:
            if pipeline.assigns:
                self._assign(name, value)
            else:
                self._variables.append((name, value))
        return value

    def _assign(self, name: str, value: t.Any) -> None:
        for place in range(len(self._variables) - 1, -1, -1):
            if self._variables[place][0] == name:
                self._variables[place] = (name, value)
                return
        raise Fault("undefined variable", f"undefined variable {name}", hint=f"Declare it with {name} := before.")

    def _value_of(self, name: str) -> t.Any:
        for place in range(len(self._variables) - 1, -1, -1):
            if self._variables[place][0] == name:
                return self._variables[place][1]
        raise Fault("undefined variable", f"undefined variable {name}", hint=f"Declare it with {name} := before.")

    def _command(self, command: Command, dot: t.Any, final: t.Any) -> t.Any:
        first, arguments = command.operands[0], command.operands[1:]
        if isinstance(first, Identifier):
            return self._function(first, arguments, dot, final, at=command)
        if isinstance(first, Field):
            self._at(first)
            return self._fields(dot, first.names, arguments, dot, final, first)
        if isinstance(first, Variable) and first.names:
            self._at(first)
            return self._fields(self._value_of(first.variable), first.names, arguments, dot, final, first)
        if isinstance(first, Chain):
            return self._chain(first, arguments, dot, final)
        self._at(first)
        if arguments or final is not _ABSENT:
            raise Fault("not a function", f"{first} is no function, and cannot be given an argument")
        if isinstance(first, Nil):
            raise Fault("not a function", "nil is not a command")
        return self._operand(first, dot)

    def _operand(self, operand: Operand, dot: t.Any) -> t.Any:
        """The value of what is no call with arguments."""
        if isinstance(operand, Literal):
            self._at(operand)
            return constant(operand)
        if isinstance(operand, Dot):
            return dot
        if isinstance(operand, Field):
            self._at(operand)
            return self._fields(dot, operand.names, (), dot, _ABSENT, operand)
        if isinstance(operand, Variable):
            self._at(operand)
            value = self._value_of(operand.variable)
            return self._fields(value, operand.names, (), dot, _ABSENT, operand) if operand.names else value
        if isinstance(operand, Identifier):
            return self._function(operand, (), dot, _ABSENT, at=operand)
        if isinstance(operand, Chain):
            return self._chain(operand, (), dot, _ABSENT)
        self.budget.enter()
        value = self._pipeline(t.cast(Pipeline, operand), dot)
        self.budget.leave()
        return value

    def _chain(self, chain: Chain, arguments: t.Sequence[Operand], dot: t.Any, final: t.Any) -> t.Any:
        self._at(chain)
        if isinstance(chain.operand, Nil):
            raise Fault("argument type", "nil has no fields")
        value = self._operand(chain.operand, dot)
        return self._fields(value, chain.names, arguments, dot, final, chain)

    def _fields(
        self,
        value: t.Any,
        names: t.Sequence[str],
        arguments: t.Sequence[Operand],
        dot: t.Any,
        final: t.Any,
        at: Operand,
    ) -> t.Any:
        for name in names[:-1]:
            value = self._field(value, name, (), dot, _ABSENT, at)
        return self._field(value, names[-1], arguments, dot, final, at)

    def _field(
        self,
        value: t.Any,
        name: str,
        arguments: t.Sequence[Operand],
        dot: t.Any,
        final: t.Any,
        at: Operand,
    ) -> t.Any:
        self.budget.step()
        value = self.open(value)
        method = method_of(value, name)
        if method is not None:
            given = [value, *self._arguments(method, 1, arguments, dot, final)]
            self._at(at)
            return self._invoke(method, given)
        is_called = bool(arguments) or final is not _ABSENT
        return self.open(field_of(value, name, self._around.missing, is_called=is_called))

    # Functions

    def _function(
        self, identifier: Identifier, arguments: t.Sequence[Operand], dot: t.Any, final: t.Any, *, at: Operand | Command
    ) -> t.Any:
        self.budget.step()
        self._at(identifier)
        function = self._around.functions[identifier.name]
        if identifier.name in ("and", "or"):
            return self._short_circuit(function, arguments, dot, final)
        given = self._arguments(function, 0, arguments, dot, final)
        self._at(at)
        return self._invoke(function, given)

    def _arguments(
        self, function: Function, before: int, arguments: t.Sequence[Operand], dot: t.Any, final: t.Any
    ) -> list[t.Any]:
        """``before`` are those that are known already: the value that a method is of."""
        total = before + len(arguments) + (final is not _ABSENT)
        check_count(function, total)
        given = [
            self._argument(operand, parameter_of(function, before + place), dot)
            for place, operand in enumerate(arguments)
        ]
        if final is not _ABSENT:
            given.append(fit(final, parameter_of(function, total - 1)))
        return given

    def _argument(self, operand: Operand, parameter: Parameter, dot: t.Any) -> t.Any:
        self._at(operand)
        if isinstance(operand, Literal):
            return fit_literal(operand, parameter)
        if isinstance(operand, Nil):
            return fit_nil(parameter)
        value = self.open(self._operand(operand, dot))
        self._at(operand)
        return fit(value, parameter)

    def _invoke(self, function: Function, given: list[t.Any]) -> t.Any:
        for value in given:
            if isinstance(value, (str, bytes)) and len(value) > _TEXT_OF_A_STEP:
                self.budget.step(len(value) // _TEXT_OF_A_STEP)
        if not function.shallow:
            given = [self._reveal(value) for value in given]
        try:
            made = function.call(self, *given) if function.with_run else function.call(*given)
        except (ArithmeticError, RecursionError, TypeError, ValueError) as exc:
            raise Fault("failed", f"{function.name} cannot work with these arguments") from exc
        if isinstance(made, str):
            self.budget.make(len(made))
        return self.open(made)

    def _short_circuit(self, function: Function, arguments: t.Sequence[Operand], dot: t.Any, final: t.Any) -> t.Any:
        """``and``, ``or``: the value that decides; what comes after it is not evaluated."""
        check_count(function, len(arguments) + (final is not _ABSENT))
        value: t.Any = INVALID
        for operand in arguments:
            value = self._argument(operand, "value", dot)
            if is_true(value) == (function.name == "or"):
                return value
        return value if final is _ABSENT else final


class _Absent:
    """No value of a pipeline."""


_ABSENT = _Absent()


__all__ = ("Evaluator", "Missing", "Surroundings")
