# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An application as on the page: lost, planned, restored, restored again, restored beside itself."""

from __future__ import annotations

import gzip
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError

if t.TYPE_CHECKING:
    from cluster_access import Kubectl
    from restore_lab import Backups, Cluster

APPLICATION = """
apiVersion: v1
kind: Namespace
metadata: {name: NS, labels: {team: shop}, annotations: {note: kept}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf, namespace: NS}
data: {a: "1"}
---
apiVersion: v1
kind: Secret
metadata: {name: password, namespace: NS}
stringData: {password: hush}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot, namespace: NS}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: robot-views, namespace: NS}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: robot, namespace: NS}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: logs, namespace: NS}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 32Mi}}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: NS}
spec: {selector: {app: web}, type: NodePort, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NS}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
      annotations:
        init.hook.restore.velero.io/container-image: busybox:1
        init.hook.restore.velero.io/command: '["/bin/sh","-c","echo from init"]'
        post.hook.restore.velero.io/command: '["/bin/sh","-c","echo restored; exit 0"]'
        post.hook.restore.velero.io/wait-timeout: 60s
    spec:
      serviceAccountName: robot
      containers:
      - name: nginx
        image: nginx:1.17.6
        volumeMounts: [{name: logs, mountPath: /var/log/nginx}]
      volumes: [{name: logs, persistentVolumeClaim: {claimName: logs}}]
"""


@pytest.fixture
def application(cluster: Cluster, kubectl: Kubectl) -> str:
    """The name of a namespace with the running application."""
    name = cluster.new_name()
    kubectl("apply", "-f", "-", stdin=APPLICATION.replace("NS", name))
    kubectl("-n", name, "rollout", "status", "deployment/web", "--timeout=90s")
    return name


