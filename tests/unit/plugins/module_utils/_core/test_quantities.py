# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import decimal

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.quantities import parse_quantity

# The serialization format of k8s.io/apimachinery/pkg/api/resource.


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", "0"),
        (5, "5"),
        ("1Ki", "1024"),
        ("10Gi", "10737418240"),
        ("1.5Gi", "1610612736"),
        ("8Ei", "9223372036854775808"),
        ("1k", "1000"),
        ("10G", "10000000000"),
        ("1E", "1000000000000000000"),
        ("500m", "0.5"),
        ("2u", "0.000002"),
        ("3n", "0.000000003"),
        ("1e3", "1000"),
        ("1E3", "1000"),
        ("12e-1", "1.2"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-1Mi", "-1048576"),
        ("+2", "2"),
    ],
)
def test_numbers(text: str | int, number: str) -> None:
    assert parse_quantity(text) == decimal.Decimal(number)


def test_binary_and_decimal_suffixes_are_compared() -> None:
    assert parse_quantity("1G") < parse_quantity("1Gi") == parse_quantity("1024Mi") < parse_quantity("1.1Gi")


@pytest.mark.parametrize("text", ["", "Gi", "10 Gi", "10gi", "1KB", "ten", "1e", "1e31", "0x10", "1,5", True, "1Gi2"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValidationError, match="is not a quantity") as caught:
        parse_quantity(text)
    assert caught.value.hint
