# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file that a task asked for: its owner alone may read it, and nobody sees half of it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError

_CHUNK = 1 << 20
_PRIVATE = 0o600


def put_private(path: str, pieces: t.Iterable[bytes], *, dry_run: bool = False) -> tuple[bool, int]:
    """Write ``pieces`` to ``path``; returns whether that changes it, and its bytes. ``dry_run`` writes nothing.

    A file that is there is replaced, unless it is the same already. Raises ``ValidationError`` where it cannot be made.
    """
    if os.path.isdir(path):
        raise ValidationError(f"{path} is a directory.", hint="Give the path of a file.")
    try:
        return _measure(path, pieces) if dry_run else replace_file(path, pieces)
    except OSError as exc:
        raise ValidationError(f"{path} cannot be written: {exc.strerror}.") from exc


def _measure(path: str, pieces: t.Iterable[bytes]) -> tuple[bool, int]:
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
    return not _is_same(path, digest.digest(), _PRIVATE), size


def replace_file(path: str, pieces: t.Iterable[bytes], *, mode: int = _PRIVATE) -> tuple[bool, int]:
    """As ``put_private``, for anybody whom ``mode`` lets read it. Raises ``OSError``."""
    digest, size = hashlib.sha256(), 0
    # Made with mode 0600, beside the file that it becomes.
    descriptor, made = tempfile.mkstemp(prefix=".arkive-", dir=os.path.dirname(path) or ".")
    try:
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                size += len(piece)
        changed = not _is_same(path, digest.digest(), mode)
        if changed:
            if mode != _PRIVATE:
                os.chmod(made, mode)
            os.replace(made, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(made)
    return changed, size


def _is_same(path: str, digest: bytes, wanted: int) -> bool:
    """Whether ``path`` is a file with this content and this mode."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode) or stat.S_IMODE(mode) != wanted:
            return False
        found = hashlib.sha256()
        while data := file.read(_CHUNK):
            found.update(data)
    return found.digest() == digest


__all__ = ("put_private", "replace_file")
