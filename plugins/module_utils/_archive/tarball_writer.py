# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Velero's tarball, format 1.1.0 (Velero 1.4 to 1.18)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import hashlib
import threading
import time
import typing as t
from collections import Counter
from dataclasses import dataclass, field

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tar_format import END, member_header, padding
from ansible_collections.arkive.k8s.plugins.module_utils._core.accelerators import gzip_member
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._archive.byte_sink import ByteSink
    from ansible_collections.arkive.k8s.plugins.module_utils._archive.item_digests import ItemDigests
    from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource

FORMAT_VERSION = "1.1.0"

#: About so much of the tar goes into one gzip member.
_PIECE_BYTES = 1 << 19

#: An object, and its JSON text where that is at hand.
Item: t.TypeAlias = tuple[dict[str, t.Any], bytes | None]


@dataclass(frozen=True, slots=True)
class TarballSummary:
    """The finished tarball: bytes, SHA-256 in hex, objects stored, and objects for each group-resource."""

    size: int
    sha256: str
    items: int
    by_resource: dict[str, int] = field(default_factory=dict)


class TarballWriter:
    """Writes a gzip'd tar to ``fileobj`` as the items come.

    Whole tar members are gathered to pieces, and each piece is compressed to a gzip member by the thread that filled
    it, side by side with others: who adds too fast has to wait. Pieces may be written in any order.

    ``mtime`` (Unix seconds) makes the result reproducible; without it each member has the time of its writing.
    ``digests`` is given every object's payload, and closed with the archive. As a context manager the writer gives up
    cleanly when the block raises: ``fileobj`` then holds half an archive.
    """

    def __init__(self, fileobj: ByteSink, *, mtime: int | None = None, digests: ItemDigests | None = None) -> None:
        self._mtime = mtime
        self._digests = digests
        #: Guards the five below; notified when a piece has been dealt with.
        self._changed = threading.Condition(threading.Lock())
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._under_way = 0
        self._counts: Counter[str] = Counter()
        self._closed = False
        version = f"{FORMAT_VERSION}\n".encode()
        first = (member_header("metadata/version", len(version), self._now()), version, padding(len(version)))
        self._output = _Output(fileobj, first=b"".join(first))

    def add_items(self, gr: GroupResource, items: t.Iterable[Item], *, preferred_version: str) -> None:
        """Store objects of one type: a page of them costs less than one after the other. Safe from several threads.

        An object in the group's preferred version gets two members, the plain one and its ``-preferredversion`` copy;
        any other gets one under its version (Velero 1.4 and later, in every run). Beside each object may be the JSON to
        store; where that is None the object is encoded.
        """
        resource = str(gr)
        mtime = self._now()
        parts: list[bytes] = []
        noted: list[tuple[str, bytes]] = []
        size = 0
        for obj, given in items:
            payload = encode_compact(obj) if given is None else given
            version, place = _place(resource, obj)
            length = len(payload)
            fill = padding(length)
            if version == preferred_version:
                path = f"resources/{resource}/{place}"
                copy = f"resources/{resource}/{version}-preferredversion/{place}"
                parts += (member_header(path, length, mtime), payload, fill)
                parts += (member_header(copy, length, mtime), payload, fill)
                size += 2 * length
            else:
                path = f"resources/{resource}/{version}/{place}"
                parts += (member_header(path, length, mtime), payload, fill)
                size += length
            noted.append((path, payload))
            if size >= _PIECE_BYTES:
                self._append(resource, noted, parts)
                parts, noted, size = [], [], 0
        if noted:
            self._append(resource, noted, parts)

    def close(self) -> TarballSummary:
        """Finish the archive. Raises what went wrong on the way, also when another thread has had it already."""
        with self._changed:
            if self._closed:
                raise ArchiveError("The archive is closed already.")
            self._closed = True
            self._changed.wait_for(self._is_idle)
            self._pending.append(END)
            piece = self._take()
        self._output.write(piece)
        if self._digests is not None:
            self._digests.close()
        size, sha256 = self._output.summary()
        return TarballSummary(size, sha256, self._counts.total(), dict(sorted(self._counts.items())))

    def abort(self) -> None:
        """Stop without finishing; safe to call at any time. Nothing is written after it."""
        with self._changed:
            self._closed = True
            self._pending.clear()
            self._output.give_up()
            self._changed.wait_for(self._is_idle)

    def __enter__(self) -> TarballWriter:
        return self

    def __exit__(self, *exc: t.Any) -> None:
        if not self._closed:
            self.abort()

    def _now(self) -> int:
        return int(time.time()) if self._mtime is None else self._mtime

    def _is_idle(self) -> bool:
        return self._under_way == 0

    def _append(self, resource: str, items: list[tuple[str, bytes]], parts: list[bytes]) -> None:
        if self._digests is not None:
            self._digests.add_all(items)
        size = sum(map(len, parts))
        with self._changed:
            if self._closed:
                raise ArchiveError("The archive is closed already.")
            self._counts[resource] += len(items)
            self._pending += parts
            self._pending_bytes += size
            if self._pending_bytes < _PIECE_BYTES:
                return
            self._under_way += 1
            piece = self._take()
        try:
            self._output.write(piece)
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def _take(self) -> bytes:
        piece = b"".join(self._pending)
        self._pending.clear()
        self._pending_bytes = 0
        return piece


class _Output:
    """The file with its size and digest. ``first`` is written before all else. After an error it takes nothing more."""

    def __init__(self, fileobj: ByteSink, *, first: bytes) -> None:
        self._fileobj = fileobj
        self._first = first
        self._lock = threading.Lock()
        self._digest = hashlib.sha256()
        self._size = 0
        self._error: ArchiveError | None = None

    def write(self, piece: bytes) -> None:
        """Compress one piece and write it. Raises ``ArchiveError``, for every piece from the first error on."""
        self._raise_error()
        member = gzip_member(piece)
        with self._lock:
            self._raise_error()
            if self._first:
                first, self._first = gzip_member(self._first), b""
                self._write(first)
            self._write(member)

    def summary(self) -> tuple[int, str]:
        return self._size, self._digest.hexdigest()

    def give_up(self) -> None:
        self._error = self._error or ArchiveError("The archive was given up.")

    def _raise_error(self) -> None:
        error = self._error
        if error is not None:
            raise ArchiveError(error.message, hint=error.hint) from error

    def _write(self, data: bytes) -> None:
        try:
            self._fileobj.write(data)
        except ArchiveError as exc:
            self._error = exc
            raise
        except (OSError, ValueError) as exc:
            self._error = ArchiveError(f"Cannot write the archive: {exc}.")
            raise self._error from exc
        self._digest.update(data)
        self._size += len(data)


def _place(resource: str, obj: t.Mapping[str, t.Any]) -> tuple[str, str]:
    """The version of ``obj`` and its path below the group-resource (or version) directory."""
    metadata = obj.get("metadata") or {}
    name, namespace = metadata.get("name") or "", metadata.get("namespace") or ""
    version = str(obj.get("apiVersion") or "").rpartition("/")[2]
    if not version or not obj.get("kind"):
        raise ArchiveError(f"The {resource} '{name}' has no apiVersion or kind and cannot be stored.")
    for segment in (resource, version, name, namespace or "-"):
        if not segment or "/" in segment or "\0" in segment or segment in (".", ".."):
            raise ArchiveError(f"The {resource} '{namespace}/{name}' cannot be a file name in the archive.")
    return version, f"namespaces/{namespace}/{name}.json" if namespace else f"cluster/{name}.json"


__all__ = ("FORMAT_VERSION", "Item", "TarballSummary", "TarballWriter")
