# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One backup by its name, fit to be used; and what to say when it is not there."""

# Private: not for use outside of this collection.

from __future__ import annotations

import difflib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.errors import CatalogError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.name_lock import is_in_progress
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted

_LISTED_NAMES = 5


def find_backup(catalog: Catalog, name: str) -> dict[str, t.Any]:
    """The Backup object, which may have any phase.

    Raises ``CatalogError`` for an unknown backup, ``ArchiveError`` for one that no Velero server would take over,
    ``StoreError``.
    """
    catalog.store.check(write=False)
    backup = catalog.read_sound_backup(name)
    if backup is None:
        catalog.validate(writable=False)
        raise _unknown(catalog, name)
    return backup


def _unknown(catalog: Catalog, name: str) -> CatalogError:
    """The sentence for a name without a ``velero-backup.json``."""
    entries, where = catalog.entries(), catalog.store.location.describe
    for entry in entries:
        if entry.name == name and entry.locked and is_in_progress(catalog, name):
            return CatalogError(
                f"Backup '{name}' in {where} is still being made.", hint="Wait until its run has ended."
            )
        if entry.name == name:
            return CatalogError(
                f"Backup '{name}' in {where} was never finished: it has no velero-backup.json.", hint="Make it again."
            )
    names = [entry.name for entry in entries if entry.complete]
    near = difflib.get_close_matches(name, names, n=_LISTED_NAMES, cutoff=0.5)
    if near:
        hint = f"Did you mean {', '.join(near)}?"
    elif names:
        hint = f"It holds {counted(len(names), 'backup')}, such as {', '.join(names[-_LISTED_NAMES:])}."
    else:
        hint = "It holds no backups at all: check path, bucket and prefix."
    return CatalogError(f"There is no backup '{name}' in {where}.", hint=hint, details={"near_names": near})


__all__ = ("find_backup",)
