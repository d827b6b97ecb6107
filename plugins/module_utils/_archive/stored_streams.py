# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Long files of a backup or restore, read as streams that a cancelled run leaves."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.file_access import FileAccess
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ByteSource

_CHUNK = 1 << 18


class Cancellable:
    """A stream that raises ``Cancelled`` instead of reading on after ``cancel``."""

    def __init__(self, source: ByteSource, cancel: CancelToken) -> None:
        self._source = source
        self._cancel = cancel

    def read(self, size: int = -1, /) -> bytes:
        self._cancel.check()
        return self._source.read(size)


def read_log_end(files: FileAccess, key: str, limit: int, cancel: CancelToken) -> tuple[str, bool] | None:
    """At most the last ``limit`` bytes of a log, from the start of a line, and whether there was more before.

    None when there is no log. Raises ``ArchiveError`` for a damaged one.
    """
    try:
        file = files.open(key)
    except StoreError as exc:
        if exc.not_found:
            return None
        raise
    # A backup that is made has no use for it.
    from ansible_collections.arkive.k8s.plugins.module_utils._archive.gunzip import GunzipReader

    kept, truncated = b"", False
    with file as stream:
        reader = GunzipReader(Cancellable(stream, cancel), what=key)
        while data := reader.read(_CHUNK):
            kept += data
            if len(kept) > limit:
                kept, truncated = kept[-limit:], True
    if truncated:
        kept = kept.partition(b"\n")[2]
    return kept.decode("utf-8", "replace"), truncated


__all__ = ("Cancellable", "read_log_end")
