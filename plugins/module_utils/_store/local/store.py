# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups in a local directory.

A file is written under a temporary name beside its place, flushed to the disk and renamed, so that neither a reader nor
a crash ever meets half of it. Files are 0600 and directories 0700: a backup holds Secrets in the clear.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import os
import stat
import typing as t
import uuid

from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.keys import TEMP_PREFIX, check_key, check_list_prefix
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.files import (
    entries,
    find_unfinished,
    holds_objects,
    link_or_create,
    make_directories,
    remove_stale,
    sync_directory,
    unlink_quietly,
    write_all,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import (
    CHUNK_SIZE,
    ByteSource,
    IteratorSource,
    Keeping,
    Listing,
    ObjectInfo,
    StoredObject,
    Unfinished,
)

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation

#: Another run removed an empty directory between our mkdir and our open: try again so often.
_DIRECTORY_ATTEMPTS = 5


class LocalStore:
    """A ``Store`` in ``location.path`` / ``location.prefix``. The path itself must exist; all below it is made."""

    def __init__(self, location: LocalLocation) -> None:
        self.location = location
        self._base = os.path.abspath(location.path)
        self._root = os.path.join(self._base, *location.prefix.split("/")) if location.prefix else self._base

    @property
    def conditional_writes(self) -> bool:
        """Always: creating a directory entry is atomic."""
        return True

    @property
    def has_late_writes(self) -> bool:
        """Never: a write into a directory is over when it returns."""
        return False

    def check(self, *, write: bool, touch: bool = True) -> None:
        """The directory must exist and be readable; with ``write`` a file is made in it and removed.

        Without ``touch`` the rights to the directory are looked at, which a read-only file system takes away.
        """
        place = f"The storage location '{self.location.name}' ({self._base})"
        if not os.path.isdir(self._base):
            what = "is not a directory" if os.path.lexists(self._base) else "does not exist"
            raise StoreError(f"{place} {what}.", failure="no_location", hint="Create the directory first.")
        try:
            with os.scandir(self._base):
                pass
        except OSError as exc:
            raise StoreError(f"{place} cannot be read: {exc.strerror}.", failure="denied") from exc
        if write:
            self._check_write(place, touch=touch)

    def _check_write(self, place: str, *, touch: bool) -> None:
        folder = self._root
        while not os.path.isdir(folder):
            folder = os.path.dirname(folder)
        if not touch:
            if not os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
                read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
                why = os.strerror(errno.EROFS if read_only else errno.EACCES)
                raise StoreError(f"{place} cannot be written to: {why}.", failure="denied")
            return
        # Not only the mode bits: they are not all that forbids it.
        probe = os.path.join(folder, f"{TEMP_PREFIX}{uuid.uuid4().hex}")
        try:
            os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            os.unlink(probe)
        except OSError as exc:
            raise StoreError(f"{place} cannot be written to: {exc.strerror}.", failure="denied") from exc

    def put(self, key: str, data: bytes) -> StoredObject:
        return self.put_stream(key, (data,))

    def put_stream(self, key: str, chunks: t.Iterable[bytes], *, size: int | None = None) -> StoredObject:
        return self.put_file(key, IteratorSource(chunks), size=size)

    def put_file(self, key: str, fileobj: ByteSource, *, size: int | None = None) -> StoredObject:
        target = self._writable_path(key)
        temp = ""
        try:
            temp, stored = self._write_temp(key, target, fileobj)
            os.replace(temp, target)
            temp = ""
            sync_directory(os.path.dirname(target))
        except OSError as exc:
            raise self._failed("write", key, exc) from exc
        finally:
            if temp:
                unlink_quietly(temp)
        return stored

    def put_if_absent(self, key: str, data: bytes) -> bool:
        target = self._writable_path(key)
        if os.path.lexists(target):
            return False
        temp = ""
        try:
            temp, _stored = self._write_temp(key, target, IteratorSource((data,)))
            made = link_or_create(temp, target)
            if made:
                sync_directory(os.path.dirname(target))
        except OSError as exc:
            raise self._failed("write", key, exc) from exc
        finally:
            if temp:
                unlink_quietly(temp)
        return made

    def get(self, key: str, *, max_bytes: int | None = None) -> bytes:
        with self.open(key) as file:
            data = self._read(key, file, -1 if max_bytes is None else max_bytes + 1)
        if max_bytes is not None and len(data) > max_bytes:
            raise StoreError(f"{self._name(key)} is larger than {max_bytes} bytes.", failure="too_large")
        return data

    def open(self, key: str) -> t.BinaryIO:
        path = self._path(key)
        try:
            file = open(path, "rb")  # noqa: SIM115 - the caller closes it
        except OSError as exc:
            raise self._failed("read", key, exc) from exc
        return file

    def get_range(self, key: str, start: int, length: int) -> bytes:
        with self.open(key) as file:
            file.seek(start)
            return self._read(key, file, length)

    def exists(self, key: str) -> bool:
        return self._stat(key) is not None

    def size(self, key: str) -> int:
        found = self._stat(key)
        if found is None:
            raise StoreError(f"{self._name(key)} does not exist.", failure="not_found")
        return found.st_size

    def list(self, prefix: str = "", delimiter: str | None = None) -> Listing:
        check_list_prefix(prefix)
        if delimiter not in (None, "/"):
            raise StoreError(f"The delimiter {delimiter!r} is not supported; use '/'.", failure="bad_key")
        listing = Listing()
        folder, _slash, start = prefix.rpartition("/")
        try:
            if not os.path.isdir(self._base):
                raise StoreError(f"The directory {self._base} does not exist.", failure="no_location")
            self._collect(folder, start, delimiter, listing)
        except OSError as exc:
            raise self._failed("list", prefix or "/", exc) from exc
        listing.objects.sort(key=lambda info: info.key)
        listing.prefixes.sort()
        return listing

    def delete_many(self, keys: t.Iterable[str]) -> None:
        failed: dict[str, str] = {}
        folders: set[str] = set()
        for key in keys:
            path = self._path(key)
            try:
                os.unlink(path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as exc:
                failed[key] = exc.strerror or str(exc)
                continue
            folders.add(os.path.dirname(path))
        for folder in folders:
            self._prune(folder)
        if failed:
            shown = "; ".join(f"{key}: {why}" for key, why in sorted(failed.items())[:3])
            raise StoreError(
                f"{counted(len(failed), 'object')} in {self.location.describe} could not be deleted ({shown}).",
                details={"not_deleted": dict(sorted(failed.items()))},
            )

    def keeping(self) -> Keeping:
        """What is deleted is gone."""
        return Keeping()

    def locked(self, key: str) -> str:
        """Nothing is: file systems have no such thing."""
        return ""

    def unfinished(self, folder: str) -> t.Sequence[Unfinished]:
        found = []
        for path, written in find_unfinished(os.path.join(self._root, folder)):
            place = os.path.relpath(os.path.dirname(path), self._root)
            begun = dt.datetime.fromtimestamp(written, tz=dt.UTC)
            found.append(Unfinished("" if place == "." else f"{place}/", begun, (path,)))
        return found

    def drop_unfinished(self, writes: t.Sequence[Unfinished]) -> None:
        for write in writes:
            path = write.handle[0]
            try:
                os.unlink(path)
            except FileNotFoundError:
                continue
            except OSError as exc:
                raise StoreError(f"The unfinished file {path} could not be removed: {exc.strerror}.") from exc
            self._prune(os.path.dirname(path))

    def _name(self, key: str) -> str:
        return os.path.join(self._root, key)

    def _path(self, key: str) -> str:
        """The file of ``key``. A symbolic link below the root is refused: it could lead out of the store."""
        path = self._root
        for segment in check_key(key).split("/"):
            path = os.path.join(path, segment)
            if os.path.islink(path):
                raise StoreError(
                    f"{path} is a symbolic link, which a backup location must not hold.", failure="bad_key"
                )
        return path

    def _writable_path(self, key: str) -> str:
        path = self._path(key)
        if not os.path.isdir(self._base):
            raise StoreError(
                f"The directory {self._base} does not exist.", failure="no_location", hint="Create it first."
            )
        return path

    def _stat(self, key: str) -> os.stat_result | None:
        try:
            found = os.lstat(self._path(key))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as exc:
            raise self._failed("read", key, exc) from exc
        return found if stat.S_ISREG(found.st_mode) else None

    def _read(self, key: str, file: t.BinaryIO, size: int) -> bytes:
        try:
            return file.read(size)
        except OSError as exc:
            raise self._failed("read", key, exc) from exc

    def _failed(self, verb: str, key: str, exc: OSError) -> StoreError:
        if isinstance(exc, FileNotFoundError | NotADirectoryError | IsADirectoryError) and verb == "read":
            return StoreError(f"{self._name(key)} does not exist.", failure="not_found")
        denied = isinstance(exc, PermissionError) or exc.errno == errno.EROFS
        full = exc.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "Free some space in the storage location: k8s_backup with state=absent works there." if full else None
        message = f"Cannot {verb} {self._name(key)}: {exc.strerror or exc}."
        return StoreError(message, failure="denied" if denied else "full" if full else "other", hint=hint)

    def _write_temp(self, key: str, target: str, source: ByteSource) -> tuple[str, StoredObject]:
        """Write ``source`` to a new unfinished file beside ``target`` and flush it to the disk."""
        folder = os.path.dirname(target)
        temp = os.path.join(folder, f"{TEMP_PREFIX}{uuid.uuid4().hex}")
        handle = self._create(folder, temp)
        digest, size, done = hashlib.sha256(), 0, False
        try:
            with os.fdopen(handle, "wb", buffering=0) as file:
                while chunk := source.read(CHUNK_SIZE):
                    digest.update(chunk)
                    write_all(file, chunk)
                    size += len(chunk)
                os.fsync(file.fileno())
            done = True
        finally:
            if not done:
                unlink_quietly(temp)
                self._prune(folder)
        return temp, StoredObject(key, size, digest.hexdigest())

    def _create(self, folder: str, temp: str) -> int:
        for attempt in range(_DIRECTORY_ATTEMPTS):
            make_directories(self._base, folder)
            try:
                return os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            except FileNotFoundError:
                if attempt + 1 == _DIRECTORY_ATTEMPTS:
                    raise
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), folder)

    def _collect(self, folder: str, start: str, delimiter: str | None, listing: Listing) -> None:
        """Add what lies in ``folder`` (a key without the last ``/``) and begins with ``start``."""
        folders = [(folder, start)]
        while folders:
            folder, start = folders.pop()
            for entry in entries(os.path.join(self._root, folder)):
                if not entry.name.startswith(start):
                    continue
                key = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_file(follow_symlinks=False):
                    info = _info(key, entry)
                    if info is not None:
                        listing.objects.append(info)
                elif entry.is_dir(follow_symlinks=False):
                    if delimiter is None:
                        folders.append((key, ""))
                    elif holds_objects(entry.path):
                        listing.prefixes.append(f"{key}/")

    def _prune(self, folder: str) -> None:
        """Remove ``folder`` and its parents as far as they are empty: S3 knows no empty directories."""
        while folder != self._root and folder.startswith(self._root + os.sep):
            try:
                os.rmdir(folder)
            except FileNotFoundError:
                pass
            except OSError:
                if not remove_stale(folder):
                    return
                continue
            folder = os.path.dirname(folder)


def _info(key: str, entry: os.DirEntry[str]) -> ObjectInfo | None:
    try:
        found = entry.stat(follow_symlinks=False)
    except FileNotFoundError:  # deleted since the directory was read
        return None
    return ObjectInfo(key, found.st_size, dt.datetime.fromtimestamp(found.st_mtime, tz=dt.UTC))


__all__ = ("LocalStore",)
