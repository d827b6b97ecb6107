# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables of text, and Markdown: whatever a cell holds, it stays a cell."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.markdown import document, plain_text, table
from ansible_collections.arkive.k8s.plugins.module_utils._core.text_table import shortened, text_table, width


def test_columns() -> None:
    rows = [("N", "NAME", "WHAT"), ("1", "a", "x"), ("10", "日本", "y"), ("2", "e\u0301", "z")]
    assert text_table(rows, most=(4, 20, 20), right=(0,)) == [
        " N  NAME  WHAT",
        " 1  a     x",
        "10  日本  y",
        " 2  e\u0301     z",
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("short", "short"),
        ("a" * 30, "a" * 10 + "..."),
        ("日" * 9, "日" * 5 + "..."),
        ("two\nlines", "two lines"),
        ("\x1b[2J", "\\x1b[2J"),
        ("x\u202ey", "x\\u202ey"),
    ],
)
def test_a_cell(text: str, shown: str) -> None:
    assert shortened(text, 10) == shown
    assert width(shortened(text, 10)) <= 13


@pytest.mark.parametrize(
    "text",
    [
        "a|b",
        "<script>alert(1)</script>",
        "[x](javascript:x)",
        "![x](http://x)",
        "`code`",
        "**b** _i_ ~~s~~",
        "$x$",
        "@everyone",
        "#12 !34 &56 %7",
        "https://example.com",
        "www.example.com",
        ":smile:",
        "&lt;",
        "\\|",
        "a\nb",
        "\x1b[31m",
    ],
)
def test_markdown_takes_text_for_text(text: str) -> None:
    line = plain_text(text)
    assert not set(line) & set("|<>[]()`*_~$@!\"'\n\x1b\\")
    assert "www." not in line
    assert "://" not in line
    assert len(table(("A", "B"), [(text, text)])) == 3
    assert table(("A", "B"), [(text, text)])[2].count("|") == 3


def test_a_summary_has_a_limit() -> None:
    text = document((f"line {number}" for number in range(200_000)), limit=1000)
    assert len(text) <= 1000
    assert text.endswith(b"*There is more, which is left out here.*\n")
    assert document(["one"]) == b"one\n"
