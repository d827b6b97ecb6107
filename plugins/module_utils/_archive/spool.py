# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Temporary files for what is too large for the memory: nobody else can open them, and they vanish with the process."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError

#: Keep this much of the temporary directory free for others, in bytes.
_RESERVE = 64 << 20


class Spool:
    """An unlinked 0600 file in TMPDIR: append with ``write``, then ``rewind`` and ``read``, or ``read_at``.

    ``need_bytes`` is what will probably be written; too little free space is refused at once. Running out of space
    later is an ``ArchiveError`` too. ``purpose`` is for the message. Only ``read_at`` is safe from several threads.
    """

    def __init__(self, purpose: str, *, need_bytes: int = 0) -> None:
        self.purpose = purpose
        self.size = 0
        directory = tempfile.gettempdir()
        try:
            free = shutil.disk_usage(directory).free
            if free < need_bytes + _RESERVE:
                raise self._full(f"{free >> 20} MiB are free and about {(need_bytes + _RESERVE) >> 20} MiB are needed")
            self._file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115 - closed by close()
        except OSError as exc:
            raise ArchiveError(
                f"Cannot make a temporary file for {purpose} in {directory}: {exc.strerror}.",
                hint="Set TMPDIR to a directory that can be written.",
            ) from exc

    def _full(self, why: str) -> ArchiveError:
        return ArchiveError(
            f"There is not enough space in {tempfile.gettempdir()} for {self.purpose}: {why}.",
            hint="Set TMPDIR to a directory with more space.",
        )

    def write(self, data: bytes, /) -> int:
        try:
            self._file.write(data)
        except OSError as exc:
            raise self._write_failed(exc) from exc
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError as exc:
            raise self._write_failed(exc) from exc

    def _write_failed(self, exc: OSError) -> ArchiveError:
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            return self._full(f"it is full after {self.size >> 20} MiB")
        return ArchiveError(
            f"Cannot write the temporary file for {self.purpose}: {exc.strerror}.",
            hint="Set TMPDIR to a directory on another disk.",
        )

    def rewind(self) -> Spool:
        """Flush what was written and read from the start again."""
        self.flush()
        self._file.seek(0)
        return self

    def read(self, size: int = -1, /) -> bytes:
        return self._file.read(size)

    def read_at(self, offset: int, length: int) -> bytes:
        """``length`` bytes from ``offset`` without moving; call ``flush`` after the last write first."""
        parts: list[bytes] = []
        while length > 0:
            part = os.pread(self._file.fileno(), length, offset)
            if not part:
                raise ArchiveError(
                    f"The temporary file for {self.purpose} is shorter than it was.",
                    hint="Set TMPDIR to a directory on another disk.",
                )
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        # What is still in the buffer is not wanted any more, so a full disk does not matter here.
        with contextlib.suppress(OSError):
            self._file.close()

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *exc: t.Any) -> None:
        self.close()


__all__ = ("Spool",)
