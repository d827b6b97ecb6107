# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that ``k8s_access_info`` returns for ``operations`` are enough for passes, by who has just these."""

from __future__ import annotations

import datetime as dt
import typing as t
from pathlib import Path

import pytest
from granted import Granted
from operator_lab import Operator, new_name
from velero_judge import Judge

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import (
    OperationsOutcome,
    OperationsRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_run import run_operations

pytestmark = pytest.mark.velero


@pytest.fixture
def operator(
    judge: Judge, velero_program: str, kubeconfig: str, namespace: str, judged_bucket: t.Any, s3: t.Any, tmp_path: Path
) -> Operator:
    found = Operator(velero_program, kubeconfig=kubeconfig, namespace=namespace, home=tmp_path)
    found.add_location(judged_bucket.name, s3)
    return found


@pytest.fixture
def granted(
    client: KubeClient, kubeconfig: str, namespace: str, make_namespace: t.Callable[[], str]
) -> t.Iterator[Granted]:
    found = Granted(client, kubeconfig, namespace, make_namespace())
    yield found
    found.remove()


def _pass(caller: KubeClient, namespace: str) -> OperationsOutcome:
    return run_operations(OperationsRequest(namespace=namespace), client=caller)


def test_passes(operator: Operator, granted: Granted, namespace: str, kubectl: t.Any) -> None:
    """What is backed up and restored takes the rights of these tasks beside them."""
    kubectl("-n", namespace, "create", "configmap", "prices", "--from-literal=apple=1")
    caller = granted.caller("operations", "backup", "restore", resources=("configmaps",), hooks=False, providers=())
    chosen = {"includedNamespaces": [namespace], "includedResources": ["configmaps"], "snapshotVolumes": False}
    kept, gone, schedule, restore = new_name("b"), new_name("b"), new_name("s"), new_name("r")
    for name in (kept, gone):
        operator.create("backups", name, chosen)
    long_ago = {"lastBackup": rfc3339(utc_now() - dt.timedelta(hours=2))}
    operator.create("schedules", schedule, {"schedule": "@every 1h", "template": chosen}, status=long_ago)
    operator.create("serverstatusrequests", "who", {})
    outcomes = [_pass(caller, namespace)]
    operator.client.patch(operator.path("backups", gone), {"status": {"expiration": rfc3339(utc_now())}})
    kubectl("-n", namespace, "delete", "configmap", "prices")
    operator.create("restores", restore, {"backupName": kept})
    operator.create("downloadrequests", "log", {"target": {"kind": "BackupLog", "name": kept}})
    outcomes.append(_pass(caller, namespace))
    assert [issue.message for each in outcomes for issue in (*each.issues.errors, *each.issues.warnings)] == []
    phases = {name: (operator.get("backups", name) or {})["status"]["phase"] for name in operator.names("backups")}
    assert phases.pop(kept) == "Completed"
    assert gone not in phases
    assert {phase for name, phase in phases.items() if name.startswith(f"{schedule}-")} == {"Completed"}
    assert (operator.get("restores", restore) or {})["status"]["phase"] == "Completed"
    assert kubectl("-n", namespace, "get", "configmap", "prices", "-o", "jsonpath={.data.apple}") == "1"
    assert (operator.get("downloadrequests", "log") or {})["status"]["downloadURL"].startswith("http")
    assert ("BackupCompleted", kept) in operator.events()
    kubectl("-n", namespace, "delete", "restores.velero.io", restore, "--wait=false")
    assert _pass(caller, namespace).issues.errors == ()
    assert operator.get("restores", restore) is None


def test_without_the_rights_of_a_backup(operator: Operator, granted: Granted, namespace: str) -> None:
    """It has failed, and says which right is missing; what needs no more than these rights is done."""
    name = new_name("b")
    operator.create("backups", name, {"includedNamespaces": [namespace], "includedResources": ["configmaps"]})
    operator.create("serverstatusrequests", "who", {})
    outcome = _pass(granted.caller("operations"), namespace)
    status = (operator.get("backups", name) or {})["status"]
    assert status["phase"] in ("Failed", "FailedValidation")
    assert "configmaps" in f"{status.get('failureReason')} {status.get('validationErrors')}"
    assert (operator.get("serverstatusrequests", "who") or {})["status"]["phase"] == "Processed"
    assert outcome.issues.errors == ()
