# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The functions on a real cluster, each with its effect and its outputs."""

from __future__ import annotations

import threading
import typing as t

import pytest
from phase_lab import IMAGE, PhaseLab, output, shell, sleeping_pod

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.parameters import (
    TemplateParameters,
    WorkloadParameters,
)

SHOP = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: made}
data: {a: b}
---
apiVersion: v1
kind: Service
metadata: {name: made}
spec: {ports: [{port: 80}], selector: {app: made}}
"""


def workload(kind: str, name: str, claim: bool = False) -> Object:
    template = sleeping_pod("x")["spec"]
    labels = {"app": name}
    spec: Object = {
        "replicas": 2,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": template},
    }
    if claim:
        template["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
        wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}
        spec |= {"serviceName": name, "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": wanted}]}
        spec["replicas"] = 1
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def test_kube_exec(phases: PhaseLab) -> None:
    phases.apply(sleeping_pod("one"), sleeping_pod("two", "main", "side"))
    phases.kubectl("wait", "--for=condition=Ready", "pod", "one", "two", "--timeout=110s")
    here = {"namespace": phases.namespace}
    script = shell(f"echo hi; {output('host', 'X')} | sed s/X/$HOSTNAME/; {output('no', 'stderr')} >&2")
    assert phases.run("KubeExec", {**here, "pod": "one", "command": script}) == {"host": "one"}
    assert "hi" in phases.log
    assert phases.run("KubeExec", {**here, "pod": "two", "container": "side", "command": ["true"]}) is None
    with pytest.raises(BlueprintError, match=r"has 2 containers \(main, side\)"):
        phases.run("KubeExec", {**here, "pod": "two", "command": ["true"]})
    with pytest.raises(
        BlueprintError, match=r"ended with exit code 3\. The last of its stdout: a The last of its stderr: b"
    ):
        phases.run("KubeExec", {**here, "pod": "one", "command": shell("echo a; echo b >&2; exit 3")})
    with pytest.raises(BlueprintError, match="Nothing was started"):
        phases.run("KubeExec", {**here, "pod": "one", "command": ["/no/such"]})
    with pytest.raises(BlueprintError, match=r"it may still run there\. The last of its stdout: begun"):
        phases.run("KubeExec", {**here, "pod": "one", "command": shell("echo begun; sleep 60")}, seconds=2.0)
    everywhere = {
        **here,
        "pods": " one two ",
        "containers": "main",
        "command": shell("touch /tmp/x; " + output("a", "b")),
    }
    assert phases.run("KubeExecAll", everywhere) == {"a": "b"}
    for name in ("one", "two"):
        phases.kubectl("exec", name, "-c", "main", "--", "test", "-e", "/tmp/x")


def test_kube_ops(phases: PhaseLab) -> None:
    here = {"namespace": phases.namespace}
    made = phases.run("KubeOps", {**here, "operation": "create", "spec": SHOP})
    assert made == {"apiVersion": "v1", "group": "", "resource": "services", "kind": "", "name": "made", **here}
    reference = {"apiVersion": "v1", "resource": "configmaps", "name": "made", **here}
    phases.run("KubeOps", {"operation": "patch", "objectReference": reference, "spec": "data: {c: d}"})
    assert phases.kubectl("get", "configmap", "made", "-o", "jsonpath={.data.a}{.data.c}") == "bd"
    phases.run("KubeOps", {"operation": "delete", "objectReference": reference})
    assert phases.kubectl("get", "configmap", "made", "--ignore-not-found") == ""
    with pytest.raises(BlueprintError, match=r"could not delete ConfigMap .*: it is not there"):
        phases.run("KubeOps", {"operation": "delete", "objectReference": reference})


def test_kube_ops_of_the_cluster(phases: PhaseLab) -> None:
    """What Kanister itself cannot delete."""
    name = f"{phases.namespace}-class"
    spec = f"{{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {{name: {name}}}, value: 7}}"
    made = phases.run("KubeOps", {"operation": "create", "spec": spec})
    assert made["resource"] == "priorityclasses"
    reference = {"apiVersion": "v1", "group": "scheduling.k8s.io", "resource": "priorityclasses", "name": name}
    phases.run("KubeOps", {"operation": "delete", "objectReference": reference})
    assert phases.kubectl("get", "priorityclass", name, "--ignore-not-found") == ""


def test_kube_ops_patches_a_custom_resource(phases: PhaseLab) -> None:
    """Those know no strategic merge."""
    spec = {"driver": "none.test", "deletionPolicy": "Delete"}
    name = f"{phases.namespace}-class"
    made = {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshotClass",
        "metadata": {"name": name},
        **spec,
    }
    phases.apply(made)
    reference = {
        "apiVersion": "v1",
        "group": "snapshot.storage.k8s.io",
        "resource": "volumesnapshotclasses",
        "name": name,
    }
    try:
        phases.run(
            "KubeOps", {"operation": "patch", "objectReference": reference, "spec": "metadata: {labels: {a: b}}"}
        )
        assert phases.kubectl("get", "volumesnapshotclass", name, "-o", "jsonpath={.metadata.labels.a}") == "b"
    finally:
        phases.run("KubeOps", {"operation": "delete", "objectReference": reference})


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_scale_workload(phases: PhaseLab, kind: str) -> None:
    name = kind.lower()
    phases.apply(workload(kind, name))
    there = {"namespace": phases.namespace, "name": name, "kind": name}
    assert phases.run("ScaleWorkload", {**there, "replicas": "0"}) == {"originalReplicaCount": 2}
    assert phases.kubectl("get", "pods", "-l", f"app={name}", "-o", "name") == ""
    assert phases.run("ScaleWorkload", {**there, "replicas": 1}) == {"originalReplicaCount": 0}
    wait = '{{ if eq "{ $.status.readyReplicas }" "1" }}true{{ end }}'
    reference = {
        "apiVersion": "v1",
        "group": "apps",
        "resource": f"{name}s",
        "namespace": phases.namespace,
        "name": name,
    }
    phases.run("Wait", {"timeout": "60s", "conditions": {"anyOf": [{"condition": wait, "objectReference": reference}]}})
    phases.kubectl("delete", name, name, "--wait=false")


def test_wait(phases: PhaseLab) -> None:
    """The page's own condition, on a pod that comes to run while it waits."""
    reference = {"apiVersion": "v1", "resource": "pods", "namespace": phases.namespace, "name": "later"}
    page = "{{ if { $.status.containerStatuses[].ready } }}true{{ else }}false{{ end }}"
    timer = threading.Timer(1.0, lambda: phases.apply(sleeping_pod("later")))
    timer.start()
    phases.run("Wait", {"timeout": "60s", "conditions": {"anyOf": [{"condition": page, "objectReference": reference}]}})
    timer.join()
    never = '{{ if eq .status.phase "Succeeded" }}true{{ else }}false{{ end }}'
    with pytest.raises(BlueprintError, match=r"WaitV2 waited 1 s, .* last seen: conditions.allOf\[0\] .* gave 'false'"):
        phases.run(
            "WaitV2", {"timeout": "1s", "conditions": {"allOf": [{"condition": never, "objectReference": reference}]}}
        )


