# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a password opens a repository, asked of its format blob alone: without a pod, and without kopia.

``kopia.repository`` is JSON in clear, with the repository's settings sealed by AES-256-GCM, whose key comes of the
password and of the unique id (docs/compatibility 18.1). Python has no AES: ``cryptography`` has, which ansible-core
brings, and which a Python that runs modules without it may lack.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import binascii
import hashlib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.accelerators import parse_json

_ENCRYPTION = "AES256_GCM"
_KEY_BYTES = 32
_NONCE_BYTES, _TAG_BYTES = 12, 16
#: scrypt takes 64 MiB for a moment.
_MOST_MEMORY = 128 << 20


class _SealedBlock(t.NamedTuple):
    """What a format blob says of its sealed part; ``salt`` is the repository's unique id."""

    derivation: str
    salt: bytes
    sealed: bytes


def opens(blob: bytes, password: str) -> bool | None:
    """None where that cannot be known: another format than kopia's default, or a Python without what that takes."""
    block = _read(blob)
    unseals = _unsealer()
    if block is None or unseals is None:
        return None
    try:
        # As kopia reads it from its environment.
        master = _DERIVATIONS[block.derivation](password.strip().encode(), block.salt)
    except (ValueError, AttributeError, MemoryError):
        return None  # OpenSSL admits no scrypt, as in FIPS mode
    return unseals(master, block)


def has_library() -> bool:
    """Whether this Python has ``cryptography``."""
    return _unsealer() is not None


def _read(blob: bytes) -> _SealedBlock | None:
    """None for another format."""
    try:
        found = parse_json(blob)
    except ValueError:
        return None
    if not isinstance(found, dict) or found.get("encryption") != _ENCRYPTION:
        return None
    salt, sealed = _bytes(found.get("uniqueID")), _bytes(found.get("encryptedBlockFormat"))
    derivation = str(found.get("keyAlgo"))
    if not salt or len(sealed) < _NONCE_BYTES + _TAG_BYTES or derivation not in _DERIVATIONS:
        return None
    return _SealedBlock(derivation, salt, sealed)


def _unsealer() -> t.Callable[[bytes, _SealedBlock], bool | None] | None:
    """Whether a key that was derived of a password is that of a block; None without the library.

    It says None where its library is too old for that, or its OpenSSL admits no such cipher.
    """
    try:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF
    # A broken one, or one whose OpenSSL is, says RuntimeError or AttributeError instead of ImportError.
    except Exception:  # pylint: disable=broad-exception-caught
        return None

    def unseals(master: bytes, block: _SealedBlock) -> bool | None:
        def key_for(purpose: bytes) -> bytes:
            return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=block.salt, info=purpose).derive(master)

        nonce, text = block.sealed[:_NONCE_BYTES], block.sealed[_NONCE_BYTES:]
        try:
            AESGCM(key_for(b"AES")).decrypt(nonce, text, key_for(b"CHECKSUM"))
        except InvalidTag:
            return False
        # Each age of it has others: TypeError before 3.1, UnsupportedAlgorithm, InternalError.
        except Exception:  # pylint: disable=broad-exception-caught
            return None
        return True

    return unseals


def _scrypt(password: bytes, salt: bytes) -> bytes:
    return hashlib.scrypt(password, salt=salt, n=65536, r=8, p=1, maxmem=_MOST_MEMORY, dklen=_KEY_BYTES)


def _pbkdf2(password: bytes, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password, salt, 600_000, _KEY_BYTES)


_DERIVATIONS: t.Mapping[str, t.Callable[[bytes, bytes], bytes]] = {
    "scrypt-65536-8-1": _scrypt,
    "pbkdf2-sha256-600000": _pbkdf2,
}


def _bytes(text: t.Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        return b""


__all__ = ("has_library", "opens")
