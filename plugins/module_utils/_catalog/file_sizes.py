# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a backup and their sizes, in little room: thousands of backups have files of the same kinds."""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import typing as t


class FileSizes(t.Mapping[str, int]):
    """By the name of the file. What follows the backup's name in it is kept once for all that have the same."""

    __slots__ = ("_kinds", "_name", "_sizes")

    def __init__(self, name: str, sizes: t.Mapping[str, int]) -> None:
        self._name = name
        self._kinds = _known(tuple(_kind(name, file) for file in sizes))
        self._sizes = tuple(sizes.values())

    def __getitem__(self, file: str) -> int:
        try:
            return self._sizes[self._kinds.index(_kind(self._name, file))]
        except ValueError:
            raise KeyError(file) from None

    def __iter__(self) -> t.Iterator[str]:
        for belongs, rest in self._kinds:
            yield f"{self._name}{rest}" if belongs else rest

    def __len__(self) -> int:
        return len(self._kinds)


#: Whether it begins with the backup's name, and the rest.
_Kind: t.TypeAlias = "tuple[bool, str]"


def _kind(name: str, file: str) -> _Kind:
    return (True, file[len(name) :]) if file.startswith(name) else (False, file)


@functools.lru_cache(maxsize=1024)
def _known(kinds: tuple[_Kind, ...]) -> tuple[_Kind, ...]:
    """The first of all equal ones."""
    return kinds


__all__ = ("FileSizes",)
