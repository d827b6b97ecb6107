# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible builds what it sends of a module anew for each run: here it does so without looking for garbage."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import gc
import typing as t

#: Objects made before Python looks for cycles among them; 700 to 2,000 by default.
_OBJECTS = 200_000


@contextlib.contextmanager
def seldom_collected() -> t.Iterator[None]:
    """While the context is open, garbage is looked for seldom; never more often than it was, and not where it was off.

    Of each file that a module imports Ansible makes a syntax tree of thousands of objects, and Python looks through all
    that are alive again and again while they are made: that took half of the time.
    """
    first, *others = gc.get_threshold()
    gc.set_threshold(max(first, _OBJECTS) if first else 0, *others)
    try:
        yield
    finally:
        gc.set_threshold(first, *others)


__all__ = ("seldom_collected",)
