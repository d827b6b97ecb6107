# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be wrong with a backup's files."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError


class ArchiveError(ArkiveError):
    """A file of a backup cannot be written, or is not what it should be; the message names the member."""


#: What is left to do about a stored file that is not what was written.
DAMAGED = (
    "It was damaged or cut short in the store: put it there again from a copy, or use another backup; "
    "k8s_backup_info lists them."
)


@contextlib.contextmanager
def advising(hint: str) -> t.Iterator[None]:
    """Give ``hint`` to an ``ArchiveError`` that says nothing about what to do."""
    try:
        yield
    except ArchiveError as exc:
        exc.hint = exc.hint or hint
        raise


class CommitUnknown(ArchiveError):
    """Nobody can say whether the backup is visible: its commit point was written, and the store says no more.

    Nothing that the backup names may be taken back.
    """


__all__ = ("DAMAGED", "ArchiveError", "CommitUnknown", "advising")
