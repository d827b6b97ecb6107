# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text from clusters, archives and servers, as it may be shown: nothing in it steers a terminal or forges a line."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

#: What is escaped: C0 and C1 controls and DEL (with them all ANSI sequences), the marks, overrides and isolates of
#: right-to-left text, invisible characters and tags that make different names look alike, line and paragraph
#: separators, lone surrogates. The joiners U+200C and U+200D are left: words and emoji need them.
_UNSAFE = (
    "\x00-\x1f\x7f-\x9f"
    "\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2028\u2029\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f"
)
_ANY = re.compile(f"[{_UNSAFE}]")
#: Line feeds and tabs are what text of several lines is made of.
_BUT_LINES = re.compile(f"(?![\n\t])[{_UNSAFE}]")
_BREAKS = re.compile(r"[ \t]*[\r\n]+[ \t\r\n]*")


def printable(text: str) -> str:
    """``text`` with each unsafe character as its number in hexadecimal, as Python does; line feeds and tabs stay."""
    return text if text.isascii() and text.isprintable() else _BUT_LINES.sub(_escape, text)


def one_line(text: str) -> str:
    """``printable`` text for a place that takes one line: line breaks become blanks, a tab is escaped like the rest."""
    return text if text.isascii() and text.isprintable() else _ANY.sub(_escape, _BREAKS.sub(" ", text.strip("\r\n")))


def printable_tree(value: t.Any) -> t.Any:
    """A document of JSON types with all text in it ``printable``, keys included. Shares what needs no change."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable_tree(key): printable_tree(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [printable_tree(entry) for entry in value]
    return value


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[match[0]]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


__all__ = ("one_line", "printable", "printable_tree")
