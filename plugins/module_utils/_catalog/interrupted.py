# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup that is stored although its run did not end as it should: its lock lies there still."""

# Private: not for use outside of this collection.

from __future__ import annotations

import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.name_lock import is_over
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import LockRecord, WriteLock, read_write_lock
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog


def end_interrupted(catalog: Catalog, name: str, *, dry_run: bool = False) -> tuple[LockRecord | None, list[str]]:
    """Remove the lock that the run of a stored backup left: who had it, None where there is none, and warnings.

    With ``dry_run`` it stays.
    """
    key = BackupKeys(name).write_lock
    try:
        holder = read_write_lock(catalog.store, key)
        if holder is None or not is_over(catalog, name, holder):
            return None, []
        if dry_run:
            return holder, []
        lock = WriteLock.acquire(
            catalog.store,
            key,
            run_id=f"end-{secrets.token_hex(8)}",
            is_over=lambda record: is_over(catalog, name, record),
        )
    except StoreError:
        # It is in nobody's way, and may be another run's by now.
        return None, []
    lock.release()
    return holder, list(filter(None, [lock.left_behind]))


__all__ = ("end_interrupted",)
