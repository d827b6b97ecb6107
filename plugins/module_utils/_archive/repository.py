# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""The backups of one storage location.

``velero-backup.json`` is the commit point: it is stored last and removed first, so that a backup is listed only while
all of its files are there.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import typing as t
from dataclasses import dataclass

from ansible_collections.arkive.k8s.plugins.module_utils._archive.arkive_record import ArkiveRecord, FileDigest
from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.gunzip import GunzipReader
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_reader import TarballReader
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_pretty
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import (
    BACKUPS,
    METADATA_FILE,
    BackupKeys,
    RestoreKeys,
    check_top_level,
)

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import BackupFiles, RestoreFiles
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ByteSource, Store, StoredObject

#: The gzip'd JSON files of a backup, as attributes of ``BackupKeys``.
JsonFile: t.TypeAlias = t.Literal[
    "results", "resource_list", "volumeinfo", "volumesnapshots", "podvolumebackups", "itemoperations", "arkive_record"
]

TERMINAL_PHASES = frozenset({"Completed", "PartiallyFailed", "Failed"})
_MAX_METADATA = 16 << 20
_MAX_JSON = 512 << 20


class Ownership(t.Protocol):
    """The claim under which files are written (``_store.claims.Claim``)."""

    @property
    def is_lost(self) -> bool:
        """True when another run may own the name."""

    def require_held(self) -> None:
        """Raise when another run may own the name by now; cheap, asked before each piece."""

    def confirm(self) -> None:
        """The same, but asks the store; before the commit."""


@dataclass(frozen=True, slots=True)
class BackupEntry:
    """One directory below ``backups/``: ``size`` in bytes; ``claimed`` when a run's claim lies in it."""

    name: str
    complete: bool
    claimed: bool
    size: int
    objects: int


