# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Floating point numbers in Go's formats (``strconv.FormatFloat``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import decimal
import math

#: Without a precision, ``%g`` takes an exponent above this many digits before the point, and below 0.0001.
_SHORTEST_DIGITS = 6
_LOWEST_EXPONENT = -4
#: No number of 64 bits has as many before or after the point.
_MOST_DIGITS = 1100
_MANTISSA_BITS, _LEAST_EXPONENT = 53, -1074


def format_float(value: float, verb: str, precision: int = -1) -> str:
    """``verb`` is b, e, E, f, g, G, x or X. Without a ``precision``: as many digits as are needed to read it back."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if verb == "b":
        return _binary(value)
    if verb in "xX":
        made = _hexadecimal(value, precision)
        return made.upper() if verb == "X" else made
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    digits, point = _digits(abs(value), verb, precision)
    if verb == "f":
        return sign + _plain(digits, point, precision)
    if verb in "eE":
        return sign + _exponential(digits, point, len(digits) - 1 if precision < 0 else precision, verb)
    limit = _limit(digits, point, precision)
    if point - 1 < _LOWEST_EXPONENT or point - 1 >= limit:
        return sign + _exponential(digits, point, len(digits) - 1, "e" if verb == "g" else "E")
    return sign + _plain(digits, point, max(len(digits) - point, 0))


def _limit(digits: str, point: int, precision: int) -> int:
    if precision < 0:
        return _SHORTEST_DIGITS
    limit = precision or 1
    return len(digits) if limit > len(digits) >= point else limit


def _digits(value: float, verb: str, precision: int) -> tuple[str, int]:
    """Decimal digits, and how many of them are before the point. None of the last ones is 0, but for ``%e``, ``%f``."""
    exact = decimal.Decimal(value) if precision >= 0 else decimal.Decimal(repr(value))
    if value == 0:
        return "0", 1
    precision = min(precision, _MOST_DIGITS)
    context = decimal.Context(prec=2 * _MOST_DIGITS, rounding=decimal.ROUND_HALF_EVEN)
    if precision >= 0 and verb == "f":
        exact = exact.quantize(decimal.Decimal(1).scaleb(-precision), context=context)
    elif precision >= 0:
        wanted = precision + 1 if verb in "eE" else max(precision, 1)
        exact = _rounded(exact, wanted)
    parts = exact.as_tuple()
    text = "".join(map(str, parts.digits))
    exponent = int(parts.exponent)
    point = len(text) + exponent
    stripped = text.lstrip("0")
    point -= len(text) - len(stripped)
    stripped = stripped.rstrip("0")
    return (stripped, point) if stripped else ("0", 1)


def _rounded(value: decimal.Decimal, digits: int) -> decimal.Decimal:
    return decimal.Context(prec=digits, rounding=decimal.ROUND_HALF_EVEN).plus(value)


def _plain(digits: str, point: int, precision: int) -> str:
    if precision < 0:
        precision = max(len(digits) - point, 0)
    whole = digits[: max(point, 0)].ljust(max(point, 0), "0") or "0"
    if not precision:
        return whole
    fraction = ("0" * max(-point, 0) + digits[max(point, 0) :]).ljust(precision, "0")[:precision]
    return f"{whole}.{fraction}"


def _exponential(digits: str, point: int, precision: int, letter: str) -> str:
    exponent = 0 if digits == "0" else point - 1
    fraction = digits[1:].ljust(precision, "0")[:precision]
    first = digits[0] + (f".{fraction}" if fraction else "")
    return f"{first}{letter}{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _binary(value: float) -> str:
    """``4503599627370496p-52``: a whole mantissa, and the exponent of two."""
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    exponent = max(math.frexp(abs(value))[1] - _MANTISSA_BITS, _LEAST_EXPONENT) if value else _LEAST_EXPONENT
    return f"{sign}{int(math.ldexp(abs(value), -exponent))}p{exponent:+d}"


def _hexadecimal(value: float, precision: int) -> str:
    """``-0x1.8p+01``: a mantissa from 1 to 2, and an exponent of two digits at least."""
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    mantissa, exponent = math.frexp(abs(value))
    if not mantissa:
        fraction, exponent, first = 0, 0, 0
    else:
        bits = int(mantissa * (1 << 53))
        first, fraction, exponent = 1, bits - (1 << 52), exponent - 1
    text = f"{fraction:013x}"
    if precision >= 0 and precision < len(text):
        scale = 1 << (4 * (len(text) - precision))
        rounded, rest = divmod(fraction + (first << 52), scale)
        if rest * 2 > scale or (rest * 2 == scale and rounded & 1):
            rounded += 1
        first, kept = divmod(rounded, 1 << (4 * precision))
        if first > 1:
            first, kept, exponent = 1, kept >> 1, exponent + 1
        text = f"{kept:0{precision}x}" if precision else ""
    elif precision < 0:
        text = text.rstrip("0")
    else:
        text = text.ljust(precision, "0")
    point = f".{text}" if text else ""
    return f"{sign}0x{first}{point}p{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


__all__ = ("format_float",)
