# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check mode of passes: what is listed is what a pass then does, and nothing is written."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.waiting_objects import foresee_operations
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.operations.operations_lab import (
    NAMESPACE,
    OperationsLab,
    ago,
)

SHOP = {"includedNamespaces": ["shop"]}


@pytest.fixture
def lab(tmp_path: Path) -> OperationsLab:
    found = OperationsLab(tmp_path)
    found.add_location(default=True)
    return found


def _foreseen(lab: OperationsLab) -> list[tuple[str, str, str]]:
    before = len(lab.api.requests)
    found = foresee_operations(lab.request, client=lab.api.client).operations
    assert {line.split()[0] for line in lab.api.requests[before:]} == {"GET"}
    return [(each.kind, each.name, each.message) for each in found]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"schedule": "@every 1h"}, "would make a backup, due since "),
        ({"schedule": "@every 3h"}, ""),
        ({"schedule": "@every 1h", "paused": True}, ""),
        ({"schedule": "@every 1h", "skipImmediately": True}, ""),
        ({"schedule": "nonsense"}, "is not valid: invalid schedule: "),
    ],
)
def test_schedules(lab: OperationsLab, spec: dict[str, t.Any], said: str) -> None:
    metadata = {"creationTimestamp": ago(hours=2)}
    lab.add("schedules", "daily", {"template": SHOP, **spec}, metadata=metadata)
    found = _foreseen(lab)
    assert [(kind, name) for kind, name, _said in found] == ([("Schedule", "daily")] if said else [])
    assert all(message.startswith(said) for _kind, _name, message in found)
    lab.pass_once()
    assert bool(lab.names("backups")) is said.startswith("would make")
    assert not said.startswith("would make") or _foreseen(lab) == []


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ({}, "has expired, and would be deleted"),
        ({"accessMode": "ReadOnly"}, "has expired, and would stay: the storage location 'default' is read-only"),
        (None, "has expired, and would stay: the storage location 'no' is not there"),
    ],
)
def test_what_has_expired(lab: OperationsLab, location: dict[str, str] | None, said: str) -> None:
    for name in ("one", "two"):
        lab.add("backups", name, SHOP)
    lab.pass_once()
    backup = lab.get("backups", "one")
    backup["status"]["expiration"] = ago(seconds=1)
    if location is None:
        backup["spec"]["storageLocation"] = "no"
    else:
        lab.get("backupstoragelocations", "default")["spec"].update(location)
    assert _foreseen(lab) == [("Backup", "one", said)]
    foreseen = foresee_operations(lab.request, client=lab.api.client)
    outcome = lab.pass_once()
    assert ("one" in lab.names("backups")) is ("would stay" in said)
    assert foreseen.changed is outcome.changed


def test_what_waits(lab: OperationsLab) -> None:
    lab.add("backups", "one", SHOP)
    lab.add("restores", "back", {"backupName": "one"})
    lab.add("deletebackuprequests", "gone", {"backupName": "one"})
    carried = [("Backup", "one"), ("DeleteBackupRequest", "gone"), ("Restore", "back")]
    assert _foreseen(lab) == [(kind, name, "would be carried out") for kind, name in carried]


def test_another_run_is_at_work(lab: OperationsLab) -> None:
    lab.add("backups", "one", SHOP)
    lease = {"holderIdentity": "elsewhere", "leaseDurationSeconds": 60, "renewTime": ago(seconds=5)}
    lab.api.add("leases", "arkive-operations", NAMESPACE, spec=lease)
    foreseen, outcome = foresee_operations(lab.request, client=lab.api.client), lab.pass_once()
    assert foreseen.to_return() == outcome.to_return()
    assert (foreseen.busy, foreseen.changed) == ("elsewhere", False)


def test_a_schedule_that_was_refused_already(lab: OperationsLab) -> None:
    lab.add("schedules", "daily", {"schedule": "nonsense"}, metadata={"creationTimestamp": ago(hours=2)})
    lab.pass_once()
    assert _foreseen(lab) == []
    assert not lab.pass_once().changed
