# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where stored objects are read from: the archive of a backup, or whatever else holds them under their names."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource


class ItemSource(t.Protocol):
    """Stored objects, known by their names before they are read. Safe to read from any thread.

    ``TarballReader`` of ``_archive`` is one: what ``open_backup`` gives.
    """

    @property
    def warnings(self) -> t.Sequence[str]:
        """Warnings about it."""

    @property
    def items(self) -> t.Sequence[ItemRef]:
        """All objects, each once."""

    def versions(self, gr: GroupResource) -> t.Mapping[str, t.Sequence[ItemRef]]:
        """More copies of one type, by the name of the API version that they are in; empty where there are none."""

    def read(self, ref: ItemRef) -> dict[str, t.Any]:
        """An object, parsed again: the caller may change it.

        Raises ``ArchiveError`` for what is not the object of that name.
        """

    def close(self) -> None:
        """Nothing is read any more."""


__all__ = ("ItemSource",)
