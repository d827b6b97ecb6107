# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that nobody sees half of, and reading of such that are files: no link, no device and no pipe."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import stat
import tempfile
import typing as t

PRIVATE = 0o600


def open_regular(path: str) -> io.BufferedReader:
    """To read. Raises ``OSError`` for what is no file as well, a link to one included."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "It is no regular file", path)
    return os.fdopen(descriptor, "rb")


def is_same(path: str, digest: bytes, mode: int) -> bool:
    """Whether ``path`` is a file with this content, by its SHA-256, and with this mode."""
    try:
        with open_regular(path) as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) != mode:
                return False
            return hashlib.file_digest(file, "sha256").digest() == digest
    except OSError:
        return False


def replace_file(path: str, pieces: t.Iterable[bytes], *, mode: int = PRIVATE) -> tuple[bool, int]:
    """Write ``pieces`` to ``path``, unless they are there; returns whether that changed it, and its bytes.

    Raises ``OSError``.
    """
    digest, size = hashlib.sha256(), 0
    # Made with mode 0600, beside the file that it becomes.
    descriptor, made = tempfile.mkstemp(prefix=".arkive-", dir=os.path.dirname(path) or ".")
    try:
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                size += len(piece)
        changed = not is_same(path, digest.digest(), mode)
        if changed:
            if mode != PRIVATE:
                os.chmod(made, mode)
            os.replace(made, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(made)
    return changed, size


__all__ = ("PRIVATE", "is_same", "open_regular", "replace_file")
