# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a password opens a repository, asked of its format blob alone: without a pod, and without kopia.

``kopia.repository`` is JSON in clear, with the repository's settings sealed by AES-256-GCM, whose key comes of the
password and of the unique id (docs/compatibility 18.1).
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.accelerators import parse_json
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.gcm_tag import is_sealed_with

_ENCRYPTION = "AES256_GCM"
_KEY_BYTES = 32
#: scrypt takes 64 MiB for a moment.
_MOST_MEMORY = 128 << 20


def opens(blob: bytes, password: str) -> bool | None:
    """None where that cannot be known: another format than kopia's default, or a Python without such hashes."""
    try:
        found = parse_json(blob)
    except ValueError:
        return None
    if not isinstance(found, dict) or found.get("encryption") != _ENCRYPTION:
        return None
    salt, sealed = _bytes(found.get("uniqueID")), _bytes(found.get("encryptedBlockFormat"))
    derive = _DERIVATIONS.get(str(found.get("keyAlgo")))
    if not salt or not sealed or derive is None:
        return None
    try:
        # As kopia reads it from its environment.
        master = derive(password.strip().encode(), salt)
    except (ValueError, AttributeError, MemoryError):
        return None  # OpenSSL admits no scrypt, as in FIPS mode
    return is_sealed_with(_key_for(b"AES", master, salt), sealed, _key_for(b"CHECKSUM", master, salt))


def _scrypt(password: bytes, salt: bytes) -> bytes:
    return hashlib.scrypt(password, salt=salt, n=65536, r=8, p=1, maxmem=_MOST_MEMORY, dklen=_KEY_BYTES)


def _pbkdf2(password: bytes, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password, salt, 600_000, _KEY_BYTES)


_DERIVATIONS: t.Mapping[str, t.Callable[[bytes, bytes], bytes]] = {
    "scrypt-65536-8-1": _scrypt,
    "pbkdf2-sha256-600000": _pbkdf2,
}


def _key_for(purpose: bytes, master: bytes, salt: bytes) -> bytes:
    """By HKDF with SHA-256 (RFC 5869), whose first block is as long as the key."""
    return hmac.digest(hmac.digest(salt, master, "sha256"), purpose + b"\1", "sha256")


def _bytes(text: t.Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        return b""


__all__ = ("opens",)
