# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Regular expressions of RE2 as trees. What RE2 has not, such as look-around, is an error."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.regexps.characters import (
    BLANKS,
    DIGITS,
    HIGHEST,
    POSIX,
    WORDS,
    CharacterSet,
    Ranges,
    complement,
)

_MOST_REPEATS = 1000
_DEEPEST = 40
#: More are no expression that a person wrote, and cost time for each character.
_MOST_GROUPS, _MOST_RANGES = 100, 300
_CLASSES: dict[str, Ranges] = {"d": DIGITS, "w": WORDS, "s": BLANKS}
_ESCAPES = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_REPEAT = re.compile(r"\{(\d{1,9})(?:(,)(\d{0,9}))?\}", re.ASCII)
_GROUP_NAME = re.compile(r"P?<(\w+)>", re.ASCII)
_FLAGS = re.compile(r"([imsU]*)(-[imsU]+)?([:)])")
_HEX = re.compile(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})")
_OCTAL = re.compile(r"[0-7]{1,3}")
_CATEGORY = re.compile(r"[pP](?:([A-Z])|\{(\^?)([A-Z][a-z]?)\})")
_POSIX = re.compile(r"\[:(\^?)([a-z]+):\]")


@dataclasses.dataclass(frozen=True, slots=True)
class Char:
    """One character."""

    set: CharacterSet


@dataclasses.dataclass(frozen=True, slots=True)
class Edge:
    """A place, not a character: ``kind`` is A, z, b, B, or ^ and $ of lines."""

    kind: str


