# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans on a mixed cluster, and what becomes of them; types that come with the restore; volumes that are kept."""

from __future__ import annotations

import secrets
import typing as t

import pytest
from restore_lab import action_of

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.errors import CatalogError
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError

if t.TYPE_CHECKING:
    from restore_lab import Backups, Cluster


def config(namespace: str, name: str, **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


@pytest.fixture
def home(cluster: Cluster) -> str:
    name = cluster.new_name()
    cluster.client.post("/api/v1/namespaces", {"metadata": {"name": name}})
    return name


def mixed(namespace: str) -> list[tuple[str, Object]]:
    """Objects of every fate, with what makes that fate in ``prepare_mixed``."""
    immutable = {**config(namespace, "immutable", a="1"), "immutable": True}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "secret", "namespace": namespace},
        "data": {"password": "bmV3"},
    }
    invalid = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "invalid", "namespace": namespace},
        "spec": {"ports": [{"port": 70000}]},
    }
    widget = {
        "apiVersion": "no-such.example.org/v1",
        "kind": "Widget",
        "metadata": {"name": "unserved", "namespace": namespace},
    }
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": namespace}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "pod", "namespace": namespace},
        "spec": {
            "serviceAccountName": "robot",
            "containers": [{"name": "c", "image": "busybox:1", "command": ["/bin/true"]}],
        },
    }
    return [
        ("configmaps", config(namespace, "equal", a="1")),
        ("configmaps", config(namespace, "differs", a="1")),
        ("configmaps", config(namespace, "new", a="1")),
        ("configmaps", config(namespace, "kube-root-ca.crt", ca="old")),
        ("configmaps", immutable),
        ("secrets", secret),
        ("services", invalid),
        ("widgets.no-such.example.org", widget),
        ("configmaps", config(f"{namespace}-new", "elsewhere", a="1")),
        ("pods", pod),
        ("serviceaccounts", account),
    ]


def prepare_mixed(cluster: Cluster, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/"
    cluster.client.post(path + "configmaps", config(namespace, "equal", a="1"))
    cluster.client.post(path + "configmaps", config(namespace, "differs", a="2", b="3"))
    cluster.client.post(path + "configmaps", {**config(namespace, "immutable", a="2"), "immutable": True})
    cluster.client.post(path + "secrets", {"metadata": {"name": "secret"}, "data": {"password": "b2xk"}})


EXPECTED = {
    "none": {
        "equal": "unchanged", "differs": "skip", "new": "create", "kube-root-ca.crt": "skip", "immutable": "skip",
        "secret": "skip", "invalid": "conflict", "unserved": "conflict", "elsewhere": "unverified", "pod": "unverified",
        "robot": "create",
    },
    "update": {
        "equal": "unchanged", "differs": "update", "new": "create", "kube-root-ca.crt": "skip", "immutable": "conflict",
        "secret": "update", "invalid": "conflict", "unserved": "conflict", "elsewhere": "unverified",
        "pod": "unverified", "robot": "create",
    },
}  # fmt: skip


AFTERWARDS = {
    "create": "created",
    "unverified": "created",
    "update": "updated",
    "unchanged": "unchanged",
    "conflict": "failed",
    "skip": "",
}


@pytest.mark.parametrize("policy", ["none", "update"])
def test_plan_and_run_agree(home: str, cluster: Cluster, backups: Backups, policy: str) -> None:
    prepare_mixed(cluster, home)
    cluster.made.add(f"{home}-new")
    backups.write("b", mixed(home))
    plan = backups.plan("b", existing_resource_policy=policy, want_diff=True)
    found = {item["name"]: item["action"] for item in plan.plan_items if item["resource"] != "namespaces"}
    assert found == EXPECTED[policy]
    again = backups.plan("b", existing_resource_policy=policy, name="under-another-name")
    assert plan.digest is not None
    assert again.digest is not None
    assert again.digest.objects == plan.digest.objects
    text = str(plan.diffs)
    assert "bmV3" not in text
    assert "b2xk" not in text
    assert ("password" in text) is (policy == "update")

    done = backups.restore("b", existing_resource_policy=policy)
    states = {item["name"]: item.get("state", "") for item in done.plan_items}
    for name, action in found.items():
        assert states[name] == AFTERWARDS[action], name
    assert [(item["wave"], item["name"]) for item in plan.plan_items] == [
        (item["wave"], item["name"]) for item in done.plan_items
    ]
    assert done.phase == "PartiallyFailed"
    live = cluster.get("configmaps", "differs", home)
    assert live is not None
    assert live["data"] == ({"a": "1"} if policy == "update" else {"a": "2", "b": "3"})
    assert ("velero.io/restore-name" in live["metadata"].get("labels", {})) is (policy == "update")


def test_refusals_that_the_plan_itself_explains(home: str, cluster: Cluster, backups: Backups) -> None:
    """A pod whose service account comes from the same plan cannot be judged yet."""
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": home}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": home},
        "spec": {
            "serviceAccountName": "robot",
            "containers": [{"name": "c", "image": "busybox:1", "command": ["/bin/true"]}],
        },
    }
    backups.write("b", [("serviceaccounts", account), ("pods", pod)])
    action, reason = action_of(backups.plan("b"), "pods", "web")
    assert action == "unverified"
    assert "serviceaccounts 'robot'" in reason
    assert backups.restore("b").errors_list == []


