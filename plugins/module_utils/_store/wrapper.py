# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes around a store: wrappers that see to one thing each, around each other in any order."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import (
        ByteSource,
        Keeping,
        Listing,
        Store,
        StoredObject,
        Unfinished,
    )

_T = t.TypeVar("_T")

#: The methods that change nothing; ``check`` does when it is asked about writing.
READS = frozenset({"check", "get", "open", "get_range", "exists", "size", "list", "unfinished", "keeping", "locked"})


class StoreWrapper:
    """A ``Store`` that has ``inner`` do everything. A wrapper overrides ``around``, which each request goes through."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner

    def around(self, operation: str, key: str, request: t.Callable[[], _T]) -> _T:
        """What ``request`` gives. ``operation``: the method; ``key``: of the object, empty where there is not one."""
        return request()

    @property
    def location(self) -> StorageLocation:
        return self.inner.location

    @property
    def conditional_writes(self) -> bool:
        return self.inner.conditional_writes

    @property
    def has_late_writes(self) -> bool:
        return self.inner.has_late_writes

    def check(self, *, write: bool, touch: bool = True) -> None:
        self.around("check", "", lambda: self.inner.check(write=write, touch=touch))

    def put(self, key: str, data: bytes) -> StoredObject:
        return self.around("put", key, lambda: self.inner.put(key, data))

    def put_file(self, key: str, fileobj: ByteSource, *, size: int | None = None) -> StoredObject:
        return self.around("put_file", key, lambda: self.inner.put_file(key, fileobj, size=size))

    def put_stream(self, key: str, chunks: t.Iterable[bytes], *, size: int | None = None) -> StoredObject:
        return self.around("put_stream", key, lambda: self.inner.put_stream(key, chunks, size=size))

    def put_if_absent(self, key: str, data: bytes) -> bool:
        return self.around("put_if_absent", key, lambda: self.inner.put_if_absent(key, data))

    def get(self, key: str, *, max_bytes: int | None = None) -> bytes:
        return self.around("get", key, lambda: self.inner.get(key, max_bytes=max_bytes))

    def open(self, key: str) -> t.BinaryIO:
        return self.around("open", key, lambda: self.inner.open(key))

    def get_range(self, key: str, start: int, length: int) -> bytes:
        return self.around("get_range", key, lambda: self.inner.get_range(key, start, length))

    def exists(self, key: str) -> bool:
        return self.around("exists", key, lambda: self.inner.exists(key))

    def size(self, key: str) -> int:
        return self.around("size", key, lambda: self.inner.size(key))

    def list(self, prefix: str = "", delimiter: str | None = None) -> Listing:
        return self.around("list", "", lambda: self.inner.list(prefix, delimiter))

    def delete_many(self, keys: t.Iterable[str]) -> None:
        wanted = tuple(keys)
        self.around("delete_many", "", lambda: self.inner.delete_many(wanted))

    def keeping(self) -> Keeping:
        return self.around("keeping", "", self.inner.keeping)

    def locked(self, key: str) -> str:
        return self.around("locked", key, lambda: self.inner.locked(key))

    def unfinished(self, folder: str) -> t.Sequence[Unfinished]:
        return self.around("unfinished", "", lambda: self.inner.unfinished(folder))

    def drop_unfinished(self, writes: t.Sequence[Unfinished]) -> None:
        self.around("drop_unfinished", "", lambda: self.inner.drop_unfinished(writes))


__all__ = ("READS", "StoreWrapper")
