# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of the last time when a backup was read back: ``backups/<n>/<n>-arkive-verified.json``.

Velero leaves it alone, and it goes with the backup.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.name_lock import is_over
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339, rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock, WriteLockHeld
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys

_VERSION = 1
_MAX_BYTES = 1 << 20
_KEPT_PROBLEMS = 20


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """``uid``: of the Backup object that was read, so that another backup of its name is not taken for it.

    ``percentage``: of its objects that were read. ``snapshots``: whether all were asked for and are there.
    """

    uid: str
    verified: dt.datetime
    sound: bool
    percentage: int
    snapshots: bool
    problems: tuple[str, ...] = ()

    def is_of(self, backup: t.Mapping[str, t.Any]) -> bool:
        """Whether it is about this Backup object, as it was read."""
        return bool(self.uid) and self.uid == str((backup.get("metadata") or {}).get("uid") or "")

    def to_dict(self) -> dict[str, t.Any]:
        return {
            "version": _VERSION,
            "uid": self.uid,
            "verified": rfc3339(self.verified),
            "sound": self.sound,
            "percentage": self.percentage,
            "snapshots": self.snapshots,
            "problems": list(self.problems[:_KEPT_PROBLEMS]),
        }


def read_verification(store: Store, name: str) -> Verification | None:
    """None when the backup was never verified, or nobody can read when."""
    try:
        data = store.get(BackupKeys(name).verified, max_bytes=_MAX_BYTES)
    except StoreError as exc:
        if exc.not_found or exc.failure == "too_large":
            return None
        raise
    try:
        found = json.loads(data)
        return Verification(
            uid=str(found["uid"]),
            verified=parse_rfc3339(str(found["verified"])),
            sound=found["sound"] is True,
            percentage=int(found["percentage"]),
            snapshots=found["snapshots"] is True,
            problems=tuple(str(problem) for problem in found.get("problems") or ()),
        )
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError, ValidationError):
        return None


class Recorded(t.NamedTuple):
    """``done``: it stands in the location. ``warnings``: why it does not, or what was left behind."""

    done: bool
    warnings: tuple[str, ...] = ()


def write_verification(catalog: Catalog, name: str, verification: Verification) -> Recorded:
    """Raises ``StoreError``."""
    data = json.dumps(verification.to_dict(), indent=2).encode() + b"\n"
    return write_beside(
        catalog, name, what="verification", write=lambda: catalog.store.put(BackupKeys(name).verified, data)
    )


def write_beside(catalog: Catalog, name: str, *, what: str, write: t.Callable[[], object]) -> Recorded:
    """Under the lock of the name, so that nothing is left of a backup that is just deleted.

    Raises ``StoreError``.
    """
    keys = BackupKeys(name)
    try:
        lock = WriteLock.acquire(
            catalog.store,
            keys.write_lock,
            run_id=f"verify-{secrets.token_hex(8)}",
            is_over=lambda holder: is_over(catalog, name, holder),
        )
    except WriteLockHeld as exc:
        return not_recorded(what, name, exc.message)
    with lock:
        if not catalog.exists(name):
            return not_recorded(what, name, "the backup is gone.")
        lock.require_held()
        write()
    return Recorded(True, tuple(filter(None, [lock.left_behind])))


def not_recorded(what: str, name: str, why: str) -> Recorded:
    """``why``: a sentence."""
    return Recorded(False, (f"The {what} of backup '{name}' is not recorded: {why}",))


__all__ = ("Recorded", "Verification", "not_recorded", "read_verification", "write_beside", "write_verification")
