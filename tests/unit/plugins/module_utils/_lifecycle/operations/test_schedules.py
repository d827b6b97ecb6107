# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schedule objects. Rules: Velero's ``pkg/controller/schedule_controller.go`` (1.18.3, docs/compatibility 7.1)."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.controllers.schedule import (
    scheduled_backup,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.operations.operations_lab import (
    OperationsLab,
    ago,
)

TEMPLATE = {"includedNamespaces": ["shop"]}


@pytest.fixture
def lab(tmp_path: Path) -> OperationsLab:
    found = OperationsLab(tmp_path)
    found.add_location(default=True)
    return found


def _schedule(lab: OperationsLab, text: str = "@every 1h", *, made: str = "", **members: t.Any) -> None:
    metadata = {"creationTimestamp": made or ago(hours=2), **members.pop("metadata", {})}
    status = members.pop("status", {})
    lab.add("schedules", "daily", {"schedule": text, "template": TEMPLATE, **members}, metadata=metadata, status=status)


def test_one_that_is_due_makes_one_backup(lab: OperationsLab) -> None:
    _schedule(lab)
    lab.pass_once()
    (name,) = lab.names("backups")
    assert re.fullmatch(r"daily-[0-9]{14}", name)
    backup = lab.get("backups", name)
    assert backup["metadata"]["labels"]["velero.io/schedule-name"] == "daily"
    assert backup["status"]["phase"] == "Completed"
    assert lab.status("schedules", "daily")["phase"] == "Enabled"
    assert lab.get("schedules", "daily")["spec"]["skipImmediately"] is False
    assert not lab.pass_once().changed
    assert lab.names("backups") == [name]


@pytest.mark.parametrize(
    ("members", "is_due"),
    [
        ({"made": ago(minutes=30)}, False),
        ({"status": {"lastBackup": ago(minutes=30)}}, False),
        ({"status": {"lastBackup": ago(hours=9)}}, True),
        ({"status": {"lastBackup": ago(hours=9), "lastSkipped": ago(minutes=30)}}, False),
        ({"paused": True}, False),
        ({"skipImmediately": True}, False),
        ({"text": "not a schedule"}, False),
        ({"text": "0 0 30 2 *"}, False),
        ({"text": ""}, False),
    ],
)
def test_when_one_is_due(lab: OperationsLab, members: dict[str, t.Any], is_due: bool) -> None:
    given = dict(members)
    _schedule(lab, given.pop("text", "@every 1h"), **given)
    lab.pass_once()
    assert bool(lab.names("backups")) is is_due


@pytest.mark.parametrize(
    "members",
    [
        {"status": {"lastBackup": "2999-01-01T00:00:00Z"}},
        {"status": {"lastSkipped": "2999-01-01T00:00:00Z"}},
        {"status": {"lastBackup": ago(hours=9), "lastSkipped": "2999-01-01T00:00:00Z"}},
    ],
)
def test_a_clock_that_was_wrong_stops_none(lab: OperationsLab, members: dict[str, t.Any]) -> None:
    _schedule(lab, **members)
    label = {"labels": {"velero.io/schedule-name": "daily"}}
    lab.add("backups", "daily-29990101000000", {}, metadata=label, status={"phase": "Failed"})
    outcome = lab.pass_once()
    assert len(lab.names("backups")) == 2
    assert "which is still to come" in outcome.issues.warnings[0].message
    assert not lab.pass_once().changed


def test_one_that_was_made_in_time_to_come_waits_for_its_time(lab: OperationsLab) -> None:
    _schedule(lab, made="2999-01-01T00:00:00Z")
    lab.pass_once()
    assert lab.names("backups") == []


