# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A DeploymentConfig, whose type alone is in the cluster: what OpenShift's controller does of it is done here."""

from __future__ import annotations

import json
import threading
import typing as t

import pytest
from blueprint_lab import BlueprintLab
from phase_lab import IMAGE, PhaseLab, shell

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.subject import Subject

CRD = "deploymentconfigs.apps.openshift.io"
LATEST = "openshift.io/deployment-config.latest-version"


def definition() -> Object:
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    names = {"plural": "deploymentconfigs", "kind": "DeploymentConfig"}
    spec = {"group": "apps.openshift.io", "scope": "Namespaced", "names": names, "versions": [version]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": CRD},
        "spec": spec,
    }


def controller_of(config: Object) -> Object:
    metadata = config["metadata"]
    owner = {"apiVersion": config["apiVersion"], "kind": config["kind"], "name": "web", "uid": metadata["uid"]}
    container = {"name": "main", "image": IMAGE, "command": shell("exec sleep 86400")}
    pod = {"terminationGracePeriodSeconds": 0, "containers": [container]}
    labels = {"app": "web"}
    return {
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "metadata": {"name": "web-1", "annotations": {LATEST: "1"}, "ownerReferences": [owner]},
        "spec": {"replicas": 2, "selector": labels, "template": {"metadata": {"labels": labels}, "spec": pod}},
    }


class Controller:
    """Scales the ReplicationController as the config says, and says of the config what has become of it."""

    def __init__(self, phases: PhaseLab) -> None:
        self._phases = phases
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stop.wait(0.3):
            config = json.loads(self._phases.kubectl("get", CRD, "web", "-o", "json"))
            self._phases.kubectl("scale", "rc", "web-1", f"--replicas={config['spec']['replicas']}")
            self._report(config["metadata"]["generation"])

    def _report(self, generation: int) -> None:
        found = json.loads(self._phases.kubectl("get", "rc", "web-1", "-o", "json"))["status"]
        there = found.get("replicas", 0)
        status = {
            "latestVersion": 1,
            "observedGeneration": generation,
            "replicas": there,
            "updatedReplicas": there,
            "availableReplicas": found.get("availableReplicas", 0),
        }
        patch = json.dumps({"status": status})
        self._phases.kubectl("patch", CRD, "web", "--subresource=status", "--type", "merge", "-p", patch)


@pytest.fixture
def config(phases: PhaseLab) -> t.Iterator[None]:
    phases.apply(definition())
    phases.kubectl("wait", "--for=condition=Established", f"crd/{CRD}", "--timeout=60s")
    group = {"apiVersion": "apps.openshift.io/v1", "kind": "DeploymentConfig"}
    phases.apply({**group, "metadata": {"name": "web", "labels": {"app": "web"}}, "spec": {"replicas": 2}})
    phases.apply(controller_of(json.loads(phases.kubectl("get", CRD, "web", "-o", "json"))))
    with Controller(phases):
        phases.kubectl("wait", "--for=jsonpath={.status.availableReplicas}=2", f"{CRD}/web", "--timeout=60s")
        yield
    phases.kubectl("delete", "crd", CRD, "--timeout=60s")


def test_it_is_stopped_and_started(phases: PhaseLab, config: None) -> None:
    subject = Subject.of(kind="deploymentconfig", name="web", namespace=phases.namespace)
    blueprint = BlueprintLab(phases, "deployment-config", subject)
    stopped = blueprint.run("stop")
    assert stopped.phases[0].output == {"pods": "2"}
    assert phases.kubectl("get", "pods", "-l", "app=web", "-o", "name") == ""
    blueprint.run("start")
    assert len(phases.kubectl("get", "pods", "-l", "app=web", "-o", "name").split()) == 2
