# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that are written under a write lock: while it holds, and not for good unless all of them are."""

# Private: not for use outside of this collection.

from __future__ import annotations

import io
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.commit_point import Ownership
from ansible_collections.arkive.k8s.plugins.module_utils._archive.file_access import FileAccess, WrittenFile
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ByteSource


class FileWriter:
    """Stores files while the lock holds, and remembers which keys it may have written."""

    def __init__(self, files: FileAccess, lock: Ownership | None, cancel: CancelToken) -> None:
        self._files = files
        self._lock = lock
        self._cancel = cancel
        self._keys: list[str] = []
        self.written: list[WrittenFile] = []

    def put(self, key: str, content: ByteSource | bytes, *, size: int | None = None) -> WrittenFile:
        source = io.BytesIO(content) if isinstance(content, bytes) else content
        known = len(content) if isinstance(content, bytes) else size
        # Noted before the attempt: an upload whose answer got lost may have arrived.
        self._keys.append(key)
        self.written.append(self._files.put(key, _Guarded(source, self._lock, self._cancel), size=known))
        return self.written[-1]

    def undo(self, warn: t.Callable[[str], None]) -> None:
        """Remove what was written. It follows an error, which what fails here must not hide."""
        if not self._keys or (self._lock is not None and self._lock.is_lost):
            return
        try:
            # The newest first: it may say that the others are there.
            self._files.store.delete_many(self._keys[::-1])
        except StoreError as exc:
            warn(f"What was written of it until then could not be removed, the next run does that: {exc.message}")


class _Guarded:
    """Stops an upload when the run is cancelled, or the lock is lost: it never replaces the new owner's file."""

    def __init__(self, source: ByteSource, lock: Ownership | None, cancel: CancelToken) -> None:
        self._source = source
        self._lock = lock
        self._cancel = cancel

    def read(self, size: int = -1, /) -> bytes:
        self._cancel.check()
        data = self._source.read(size)
        if self._lock is not None:
            self._lock.require_held()
        return data


__all__ = ("FileWriter",)
