# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each module that may write to a location, where the cluster says that it is ReadOnly: nothing is changed."""

from __future__ import annotations

import types
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._ansible import location_store
from ansible_collections.arkive.k8s.plugins.module_utils._kube import auth
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.modules import (
    k8s_backup,
    k8s_backup_prune,
    k8s_backup_schedule,
    k8s_backup_verify,
    k8s_db_dump,
    k8s_restore,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.sync_lab import (
    BucketInDirectory,
    SyncLab,
)

CLUSTER = {"host": "https://127.0.0.1:1", "api_key": "token"}
HERE = {"provider": "aws", "objectStorage": {"bucket": "backups", "prefix": "production"}}

WRITERS: t.Mapping[str, tuple[types.ModuleType, dict[str, t.Any]]] = {
    "a backup": (k8s_backup, {"name": "new"}),
    "one that is there": (k8s_backup, {"name": "old"}),
    "a deletion": (k8s_backup, {"name": "old", "state": "absent"}),
    "a hold": (k8s_backup, {"name": "old", "state": "held", "hold_reason": "audit"}),
    "a release": (k8s_backup, {"name": "old", "state": "released"}),
    "a schedule": (k8s_backup_schedule, {"name": "shop", "schedule": "@daily"}),
    "retention": (k8s_backup_prune, {"ttl": "ignored", "keep_last": 1}),
    "a dump": (
        k8s_db_dump,
        {"backup": "old", "namespace": "shop", "pod": "db", "kind": "postgresql", "dump_name": "d"},
    ),
    "a record": (k8s_backup_verify, {"name": "old", "snapshots": False}),
}


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SyncLab:
    """A bucket with a backup; the cluster calls it ReadOnly."""
    lab = SyncLab(tmp_path / "bucket")
    lab.put("old")
    lab.api.add("backupstoragelocations", "default", "velero", spec={**HERE, "accessMode": "ReadOnly"})
    place = BucketInDirectory(path=str(tmp_path / "bucket"))
    monkeypatch.setattr(location_store, "storage_location", lambda _params: place)
    for module in (auth, k8s_backup, k8s_db_dump):
        monkeypatch.setattr(module, "connect", lambda *_args, **_more: lab.api.client)
    return lab


def files(lab: SyncLab) -> dict[str, bytes]:
    return {info.key: lab.store.get(info.key) for info in lab.store.list("").objects}


def run(run_module: t.Any, writer: str, tmp_path: Path, **more: t.Any) -> dict[str, t.Any]:
    module, options = WRITERS[writer]
    place = {"storage_location": {"path": str(tmp_path / "bucket")}}
    return t.cast("dict[str, t.Any]", run_module(module, **place, **options, **more))


@pytest.mark.parametrize("check_mode", [False, True], ids=["", "check mode"])
@pytest.mark.parametrize("writer", [name for name in WRITERS if name != "a record"])
def test_it_is_refused(lab: SyncLab, run_module: t.Any, tmp_path: Path, writer: str, check_mode: bool) -> None:
    before = files(lab)
    result = run(run_module, writer, tmp_path, **CLUSTER, check_mode=check_mode)
    assert result["failed"], result
    assert "The BackupStorageLocation velero/default says that" in result["msg"]
    assert "accessMode" in result["msg"]
    assert files(lab) == before
    assert lab.writes() == []


def test_a_verification_is_not_recorded(lab: SyncLab, run_module: t.Any, tmp_path: Path) -> None:
    before = files(lab)
    result = run(run_module, "a record", tmp_path, **CLUSTER)
    assert result["changed"] is False
    assert files(lab) == before


def test_a_restore_knows_of_it(
    lab: SyncLab, run_module: t.Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It works, and keeps its records to itself: its engine gets a location that is read-only."""
    given: list[Store] = []

    def restore(_request: t.Any, *, store: Store, **_more: t.Any) -> t.NoReturn:
        given.append(store)
        raise StoreError("Enough.")

    monkeypatch.setattr(k8s_restore, "connect", lambda *_args, **_more: lab.api.client)
    monkeypatch.setattr(k8s_restore, "run_restore", restore)
    place = {"storage_location": {"path": str(tmp_path / "bucket")}}
    assert run_module(k8s_restore, backup="old", **place, **CLUSTER)["msg"].startswith("Enough.")
    assert given[0].location.read_only
    with pytest.raises(StoreError, match="velero/default says"):
        given[0].put("restores/a", b"")


@pytest.mark.parametrize("writer", ["a deletion", "a hold", "a release", "retention"])
def test_a_cluster_that_nobody_names_and_that_is_not_there(
    lab: SyncLab, run_module: t.Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    """What needs no cluster does without one, as on a machine that knows none."""

    def nowhere(*_args: t.Any, **_more: t.Any) -> t.NoReturn:
        raise KubeError("There is no kubeconfig.")

    monkeypatch.setattr(auth, "connect", nowhere)
    assert not run(run_module, writer, tmp_path).get("failed")


@pytest.mark.parametrize(
    "refuse",
    [
        lambda _verb, _path, _dry_run: KubeError("The API server is away."),
        lambda _verb, _path, _dry_run: KubeError("No.", status=403),
    ],
    ids=["away", "without the right"],
)
@pytest.mark.parametrize("writer", ["a deletion", "a hold", "retention"])
def test_a_cluster_that_says_nothing(
    lab: SyncLab, run_module: t.Any, tmp_path: Path, writer: str, refuse: t.Callable[..., KubeError]
) -> None:
    t.cast("t.Any", lab.api).refuse = refuse
    more = {"velero_namespace": ""} if writer == "retention" else {}
    assert not run(run_module, writer, tmp_path, **CLUSTER, **more).get("failed")