def test_types_that_come_with_the_restore(cluster: Cluster, backups: Backups) -> None:
    """docs/compatibility 5.3: CRDs first, Established, discovery again."""
    group = f"t{secrets.token_hex(3)}.arkive.test"
    name, namespace = f"widgets.{group}", cluster.new_name()
    schema = {
        "type": "object",
        "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
            "versions": [version],
        },
    }
    widget = {
        "apiVersion": f"{group}/v1",
        "kind": "Widget",
        "metadata": {"name": "one", "namespace": namespace},
        "spec": {"size": 3},
    }
    backups.write("b", [("customresourcedefinitions.apiextensions.k8s.io", definition), (name, widget)])
    try:
        action, reason = action_of(backups.plan("b"), name, "one")
        assert action == "unverified"
        assert "its type is created by this restore" in reason
        done = backups.restore("b")
        assert (done.phase, done.errors_list) == ("Completed", [])
        live = cluster.client.get(f"/apis/{group}/v1/namespaces/{namespace}/widgets/one")
        assert live["spec"] == {"size": 3}
        assert backups.restore("b").changed is False
    finally:
        cluster.delete("customresourcedefinitions", name)


def test_retained_volume_finds_its_claim_again(home: str, cluster: Cluster, backups: Backups, kubectl: t.Any) -> None:
    """docs/compatibility 5.8: no data in the backup, reclaim Retain: the volume itself is the data."""
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": home},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "32Mi"}}},
    }
    cluster.client.post(f"/api/v1/namespaces/{home}/persistentvolumeclaims", claim)
    bound = cluster.wait("pvc", "data", home, lambda obj: obj is not None and obj["status"].get("phase") == "Bound")
    assert bound is not None
    volume = bound["spec"]["volumeName"]
    try:
        kubectl("patch", "pv", volume, "-p", '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}')
        backups.write("b", cluster.stored(home), spec={})
        cluster.delete("persistentvolumeclaims", "data", home)
        cluster.wait("pv", volume, None, lambda obj: obj is not None and obj["status"].get("phase") == "Released")
        options = {"included_resources": ["pv", "pvc"]}
        assert action_of(backups.plan("b", **options), "persistentvolumes", volume)[0] == "update"
        done = backups.restore("b", **options)
        assert (done.phase, done.errors_list, done.warnings_list) == ("Completed", [], [])
        again = cluster.wait("pvc", "data", home, lambda obj: obj is not None and obj["status"].get("phase") == "Bound")
        assert again is not None
        assert again["spec"]["volumeName"] == volume
        assert backups.restore("b", **options).changed is False
    finally:
        kubectl("patch", "pv", volume, "-p", '{"spec":{"persistentVolumeReclaimPolicy":"Delete"}}', check=False)


def test_stateful_set_and_job(home: str, cluster: Cluster, backups: Backups, kubectl: t.Any) -> None:
    sleep = {"name": "c", "image": "busybox:1", "command": ["/bin/sh", "-c", "trap 'exit 0' TERM; sleep 3600 & wait"]}
    template = {
        "metadata": {"labels": {"app": "db"}},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [sleep]},
    }
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "32Mi"}}},
    }
    stateful = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "db", "namespace": home},
        "spec": {
            "serviceName": "db",
            "selector": {"matchLabels": {"app": "db"}},
            "template": template,
            "volumeClaimTemplates": [claim],
        },
    }
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "load", "namespace": home},
        "spec": {
            "template": {"spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": [sleep]}}
        },
    }
    cluster.client.post(f"/apis/apps/v1/namespaces/{home}/statefulsets", stateful)
    cluster.client.post(f"/apis/batch/v1/namespaces/{home}/jobs", job)
    kubectl("-n", home, "wait", "--for=condition=Ready", "pod/db-0", "--timeout=60s")
    kubectl("-n", home, "wait", "--for=condition=Ready", "pod", "-l", "job-name=load", "--timeout=60s")
    backups.write("b", cluster.stored(home))
    assert backups.plan("b").changed is False
    cluster.delete("namespaces", home)
    done = backups.restore("b")
    assert (done.phase, done.errors_list) == ("Completed", [])
    kubectl("-n", home, "rollout", "status", "statefulset/db", "--timeout=60s")
    kubectl("-n", home, "wait", "--for=condition=Ready", "pod", "-l", "job-name=load", "--timeout=60s")
    pods = kubectl("-n", home, "get", "pods", "-o", "name").split()
    assert len(pods) == 2
    assert "pod/db-0" in pods
    assert backups.restore("b").changed is False


