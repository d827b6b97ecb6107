# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sprig's functions of semantic versions, by the rules of Masterminds/semver 1.5."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import function, table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.types import GoType
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import Int, Opaque

_LABELS = r"(-(?P<pre>[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?(\+(?P<metadata>[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?"
_VERSION = re.compile(rf"v?(?P<major>[0-9]+)(?:\.(?P<minor>[0-9]+))?(?:\.(?P<patch>[0-9]+))?{_LABELS}")
_X_VERSION = r"v?[0-9|xX*]+(?:\.[0-9|xX*]+)?(?:\.[0-9|xX*]+)?"
_X_LABELS = r"(?:-[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*)?(?:\+[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*)?"
_CONSTRAINT = re.compile(
    r"\s*(?P<operator>=|!=|>|<|>=|=>|<=|=<|~|~>|\^|)\s*"
    r"v?(?P<major>[0-9|xX*]+)(?:\.(?P<minor>[0-9|xX*]+))?(?:\.(?P<patch>[0-9|xX*]+))?"
    rf"(?P<labels>{_X_LABELS})\s*"
)
_RANGE = re.compile(rf"\s*(?P<low>{_X_VERSION}{_X_LABELS})\s+-\s+(?P<high>{_X_VERSION}{_X_LABELS})\s*")
_ANY = ("x", "X", "*")
#: A number of 64 bits has no more.
_DIGITS = 19


class Version(Opaque):
    """What ``semver`` makes of a text."""

    __slots__ = ("metadata", "numbers", "original", "pre")
    go_type = GoType("*semver.Version", "ptr")

    def __init__(self, numbers: tuple[int, int, int], pre: str, metadata: str, original: str) -> None:
        self.numbers = numbers
        self.pre = pre
        self.metadata = metadata
        self.original = original

    def text(self) -> str:
        numbers = ".".join(map(str, self.numbers))
        return numbers + (f"-{self.pre}" if self.pre else "") + (f"+{self.metadata}" if self.metadata else "")

    def compare(self, other: Version) -> int:
        if self.numbers != other.numbers:
            return 1 if self.numbers > other.numbers else -1
        if not self.pre or not other.pre:
            return (not self.pre) - (not other.pre)
        return _compare_labels(self.pre, other.pre)

    methods = table(
        function("Major", lambda self: self.numbers[0], "version"),
        function("Minor", lambda self: self.numbers[1], "version"),
        function("Patch", lambda self: self.numbers[2], "version"),
        function("Prerelease", lambda self: self.pre, "version"),
        function("Metadata", lambda self: self.metadata, "version"),
        function("Original", lambda self: self.original, "version"),
        function("String", lambda self: self.text(), "version"),
        function("Compare", lambda self, other: Int(self.compare(other)), "version version"),
        function("Equal", lambda self, other: self.compare(other) == 0, "version version"),
        function("GreaterThan", lambda self, other: self.compare(other) > 0, "version version"),
        function("LessThan", lambda self, other: self.compare(other) < 0, "version version"),
    )


def _compare_labels(first: str, other: str) -> int:
    parts, others = first.split("."), other.split(".")
    length = max(len(parts), len(others))
    padded = (labels + [""] * (length - len(labels)) for labels in (parts, others))
    return next((found for pair in zip(*padded, strict=True) if (found := _compare_label(*pair))), 0)


def _compare_label(first: str, other: str) -> int:
    if first == other:
        return 0
    if not first or not other:
        return 1 if first else -1
    numbers = _is_number(first), _is_number(other)
    if numbers == (True, True):
        return 1 if int(first) > int(other) else -1
    if numbers == (False, False):
        return 1 if first > other else -1
    return -1 if numbers[0] else 1


def _is_number(label: str) -> bool:
    return label.isdigit() and len(label) < _DIGITS


