# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a stock server does with a Backup that it finds in a bucket: docs/compatibility 13.1."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import find_problems, schedule_of

SMALLEST: dict[str, t.Any] = {
    "apiVersion": "velero.io/v1",
    "kind": "Backup",
    "metadata": {"name": "n"},
    "status": {"phase": "Completed"},
}


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({}, id="smallest accepted"),
        pytest.param({"status": {"phase": "Failed"}}, id="phase Failed"),
        pytest.param({"status": None, "spec": None}, id="null"),
        pytest.param(
            {"metadata": {"name": "n", "namespace": "x", "uid": "y", "resourceVersion": "z", "labels": None}},
            id="other namespace, uid, resourceVersion",
        ),
        pytest.param({"unknown": 1, "spec": {"unknown": [1]}}, id="unknown fields"),
        pytest.param({"status": {"phase": "Completed", "version": 7, "formatVersion": "9"}}, id="other versions"),
        pytest.param({"spec": {"includedNamespaces": None, "hooks": {}, "ttl": "720h0m0s"}}, id="null list"),
    ],
)
def test_taken_over(members: dict[str, t.Any]) -> None:
    assert find_problems(SMALLEST | members, "n") == []


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        pytest.param(
            {"apiVersion": None, "kind": None}, "Its object is a None/None, not a velero.io/v1/Backup.", id="no kind"
        ),
        pytest.param({"kind": "Restore"}, "Its object is a velero.io/v1/Restore, not a", id="another kind"),
        pytest.param({"apiVersion": "ark.heptio.com/v1"}, "is a ark.heptio.com/v1/Backup", id="not converted"),
        pytest.param({"metadata": {}}, "Its object has the name None", id="name missing"),
        pytest.param({"metadata": {"name": "A_b"}}, "Its object has the name 'A_b'", id="no DNS name"),
        pytest.param({"metadata": {"name": "m"}}, "has the name 'm', but lies in the directory 'n'", id="other name"),
        pytest.param({"spec": []}, "Its spec is not an object.", id="spec of a wrong type"),
        pytest.param({"status": "Completed"}, "Its status is not an object.", id="status of a wrong type"),
        pytest.param({"spec": {"includedNamespaces": "a"}}, "Its spec.includedNamespaces is not a list.", id="text"),
        pytest.param({"spec": {"excludedResources": [1]}}, "Its spec.excludedResources has an entry", id="number"),
        pytest.param({"spec": {"ttl": 720}}, "Its spec.ttl is not text.", id="duration as a number (1.4)"),
        pytest.param({"spec": {"snapshotVolumes": "yes"}}, "Its spec.snapshotVolumes is not a boolean.", id="boolean"),
        pytest.param(
            {"metadata": {"name": "n", "labels": {"a": 1}}}, "Its metadata.labels do not map text to text.", id="label"
        ),
    ],
)
def test_not_taken_over(members: dict[str, t.Any], problem: str) -> None:
    (found,) = find_problems(SMALLEST | members, "n")
    assert problem in found


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, ""),
        ({"labels": None}, ""),
        ({"labels": {"velero.io/schedule-name": "daily"}}, "daily"),
    ],
)
def test_schedule_of(metadata: dict[str, t.Any], expected: str) -> None:
    assert schedule_of({"metadata": metadata}) == expected
