# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of backups and restores as the store has them: every byte of one goes through here, in and out."""

# Private: not for use outside of this collection.

from __future__ import annotations

import hashlib
import io
import types
import typing as t
from dataclasses import dataclass

from ansible_collections.arkive.k8s.plugins.module_utils._archive.codec import Codec, codec_of
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import read_exactly

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ByteSource, Store, StoredObject


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that was written: its own size and digest (in hex), whatever form it has as ``stored``."""

    size: int
    sha256: str
    stored: StoredObject

    @property
    def key(self) -> str:
        return self.stored.key


class FileAccess:
    """Writes and reads files in ``store``, in the form that its location gives them.

    Sizes, limits and digests are those of the files themselves. Claims are no files: they are in the store as they are.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._codec = codec_of(store.location)

    def put(self, key: str, source: ByteSource, *, size: int | None) -> WrittenFile:
        """Store all of ``source``; ``size`` in bytes, where it is known."""
        if self._codec is None:
            stored = self.store.put_file(key, source, size=size)
            return WrittenFile(stored.size, stored.sha256, stored)
        plain = _Measured(source)
        stored = self.store.put_file(key, self._codec.encode(key, plain))
        return WrittenFile(plain.size, plain.sha256, stored)

    def put_bytes(self, key: str, data: bytes) -> None:
        """Store ``data``."""
        self.store.put(key, self.encoded(key, data))

    def encoded(self, key: str, data: bytes) -> bytes:
        """What the store is to be given for ``data``."""
        return data if self._codec is None else self._codec.encode(key, io.BytesIO(data)).read()

    def get(self, key: str, *, max_bytes: int) -> bytes:
        """The whole file; ``StoreError`` when it is larger than ``max_bytes``."""
        if self._codec is None:
            return self.store.get(key, max_bytes=max_bytes)
        data = self.get_start(key, max_bytes + 1)
        if len(data) > max_bytes:
            where = self.store.location.describe
            raise StoreError(f"{key} in {where} is larger than {max_bytes} bytes.", failure="too_large")
        return data

    def get_start(self, key: str, length: int) -> bytes:
        """The first ``length`` bytes; fewer when there are no more."""
        if self._codec is None:
            return self.store.get_range(key, 0, length)
        with self.open(key) as source:
            return read_exactly(source, length)

    def open(self, key: str) -> OpenFile:
        """The file as a stream, to be used in a ``with`` statement."""
        return OpenFile(self.store.open(key), key, self._codec)


class OpenFile:
    """A file that is being read; closed at the end of a ``with`` statement, which it must be used in."""

    def __init__(self, stream: t.BinaryIO, key: str, codec: Codec | None) -> None:
        self._stream = stream
        self._key = key
        self._codec = codec

    def __enter__(self) -> ByteSource:
        return self._stream if self._codec is None else self._codec.decode(self._key, self._stream)

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: types.TracebackType | None
    ) -> None:
        self._stream.close()


class _Measured:
    """Notes the size and the digest of what is read."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def read(self, size: int = -1, /) -> bytes:
        data = self._source.read(size)
        self._digest.update(data)
        self.size += len(data)
        return data


__all__ = ("FileAccess", "OpenFile", "WrittenFile")
