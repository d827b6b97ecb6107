# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.multi_container_run import (
    MultiContainerRun,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.function_lab import (
    NAMESPACE,
    FunctionLab,
    ended,
)

RUN = {
    "backgroundImage": "shop/dump:1",
    "backgroundCommand": ["dump"],
    "outputImage": "shop/tool:1",
    "outputCommand": ["report"],
}
INIT = {"initImage": "shop/init:1", "initCommand": ["mkfifo", "/x/pipe"], "sharedVolumeDir": "/x"}


def test_the_pod(lab: FunctionLab) -> None:
    lab.node.status = ended(name="output")
    lab.node.prints = ['###Phase-output###: {"key":"a","value":"1"}']
    medium = {"sharedVolumeMedium": "Memory", "sharedVolumeSizeLimit": "1Gi"}
    assert MultiContainerRun().run(lab.call("MultiContainerRun", RUN | INIT | medium)) == {"a": "1"}
    [pod] = lab.node.made
    spec = pod["spec"]
    assert [each["name"] for each in spec["initContainers"] + spec["containers"]] == ["init", "output", "background"]
    assert spec["volumes"] == [{"name": "shared", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}}]
    for each in spec["initContainers"] + spec["containers"]:
        assert each["volumeMounts"] == [{"name": "shared", "mountPath": "/x"}]
    assert pod["metadata"]["labels"]["arkive.k8s/temporary-pod"] == "multi-container-run"


def test_without_an_init_container(lab: FunctionLab) -> None:
    lab.node.status = ended(name="output")
    assert MultiContainerRun().run(lab.call("MultiContainerRun", RUN)) == {}
    spec = lab.node.made[0]["spec"]
    assert "initContainers" not in spec
    assert spec["containers"][0]["volumeMounts"] == [{"name": "shared", "mountPath": "/tmp/"}]
    assert spec["volumes"] == [{"name": "shared", "emptyDir": {}}]


def test_one_of_them_fails(lab: FunctionLab) -> None:
    statuses = [ended(0, name="output"), ended(2, name="background")]
    lab.node.status = {
        "phase": "Failed",
        "containerStatuses": [status["containerStatuses"][0] for status in statuses],
    }
    with pytest.raises(BlueprintError, match="failed: container background ended with exit code 2"):
        MultiContainerRun().run(lab.call("MultiContainerRun", RUN))


def test_plan(lab: FunctionLab) -> None:
    planned = MultiContainerRun().plan(lab.call("MultiContainerRun", RUN))
    assert (planned.does, planned.image) == ("run dump beside report", "shop/dump:1, shop/tool:1")
    assert planned.namespace == NAMESPACE
