# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the files of one backup, whichever version of Ark or Velero has written them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.arkive_record import ArkiveRecord
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import DAMAGED, ArchiveError, advising
from ansible_collections.arkive.k8s.plugins.module_utils._archive.file_access import FileAccess
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_json import (
    MAX_TEXT,
    parse_gzip_document,
    parse_text,
)
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_streams import Cancellable, read_log_end
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.ark import convert_backup, legacy_volume_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import ARK_METADATA_FILE

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_reader import TarballReader
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys

#: The gzip'd JSON files of a backup, as attributes of ``BackupKeys``.
JsonFile: t.TypeAlias = t.Literal[
    "results",
    "resource_list",
    "volumeinfo",
    "volumesnapshots",
    "podvolumebackups",
    "itemoperations",
    "csi_volumesnapshots",
    "csi_volumesnapshotcontents",
    "arkive_record",
]
#: All files that can be taken out of a backup, by the same attributes.
StoredFile: t.TypeAlias = JsonFile | t.Literal["metadata", "tarball", "logs", "result"]
STORED_FILES: tuple[StoredFile, ...] = ("metadata", "tarball", "logs", "result", *t.get_args(JsonFile))
_MAX_METADATA = 16 << 20
_CHUNK = 1 << 20


class StoredFiles:
    """The files of the backup at ``keys``, each read again. Safe to use from several threads.

    After ``cancel`` no long read goes on.
    """

    def __init__(self, store: Store, keys: BackupKeys, cancel: CancelToken | None = None) -> None:
        self.name = keys.name
        self._files = FileAccess(store)
        self._keys = keys
        self._cancel = cancel or CancelToken()

    @property
    def keys(self) -> BackupKeys:
        return self._keys

    @property
    def store(self) -> Store:
        return self._files.store

    @advising(DAMAGED)
    def read_backup(self) -> dict[str, t.Any] | None:
        """The Backup object, None when there is none; one of Ark's is converted to Velero's words.

        Raises ``ArchiveError`` unless it is an object with metadata; ``find_problems`` says what else is wrong.
        """
        data = self._get(self._keys.metadata, _MAX_METADATA)
        if data is None:
            return None
        backup = parse_text(data, what=self._keys.metadata)
        if not isinstance(backup, dict) or not isinstance(backup.get("metadata"), dict):
            raise ArchiveError(f"{self._keys.metadata} is not a Backup object.")
        return convert_backup(backup) if self._is_of_ark else backup

    @advising(DAMAGED)
    def read_json(self, file: JsonFile) -> t.Any:
        """A file's document; None when the file is not there (all of them are optional) or says ``null``.

        Raises ``ArchiveError`` for what is no JSON, or of another type than the file's. Where Ark kept the snapshots
        in the Backup's status, these are the volumesnapshots.
        """
        key: str = getattr(self._keys, file)
        data = self._get(key, MAX_TEXT)
        if data is None:
            return self._snapshots_in_status() if file == "volumesnapshots" and self._is_of_ark else None
        from ansible_collections.arkive.k8s.plugins.module_utils._velero.document_shapes import BACKUP_FILES

        return parse_gzip_document(data, BACKUP_FILES[file], what=key)

    @advising(DAMAGED)
    def read_record(self) -> ArkiveRecord | None:
        """Our own record; None for a backup that Velero wrote."""
        document = self.read_json("arkive_record")
        return None if document is None else ArkiveRecord.from_dict(document)

    def read_log_end(self, limit: int) -> tuple[str, bool] | None:
        """At most the last ``limit`` bytes of the log, from the start of a line, and whether there was more before."""
        return read_log_end(self._files, self._keys.logs, limit, self._cancel)

    @advising(DAMAGED)
    def open_tarball(self) -> TarballReader:
        """The backup's objects, checked against the digest in our record where there is one."""
        from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_reader import TarballReader

        key = self._keys.tarball
        record = self.read_record()
        digest = record.files.get(key.rpartition("/")[2]) if record else None
        try:
            file = self._files.open(key)
        except StoreError as exc:
            if not exc.not_found:
                raise
            raise ArchiveError(f"The backup '{self.name}' has no tarball ({key}).") from exc
        with file as stream:
            source = Cancellable(stream, self._cancel)
            return TarballReader.open(source, expected_sha256=digest.sha256 if digest else None, what=key)

    def read_pieces(self, file: StoredFile) -> t.Iterator[bytes] | None:
        """A file from its start to its end: the tarball as it is stored, others as the text in them. None without it.

        The end of a tarball that is not the one that was written raises ``ArchiveError``, as any damage does.
        """
        key: str = getattr(self._keys, file)
        if not self._files.store.exists(key):
            return None
        return self._pieces(key, file)

    def _pieces(self, key: str, file: StoredFile) -> t.Iterator[bytes]:
        record = self.read_record() if file == "tarball" else None
        written = record.files.get(key.rpartition("/")[2]) if record else None
        digest = hashlib.sha256()
        with advising(DAMAGED), self._files.open(key) as stream:
            from ansible_collections.arkive.k8s.plugins.module_utils._archive.gunzip import GunzipReader

            source = Cancellable(stream, self._cancel)
            reader = source if file in ("metadata", "tarball") else GunzipReader(source, what=key)
            while data := reader.read(_CHUNK):
                digest.update(data)
                yield data
        if written and written.sha256 != digest.hexdigest():
            raise ArchiveError(
                f"{key} is not the one that was written: its SHA-256 is {digest.hexdigest()}, the record says "
                f"{written.sha256}.",
                hint=DAMAGED,
            )

    @property
    def _is_of_ark(self) -> bool:
        return self._keys.metadata.endswith(f"/{ARK_METADATA_FILE}")

    def _snapshots_in_status(self) -> list[dict[str, t.Any]] | None:
        return legacy_volume_snapshots(self.read_backup() or {}) or None

    def _get(self, key: str, limit: int) -> bytes | None:
        try:
            return self._files.get(key, max_bytes=limit)
        except StoreError as exc:
            if exc.not_found:
                return None
            if exc.failure == "too_large":
                raise ArchiveError(exc.message) from exc
            raise


__all__ = ("STORED_FILES", "JsonFile", "StoredFile", "StoredFiles")
