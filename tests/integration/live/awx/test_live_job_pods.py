# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Job templates of AWX over the shipped playbooks and modules, in pods of the execution environment."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from awx_jobs import ContainerGroup, JobResult, StubCredential
from volume_lab import DataApp

pytestmark = pytest.mark.node

Credentials = dict[str, StubCredential]
Location = dict[str, t.Any]


@pytest.fixture
def app(kubectl: t.Any, make_namespace: t.Callable[[], str]) -> DataApp:
    found = DataApp(kubectl, make_namespace())
    found.create()
    found.write("note", "kept")
    return found


@pytest.fixture
def group(image: str, namespace: str, tmp_path: Path) -> ContainerGroup:
    return ContainerGroup(tmp_path, namespace, image)


def test_backup_restore_schedule_and_prune_with_the_answers_of_surveys(
    group: ContainerGroup, app: DataApp, credentials: Credentials, location: Location
) -> None:
    """Answers are strings, numbers and lists; where an option is a boolean, the answer is a word."""

    def job(playbook: str, answers: dict[str, t.Any], **options: t.Any) -> JobResult:
        variables = {f"{playbook}_storage_location": location, "arkive_job_timeout": 900, **answers}
        done = group.launch(
            f"arkive.k8s.{playbook}", variables=variables, credentials=credentials, timeout=900, **options
        ).result()
        assert done.status == "successful", done.text
        assert done.artifacts["arkive_playbook"] == playbook
        assert done.artifacts["arkive_failed"] is False
        return done

    schedule = {
        "schedule_name": "night",
        "schedule_schedule": "@daily",
        "schedule_template": f"included_namespaces: [{app.namespace}]",
    }
    job("schedule", schedule)
    answers = {
        "backup_name": "by-hand",
        "backup_included_namespaces": f"{app.namespace}\n",
        "backup_excluded_resources": ["events", "events.events.k8s.io"],
        "backup_snapshot_volumes": "true",
        "backup_fail_on_partial": "yes",
        "backup_workers": 4,
        "backup_ttl": "24h",
        "backup_csi_snapshot_timeout": "2m",
        "backup_item_operation_timeout": "2m",
        "backup_labels": "team=shop\nstage=night",
    }
    made = job("backup", answers)
    assert made.artifacts["arkive_backup_phase"] == "Completed"
    assert made.artifacts["arkive_backup_longest_freeze"] > 0
    assert "TLS" not in made.text and "verif" not in made.text

    app.delete()
    planned = job("restore", {"restore_backup": "by-hand"}, check=True)
    assert planned.artifacts["arkive_restore_planned"] > 0
    back = {
        "restore_backup": "by-hand",
        "restore_included_namespaces": [app.namespace],
        "restore_restore_pvs": "true",
        "restore_include_cluster_resources": "",
        "restore_wait": "yes",
    }
    restored = job("restore", back)
    assert restored.artifacts["arkive_restore_phase"] == "Completed"
    app.await_ready()
    assert app.files()["note"] == "kept"

    checked = job("schedule", {"schedule_name": "night", "schedule_state": "checked", "schedule_max_age": "26h"})
    assert checked.artifacts["arkive_schedule_missed"] == 0
    pruned = job("prune", {"prune_keep_last": 1, "prune_ttl": "ignored", "prune_schedules": "night"})
    assert pruned.artifacts["arkive_prune_deleted"] == 0
