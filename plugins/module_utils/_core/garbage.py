# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Python's search for garbage in cycles, kept from going through millions of parsed objects that have none."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import gc
import typing as t

#: This many new containers start a search: a few large pages hold less. Python's own number is 700 to 2,000.
_NEW_CONTAINERS = 500_000


@contextlib.contextmanager
def rare_collections() -> t.Iterator[None]:
    """While this lasts, cycles are looked for rarely. What is in no cycle is freed at once all the same.

    For the whole process: for runs that parse much JSON, whose time would go by a third into these searches.
    """
    before = gc.get_threshold()
    if 0 < before[0] < _NEW_CONTAINERS:
        gc.set_threshold(_NEW_CONTAINERS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


__all__ = ("rare_collections",)
