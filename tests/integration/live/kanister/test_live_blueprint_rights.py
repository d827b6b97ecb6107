# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blueprints run with the rights that ``k8s_access_info`` names for their functions, and with no other one."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import pytest
from blueprint_lab import BlueprintLab
from phase_lab import IMAGE, PhaseLab, output, shell, sleeping_pod

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.subject import Subject

sys.path.append(str(Path(__file__).parents[1] / "access"))

if t.TYPE_CHECKING:
    from granted import Granted


@pytest.fixture
def granted(client: t.Any, kubeconfig: str, module_namespace: str) -> t.Iterator[Granted]:
    from granted import Granted

    made = Granted(client, kubeconfig, module_namespace, module_namespace)
    yield made
    made.remove()


def as_caller(phases: PhaseLab, granted: Granted, functions: str, *resources: str) -> PhaseLab:
    caller = granted.caller("blueprint", functions=tuple(functions.split()), resources=resources)
    return PhaseLab(caller, lambda *arguments, **more: phases.kubectl(*arguments[2:], **more), phases.namespace)


def claim(name: str) -> dict[str, t.Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def test_pods_and_objects(phases: PhaseLab, granted: Granted) -> None:
    login = {"username": "shop", "password": "correct-horse"}
    phases.apply(
        claim("dumps"), {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shop-login"}, "stringData": login}
    )
    caller = as_caller(phases, granted, "PrepareData KubeOps", "configmaps")
    blueprint = BlueprintLab(caller, "dump-to-claim", Subject.of_namespace(phases.namespace))
    blueprint.run("dump")
    blueprint.run("verify")


def test_workloads_and_snapshots(phases: PhaseLab, granted: Granted) -> None:
    pod = sleeping_pod("x")["spec"]
    pod["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    pod["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "files"}}]
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    phases.apply(
        claim("files"), {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}
    )
    phases.kubectl("rollout", "status", "deployment/web", "--timeout=110s")
    functions = "ScaleWorkload KubeOps CreateCSISnapshot RestoreCSISnapshot DeleteCSISnapshot"
    caller = as_caller(phases, granted, functions, "persistentvolumeclaims")
    subject = Subject.of(kind="deployment", name="web", namespace=phases.namespace)
    blueprint = BlueprintLab(caller, "roll-back", subject)
    blueprint.run("take")
    blueprint.run("put-back")
    phases.kubectl("delete", "deployment", "web", "--wait=false")


def test_commands_and_waits(phases: PhaseLab, granted: Granted) -> None:
    phases.apply(sleeping_pod("db"))
    phases.kubectl("wait", "--for=condition=Ready", "pod", "db", "--timeout=110s")
    caller = as_caller(phases, granted, "KubeExec Wait KubeTask")
    there = {"namespace": phases.namespace, "pod": "db", "command": shell(output("a", "b"))}
    assert caller.run("KubeExec", there) == {"a": "b"}
    reference = {"apiVersion": "v1", "resource": "pods", "name": "db", "namespace": phases.namespace}
    condition = {"condition": '{{ if eq "{ $.status.phase }" "Running" }}true{{ end }}', "objectReference": reference}
    caller.run("Wait", {"timeout": "20s", "conditions": {"anyOf": [condition]}})
    assert caller.run("KubeTask", {"image": IMAGE, "command": shell("echo done")}) == {}
    assert caller.warnings == []
