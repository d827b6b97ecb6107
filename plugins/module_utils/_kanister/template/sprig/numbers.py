# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sprig's arithmetic: 64 bits, without an error where they are too few."""

# Private: not for use outside of this collection.

from __future__ import annotations

import math
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Run, function, table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.printing.fmt import print_values
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.conversion import (
    atoi,
    to_float64,
    to_int64,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.types import INTS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import Int, TypedList, wrap


def _add(*values: t.Any) -> int:
    return wrap(sum(to_int64(value) for value in values))


def _multiply(first: t.Any, *others: t.Any) -> int:
    product = to_int64(first)
    for other in others:
        product = wrap(product * to_int64(other))
    return product


def _divide(first: t.Any, other: t.Any) -> int:
    """Towards zero."""
    dividend, divisor = to_int64(first), _not_zero(other)
    quotient = abs(dividend) // abs(divisor)
    return wrap(quotient if (dividend < 0) == (divisor < 0) else -quotient)


def _modulo(first: t.Any, other: t.Any) -> int:
    """With the sign of the first."""
    dividend, divisor = to_int64(first), _not_zero(other)
    rest = abs(dividend) % abs(divisor)
    return -rest if dividend < 0 else rest


def _not_zero(value: t.Any) -> int:
    number = to_int64(value)
    if not number:
        raise Fault("failed", "a division by zero")
    return number


def _largest(first: t.Any, *others: t.Any) -> int:
    return max(to_int64(value) for value in (first, *others))


def _smallest(first: t.Any, *others: t.Any) -> int:
    return min(to_int64(value) for value in (first, *others))


def _whole(rounding: t.Callable[[float], int]) -> t.Callable[[t.Any], float]:
    def rounded(value: t.Any) -> float:
        number = to_float64(value)
        return math.copysign(float(rounding(number)), number) if math.isfinite(number) else number

    return rounded


def _round(value: t.Any, places: int, *limit: float) -> float:
    """Up from ``limit`` on, which is a half; a negative number is never rounded away from zero."""
    power = _power_of_ten(places)
    digits = power * to_float64(value)
    if not math.isfinite(digits):
        return digits / power if power else math.nan
    fraction = math.modf(digits)[0]
    rounded = math.ceil(digits) if fraction >= (limit[0] if limit else 0.5) else math.floor(digits)
    if not power:
        return math.nan if not rounded else math.copysign(math.inf, rounded)
    return float(rounded) / power


def _power_of_ten(places: int) -> float:
    try:
        return math.pow(10.0, places)
    except OverflowError:
        return math.inf


def _until(run: Run, count: int) -> TypedList:
    return _until_step(run, 0, count, -1 if count < 0 else 1)


def _until_step(run: Run, start: int, stop: int, step: int) -> TypedList:
    runs = step < 0 if stop < start else step > 0
    numbers = range(start, stop, step) if runs else range(0)
    run.budget.step(-(-abs(stop - start) // abs(step)) if runs else 0)
    return TypedList((Int(number) for number in numbers), INTS)


def _octal(run: Run, value: t.Any) -> int:
    text = print_values([value], run.budget)
    digits = text[1:] if text[:1] in ("+", "-") and len(text) > 1 else text
    if not 0 < len(digits) < 40 or not all(digit in "01234567" for digit in digits):
        return 0
    number = int(text, 8)
    return number if -(1 << 63) <= number < 1 << 63 else 0


NUMBER_FUNCTIONS = table(
    function("atoi", atoi, "string"),
    function("int64", to_int64, "any"),
    function("int", lambda value: Int(to_int64(value)), "any"),
    function("float64", to_float64, "any"),
    function("toDecimal", _octal, "any", with_run=True),
    function("until", _until, "int", with_run=True),
    function("untilStep", _until_step, "int int int", with_run=True),
    function("add1", lambda value: _add(value, 1), "any"),
    function("add", _add, "any..."),
    function("sub", lambda first, other: wrap(to_int64(first) - to_int64(other)), "any any"),
    function("div", _divide, "any any"),
    function("mod", _modulo, "any any"),
    function("mul", _multiply, "any any..."),
    function("biggest", _largest, "any any..."),
    function("max", _largest, "any any..."),
    function("min", _smallest, "any any..."),
    function("ceil", _whole(math.ceil), "any"),
    function("floor", _whole(math.floor), "any"),
    function("round", _round, "any int float64..."),
)

__all__ = ("NUMBER_FUNCTIONS",)
