# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restore that waits for its workloads: those that come up, those that cannot, and a run that is cancelled."""

from __future__ import annotations

import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect

if t.TYPE_CHECKING:
    from restore_lab import Backups, Cluster

    from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object

IMAGE = "nginx:1.17.6"
PROBE = {"exec": {"command": ["test", "-e", "/tmp/imported"]}, "periodSeconds": 1}


def pod_spec(image: str = IMAGE, **more: t.Any) -> Object:
    container = {"name": "c", "image": image, **more.pop("container", {})}
    return {"terminationGracePeriodSeconds": 0, "containers": [container], **more}


def workload(kind: str, name: str, namespace: str, pod: Object, *, hooks: Object | None = None) -> tuple[str, Object]:
    spec: Object = {"selector": {"matchLabels": {"app": name}}}
    spec["template"] = {"metadata": {"labels": {"app": name}, "annotations": hooks or {}}, "spec": pod}
    if kind == "StatefulSet":
        spec["serviceName"] = name
    metadata = {"name": name, "namespace": namespace}
    return f"{kind.lower()}s.apps", {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": spec}


def bare_pod(name: str, namespace: str, spec: Object) -> tuple[str, Object]:
    metadata = {"name": name, "namespace": namespace}
    return "pods", {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def test_all_are_ready_when_it_ends(cluster: Cluster, backups: Backups) -> None:
    home = cluster.new_name()
    backups.write(
        "b",
        [
            workload("Deployment", "web", home, pod_spec()),
            workload("StatefulSet", "db", home, pod_spec()),
            workload("DaemonSet", "agent", home, pod_spec()),
            bare_pod("alone", home, pod_spec()),
            bare_pod("once", home, pod_spec("busybox:1", restartPolicy="Never", container={"command": ["sleep", "1"]})),
        ],
    )
    done = backups.restore("b", name="r", wait_timeout=90)
    assert (done.phase, done.errors_list) == ("Completed", [])
    assert done.workloads == {"ready": 5, "not_ready": 0}
    assert "waiting for 5 workloads to be ready" in backups.lines
    for kind, name, field in (
        ("deployments", "web", "availableReplicas"),
        ("statefulsets", "db", "readyReplicas"),
        ("daemonsets", "agent", "numberAvailable"),
    ):
        found = cluster.get(kind, name, home)
        assert found is not None
        assert found["status"][field] == 1, name
    again = backups.restore("b", name="r", wait_timeout=30)
    assert (again.phase, again.changed, again.workloads) == ("Completed", False, {"ready": 5, "not_ready": 0})
    other = backups.restore("b", wait_timeout=30)
    assert other.workloads == {"ready": 0, "not_ready": 0}, "another restore made nothing"
    assert backups.plan("b", wait_timeout=30).workloads is None


def test_what_is_not_ready_in_time_says_why(cluster: Cluster, backups: Backups) -> None:
    home = cluster.new_name()
    claim = {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "nowhere"}}]}
    missing = {"volumes": [{"name": "v", "configMap": {"name": "nowhere"}}]}
    probed = {"readinessProbe": PROBE}
    failing = {"command": ["sh", "-c", "exit 4"]}
    mounts = {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    backups.write(
        "b",
        [
            workload("Deployment", "good", home, pod_spec()),
            workload("Deployment", "unready", home, pod_spec(container=probed)),
            workload("Deployment", "pull", home, pod_spec("no.such.registry.invalid/x:1")),
            workload("Deployment", "crash", home, pod_spec(container={"command": ["sh", "-c", "exit 3"], **probed})),
            workload("StatefulSet", "unbound", home, pod_spec(**claim, container=mounts)),
            workload("DaemonSet", "mount", home, pod_spec(**missing, container=mounts)),
            workload("Deployment", "refused", home, pod_spec(serviceAccountName="nobody")),
            bare_pod("nodeless", home, pod_spec(nodeSelector={"no": "node"})),
            # Without a probe it is ready until it fails.
            bare_pod("failed", home, pod_spec(restartPolicy="Never", container={**failing, **probed})),
        ],
    )
    begun = time.monotonic()
    done = backups.restore("b", name="r", wait_timeout=15)
    assert time.monotonic() - begun < 60
    assert done.phase == "PartiallyFailed"
    assert done.workloads == {"ready": 1, "not_ready": 8}
    told = {error["name"]: error["message"] for error in done.errors_list}
    late = f"{home}/{{}} was not ready within 15 s: "
    for name, *words in (
        ("unready", "0 of 1 replicas are available; pod unready-", "container c: it runs, and is not ready", "probe"),
        ("pull", "container c: ", "Image"),
        ("crash", "container c: ", "exit code 3"),
        ("unbound", "0 of 1 replicas are ready; pod unbound-0: Unschedulable", '"nowhere" not found'),
        ("mount", "container c: ContainerCreating", "FailedMount", '"nowhere" not found'),
        ("refused", "FailedCreate", 'serviceaccount "nobody" not found'),
        ("nodeless", "Unschedulable", "node"),
    ):
        assert late.format(name) in told[name]
        for word in words:
            assert word in told[name], told[name]
    assert told["failed"].startswith(f"pods {home}/failed is not ready, and will not be: it has failed")
    assert len(told) == 8


def test_hooks_run_meanwhile(cluster: Cluster, backups: Backups) -> None:
    """A workload that is ready only once its restore hook has run."""
    home = cluster.new_name()
    hooks = {"post.hook.restore.velero.io/command": '["touch", "/tmp/imported"]'}
    pod = bare_pod("db", home, pod_spec(container={"readinessProbe": PROBE}))
    pod[1]["metadata"]["annotations"] = hooks
    backups.write("b", [pod])
    done = backups.restore("b", wait_timeout=60)
    assert (done.phase, done.errors_list, done.workloads) == ("Completed", [], {"ready": 1, "not_ready": 0})
    assert [hook["state"] for hook in done.hooks] == ["ok"]


def test_cancelled_while_it_waits(cluster: Cluster, backups: Backups, kubeconfig: str) -> None:
    home = cluster.new_name()
    backups.write("b", [bare_pod("nodeless", home, pod_spec(nodeSelector={"no": "node"}))])
    cancel = CancelToken()
    client = connect(KubeAuth(kubeconfig=kubeconfig), cancel=cancel)

    def stop_once_it_waits() -> None:
        while "waiting for 1 workload to be ready" not in backups.lines:
            time.sleep(0.05)
        cancel.cancel("enough")

    threading.Thread(target=stop_once_it_waits, daemon=True).start()
    done = backups.restore("b", name="r", client=client, wait_timeout=600)
    assert done.phase == "Failed"
    assert [error["message"] for error in done.errors_list] == ["The run was cancelled: enough."]


def test_changed_workloads_are_waited_for(cluster: Cluster, backups: Backups) -> None:
    """The update takes effect before the restore ends."""
    home = cluster.new_name()
    backups.write("b", [workload("Deployment", "web", home, pod_spec())])
    assert backups.restore("b", name="first", wait_timeout=60).workloads == {"ready": 1, "not_ready": 0}
    container = {"env": [{"name": "NEW", "value": "1"}]}
    backups.write("c", [workload("Deployment", "web", home, pod_spec(container=container))])
    done = backups.restore("c", existing_resource_policy="update", wait_timeout=60)
    assert (done.phase, done.workloads) == ("Completed", {"ready": 1, "not_ready": 0})
    assert done.states["updated"] == 1
    found = cluster.get("deployments", "web", home)
    assert found is not None
    assert found["status"]["updatedReplicas"] == found["status"]["availableReplicas"] == 1
