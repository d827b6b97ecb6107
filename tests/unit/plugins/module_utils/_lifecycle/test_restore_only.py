# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster that says of a bucket that nothing may be written to it."""

from __future__ import annotations

import io
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._access.tasks import grants_of
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import RightsScope
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.restore_only import (
    restore_only_grants,
    restore_only_why,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_request import ScheduleRequest
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_run import tick
from ansible_collections.arkive.k8s.plugins.module_utils._store.asking import AskingStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.modules import k8s_backup
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.schedule_lab import Lab
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.sync_lab import (
    BucketInDirectory,
    SyncLab,
)

HERE = {"bucket": "backups", "prefix": "production"}


def location(access: str, storage: t.Mapping[str, str] | None = None) -> dict[str, t.Any]:
    return {"provider": "aws", "objectStorage": dict(storage or HERE), "accessMode": access}


@pytest.mark.parametrize(
    ("locations", "denied", "refused"),
    [
        ({}, [], False),
        ({"default": location("ReadOnly")}, [], True),
        ({"default": location("ReadWrite")}, [], False),
        ({"default": location("")}, [], False),
        ({"default": location("ReadOnly", {"bucket": "other"})}, [], False),
        ({"default": location("ReadOnly", {"bucket": "backups"})}, [], False),
        ({"a": location("ReadOnly"), "b": location("ReadWrite")}, [], False),
        ({"a": location("ReadOnly"), "b": location("ReadOnly")}, [], True),
        ({"default": location("ReadOnly")}, ["backupstoragelocations"], False),
    ],
)
def test_who_says_so(tmp_path: Path, locations: dict[str, t.Any], denied: list[str], refused: bool) -> None:
    lab = SyncLab(tmp_path)
    lab.api.denied = set(denied)
    for name, spec in locations.items():
        lab.api.add("backupstoragelocations", name, "velero", spec=spec)
    place = BucketInDirectory(path=str(tmp_path))
    said = restore_only_why(lab.api.client, place)
    assert said.endswith(" is ReadOnly.") if refused else said == ""
    assert lab.writes() == []


def test_no_types_and_no_bucket(tmp_path: Path) -> None:
    lab = SyncLab(tmp_path, group="")
    assert restore_only_why(lab.api.client, BucketInDirectory(path=str(tmp_path))) == ""
    assert restore_only_why(lab.api.client, LocalLocation(path=str(tmp_path))) == ""


def test_a_cluster_that_is_away_says_nothing(tmp_path: Path) -> None:
    lab = SyncLab(tmp_path)
    lab.api.refuse = lambda _verb, _path, _dry_run: KubeError("The API server is away.")
    assert restore_only_why(lab.api.client, BucketInDirectory(path=str(tmp_path))) == ""


def test_each_task_that_writes_has_the_right_to_ask() -> None:
    """By the documented rights alone; a pass, and a sync, may list the locations of their own namespace."""
    (needed,) = [need for grant in restore_only_grants() for need in grant.needs]
    scope = RightsScope(namespaces=("shop",), providers=("csi",))
    for task in ("backup", "restore", "delete", "prune", "verify", "dump", "db_verify"):
        found = [grant for grant in grants_of(task, scope) if needed in grant.needs]
        assert [bool(grant.otherwise) for grant in found] == [True], task
    for task in ("operations", "sync"):
        assert needed._replace(namespace="shop") in [need for grant in grants_of(task, scope) for need in grant.needs]


class Asked:
    def __init__(self, answer: str) -> None:
        self.times = 0
        self._answer = answer

    def __call__(self) -> None:
        self.times += 1
        if self._answer:
            raise StoreError(self._answer, failure="read_only")


WRITES: t.Mapping[str, t.Callable[[Store], t.Any]] = {
    "check": lambda store: store.check(write=True),
    "check mode": lambda store: store.check(write=True, touch=False),
    "put": lambda store: store.put("backups/a", b""),
    "put_file": lambda store: store.put_file("backups/a", io.BytesIO(b"")),
    "put_stream": lambda store: store.put_stream("backups/a", [b""]),
    "put_if_absent": lambda store: store.put_if_absent("backups/a", b""),
    "delete_many": lambda store: store.delete_many(["backups/there"]),
    "drop_unfinished": lambda store: store.drop_unfinished([]),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_no_write_goes_by_unasked(tmp_path: Path, write: t.Callable[[Store], t.Any]) -> None:
    files = LocalStore(LocalLocation(path=str(tmp_path)))
    files.put("backups/there", b"yes")
    before = files.list("")
    asked = Asked("No.")
    with pytest.raises(StoreError, match="No"):
        write(AskingStore(files, asked))
    assert (asked.times, files.list("")) == (1, before)


def test_it_is_asked_once_and_not_to_read(tmp_path: Path) -> None:
    asked = Asked("")
    store = AskingStore(LocalStore(LocalLocation(path=str(tmp_path))), asked)
    store.check(write=False)
    assert (store.list("").objects, asked.times) == ([], 0)
    store.check(write=True)
    store.put("backups/a", b"1")
    store.put("backups/b", b"2")
    assert (len(store.list("").objects), asked.times) == (2, 1)


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_schedule_asks_before_it_writes(tmp_path: Path, check_mode: bool) -> None:
    """Its record is a write as well. What writes nothing asks nobody."""
    lab = Lab(tmp_path)
    asked = Asked("No.")
    store = AskingStore(lab.store, asked)

    def never(_request: BackupRequest) -> t.Any:
        raise AssertionError

    request = ScheduleRequest(
        "shop", "@daily", "strict", lambda name: BackupRequest(name=name, spec=BackupSpec.from_options({}))
    )
    with pytest.raises(StoreError):
        tick(request, store, never, clock=lambda: lab.now, check_mode=check_mode)
    assert lab.stored() == []
    lab.tick("@daily")
    tick(request, store, never, clock=lambda: lab.now, check_mode=check_mode)
    assert asked.times == 1


def test_no_module_opens_a_location_by_itself() -> None:
    """One way to a store for all of them, so that none can forget to ask. Records of a restore lie elsewhere."""
    direct = re.compile(r"_store\.open import|_store\.(local|s3)\.store import")
    plugins = Path(k8s_backup.__file__).parents[1]
    found = {
        path.name
        for folder in (plugins / "modules", plugins / "module_utils" / "_ansible")
        for path in folder.glob("*.py")
        if direct.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"location_store.py", "restore_options.py"}
