# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every store can do. All kinds of stores pass one table of contract tests."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError

if t.TYPE_CHECKING:
    import datetime as dt

    from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation

#: How much is read at once where the store does not demand another size.
CHUNK_SIZE = 1 << 20
_PIECE = 1 << 16

#: Requests at the same time that a store serves without one waiting for another's connection.
MAX_CONNECTIONS = 32


class ByteSource(t.Protocol):
    """Anything with ``read``: a file, a spool, a response body."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes, all when negative."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What was written: the digest is of the bytes as sent, in hex.

    ``etag`` is what a server shows that makes ETags of MD5 digests, as most do; empty where nobody does.
    """

    key: str
    size: int
    sha256: str
    etag: str = ""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One object of a listing; ``modified`` is in UTC. ``etag``: as the server shows it, without quotes."""

    key: str
    size: int
    modified: dt.datetime
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A write that did not end: an upload in parts, or a temporary file. ``key``: what it was to be.

    ``folder`` of a temporary file, whose key nobody knows, is where it lies. ``handle`` is the store's own.
    """

    folder: str
    begun: dt.datetime
    handle: tuple[str, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Objects and, when a delimiter was given, the common prefixes (each ends with the delimiter); both sorted.

    Some S3 servers (SeaweedFS) go on showing a prefix for a while after its last object was deleted.
    """

    objects: list[ObjectInfo] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a store does with objects that are deleted. ``versions``: they stay, hidden; ``locks``: some cannot go."""

    versions: bool = False
    locks: bool = False


class Store(t.Protocol):
    """A flat map from keys (relative, ``/`` separated) to bytes. Safe to use from several threads.

    Nothing is visible under a key until all of its bytes are there; a write that fails leaves what was there before.
    Every failure is a ``StoreError``.
    """

    @property
    def location(self) -> StorageLocation:
        """Where it is."""

    @property
    def conditional_writes(self) -> bool:
        """False once the server was seen not to support put-if-absent; then it is a check followed by a put."""

    @property
    def has_late_writes(self) -> bool:
        """True where a write may still arrive after its answer was lost; else it is over when it returns."""

    def check(self, *, write: bool, touch: bool = True) -> None:
        """Raise a ``StoreError`` in one sentence unless the location can be read (and written). Leaves nothing.

        Without ``touch`` nothing is tried, and what can be seen without counts.
        """

    def put(self, key: str, data: bytes) -> StoredObject:
        """Store ``data``."""

    def put_file(self, key: str, fileobj: ByteSource, *, size: int | None = None) -> StoredObject:
        """Store what ``fileobj`` holds from where it stands. ``size`` in bytes, where known, sizes the parts."""

    def put_stream(self, key: str, chunks: t.Iterable[bytes], *, size: int | None = None) -> StoredObject:
        """Store ``chunks``, in order; see ``put_file``."""

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """True when this call made the object, False when the key was there already."""

    def get(self, key: str, *, max_bytes: int | None = None) -> bytes:
        """The whole object; ``StoreError`` when it is larger than ``max_bytes``."""

    def open(self, key: str) -> t.BinaryIO:
        """The object as a stream; close it."""

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Bytes from ``start``; fewer than ``length`` only at the end, none beyond it."""

    def exists(self, key: str) -> bool:
        """True when there is an object under exactly this key."""

    def size(self, key: str) -> int:
        """Bytes."""

    def list(self, prefix: str = "", delimiter: str | None = None) -> Listing:
        """Keys that start with ``prefix``. ``delimiter`` is None or ``/``."""

    def delete_many(self, keys: t.Iterable[str]) -> None:
        """Delete; keys that are not there are fine. ``StoreError`` names the keys that could not be deleted."""

    def keeping(self) -> Keeping:
        """Whether it keeps what is deleted. Where nobody may ask, it may have locks."""

    def locked(self, key: str) -> str:
        """Until when the store keeps the object whatever is asked, a phrase; empty when it may go, or is not there."""

    def unfinished(self, folder: str) -> t.Sequence[Unfinished]:
        """Writes below ``folder`` (ends with ``/``, or empty) that have not ended, of live runs and of dead ones."""

    def drop_unfinished(self, writes: t.Sequence[Unfinished]) -> None:
        """Remove what such writes have left; those that are gone are fine."""


class IteratorSource:
    """Chunks of any size as a ``ByteSource``."""

    def __init__(self, chunks: t.Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes (all when negative); fewer only at the end."""
        parts = [self._rest]
        have = len(self._rest)
        while size < 0 or have < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            parts.append(chunk)
            have += len(chunk)
        data = b"".join(parts)
        end = len(data) if size < 0 else size
        self._rest = data[end:]
        return data[:end]


def read_at_most(source: ByteSource, size: int) -> bytes:
    """Up to ``size`` bytes, fewer only at the end, with room for those alone that there are."""
    parts: list[bytes] = []
    left = size
    while left > 0:
        data = source.read(min(left, _PIECE))
        if not data:
            break
        parts.append(data)
        left -= len(data)
    return b"".join(parts)


def read_exactly(source: ByteSource, size: int) -> bytes:
    """``size`` bytes, fewer only at the end: ``read`` of a raw file or socket may give less than was asked for."""
    data = source.read(size)
    if len(data) == size or not data:
        return data
    parts = [data]
    have = len(data)
    while have < size:
        data = source.read(size - have)
        if not data:
            break
        parts.append(data)
        have += len(data)
    return b"".join(parts)


def read_only_error(location: StorageLocation) -> StoreError:
    """What a write to ``location``, which is read-only, is answered with."""
    if location.read_only_why:
        hint = "Restores work. To write there, set its spec.accessMode to ReadWrite."
        return StoreError(location.read_only_why, failure="read_only", hint=hint)
    return StoreError(
        f"The storage location '{location.name}' ({location.describe}) is read-only.",
        failure="read_only",
        hint="Set 'read_only: false' to write to it.",
    )


def refuse_write(location: StorageLocation) -> None:
    """Raise when ``location`` is read-only."""
    if location.read_only:
        raise read_only_error(location)


__all__ = (
    "CHUNK_SIZE",
    "MAX_CONNECTIONS",
    "ByteSource",
    "IteratorSource",
    "Keeping",
    "Listing",
    "ObjectInfo",
    "Store",
    "StoredObject",
    "Unfinished",
    "read_at_most",
    "read_exactly",
    "read_only_error",
    "refuse_write",
)
