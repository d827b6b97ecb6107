# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The place between archive and store where the bytes of files are given another form, such as an encrypted one."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ByteSource


class Codec(t.Protocol):
    """Gives a file another form, and back. Works on pieces as they come, and in several threads at once.

    ``key`` is that of the file in the store: a form that is bound to it cannot be put in another file's place.
    """

    def encode(self, key: str, source: ByteSource) -> ByteSource:
        """What the store is given for ``source``."""

    def decode(self, key: str, source: ByteSource) -> ByteSource:
        """What ``encode`` was given. Raises ``ArchiveError``, here or while it is read, for anything else."""


#: One for each form: the codec of a location, None for a location whose files do not have that form. There is none yet.
CODECS: tuple[t.Callable[[StorageLocation], Codec | None], ...] = ()


def codec_of(location: StorageLocation) -> Codec | None:
    """The codec of all files of backups and restores in ``location``; None where the store has them as they are."""
    return next((codec for make in CODECS if (codec := make(location)) is not None), None)


__all__ = ("CODECS", "Codec", "codec_of")
