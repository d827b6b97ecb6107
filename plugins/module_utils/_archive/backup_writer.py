# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes whole backups, and the files of restores.

``velero-backup.json`` is the commit point: it is stored last and removed first, so that a backup is listed only while
all of its files are there.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import hashlib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.arkive_record import ArkiveRecord, FileDigest
from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._archive.commit_point import CommitPoint, Ownership, Patience
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError, CommitUnknown
from ansible_collections.arkive.k8s.plugins.module_utils._archive.file_access import FileAccess
from ansible_collections.arkive.k8s.plugins.module_utils._archive.file_writer import FileWriter
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_check import check_stored
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_pretty
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import TERMINAL_PHASES
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import (
    METADATA_FILE,
    BackupKeys,
    RestoreKeys,
)

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import BackupFiles, RestoreFiles
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store


def _nobody(_sentence: str) -> None:
    """Takes warnings and drops them."""


#: A run that is refused stores nothing.
_STORED_PHASES = frozenset(TERMINAL_PHASES) - {"FailedValidation"}


class BackupWriter:
    """Writes into ``store``, in Velero's layout."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._files = FileAccess(store)

    def publish(
        self,
        files: BackupFiles,
        *,
        lock: Ownership | None = None,
        cancel: CancelToken | None = None,
        patience: Patience | None = None,
        warn: t.Callable[[str], None] = _nobody,
    ) -> ArkiveRecord:
        """Store a backup: everything else first, ``velero-backup.json`` last. Returns the record with its digests.

        Before the commit one listing says whether everything is there as it was written, and after it the commit point
        is read back; after ``cancel`` nothing is committed. When anything fails, all that this call wrote is removed
        again, unless the ``lock`` was lost: then the files may be those of the run that took over. Raises
        ``CommitUnknown`` when the backup may be visible; then everything stays. ``warn`` is given what did not
        hinder, also beside an error.
        """
        keys = BackupKeys(str(files.metadata.get("metadata", {}).get("name", "")))
        _check_terminal(files.metadata, keys.name)
        if self._store.exists(keys.metadata):
            raise ArchiveError(f"The backup '{keys.name}' already exists in {self._store.location.describe}.")
        cancel = cancel or CancelToken()
        writer = FileWriter(self._files, lock, cancel)
        metadata = encode_pretty(files.metadata)
        uid = str(files.metadata["metadata"].get("uid", ""))
        commit = CommitPoint(
            self._store,
            keys.metadata,
            self._files.encoded(keys.metadata, metadata),
            uid=uid,
            lock=lock,
            patience=patience or Patience(),
        )
        try:
            record = self._store_files(writer, keys, files, metadata)
            for sentence in check_stored(self._store, keys.directory, [file.stored for file in writer.written]):
                warn(sentence)
            cancel.check()
            commit.write(cancel)
        except CommitUnknown:
            raise
        except BaseException:
            writer.undo(warn)
            raise
        for sentence in commit.warnings:
            warn(sentence)
        return record

    def write_restore(self, name: str, files: RestoreFiles, *, warn: t.Callable[[str], None] = _nobody) -> None:
        """Store the files of one restore; a failure removes what was written. ``warn`` is given what could not be."""
        keys = RestoreKeys(name)
        writer = FileWriter(self._files, None, CancelToken())
        try:
            writer.put(keys.logs, files.logs)
            for key, value in (
                (keys.results, files.results),
                (keys.resource_list, files.resource_list),
                (keys.itemoperations, files.itemoperations),
                (keys.volumeinfo, files.volumeinfo),
            ):
                writer.put(key, gzip_json(value))
        except BaseException:
            writer.undo(warn)
            raise

    def _store_files(self, writer: FileWriter, keys: BackupKeys, files: BackupFiles, metadata: bytes) -> ArkiveRecord:
        summary = files.tarball_summary
        tarball = writer.put(keys.tarball, files.tarball, size=summary.size)
        if tarball.sha256 != summary.sha256:
            raise ArchiveError(f"What was stored as {keys.tarball} is not what was written: the digests differ.")
        stored = [tarball, writer.put(keys.logs, files.logs)]
        if files.digests is not None:
            stored.append(writer.put(keys.digests, files.digests))
        for key, value in (
            (keys.results, files.results),
            (keys.resource_list, files.resource_list),
            (keys.volumeinfo, files.volumeinfo),
            (keys.volumesnapshots, files.volumesnapshots),
            (keys.podvolumebackups, files.podvolumebackups),
            (keys.itemoperations, files.itemoperations),
        ):
            stored.append(writer.put(key, gzip_json(value)))
        digests = {_file_name(one.key): FileDigest(one.size, one.sha256) for one in stored}
        digests[METADATA_FILE] = FileDigest(len(metadata), hashlib.sha256(metadata).hexdigest())
        record = dataclasses.replace(files.record, files=digests)
        writer.put(keys.arkive_record, gzip_json(record.to_dict()))
        return record


def _file_name(key: str) -> str:
    return key.rpartition("/")[2]


def _check_terminal(backup: t.Mapping[str, t.Any], name: str) -> None:
    phase = (backup.get("status") or {}).get("phase", "")
    if phase not in _STORED_PHASES:
        # A server that syncs the location would run such a backup, or ignore it until it expires.
        raise ArchiveError(f"The backup '{name}' has the phase '{phase}', which is not final, and cannot be stored.")


__all__ = ("BackupWriter", "Ownership")
