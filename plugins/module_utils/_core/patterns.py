# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Velero's name patterns: gobwas globs, mostly without separators (Velero 1.18, docs/compatibility 3.4)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import re


@functools.lru_cache(maxsize=4096)
def compile_glob(pattern: str, separator: str = "") -> re.Pattern[str] | None:
    r"""A regular expression for ``*``, ``?``, ``[a-z]``, ``[!a]``, ``{a,b}`` and ``\`` escapes.

    None when the pattern does not compile: such a pattern never matches, as in Velero. ``*`` and ``?`` stop at the
    character ``separator``, where there is one; ``**`` does not.
    """
    any_char = f"[^{re.escape(separator)}]" if separator else "."
    out: list[str] = []
    depth = 0
    i = 0
    while i < len(pattern):
        char = pattern[i]
        i += 1
        if char == "*":
            single = pattern[i : i + 1] != "*"
            while pattern[i : i + 1] == "*":
                i += 1
            out.append(f"{any_char}*" if single else ".*")
        elif char == "?":
            out.append(any_char)
        elif char == "[":
            found = _read_class(pattern, i)
            if found is None:
                return None
            text, i = found
            out.append(text)
        elif char == "{":
            depth += 1
            out.append("(?:")
        elif char == "}" and depth:
            depth -= 1
            out.append(")")
        elif char == "," and depth:
            out.append("|")
        elif char == "\\":
            if i >= len(pattern):
                return None
            out.append(re.escape(pattern[i]))
            i += 1
        else:
            out.append(re.escape(char))
    if depth:
        return None
    try:
        return re.compile("".join(out), re.DOTALL)
    except re.error:
        return None


def _read_class(pattern: str, start: int) -> tuple[str, int] | None:
    """What follows a ``[``: one range, or a list of characters, and nothing else (gobwas).

    ``[a-zA-Z]`` does not compile, and the ``-`` of ``[abc-z]`` is a character. Returns the regular expression and the
    position behind the ``]``.
    """
    negated = "^" if pattern[start : start + 1] == "!" else ""
    i = start + len(negated)
    if pattern[i + 1 : i + 2] == "-":
        low, high, close = pattern[i], pattern[i + 2 : i + 3], pattern[i + 3 : i + 4]
        if close != "]" or high < low:
            return None
        return f"[{negated}{re.escape(low)}-{re.escape(high)}]", i + 4
    chars: list[str] = []
    while i < len(pattern) and pattern[i] != "]":
        i += pattern[i] == "\\"
        chars.append(re.escape(pattern[i : i + 1]))
        i += 1
    if i >= len(pattern) or not chars:
        return None
    return f"[{negated}{''.join(chars)}]", i + 1


def matches_glob(pattern: str, value: str) -> bool:
    """True when the whole of ``value`` fits ``pattern``."""
    compiled = compile_glob(pattern)
    return compiled is not None and compiled.fullmatch(value) is not None


__all__ = ("compile_glob", "matches_glob")
