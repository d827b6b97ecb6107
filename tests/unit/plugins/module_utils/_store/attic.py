# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A third kind of store, as somebody might add one: it keeps objects in the attic, which is a dict of this process."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import threading
import typing as t
from dataclasses import dataclass

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.keys import check_key, check_list_prefix
from ansible_collections.arkive.k8s.plugins.module_utils._store.kinds import StoreKind
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import (
    ByteSource,
    IteratorSource,
    Keeping,
    Listing,
    ObjectInfo,
    Store,
    StoredObject,
    Unfinished,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.wrappers import FailingStore

Object = tuple[bytes, dt.datetime]

#: What lies in the boxes of the attic, by their names.
ATTIC: dict[str, dict[str, Object]] = {}
#: In front of each store that is opened.
DOORS: list[FailingStore] = []


@dataclass(frozen=True, kw_only=True)
class AtticLocation(StorageLocation):
    """The box ``box``; ``lamp`` is an option that only the attic has."""

    box: str
    lamp: str | None = None

    @property
    def describe(self) -> str:
        return f"attic:{self.box}/{self.prefix}"


class AtticStore:
    """A ``Store`` in a box."""

    conditional_writes = True
    has_late_writes = False

    def __init__(self, location: AtticLocation) -> None:
        self.location = location
        self._root = f"{location.prefix}/" if location.prefix else ""
        self._objects = ATTIC.setdefault(location.box, {})
        self._lock = threading.Lock()

    def check(self, *, write: bool, touch: bool = True) -> None:
        pass

    def put(self, key: str, data: bytes) -> StoredObject:
        self._objects[self._full(key)] = (data, utc_now())
        return StoredObject(key, len(data), hashlib.sha256(data).hexdigest())

    def put_file(self, key: str, fileobj: ByteSource, *, size: int | None = None) -> StoredObject:
        parts = []
        while part := fileobj.read(1 << 20):
            parts.append(part)
        return self.put(key, b"".join(parts))

    def put_stream(self, key: str, chunks: t.Iterable[bytes], *, size: int | None = None) -> StoredObject:
        return self.put_file(key, IteratorSource(chunks), size=size)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        with self._lock:
            return not self.exists(key) and bool(self.put(key, data))

    def get(self, key: str, *, max_bytes: int | None = None) -> bytes:
        data, _written = self._object(key)
        if max_bytes is not None and len(data) > max_bytes:
            raise StoreError(f"{key} is larger than {max_bytes} bytes.", failure="too_large")
        return data

    def open(self, key: str) -> t.BinaryIO:
        return io.BytesIO(self.get(key))

    def get_range(self, key: str, start: int, length: int) -> bytes:
        return self.get(key)[start : start + length]

    def exists(self, key: str) -> bool:
        return self._full(key) in self._objects

    def size(self, key: str) -> int:
        return len(self.get(key))

    def list(self, prefix: str = "", delimiter: str | None = None) -> Listing:
        start = self._root + check_list_prefix(prefix)
        listing, prefixes = Listing(), set()
        for full, (data, written) in sorted(self._objects.items()):
            inner, slash, _rest = full[len(start) :].partition("/")
            if not full.startswith(start):
                continue
            if delimiter and slash:
                prefixes.add(f"{prefix}{inner}/")
            else:
                listing.objects.append(ObjectInfo(full[len(self._root) :], len(data), written))
        listing.prefixes.extend(sorted(prefixes))
        return listing

    def delete_many(self, keys: t.Iterable[str]) -> None:
        for key in keys:
            self._objects.pop(self._full(key), None)

    def keeping(self) -> Keeping:
        return Keeping()

    def locked(self, key: str) -> str:
        return ""

    def unfinished(self, folder: str) -> t.Sequence[Unfinished]:
        return []

    def drop_unfinished(self, writes: t.Sequence[Unfinished]) -> None:
        pass

    def _full(self, key: str) -> str:
        return self._root + check_key(key)

    def _object(self, key: str) -> Object:
        try:
            return self._objects[self._full(key)]
        except KeyError as exc:
            raise StoreError(f"{key} does not exist in the attic.", failure="not_found") from exc


def _open(location: AtticLocation, _cancel: CancelToken) -> Store:
    DOORS.append(FailingStore(AtticStore(location)))
    return DOORS[-1]


ROW = StoreKind(
    option="box", title="a box in the attic", location=AtticLocation, open=_open, library="ladder", attempts=3
)

__all__ = ("ATTIC", "DOORS", "ROW", "AtticLocation")
