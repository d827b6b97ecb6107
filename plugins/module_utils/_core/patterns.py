# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Velero's name patterns: gobwas globs without separators (spec: Velero 1.18, include/exclude lists)."""

from __future__ import annotations

import functools
import re


@functools.lru_cache(maxsize=4096)
def compile_glob(pattern: str) -> re.Pattern[str] | None:
    r"""A regular expression for ``*``, ``?``, ``[a-z]``, ``[!a]``, ``{a,b}`` and ``\`` escapes.

    None when the pattern does not compile: such a pattern never matches, as in Velero.
    """
    out: list[str] = []
    depth = 0
    i = 0
    while i < len(pattern):
        char = pattern[i]
        i += 1
        if char == "*":
            while pattern[i : i + 1] == "*":
                i += 1
            out.append(".*")
        elif char == "?":
            out.append(".")
        elif char == "[":
            end = pattern.find("]", i + 1)
            if end < 0:
                return None
            body = pattern[i:end]
            negated = body.startswith("!")
            body = body.removeprefix("!").replace("\\", "\\\\").replace("^", "\\^")
            out.append(f"[{'^' if negated else ''}{body}]")
            i = end + 1
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


def matches_glob(pattern: str, value: str) -> bool:
    """True when the whole of ``value`` fits ``pattern``."""
    compiled = compile_glob(pattern)
    return compiled is not None and compiled.fullmatch(value) is not None


__all__ = ("compile_glob", "matches_glob")
