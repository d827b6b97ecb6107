# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""The bodies of a plan as they go to the API server, kept on disk between plan and run."""

from __future__ import annotations

import threading
import types
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.spool import Spool
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact

#: Offset and length.
Place: t.TypeAlias = "tuple[int, int]"


class EncodedBodies:
    """Each body is made and encoded once. Safe to use from any thread."""

    def __init__(self) -> None:
        self._spool = Spool("the objects to restore")
        self._lock = threading.Lock()
        self._flushed = 0

    def add(self, body: t.Mapping[str, t.Any]) -> Place:
        """Keep ``body``. Raises ``ArchiveError`` when the temporary directory is full."""
        data = encode_compact(body)
        with self._lock:
            offset = self._spool.size
            self._spool.write(data)
        return offset, len(data)

    def read(self, place: Place) -> bytes:
        """The JSON text that was kept there."""
        offset, length = place
        if offset + length > self._flushed:
            with self._lock:
                self._spool.flush()
                self._flushed = self._spool.size
        return self._spool.read_at(offset, length)

    def close(self) -> None:
        self._spool.close()

    def __enter__(self) -> EncodedBodies:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: types.TracebackType | None
    ) -> None:
        self.close()


__all__ = ("EncodedBodies", "Place")
