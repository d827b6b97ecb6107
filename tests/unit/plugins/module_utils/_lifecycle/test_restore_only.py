# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster that says of a bucket that nothing may be written to it."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.restore_only import refuse_restore_only
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_request import ScheduleRequest
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_run import tick
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
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
    if refused:
        with pytest.raises(StoreError, match=r"says that .* is ReadOnly") as raised:
            refuse_restore_only(lab.api.client, place)
        assert raised.value.failure == "read_only"
    else:
        refuse_restore_only(lab.api.client, place)
    assert lab.writes() == []


def test_no_types_and_no_bucket(tmp_path: Path) -> None:
    lab = SyncLab(tmp_path, group="")
    refuse_restore_only(lab.api.client, BucketInDirectory(path=str(tmp_path)))
    refuse_restore_only(lab.api.client, LocalLocation(path=str(tmp_path)))


def test_a_cluster_that_is_away_says_nothing(tmp_path: Path) -> None:
    lab = SyncLab(tmp_path)
    lab.api.refuse = lambda _verb, _path, _dry_run: KubeError("The API server is away.")
    refuse_restore_only(lab.api.client, BucketInDirectory(path=str(tmp_path)))


def test_a_schedule_asks_before_it_writes(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    asked = []

    def permit() -> None:
        asked.append(1)
        raise StoreError("No.", failure="read_only")

    def never(_name: str) -> t.Any:
        raise AssertionError

    request = ScheduleRequest(
        "shop", "@daily", "strict", lambda name: BackupRequest(name=name, spec=BackupSpec.from_options({}))
    )
    with pytest.raises(StoreError):
        tick(request, lab.store, never, clock=lambda: lab.now, permit=permit)
    assert lab.stored() == []
    lab.tick("@daily")
    tick(request, lab.store, never, clock=lambda: lab.now, permit=permit)
    assert asked == [1]
