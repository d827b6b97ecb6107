# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What lies under a name before a new backup is stored there: a failed one that is replaced, or half of one."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.holds import refuse_held
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.named_elsewhere import NamedElsewhere
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.recorded_snapshots import RecordedSnapshots
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.removal import hide_backup, remove_files
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.snapshot_deleter import (
    SnapshotDeleter,
    SnapshotProvider,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog

What: t.TypeAlias = t.Literal["replaced", "interrupted"]


def remove_old(
    catalog: Catalog, name: str, what: What, *, providers: t.Iterable[SnapshotProvider], warn: t.Callable[[str], None]
) -> bool:
    """Remove it with its snapshots, which their ``providers`` delete; False when nothing is there.

    What makes it a backup goes first: one that is visible has its snapshots. Raises ``StoreError`` where that
    cannot be removed, and then nothing else was; what cannot be removed later is given to ``warn``, and so is what
    another backup records too. One that somebody holds stays, with a ``ValidationError``.
    """
    refuse_held(catalog.store, name)
    recorded = _recorded(catalog, name, what, warn)
    elsewhere = NamedElsewhere(catalog).find(name, recorded.all if recorded else ())
    hide_backup(catalog.store, name)
    if recorded is not None:
        stay = {snapshot: why for snapshot in recorded.all if (why := elsewhere.why_stays(snapshot))}
        wanted = [snapshot for snapshot in recorded.all if snapshot not in stay]
        left = stay | SnapshotDeleter(providers).delete(wanted, contents=recorded.contents)
        for found, why in left.items():
            warn(f"The snapshot {found} of the backup that was {what} is left behind: {why}")
    try:
        return bool(remove_files(catalog.store, name, keep_lock=True))
    except StoreError as exc:
        warn(f"Files of the backup that was {what} could not be removed, and are written over: {exc.message}")
        return False


def _recorded(catalog: Catalog, name: str, what: What, warn: t.Callable[[str], None]) -> RecordedSnapshots | None:
    try:
        return RecordedSnapshots(catalog.files(name))
    except ArchiveError as exc:
        warn(f"Which snapshots the backup that was {what} had is unknown, they are left behind: {exc.message}")
        return None


__all__ = ("remove_old",)
