# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file that a task asked for: its owner alone may read it, and nobody sees half of it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import hashlib
import os
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.whole_files import PRIVATE, is_same, replace_file


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
    return not is_same(path, digest.digest(), PRIVATE), size


__all__ = ("put_private",)
