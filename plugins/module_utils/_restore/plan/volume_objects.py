# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stored claims, volumes and snapshots, which name one another: whoever decides on one asks for the others."""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.contents import BackupContents

#: Those that were asked for last are in memory.
_KEPT = 512


class VolumeObjects:
    """Reads each of them once while it is asked for. Safe to use from any thread.

    What it gives is not to be changed.
    """

    def __init__(self, contents: BackupContents) -> None:
        self._contents = contents
        self._find = functools.lru_cache(maxsize=_KEPT)(contents.find_object)

    def names(self, group_resource: GroupResource, namespace: str | None) -> t.Collection[str]:
        """Names of the stored objects of one type in one namespace (of the backup)."""
        return self._contents.names(group_resource, namespace)

    def find_object(self, group_resource: GroupResource, namespace: str | None, name: str) -> dict[str, t.Any] | None:
        """The stored object, None if it is not in the archive."""
        return self._find(group_resource, namespace, name)


__all__ = ("VolumeObjects",)
