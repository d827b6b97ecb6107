# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Arguments: whether a value fits the type that a function wants, by the rules of Go's reflection."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Function, Parameter
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.nodes import Literal
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.types import OBJECT
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import (
    INVALID,
    Int,
    Opaque,
    TypedMap,
    type_name,
)

_ANYTHING = ("any", "value")
_CLASSES: dict[Parameter, type] = {"string": str, "int": Int, "bool": bool, "float64": float, "map": dict}
_NAMES = {"map": OBJECT.name, "time": "time.Time", "version": "*semver.Version"}


def check_count(function: Function, given: int) -> None:
    """``given`` counts the value of the pipeline as well."""
    wanted = len(function.parameters)
    if function.rest is None and given != wanted:
        raise Fault("argument count", f"{function.name} takes {_arguments(wanted)}, and was given {given}")
    if given < wanted:
        raise Fault("argument count", f"{function.name} takes at least {_arguments(wanted)}, and was given {given}")


def _arguments(count: int) -> str:
    return "1 argument" if count == 1 else f"{count} arguments"


def parameter_of(function: Function, place: int) -> Parameter:
    """The type of the argument at ``place``."""
    if place < len(function.parameters):
        return function.parameters[place]
    return t.cast(Parameter, function.rest)


def fit(value: t.Any, parameter: Parameter) -> t.Any:
    """``value`` as an argument; raises ``Fault`` for what does not fit."""
    if parameter in _ANYTHING:
        return None if value is INVALID else value
    if value is INVALID and parameter == "map":
        return TypedMap({}, OBJECT, is_nil=True)
    if parameter in _CLASSES:
        if value.__class__ is _CLASSES[parameter] or (parameter == "map" and _is_object(value)):
            return value
    elif isinstance(value, Opaque) and value.go_type.name == _NAMES.get(parameter):
        return value
    raise Fault(
        "argument type",
        f"a value of type {_name(parameter)} is wanted here, and this one is {type_name(value)}",
        hint=_HINTS.get((parameter, type_name(value))),
    )


def _is_object(value: t.Any) -> bool:
    return isinstance(value, TypedMap) and value.go_type is OBJECT


def fit_literal(literal: Literal, parameter: Parameter) -> t.Any:
    """What is written in a template, which may be taken for several types."""
    if parameter in _ANYTHING:
        return constant(literal)
    if parameter == "int" and literal.integer is not None:
        return Int(literal.integer)
    if parameter == "float64" and literal.float is not None:
        return literal.float
    if parameter in ("string", "bool") and literal.value.__class__ is _CLASSES[parameter]:
        return literal.value
    raise Fault("argument type", f"a value of type {_name(parameter)} is wanted, and not {literal}")


def constant(literal: Literal) -> t.Any:
    """What it is where no type is wanted."""
    if literal.value is None:
        raise Fault("argument type", f"{literal} is too large for a number of 64 bits")
    return literal.value


def fit_nil(parameter: Parameter) -> t.Any:
    if parameter in _ANYTHING:
        return None
    if parameter == "map":
        return TypedMap({}, OBJECT, is_nil=True)
    raise Fault("argument type", f"a value of type {_name(parameter)} is wanted, and not nil")


def _name(parameter: Parameter) -> str:
    return _NAMES.get(parameter, parameter)


_HINTS = {
    ("string", "[]uint8"): "The data of a Secret are bytes: pass them through toString.",
    ("string", "int64"): "Pass it through toString.",
    ("string", "int"): "Pass it through toString.",
    ("int", "int64"): "Pass it through int.",
    ("int", "string"): "Pass it through int, or atoi.",
}

__all__ = ("check_count", "constant", "fit", "fit_literal", "fit_nil", "parameter_of")