def test_multi_container_run(phases: PhaseLab) -> None:
    arguments = {
        "initImage": IMAGE,
        "initCommand": ["mkfifo", "/tmp/pipe"],
        "backgroundImage": IMAGE,
        "backgroundCommand": shell("echo from-background >/tmp/pipe"),
        "outputImage": IMAGE,
        "outputCommand": shell("read word </tmp/pipe; " + output("word", "X") + " | sed s/X/$word/"),
    }
    assert phases.run("MultiContainerRun", arguments) == {"word": "from-background"}
    failing = {"backgroundCommand": shell("echo x >/tmp/pipe; exit 4")}
    with pytest.raises(BlueprintError, match="container background ended with exit code 4"):
        phases.run("MultiContainerRun", arguments | failing)


def test_data_and_snapshots(phases: PhaseLab) -> None:
    """What PrepareData writes into a claim is in the snapshot, and comes back from it."""
    namespace = phases.namespace
    phases.apply(workload("StatefulSet", "db", claim=True))
    phases.kubectl("rollout", "status", "statefulset/db", "--timeout=110s")
    claim = "data-db-0"
    subject = WorkloadParameters(kind="StatefulSet", name="db", namespace=namespace, claims={"db-0": {claim: "/data"}})
    parameters = TemplateParameters(object={}, time="2026-06-01T02:00:00Z", workload=subject)
    prepare = {"namespace": namespace, "image": IMAGE}
    write = shell(f"echo precious >/mnt/prepare_data/{claim}/file; sync; exit 5")
    assert phases.run("PrepareData", {**prepare, "command": write}, parameters=parameters) == {}
    assert "exit code 5" in phases.warnings[-1]
    with pytest.raises(BlueprintError, match="exit code 5"):
        phases.run("PrepareData", {**prepare, "command": write, "failOnError": "true"}, parameters=parameters)

    taken = phases.run("CreateCSISnapshot", {"pvc": claim, "namespace": namespace, "snapshotClass": "loopfile"})
    assert (taken["pvc"], taken["restoreSize"]) == (claim, "64Mi")
    _restored_claim_has_the_data(phases, taken["name"], "copy")
    content: t.Any = phases.client.get(
        f"/apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents/{taken['snapshotContent']}"
    )
    static = phases.run(
        "CreateCSISnapshotStatic",
        {
            "name": "static",
            "namespace": namespace,
            "driver": content["spec"]["driver"],
            "snapshotHandle": content["status"]["snapshotHandle"],
            "snapshotClass": "loopfile",
        },
    )
    assert static["name"] == "static"
    phases.run("DeleteCSISnapshot", {"name": "static", "namespace": namespace})
    phases.run("DeleteCSISnapshot", {"name": taken["name"], "namespace": namespace})
    assert phases.kubectl("get", "volumesnapshots", "-o", "name") == ""
    phases.run("DeleteCSISnapshotContent", {"name": static["snapshotContent"]})
    assert phases.kubectl("get", "volumesnapshotcontent", static["snapshotContent"], "--ignore-not-found") == ""


def _restored_claim_has_the_data(phases: PhaseLab, snapshot: str, claim: str) -> None:
    here = {"namespace": phases.namespace}
    restore = {**here, "name": snapshot, "pvc": claim, "storageClass": "loopfile", "restoreSize": "64Mi"}
    assert phases.run("RestoreCSISnapshot", restore) is None
    read = shell("cat /x/file; " + output("found", "X") + " | sed s/X/$(cat /x/file)/")
    task = {**here, "image": IMAGE, "command": read, "volumes": {claim: "/x"}, "failOnError": True}
    assert phases.run("PrepareData", task) == {"found": "precious"}