def test_a_name_that_is_no_label(lab: OperationsLab) -> None:
    name = "s" * 70
    made = {"creationTimestamp": ago(hours=2)}
    lab.add("schedules", name, {"schedule": "@every 1h", "template": TEMPLATE}, metadata=made)
    for _pass in range(2):
        assert lab.pass_once().issues.errors == ()
    (backup,) = lab.names("backups")
    assert len(lab.get("backups", backup)["metadata"]["labels"]["velero.io/schedule-name"]) == 63


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Schedule must be a non-empty valid Cron expression"),
        ("not a schedule", "invalid schedule: "),
        ("0 0 30 2 *", "no time within five years fits"),
    ],
)
def test_one_that_is_not_valid(lab: OperationsLab, text: str, said: str) -> None:
    _schedule(lab, text)
    lab.pass_once()
    status = lab.status("schedules", "daily")
    assert status["phase"] == "FailedValidation"
    assert said in status["validationErrors"][0]
    lab.get("schedules", "daily")["spec"]["schedule"] = "@every 1h"
    lab.pass_once()
    status = lab.status("schedules", "daily")
    assert (status["phase"], status.get("validationErrors")) == ("Enabled", None)


def test_a_skip_is_done_once(lab: OperationsLab) -> None:
    _schedule(lab, skipImmediately=True)
    lab.pass_once()
    assert lab.get("schedules", "daily")["spec"]["skipImmediately"] is False
    skipped = lab.status("schedules", "daily")["lastSkipped"]
    lab.pass_once()
    assert lab.status("schedules", "daily")["lastSkipped"] == skipped
    assert lab.names("backups") == []


def test_a_backup_that_is_being_made_is_not_overtaken(lab: OperationsLab) -> None:
    _schedule(lab)
    name = "daily-20200101000000"
    label = {"labels": {"velero.io/schedule-name": "daily"}}
    lab.add("backups", name, {"storageLocation": "no"}, metadata=label, status={"phase": "ReadyToStart"})
    lab.pass_once()
    assert lab.status("backups", name)["phase"] == "FailedValidation"
    assert lab.names("backups") == [name]
    lab.pass_once()
    assert len(lab.names("backups")) == 2


def test_a_pass_that_died_before_it_noted_its_backup_makes_no_second_one(lab: OperationsLab) -> None:
    _schedule(lab)
    lab.pass_once()
    del lab.get("schedules", "daily")["status"]["lastBackup"]
    lab.pass_once()
    assert len(lab.names("backups")) == 1


def test_a_dialect_that_means_another_thing_is_said(lab: OperationsLab) -> None:
    _schedule(lab, "0 0 1 * 1")
    outcome = lab.pass_once()
    assert ["read as velero-1.18.3 reads it" in issue.message for issue in outcome.issues.warnings] == [True]


@pytest.mark.parametrize(
    ("own", "template", "labels"),
    [
        ({"a": "1"}, {}, {"a": "1"}),
        ({"a": "1"}, {"metadata": {"labels": {"b": "2"}}}, {"b": "2"}),
        ({"a": "1"}, {"metadata": {"labels": {}}}, {}),
    ],
)
def test_labels_of_a_backup(own: dict[str, str], template: dict[str, t.Any], labels: dict[str, str]) -> None:
    schedule = {
        "apiVersion": "velero.io/v1",
        "metadata": {"name": "daily", "uid": "u", "labels": own, "annotations": {"who": "me"}},
        "spec": {"template": {**template, "resourcePolicy": {"name": "p"}}, "useOwnerReferencesInBackup": True},
    }
    made = scheduled_backup(schedule, parse_rfc3339("2026-06-01T02:03:04Z"))
    metadata = made["metadata"]
    assert metadata["name"] == "daily-20260601020304"
    assert metadata["labels"] == {**labels, "velero.io/schedule-name": "daily"}
    assert metadata["annotations"] == {"who": "me"}
    assert metadata["ownerReferences"] == [
        {"apiVersion": "velero.io/v1", "kind": "Schedule", "controller": True, "name": "daily", "uid": "u"}
    ]
    assert made["spec"]["resourcePolicy"] == {"name": "p", "kind": "configmap"}
