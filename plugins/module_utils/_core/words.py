# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small words of sentences: one and many, lists that end."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t


def counted(number: int, one: str, many: str = "") -> str:
    """``1 item``, ``2 items``; ``many`` where it is not ``one`` with an s."""
    return f"{number} {plural(number, one, many)}"


def plural(number: int, one: str, many: str = "") -> str:
    """The word alone: ``item`` or ``items``, ``is`` or ``are``."""
    return one if number == 1 else many or f"{one}s"


def some_of(names: t.Sequence[str], *, most: int, separator: str = ", ") -> str:
    """``a, b and 3 more``: at most ``most`` of the names, and how many there are beside them."""
    shown = separator.join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


__all__ = ("counted", "plural", "some_of")
