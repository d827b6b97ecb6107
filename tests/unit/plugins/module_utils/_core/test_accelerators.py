# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import gzip
import json
import sys
import typing as t
import zlib

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core import accelerators
from ansible_collections.arkive.k8s.plugins.module_utils._core.accelerators import STANDARD, Accelerators, installed

BOTH = pytest.mark.parametrize(
    "tools", [pytest.param(STANDARD, id="standard"), pytest.param(installed(), id="installed")]
)


@BOTH
@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"a":[1,-2,3.5,null,true,false,""]}', id="everything"),
        pytest.param('"\u00fc\U0001f600\\ud83d\\ude00"', id="unicode"),
        pytest.param("[9223372036854775807,-9223372036854775808,18446744073709551615]", id="64-bits"),
        pytest.param('[[{"a":{}}]]', id="nested"),
        pytest.param(" {} \n", id="blanks"),
    ],
)
def test_parse(tools: Accelerators, text: str) -> None:
    assert tools.parse_json(text.encode("utf-8", "surrogatepass")) == json.loads(text)


@BOTH
def test_integers_beyond_64_bits_keep_their_size(tools: Accelerators) -> None:
    assert float(tools.parse_json(b"123456789012345678901234567890")) == 123456789012345678901234567890.0


@BOTH
@pytest.mark.parametrize("text", ["[NaN]", "Infinity", "-Infinity", "1e400", "-1e400"])
def test_what_is_no_number_of_json_is_refused(tools: Accelerators, text: str) -> None:
    """No API server takes it (RFC 8259, section 6), and Python would write it again."""
    with pytest.raises(ValueError, match=r"number|JSON"):
        tools.parse_json(text.encode())


@BOTH
def test_half_a_surrogate_pair_is_what_go_makes_of_it(tools: Accelerators) -> None:
    """Go's encoding/json: U+FFFD. Python would keep it, and could neither encode nor print it afterwards."""
    assert tools.parse_json(rb'{"\udc00a":["\ud800","\ud83d\ude00"]}') == {"\ufffda": ["\ufffd", "\U0001f600"]}


@BOTH
@pytest.mark.parametrize("data", [b'"\xff"', b'"\xed\xa0\x80"', '"a"'.encode("utf-16"), b'\xef\xbb\xbf"a"'])
def test_only_utf_8_is_json(tools: Accelerators, data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        tools.parse_json(data)


@BOTH
@pytest.mark.parametrize("text", ["", "{", '{"a":1,}', "{}{}", "<html>", "[" * 100_000, '"\xff"'])
def test_nonsense(tools: Accelerators, text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        tools.parse_json(text.encode("latin-1"))


@BOTH
@pytest.mark.parametrize("data", [b"", b"x", b"object " * 400_000], ids=["empty", "short", "long"])
def test_a_gzip_member(tools: Accelerators, data: bytes) -> None:
    member = tools.gzip_member(data)
    assert gzip.decompress(member) == data
    stream = zlib.decompressobj(wbits=31)
    assert stream.decompress(member) == data
    assert (stream.eof, stream.unused_data) == (True, b"")
    assert member[3:8] == bytes(5), "neither a name nor a time"
    assert member == tools.gzip_member(data)
    assert len(member) < 100 + len(data) / 20


@pytest.fixture
def _anew() -> t.Iterator[None]:
    accelerators.chosen.cache_clear()
    yield
    accelerators.chosen.cache_clear()


@pytest.mark.usefixtures("_anew")
@pytest.mark.parametrize(("value", "expected"), [("none", ()), ("", installed().names), (None, installed().names)])
def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch, value: str | None, expected: tuple[str, ...]) -> None:
    monkeypatch.delenv(accelerators.ENVIRONMENT, raising=False)
    if value is not None:
        monkeypatch.setenv(accelerators.ENVIRONMENT, value)
    assert accelerators.names() == expected
    assert accelerators.parse_json(b'{"a":1}') == {"a": 1}
    assert gzip.decompress(accelerators.gzip_member(b"x")) == b"x"


@pytest.mark.parametrize("missing", [("orjson",), ("isal",), ("orjson", "isal")])
def test_each_library_may_be_missing(monkeypatch: pytest.MonkeyPatch, missing: tuple[str, ...]) -> None:
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)
    found = installed()
    assert not set(found.names) & set(missing)
    assert found.parse_json(b"[1]") == [1]
    assert gzip.decompress(found.gzip_member(b"x")) == b"x"