def test_labels_and_managed_fields(home: str, cluster: Cluster, backups: Backups) -> None:
    stored = config(home, "conf", a="1")
    stored["metadata"] |= {
        "uid": "old",
        "resourceVersion": "5",
        "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "y"}],
        "managedFields": [
            {
                "manager": "kubectl-create",
                "operation": "Update",
                "apiVersion": "v1",
                "time": "2026-01-01T00:00:00Z",
                "fieldsType": "FieldsV1",
                "fieldsV1": {"f:data": {".": {}, "f:a": {}}},
            }
        ],
    }
    backups.write("b" * 70, [("configmaps", stored)])
    done = backups.restore("b" * 70, name="r" * 80, restore_managed_fields=True, legacy_labels=True)
    assert done.errors_list == []
    live = cluster.get("configmaps", "conf", home)
    assert live is not None
    labels = live["metadata"]["labels"]
    assert {name: len(value) for name, value in labels.items()} == {
        "velero.io/backup-name": 63,
        "velero.io/restore-name": 63,
        "ark-restore": 63,
    }
    assert "ownerReferences" not in live["metadata"]
    assert "kubectl-create" in [entry["manager"] for entry in live["metadata"]["managedFields"]]


@pytest.mark.parametrize("phase", ["InProgress", "Deleting", "New"])
def test_backup_that_is_not_settled(backups: Backups, phase: str) -> None:
    backups.write("b", [], phase=phase)
    with pytest.raises(ValidationError, match=f"its phase is {phase}"):
        backups.restore("b")


def test_unknown_backup_lists_near_names(backups: Backups) -> None:
    with pytest.raises(CatalogError, match="There is no backup 'nginx-backup'") as caught:
        backups.plan("nginx-backup")
    assert "no backups at all" in (caught.value.hint or "")
    backups.write("nginx-backup-1", [])
    with pytest.raises(CatalogError) as caught:
        backups.plan("nginx-backup")
    assert caught.value.hint == "Did you mean nginx-backup-1?"


def test_corrupt_archives_are_refused_before_anything_changes(cluster: Cluster, backups: Backups) -> None:
    namespace = cluster.new_name()
    backups.write("b", [("configmaps", config(namespace, f"conf-{i}", a="1" * 1000)) for i in range(20)])
    path = backups.path / "backups" / "b" / "b.tar.gz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ArchiveError):
        backups.restore("b")
    assert cluster.get("namespaces", namespace) is None


def test_empty_backup(backups: Backups) -> None:
    """docs/compatibility 10.3: an empty tarball is a warning; for a task it is an error, unless it says otherwise."""
    backups.write("b", [])
    with pytest.raises(ValidationError, match="it holds no object"):
        backups.restore("b")
    done = backups.restore("b", fail_on_empty=False)
    assert (done.phase, done.changed) == ("Completed", False)
    assert "zero items to be restored" in done.warnings_list[0]["message"]


def test_one_name_belongs_to_one_backup(home: str, backups: Backups) -> None:
    backups.write("b", [("configmaps", config(home, "one", a="1"))])
    backups.write("c", [("configmaps", config(home, "two", a="1"))])
    assert backups.restore("b", name="r").recorded
    with pytest.raises(RestoreError, match="was made from backup 'b', not from 'c'"):
        backups.restore("c", name="r")


def test_read_only_location_gets_no_records(home: str, backups: Backups) -> None:
    backups.write("b", [("configmaps", config(home, "one", a="1"))])
    object.__setattr__(backups.location, "read_only", True)
    done = backups.restore("b", name="r")
    assert (done.phase, done.changed, done.recorded) == ("Completed", True, False)
    assert not (backups.path / "restores").exists()
