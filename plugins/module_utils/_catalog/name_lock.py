# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who works on the name of a backup: its write lock, and when it is over although it has not expired."""

# Private: not for use outside of this collection.

from __future__ import annotations

import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import (
    WriteLock,
    WriteLockHeld,
    read_write_lock,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
    from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
    from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import LockRecord

#: How long a run is waited for that was about to commit, in seconds: a little more than a lock lasts.
_PATIENCE = 150.0
_PAUSE = 1.0


def lock_name(
    catalog: Catalog,
    name: str,
    *,
    run_id: str,
    cancel: CancelToken,
    progress: ProgressSink = no_progress,
) -> WriteLock:
    """The lock of ``name``. Its backup may have become visible meanwhile.

    A run that was about to commit is waited for: it ends in a moment, or it has lost its store and its lock expires.
    Only then can nothing of it appear any more. Raises ``WriteLockHeld`` for every other live run.
    """
    key, end, shown = BackupKeys(name).write_lock, time.monotonic() + _PATIENCE, False
    while True:
        try:
            return WriteLock.acquire(
                catalog.store, key, run_id=run_id, is_over=lambda holder: is_over(catalog, name, holder)
            )
        except WriteLockHeld as exc:
            if not exc.holder.commits or time.monotonic() >= end:
                raise
            if not shown:
                shown = True
                progress(f"run {exc.holder.run} was about to store this backup: waiting until it has, or has ended")
        cancel.wait(_PAUSE)
        cancel.check()


def is_over(catalog: Catalog, name: str, holder: LockRecord) -> bool:
    """True when nobody works under the lock ``holder`` any more.

    It has expired, or what it was to commit is there, or its process is known to be gone: but what a process sends last
    may arrive after its end, so that one that was about to commit does not count as gone.
    """
    if utc_now() >= holder.expires:
        return True
    if not holder.commits:
        return holder.is_gone
    try:
        backup = catalog.read_backup(name)
    except ArchiveError:
        return False
    return backup is not None and backup["metadata"].get("uid") == holder.commits


def is_in_progress(catalog: Catalog, name: str) -> bool:
    """True while a run works on ``name``, or may do so: its lock may be damaged."""
    holder = read_write_lock(catalog.store, BackupKeys(name).write_lock)
    return holder is not None and not is_over(catalog, name, holder)


__all__ = ("is_in_progress", "is_over", "lock_name")
