# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups as steps of Argo CD and Flux, as these read Jobs and hooks (Argo CD docs/user-guide/sync-waves.md)."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
import yaml

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import parse_seconds
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object

ROOT = pathlib.Path(__file__).resolve().parents[5]
EXAMPLES = ROOT / "examples" / "gitops"
#: The playbook's own bounds: hooks, snapshots and uploads of a small application, in seconds.
_ENOUGH = 3600


def documents(name: str) -> list[Object]:
    """The object, or those of a List."""
    document = yaml.safe_load((EXAMPLES / name).read_text(encoding="utf-8"))
    return list(document["items"]) if document["kind"] == "List" else [document]


def known_variables() -> set[str]:
    [play] = yaml.safe_load((ROOT / "playbooks" / "backup.yml").read_text(encoding="utf-8"))
    [refusal] = [task for task in play["tasks"] if "__backup_known" in task.get("vars", {})]
    return set(refusal["vars"]["__backup_known"])


@pytest.mark.parametrize("name", ["argocd-presync-backup.yml", "flux-backup-job.yml"])
def test_a_job_that_backs_up_once(name: str) -> None:
    [job] = documents(name)
    spec, pod = job["spec"], job["spec"]["template"]["spec"]
    assert (spec["backoffLimit"], pod["restartPolicy"]) == (0, "Never")
    assert spec["activeDeadlineSeconds"] > _ENOUGH
    assert "ttlSecondsAfterFinished" not in spec
    assert pod["terminationGracePeriodSeconds"] >= 60
    assert pod["serviceAccountName"] == "backup"
    [container] = pod["containers"]
    assert container["resources"]["limits"]["memory"]
    # Without the entry point of the image its user has no home, and Ansible ends at once.
    assert "command" not in container
    assert container["args"][:2] == ["ansible-playbook", "arkive.k8s.backup"]
    variables: dict[str, t.Any] = json.loads(container["args"][-1])
    assert variables["backup_fail_on_empty"] is False
    assert variables.keys() <= known_variables()
    # The same place as that of the guides: a location at the root of a bucket refuses what is beside it.
    assert variables["backup_storage_location"] == {"bucket": "backups", "prefix": "production"}
    assert parse_seconds(variables["backup_item_operation_timeout"], "") < spec["activeDeadlineSeconds"]


@pytest.mark.parametrize("name", ["argocd-presync-backup.yml", "flux-backup-job.yml"])
def test_a_job_is_not_in_its_own_backup(name: str) -> None:
    """It runs while it is read: a restore would make it again, as it leaves out only Jobs that have ended."""
    [job] = documents(name)
    for metadata in (job["metadata"], job["spec"]["template"]["metadata"]):
        assert metadata["labels"] == {"velero.io/exclude-from-backup": "true"}


def test_the_hook_of_argo() -> None:
    """A generated name needs no BeforeHookCreation, and a failed Job stays to be looked at."""
    [job] = documents("argocd-presync-backup.yml")
    metadata = job["metadata"]
    assert metadata["annotations"]["argocd.argoproj.io/hook"] == "PreSync"
    assert metadata["annotations"]["argocd.argoproj.io/hook-delete-policy"] == "HookSucceeded"
    assert "name" not in metadata
    assert metadata["generateName"]


def test_the_release_of_flux() -> None:
    """The application waits for the Job of the same commit.

    kustomize-controller compares ``lastAppliedRevision`` of a dependency with its own source only where the two sources
    are the same (``checkDependencies``). What is substituted is no part of a commit: it was seen to be applied without
    a backup.
    """
    backup, app = documents("flux-backup-before-release.yml")
    assert backup["spec"]["wait"] is True
    assert app["spec"]["dependsOn"] == [{"name": backup["metadata"]["name"]}]
    assert backup["spec"]["sourceRef"] == app["spec"]["sourceRef"]
    assert not any("postBuild" in one["spec"] for one in (backup, app))
    [job] = documents("flux-backup-job.yml")
    assert "$" not in json.dumps(job["metadata"])
    release = job["metadata"]["name"].removeprefix("backup-before-")
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert json.loads(container["args"][-1])["backup_name"] == f"shop-before-{release}"
    assert int(backup["spec"]["timeout"].removesuffix("m")) * 60 > job["spec"]["activeDeadlineSeconds"]
