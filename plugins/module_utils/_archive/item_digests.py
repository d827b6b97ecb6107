# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The digests of the objects in a tarball: one SHA-256 for each, in a file that ``sha256sum -c`` reads."""

# Private: not for use outside of this collection.

from __future__ import annotations

import hashlib
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.accelerators import gzip_member

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._archive.byte_sink import ByteSink

#: This many lines go into one gzip member: about half a MiB.
_LINES = 4096


class ItemDigests:
    """Writes lines ``<sha256>  <path>`` to ``fileobj`` in gzip members, in the order in which they come. Thread-safe.

    ``path`` is the tarball's member: the plain copy of an object, or the one of its version where there is no other.
    """

    def __init__(self, fileobj: ByteSink) -> None:
        self._fileobj = fileobj
        self._lock = threading.Lock()
        self._lines: list[str] = []
        self._closed = False

    def add(self, path: str, payload: bytes) -> None:
        """Note one object."""
        self.add_all([(path, payload)])

    def add_all(self, items: t.Iterable[tuple[str, bytes]]) -> None:
        """Note several objects at once, which costs less."""
        sha256 = hashlib.sha256
        lines = [f"{sha256(payload).hexdigest()}  {path}\n" for path, payload in items]
        with self._lock:
            if self._closed:
                raise ArchiveError("The digests of the archive are closed already.")
            self._lines += lines
            if len(self._lines) >= _LINES:
                self._write()

    def close(self) -> None:
        """Write what is left."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._write()

    def _write(self) -> None:
        text = "".join(self._lines).encode()
        self._lines.clear()
        try:
            self._fileobj.write(gzip_member(text))
        except (OSError, ValueError) as exc:
            raise ArchiveError(f"Cannot write the digests of the archive: {exc}.") from exc


__all__ = ("ItemDigests",)
