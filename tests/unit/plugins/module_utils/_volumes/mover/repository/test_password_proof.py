# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A password against format blobs that kopia itself wrote (samples/README.md)."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.password_proof import (
    has_library,
    opens,
)

SAMPLES = Path(__file__).parent.parent / "samples"
SCRYPT, PBKDF2 = (json.loads((SAMPLES / f"kopia.repository-{name}.json").read_text()) for name in ("scrypt", "pbkdf2"))


def blob(sample: dict[str, t.Any], **changes: t.Any) -> bytes:
    return json.dumps({**sample, **changes}).encode()


def changed(sealed: str) -> str:
    """Another last byte, which is of the tag (SP 800-38D, 7.2)."""
    data = bytearray(base64.b64decode(sealed))
    data[-1] ^= 1
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("data", "password", "known"),
    [
        pytest.param(blob(SCRYPT), "s3same-open", True, id="kopia's default"),
        pytest.param(blob(SCRYPT), " s3same-open\n", True, id="blanks around it are none of it (cli/password.go)"),
        pytest.param(blob(SCRYPT), "s3same-opem", False, id="another"),
        pytest.param(blob(SCRYPT), "", False, id="none"),
        pytest.param(blob(PBKDF2), "pass wörd", True, id="the other derivation, and UTF-8"),
        pytest.param(blob(PBKDF2), "pass word", False, id="another in UTF-8"),
        pytest.param(blob(SCRYPT, uniqueID=PBKDF2["uniqueID"]), "s3same-open", False, id="settings of another one"),
        pytest.param(blob(SCRYPT, keyAlgo="scrypt-1048576-8-1"), "s3same-open", None, id="a derivation to come"),
        pytest.param(blob(SCRYPT, encryption="CHACHA"), "s3same-open", None, id="an encryption to come"),
        pytest.param(blob(SCRYPT, encryptedBlockFormat="?"), "s3same-open", None, id="no base64"),
        pytest.param(blob(SCRYPT, encryptedBlockFormat=None), "s3same-open", None, id="nothing sealed"),
        pytest.param(blob(SCRYPT, encryptedBlockFormat="AAAA"), "s3same-open", None, id="too short for a seal"),
        pytest.param(
            blob(SCRYPT, encryptedBlockFormat=changed(SCRYPT["encryptedBlockFormat"])),
            "s3same-open",
            False,
            id="changed settings",
        ),
        pytest.param(b'["kopia"]', "s3same-open", None, id="no object"),
        pytest.param(b"kopia", "s3same-open", None, id="no JSON"),
    ],
)
def test_whether_it_opens(data: bytes, password: str, known: bool | None) -> None:
    assert opens(data, password) is known


def test_a_python_without_scrypt_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with an OpenSSL in FIPS mode."""

    def refuse(*_args: t.Any, **_named: t.Any) -> bytes:
        raise ValueError("[digital envelope routines] unsupported")

    monkeypatch.setattr(hashlib, "scrypt", refuse)
    assert opens(blob(SCRYPT), "s3same-open") is None
    monkeypatch.delattr(hashlib, "scrypt")
    assert opens(blob(SCRYPT), "s3same-open") is None
    assert opens(blob(PBKDF2), "pass wörd") is True


@pytest.mark.parametrize(
    "missing",
    [
        pytest.param("cryptography.exceptions", id="a Python of its own, without what ansible-core brings"),
        pytest.param("cryptography.hazmat.primitives.ciphers.aead", id="one whose OpenSSL does not load"),
    ],
)
def test_a_python_without_the_library_does_not_know(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    assert has_library()
    monkeypatch.setitem(sys.modules, missing, None)
    assert not has_library()
    assert opens(blob(SCRYPT), "s3same-open") is None
    assert opens(blob(SCRYPT), "s3same-opem") is None


class _Needy:
    """As HKDF and AESGCM before cryptography 3.1, which want a backend."""

    def __init__(self, *_args: t.Any, **_named: t.Any) -> None:
        raise TypeError("__init__() missing 1 required positional argument: 'backend'")


def test_an_ancient_library_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cryptography.hazmat.primitives.kdf.hkdf.HKDF", _Needy)
    assert opens(blob(SCRYPT), "s3same-open") is None


class _Broken:
    """As cryptography 39 where the legacy provider of OpenSSL 3 does not load."""

    def __getattr__(self, name: str) -> t.Any:
        raise RuntimeError("OpenSSL 3.0's legacy provider failed to load.")


def test_a_broken_library_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", _Broken())
    assert not has_library()
    assert opens(blob(SCRYPT), "s3same-open") is None
