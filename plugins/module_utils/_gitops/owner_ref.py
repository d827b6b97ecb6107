# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of owners, as objects carry them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t


class OwnerRef(t.NamedTuple):
    """``kind`` is one of the table of kinds. ``namespace`` empty: where Argo CD itself runs."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class Mark(t.NamedTuple):
    """What an object says of who owns it.

    ``left_alone``: the object says, too, that its owner leaves it as it is.
    """

    owner: OwnerRef
    left_alone: bool = False


class Identity(t.NamedTuple):
    """An object as owners name it in their lists; ``namespace`` is empty for one of the cluster."""

    group: str
    kind: str
    namespace: str
    name: str


__all__ = ("Identity", "Mark", "OwnerRef")