def _version(text: str) -> Version:
    found = _VERSION.fullmatch(text)
    if found is None:
        raise Fault("failed", "this is no semantic version", detail=text)
    written = [found[name] or "0" for name in ("major", "minor", "patch")]
    if max(map(len, written)) >= _DIGITS:
        raise Fault("failed", "a number of this version is too large", detail=text)
    numbers = [int(number) for number in written]
    return Version((numbers[0], numbers[1], numbers[2]), found["pre"] or "", found["metadata"] or "", text)


class _Constraint:
    def __init__(self, text: str) -> None:
        found = _CONSTRAINT.fullmatch(text)
        if found is None:
            raise Fault("failed", "this is no constraint of a version", detail=text)
        major, minor, patch, labels = found["major"], found["minor"], found["patch"], found["labels"]
        self.operator: str = found["operator"]
        self.any_minor = self.any_patch = False
        self.is_loose = True
        if major in _ANY:
            written = "0.0.0"
        elif minor in _ANY or minor is None:
            self.any_minor = True
            written = f"{major}.0.0{labels}"
        elif patch in _ANY or patch is None:
            self.any_patch = True
            written = f"{major}.{minor}.0{labels}"
            self.is_loose = self.any_patch = patch is not None
        else:
            self.is_loose = False
            written = f"{major}.{minor}.{patch}{labels}"
        self.version = _version(written)

    def holds(self, version: Version) -> bool:
        if version.pre and not self.version.pre and (self.operator != "!=" or self.is_loose):
            return False
        return _OPERATORS[self.operator](self, version)

    def equals(self, version: Version) -> bool:
        return self.near(version) if self.is_loose else version.compare(self.version) == 0

    def differs(self, version: Version) -> bool:
        if not self.is_loose:
            return version.compare(self.version) != 0
        if self.version.numbers[0] != version.numbers[0]:
            return True
        return self.version.numbers[1] != version.numbers[1] and not self.any_minor

    def at_most(self, version: Version, highest: int) -> bool:
        if not self.is_loose:
            return version.compare(self.version) <= highest
        if version.numbers[0] > self.version.numbers[0]:
            return False
        return version.numbers[1] <= self.version.numbers[1] or self.any_minor

    def near(self, version: Version) -> bool:
        """``~``: the same, but for the last number that is given."""
        if version.compare(self.version) < 0:
            return False
        if self.version.numbers == (0, 0, 0) and not self.any_minor and not self.any_patch:
            return True
        if version.numbers[0] != self.version.numbers[0]:
            return False
        return version.numbers[1] == self.version.numbers[1] or self.any_minor

    def same_major(self, version: Version) -> bool:
        return version.compare(self.version) >= 0 and version.numbers[0] == self.version.numbers[0]


_OPERATORS: dict[str, t.Callable[[_Constraint, Version], bool]] = {
    "": _Constraint.equals,
    "=": _Constraint.equals,
    "!=": _Constraint.differs,
    ">": lambda constraint, version: version.compare(constraint.version) > 0,
    "<": lambda constraint, version: constraint.at_most(version, -1),
    ">=": lambda constraint, version: version.compare(constraint.version) >= 0,
    "=>": lambda constraint, version: version.compare(constraint.version) >= 0,
    "<=": lambda constraint, version: constraint.at_most(version, 0),
    "=<": lambda constraint, version: constraint.at_most(version, 0),
    "~": _Constraint.near,
    "~>": _Constraint.near,
    "^": _Constraint.same_major,
}


def _compare(constraints: str, text: str) -> bool:
    """Alternatives are separated by ``||``, and what must hold together by commas."""
    written = _RANGE.sub(lambda found: f">= {found['low']}, <= {found['high']}", constraints)
    parsed = [[_Constraint(one) for one in together.split(",")] for together in written.split("||")]
    version = _version(text)
    return any(all(constraint.holds(version) for constraint in together) for together in parsed)


VERSION_FUNCTIONS = table(
    function("semver", _version, "string"),
    function("semverCompare", _compare, "string string"),
)

__all__ = ("VERSION_FUNCTIONS", "Version")
