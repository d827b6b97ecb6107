# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What killed runs leave in a location is found by the next run there, and nothing else is touched."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.leftovers import clear_leftovers
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.written_backups import backup_files
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.contract import put_expired

SNAPSHOT = {"spec": {"location": "east"}, "status": {"phase": "Completed", "providerSnapshotID": "snap-1"}}


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(LocalLocation(path=str(tmp_path)))


def lock_of(name: str) -> str:
    return f"backups/{name}/{name}-arkive-claim.json"


def keys(store: LocalStore) -> list[str]:
    return [info.key for info in store.list().objects]


def clear(store: LocalStore) -> str:
    return " ".join(clear_leftovers(Catalog(store), "own"))


def test_the_unfinished_files_of_a_killed_run(store: LocalStore) -> None:
    put_expired(store, key=lock_of("dead"))
    store.put("backups/dead/dead.tar.gz", b"x")
    assert "Backup 'dead' was interrupted (run dead-run on host-x (pid 4711), which has ended)" in clear(store)
    assert keys(store) == []


def test_what_names_snapshots_is_kept_and_told(store: LocalStore) -> None:
    put_expired(store, key=lock_of("dead"))
    store.put("backups/dead/dead-volumesnapshots.json.gz", gzip_json([SNAPSHOT]))
    before = keys(store)
    assert "its files name 1 snapshot: it was left as it is" in clear(store)
    assert keys(store) == before


def test_the_claim_of_a_stored_backup(store: LocalStore) -> None:
    BackupWriter(store).publish(backup_files("done"))
    before = keys(store)
    put_expired(store, key=lock_of("done"))
    assert "The claim of backup 'done', which is stored, was left" in clear(store)
    assert keys(store) == before


def test_a_claim_whose_commit_is_there_is_over_before_it_expires(store: LocalStore) -> None:
    files = backup_files()
    files.metadata["metadata"]["uid"] = "u-1"
    BackupWriter(store).publish(files)
    put_expired(store, age=0, key=lock_of("b1"), commits="another")
    with pytest.raises(ValidationError, match="is in progress: run dead-run on host-x"):
        delete_backup("b1", store=store, providers=())
    put_expired(store, age=0, key=lock_of("b1"), commits=files.metadata["metadata"]["uid"])
    assert clear(store)
    assert lock_of("b1") not in keys(store)
    put_expired(store, age=0, key=lock_of("b1"), commits=files.metadata["metadata"]["uid"])
    assert delete_backup("b1", store=store, providers=()).changed
    assert keys(store) == []


def test_a_dry_run_tells_the_same_and_touches_nothing(store: LocalStore, tmp_path: Path) -> None:
    BackupWriter(store).publish(backup_files("done"))
    put_expired(store, key=lock_of("done"))
    put_expired(store, key=lock_of("dead"))
    store.put("backups/dead/dead.tar.gz", b"x")
    temporary = tmp_path / "backups" / "own" / ".arkive-tmp-1"
    temporary.parent.mkdir()
    temporary.write_bytes(b"")
    os.utime(temporary, (time.time() - 7200,) * 2)
    before = keys(store)
    foreseen = clear_leftovers(Catalog(store), "own", dry_run=True)
    assert (keys(store), temporary.exists()) == (before, True)
    assert len(foreseen) == 3
    assert all("would be removed" in sentence for sentence in foreseen)
    done = clear_leftovers(Catalog(store), "own")
    assert [sentence.replace("would be removed", "removed") for sentence in foreseen] == done
    assert not temporary.exists()


def test_live_runs_and_strangers_are_not_touched(store: LocalStore) -> None:
    store.put("backups/velero/velero-logs.gz", b"of a Velero server that is not done")
    store.put("backups/damaged/damaged-arkive-claim.json", b"{")
    with WriteLock.acquire(store, lock_of("live"), run_id="r1"):
        store.put("backups/live/live.tar.gz", b"x")
        before = keys(store)
        assert clear(store) == ""
        assert keys(store) == before


@pytest.mark.parametrize(
    ("folder", "age", "goes"),
    [
        pytest.param("backups/dead", 200, True, id="of a dead run"),
        pytest.param("backups/dead", 5, False, id="just written"),
        pytest.param("backups/live", 3000, False, id="of a live run"),
        pytest.param("backups/gone", 200, True, id="nobody has a claim"),
        pytest.param("", 200, False, id="a check of the location"),
        pytest.param("", 7200, True, id="an old check of the location"),
        pytest.param("restores/r1", 7200, True, id="an old record of a restore"),
        pytest.param("kopia/shop", 7200, False, id="of another tool"),
    ],
)
def test_temporary_files(store: LocalStore, tmp_path: Path, folder: str, age: int, *, goes: bool) -> None:
    put_expired(store, key=lock_of("dead"))
    path = tmp_path / folder / ".arkive-tmp-0123"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"half")
    os.utime(path, (time.time() - age, time.time() - age))
    with WriteLock.acquire(store, lock_of("live"), run_id="r1"):
        said = clear(store)
    assert path.exists() is not goes
    assert ("of killed runs: removed" in said) is goes
