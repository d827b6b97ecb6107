# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a text to a tree, by the rules of Go's text/template/parse."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template import literals
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.lexer import Name, Token, tokens
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
    is_blank,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.token_reader import TokenReader
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import Int

#: Parentheses and blocks in each other; more is no template that a person wrote.
_DEEPEST = 50
_OPERANDS = frozenset(
    ("bool", "rune", "complex", "dot", "field", "identifier", "number", "nil", "raw", "string", "variable", "(")
)


class ParseFault(Exception):
    """A ``Fault`` with its line."""

    def __init__(self, fault: Fault, line: int) -> None:
        super().__init__(fault.what)
        self.fault = fault
        self.line = line


def parse(text: str, name: str, check_function: t.Callable[[str], None]) -> dict[str, Body]:
    """The tree of ``text``, as ``name``, and those that it defines.

    ``check_function`` raises ``Fault`` for the name of a function that must not be used.
    """
    parser = _Parser(tokens(text), check_function)
    try:
        parser.run(name)
    except Fault as fault:
        raise ParseFault(fault, parser.line) from fault
    return parser.trees


class _Parser(TokenReader):
    def __init__(self, found: list[Token], check_function: t.Callable[[str], None]) -> None:
        super().__init__(found)
        self.trees: dict[str, Body] = {}
        self._check_function = check_function
        self._variables = ["$"]
        self._ranges = 0
        self._depth = 0

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Fault("budget", f"it is nested more than {_DEEPEST} deep", hint="Use variables, or simpler blocks.")

    # Blocks

    def run(self, name: str) -> None:
        body: list[Node] = []
        while self._peek().name != "end":
            if self._at_define():
                self._definition()
                continue
            found = self._text_or_action()
            if isinstance(found, str):
                raise Fault("syntax", f"unexpected {{{{{found}}}}}", hint="Nothing is open that it could belong to.")
            body.extend(found)
        self._add(name, tuple(body))

    def _add(self, name: str, body: Body) -> None:
        before = self.trees.get(name)
        if before is None or is_blank(before):
            self.trees[name] = body
        elif not is_blank(body):
            raise Fault("syntax", f"the template {name!r} is defined twice", hint="Rename one of them.")

    def _at_define(self) -> bool:
        if self._peek().name != "left":
            return False
        start = self._at
        self._at += 1
        token = self._next_word()
        if token.name == "keyword" and token.value == "define":
            return True
        self._at = start
        return False

    def _definition(self) -> None:
        name = self._template_name("define clause")
        self._expect("right", "define clause")
        self._own_scope(name, "define clause")

    def _own_scope(self, name: str, where: str) -> None:
        """The body of a template, which sees no variable from outside."""
        kept = self._variables, self._ranges
        self._variables, self._ranges = ["$"], 0
        body, end = self._body()
        if end != "end":
            raise Fault("syntax", f"unexpected {{{{{end}}}}} in {where}")
        self._add(name, body)
        self._variables, self._ranges = kept

    def _body(self) -> tuple[Body, str]:
        """Nodes up to an ``end`` or ``else``, which is taken."""
        self._enter()
        nodes: list[Node] = []
        while self._skip_space().name != "end":
            found = self._text_or_action()
            if isinstance(found, str):
                self._depth -= 1
                return tuple(nodes), found
            nodes.extend(found)
        raise Fault("unclosed", "unexpected EOF", hint="A {{ end }} is missing.")

    def _text_or_action(self) -> list[Node] | str:
        token = self._next_word()
        if token.name == "text":
            return [Text(token.line, token.value)]
        if token.name != "left":
            self._unexpected(token, "input")
        return self._action()

    def _action(self) -> list[Node] | str:
        token = self._skip_space()
        if token.name == "keyword" and token.value in self._CONTROLS:
            self._at += 1
            return self._CONTROLS[token.value](self, token)
        return [Action(token.line, self._pipeline("command", "right"))]

    def _end(self, _token: Token) -> str:
        self._expect("right", "end")
        return "end"

    def _else(self, _token: Token) -> str:
        following = self._skip_space()
        if following.name == "keyword" and following.value in ("if", "with"):
            return "else"
        self._expect("right", "else")
        return "else"

    def _condition(self, token: Token) -> list[Node]:
        """All branches are in one scope: what one declares, the ones that follow see."""
        mark = len(self._variables)
        branches: list[tuple[Pipeline, Body]] = []
        otherwise: Body | None = None
        while True:
            pipeline = self._pipeline(token.value, "right")
            body, end = self._body()
            branches.append((pipeline, body))
            if end == "end":
                break
            if self._peek().name == "keyword" and self._peek().value == token.value:
                self._at += 1
                continue
            otherwise = self._last_body()
            break
        del self._variables[mark:]
        return [Condition(token.line, token.value == "with", tuple(branches), otherwise)]

    def _last_body(self) -> Body:
        body, end = self._body()
        if end != "end":
            raise Fault("syntax", f"expected {{{{end}}}}, and found {{{{{end}}}}}")
        return body

    def _range(self, token: Token) -> list[Node]:
        mark = len(self._variables)
        pipeline = self._pipeline("range", "right")
        self._ranges += 1
        body, end = self._body()
        self._ranges -= 1
        otherwise = self._last_body() if end == "else" else None
        del self._variables[mark:]
        return [Range(token.line, pipeline, body, otherwise)]

    def _jump(self, token: Token) -> list[Node]:
        following = self._next_word()
        if following.name != "right":
            self._unexpected(following, f"{{{{{token.value}}}}}")
        if not self._ranges:
            raise Fault("syntax", f"{{{{{token.value}}}}} outside of a range")
        return [Jump(token.line, token.value)]

    def _call(self, token: Token) -> list[Node]:
        name = self._template_name("template clause")
        if self._skip_space().name == "right":
            self._at += 1
            return [Call(token.line, name, None)]
        return [Call(token.line, name, self._pipeline("template clause", "right"))]

    def _block(self, token: Token) -> list[Node]:
        name = self._template_name("block clause")
        pipeline = self._pipeline("block clause", "right")
        self._own_scope(name, "block clause")
        return [Call(token.line, name, pipeline)]

    def _define_inside(self, token: Token) -> t.NoReturn:
        self._unexpected(token, "command")

    def _template_name(self, where: str) -> str:
        token = self._next_word()
        if token.name not in ("string", "raw"):
            self._unexpected(token, where)
        return literals.unquote(token.value)

    _CONTROLS: t.ClassVar[dict[str, t.Callable[[_Parser, Token], list[Node] | str]]] = {
        "block": _block,
        "break": _jump,
        "continue": _jump,
        "define": _define_inside,
        "else": _else,
        "end": _end,
        "if": _condition,
        "range": _range,
        "template": _call,
        "with": _condition,
    }

    # Pipelines

    def _pipeline(self, where: str, end: Name) -> Pipeline:
        line = self._skip_space().line
        declared, assigns = self._declarations(where)
        commands: list[Command] = []
        while True:
            token = self._skip_space()
            if token.name == end:
                self._at += 1
                break
            if token.name not in _OPERANDS:
                self._at += 1
                self._unexpected(token, where)
            commands.append(self._command())
        if not commands:
            raise Fault("syntax", f"missing value for {where}")
        for number, command in enumerate(commands[1:], start=2):
            if isinstance(command.operands[0], (Literal, Nil, Dot)):
                raise Fault("syntax", f"stage {number} of a pipeline, {command}, is not a function")
        return Pipeline(line, tuple(commands), declared, assigns)

    def _declarations(self, where: str) -> tuple[tuple[str, ...], bool]:
        """``$x :=``, ``$x =``, and in a range ``$k, $v :=``; nothing is taken where there is none."""
        declared: list[str] = []
        while self._skip_space().name == "variable":
            start = self._at
            variable = self._next()
            following = self._skip_space()
            if following.name in ("assign", "declare"):
                self._at += 1
                declared.append(self._declare(variable.value))
                return tuple(declared), following.name == "assign"
            if following.name != "char" or following.value != ",":
                self._at = start
                break
            self._at += 1
            declared.append(self._declare(variable.value))
            if where != "range" or len(declared) > 1:
                raise Fault("syntax", f"too many declarations in {where}")
            if self._skip_space().name not in ("variable", "right", ")"):
                raise Fault("syntax", "a range can only declare variables")
        return tuple(declared), False

    def _declare(self, name: str) -> str:
        self._variables.append(name)
        return name

    def _command(self) -> Command:
        line = self._skip_space().line
        operands: list[Operand] = []
        while True:
            self._skip_space()
            operand = self._operand()
            if operand is not None:
                operands.append(operand)
            token = self._next()
            if token.name == "space":
                continue
            if token.name in ("right", ")"):
                self._at -= 1
            elif token.name != "|":
                self._unexpected(token, "operand")
            break
        if not operands:
            raise Fault("syntax", "empty command", hint="A | is followed by a function.")
        return Command(line, tuple(operands))

    def _operand(self) -> Operand | None:
        operand = self._term()
        if operand is None or self._peek().name != "field":
            return operand
        line = self._peek().line
        names: list[str] = []
        while self._peek().name == "field":
            names.append(self._next().value[1:])
        if isinstance(operand, Field):
            return Field(line, (*operand.names, *names))
        if isinstance(operand, Variable):
            return Variable(line, operand.variable, (*operand.names, *names))
        if isinstance(operand, (Literal, Nil, Dot)):
            raise Fault("syntax", f"unexpected . after {operand}")
        return Chain(line, operand, tuple(names))

    def _term(self) -> Operand | None:
        token = self._skip_space()
        made = self._TERMS.get(token.name)
        if made is None:
            return None
        self._at += 1
        return made(self, token)

    def _function(self, token: Token) -> Operand:
        self._check_function(token.value)
        return Identifier(token.line, token.value)

    def _variable(self, token: Token) -> Operand:
        if token.value not in self._variables:
            raise Fault(
                "undefined variable",
                f"undefined variable {token.value}",
                hint=f"Declare it before, as in {{{{ {token.value} := ... }}}}, in this block or around it.",
            )
        return Variable(token.line, token.value)

    def _number(self, token: Token) -> Operand:
        number = literals.number(token.value)
        value: t.Any = number.float if number.is_float else None if number.integer is None else Int(number.integer)
        return Literal(token.line, token.value, value, number.integer, number.float)

    def _complex(self, token: Token) -> t.NoReturn:
        raise Fault("syntax", f"{token.value} is a complex number, which is not supported", hint="Use a real one.")

    def _parenthesized(self, _token: Token) -> Operand:
        self._enter()
        made = self._pipeline("parenthesized pipeline", ")")
        self._depth -= 1
        return made

    _TERMS: t.ClassVar[dict[str, t.Callable[[_Parser, Token], Operand]]] = {
        "identifier": _function,
        "dot": lambda _self, token: Dot(token.line),
        "nil": lambda _self, token: Nil(token.line),
        "variable": _variable,
        "field": lambda _self, token: Field(token.line, (token.value[1:],)),
        "bool": lambda _self, token: Literal(token.line, token.value, token.value == "true"),
        "rune": _number,
        "number": _number,
        "complex": _complex,
        "(": _parenthesized,
        "string": lambda _self, token: Literal(token.line, token.value, literals.unquote(token.value)),
        "raw": lambda _self, token: Literal(token.line, token.value, literals.unquote(token.value)),
    }


__all__ = ("ParseFault", "parse")
