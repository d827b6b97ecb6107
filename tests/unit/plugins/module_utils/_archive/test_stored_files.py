# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_files import StoredFiles
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import tar_gz
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.written_backups import (
    Watched,
    backup_files,
)


@pytest.fixture
def store(tmp_path: Path) -> Watched:
    return Watched(LocalStore(LocalLocation(path=str(tmp_path))))


@pytest.fixture
def writer(store: Watched) -> BackupWriter:
    return BackupWriter(t.cast("t.Any", store))


@pytest.fixture
def files(store: Watched) -> StoredFiles:
    return StoredFiles(t.cast("t.Any", store), BackupKeys("b1"))


@pytest.mark.parametrize(
    ("file", "data", "message"),
    [
        ("b1-results.gz", b"not gzip", "b1-results.gz is not a sound gzip file"),
        ("b1-results.gz", gzip.compress(b"{}", mtime=0)[:-3], "b1-results.gz is truncated"),
        ("b1-results.gz", gzip.compress(b"{", mtime=0), "b1-results.gz is not valid JSON"),
        ("b1-arkive.json.gz", gzip_json({"version": 99}), "has version 99"),
        ("b1-arkive.json.gz", gzip_json([]), "is not a mapping"),
        ("b1-arkive.json.gz", gzip_json({"version": 1, "files": {"a": {}}}), "is damaged"),
        ("velero-backup.json", b"{", "velero-backup.json is not valid JSON"),
        ("velero-backup.json", b"[]", "is not a Backup object"),
        ("b1.tar.gz", tar_gz(), "is not the one that was written"),
    ],
)
def test_damaged_files(
    writer: BackupWriter, files: StoredFiles, store: Watched, file: str, data: bytes, message: str
) -> None:
    writer.publish(backup_files())
    store.put(f"backups/b1/{file}", data)

    def read_all() -> None:
        files.read_backup()
        files.read_json("results")
        files.open_tarball().close()

    with pytest.raises(ArkiveError, match=message):
        read_all()
