# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sprig's functions of texts."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Run, function, table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.printing.fmt import show
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.printing.quoting import quote
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.characters import (
    SPACES,
    is_space,
    lower,
    title,
    upper,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.conversion import (
    texts,
    to_text,
    to_texts,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.types import TEXTS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import (
    TypedList,
    TypedMap,
    from_bytes,
    to_bytes,
)

_ELLIPSIS = b"..."


def _abbreviate(width: int, text: str) -> str:
    return text if width < 4 else _abbreviated(to_bytes(text), 0, width)


def _abbreviate_both(offset: int, width: int, text: str) -> str:
    if width < 4 or (offset > 0 and width < 7):
        return text
    return _abbreviated(to_bytes(text), offset, width)


def _abbreviated(data: bytes, offset: int, width: int) -> str:
    if len(data) <= width:
        return from_bytes(data)
    offset = min(offset, len(data))
    if len(data) - offset < width - 3:
        offset = len(data) - (width - 3)
    if offset <= 4:
        return from_bytes(data[: width - 3] + _ELLIPSIS)
    if width < 7:
        return ""
    if offset + width - 3 < len(data):
        inner = data[offset:]
        short = width - 3
        return from_bytes(_ELLIPSIS + (inner if len(inner) <= short else inner[: short - 3] + _ELLIPSIS))
    return from_bytes(_ELLIPSIS + data[len(data) - (width - 3) :])


def _cut(data: bytes, first: int, last: int) -> str:
    """``data[first:last]`` of Go, which is an error outside of the text."""
    if not 0 <= first <= last <= len(data):
        raise Fault("failed", f"there are no bytes {first} to {last} in a text of {len(data)}")
    return from_bytes(data[first:last])


def _truncate(count: int, text: str) -> str:
    data = to_bytes(text)
    return text if len(data) <= count else _cut(data, 0, count)


def _substring(start: int, end: int, text: str) -> str:
    data = to_bytes(text)
    if start < 0:
        return _cut(data, 0, end)
    return _cut(data, start, len(data) if end < 0 or end > len(data) else end)


def _title(text: str) -> str:
    made = []
    before = " "
    for char in text:
        made.append(title(char) if _separates(before) else char)
        before = char
    return "".join(made)


def _separates(char: str) -> bool:
    if char == "_" or char.isalpha() or char.isdecimal():
        return False
    return char.isascii() or is_space(char)


def _untitle(text: str) -> str:
    made = []
    first = True
    for char in text:
        made.append(lower(char) if first and not is_space(char) else char)
        first = is_space(char)
    return "".join(made)


def _swap_case(text: str) -> str:
    made = []
    blank = True
    for char in text:
        if char.isupper() or char.istitle():
            made.append(lower(char))
            blank = False
        elif char.islower():
            made.append(title(char) if blank else upper(char))
            blank = False
        else:
            made.append(char)
            blank = is_space(char)
    return "".join(made)


def _without_blanks(text: str) -> str:
    """Byte by byte: a character of several bytes is not spared where there is a blank."""
    kept = "".join(char for char in to_bytes(text).decode("latin-1") if not is_space(char))
    return text if len(kept) == len(to_bytes(text)) else kept


def _initials(text: str) -> str:
    words = "".join(" " if is_space(char) else char for char in to_bytes(text).decode("latin-1")).split(" ")
    return "".join(word[0] for word in words if word)


def _repeat(run: Run, count: int, text: str) -> str:
    if count < 0:
        raise Fault("failed", "a text cannot be repeated less than 0 times")
    run.budget.make(count * len(text))
    return text * count


def _quote(run: Run, *values: t.Any) -> str:
    words = [to_text(value, run.budget) for value in values if value is not None]
    run.budget.make(sum(map(len, words)))
    return " ".join(map(quote, words))


def _single_quote(run: Run, *values: t.Any) -> str:
    return " ".join(f"'{show(value, run.budget)}'" for value in values if value is not None)


def _cat(run: Run, *values: t.Any) -> str:
    return " ".join(show(value, run.budget) for value in values if value is not None)


def _indent(run: Run, count: int, text: str) -> str:
    if count < 0:
        raise Fault("failed", "a text cannot be indented by less than 0")
    run.budget.make((text.count("\n") + 1) * count + len(text))
    return " " * count + text.replace("\n", "\n" + " " * count)


def _new_line_indent(run: Run, count: int, text: str) -> str:
    return "\n" + _indent(run, count, text)


def _replace(run: Run, old: str, new: str, text: str) -> str:
    run.budget.make(text.count(old) * len(new) + len(text))
    return text.replace(old, new)


def _split(run: Run, separator: str, text: str) -> TypedMap:
    return _numbered(_parts(run, text, separator, -1))


def _split_some(run: Run, separator: str, count: int, text: str) -> TypedMap:
    return _numbered(_parts(run, text, separator, count))


def _split_list(run: Run, separator: str, text: str) -> TypedList:
    return texts(_parts(run, text, separator, -1))


def _parts(run: Run, text: str, separator: str, count: int) -> list[str]:
    """At most ``count`` parts; without a separator, single characters."""
    if not count:
        return []
    run.budget.step(text.count(separator) + 1)
    if separator:
        return text.split(separator, count - 1) if count > 0 else text.split(separator)
    if count < 0 or count >= len(text):
        return list(text)
    return [*text[: count - 1], text[count - 1 :]]


def _numbered(parts: t.Sequence[str]) -> TypedMap:
    return TypedMap({f"_{number}": part for number, part in enumerate(parts)}, TEXTS)


def _join(run: Run, separator: str, values: t.Any) -> str:
    parts = to_texts(values, run.budget)
    run.budget.make(sum(map(len, parts)) + len(separator) * len(parts))
    return separator.join(parts)


def _sort(run: Run, values: t.Any) -> TypedList:
    found = to_texts(values, run.budget) if isinstance(values, (list, bytes)) else [to_text(values, run.budget)]
    return texts(sorted(found, key=to_bytes))


def _to_string(run: Run, value: t.Any) -> str:
    return to_text(value, run.budget)


def _to_strings(run: Run, value: t.Any) -> TypedList:
    return texts(to_texts(value, run.budget))


def _wrap(run: Run, width: int, text: str) -> str:
    return _wrapped(run, to_bytes(text), width, b"\n", breaks_words=False)


def _wrap_with(run: Run, width: int, separator: str, text: str) -> str:
    return _wrapped(run, to_bytes(text), width, to_bytes(separator) or b"\n", breaks_words=True)


def _wrapped(run: Run, data: bytes, width: int, separator: bytes, *, breaks_words: bool) -> str:
    width = max(width, 1)
    made: list[bytes] = []
    at = 0
    while len(data) - at > width:
        run.budget.step()
        if data[at] == 0x20:
            at += 1
            continue
        space = data.rfind(b" ", at, at + width + 1)
        if space < 0 and not breaks_words:
            space = data.find(b" ", at + width)
            if space < 0:
                break
        end = space if space >= 0 else at + width
        run.budget.make(end - at + len(separator))
        made += [data[at:end], separator]
        at = end + (space >= 0)
    return from_bytes(b"".join(made) + data[at:])


def _plural(one: str, many: str, count: int) -> str:
    return one if count == 1 else many


TEXT_FUNCTIONS = table(
    function("abbrev", _abbreviate, "int string"),
    function("abbrevboth", _abbreviate_both, "int int string"),
    function("trunc", _truncate, "int string"),
    function("trim", lambda text: text.strip(SPACES), "string"),
    function("upper", upper, "string"),
    function("lower", lower, "string"),
    function("title", _title, "string"),
    function("untitle", _untitle, "string"),
    function("substr", _substring, "int int string"),
    function("repeat", _repeat, "int string", with_run=True),
    function("trimall", lambda chars, text: text.strip(chars), "string string"),
    function("trimAll", lambda chars, text: text.strip(chars), "string string"),
    function("trimSuffix", lambda end, text: text.removesuffix(end), "string string"),
    function("trimPrefix", lambda start, text: text.removeprefix(start), "string string"),
    function("nospace", _without_blanks, "string"),
    function("initials", _initials, "string"),
    function("swapcase", _swap_case, "string"),
    function("wrap", _wrap, "int string", with_run=True),
    function("wrapWith", _wrap_with, "int string string", with_run=True),
    function("contains", lambda part, text: part in text, "string string"),
    function("hasPrefix", lambda start, text: text.startswith(start), "string string"),
    function("hasSuffix", lambda end, text: text.endswith(end), "string string"),
    function("quote", _quote, "any...", with_run=True),
    function("squote", _single_quote, "any...", with_run=True),
    function("cat", _cat, "any...", with_run=True),
    function("indent", _indent, "int string", with_run=True),
    function("nindent", _new_line_indent, "int string", with_run=True),
    function("replace", _replace, "string string string", with_run=True),
    function("plural", _plural, "string string int"),
    function("toString", _to_string, "any", with_run=True),
    function("toStrings", _to_strings, "any", with_run=True),
    function("split", _split, "string string", with_run=True),
    function("splitn", _split_some, "string int string", with_run=True),
    function("splitList", _split_list, "string string", with_run=True),
    function("join", _join, "string any", with_run=True),
    function("sortAlpha", _sort, "any", with_run=True),
    function("hello", lambda: "Hello!"),
)

__all__ = ("TEXT_FUNCTIONS",)
