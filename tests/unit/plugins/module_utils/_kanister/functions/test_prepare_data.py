# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.prepare_data import PrepareData
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.parameters import (
    TemplateParameters,
    WorkloadParameters,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.function_lab import (
    NAMESPACE,
    FunctionLab,
    ended,
)

TASK = {"namespace": NAMESPACE, "image": "shop/tool:1", "command": ["sh", "-c", "x"], "volumes": {"data": "/data"}}


@pytest.fixture(autouse=True)
def claims(lab: FunctionLab) -> None:
    for name, modes in (
        ("data", ["ReadWriteOnce"]),
        ("logs", ["ReadWriteMany", "ReadOnlyMany"]),
        ("ro", ["ReadOnlyMany"]),
    ):
        lab.api.add("persistentvolumeclaims", name, NAMESPACE, spec={"accessModes": modes})


def run(lab: FunctionLab, arguments: t.Mapping[str, t.Any] | None = None, **more: t.Any) -> t.Any:
    return PrepareData().run(lab.call("PrepareData", TASK if arguments is None else arguments, **more))


def mounts(lab: FunctionLab) -> dict[str, tuple[str, bool, bool]]:
    """Path, and whether claim and mount are for reading only, by claim."""
    [pod] = lab.node.made
    volumes = {each["name"]: each["persistentVolumeClaim"] for each in pod["spec"]["volumes"]}
    found: dict[str, tuple[str, bool, bool]] = {}
    for each in pod["spec"]["containers"][0]["volumeMounts"]:
        claim: Object = volumes[each["name"]]
        found[claim["claimName"]] = (each["mountPath"], claim.get("readOnly", False), each.get("readOnly", False))
    return found


def test_the_pod(lab: FunctionLab) -> None:
    lab.api.add("serviceaccounts", "worker", namespace=NAMESPACE)
    lab.node.prints = ['###Phase-output###: {"key":"a","value":"1"}']
    assert run(lab, {**TASK, "volumes": {"data": "/data", "ro": "/ro"}, "serviceaccount": "worker"}) == {"a": "1"}
    assert mounts(lab) == {"data": ("/data", False, False), "ro": ("/ro", True, True)}
    [pod] = lab.node.made
    assert pod["metadata"]["name"].startswith("prepare-data-job-")
    assert pod["spec"]["serviceAccountName"] == "worker"
    assert len(lab.node.removed) == 1


def test_claims_of_the_subject(lab: FunctionLab) -> None:
    claims = {"web-0": {"data": "/var/lib"}, "web-1": {"logs": "/var/log"}}
    workload = WorkloadParameters(kind="StatefulSet", name="web", namespace=NAMESPACE, claims=claims)
    parameters = TemplateParameters(object={}, time="2026-06-01T02:00:00Z", workload=workload)
    run(lab, {**TASK, "volumes": None}, parameters=parameters)
    assert {claim: path for claim, (path, _ro, _mount) in mounts(lab).items()} == {
        "data": "/mnt/prepare_data/data",
        "logs": "/mnt/prepare_data/logs",
    }


def test_no_claims_to_mount(lab: FunctionLab) -> None:
    with pytest.raises(BlueprintError, match="does not say which claims its pod is to mount"):
        run(lab, {**TASK, "volumes": {}})


def test_no_such_claim(lab: FunctionLab) -> None:
    with pytest.raises(BlueprintError, match="Claim shop/gone, which PrepareData mounts, is not there"):
        run(lab, {**TASK, "volumes": {"gone": "/x"}})
    assert not lab.node.made


@pytest.mark.parametrize(
    ("fail", "status", "raises"),
    [
        pytest.param(None, ended(3), False, id="an exit code counts only where it is said"),
        pytest.param("true", ended(3), True, id="said"),
        pytest.param(
            None, {"phase": "Failed", "reason": "Evicted", "message": "x"}, True, id="it never came to its end"
        ),
    ],
)
def test_fail_on_error(lab: FunctionLab, fail: str | None, status: Object, raises: bool) -> None:
    lab.node.status = status
    if raises:
        with pytest.raises(BlueprintError, match="of PrepareData failed"):
            run(lab, {**TASK, "failOnError": fail})
    else:
        assert run(lab, {**TASK, "failOnError": fail}) == {}
        assert "exit code 3" in lab.warnings[0]


def test_plan(lab: FunctionLab) -> None:
    assert PrepareData().plan(lab.call("PrepareData", TASK)).does == "run sh -c x with the claims data"
