# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.spool import Spool


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_write_and_read(directory: Path) -> None:
    with Spool("a test") as spool:
        spool.write(b"hello ")
        spool.write(b"world")
        assert spool.size == 11
        assert spool.rewind().read() == b"hello world"
        assert spool.read_at(6, 5) == b"world"
        assert os.listdir(directory) == []
        found = os.fstat(spool._file.fileno())
        assert found.st_nlink == 0
        assert stat.S_IMODE(found.st_mode) == 0o600


def test_reading_what_is_not_there() -> None:
    with Spool("a test") as spool:
        spool.write(b"hello")
        spool.flush()
        with pytest.raises(ArchiveError, match="is shorter"):
            spool.read_at(3, 5)


def test_too_little_space_is_refused_at_once(directory: Path) -> None:
    with pytest.raises(ArchiveError, match="not enough space") as caught:
        Spool("the tarball of b1", need_bytes=1 << 60)
    assert "the tarball of b1" in caught.value.message
    assert str(directory) in caught.value.message
    assert "TMPDIR" in caught.value.sentence


class Full:
    def write(self, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    def close(self) -> None:
        raise OSError(28, "No space left on device")


def test_space_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_options: Full())
    with Spool("a test") as spool, pytest.raises(ArchiveError, match=r"not enough space .* it is full"):
        spool.write(b"x")


def test_no_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/no/such/directory")
    with pytest.raises(ArchiveError, match="No such file"):
        Spool("a test")
