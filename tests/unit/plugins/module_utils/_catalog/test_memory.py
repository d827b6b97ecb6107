# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a look at thousands of backups keeps of each of them."""

from __future__ import annotations

import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.file_sizes import FileSizes
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.side_by_side import read_each
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore

FILES = (".tar.gz", "-logs.gz", "-results.gz", "-resource-list.json.gz", "-volumeinfo.json.gz", "-arkive.json.gz")
#: Bytes of memory for each backup that is listed: with its name, its sizes and its times.
MOST = 2000


def test_the_files_are_those_that_were_given() -> None:
    sizes = {"a.tar.gz": 1, "velero-backup.json": 2, "a-logs.gz": 300, "ab": 4, "a": 5, "-logs.gz": 6}
    files = FileSizes("a", sizes)
    assert dict(files) == sizes
    assert files == sizes
    assert (len(files), files["ab"], files.get("b.tar.gz", 0), "a-logs.gz" in files) == (6, 4, 0, True)
    with pytest.raises(KeyError):
        files["b"]


def test_backups_are_kept_small(tmp_path: Path) -> None:
    for number in range(400):
        name = f"nightly-20260601{number:06}"
        folder = tmp_path / "backups" / name
        folder.mkdir(parents=True)
        for file in (*(f"{name}{kind}" for kind in FILES), "velero-backup.json"):
            (folder / file).write_bytes(b"x" * 300)
    catalog = Catalog(LocalStore(LocalLocation(path=str(tmp_path))))
    catalog.entry("nightly-20260601000000")
    tracemalloc.start()
    try:
        entries = catalog.entries()
        kept, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(entries) == 400
    assert kept / len(entries) < MOST


def test_few_reads_are_under_way() -> None:
    """However many there are, and in their order."""
    asked, ended, most = 0, 0, 0
    lock = threading.Lock()

    def numbers() -> object:
        nonlocal asked, most
        for number in range(500):
            with lock:
                asked += 1
                most = max(most, asked - ended)
            yield number

    def read(number: int) -> int:
        nonlocal ended
        time.sleep(0)
        with lock:
            ended += 1
        return number * 2

    assert read_each(read, numbers()) == [number * 2 for number in range(500)]  # type: ignore[arg-type]
    assert most < 200


def test_an_error_ends_the_reads() -> None:
    read = []

    def fail(number: int) -> None:
        read.append(number)
        if number == 3:
            raise ArkiveError("No.")

    with pytest.raises(ArkiveError):
        read_each(fail, range(10_000))
    assert len(read) < 500
