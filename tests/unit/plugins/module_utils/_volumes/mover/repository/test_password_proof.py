# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A password against format blobs that kopia itself wrote (samples/README.md), and AES-GCM against its standard."""

from __future__ import annotations

import hashlib
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository import password_proof
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.gcm_tag import is_sealed_with
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.password_proof import opens

SAMPLES = Path(__file__).parent.parent / "samples"
SCRYPT, PBKDF2 = (json.loads((SAMPLES / f"kopia.repository-{name}.json").read_text()) for name in ("scrypt", "pbkdf2"))


def blob(sample: dict[str, t.Any], **changes: t.Any) -> bytes:
    return json.dumps({**sample, **changes}).encode()


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
    assert password_proof.opens(blob(PBKDF2), "pass wörd") is True


_KEY = "feffe9928665731c6d6a8f9467308308" * 2
_TEXT = (
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
)


@pytest.mark.parametrize(
    ("key", "nonce", "text", "associated", "tag"),
    [
        # Vectors 13, 14 and 16 of McGrew and Viega, "The Galois/Counter Mode of Operation", to which SP 800-38D refers.
        ("00" * 32, "00" * 12, "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
        ("00" * 32, "00" * 12, "cea7403d4d606b6e074ec5d3baf39d18", "", "d0d1c8a799996bf0265b98b5d48ab919"),
        (_KEY, "cafebabefacedbaddecaf888", _TEXT, "feedfacedeadbeeffeedfacedeadbeefabaddad2",
         "76fc6ece0f4e1768cddf8853bb2d551b"),
    ],
)  # fmt: skip
def test_the_tag_is_that_of_the_standard(key: str, nonce: str, text: str, associated: str, tag: str) -> None:
    sealed = bytes.fromhex(nonce + text + tag)
    more = bytes.fromhex(associated)
    assert is_sealed_with(bytes.fromhex(key), sealed, more)
    for place in sorted({0, 12, len(sealed) - 1}):
        changed = bytearray(sealed)
        changed[place] ^= 1
        assert not is_sealed_with(bytes.fromhex(key), bytes(changed), more)
    assert not is_sealed_with(bytes.fromhex(key), sealed, b"x" + more)
    assert not is_sealed_with(bytes.fromhex(key)[:16], sealed, more)
    assert not is_sealed_with(bytes.fromhex(key), sealed[:27], more)
