# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a key may look like: the same rule for every kind of store."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError

#: Names of files that the local store has not finished; no key may use it and no listing shows it.
TEMP_PREFIX = ".arkive-tmp-"
KEY_BYTES = 1024  # S3's limit
_SEGMENT_BYTES = 255  # the limit of usual file systems


def check_key(key: str, *, segment_bytes: int = _SEGMENT_BYTES) -> str:
    """``key`` itself, when it is a plain relative path; else ``StoreError``.

    Refused: empty keys and segments, ``.`` and ``..``, a leading ``/``, control characters, and what the local store
    keeps for itself. S3 would take most of these, but a backup must be portable between both. ``segment_bytes``: the
    longest segment; S3 has none, and a Velero may have written long ones there.
    """
    segments = key.split("/")
    plain = all(
        segment not in ("", ".", "..")
        and not segment.startswith(TEMP_PREFIX)
        and len(segment.encode("utf-8", "surrogateescape")) <= segment_bytes
        for segment in segments
    )
    if not plain or len(key.encode("utf-8", "surrogateescape")) > KEY_BYTES or any(char < " " for char in key):
        raise StoreError(f"The key {key!r} is not a plain relative path.", failure="bad_key")
    return key


def check_list_prefix(prefix: str, *, segment_bytes: int = _SEGMENT_BYTES) -> str:
    """``prefix`` itself, when a key may start with it; else ``StoreError``. Empty is fine."""
    if prefix:
        check_key(prefix.removesuffix("/"), segment_bytes=segment_bytes)
    return prefix


__all__ = ("KEY_BYTES", "TEMP_PREFIX", "check_key", "check_list_prefix")
