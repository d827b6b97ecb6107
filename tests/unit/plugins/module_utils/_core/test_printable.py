# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may steer a terminal is escaped, and nothing else is."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line, printable, printable_tree

#: Names that mean something to a terminal or a reader, by where they are known from.
ROWS = [
    pytest.param("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m", id="ECMA-48 SGR"),
    pytest.param("\x1b]0;title\x07", r"\x1b]0;title\x07", id="xterm OSC: the title"),
    pytest.param("\x9b2J", r"\x9b2J", id="CSI of C1"),
    pytest.param("a\rb", r"a\rb", id="carriage return: overwrites the line"),
    pytest.param("a\bb\x7f\x00", r"a\x08b\x7f\x00", id="backspace, DEL and NUL"),
    pytest.param("ab\u202egnp.exe", r"ab\u202egnp.exe", id="CVE-2021-42574: override"),
    pytest.param("\u2066a\u2069\u200f", r"\u2066a\u2069\u200f", id="CVE-2021-42574: isolates, marks"),
    pytest.param("a\u2028b\u2029c", r"a\u2028b\u2029c", id="line and paragraph separators"),
    pytest.param("ad\u200bmin\ufeff", r"ad\u200bmin\ufeff", id="zero width"),
    pytest.param("\U000e0041", r"\U000e0041", id="tags"),
    pytest.param("\udc80\ud83d", r"\udc80\ud83d", id="lone surrogates"),
    pytest.param("Köln, 東京, 👩\u200d💻", "Köln, 東京, 👩\u200d💻", id="text of people"),
    pytest.param(r"C:\x1b", r"C:\x1b", id="a backslash is a backslash"),
    pytest.param("", "", id="nothing"),
]


@pytest.mark.parametrize(("text", "shown"), ROWS)
def test_what_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert one_line(text) == shown.replace("\r", " ") if "\r" not in text else one_line(text) == "a b"
    assert printable(shown) == shown


def test_text_of_several_lines() -> None:
    assert printable("one\n\ttwo\n") == "one\n\ttwo\n"
    assert one_line("one\r\n  two\n\nthree\tfour\n") == r"one two three\tfour"


def test_documents() -> None:
    """Keys as well; what is no text stays what it is."""
    document = {"a\x1b": ["\x9b", {"n": 1, "b": True, "f": 1.5, "z": None}], "t": ("\x07",)}
    shown = {r"a\x1b": [r"\x9b", {"n": 1, "b": True, "f": 1.5, "z": None}], "t": [r"\x07"]}
    assert printable_tree(document) == shown


def test_no_control_and_no_format_character_is_left() -> None:
    """The whole of Unicode: categories Cc, Cs, Zl and Zp never pass, of Cf only what scripts and emoji need."""
    left = {
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in ("Cc", "Cs", "Cf", "Zl", "Zp") and printable(chr(code)) == chr(code)
    }
    controls = {char for char in left if unicodedata.category(char) != "Cf"}
    assert controls == {"\n", "\t"}
    bidirectional = {char for char in left if unicodedata.bidirectional(char) in ("LRE", "RLE", "PDF", "LRO", "RLO")}
    assert bidirectional == set()
    assert {"\u200c", "\u200d"} <= left
