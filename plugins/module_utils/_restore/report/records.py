# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restore leaves in the store, under ``restores/<r>/``, and what an earlier run left there.

The rules: Velero 1.18, docs/compatibility 1.3.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import gzip
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import RestoreFiles, gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.file_access import FileAccess
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.restores import is_unfinished, read_record
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.applied import AppliedPlan
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import RestoreKeys

#: Version of our own record of a restore.
_RECORD_VERSION = 1


@dataclasses.dataclass(frozen=True, slots=True)
class PreviousRun:
    """What an earlier run of the same restore recorded: the results of its exec hooks, and whether it ever ended."""

    hooks: tuple[dict[str, t.Any], ...] = ()
    unfinished: bool = False


class RestoreRecords:
    """The records of one restore by name: in ``store``; what an earlier run left may be in ``other`` as well."""

    def __init__(self, store: Store, name: str, *, other: Store | None = None) -> None:
        self._store = store
        self._places = [store] if other is None or other is store else [store, other]
        self._name = name
        self._keys = RestoreKeys(name)

    def read_previous(self, backup_name: str) -> PreviousRun:
        """What the same restore did before. Raises ``RestoreError`` for the name of another backup's restore."""
        for place in self._places:
            record = self._read(place)
            if record is not None:
                return self._previous(record, backup_name)
        return PreviousRun()

    def _read(self, place: Store) -> dict[str, t.Any] | None:
        try:
            return read_record(place, self._name)
        except StoreError as exc:
            if exc.not_found:
                return None
            raise
        except ArchiveError as exc:
            raise RestoreError(
                f"The record of an earlier restore '{self._name}' cannot be read: {exc.message}",
                hint="Choose another name.",
            ) from exc

    def _previous(self, record: t.Mapping[str, t.Any], backup_name: str) -> PreviousRun:
        earlier = ((record.get("restore") or {}).get("spec") or {}).get("backupName")
        if earlier != backup_name:
            raise RestoreError(
                f"Restore '{self._name}' was made from backup '{earlier}', not from '{backup_name}'.",
                hint="Choose another name; the same name again resumes a restore.",
            )
        return PreviousRun(tuple(record.get("hooks") or ()), unfinished=is_unfinished(record))

    def write(
        self,
        restore: t.Mapping[str, t.Any],
        *,
        applied: AppliedPlan,
        results: t.Mapping[str, t.Any],
        hooks: t.Sequence[t.Mapping[str, t.Any]],
        volumeinfo: t.Sequence[dict[str, t.Any]],
        log: bytes,
        broken_off: bool = False,
    ) -> bool:
        """Write everything, our own record last. False when the location must not be written.

        ``broken_off``: something was done, and what is left is to be done by another run of the same restore.
        """
        if not self._may_write():
            return False
        files = RestoreFiles(
            logs=gzip.compress(log, mtime=0),
            results=dict(results),
            resource_list=resource_list(applied),
            volumeinfo=list(volumeinfo),
        )
        BackupWriter(self._store).write_restore(self._name, files)
        summary = applied.plan.counts_by_resource()
        self._put_record(restore, summary=summary, hooks=hooks, broken_off=broken_off)
        return True

    def write_progress(self, restore: t.Mapping[str, t.Any], hooks: t.Sequence[t.Mapping[str, t.Any]]) -> None:
        """Our own record only, while the restore is in progress: what is in it is known when it is resumed."""
        if self._may_write():
            started = {**restore, "status": {**restore.get("status", {}), "phase": "InProgress"}}
            self._put_record(started, summary={}, hooks=hooks)

    def _may_write(self) -> bool:
        return not (self._store.location.read_only or Catalog(self._store).is_legacy)

    def _put_record(
        self,
        restore: t.Mapping[str, t.Any],
        *,
        summary: t.Mapping[str, t.Any],
        hooks: t.Sequence[t.Mapping[str, t.Any]],
        broken_off: bool = False,
    ) -> None:
        record = {"version": _RECORD_VERSION, "restore": restore, "summary": summary, "hooks": list(hooks)}
        if broken_off:
            record["broken_off"] = True
        FileAccess(self._store).put_bytes(self._keys.arkive_record, gzip_json(record))


def resource_list(applied: AppliedPlan) -> dict[str, list[str]]:
    """``{"v1/Pod": ["ns/name(created)", ...]}`` with created, updated, failed or skipped; sorted."""
    found: dict[str, list[str]] = {}
    for item in applied.plan.items:
        state = applied.state_of(item)
        if state:
            name = f"{item.namespace}/{item.name}" if item.namespace else item.name
            found.setdefault(f"{item.api_version}/{item.kind}", []).append(f"{name}({state})")
    return {kind: sorted(names) for kind, names in sorted(found.items())}


__all__ = ("PreviousRun", "RestoreRecords", "resource_list")
