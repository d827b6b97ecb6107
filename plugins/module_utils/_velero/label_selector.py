# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Label selectors, evaluated here on labels that lie in an archive (the semantics of Kubernetes)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import shown_value

_KEY = r"(?P<key>[A-Za-z0-9](?:[A-Za-z0-9_./-]*[A-Za-z0-9])?)"
_VALUE = r"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?)?"
_SET_TERM = re.compile(rf"{_KEY}\s+(?P<op>in|notin)\s*\((?P<values>\s*{_VALUE}\s*(?:,\s*{_VALUE}\s*)*)\)")
_EQUAL_TERM = re.compile(rf"{_KEY}\s*(?P<op>==|=|!=)\s*(?P<value>{_VALUE})")
_KEY_TERM = re.compile(rf"(?P<absent>!?)\s*{_KEY}")
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


@dataclasses.dataclass(frozen=True, slots=True)
class Requirement:
    """One term: ``operator`` is In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: t.Mapping[str, str]) -> bool:
        if self.operator == "In":
            return labels.get(self.key) in self.values
        if self.operator == "NotIn":
            return self.key not in labels or labels[self.key] not in self.values
        return (self.key in labels) == (self.operator == "Exists")

    def to_text(self) -> str:
        if self.operator in ("In", "NotIn"):
            return f"{self.key} {self.operator.lower()} ({','.join(self.values)})"
        return self.key if self.operator == "Exists" else f"!{self.key}"


@dataclasses.dataclass(frozen=True, slots=True)
class LabelSelector:
    """All of its requirements must hold; without requirements it matches everything."""

    requirements: tuple[Requirement, ...] = ()

    @classmethod
    def from_dict(cls, selector: t.Mapping[str, t.Any]) -> LabelSelector:
        """From ``{matchLabels: {...}, matchExpressions: [{key, operator, values}]}``; may raise ``ValidationError``."""
        unknown = set(selector) - {"matchLabels", "matchExpressions"}
        if unknown:
            raise ValidationError(
                f"A label selector has no field '{min(unknown)}'.",
                hint="Its fields are matchLabels and matchExpressions.",
            )
        labels = selector.get("matchLabels") or {}
        terms = [Requirement(key, "In", (_value(key, value),)) for key, value in labels.items()]
        terms.extend(_expression(entry) for entry in selector.get("matchExpressions") or [])
        return cls(tuple(terms))

    @classmethod
    def from_text(cls, text: str) -> LabelSelector:
        """From kubectl's form, such as ``app=web,tier in (a,b),!legacy``."""
        return cls(tuple(_term(part) for part in _split_terms(text)))

    @classmethod
    def parse(cls, value: str | t.Mapping[str, t.Any]) -> LabelSelector:
        return cls.from_text(value) if isinstance(value, str) else cls.from_dict(value)

    def matches(self, labels: t.Mapping[str, str] | None) -> bool:
        return all(requirement.matches(labels or {}) for requirement in self.requirements)

    def to_text(self) -> str:
        """As the API's ``labelSelector`` parameter takes it."""
        return ",".join(term.to_text() for term in self.requirements)

    def to_dict(self) -> dict[str, t.Any]:
        """As metav1.LabelSelector; equalities become ``matchLabels``."""
        equal: dict[str, str] = {}
        expressions: list[dict[str, t.Any]] = []
        for term in self.requirements:
            if term.operator == "In" and len(term.values) == 1 and term.key not in equal:
                equal[term.key] = term.values[0]
            else:
                entry: dict[str, t.Any] = {"key": term.key, "operator": term.operator}
                expressions.append(entry | ({"values": list(term.values)} if term.values else {}))
        out: dict[str, t.Any] = {"matchLabels": equal} if equal else {}
        return out | ({"matchExpressions": expressions} if expressions else {})


def _expression(entry: t.Mapping[str, t.Any]) -> Requirement:
    operator = entry.get("operator")
    given = entry.get("values") or ()
    if not isinstance(given, list | tuple):
        raise ValidationError(f"The values of the label selector for '{entry.get('key')}' are not a list.")
    values = tuple(_value(str(entry.get("key")), value) for value in given)
    if not entry.get("key") or operator not in _OPERATORS:
        raise ValidationError(
            f"The label selector's expression {dict(entry)} needs a key and an operator.",
            hint=f"Operators are {', '.join(_OPERATORS)}.",
        )
    if (operator in ("In", "NotIn")) != bool(values):
        wants = "needs" if operator in ("In", "NotIn") else "takes no"
        raise ValidationError(f"The operator {operator} of the label selector for '{entry['key']}' {wants} values.")
    return Requirement(str(entry["key"]), str(operator), values)


def _value(key: str, value: t.Any) -> str:
    """A label's value; YAML's bare ``true`` and ``yes`` are not text, and nobody can say which was written."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValidationError(
            f"The label selector's value for '{key}' is not text: {shown_value(value)}.", hint="Put it in quotes."
        )
    return str(value)


def _split_terms(text: str) -> list[str]:
    parts = re.split(r",(?![^(]*\))", text)
    return [part.strip() for part in parts if part.strip()]


def _term(part: str) -> Requirement:
    if found := _SET_TERM.fullmatch(part):
        values = tuple(value.strip() for value in found["values"].split(","))
        return Requirement(found["key"], "In" if found["op"] == "in" else "NotIn", values)
    if found := _EQUAL_TERM.fullmatch(part):
        return Requirement(found["key"], "NotIn" if found["op"] == "!=" else "In", (found["value"],))
    if found := _KEY_TERM.fullmatch(part):
        return Requirement(found["key"], "DoesNotExist" if found["absent"] else "Exists")
    raise ValidationError(
        f"'{part}' is not a term of a label selector.",
        hint="Write terms such as app=web, tier!=db, env in (a,b), app or !app.",
    )


__all__ = ("LabelSelector", "Requirement")
