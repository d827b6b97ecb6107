# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of a backup that is not there: the nearest names, or what else the location holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.errors import CatalogError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.find_backup import find_backup
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.contract import put_expired


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(LocalLocation(path=str(tmp_path)))


def put(store: LocalStore, *names: str, phase: str = "Completed") -> None:
    for name in names:
        backup = {
            "apiVersion": "velero.io/v1",
            "kind": "Backup",
            "metadata": {"name": name},
            "status": {"phase": phase},
        }
        store.put(BackupKeys(name).metadata, json.dumps(backup).encode())


@pytest.mark.parametrize("phase", ["Completed", "PartiallyFailed", "InProgress", ""])
def test_found(store: LocalStore, phase: str) -> None:
    """Whether its phase will do is for the caller to say."""
    put(store, "nightly", phase=phase)
    assert find_backup(Catalog(store), "nightly")["status"]["phase"] == phase


@pytest.mark.parametrize(
    ("names", "hint", "near"),
    [
        pytest.param((), "It holds no backups at all: check path, bucket and prefix.", [], id="empty"),
        pytest.param(("nightly-1", "other"), "Did you mean nightly-1?", ["nightly-1"], id="near"),
        pytest.param(("a", "b"), "It holds 2 backups, such as a, b.", [], id="nothing near"),
        pytest.param(tuple("abcdefg"), "It holds 7 backups, such as c, d, e, f, g.", [], id="many"),
    ],
)
def test_unknown(store: LocalStore, names: tuple[str, ...], hint: str, near: list[str]) -> None:
    put(store, *names)
    with pytest.raises(CatalogError, match="There is no backup 'nightly' in /") as caught:
        find_backup(Catalog(store), "nightly")
    assert caught.value.hint == hint
    assert caught.value.details["near_names"] == near


def test_one_that_is_being_made(store: LocalStore) -> None:
    with (
        WriteLock.acquire(store, BackupKeys("nightly").write_lock, run_id="r1"),
        pytest.raises(CatalogError, match="is still being made"),
    ):
        find_backup(Catalog(store), "nightly")


def test_one_whose_run_is_dead(store: LocalStore) -> None:
    put_expired(store, key=BackupKeys("nightly").write_lock)
    with pytest.raises(CatalogError, match=r"was never finished: it has no velero-backup\.json"):
        find_backup(Catalog(store), "nightly")


def test_one_that_no_server_would_take(store: LocalStore) -> None:
    put(store, "other")
    store.put(BackupKeys("nightly").metadata, store.get(BackupKeys("other").metadata))
    with pytest.raises(ArchiveError, match="cannot be trusted"):
        find_backup(Catalog(store), "nightly")
