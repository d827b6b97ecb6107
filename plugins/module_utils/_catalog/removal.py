# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take the files of a backup out of a location. What makes it a backup goes first: one that is listed is whole."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_check import delete_checked
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import ARK_METADATA_FILE, BackupKeys


def hide_backup(store: Store, name: str) -> list[str]:
    """Remove what makes it a backup, and nothing else. Returns the keys; none when it was not visible."""
    keys = BackupKeys(name)
    found = [key for key in (keys.metadata, f"{keys.directory}{ARK_METADATA_FILE}") if store.exists(key)]
    delete_checked(store, keys.directory, found)
    return found


def remove_files(store: Store, name: str, *, keep_lock: bool = False) -> list[str]:
    """Remove a backup or the rest of one, what makes it one first. Returns the keys; none when nothing was there.

    ``keep_lock`` leaves the lock for the run that holds it to release. The note of its deletion goes when nothing else
    is there. One at the root, of Ark, is not touched.
    """
    hidden = hide_backup(store, name)
    keys = BackupKeys(name)
    found = [info.key for info in store.list(keys.directory).objects]
    doomed = [key for key in found if key not in hidden and not (keep_lock and key == keys.write_lock)]
    delete_checked(store, keys.directory, [key for key in doomed if key != keys.deletion])
    delete_checked(store, keys.directory, [key for key in doomed if key == keys.deletion])
    return [*hidden, *doomed]


__all__ = ("hide_backup", "remove_files")
