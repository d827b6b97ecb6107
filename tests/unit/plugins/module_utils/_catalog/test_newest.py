# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backup of a schedule that a restore takes: docs/compatibility 7.1."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.backup_filter import BackupFilter
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.errors import CatalogError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import list_backups
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.newest import newest_backup
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys

LONG = "nightly-" * 9


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(LocalLocation(path=str(tmp_path)))


def put(store: LocalStore, name: str, started: str = "", phase: str = "Completed", schedule: str = "nightly") -> None:
    labels = {"velero.io/schedule-name": schedule} if schedule else {}
    status: dict[str, t.Any] = {"phase": phase, "startTimestamp": f"2026-06-{started}T02:00:00Z"} if started else {}
    metadata = {"name": name, "labels": labels}
    backup = {"apiVersion": "velero.io/v1", "kind": "Backup", "metadata": metadata, "status": status}
    store.put(BackupKeys(name).tarball, b"objects")
    store.put(BackupKeys(name).metadata, json.dumps(backup).encode())


def test_the_newest_that_is_completed(store: LocalStore) -> None:
    """By the time when it began, not by its name, nor by when it was stored."""
    put(store, "c", "02")
    put(store, "a", "03")
    put(store, "b", "01")
    put(store, "d", "04", phase="PartiallyFailed")
    put(store, "e", "05", schedule="hourly")
    put(store, "f", "06", schedule="")
    store.put(BackupKeys("g").metadata, b"{")
    store.put(BackupKeys("h").metadata, store.get(BackupKeys("a").metadata))
    newest = newest_backup(store, "nightly")
    assert newest.name == "a"
    assert [warning.partition("schedule. ")[2][:40] for warning in newest.warnings] == [
        "backups/g/velero-backup.json is not vali",
        "Backup 'h' cannot be trusted: Its object",
    ]


def test_many_that_cannot_be_read_are_counted(store: LocalStore) -> None:
    """Nested 900 levels deep: what no JSON reader of a server takes hides itself only."""
    put(store, "a", "03")
    deep = b'{"apiVersion": "velero.io/v1", "kind": "Backup", "spec": ' + b'{"a":' * 900 + b"1" + b"}" * 901
    for number in range(8):
        store.put(BackupKeys(f"b{number}").metadata, deep)
    newest = newest_backup(store, "nightly")
    assert newest.name == "a"
    assert len(newest.warnings) == 6
    assert "nested more than 200 levels deep" in newest.warnings[0]
    assert newest.warnings[5].startswith("3 more backups cannot be read either")
    listing = list_backups(store, BackupFilter(schedule="nightly"))
    assert [found["name"] for found in listing.backups] == ["a"]
    assert len(listing.warnings) == 8
    assert "Backup 'b0' cannot be read; nobody can say whether it is one that was asked for" in listing.warnings[0]
    listing = list_backups(store)
    assert [found["name"] for found in listing.backups] == ["a", *(f"b{number}" for number in range(8))]
    assert listing.warnings[7].startswith("Backup 'b7' cannot be read: ")
    with pytest.raises(CatalogError) as caught:
        newest_backup(store, "hourly")
    assert "backups/b0/velero-backup.json is not valid JSON" in str(caught.value.hint)


def test_two_that_began_at_once(store: LocalStore) -> None:
    put(store, "b-1", "02")
    put(store, "b-2", "02")
    assert newest_backup(store, "nightly").name == "b-2"


def test_none_is_completed(store: LocalStore) -> None:
    put(store, "a", "01", phase="Failed")
    put(store, "b", "02", phase="PartiallyFailed")
    put(store, "c")
    with pytest.raises(CatalogError, match=r"None of the 3 backups of schedule 'nightly' in .* is Completed") as caught:
        newest_backup(store, "nightly")
    assert "the newest is 'b' (PartiallyFailed)" in (caught.value.hint or "")


def test_one_without_its_objects_is_passed_over(store: LocalStore) -> None:
    """Velero would choose it, and restore nothing."""
    put(store, "a", "01")
    put(store, "b", "02")
    store.delete_many([BackupKeys("b").tarball])
    newest = newest_backup(store, "nightly")
    assert newest.name == "a"
    assert newest.warnings == ["Backup 'b' was passed over: its file of objects is missing."]
    store.delete_many([BackupKeys("a").tarball])
    with pytest.raises(CatalogError, match="is Completed and has its file of objects"):
        newest_backup(store, "nightly")


def test_there_is_none(store: LocalStore) -> None:
    put(store, "a", "01", schedule="hourly")
    with pytest.raises(CatalogError, match="There is no backup of schedule 'nightly' in "):
        newest_backup(store, "nightly")


def test_a_schedule_whose_name_is_too_long_for_a_label(store: LocalStore) -> None:
    """It stands in the label shortened, with a digest (docs/compatibility 0.2); a listing finds it by the same rule."""
    put(store, "a", "01", schedule=label_value(LONG))
    assert newest_backup(store, LONG).name == "a"
    assert [found["name"] for found in list_backups(store, BackupFilter(schedule=LONG)).backups] == ["a"]
