# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.removal import remove_files
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.written_backups import (
    Watched,
    all_keys,
    backup_files,
)


@pytest.fixture
def store(tmp_path: Path) -> Watched:
    return Watched(LocalStore(LocalLocation(path=str(tmp_path))))


@pytest.fixture
def writer(store: Watched) -> BackupWriter:
    return BackupWriter(t.cast("t.Any", store))


@pytest.fixture
def catalog(store: Watched) -> Catalog:
    return Catalog(t.cast("t.Any", store))


def test_delete_removes_the_commit_point_first(writer: BackupWriter, catalog: Catalog, store: Watched) -> None:
    writer.publish(backup_files())
    writer.publish(backup_files("b1x"))
    store.put("backups/b1/something-else", b"x")
    store.acts.clear()
    assert remove_files(t.cast("t.Any", store), "b1")
    assert store.acts[0] == "delete velero-backup.json"
    assert catalog.names() == ["b1x"]
    assert not any(key.startswith("backups/b1/") for key in all_keys(store))
    assert not remove_files(t.cast("t.Any", store), "b1")


def test_delete_can_leave_the_claim(writer: BackupWriter, store: Watched) -> None:
    with WriteLock.acquire(store, BackupKeys("b1").write_lock, run_id="r1") as lock:
        writer.publish(backup_files(), lock=lock)
        assert remove_files(t.cast("t.Any", store), "b1", keep_lock=True)
        assert all_keys(store) == [lock.key]
        assert not remove_files(t.cast("t.Any", store), "b1", keep_lock=True)
    assert all_keys(store) == []
