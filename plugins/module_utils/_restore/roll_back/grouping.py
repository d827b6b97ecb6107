# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims that must be rolled back together, because they are linked by somebody who mounts more than one of them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t


def connect(names: t.Iterable[str], links: t.Iterable[t.Collection[str]]) -> list[tuple[str, ...]]:
    """``names`` in groups, in their order; what a link has that is none of them counts for nothing."""
    groups = {name: {name} for name in names}
    for link in links:
        linked = [name for name in link if name in groups]
        merged = set().union(*(groups[name] for name in linked)) if linked else set()
        for name in merged:
            groups[name] = merged
    order = {name: place for place, name in enumerate(groups)}
    found = {tuple(sorted(group, key=order.__getitem__)): None for group in groups.values()}
    return list(found)


__all__ = ("connect",)
