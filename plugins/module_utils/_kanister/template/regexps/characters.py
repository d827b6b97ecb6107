# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets of characters in regular expressions."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import functools
import unicodedata

HIGHEST = 0x10FFFF

#: Ranges of code points, both ends included.
DIGITS = ((48, 57),)
WORDS = ((48, 57), (65, 90), (95, 95), (97, 122))
BLANKS = ((9, 10), (12, 13), (32, 32))

POSIX = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 31), (127, 127)),
    "digit": DIGITS,
    "graph": ((33, 126),),
    "lower": ((97, 122),),
    "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "upper": ((65, 90),),
    "word": WORDS,
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}

Ranges = tuple[tuple[int, int], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class CharacterSet:
    """``categories`` are of Unicode, such as L or Lu; ``^L`` is what is not of it."""

    ranges: Ranges = ()
    categories: tuple[str, ...] = ()
    negated: bool = False
    folds: bool = False

    def holds(self, char: str) -> bool:
        found = any(self._holds(each) for each in _variants(char)) if self.folds else self._holds(char)
        return found != self.negated

    def _holds(self, char: str) -> bool:
        code = ord(char)
        if any(low <= code <= high for low, high in self.ranges):
            return True
        return any(_is_of(char, category) for category in self.categories)


def _is_of(char: str, category: str) -> bool:
    if category.startswith("^"):
        return not unicodedata.category(char).startswith(category[1:])
    return unicodedata.category(char).startswith(category)


@functools.lru_cache(maxsize=512)
def _variants(char: str) -> tuple[str, ...]:
    """The character in both cases."""
    return tuple({char, *(other for other in (char.lower(), char.upper()) if len(other) == 1)})


def complement(ranges: Ranges) -> Ranges:
    """What is in none of the ranges."""
    made: list[tuple[int, int]] = []
    start = 0
    for low, high in sorted(ranges):
        if low > start:
            made.append((start, low - 1))
        start = max(start, high + 1)
    if start <= HIGHEST:
        made.append((start, HIGHEST))
    return tuple(made)


__all__ = ("BLANKS", "DIGITS", "HIGHEST", "POSIX", "WORDS", "CharacterSet", "Ranges", "complement")
