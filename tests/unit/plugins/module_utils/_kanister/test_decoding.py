# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Weakly decoded arguments (docs/compatibility 15.8)."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.decoding import (
    decode_bool,
    decode_mapping,
    decode_text,
    decode_text_mapping,
    decode_texts,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError


@pytest.mark.parametrize(
    ("decode", "value", "expected"),
    [
        (decode_text, "x", "x"),
        (decode_text, None, ""),
        (decode_text, 3, "3"),
        (decode_text, True, "1"),
        (decode_text, False, "0"),
        (decode_text, 1.5, "1.5"),
        (decode_text, 1e21, "1000000000000000000000"),
        (decode_text, 1e-7, "0.0000001"),
        (decode_bool, True, True),
        (decode_bool, None, False),
        (decode_bool, "true", True),
        (decode_bool, "T", True),
        (decode_bool, "0", False),
        (decode_bool, "", False),
        (decode_bool, 2, True),
        (decode_bool, 0.0, False),
        (decode_texts, ["a", 1, True], ["a", "1", "1"]),
        (decode_texts, "a", ["a"]),
        (decode_texts, "", [""]),
        (decode_texts, 5, ["5"]),
        (decode_texts, None, []),
        (decode_texts, {}, []),
        (decode_mapping, {"a": 1}, {"a": 1}),
        (decode_mapping, [{"a": 1, "b": 1}, {"b": 2}], {"a": 1, "b": 2}),
        (decode_mapping, [], {}),
        (decode_mapping, None, {}),
        (decode_text_mapping, {"a": 1, "b": "x"}, {"a": "1", "b": "x"}),
    ],
)
def test_decoded(decode: t.Callable[[t.Any, str], t.Any], value: t.Any, expected: t.Any) -> None:
    found = decode(value, "argument")
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("decode", "value", "sentence"),
    [
        (decode_text, [], "The argument x is not text: it is a list."),
        (decode_text, {}, "The argument x is not text: it is a mapping."),
        (decode_bool, "yes", "The argument x is not true or false: it is text."),
        (decode_bool, "hunter2", "The argument x is not true or false: it is text."),
        (decode_texts, {"a": 1}, "The argument x is not a list of texts: it is a mapping."),
        (decode_texts, [["a"]], "The argument x[0] is not text: it is a list."),
        (decode_mapping, "x", "The argument x is not a mapping: it is text."),
        (decode_mapping, ["x"], "The argument x[0] is not a mapping: it is text."),
        (decode_text_mapping, {"a": []}, "The argument x.a is not text: it is a list."),
    ],
)
def test_what_is_refused(decode: t.Callable[[t.Any, str], t.Any], value: t.Any, sentence: str | None) -> None:
    with pytest.raises(BlueprintError) as raised:
        decode(value, "x")
    assert sentence is None or raised.value.message == sentence