def test_lost_and_restored(application: str, cluster: Cluster, backups: Backups, kubectl: Kubectl) -> None:
    stored = cluster.stored(application)
    backups.write("shop", stored)

    living = backups.plan("shop")
    assert living.changed is False
    assert living.summary["unchanged"] >= 8
    assert living.summary["conflict"] == living.summary["unverified"] == 0
    assert living.warnings_list == []

    cluster.delete("namespaces", application)
    plan = backups.plan("shop", want_diff=True)
    assert plan.changed is True
    assert plan.recorded is False
    assert cluster.get("namespaces", application) is None
    assert not (backups.path / "restores").exists()
    actions = {(item["resource"], item["name"]): item for item in plan.plan_items}
    assert actions[("namespaces", application)]["action"] == "create"
    assert actions[("deployments.apps", "web")]["action"] == "unverified"
    assert "is created by this restore" in actions[("deployments.apps", "web")]["reason"]
    assert actions[("endpoints", "web")]["action"] == "skip"
    assert "hush" not in json.dumps(plan.diffs)
    assert "aHVzaA==" not in json.dumps(plan.diffs)

    done = backups.restore("shop", name="r1")
    assert (done.phase, done.errors_list, done.changed) == ("Completed", [], True)
    assert [warning["message"] for warning in done.warnings_list] == [
        f"PersistentVolumeClaim {application}/logs gets a new, empty volume: "
        "the backup was made with snapshotVolumes: false."
    ]
    # What was planned is what was done.
    planned = {(i["resource"], i["name"]) for i in plan.plan_items if i["intent"]}
    written = {(i["resource"], i["name"]) for i in done.plan_items if i.get("state") == "created"}
    assert planned - written <= {("serviceaccounts", "default")}
    assert written <= planned

    kubectl("-n", application, "rollout", "status", "deployment/web", "--timeout=60s")
    pods = json.loads(kubectl("-n", application, "get", "pods", "-o", "json"))["items"]
    old_pods = [key[2] for key in stored if str(key[0]) == "pods"]
    assert [pod["metadata"]["name"] for pod in pods] == old_pods
    assert pods[0]["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet"
    assert pods[0]["metadata"]["labels"]["velero.io/restore-name"] == "r1"
    assert pods[0]["spec"]["initContainers"][0]["name"].startswith("velero-restore-init-")
    namespace = cluster.get("namespaces", application)
    assert namespace is not None
    assert namespace["metadata"]["labels"]["team"] == "shop"
    assert "velero.io/restore-name" not in namespace["metadata"]["labels"]
    assert [(hook["state"], hook["stdout"], hook["container"]) for hook in done.hooks] == [
        ("ok", "restored\n", "nginx")
    ]
    assert done.restore["status"]["hookStatus"] == {"hooksAttempted": 1}

    again = backups.restore("shop")
    assert (again.phase, again.changed, again.recorded, again.hooks) == ("Completed", False, False, [])
    assert again.warnings_list == []
    assert sorted(path.name for path in (backups.path / "restores").iterdir()) == ["r1"]
    resumed = backups.restore("shop", name="r1")
    assert (resumed.changed, resumed.hooks) == (False, [])


def test_records(application: str, cluster: Cluster, backups: Backups) -> None:
    """docs/compatibility 1.3."""
    backups.write("shop", cluster.stored(application))
    cluster.delete("namespaces", application)
    assert backups.restore("shop", name="r1", included_resources=["cm", "sa"]).recorded
    directory = backups.path / "restores" / "r1"

    def read(name: str) -> t.Any:
        return json.loads(gzip.decompress((directory / name).read_bytes()))

    listed = read("restore-r1-resource-list.json.gz")
    assert f"{application}/conf(created)" in listed["v1/ConfigMap"]
    assert f"{application}(created)" in listed["v1/Namespace"]
    assert read("restore-r1-results.gz") == {"errors": {}, "warnings": {}}
    assert read("restore-r1-itemoperations.json.gz") == []
    assert read("r1-volumeinfo.json.gz") == []
    log = gzip.decompress((directory / "restore-r1-logs.gz").read_bytes()).decode()
    assert "restore completed" in log
    assert read("r1-arkive.json.gz")["restore"]["status"]["phase"] == "Completed"


def test_into_a_second_namespace(application: str, cluster: Cluster, backups: Backups, kubectl: Kubectl) -> None:
    backups.write("shop", cluster.stored(application))
    copy = cluster.new_name()
    done = backups.restore("shop", namespace_mapping={application: copy})
    assert (done.phase, done.errors_list) == ("Completed", [])
    kubectl("-n", copy, "rollout", "status", "deployment/web", "--timeout=60s")
    binding = cluster.get("rolebindings", "robot-views", copy)
    assert binding is not None
    assert binding["subjects"][0]["namespace"] == copy
    original = cluster.get("persistentvolumeclaims", "logs", application)
    restored = cluster.get("persistentvolumeclaims", "logs", copy)
    assert original is not None
    assert restored is not None
    assert original["spec"]["volumeName"] != restored["spec"]["volumeName"]
    assert backups.plan("shop", namespace_mapping={application: copy}).changed is False
    assert backups.plan("shop").changed is False


def test_volumes_without_data_are_refused(application: str, cluster: Cluster, backups: Backups) -> None:
    backups.write("shop", cluster.stored(application), spec={})
    cluster.delete("namespaces", application)
    plan = backups.plan("shop")
    assert [i["action"] for i in plan.plan_items if i["resource"] == "persistentvolumeclaims"] == ["conflict"]
    with pytest.raises(RestoreError, match=f"it has no data for the volumes of {application}/logs") as caught:
        backups.restore("shop")
    assert "on_missing_volume_data: warn" in (caught.value.hint or "")
    assert cluster.get("namespaces", application) is None
    done = backups.restore("shop", on_missing_volume_data="warn", included_resources=["pvc"])
    assert done.phase == "Completed"
    assert "new, empty volume" in done.warnings_list[0]["message"]


def test_terminating_namespace_is_waited_for(application: str, cluster: Cluster, backups: Backups) -> None:
    """docs/compatibility 5.5."""
    backups.write("shop", cluster.stored(application))
    resource = cluster.discovery.resolve("namespaces")
    assert resource is not None
    cluster.client.delete(resource.path(None, application))
    plan = backups.plan("shop", included_resources=["configmaps"])
    assert [i["action"] for i in plan.plan_items if i["resource"] == "namespaces"] == ["unverified"]
    done = backups.restore("shop", included_resources=["configmaps"])
    assert (done.phase, done.errors_list) == ("Completed", [])
    assert cluster.get("configmaps", "conf", application) is not None
