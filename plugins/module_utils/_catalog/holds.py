# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds: a backup that somebody holds is not deleted, until it is released.

The hold is an object beside the backup's files. Velero leaves it alone, and takes it for a part of the backup.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import json
import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import BackupEntry, Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.errors import CatalogError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.name_lock import is_over
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store, refuse_write
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import LockRecord, WriteLock, require_free
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys

_MAX_BYTES = 1 << 16


@dataclasses.dataclass(frozen=True, slots=True)
class Hold:
    """Why a backup is held, by whom, and since when; what nobody said is empty."""

    reason: str = ""
    by: str = ""
    since: str = ""

    @property
    def text(self) -> str:
        """A phrase: ``held by legal since 2026-06-01T02:00:00Z (case 4711)``."""
        words = ["held", *([f"by {self.by}"] if self.by else []), *([f"since {self.since}"] if self.since else [])]
        return " ".join(words) + (f" ({self.reason})" if self.reason else "")

    def to_dict(self) -> dict[str, str]:
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HeldBackup:
    """What became of a hold: as it was, and as it is, None for none. ``backup``: the stored object."""

    location: str
    changed: bool
    backup: dict[str, t.Any]
    before: Hold | None
    after: Hold | None
    warnings: tuple[str, ...] = ()


def read_hold(store: Store, name: str) -> Hold | None:
    """None when nobody holds the backup. A hold that cannot be read holds as well."""
    try:
        data = store.get(BackupKeys(name).hold, max_bytes=_MAX_BYTES)
    except StoreError as exc:
        if exc.not_found:
            return None
        if exc.failure == "too_large":
            return Hold(reason="the record of the hold is damaged")
        raise
    try:
        members = json.loads(data)
        return Hold(*(str(members.get(name) or "") for name in ("reason", "by", "since")))
    except (ValueError, AttributeError, RecursionError):
        return Hold(reason="the record of the hold is damaged")


def hold_backup(
    store: Store, name: str, *, reason: str | None = None, by: str | None = None, check_mode: bool = False
) -> HeldBackup:
    """Hold a backup that is there. What is None stays as it is. Raises ``CatalogError`` when there is none."""

    def renewed(before: Hold | None) -> Hold:
        found = before or Hold(since=rfc3339(utc_now()))
        given = {key: value for key, value in (("reason", reason), ("by", by)) if value is not None}
        return dataclasses.replace(found, **given)

    return _change(store, name, renewed, check_mode=check_mode)


def release_backup(store: Store, name: str, *, check_mode: bool = False) -> HeldBackup:
    """Hold it no more; one that is not held is fine. Raises ``CatalogError`` when there is no such backup."""
    return _change(store, name, lambda _before: None, check_mode=check_mode)


def refuse_held(store: Store, name: str) -> None:
    """Raise ``ValidationError`` when somebody holds the backup."""
    hold = read_hold(store, name)
    if hold is not None:
        raise ValidationError(
            f"Backup '{name}' in {store.location.describe} is {hold.text}, and stays.",
            hint="Release it with state: released first.",
            details={"hold": hold.to_dict()},
        )


def _change(
    store: Store, name: str, renewed: t.Callable[[Hold | None], Hold | None], *, check_mode: bool
) -> HeldBackup:
    keys = BackupKeys(name)
    refuse_write(store.location)
    store.check(write=True, touch=not check_mode)
    catalog = Catalog(store)
    outcome = _compare(catalog, name, renewed)
    if not outcome.changed:
        return outcome

    def is_free(holder: LockRecord) -> bool:
        return is_over(catalog, name, holder)

    if check_mode:
        require_free(store, keys.write_lock, is_over=is_free)
        return outcome
    # Whoever deletes it has this lock, and looks for a hold when it has it.
    lock = WriteLock.acquire(store, keys.write_lock, run_id=f"hold-{secrets.token_hex(8)}", is_over=is_free)
    with lock:
        # Somebody else may have held or released it since.
        outcome = _compare(catalog, name, renewed)
        lock.require_held()
        if outcome.after is None:
            store.delete_many([keys.hold])
        elif outcome.changed:
            store.put(keys.hold, json.dumps(outcome.after.to_dict(), indent=2).encode() + b"\n")
    return dataclasses.replace(outcome, warnings=tuple(filter(None, [lock.left_behind])))


def _compare(catalog: Catalog, name: str, renewed: t.Callable[[Hold | None], Hold | None]) -> HeldBackup:
    entry = _find(catalog, name)
    before = read_hold(catalog.store, name) if entry.held else None
    after = renewed(before)
    return HeldBackup(
        location=catalog.store.location.describe,
        changed=before != after,
        backup=catalog.read_backup(name) or {},
        before=before,
        after=after,
    )


def _find(catalog: Catalog, name: str) -> BackupEntry:
    where = catalog.store.location.describe
    entry = catalog.entry(name)
    if entry is None or not entry.complete:
        raise CatalogError(f"There is no backup '{name}' in {where}.", hint="k8s_backup_info lists what there is.")
    if entry.flat:
        raise ValidationError(
            f"Backup '{name}' in {where} is one of Ark 0.9 or older at the root of the location, where nothing is ever "
            "changed."
        )
    if entry.deleting:
        raise CatalogError(
            f"The deletion of backup '{name}' in {where} has begun, and it may have lost snapshots already.",
            hint="Delete it again, so that the rest goes.",
        )
    return entry


__all__ = ("HeldBackup", "Hold", "hold_backup", "read_hold", "refuse_held", "release_backup")
