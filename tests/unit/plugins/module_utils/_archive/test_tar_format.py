# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import io
import tarfile

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive import tar_format
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tar_format import END, member_header, padding

_DATA = b"x" * 700
_LONG = "resources/roles.rbac.authorization.k8s.io/v1-preferredversion/namespaces/" + "n" * 63


@pytest.mark.parametrize(
    ("name", "sha256"),
    [
        pytest.param(
            "metadata/version", "148f2c3ab1de1ef6609137d9c740d87a9f840b712ac6abe4edb75d0b514f26b4", id="short"
        ),
        pytest.param(
            "resources/clusterroles.rbac.authorization.k8s.io/cluster/system:node.json",
            "9148f2f34bff1b2916f22cf6e0f9c8af50545bc69bee0089eba692f1a57d5926",
            id="colon",
        ),
        pytest.param(
            "resources/" + "a" * 86 + ".jso",
            "7f3f1b96c0bfdaa6947052ee29e070e299e0850d331316eb1a8e2298de36c0e9",
            id="100 bytes",
        ),
        pytest.param(
            "resources/" + "a" * 86 + ".json",
            "11e41e47d344c677adcf41c14db225db33662830f4f49b4b205a20d9ba5dccf5",
            id="101 bytes",
        ),
        pytest.param(
            f"{_LONG}/{'r' * 95}.json",
            "bfeb03c11c937e390ba59ced52c7f2843eeffe053df94539d5794d23f30afa8c",
            id="longest that is cut in two",
        ),
        pytest.param(
            f"{_LONG}/{'r' * 96}.json",
            "79117789833e1519a917e391b6c88fe57fdfa45b2757c8dd048d0ca0c6c67486",
            id="shortest that is not",
        ),
        pytest.param(
            f"resources/x/namespaces/{'n' * 63}/{'r' * 253}.json",
            "3ec8878fa4306329605e187c113e1cc4b32c9e6ff4e6cf6e4c0689b9368f9d6c",
            id="longest object name",
        ),
        pytest.param(
            "resources/x/namespaces/é/ü.json",
            "5dc4ee95cbccd07f6e9fc0b5be902acc3a1ecd67fa88bc6a52cb37ed9f9fc206",
            id="not ASCII",
        ),
        pytest.param(
            "resources/" + "g" * 145 + "/cluster/a.json",
            "2ed387dc25e6fc4a63ca838554285d916bd8302ba235189db19378d0c1e8273c",
            id="longest prefix",
        ),
        pytest.param(
            "resources/" + "g" * 146 + "/cluster/a.json",
            "e1a6759539628d06e95fdc9eead85fd4bbbc201e256e0bb00f42e5cf1493f1fe",
            id="prefix too long",
        ),
    ],
)
def test_the_same_bytes_as_go(name: str, sha256: str) -> None:
    """Digests of one-member archives (700 bytes of x, mode 0755, Unix time 1780000000) by Go 1.26's archive/tar."""
    archive = member_header(name, len(_DATA), 1_780_000_000) + _DATA + padding(len(_DATA)) + END
    assert hashlib.sha256(archive).hexdigest() == sha256
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        assert opened.getnames() == [name]


def test_a_header_reads_back() -> None:
    header = tar_format.parse_header(member_header("a/b", 1234, 5))
    assert header == tar_format.Header("a/b", 1234, tar_format.REGULAR)
    assert tar_format.parse_header(bytes(512)) is None


@pytest.mark.parametrize(
    ("at", "value", "message"), [(0, b"X", "checksum"), (124, b"9", "checksum"), (148, b"zz", "number")]
)
def test_a_damaged_header(at: int, value: bytes, message: str) -> None:
    block = bytearray(member_header("a/b", 1234, 5))
    block[at : at + len(value)] = value
    with pytest.raises(ValueError, match=message):
        tar_format.parse_header(bytes(block))


@pytest.mark.parametrize(
    "data", [b"no length", b"99 path=x\n", b"9 path=xx", b"8 pathx\n\n", b"-1 a=b\n", b"99999999999 a=b\n"]
)
def test_damaged_pax_records(data: bytes) -> None:
    with pytest.raises(ValueError, match="PAX"):
        tar_format.parse_pax(data)
