# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects that no definition holds to anything: one with a wrong type is refused, and all others are seen to."""

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
LONG_AGO = ago(days=2)
DUE = {"schedule": "@every 1h", "template": SHOP}
WRONG: list[tuple[str, dict[str, t.Any], str, str]] = [
    ("backups", {"spec": 5}, "FailedValidation", "spec is not a mapping"),
    ("backups", {"spec": SHOP, "status": "done"}, "FailedValidation", "status is not a mapping"),
    ("backups", {"spec": {"storageLocation": ["default"]}}, "FailedValidation", "spec.storageLocation is not text"),
    ("backups", {"spec": SHOP, "status": {"phase": "Completed", "expiration": 5}}, "Completed", "expiration is not"),
    ("restores", {"spec": {"backupName": {"a": 1}}}, "FailedValidation", "spec.backupName is not text"),
    ("restores", {"spec": {"excludedResources": 5}}, "FailedValidation", "spec.excludedResources is not a list"),
    ("schedules", {"spec": {**DUE, "template": [1]}}, "FailedValidation", "spec.template is not a mapping"),
    ("schedules", {"spec": {**DUE, "template": {"metadata": {"labels": {"a": 5}}}}}, "FailedValidation", "labels.a"),
    ("schedules", {"spec": {**DUE, "paused": "no"}}, "FailedValidation", "spec.paused is not true or false"),
    ("schedules", {"spec": DUE, "status": {"phase": "Enabled", "lastBackup": 5}}, "FailedValidation", "lastBackup"),
    ("deletebackuprequests", {"spec": {"backupName": ["base"]}}, "Processed", "spec.backupName is not text"),
    ("downloadrequests", {"spec": {"target": "the log"}}, "", "spec.target is not a mapping"),
    ("serverstatusrequests", {"status": []}, "", "status is not a mapping"),
    ("backupstoragelocations", {"spec": {"config": {"region": 5}}}, "Unavailable", "spec.config.region is not text"),
    ("backupstoragelocations", {"spec": {"credential": "keys"}}, "Unavailable", "spec.credential is not a mapping"),
    ("backupstoragelocations", {"spec": {"default": "yes"}}, "Unavailable", "spec.default is not true or false"),
]


@pytest.fixture
def lab(tmp_path: Path) -> OperationsLab:
    found = OperationsLab(tmp_path)
    found.add_location(default=True)
    found.add("backups", "base", SHOP)
    found.pass_once()
    return found


@pytest.mark.parametrize(("plural", "members", "phase", "said"), WRONG)
def test_a_wrong_type(lab: OperationsLab, plural: str, members: dict[str, t.Any], phase: str, said: str) -> None:
    lab.api.add(plural, "aaa", NAMESPACE, metadata={"creationTimestamp": LONG_AGO}, **members)
    lab.add("backups", "good", SHOP)
    lab.add("restores", "good", {"backupName": "base"})
    lab.add("serverstatusrequests", "good", {})
    foreseen = foresee_operations(lab.request, client=lab.api.client)
    outcome = lab.pass_once()
    for each in (foreseen, outcome):
        (error,) = [issue.message for issue in each.issues.errors]
        assert "'aaa' is left aside: " in error
        assert said in error
    status: t.Any = lab.get(plural, "aaa").get("status")
    if phase:
        assert status["phase"] == phase
        assert said in str(status) or phase == "Completed"
    else:
        assert status == members.get("status")
    assert lab.status("backups", "good")["phase"] == lab.status("restores", "good")["phase"] == "Completed"
    assert lab.status("serverstatusrequests", "good")["phase"] == "Processed"
    events = lab.reasons().count("Refused")
    lab.pass_once()
    assert lab.reasons().count("Refused") == events
    assert "base" in lab.names("backups")


@pytest.mark.parametrize(
    ("plural", "spec", "status"),
    [
        ("serverstatusrequests", {}, {"phase": "Processed", "processedTimestamp": "9999-12-31T23:59:59Z"}),
        ("backupstoragelocations", {"provider": "aws"}, {"lastValidationTime": "9999-12-31T23:59:59Z"}),
        ("backupstoragelocations", {"validationFrequency": "2562047h"}, {"lastValidationTime": LONG_AGO}),
        ("downloadrequests", {"target": {"kind": "BackupLog", "name": "../base"}}, {}),
        ("downloadrequests", {"target": {"kind": "RestoreLog", "name": "a?b=c"}}, {}),
        ("deletebackuprequests", {"backupName": "../../etc"}, {}),
        ("restores", {"scheduleName": "a b,c=d"}, {}),
        ("restores", {"backupName": "base\u0000\x1b[31m"}, {}),
        ("schedules", {"schedule": "\u202e* * * * *\x00"}, {}),
    ],
)
def test_texts_that_nobody_expects(
    lab: OperationsLab, plural: str, spec: dict[str, t.Any], status: dict[str, str]
) -> None:
    lab.api.add(plural, "aaa", NAMESPACE, spec=spec, status=status)
    lab.add("backups", "good", SHOP)
    stored = set(lab.stored())
    outcome = lab.pass_once()
    assert outcome.issues.errors == ()
    assert lab.status("backups", "good")["phase"] == "Completed"
    assert stored <= set(lab.stored())
