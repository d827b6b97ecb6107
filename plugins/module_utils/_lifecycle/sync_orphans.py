# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backup objects whose files are gone (docs/compatibility 7.5)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_location import SyncedLocation
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_request import Remark
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_objects import BackupRef, VeleroObjects

#: Others have no files that could be gone: they are being made, or came to nothing.
_HAD_FILES = ("Completed", "PartiallyFailed")


def remove_orphans(
    objects: VeleroObjects,
    catalog: Catalog,
    location: SyncedLocation,
    *,
    present: t.Container[str],
    refs: t.Iterable[BackupRef],
) -> tuple[tuple[str, ...], tuple[Remark, ...]]:
    """The names that were removed, and those that stay. ``present``: the backups that the location has files of.

    Nothing in the store is touched. The store is asked once more for each before its object goes.
    """
    removed, kept = [], []
    for ref in refs:
        if ref.phase not in _HAD_FILES or ref.name in present or not objects.is_of(ref, location.name):
            continue
        if location.why_kept:
            kept.append(Remark(ref.name, f"Its files are gone. {location.why_kept}"))
        elif catalog.entry(ref.name) is None and objects.delete_backup(ref):
            removed.append(ref.name)
    return tuple(removed), tuple(kept)


__all__ = ("remove_orphans",)
