# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The workflow of the AWX example, node by node: answers of surveys go in, and artifacts go from one node to the next.

The workflow engine is played by the test: the artifacts of a node are extra variables of the nodes after it, and what
the survey answered wins over them.
"""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest
from play_runner import PlayRunner, text_of

PROJECT = Path(__file__).resolve().parents[4] / "examples" / "awx" / "project"


class Node(t.NamedTuple):
    """How a job ended, what it leaves behind, and what it printed."""

    succeeded: bool
    artifacts: dict[str, t.Any]
    printed: str


class Jobs:
    """Runs playbooks of the project as job templates do, which have the location in their extra variables."""

    def __init__(self, runner: PlayRunner, store: Path) -> None:
        self._runner = runner
        self._location = {"path": str(store)}

    def run(self, playbook: str, answers: dict[str, t.Any], *options: str) -> Node:
        prefix = playbook.partition(".")[0].partition("_")[0]
        of_template = {f"{prefix}_storage_location": self._location, "arkive_job_timeout": 18000, "awx_job_id": 7}
        screen = self._runner.run_playbook(str(PROJECT / playbook), {**of_template, **answers}, *options)
        printed = text_of(screen)
        found = re.search(r"^\tRUN: (\{.*\})$", printed, re.MULTILINE)
        assert found is not None, printed
        return Node(screen.returncode == 0, json.loads(found[1]), printed)


@pytest.fixture
def jobs(tmp_path: Path, kubeconfig: str, monkeypatch: pytest.MonkeyPatch) -> Jobs:
    monkeypatch.setenv("ANSIBLE_SHOW_CUSTOM_STATS", "true")
    store = tmp_path / "store"
    store.mkdir()
    return Jobs(PlayRunner(tmp_path, kubeconfig), store)


def config_map(name: str, **data: str) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})


def test_a_restore_is_planned_approved_and_carried_out(jobs: Jobs, kubectl: t.Any, namespace: str) -> None:
    kubectl("-n", namespace, "create", "-f", "-", stdin=config_map("kept", a="1"))
    asked = {
        "backup_included_namespaces": f"{namespace}\n",
        "backup_snapshot_volumes": "false",
        "backup_ttl": "",
        "backup_workers": 4,
    }
    backup = jobs.run("backup.yml", asked)
    assert backup.succeeded, backup.printed
    name = backup.artifacts["arkive_backup_name"]
    assert (backup.artifacts["arkive_phase"], backup.artifacts["arkive_backup_items"] > 0) == ("Completed", True)

    kubectl("-n", namespace, "delete", "configmap", "kept")
    survey = {
        "wanted_schedule": "",
        "wanted_backup": name,
        "wanted_namespaces": f" {namespace} ,",
        "wanted_namespace_mapping": "",
        "wanted_policy": "none",
        "wanted_wait": "false",
        "wanted_wait_minutes": 5,
    }
    plan = jobs.run("restore_plan.yml", survey, "--check", "--diff")
    assert plan.succeeded, plan.printed
    assert (plan.artifacts["arkive_check_mode"], plan.artifacts["arkive_backup_name"]) == (True, name)
    assert plan.artifacts["arkive_restore_planned"] == 1
    assert "configmap/kept" not in kubectl("-n", namespace, "get", "configmap", "-o", "name")

    # Somebody makes another thing of it before it is approved: what was approved is not what would be done.
    kubectl("-n", namespace, "create", "-f", "-", stdin=config_map("kept", a="2"))
    refused = jobs.run("restore_apply.yml", {**plan.artifacts, **survey})
    assert not refused.succeeded
    assert "kept" in refused.artifacts["arkive_message"]
    assert refused.artifacts["arkive_failed"] is True
    kubectl("-n", namespace, "delete", "configmap", "kept")

    applied = jobs.run("restore_apply.yml", {**plan.artifacts, **survey})
    assert applied.succeeded, applied.printed
    assert (applied.artifacts["arkive_restore_phase"], applied.artifacts["arkive_restore_created"]) == ("Completed", 1)
    assert kubectl("-n", namespace, "get", "configmap", "kept", "-o", "jsonpath={.data.a}") == "1"


def test_a_schedule_and_retention_with_answers_of_their_surveys(jobs: Jobs, kubectl: t.Any, namespace: str) -> None:
    kubectl("-n", namespace, "create", "-f", "-", stdin=config_map("kept", a="1"))
    due = {
        "schedule_name": "shop",
        "schedule_schedule": "@daily",
        "schedule_template": {"included_namespaces": namespace, "ttl": "720h"},
    }
    made = jobs.run("schedule.yml", due)
    assert made.succeeded, made.printed
    assert (made.artifacts["arkive_backup_phase"], made.artifacts["arkive_changed"]) == ("Completed", True)
    again = jobs.run("schedule.yml", due)
    assert (again.succeeded, again.artifacts["arkive_changed"]) == (True, False)
    assert again.artifacts["arkive_schedule_last_backup"] == made.artifacts["arkive_backup_name"]
    checked = jobs.run(
        "schedule.yml", {"schedule_name": "shop", "schedule_state": "checked", "schedule_max_age": "26h"}
    )
    assert checked.succeeded, checked.printed
    asked = {"prune_keep_daily": 7, "prune_keep_monthly": 12, "prune_schedules": "", "prune_leftovers": "found"}
    pruned = jobs.run("prune.yml", {**asked, "prune_ttl": "ignored"})
    assert pruned.succeeded, pruned.printed
    assert (pruned.artifacts["arkive_prune_deleted"], pruned.artifacts["arkive_errors"]) == (0, 0)
