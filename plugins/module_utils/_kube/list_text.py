# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of a list split into the texts of its items, each of them proven to be one whole item.

A list as an API server writes it has no blanks, and all of its items begin with the same key. The text is split where a
comma and that beginning follow each other; unescaped quotes cannot be inside a string, so such a place is between
two values. A piece that parses as one object is one item, as an object has only one end; one that does not was split at
an inner list, and is continued. Text of any other look is read item by item.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import re
import typing as t

#: An inner list that looks like a list of items has few elements: volumeClaimTemplates, for example.
_MOST_PIECES = 64
_ITEMS = b'"items":['
_MARK = "\ue000items\ue000"
_MARK_JSON = json.dumps([_MARK]).encode()

Parse: t.TypeAlias = t.Callable[[bytes], t.Any]
Document: t.TypeAlias = dict[str, t.Any]
Item = t.TypeVar("Item")
#: Makes what is kept from an item and its text; None is an item that is nested too deeply to be parsed.
Keep: t.TypeAlias = t.Callable[[Document | None, bytes], Item]
#: A string, or a bracket outside of one.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]')


def split_list(data: bytes, parse: Parse, keep: Keep[Item], *, beginning: bytes = b"") -> tuple[Document, list[Item]]:
    """The list without its items, and what ``keep`` made of each of them. Raises ``ValueError`` for what is no list.

    ``beginning``: what each item probably begins with. Less of it is used where that is not so.
    """
    try:
        found = _split_at_commas(data, parse, keep, beginning)
    except RecursionError:
        found = None  # one of the items is nested too deeply: the others are separated the slow way
    try:
        return _read_items(data, keep) if found is None else found
    except RecursionError as exc:
        raise ValueError("it is nested too deeply") from exc


def _split_at_commas(
    data: bytes, parse: Parse, keep: Keep[Item], beginning: bytes
) -> tuple[Document, list[Item]] | None:
    """None when the text does not look as expected."""
    start = data.find(_ITEMS) + len(_ITEMS)
    if start < len(_ITEMS) or data[start : start + 2] != b'{"':
        return None
    if not beginning or not data.startswith(beginning, start):
        colon = data.find(b'":', start)
        if colon < 0:
            return None
        beginning = data[start : colon + 2]
    found = _find_end(data, start, parse, b"," + beginning)
    if found is None:
        return None
    envelope, end = found
    items = _parse_pieces(data, start, end, parse, keep, b"," + beginning)
    return None if items is None else (envelope, items)


def _find_end(data: bytes, start: int, parse: Parse, separator: bytes) -> tuple[Document, int] | None:
    """The list without its items, and where those end: with the object that begins at one of the last separators."""
    last = len(data)
    for _attempt in range(_MOST_PIECES):
        last = data.rfind(separator, start, last)
        first = start if last < 0 else last + 1
        try:
            end = first + _first_object_bytes(data[first:])
            envelope = parse(data[: start - 1] + _MARK_JSON + data[end + 1 :])
        except ValueError:
            pass
        else:
            # The mark proves that the items that were found are those of the list itself.
            if data[end : end + 1] == b"]" and isinstance(envelope, dict) and envelope.pop("items", None) == [_MARK]:
                return envelope, end
        if last < 0:
            break
    return None


def _first_object_bytes(data: bytes) -> int:
    """The length of the object that ``data`` begins with."""
    text = data.decode()
    _object, end = json.JSONDecoder().raw_decode(text)
    return end if text.isascii() else len(text[:end].encode())


def _parse_pieces(
    data: bytes, start: int, end: int, parse: Parse, keep: Keep[Item], separator: bytes
) -> list[Item] | None:
    items: list[Item] = []
    while start < end:
        comma = start
        for _attempt in range(_MOST_PIECES):
            comma = data.find(separator, comma + 1, end)
            text = data[start:comma] if comma > 0 else data[start:end]
            try:
                item = parse(text)
                break
            except ValueError:
                if comma < 0:
                    return None
        else:
            return None
        if not isinstance(item, dict):
            return None
        items.append(keep(item, text))
        start = comma + 1 if comma > 0 else end
    return items


def _read_items(data: bytes, keep: Keep[Item]) -> tuple[Document, list[Item]]:
    """The slow way: the standard library's decoder finds where each item ends."""
    text = data.decode()
    decoder = json.JSONDecoder()
    envelope: Document = {}
    items: list[Item] = []
    at = _expect(text, 0, "{")
    first = True
    while (at := _skip_blanks(text, at)) < len(text) and text[at] != "}":
        at = at if first else _skip_blanks(text, _expect(text, at, ","))
        first = False
        key, at = decoder.raw_decode(text, at)
        at = _skip_blanks(text, _expect(text, at, ":"))
        if key == "items" and text[at : at + 1] == "[":
            at = _read_array(text, at + 1, decoder, keep, items)
        else:
            value, at = decoder.raw_decode(text, at)
            envelope[key] = value
    if _skip_blanks(text, _expect(text, at, "}")) != len(text):
        raise ValueError("there is more after the list")
    if envelope.pop("items", None) is not None:
        raise ValueError("its items are no array")
    return envelope, items


def _read_array(text: str, at: int, decoder: json.JSONDecoder, keep: Keep[Item], items: list[Item]) -> int:
    first = True
    while (at := _skip_blanks(text, at)) < len(text) and text[at] != "]":
        at = at if first else _skip_blanks(text, _expect(text, at, ","))
        first = False
        try:
            item, end = decoder.raw_decode(text, at)
        except RecursionError:
            item, end = None, _end_of_value(text, at)
        if item is not None and not isinstance(item, dict):
            raise ValueError("an item is no object")
        items.append(keep(item, text[at:end].encode()))
        at = end
    return _expect(text, at, "]")


def strings_in(text: str, at: int) -> dict[str, str]:
    """The members of the mapping at ``at`` that are strings, however deep its other ones are."""
    found: dict[str, str] = {}
    depth, key = 0, ""
    for token in _TOKEN.finditer(text, at):
        sign = token.group()
        depth += 1 if sign in "{[" else -1 if sign in "}]" else 0
        if depth == 0:
            break
        if sign[0] != '"' or depth > 1:
            key = ""
        elif text[token.end() : token.end() + 1] == ":":
            key = json.loads(sign)
        elif key:
            found[key], key = json.loads(sign), ""
    return found


def _end_of_value(text: str, at: int) -> int:
    """Where the mapping or list at ``at`` ends, however deep it is."""
    depth = 0
    for token in _TOKEN.finditer(text, at):
        sign = token.group()
        depth += 1 if sign in "{[" else -1 if sign in "}]" else 0
        if depth == 0:
            return token.end()
    raise ValueError("it has no end")


def _expect(text: str, at: int, char: str) -> int:
    at = _skip_blanks(text, at)
    if text[at : at + 1] != char:
        raise ValueError(f"'{char}' is missing at character {at}")
    return at + 1


def _skip_blanks(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t", "\n", "\r"):
        at += 1
    return at


__all__ = ("Document", "Parse", "split_list", "strings_in")
