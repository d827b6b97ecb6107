# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What dead runs have left is swept, and nothing else."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.process_identity import identify_process
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_request import ActionRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.blueprint_task import run_blueprint
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import PodDefaults
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.reading import read_blueprint
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.subject import Subject
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.marks import EXPIRES, PROCESS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.pod_objects import sweep_pods
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.function_lab import NAMESPACE, FunctionLab

LABELS = {"arkive.k8s/temporary-pod": "kube-task"}
SOON, LONG_AGO = dt.timedelta(minutes=5), dt.timedelta(minutes=-5)


def dead_process() -> str:
    """The mark of a process of this machine that has ended."""
    code = (
        "import os\n"
        "from ansible_collections.arkive.k8s.plugins.module_utils._core.process_identity import identify_process\n"
        "print(os.getpid(), identify_process())"
    )
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize(
    ("process", "expires", "phase", "swept"),
    [
        pytest.param("dead", SOON, "Running", True, id="its process is gone"),
        pytest.param("own", SOON, "Running", False, id="its process lives"),
        pytest.param("own", SOON, "Succeeded", False, id="its process lives and will remove it"),
        pytest.param("elsewhere", SOON, "Running", False, id="of another machine, in time"),
        pytest.param("elsewhere", LONG_AGO, "Running", True, id="of another machine, out of time"),
        pytest.param("", None, "Running", False, id="somebody took its marks away"),
        pytest.param("", None, "Failed", True, id="somebody took its marks away, and it has ended"),
        pytest.param("x y", None, "Failed", True, id="nonsense for marks"),
    ],
)
def test_which_are_left(lab: FunctionLab, process: str, expires: dt.timedelta | None, phase: str, swept: bool) -> None:
    lab.node.status = {"phase": phase}
    marks = {"dead": dead_process, "own": lambda: f"{os.getpid()} {identify_process()}"}
    annotations = {PROCESS: marks[process]() if process in marks else f"1 boot/{process}/1"}
    if expires is not None:
        annotations[EXPIRES] = rfc3339(utc_now() + expires)
    lab.api.add("pods", "kanister-job-x", NAMESPACE, metadata={"labels": LABELS, "annotations": annotations})
    lab.api.add("pods", "other", NAMESPACE, metadata={"labels": {"createdBy": "kanister"}})
    assert sweep_pods(lab.api.client, [NAMESPACE, "", NAMESPACE]) == ([f"{NAMESPACE}/kanister-job-x"] * swept, [])
    assert lab.node.removed == ["kanister-job-x"] * swept


def test_namespaces_that_a_blueprint_names_are_swept_as_well(lab: FunctionLab) -> None:
    marks = {"labels": LABELS, "annotations": {EXPIRES: rfc3339(utc_now() + LONG_AGO)}}
    for namespace in ("kasten-io", NAMESPACE, "elsewhere"):
        lab.api.add("namespaces", namespace)
        lab.api.add("pods", "kanister-job-x", namespace, metadata=marks)
    task = {"func": "KubeTask", "name": "one", "args": {"namespace": "kasten-io", "image": "i", "command": ["c"]}}
    document = {"kind": "Blueprint", "metadata": {"name": "b"}, "actions": {"a": {"phases": [task]}}}
    request = ActionRequest(
        blueprint=read_blueprint(document, source="the test").blueprint,
        action_name="a",
        subject=Subject.of_namespace(NAMESPACE),
        pods=PodDefaults(namespace=NAMESPACE),
    )
    swept = run_blueprint(lab.run, request).swept
    assert sorted(swept) == ["kasten-io/kanister-job-x", f"{NAMESPACE}/kanister-job-x"]


def test_what_may_not_be_swept_is_said(lab: FunctionLab) -> None:
    lab.api.denied = {("list", "pods")}
    swept, notes = sweep_pods(lab.api.client, [NAMESPACE])
    assert swept == []
    assert notes[0].startswith(f"Temporary pods that earlier runs left in namespace {NAMESPACE} were not swept: ")


def test_each_pod_knows_who_made_it(lab: FunctionLab) -> None:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.kube_task import KubeTask

    KubeTask().run(lab.call("KubeTask", {"image": "i", "command": ["c"]}, seconds=60.0))
    annotations: t.Mapping[str, str] = lab.node.made[0]["metadata"]["annotations"]
    assert annotations[PROCESS] == f"{os.getpid()} {identify_process()}"
    assert annotations[EXPIRES] > rfc3339(utc_now() + dt.timedelta(seconds=60))
