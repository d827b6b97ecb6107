# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The forms in which a task may write a label selector: kubectl's text, labels and values, or the API's object."""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import shown_value
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import (
    read_list,
    read_mapping,
    read_members,
    snake_case,
)

_FIELDS = ("matchLabels", "matchExpressions")
_SPELLED = frozenset({*_FIELDS, *map(snake_case, _FIELDS)})
_EXPRESSION = ("key", "operator", "values")
_HINT = (
    "Write text such as 'app=web,tier!=db', labels and their values such as {app: web}, or match_labels and "
    "match_expressions."
)


def read_selector_form(value: t.Any, where: str) -> LabelSelector | None:
    """A selector in any form; None for one that says nothing. Raises ``ValidationError`` with ``where`` in it."""
    if value is None or value == "" or value == {}:
        return None
    try:
        selector = (
            LabelSelector.from_text(value) if _is_terms(value) else LabelSelector.from_dict(_object(value, where))
        )
    except ValidationError as exc:
        said = exc.message if exc.message.startswith(where) else f"{where}: {exc.message}"
        raise ValidationError(said, hint=exc.hint, details=exc.details) from exc
    if not selector.requirements and isinstance(value, str):
        raise ValidationError(f"{where} has no term: '{value}'.", hint=_HINT)
    return selector if selector.requirements else None


def read_selector_forms(value: t.Any, where: str) -> tuple[LabelSelector, ...] | None:
    """A list of them; one that says nothing in it fits every object. None where nothing is given."""
    if value is None:
        return None
    if not isinstance(value, list | tuple):
        raise ValidationError(
            f"{where} is not a list: {shown_value(value)}.", hint="Write a list with an entry for each label selector."
        )
    return tuple(read_selector_form(entry, f"{where}[{at}]") or LabelSelector() for at, entry in enumerate(value))


def _is_terms(value: t.Any) -> bool:
    """Whether it is kubectl's text; what was given on a command line may be an object in JSON."""
    return isinstance(value, str) and not value.lstrip().startswith("{")


def _object(value: t.Any, where: str) -> dict[str, t.Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as exc:
            raise ValidationError(f"{where} begins with {{ and is no JSON: {exc}.", hint=_HINT) from exc
    if not isinstance(value, t.Mapping):
        raise ValidationError(f"{where} is no label selector: {shown_value(value)}.", hint=_HINT)
    given = read_mapping(value, where)
    if not _SPELLED.intersection(given):
        return {"matchLabels": _labels(given, where)}
    members = read_members(given, _FIELDS, where, snake=True)
    expressions = read_list(members.get("matchExpressions"), f"{where}.match_expressions")
    return {
        "matchLabels": _labels(read_mapping(members.get("matchLabels"), f"{where}.match_labels"), where),
        "matchExpressions": [
            _expression(entry, f"{where}.match_expressions[{at}]") for at, entry in enumerate(expressions)
        ],
    }


def _labels(given: dict[str, t.Any], where: str) -> dict[str, t.Any]:
    """A misspelled field of the object looks like a label that has a mapping or a list for its value."""
    odd = next((name for name, value in given.items() if isinstance(value, dict | list)), None)
    if odd is not None:
        raise ValidationError(f"{where} has no field '{odd}', and a label's value is text.", hint=_HINT)
    return given


def _expression(entry: t.Any, where: str) -> dict[str, t.Any]:
    members = read_members(entry, _EXPRESSION, where)
    values = members.get("values")
    return members | ({"values": values.split(",")} if isinstance(values, str) else {})


__all__ = ("read_selector_form", "read_selector_forms")
