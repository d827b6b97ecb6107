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

from ansible_collections.arkive.k8s.plugins.module_utils._archive.arkive_record import ArkiveRecord
from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import (
    BackupFiles,
    RestoreFiles,
    gzip_json,
)
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.repository import BackupRepository
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_writer import TarballWriter
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._store.claims import Claim, ClaimLost
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local import store as local_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import obj, tar_gz

FILES = [
    "b1-arkive.json.gz",
    "b1-itemoperations.json.gz",
    "b1-logs.gz",
    "b1-podvolumebackups.json.gz",
    "b1-resource-list.json.gz",
    "b1-results.gz",
    "b1-volumeinfo.json.gz",
    "b1-volumesnapshots.json.gz",
    "b1.tar.gz",
    "velero-backup.json",
]


def backup_files(name: str = "b1", phase: str = "Completed") -> BackupFiles:
    tarball = io.BytesIO()
    writer = TarballWriter(tarball, mtime=0)
    writer.add_item(GroupResource("pods"), obj("Pod", "web", "app"), preferred_version="v1")
    summary = writer.close()
    tarball.seek(0)
    return BackupFiles(
        metadata={
            "apiVersion": "velero.io/v1",
            "kind": "Backup",
            "metadata": {"name": name},
            "spec": {},
            "status": {"phase": phase},
        },
        tarball=tarball,
        tarball_summary=summary,
        logs=gzip.compress(b"level=info msg=done\n"),
        results={"errors": {}, "warnings": {"velero": [" message: /careful"]}},
        resource_list={"v1/Pod": ["app/web"]},
        record=ArkiveRecord(run_id="run-1", tool="arkive.k8s 0.1.0"),
    )


class Watched:
    """A store that notes what is written and deleted, and fails at one key."""

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self.acts: list[str] = []
        self.fail_at = ""
        self.fail_after = False

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._store, name)

    def put_file(self, key: str, fileobj: t.Any, **options: t.Any) -> t.Any:
        if self.fail_at and key.endswith(self.fail_at):
            if self.fail_after:
                self._store.put_file(key, fileobj, **options)
            raise StoreError(f"Cannot write {key}: refused.")
        self.acts.append(key.rpartition("/")[2])
        return self._store.put_file(key, fileobj, **options)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        if self.fail_at and key.endswith(self.fail_at):
            if self.fail_after:
                self._store.put_if_absent(key, data)
            raise StoreError(f"Cannot write {key}: refused.")
        self.acts.append(key.rpartition("/")[2])
        return self._store.put_if_absent(key, data)

    def delete_many(self, keys: t.Iterable[str]) -> None:
        doomed = list(keys)
        self.acts.append(f"delete {' '.join(key.rpartition('/')[2] for key in doomed)}")
        self._store.delete_many(doomed)


@pytest.fixture
def store(tmp_path: Path) -> Watched:
    return Watched(LocalStore(LocalLocation(path=str(tmp_path))))


@pytest.fixture
def repository(store: Watched) -> BackupRepository:
    return BackupRepository(store)


def all_keys(store: Watched) -> list[str]:
    return [info.key for info in store.list().objects]


def test_publish_writes_the_commit_point_last(repository: BackupRepository, store: Watched) -> None:
    repository.publish(backup_files())
    assert sorted(store.acts) == FILES
    assert store.acts[-2:] == ["b1-arkive.json.gz", "velero-backup.json"]
    assert all_keys(store) == [f"backups/b1/{name}" for name in FILES]


def test_what_is_published_reads_back(repository: BackupRepository, store: Watched) -> None:
    files = backup_files()
    record = repository.publish(files)
    assert repository.exists("b1")
    assert repository.names() == ["b1"]
    assert repository.read_backup("b1") == files.metadata
    assert repository.read_json("b1", "results") == files.results
    assert repository.read_json("b1", "resource_list") == {"v1/Pod": ["app/web"]}
    assert repository.read_json("b1", "volumeinfo") == []
    assert repository.read_log_end("b1", 1000) == ("level=info msg=done\n", False)
    assert repository.read_record("b1") == record
    assert record.run_id == "run-1"
    with repository.open_tarball("b1") as reader:
        assert [ref.name for ref in reader.items] == ["web"]
    (entry,) = repository.entries()
    assert (entry.complete, entry.claimed, entry.objects) == (True, False, len(FILES))


