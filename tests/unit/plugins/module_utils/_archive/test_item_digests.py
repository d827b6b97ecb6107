# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import threading
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.item_digests import ItemDigests, read_digests


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_lines_are_those_of_sha256sum(tmp_path: Path) -> None:
    out = io.BytesIO()
    digests = ItemDigests(out)
    names = ("a.json", "\u00fc.json")
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
        digests.add(name, name.encode())
    digests.close()
    lines = gzip.decompress(out.getvalue())
    assert lines.decode() == "".join(f"{sha256(name.encode())}  {name}\n" for name in names)
    checked = subprocess.run(["sha256sum", "-c", "--quiet", "-"], input=lines, cwd=tmp_path, check=False)
    assert checked.returncode == 0


def test_many_threads_and_many_lines() -> None:
    out = io.BytesIO()
    digests = ItemDigests(out)

    def add(part: int) -> None:
        for number in range(50):
            digests.add_all([(f"{part}/{number}/{each}", b"%d" % each) for each in range(50)])

    threads = [threading.Thread(target=add, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    digests.close()
    digests.close()
    found = read_digests(io.BytesIO(out.getvalue()))
    assert len(found) == 10_000
    assert found["3/49/7"] == sha256(b"7")
    with pytest.raises(ArchiveError, match="closed"):
        digests.add("x", b"")


def test_nothing_is_an_empty_list() -> None:
    out = io.BytesIO()
    ItemDigests(out).close()
    assert read_digests(io.BytesIO(out.getvalue())) == {}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"", "is empty", id="nothing"),
        pytest.param(gzip.compress(f"{sha256(b'')}  a\n".encode())[:-4], "truncated", id="cut-off"),
        pytest.param(gzip.compress(f"{sha256(b'')}  a".encode()), "middle of a line", id="no-newline"),
        pytest.param(gzip.compress(f"{sha256(b'')} a\n".encode()), "no digest", id="one-blank"),
        pytest.param(gzip.compress(f"{sha256(b'')}  \n".encode()), "no digest", id="no-path"),
        pytest.param(gzip.compress(b"\n"), "no digest", id="an-empty-line"),
    ],
)
def test_damaged(data: bytes, words: str) -> None:
    with pytest.raises(ArchiveError, match=words):
        read_digests(io.BytesIO(data))


class FullDisk(io.BytesIO):
    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        raise OSError(28, "No space left on device")


def test_a_full_disk() -> None:
    digests = ItemDigests(FullDisk())
    digests.add("a", b"")
    with pytest.raises(ArchiveError, match="No space left on device"):
        digests.close()
