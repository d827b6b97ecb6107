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
from ansible_collections.arkive.k8s.plugins.module_utils._archive.item_digests import ItemDigests
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import read_digests


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
    found = read_digests(out.getvalue())
    assert len(found) == 10_000
    assert found["3/49/7"] == sha256(b"7")
    with pytest.raises(ArchiveError, match="closed"):
        digests.add("x", b"")


def test_nothing_is_an_empty_list() -> None:
    out = io.BytesIO()
    ItemDigests(out).close()
    assert read_digests(out.getvalue()) == {}


class FullDisk(io.BytesIO):
    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        raise OSError(28, "No space left on device")


def test_a_full_disk() -> None:
    digests = ItemDigests(FullDisk())
    digests.add("a", b"")
    with pytest.raises(ArchiveError, match="No space left on device"):
        digests.close()