def test_the_record_has_a_digest_of_every_other_file(repository: BackupRepository, store: Watched) -> None:
    record = repository.publish(backup_files())
    assert sorted(record.files) == [name for name in FILES if name != "b1-arkive.json.gz"]
    for name, digest in record.files.items():
        data = store.get(f"backups/b1/{name}")
        assert (digest.size, digest.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_files_are_as_velero_writes_them(repository: BackupRepository, store: Watched) -> None:
    """One compact document and a newline, in one gzip member; the metadata pretty and plain."""
    repository.publish(backup_files())
    assert gzip.decompress(store.get("backups/b1/b1-volumeinfo.json.gz")) == b"[]\n"
    assert gzip.decompress(store.get("backups/b1/b1-resource-list.json.gz")) == b'{"v1/Pod":["app/web"]}\n'
    metadata = store.get("backups/b1/velero-backup.json").decode()
    assert metadata.startswith('{\n  "apiVersion": "velero.io/v1",\n')
    assert metadata.endswith("}\n")


@pytest.mark.parametrize("fail_at", FILES)
@pytest.mark.parametrize("fail_after", [False, True], ids=["refused", "answer lost"])
def test_a_failed_publish_leaves_nothing(
    repository: BackupRepository, store: Watched, fail_at: str, *, fail_after: bool
) -> None:
    store.put("backups/other/velero-backup.json", b"{}")
    store.fail_at, store.fail_after = f"b1/{fail_at}", fail_after
    if fail_after and fail_at == "velero-backup.json":
        # The commit point is there: a backup that is to be seen is whole, and has not failed.
        said: list[str] = []
        repository.publish(backup_files(), warn=said.append)
        assert len(all_keys(store)) == len(FILES) + 1
        assert [sentence.startswith("The write of backups/b1/velero-backup.json failed") for sentence in said] == [True]
        return
    with pytest.raises(StoreError, match=f"Cannot write .*{fail_at}"):
        repository.publish(backup_files())
    assert all_keys(store) == ["backups/other/velero-backup.json"]


@pytest.mark.parametrize("during", [name for name in FILES if name != "velero-backup.json"])
def test_a_run_that_is_told_to_stop_commits_nothing(repository: BackupRepository, store: Watched, during: str) -> None:
    cancel = CancelToken()
    put_file = store._store.put_file

    def put(key: str, fileobj: t.Any, **options: t.Any) -> t.Any:
        if key.endswith(during):
            cancel.cancel("SIGTERM was received")
        return put_file(key, fileobj, **options)

    store._store.put_file = put  # type: ignore[method-assign]
    with pytest.raises(Cancelled):
        repository.publish(backup_files(), cancel=cancel)
    assert all_keys(store) == []


def test_publish_refuses_a_name_that_exists(repository: BackupRepository, store: Watched) -> None:
    repository.publish(backup_files())
    before = {key: store.get(key) for key in all_keys(store)}
    with pytest.raises(ArchiveError, match="'b1' already exists"):
        repository.publish(backup_files(phase="Failed"))
    assert {key: store.get(key) for key in all_keys(store)} == before


@pytest.mark.parametrize("phase", ["", "New", "InProgress", "Finalizing", "Deleting"])
def test_publish_refuses_a_phase_that_is_not_final(repository: BackupRepository, store: Watched, phase: str) -> None:
    """A syncing server runs a backup that has no phase."""
    with pytest.raises(ArchiveError, match="is not final"):
        repository.publish(backup_files(phase=phase))
    assert all_keys(store) == []


@pytest.mark.parametrize("name", ["", "../x", "a/b", "UPPER", "-a"])
def test_publish_refuses_a_bad_name(repository: BackupRepository, name: str) -> None:
    with pytest.raises(ValidationError, match="cannot be the name of a backup"):
        repository.publish(backup_files(name=name))


def test_publish_refuses_a_tarball_that_changed(repository: BackupRepository, store: Watched) -> None:
    files = dataclasses.replace(backup_files(), tarball=io.BytesIO(b"something else"))
    with pytest.raises(ArchiveError, match="the digests differ"):
        repository.publish(files)
    assert all_keys(store) == []


def test_publish_under_a_claim(repository: BackupRepository, store: Watched) -> None:
    with Claim.acquire(store, BackupKeys("b1").claim, run_id="r1") as claim:
        (entry,) = repository.incomplete()
        assert (entry.name, entry.claimed) == ("b1", True)
        assert repository.names() == []
        repository.publish(backup_files(), claim=claim)
    assert repository.names() == ["b1"]
    assert repository.incomplete() == []
    assert len(all_keys(store)) == len(FILES)


def test_publish_after_the_claim_was_lost_touches_nothing(repository: BackupRepository, store: Watched) -> None:
    """The files may be the new owner's: they are neither replaced nor removed."""
    claim = Claim.acquire(store, BackupKeys("b1").claim, run_id="r1")
    store.delete_many([claim.key])
    store.put("backups/b1/b1.tar.gz", b"of the new owner")
    with pytest.raises(ClaimLost):
        claim.confirm()
    with pytest.raises(ClaimLost):
        repository.publish(backup_files(), claim=claim)
    assert store.get("backups/b1/b1.tar.gz") == b"of the new owner"
    assert all_keys(store) == ["backups/b1/b1.tar.gz"]


class LostAtCommit:
    is_lost = False

    def require_held(self) -> None:
        """Still held while the files are written."""

    def confirm(self, *, commits: str = "") -> None:
        self.is_lost = True
        raise ClaimLost("claim")


def test_no_commit_without_the_claim(repository: BackupRepository) -> None:
    with pytest.raises(ClaimLost):
        repository.publish(backup_files(), claim=LostAtCommit())
    assert repository.names() == []


def test_delete_removes_the_commit_point_first(repository: BackupRepository, store: Watched) -> None:
    repository.publish(backup_files())
    repository.publish(backup_files("b1x"))
    store.put("backups/b1/something-else", b"x")
    store.acts.clear()
    assert repository.delete("b1")
    assert store.acts[0] == "delete velero-backup.json"
    assert repository.names() == ["b1x"]
    assert not any(key.startswith("backups/b1/") for key in all_keys(store))
    assert not repository.delete("b1")


def test_delete_can_leave_the_claim(repository: BackupRepository, store: Watched) -> None:
    with Claim.acquire(store, BackupKeys("b1").claim, run_id="r1") as claim:
        repository.publish(backup_files(), claim=claim)
        assert repository.delete("b1", keep_claim=True)
        assert all_keys(store) == [claim.key]
        assert not repository.delete("b1", keep_claim=True)
    assert all_keys(store) == []


def test_a_half_deleted_backup_is_not_listed(repository: BackupRepository, store: Watched) -> None:
    repository.publish(backup_files())
    store.delete_many(["backups/b1/velero-backup.json"])
    assert repository.names() == []
    (entry,) = repository.incomplete()
    assert (entry.name, entry.complete, entry.claimed) == ("b1", False, False)
    assert repository.read_backup("b1") is None


def test_what_is_not_there(repository: BackupRepository) -> None:
    assert not repository.exists("b1")
    assert repository.read_backup("b1") is None
    assert repository.read_json("b1", "results") is None
    assert repository.read_record("b1") is None
    assert repository.read_log_end("b1", 1000) is None
    with pytest.raises(ArchiveError, match="The backup 'b1' has no tarball"):
        repository.open_tarball("b1")


def test_a_backup_of_velero(repository: BackupRepository, store: Watched) -> None:
    """The smallest pair that a stock server takes: no record, no optional file."""
    store.put("backups/n/velero-backup.json", b'{"apiVersion":"velero.io/v1","kind":"Backup","metadata":{"name":"n"}}')
    store.put("backups/n/n.tar.gz", tar_gz(("resources/pods/namespaces/app/web.json", obj("Pod", "web", "app"))))
    store.put("backups/n/n-volumeinfo.json.gz", gzip.compress(b"nu") + gzip.compress(b"ll\n"))
    assert repository.names() == ["n"]
    assert repository.read_json("n", "volumeinfo") is None
    with repository.open_tarball("n") as reader:
        assert len(reader.items) == 1


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
def test_damaged_files(repository: BackupRepository, store: Watched, file: str, data: bytes, message: str) -> None:
    repository.publish(backup_files())
    store.put(f"backups/b1/{file}", data)

    def read_all() -> None:
        repository.read_backup("b1")
        repository.read_json("b1", "results")
        repository.open_tarball("b1").close()

    with pytest.raises(ArkiveError, match=message):
        read_all()


def test_validate(repository: BackupRepository, store: Watched) -> None:
    repository.validate()
    repository.publish(backup_files())
    store.put("readme.txt", b"plain objects are fine")
    repository.validate()
    store.put("home/file", b"x")
    with pytest.raises(ValidationError, match=r"invalid top-level directories: \[home\]"):
        repository.validate()


def test_restore_files(repository: BackupRepository, store: Watched) -> None:
    files = RestoreFiles(logs=gzip.compress(b"log"), results={}, resource_list={"v1/Pod": ["app/web(created)"]})
    repository.write_restore("r1", files)
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
        repository.write_restore("r2", files)
    assert all_keys(store) == whole


def test_the_digests_of_the_objects_are_stored_and_recorded(repository: BackupRepository, store: Watched) -> None:
    files = dataclasses.replace(backup_files(), digests=io.BytesIO(gzip.compress(b"abc  resources/x\n")))
    record = repository.publish(files)
    assert store.acts.index("b1-arkive-digests.gz") < store.acts.index("b1-arkive.json.gz")
    data = store.get("backups/b1/b1-arkive-digests.gz")
    assert record.files["b1-arkive-digests.gz"].sha256 == hashlib.sha256(data).hexdigest()
    assert repository.delete("b1")
    assert all_keys(store) == []


def test_a_rename_whose_flush_failed_is_there(
    repository: BackupRepository, store: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody takes back what may be seen, and what is seen is no failure."""

    def fail(path: str) -> None:
        if any(name == "velero-backup.json" for name in os.listdir(path)):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(local_store, "sync_directory", fail)
    said: list[str] = []
    repository.publish(backup_files(), warn=said.append)
    assert len(all_keys(store)) == len(FILES)
    assert ["failed at first; then it was there" in sentence for sentence in said] == [True]
