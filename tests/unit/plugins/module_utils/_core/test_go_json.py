# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact, encode_pretty

# Expectations: what Go's encoding/json writes for the same value.


@pytest.mark.parametrize(
    ("value", "data"),
    [
        pytest.param({"b": 1, "a": [True, None]}, b'{"a":[true,null],"b":1}', id="sorted-without-blanks"),
        pytest.param({"a": "<b>&c"}, b'{"a":"\\u003cb\\u003e\\u0026c"}', id="html-escaped"),
        pytest.param({"<": 1}, b'{"\\u003c":1}', id="keys-too"),
        pytest.param("\u2028\u2029", b'"\\u2028\\u2029"', id="line-separators"),
        pytest.param("\u00fc\U0001f600", '"\u00fc\U0001f600"'.encode(), id="utf-8-stays"),
        pytest.param('"\\\n\t\r', b'"\\"\\\\\\n\\t\\r"', id="usual-escapes"),
        pytest.param("\x00\x1f", b'"\\u0000\\u001f"', id="control"),
        pytest.param({"Z": 1, "a": 2, "_": 3}, b'{"Z":1,"_":3,"a":2}', id="byte-order"),
        pytest.param(9007199254740993, b"9007199254740993", id="large-integer"),
        pytest.param({}, b"{}", id="empty"),
    ],
)
def test_encode_compact(value: t.Any, data: bytes) -> None:
    assert encode_compact(value) == data


def test_encode_pretty_keeps_the_order_and_ends_with_a_newline() -> None:
    data = encode_pretty({"kind": "Backup", "apiVersion": "velero.io/v1", "spec": {"x": ["<"]}})
    lines = ["{", '  "kind": "Backup",', '  "apiVersion": "velero.io/v1",', '  "spec": {', '    "x": [']
    lines += ['      "\\u003c"', "    ]", "  }", "}", ""]
    assert data == "\n".join(lines).encode()


@pytest.mark.parametrize("encode", [encode_compact, encode_pretty])
def test_half_a_surrogate_pair_does_not_stop_a_backup(encode: t.Callable[[t.Any], bytes]) -> None:
    data = encode({"a": json.loads('"x\\ud800y"')})
    assert json.loads(data)["a"].startswith("x")
