# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Job templates of AWX over the shipped playbooks and modules, in pods of the execution environment."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from awx_jobs import ContainerGroup, JobBucket, JobResult, StubCredential, in_cluster_spec
from volume_lab import PATH, DataApp, until

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
    assert "certificate" not in made.text

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


def test_the_prestop_hook_of_the_example_lets_a_cancelled_job_release_what_it_holds(
    image: str, namespace: str, app: DataApp, bucket: JobBucket, tmp_path: Path
) -> None:
    """The lease is a minute: nothing but the module itself ends the freeze in time."""
    slow = json.dumps(["/bin/sh", "-c", f"sleep 25; fsfreeze --unfreeze {PATH}"])
    annotate = ["annotate", "pods", "--all", "--overwrite", f"post.hook.backup.velero.io/command={slow}"]
    app.kubectl("-n", app.namespace, *annotate)
    with in_cluster_spec(namespace) as in_cluster:
        group = ContainerGroup(tmp_path, namespace, image, spec={**_spec_of_the_example(), **in_cluster})
        backup = {"name": "b", "included_namespaces": [app.namespace], "storage_location": bucket.location}
        job = group.launch([{"arkive.k8s.k8s_backup": {**backup, "freeze_lease": "60s"}}], **bucket.environment)
        until(lambda: bool(app.marks()), "the volume is frozen", seconds=60)
        job.cancel()
        job.end()
        assert app.marks() == ""
        app.await_thawed()
        look = group.launch(
            [{"arkive.k8s.k8s_backup_info": {"storage_location": bucket.location}}], **bucket.environment
        )
        (found,) = look.result().results()
    assert (found["backups"], found["incomplete"]) == ([], [])


def _spec_of_the_example() -> dict[str, t.Any]:
    shipped = Path(__file__).parents[4] / "examples/awx/controller.yml"
    (group,) = DataLoader().load_from_file(str(shipped))["controller_instance_groups"]
    return dict(group["pod_spec"]["spec"])
