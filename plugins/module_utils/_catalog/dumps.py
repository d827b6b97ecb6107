# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dumps of databases beside a backup: which there are, and one of them read to its end."""

# Private: not for use outside of this collection.

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.compression import decompressed
from ansible_collections.arkive.k8s.plugins.module_utils._archive.dump_record import MAX_BYTES, DumpRecord
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import DAMAGED, ArchiveError, advising
from ansible_collections.arkive.k8s.plugins.module_utils._archive.file_access import FileAccess
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import DUMP_INFIX, DUMP_RECORD, BackupKeys

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ByteSource, Store


def dump_names(name: str, files: t.Iterable[str]) -> list[str]:
    """The dumps of the backup ``name``, by the names of its files."""
    before, after = f"{name}{DUMP_INFIX}", f".{DUMP_RECORD}"
    return sorted(
        file.removeprefix(before).removesuffix(after)
        for file in files
        if file.startswith(before) and file.endswith(after)
    )


def read_dump(store: Store, backup: str, dump: str) -> DumpRecord | None:
    """None when there is no such dump. Raises ``ArchiveError`` where its record is damaged."""
    key = BackupKeys(backup).dump(dump, DUMP_RECORD)
    try:
        data = FileAccess(store).get(key, max_bytes=MAX_BYTES)
    except StoreError as exc:
        if exc.not_found:
            return None
        if exc.failure == "too_large":
            raise ArchiveError(f"{key} is not the record of a dump.") from exc
        raise
    record = DumpRecord.parse(data, what=key)
    if record.name != dump:
        raise ArchiveError(f"{key} is the record of another dump, {record.name}.")
    return record


def dump_pieces(store: Store, backup: str, record: DumpRecord, cancel: CancelToken) -> t.Iterator[bytes]:
    """What was dumped, piece by piece. Raises ``ArchiveError`` at the latest before the last piece.

    The last one comes when the digests of the file and of all that came out of it are those of the record: whoever
    needs the end of a dump to use it never uses a damaged one.
    """
    key = f"{BackupKeys(backup).directory}{record.file}"
    with advising(DAMAGED), FileAccess(store).open(key) as stream:
        source = _Digested(stream, cancel)
        digest, last = hashlib.sha256(), b""
        for piece in decompressed(source, record.compression, what=key, size=record.dump_size):
            if last:
                yield last
            digest.update(piece)
            last = piece
        source.read_rest()
        if (source.sha256, digest.hexdigest()) != (record.sha256, record.dump_sha256):
            raise ArchiveError(f"{key} is not the one that was written: its SHA-256 is another one.")
        if last:
            yield last


class _Digested:
    """Notes the digest of what is read."""

    def __init__(self, source: ByteSource, cancel: CancelToken) -> None:
        self._source = source
        self._cancel = cancel
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def read(self, size: int = -1, /) -> bytes:
        self._cancel.check()
        data = self._source.read(size)
        self._digest.update(data)
        return data

    def read_rest(self) -> None:
        while self.read(1 << 20):
            pass


__all__ = ("dump_names", "dump_pieces", "read_dump")
