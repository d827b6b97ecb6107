# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import errno
import gzip
import hashlib
import io
import json
import os
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import RestoreFiles
from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.removal import remove_files
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local import store as local_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock, WriteLockLost
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.written_backups import (
    FILES,
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


def test_publish_writes_the_commit_point_last(writer: BackupWriter, store: Watched) -> None:
    writer.publish(backup_files())
    assert sorted(store.acts) == FILES
    assert store.acts[-2:] == ["b1-arkive.json.gz", "velero-backup.json"]
    assert all_keys(store) == [f"backups/b1/{name}" for name in FILES]


def test_what_is_published_reads_back(writer: BackupWriter, catalog: Catalog, store: Watched) -> None:
    files = backup_files()
    record = writer.publish(files)
    assert catalog.exists("b1")
    assert catalog.names() == ["b1"]
    assert catalog.read_backup("b1") == files.metadata
    assert catalog.files("b1").read_json("results") == files.results
    assert catalog.files("b1").read_json("resource_list") == {"v1/Pod": ["app/web"]}
    assert catalog.files("b1").read_json("volumeinfo") == []
    assert catalog.files("b1").read_log_end(1000) == ("level=info msg=done\n", False)
    assert catalog.files("b1").read_record() == record
    assert record.run_id == "run-1"
    with catalog.files("b1").open_tarball() as reader:
        assert [ref.name for ref in reader.items] == ["web"]
    (entry,) = catalog.entries()
    assert (entry.complete, entry.locked, entry.objects) == (True, False, len(FILES))


def test_the_record_has_a_digest_of_every_other_file(writer: BackupWriter, store: Watched) -> None:
    record = writer.publish(backup_files())
    assert sorted(record.files) == [name for name in FILES if name != "b1-arkive.json.gz"]
    for name, digest in record.files.items():
        data = store.get(f"backups/b1/{name}")
        assert (digest.size, digest.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_files_are_as_velero_writes_them(writer: BackupWriter, store: Watched) -> None:
    """One compact document and a newline, in one gzip member; the metadata pretty and plain."""
    writer.publish(backup_files())
    assert gzip.decompress(store.get("backups/b1/b1-volumeinfo.json.gz")) == b"[]\n"
    assert gzip.decompress(store.get("backups/b1/b1-resource-list.json.gz")) == b'{"v1/Pod":["app/web"]}\n'
    metadata = store.get("backups/b1/velero-backup.json").decode()
    assert metadata.startswith('{\n  "apiVersion": "velero.io/v1",\n')
    assert metadata.endswith("}\n")


@pytest.mark.parametrize("fail_at", FILES)
@pytest.mark.parametrize("fail_after", [False, True], ids=["refused", "answer lost"])
def test_a_failed_publish_leaves_nothing(
    writer: BackupWriter, store: Watched, fail_at: str, *, fail_after: bool
) -> None:
    store.put("backups/other/velero-backup.json", b"{}")
    store.fail_at, store.fail_after = f"b1/{fail_at}", fail_after
    if fail_after and fail_at == "velero-backup.json":
        # The commit point is there: a backup that is to be seen is whole, and has not failed.
        said: list[str] = []
        writer.publish(backup_files(), warn=said.append)
        assert len(all_keys(store)) == len(FILES) + 1
        assert [sentence.startswith("The write of backups/b1/velero-backup.json failed") for sentence in said] == [True]
        return
    with pytest.raises(StoreError, match=f"Cannot write .*{fail_at}"):
        writer.publish(backup_files())
    assert all_keys(store) == ["backups/other/velero-backup.json"]


@pytest.mark.parametrize("during", [name for name in FILES if name != "velero-backup.json"])
def test_a_run_that_is_told_to_stop_commits_nothing(writer: BackupWriter, store: Watched, during: str) -> None:
    cancel = CancelToken()
    put_file = store._store.put_file

    def put(key: str, fileobj: t.Any, **options: t.Any) -> t.Any:
        if key.endswith(during):
            cancel.cancel("SIGTERM was received")
        return put_file(key, fileobj, **options)

    store._store.put_file = put  # type: ignore[method-assign]
    with pytest.raises(Cancelled):
        writer.publish(backup_files(), cancel=cancel)
    assert all_keys(store) == []


def test_publish_refuses_a_name_that_exists(writer: BackupWriter, store: Watched) -> None:
    writer.publish(backup_files())
    before = {key: store.get(key) for key in all_keys(store)}
    with pytest.raises(ArchiveError, match="'b1' already exists"):
        writer.publish(backup_files(phase="Failed"))
    assert {key: store.get(key) for key in all_keys(store)} == before


@pytest.mark.parametrize("phase", ["", "New", "InProgress", "Finalizing", "Deleting"])
def test_publish_refuses_a_phase_that_is_not_final(writer: BackupWriter, store: Watched, phase: str) -> None:
    """A syncing server runs a backup that has no phase."""
    with pytest.raises(ArchiveError, match="is not final"):
        writer.publish(backup_files(phase=phase))
    assert all_keys(store) == []


@pytest.mark.parametrize("name", ["", "../x", "a/b", "UPPER", "-a"])
def test_publish_refuses_a_bad_name(writer: BackupWriter, name: str) -> None:
    with pytest.raises(ValidationError, match="cannot be the name of a backup"):
        writer.publish(backup_files(name=name))


def test_publish_refuses_a_tarball_that_changed(writer: BackupWriter, store: Watched) -> None:
    files = dataclasses.replace(backup_files(), tarball=io.BytesIO(b"something else"))
    with pytest.raises(ArchiveError, match="the digests differ"):
        writer.publish(files)
    assert all_keys(store) == []


def test_publish_under_a_claim(writer: BackupWriter, catalog: Catalog, store: Watched) -> None:
    with WriteLock.acquire(store, BackupKeys("b1").write_lock, run_id="r1") as lock:
        (entry,) = catalog.entries()
        assert (entry.name, entry.locked) == ("b1", True)
        assert catalog.names() == []
        writer.publish(backup_files(), lock=lock)
    assert catalog.names() == ["b1"]
    assert [entry.complete for entry in catalog.entries()] == [True]
    assert len(all_keys(store)) == len(FILES)


def test_publish_after_the_claim_was_lost_touches_nothing(writer: BackupWriter, store: Watched) -> None:
    """The files may be the new owner's: they are neither replaced nor removed."""
    lock = WriteLock.acquire(store, BackupKeys("b1").write_lock, run_id="r1")
    store.delete_many([lock.key])
    store.put("backups/b1/b1.tar.gz", b"of the new owner")
    with pytest.raises(WriteLockLost):
        lock.confirm()
    with pytest.raises(WriteLockLost):
        writer.publish(backup_files(), lock=lock)
    assert store.get("backups/b1/b1.tar.gz") == b"of the new owner"
    assert all_keys(store) == ["backups/b1/b1.tar.gz"]


class LostAtCommit:
    is_lost = False

    def require_held(self) -> None:
        """Still held while the files are written."""

    def confirm(self, *, commits: str = "") -> None:
        self.is_lost = True
        raise WriteLockLost("claim")


def test_no_commit_without_the_claim(writer: BackupWriter, catalog: Catalog) -> None:
    with pytest.raises(WriteLockLost):
        writer.publish(backup_files(), lock=LostAtCommit())
    assert catalog.names() == []


def test_restore_files(writer: BackupWriter, store: Watched) -> None:
    files = RestoreFiles(logs=gzip.compress(b"log"), results={}, resource_list={"v1/Pod": ["app/web(created)"]})
    writer.write_restore("r1", files)
    assert all_keys(store) == [
        "restores/r1/r1-volumeinfo.json.gz",
        "restores/r1/restore-r1-itemoperations.json.gz",
        "restores/r1/restore-r1-logs.gz",
        "restores/r1/restore-r1-resource-list.json.gz",
        "restores/r1/restore-r1-results.gz",
    ]
    stored = gzip.decompress(store.get("restores/r1/restore-r1-resource-list.json.gz"))
    assert json.loads(stored) == {"v1/Pod": ["app/web(created)"]}
    whole = all_keys(store)
    store.fail_at = "restore-r2-itemoperations.json.gz"
    with pytest.raises(StoreError):
        writer.write_restore("r2", files)
    assert all_keys(store) == whole


def test_the_digests_of_the_objects_are_stored_and_recorded(writer: BackupWriter, store: Watched) -> None:
    files = dataclasses.replace(backup_files(), digests=io.BytesIO(gzip.compress(b"abc  resources/x\n")))
    record = writer.publish(files)
    assert store.acts.index("b1-arkive-digests.gz") < store.acts.index("b1-arkive.json.gz")
    data = store.get("backups/b1/b1-arkive-digests.gz")
    assert record.files["b1-arkive-digests.gz"].sha256 == hashlib.sha256(data).hexdigest()
    assert remove_files(t.cast("t.Any", store), "b1")
    assert all_keys(store) == []


def test_a_rename_whose_flush_failed_is_there(
    writer: BackupWriter, store: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody takes back what may be seen, and what is seen is no failure."""

    def fail(path: str) -> None:
        if any(name == "velero-backup.json" for name in os.listdir(path)):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(local_store, "sync_directory", fail)
    said: list[str] = []
    writer.publish(backup_files(), warn=said.append)
    assert len(all_keys(store)) == len(FILES)
    assert ["failed at first; then it was there" in sentence for sentence in said] == [True]