class BackupRepository:
    """Reads and writes whole backups in ``store``. Knows Velero's layout, nothing of a cluster."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def validate(self) -> None:
        """Raise ``ValidationError`` when the location holds what no backup location does (Velero's own rule)."""
        check_top_level(self.store.list("", "/").prefixes)

    def entries(self) -> list[BackupEntry]:
        """All directories below ``backups/``, by name. One listing, no request for each backup."""
        found: dict[str, list[tuple[str, int]]] = {}
        for info in self.store.list(BACKUPS).objects:
            name, slash, file = info.key.removeprefix(BACKUPS).partition("/")
            if slash:
                found.setdefault(name, []).append((file, info.size))
        return [_entry(name, files) for name, files in sorted(found.items())]

    def names(self) -> list[str]:
        """The backups that are complete."""
        return [entry.name for entry in self.entries() if entry.complete]

    def incomplete(self) -> list[BackupEntry]:
        """Directories without ``velero-backup.json``: in progress when they are claimed, else left by a dead run."""
        return [entry for entry in self.entries() if not entry.complete]

    def exists(self, name: str) -> bool:
        return self.store.exists(BackupKeys(name).metadata)

    def read_backup(self, name: str) -> dict[str, t.Any] | None:
        """The Backup object as stored, None when there is no such backup."""
        key = BackupKeys(name).metadata
        data = self._get(key, _MAX_METADATA)
        if data is None:
            return None
        backup = _parse_json(data, key)
        if not isinstance(backup, dict) or not isinstance(backup.get("metadata"), dict):
            raise ArchiveError(f"{key} is not a Backup object.")
        return backup

    def read_json(self, name: str, file: JsonFile) -> t.Any:
        """A file's document; None when the file is not there (all of them are optional) or says ``null``."""
        key: str = getattr(BackupKeys(name), file)
        data = self._get(key, _MAX_JSON)
        return None if data is None else _parse_json(self._gunzip(data, key), key)

    def read_record(self, name: str) -> ArkiveRecord | None:
        """Our own record; None for a backup that Velero wrote."""
        document = self.read_json(name, "arkive_record")
        return None if document is None else ArkiveRecord.from_dict(document)

    def read_logs(self, name: str) -> str | None:
        """The log's text."""
        key = BackupKeys(name).logs
        data = self._get(key, _MAX_JSON)
        return None if data is None else self._gunzip(data, key).decode("utf-8", "replace")

    def open_tarball(self, name: str) -> TarballReader:
        """The backup's objects, checked against the digest in our record where there is one."""
        key = BackupKeys(name).tarball
        record = self.read_record(name)
        digest = record.files.get(_file_name(key)) if record else None
        try:
            stream = self.store.open(key)
        except StoreError as exc:
            if not exc.not_found:
                raise
            raise ArchiveError(f"The backup '{name}' has no tarball ({key}).") from exc
        with stream:
            return TarballReader.open(stream, expected_sha256=digest.sha256 if digest else None, what=key)

    def publish(self, files: BackupFiles, *, claim: Ownership | None = None) -> ArkiveRecord:
        """Store a backup: everything else first, ``velero-backup.json`` last. Returns the record with its digests.

        When anything fails, all that this call wrote is removed again, unless the ``claim`` was lost: then the files
        may be those of the run that took over.
        """
        keys = BackupKeys(str(files.metadata.get("metadata", {}).get("name", "")))
        _check_terminal(files.metadata, keys.name)
        if self.store.exists(keys.metadata):
            raise ArchiveError(f"The backup '{keys.name}' already exists in {self.store.location.describe}.")
        writer = _Writer(self.store, claim)
        metadata = encode_pretty(files.metadata)
        committed = False
        try:
            record = self._store_files(writer, keys, files, metadata)
            if claim is not None:
                claim.confirm()
            writer.put(keys.metadata, metadata)
            committed = True
        finally:
            if not committed:
                writer.undo(first=keys.metadata)
        return record

    def delete(self, name: str, *, keep_claim: bool = False) -> bool:
        """Remove a backup or the rest of one; False when nothing was there.

        ``keep_claim`` leaves the claim for the run that holds it to release.
        """
        keys = BackupKeys(name)
        found = [info.key for info in self.store.list(keys.directory).objects]
        doomed = [key for key in found if key != keys.metadata and not (keep_claim and key == keys.claim)]
        if keys.metadata in found:
            self.store.delete_many([keys.metadata])
        if doomed:
            self.store.delete_many(doomed)
        return bool(doomed) or keys.metadata in found

    def write_restore(self, name: str, files: RestoreFiles) -> None:
        """Store the files of one restore; a failure removes what was written."""
        keys = RestoreKeys(name)
        writer = _Writer(self.store, None)
        done = False
        try:
            writer.put(keys.logs, files.logs)
            for key, value in (
                (keys.results, files.results),
                (keys.resource_list, files.resource_list),
                (keys.itemoperations, files.itemoperations),
                (keys.volumeinfo, files.volumeinfo),
            ):
                writer.put(key, gzip_json(value))
            done = True
        finally:
            if not done:
                writer.undo()

    def delete_restore(self, name: str) -> bool:
        """Remove the files of one restore; False when there were none."""
        found = [info.key for info in self.store.list(RestoreKeys(name).directory).objects]
        if found:
            self.store.delete_many(found)
        return bool(found)

    def _store_files(self, writer: _Writer, keys: BackupKeys, files: BackupFiles, metadata: bytes) -> ArkiveRecord:
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

    def _get(self, key: str, limit: int) -> bytes | None:
        try:
            return self.store.get(key, max_bytes=limit)
        except StoreError as exc:
            if exc.not_found:
                return None
            raise

    def _gunzip(self, data: bytes, key: str) -> bytes:
        reader = GunzipReader(io.BytesIO(data), what=key)
        text = reader.read(_MAX_JSON)
        if reader.read(1):
            raise ArchiveError(f"{key} is too large: more than {_MAX_JSON >> 20} MiB.")
        return text


class _Writer:
    """Stores files while the claim holds, and remembers which keys it may have written."""

    def __init__(self, store: Store, claim: Ownership | None) -> None:
        self._store = store
        self._claim = claim
        self._written: list[str] = []

    def put(self, key: str, content: ByteSource | bytes, *, size: int | None = None) -> StoredObject:
        source = io.BytesIO(content) if isinstance(content, bytes) else content
        known = len(content) if isinstance(content, bytes) else size
        # Noted before the attempt: an upload whose answer got lost may have arrived.
        self._written.append(key)
        return self._store.put_file(key, source if self._claim is None else _Guarded(source, self._claim), size=known)

    def undo(self, *, first: str | None = None) -> None:
        """Remove what was written, ``first`` before the others."""
        if self._claim is not None and self._claim.is_lost:
            return
        if first in self._written:
            self._store.delete_many([first])
        rest = [key for key in self._written if key != first]
        if rest:
            self._store.delete_many(rest)


class _Guarded:
    """Stops an upload as soon as the claim is lost, so that it never replaces the new owner's file."""

    def __init__(self, source: ByteSource, claim: Ownership) -> None:
        self._source = source
        self._claim = claim

    def read(self, size: int = -1, /) -> bytes:
        data = self._source.read(size)
        self._claim.require_held()
        return data


def _entry(name: str, files: list[tuple[str, int]]) -> BackupEntry:
    names = {file for file, _size in files}
    return BackupEntry(
        name=name,
        complete=METADATA_FILE in names,
        claimed=f"{name}-arkive-claim.json" in names,
        size=sum(size for _file, size in files),
        objects=len(files),
    )


def _file_name(key: str) -> str:
    return key.rpartition("/")[2]


def _check_terminal(backup: t.Mapping[str, t.Any], name: str) -> None:
    phase = (backup.get("status") or {}).get("phase", "")
    if phase not in TERMINAL_PHASES:
        # A server that syncs the location would run such a backup, or ignore it until it expires.
        raise ArchiveError(f"The backup '{name}' has the phase '{phase}', which is not final, and cannot be stored.")


def _parse_json(data: bytes, key: str) -> t.Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise ArchiveError(f"{key} is not valid JSON: {exc}.") from exc


__all__ = ("TERMINAL_PHASES", "BackupEntry", "BackupRepository", "JsonFile", "Ownership")
