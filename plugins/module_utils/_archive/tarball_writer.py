# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Velero's tarball, format 1.1.0 (Velero 1.4 to 1.18)."""

from __future__ import annotations

import hashlib
import queue
import threading
import time
import typing as t
import zlib
from collections import Counter
from dataclasses import dataclass, field

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tar_format import END, member_header, padding
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource

FORMAT_VERSION = "1.1.0"

#: Handed to the compressor in pieces of about this size; so many of them may wait.
_PIECE_BYTES = 1 << 20
_PIECES_WAITING = 6
_GZIP = 16 + zlib.MAX_WBITS


class ByteSink(t.Protocol):
    """Anything with ``write`` that takes all it is given."""

    def write(self, data: bytes, /) -> int:
        """Take all of ``data``."""


@dataclass(frozen=True, slots=True)
class TarballSummary:
    """The finished tarball: bytes, SHA-256 in hex, objects stored, and objects for each group-resource."""

    size: int
    sha256: str
    items: int
    by_resource: dict[str, int] = field(default_factory=dict)


class TarballWriter:
    """Writes a gzip'd tar to ``fileobj`` as the items come; the compressor has a thread of its own.

    ``mtime`` (Unix seconds) makes the result reproducible; without it each member has the time of its writing.
    As a context manager it gives up cleanly when the block raises: ``fileobj`` then holds half an archive.
    """

    def __init__(self, fileobj: ByteSink, *, mtime: int | None = None) -> None:
        self._mtime = mtime
        self._lock = threading.Lock()
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._counts: Counter[str] = Counter()
        self._closed = False
        self._compressor = _Compressor(fileobj)
        self._append(self._member("metadata/version", f"{FORMAT_VERSION}\n".encode()))

    def add_item(self, gr: GroupResource, obj: dict[str, t.Any], *, preferred_version: str) -> None:
        """Store ``obj`` under ``gr``. Safe from several threads.

        An object in the group's preferred version gets two members, the plain one and its ``-preferredversion`` copy;
        any other gets one under its version (Velero 1.4 and later, in every run).
        """
        payload = encode_compact(obj)
        version, place = _place(gr, obj)
        if version == preferred_version:
            members = [f"resources/{gr}/{place}", f"resources/{gr}/{version}-preferredversion/{place}"]
        else:
            members = [f"resources/{gr}/{version}/{place}"]
        self._append(b"".join(self._member(name, payload) for name in members), resource=str(gr))

    def close(self) -> TarballSummary:
        """Finish the archive. Raises what went wrong in the compressor's thread, if anything did."""
        with self._lock:
            if self._closed:
                raise ArchiveError("The archive is closed already.")
            self._closed = True
            self._pending.append(END)
            self._hand_over()
        size, sha256 = self._compressor.finish()
        return TarballSummary(size, sha256, self._counts.total(), dict(sorted(self._counts.items())))

    def abort(self) -> None:
        """Stop without finishing; safe to call at any time."""
        with self._lock:
            self._closed = True
            self._pending.clear()
        self._compressor.abort()

    def __enter__(self) -> TarballWriter:
        return self

    def __exit__(self, *exc: t.Any) -> None:
        if not self._closed:
            self.abort()

    def _member(self, name: str, payload: bytes) -> bytes:
        mtime = int(time.time()) if self._mtime is None else self._mtime
        return b"".join((member_header(name, len(payload), mtime), payload, padding(len(payload))))

    def _append(self, data: bytes, *, resource: str | None = None) -> None:
        with self._lock:
            if self._closed:
                raise ArchiveError("The archive is closed already.")
            if resource:
                self._counts[resource] += 1
            self._pending.append(data)
            self._pending_bytes += len(data)
            if self._pending_bytes >= _PIECE_BYTES:
                self._hand_over()

    def _hand_over(self) -> None:
        piece = b"".join(self._pending)
        self._pending.clear()
        self._pending_bytes = 0
        self._compressor.add(piece)


class _Compressor:
    """gzip and SHA-256 in a thread; both let go of the interpreter lock."""

    def __init__(self, fileobj: ByteSink) -> None:
        self._fileobj = fileobj
        self._pieces: queue.Queue[bytes | None] = queue.Queue(_PIECES_WAITING)
        self._zlib = zlib.compressobj(wbits=_GZIP)
        self._digest = hashlib.sha256()
        self._size = 0
        self._error: OSError | ValueError | ArchiveError | None = None
        self._aborted = False
        self._thread = threading.Thread(target=self._run, name="arkive-gzip", daemon=True)
        self._thread.start()

    def add(self, piece: bytes) -> None:
        self._raise_error()
        self._pieces.put(piece)

    def finish(self) -> tuple[int, str]:
        self._pieces.put(None)
        self._thread.join()
        self._raise_error()
        return self._size, self._digest.hexdigest()

    def abort(self) -> None:
        self._aborted = True
        if self._thread.is_alive():
            self._pieces.put(None)
            self._thread.join()

    def _raise_error(self) -> None:
        if isinstance(self._error, ArchiveError):
            raise self._error
        if self._error is not None:
            raise ArchiveError(f"Cannot write the archive: {self._error}.") from self._error

    def _run(self) -> None:
        # After an error the queue is still emptied: nobody may wait for ever to put something in.
        while (piece := self._pieces.get()) is not None:
            if self._error is None and not self._aborted:
                self._try_write(piece)
        if self._error is None and not self._aborted:
            self._try_write(None)

    def _try_write(self, piece: bytes | None) -> None:
        try:
            data = self._zlib.flush() if piece is None else self._zlib.compress(piece)
            if data:
                self._digest.update(data)
                self._fileobj.write(data)
                self._size += len(data)
        except (OSError, ValueError, ArchiveError) as exc:
            self._error = exc


def _place(gr: GroupResource, obj: t.Mapping[str, t.Any]) -> tuple[str, str]:
    """The version of ``obj`` and its path below the group-resource (or version) directory."""
    metadata = obj.get("metadata") or {}
    name, namespace = metadata.get("name") or "", metadata.get("namespace") or ""
    version = str(obj.get("apiVersion") or "").rpartition("/")[2]
    if not version or not obj.get("kind"):
        raise ArchiveError(f"The {gr} '{name}' has no apiVersion or kind and cannot be stored.")
    for segment in (str(gr), version, name, namespace or "-"):
        if not segment or "/" in segment or "\0" in segment or segment in (".", ".."):
            raise ArchiveError(f"The {gr} '{namespace}/{name}' cannot be a file name in the archive.")
    return version, f"namespaces/{namespace}/{name}.json" if namespace else f"cluster/{name}.json"


__all__ = ("FORMAT_VERSION", "ByteSink", "TarballSummary", "TarballWriter")
