# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Delete a backup."""

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._archive.repository import BackupRepository
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._store.claims import Claim
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys


def delete_backup(name: str, *, store: Store, check_mode: bool = False) -> BackupOutcome:
    """Remove all files of ``name``; one that is not there is fine. A backup that another run makes is refused."""
    store.check(write=not check_mode)
    repository = BackupRepository(store)
    backup = repository.read_backup(name)
    outcome = BackupOutcome(backup=backup, location=store.location.describe)
    if backup is None and name not in {entry.name for entry in repository.incomplete()}:
        return outcome
    outcome.changed = True
    if not check_mode:
        with Claim.acquire(store, BackupKeys(name).claim, run_id=f"delete-{name}"):
            repository.delete(name, keep_claim=True)
    return outcome


__all__ = ("delete_backup",)
