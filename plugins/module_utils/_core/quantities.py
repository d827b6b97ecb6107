# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Quantities of Kubernetes (``10Gi``, ``500m``, ``1e3``), compared exactly."""

# Private: not for use outside of this collection.

from __future__ import annotations

import decimal
import re

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError

_QUANTITY = re.compile(r"(?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?P<suffix>[A-Za-z]*|[eE][+-]?[0-9]+)")
_FACTORS = {
    **{suffix: decimal.Decimal(1024) ** power for power, suffix in enumerate(("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"))},
    **{suffix: decimal.Decimal(1000) ** power for power, suffix in enumerate(("", "k", "M", "G", "T", "P", "E"))},
    "n": decimal.Decimal("1e-9"),
    "u": decimal.Decimal("1e-6"),
    "m": decimal.Decimal("1e-3"),
}
#: More digits than any quantity of the API has, so that nothing is rounded.
_EXACT = decimal.Context(prec=60)


def parse_quantity(text: str | int) -> decimal.Decimal:
    """The number that a quantity stands for. Raises ``ValidationError``.

    A suffix is binary (``Ki`` to ``Ei``), decimal (``n``, ``u``, ``m``, ``k`` to ``E``) or an exponent (``e3``).
    """
    found = None if isinstance(text, bool) else _QUANTITY.fullmatch(str(text))
    if found is None:
        raise ValidationError(f"'{text}' is not a quantity.", hint="Write a number such as 10Gi, 500Mi or 1.5G.")
    number, suffix = found["number"], found["suffix"]
    if suffix in _FACTORS:
        return _EXACT.multiply(decimal.Decimal(number), _FACTORS[suffix])
    if suffix[1:].lstrip("+-").isdigit():
        # The API server knows no larger ones, and an enormous exponent would be an enormous number.
        exponent = int(suffix[1:])
        if abs(exponent) <= 30:
            return _EXACT.multiply(decimal.Decimal(number), decimal.Decimal(10) ** exponent)
    raise ValidationError(
        f"'{text}' is not a quantity: its suffix '{suffix}' is unknown.",
        hint="Suffixes are Ki, Mi, Gi, Ti, Pi, Ei, and k, M, G, T, P, E.",
    )


__all__ = ("parse_quantity",)
