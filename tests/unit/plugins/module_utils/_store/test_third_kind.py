# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A kind of store is a folder and a row of the table: nobody else has to know of a third one."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import list_backups
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store import kinds, retrying
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._backup.backup_api import BackupApi, back_up
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import RestoreApi, restore
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.attic import ATTIC, DOORS, ROW, AtticLocation
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.contract import (
    StoreContract,
    WriteLockContract,
)


@pytest.fixture(autouse=True)
def attic(monkeypatch: pytest.MonkeyPatch) -> dict[str, t.Any]:
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, ROW))
    monkeypatch.setattr(retrying, "_FIRST_PAUSE", 0.001)
    ATTIC.clear()
    DOORS.clear()
    return ATTIC


@pytest.fixture
def store() -> Store:
    return open_store(kinds.make_location({"box": "one", "prefix": "team/a"}))


class TestAttic(StoreContract):
    """It passes the table that every store passes."""


class TestWriteLocksInTheAttic(WriteLockContract):
    """So do write locks in it."""


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({}, "neither 'path' nor 'bucket' nor .*'box'", "or 'box' for a box in the attic"),
        ({"bucket": "b", "box": "one"}, "both 'bucket' and 'box'", "'path' for a local directory or"),
        ({"path": "/srv", "lamp": "red"}, "is a local directory, so lamp cannot apply", "a location with 'box'"),
        ({"bucket": "b", "lamp": "red"}, "is an S3 bucket, so lamp cannot apply", "a location with 'box'"),
        ({"box": "b", "region": "x"}, "is a box in the attic, so region cannot apply", "a location with 'bucket'"),
    ],
)
def test_options_that_contradict_each_other(options: dict[str, t.Any], message: str, hint: str) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        kinds.make_location(options)
    assert hint in (caught.value.hint or "")


def test_backup_restore_and_deletion(attic: dict[str, dict[str, t.Any]], store: Store) -> None:
    api = BackupApi()
    api.add("namespaces", "shop", status={"phase": "Active"})
    api.add("configmaps", "settings", "shop", data={"a": "1"})
    DOORS[0].failures = 2
    outcome = back_up(api, store, included_namespaces=["shop"])
    assert (outcome.phase, outcome.location, outcome.warnings_list) == ("Completed", "attic:one/team/a", [])
    assert "team/a/backups/b1/velero-backup.json" in attic["one"]
    assert [backup["name"] for backup in list_backups(store).backups] == ["b1"]
    restored = restore(RestoreApi(), store, "b1")
    assert (restored.phase, restored.warnings_list) == ("Completed", [])
    assert any(key.startswith("team/a/restores/") for key in attic["one"])
    delete_backup("b1", store=store, providers=())
    assert attic["one"] == {}


def test_read_only(store: Store) -> None:
    store.put("a", b"x")
    with pytest.raises(StoreError, match="is read-only"):
        open_store(AtticLocation(box="one", prefix="team/a", read_only=True)).delete_many(["a"])
    assert store.get("a") == b"x"


def test_rows(tmp_path: Path) -> None:
    options = [kind.option for kind in kinds.KINDS]
    assert (options[:2], options[-1]) == (["path", "bucket"], "box")
    assert len(set(options)) == len(options)
    of = {kind.option: kind for kind in kinds.KINDS}
    assert kinds.kind_of(LocalLocation(path=str(tmp_path))) is of["path"]
    assert kinds.kind_of(S3Location(bucket="b")) is of["bucket"]
    assert kinds.kind_of(AtticLocation(box="one")) is ROW