@dataclasses.dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    parts: tuple[Tree, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """The first that leads to a match."""

    branches: tuple[Tree, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Repeat:
    """``most`` is None for as often as there is."""

    part: Tree
    fewest: int
    most: int | None
    greedy: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """A part whose place is wanted."""

    number: int
    part: Tree


Tree: t.TypeAlias = Char | Edge | Sequence | Choice | Repeat | Group


@dataclasses.dataclass(frozen=True, slots=True)
class Expression:
    """``names`` are those of groups, of which several may have one; the whole match is group 0."""

    tree: Tree
    groups: int
    names: dict[str, tuple[int, ...]]


def parse_expression(text: str) -> Expression:
    parser = _Parser(text)
    tree = parser.choice()
    if parser.at < len(text):
        raise _wrong(text, "unexpected )")
    return Expression(Group(0, tree), parser.groups, parser.names)


def _wrong(text: str, what: str) -> Fault:
    return Fault(
        "failed",
        f"this is no regular expression of Go, {what}",
        hint="Look-around and back-references are not in it.",
        detail=text,
    )


class _Parser:
    def __init__(self, text: str) -> None:
        self.at = 0
        self.groups = 1
        self.names: dict[str, tuple[int, ...]] = {}
        self._text = text
        self._flags: frozenset[str] = frozenset()
        self._depth = 0

    def _peek(self) -> str:
        return self._text[self.at : self.at + 1]

    def _fail(self, what: str) -> t.NoReturn:
        raise _wrong(self._text, what)

    def choice(self) -> Tree:
        flags = self._flags
        branches = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            branches.append(self._sequence())
        self._flags = flags
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _sequence(self) -> Tree:
        parts: list[Tree] = []
        while self._peek() not in ("", "|", ")"):
            if self._text.startswith("\\Q", self.at):
                run = self._literal_run()
                parts += run[:-1]
                parts += [self._repeated(part) for part in run[-1:]]
                continue
            part = self._atom()
            if part is not None:
                parts.append(self._repeated(part))
        return Sequence(tuple(parts))

    def _literal_run(self) -> list[Tree]:
        """What is between a backslash with Q, and one with E."""
        end = self._text.find("\\E", self.at)
        inside = self._text[self.at + 2 : end if end >= 0 else len(self._text)]
        self.at = end + 2 if end >= 0 else len(self._text)
        return [self._one(char) for char in inside]

    def _one(self, char: str) -> Char:
        code = ord(char)
        return Char(CharacterSet(((code, code),), folds="i" in self._flags))

    def _repeated(self, part: Tree) -> Tree:
        found = self._repeat()
        if found is None:
            return part
        greedy = True
        if self._peek() == "?":
            self.at += 1
            greedy = False
        if self._repeat() is not None:
            self._fail("as a repetition is repeated")
        return Repeat(part, *found, greedy=greedy != ("U" in self._flags))

    def _repeat(self) -> tuple[int, int | None] | None:
        char = self._peek()
        if char and char in "*+?":
            self.at += 1
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]
        found = _REPEAT.match(self._text, self.at)
        if found is None:
            return None
        fewest = int(found[1])
        most = fewest if found[2] is None else int(found[3]) if found[3] else None
        if max(fewest, most or 0) > _MOST_REPEATS or (most is not None and most < fewest):
            self._fail("as it repeats too often")
        self.at = found.end()
        return fewest, most

    def _atom(self) -> Tree | None:
        char = self._peek()
        if char == "(":
            return self._group()
        if char == "[":
            return Char(self._class())
        if char == "\\":
            return self._escape()
        if char in "*+?" or _REPEAT.match(self._text, self.at):
            self._fail("as there is nothing to repeat")
        self.at += 1
        if char == ".":
            return Char(CharacterSet(((0, HIGHEST),) if "s" in self._flags else complement(((10, 10),))))
        if char == "^":
            return Edge("^" if "m" in self._flags else "A")
        if char == "$":
            return Edge("$" if "m" in self._flags else "z")
        return self._one(char)

    def _group(self) -> Tree | None:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._fail("as it is nested too deep")
        self.at += 1
        number = -1
        flags = self._flags
        if self._peek() == "?":
            self.at += 1
            named = _GROUP_NAME.match(self._text, self.at)
            if named:
                self.at = named.end()
                number = self._number(named[1])
            elif self._set_flags():
                self._depth -= 1
                return None
        else:
            number = self._number("")
        inner = self.choice()
        if self._peek() != ")":
            self._fail("as a ) is missing")
        self.at += 1
        self._flags = flags
        self._depth -= 1
        return inner if number < 0 else Group(number, inner)

    def _number(self, name: str) -> int:
        if name:
            self.names[name] = (*self.names.get(name, ()), self.groups)
        self.groups += 1
        if self.groups > _MOST_GROUPS:
            self._fail("as it has too many groups")
        return self.groups - 1

    def _set_flags(self) -> bool:
        """``(?i)``, for what follows, or ``(?i:...)``; whether it is the first."""
        found = _FLAGS.match(self._text, self.at)
        if found is None or (found[3] == ")" and not found[1] and not found[2]):
            self._fail("as it has a group that is not in it")
        self.at = found.end()
        self._flags = self._flags.union(found[1]).difference((found[2] or "").lstrip("-"))
        return found[3] == ")"

    def _escape(self) -> Tree:
        following = self._text[self.at + 1 : self.at + 2]
        if following and following in "AzbB":
            self.at += 2
            return Edge(following)
        ranges, categories = self._escaped_set()
        return Char(CharacterSet(ranges, categories, folds="i" in self._flags))

    def _escaped_set(self) -> tuple[Ranges, tuple[str, ...]]:
        """What a backslash stands for, in a class as well."""
        self.at += 1
        char = self._peek()
        if char and char in "dwsDWS":
            self.at += 1
            ranges = _CLASSES[char.lower()]
            return (complement(ranges) if char.isupper() else ranges), ()
        category = _CATEGORY.match(self._text, self.at)
        if category:
            self.at = category.end()
            negated = (char == "P") != bool(category[2])
            return (), (("^" if negated else "") + (category[1] or category[3]),)
        code = self._escaped_char(char)
        return ((code, code),), ()

    def _escaped_char(self, char: str) -> int:
        found = _HEX.match(self._text, self.at)
        if found:
            self.at = found.end()
            return min(int(found[1] or found[2], 16), HIGHEST)
        octal = _OCTAL.match(self._text, self.at)
        if octal and (char == "0" or len(octal[0]) > 1):
            self.at = octal.end()
            return int(octal[0], 8)
        self.at += 1
        if char in _ESCAPES:
            return _ESCAPES[char]
        if not char or char.isalnum() or not char.isascii():
            self._fail("as it has an escape that is not in it")
        return ord(char)

    def _class(self) -> CharacterSet:
        self.at += 1
        negated = self._peek() == "^"
        self.at += negated
        ranges: list[tuple[int, int]] = []
        categories: list[str] = []
        first = True
        while self._peek() != "]" or first:
            first = False
            if not self._peek():
                self._fail("as a ] is missing")
            if len(ranges) > _MOST_RANGES:
                self._fail("as it has a class with too many characters")
            more, of = self._class_item()
            ranges += more
            categories += of
        self.at += 1
        return CharacterSet(tuple(ranges), tuple(categories), negated=negated, folds="i" in self._flags)

    def _class_item(self) -> tuple[Ranges, tuple[str, ...]]:
        posix = _POSIX.match(self._text, self.at)
        if posix:
            if posix[2] not in POSIX:
                self._fail("as it has a class that is not in it")
            self.at = posix.end()
            return (complement(POSIX[posix[2]]) if posix[1] else POSIX[posix[2]]), ()
        found = self._class_bound()
        if found[1] or len(found[0]) != 1 or found[0][0][0] != found[0][0][1]:
            return found
        if self._peek() != "-" or self._text[self.at + 1 : self.at + 2] in ("]", ""):
            return found
        self.at += 1
        end = self._class_bound()
        if end[1] or len(end[0]) != 1 or end[0][0][0] < found[0][0][0]:
            self._fail("as it has a range that is none")
        return ((found[0][0][0], end[0][0][0]),), ()

    def _class_bound(self) -> tuple[Ranges, tuple[str, ...]]:
        char = self._peek()
        if char == "\\":
            return self._escaped_set()
        if not char:
            self._fail("as a ] is missing")
        self.at += 1
        return ((ord(char), ord(char)),), ()


__all__ = ("Char", "Choice", "Edge", "Expression", "Group", "Repeat", "Sequence", "Tree", "parse_expression")
