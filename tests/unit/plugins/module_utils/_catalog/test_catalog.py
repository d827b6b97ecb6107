# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import obj, tar_gz
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
def catalog(store: Watched) -> Catalog:
    return Catalog(t.cast("t.Any", store))


def test_a_half_deleted_backup_is_not_listed(writer: BackupWriter, catalog: Catalog, store: Watched) -> None:
    writer.publish(backup_files())
    store.delete_many(["backups/b1/velero-backup.json"])
    assert catalog.names() == []
    (entry,) = catalog.entries()
    assert (entry.name, entry.complete, entry.locked) == ("b1", False, False)
    assert catalog.read_backup("b1") is None


def test_what_is_not_there(catalog: Catalog) -> None:
    assert not catalog.exists("b1")
    assert catalog.read_backup("b1") is None
    assert catalog.files("b1").read_json("results") is None
    assert catalog.files("b1").read_record() is None
    assert catalog.files("b1").read_log_end(1000) is None
    with pytest.raises(ArchiveError, match="The backup 'b1' has no tarball"):
        catalog.files("b1").open_tarball()


def test_a_backup_of_velero(catalog: Catalog, store: Watched) -> None:
    """The smallest pair that a stock server takes: no record, no optional file."""
    store.put("backups/n/velero-backup.json", b'{"apiVersion":"velero.io/v1","kind":"Backup","metadata":{"name":"n"}}')
    store.put("backups/n/n.tar.gz", tar_gz(("resources/pods/namespaces/app/web.json", obj("Pod", "web", "app"))))
    store.put("backups/n/n-volumeinfo.json.gz", gzip.compress(b"nu") + gzip.compress(b"ll\n"))
    assert catalog.names() == ["n"]
    assert catalog.files("n").read_json("volumeinfo") is None
    with catalog.files("n").open_tarball() as reader:
        assert len(reader.items) == 1


def test_validate(writer: BackupWriter, catalog: Catalog, store: Watched) -> None:
    catalog.validate()
    writer.publish(backup_files())
    store.put("readme.txt", b"plain objects are fine")
    catalog.validate()
    store.put("home/file", b"x")
    with pytest.raises(ValidationError, match=r"invalid top-level directories: \[home\]") as caught:
        catalog.validate()
    assert f"{store.location.describe} is not a backup location: give another path" in caught.value.sentence
