# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What changes objects on their way back, and what happens to those that are there: modifiers, mappings, policies."""

from __future__ import annotations

import json
import typing as t

import pytest
from restore_lab import action_of

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.errors import CatalogError
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_modifiers import parse_modifiers

if t.TYPE_CHECKING:
    from restore_lab import Backups, Cluster


@pytest.fixture
def home(cluster: Cluster) -> str:
    name = cluster.new_name()
    cluster.client.post("/api/v1/namespaces", {"metadata": {"name": name}})
    return name


def config(namespace: str, name: str, *, labels: Object | None = None, **data: str) -> Object:
    metadata = {"name": name, "namespace": namespace, **({"labels": labels} if labels else {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def modifiers(*rules: Object) -> Object:
    return {"version": "v1", "resourceModifierRules": list(rules)}


def live_config(cluster: Cluster, name: str, namespace: str) -> Object:
    found = cluster.get("configmaps", name, namespace)
    assert found is not None
    return found


def test_modifiers(cluster: Cluster, backups: Backups) -> None:
    """docs/compatibility 5.10: the original namespace, conditions on the original object, a rule that fails."""
    source, target = cluster.new_name(), cluster.new_name()
    backups.write("b", [("configmaps", config(source, "a", tier="standard")), ("configmaps", config(source, "b"))])
    conditions = {"groupResource": "configmaps", "namespaces": [source], "resourceNameRegex": "^a$"}
    tier = {"operation": "replace", "path": "/data/tier"}
    rules = modifiers(
        {
            "conditions": {**conditions, "matches": [{"path": "/data/tier", "value": "standard"}]},
            "patches": [{**tier, "value": "premium"}],
        },
        {
            "conditions": {**conditions, "matches": [{"path": "/data/tier", "value": "premium"}]},
            "patches": [{**tier, "value": "gold"}],
        },
        {"conditions": conditions, "mergePatches": [{"patchData": "data: {merged: 'yes'}"}]},
        {"conditions": conditions, "strategicPatches": [{"patchData": {"metadata": {"labels": {"new": "1"}}}}]},
        {
            "conditions": {"groupResource": "configmaps", "resourceNameRegex": "^b$"},
            "patches": [{"operation": "remove", "path": "/data/nothing"}],
        },
    )
    options: Object = {"modifiers": parse_modifiers(rules), "namespace_mapping": {source: target}}
    plan = backups.plan("b", **options)
    assert [error["name"] for error in plan.errors_list] == ["b"]
    done = backups.restore("b", **options)
    assert done.phase == "PartiallyFailed"
    assert len(done.errors_list) == 1
    assert "resource modifier rule 5" in done.errors_list[0]["message"]
    live = live_config(cluster, "a", target)
    assert live["data"] == {"tier": "premium", "merged": "yes"}
    assert live["metadata"]["labels"]["new"] == "1"
    assert live_config(cluster, "b", target)["metadata"]["name"] == "b"


def test_modifiers_of_a_configmap(home: str, cluster: Cluster, backups: Backups) -> None:
    backups.write("b", [("configmaps", config(home, "a", tier="standard"))])
    rule = {"conditions": {"groupResource": "configmaps"}, "mergePatches": [{"patchData": "data: {tier: null, x: y}"}]}
    path = f"/api/v1/namespaces/{home}/configmaps"
    cluster.client.post(path, config(home, "mods", rules=json.dumps(modifiers(rule))))
    options: Object = {"velero_namespace": home, "resource_modifier": {"kind": "configmap", "name": "mods"}}
    assert backups.restore("b", **options).phase == "Completed"
    assert live_config(cluster, "a", home)["data"] == {"x": "y"}
    with pytest.raises(ValidationError, match=f"The ConfigMap {home}/none with the resource modifiers does not exist"):
        backups.restore("b", velero_namespace=home, resource_modifier={"kind": "configmap", "name": "none"})


def test_mappings(home: str, cluster: Cluster, backups: Backups) -> None:
    """Restore actions 9 and 10; a class that is not there is an error of its claim."""
    classes = cluster.client.get("/apis/storage.k8s.io/v1/storageclasses")["items"]
    there = classes[0]["metadata"]["name"]
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "old.example/web:1"}]}}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": home},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template},
    }
    claims = [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": home},
            "spec": {
                "storageClassName": name,
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "16Mi"}},
            },
        }
        for name in ("slow", "gone")
    ]
    backups.write("b", [("deployments.apps", deployment), *(("persistentvolumeclaims", claim) for claim in claims)])
    options: Object = {
        "storage_class_mapping": {"slow": there, "gone": "arkive-test-none"},
        "image_mapping": {"old.example": "new.example"},
    }
    action, reason = action_of(backups.plan("b", **options), "persistentvolumeclaims", "gone")
    assert action == "conflict"
    assert "arkive-test-none" in reason
    done = backups.restore("b", **options)
    assert [error["name"] for error in done.errors_list] == ["gone"]
    live = cluster.get("deployments", "web", home)
    assert live is not None
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == "new.example/web:1"
    claim = cluster.get("pvc", "slow", home)
    assert claim is not None
    assert claim["spec"]["storageClassName"] == there
    assert cluster.get("pvc", "gone", home) is None


def test_one_object_by_its_name(home: str, cluster: Cluster, backups: Backups) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db", "namespace": home},
        "data": {"password": "bmV3"},
    }
    backups.write(
        "b", [("secrets", secret), ("configmaps", config(home, "db", a="1")), ("configmaps", config(home, "x"))]
    )
    cluster.client.post(f"/api/v1/namespaces/{home}/secrets", {**secret, "data": {"password": "b2xk"}})
    done = backups.restore("b", names=(f"secret/{home}/db",), existing_resource_policy="update")
    assert (done.states["updated"], done.errors_list, done.warnings_list) == (1, [], [])
    live = cluster.get("secrets", "db", home)
    assert live is not None
    assert live["data"] == {"password": "bmV3"}
    assert cluster.get("configmaps", "db", home) is None
    assert backups.restore("b", select=lambda obj: obj.get("data") == {"a": "1"}).states["created"] == 1
    assert cluster.get("configmaps", "x", home) is None
    for act in (backups.plan, backups.restore):
        with pytest.raises(ValidationError, match=f"'secret/{home}/no-such', which the backup does not hold"):
            act("b", names=(f"secret/{home}/no-such",))


@pytest.mark.parametrize("policy", ["replace", "recreate"])
def test_objects_that_are_overwritten(home: str, cluster: Cluster, backups: Backups, policy: str) -> None:
    path = f"/api/v1/namespaces/{home}/configmaps"
    immutable = {**config(home, "immutable", a="1"), "immutable": True}
    cluster.client.post(path, config(home, "plain", labels={"extra": "1"}, a="2", b="3"))
    cluster.client.post(path, {**immutable, "data": {"a": "2"}})
    before = live_config(cluster, "plain", home)["metadata"]["uid"]
    backups.write("b", [("configmaps", config(home, "plain", a="1")), ("configmaps", immutable)])
    plan = backups.plan("b", existing_resource_policy=policy)
    found = {name: action_of(plan, "configmaps", name)[0] for name in ("plain", "immutable")}
    if policy == "replace":
        assert found == {"plain": "update", "immutable": "conflict"}
    else:
        assert found == {"plain": "unverified", "immutable": "unverified"}
    assert live_config(cluster, "plain", home)["data"] == {"a": "2", "b": "3"}

    done = backups.restore("b", existing_resource_policy=policy)
    live = live_config(cluster, "plain", home)
    assert live["data"] == {"a": "1"}
    assert set(live["metadata"]["labels"]) == {"velero.io/backup-name", "velero.io/restore-name"}
    assert (live["metadata"]["uid"] == before) is (policy == "replace")
    states = {item["name"]: item["state"] for item in done.plan_items if item["resource"] == "configmaps"}
    assert states == {"plain": "updated", "immutable": "failed" if policy == "replace" else "updated"}
    if policy == "recreate":
        assert live_config(cluster, "immutable", home)["data"] == {"a": "1"}
        assert backups.restore("b", existing_resource_policy=policy).changed is False


def test_claims_are_never_recreated(home: str, cluster: Cluster, backups: Backups) -> None:
    claim: Object = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": home, "labels": {"a": "1"}},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "16Mi"}}},
    }
    made = cluster.client.post(f"/api/v1/namespaces/{home}/persistentvolumeclaims", claim)
    stored = {**claim, "metadata": {**claim["metadata"], "labels": {"a": "2"}}}
    backups.write("b", [("persistentvolumeclaims", stored)])
    assert backups.restore("b", existing_resource_policy="recreate").states["updated"] == 1
    live = cluster.get("pvc", "data", home)
    assert live is not None
    assert (live["metadata"]["uid"], live["metadata"]["labels"]["a"]) == (made["metadata"]["uid"], "2")


def test_status_of_new_objects(home: str, cluster: Cluster, backups: Backups) -> None:
    """docs/compatibility 5.11 and 10.3: the filter, and the annotation that wins (TRUE, false, nonsense)."""
    status = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1", "ipMode": "VIP"}]}}

    def service(name: str, said: str | None) -> tuple[str, Object]:
        annotations = {} if said is None else {"velero.io/restore-status": said}
        return "services", {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": home, "annotations": annotations},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]},
            "status": status,
        }

    said = {"unset": None, "yes": "TRUE", "no": "False", "odd": "maybe"}
    backups.write("b", [service(name, value) for name, value in said.items()])
    for filters, restored in (
        (None, {"yes"}),
        ({"included_resources": ["svc"]}, {"unset", "yes", "odd"}),
        ({"excluded_resources": ["services"]}, {"yes"}),
        ({}, {"unset", "yes", "odd"}),
    ):
        done = backups.restore("b", restore_status=filters)
        assert (done.errors_list, done.warnings_list, done.states["created"]) == ([], [], 4)
        for name in said:
            live = cluster.get("services", name, home)
            assert live is not None
            assert (live["status"]["loadBalancer"] == status["loadBalancer"]) is (name in restored), (filters, name)
            cluster.delete("services", name, home)


def test_newest_completed_backup_of_a_schedule(home: str, cluster: Cluster, backups: Backups) -> None:
    labels = {"velero.io/schedule-name": "nightly"}
    for name, day, phase in (("n-1", 1, "Completed"), ("n-2", 2, "Completed"), ("n-3", 3, "PartiallyFailed")):
        backups.write(
            name,
            [("configmaps", config(home, "c", of=name))],
            labels=labels,
            started=f"2026-06-0{day}T00:00:00Z",
            phase=phase,
        )
    backups.write("other", [], started="2026-06-09T00:00:00Z")
    done = backups.restore("", schedule_name="nightly")
    assert (done.restore["spec"]["backupName"], done.restore["spec"]["scheduleName"]) == ("n-2", "nightly")
    assert done.name.startswith("nightly-")
    assert live_config(cluster, "c", home)["data"] == {"of": "n-2"}
    with pytest.raises(CatalogError, match="There is no backup of schedule 'none'"):
        backups.restore("", schedule_name="none")


@pytest.mark.parametrize(
    ("options", "version"),
    [({}, "v2"), ({"api_version_priorities": {"horizontalpodautoscalers.autoscaling": ("v1",)}}, "v1")],
    ids=["what the cluster prefers", "what the user prefers"],
)
def test_versions_of_a_type(home: str, cluster: Cluster, backups: Backups, options: Object, version: str) -> None:
    """docs/compatibility 2.5; stored in v1 (preferred there) and in v2."""

    def scaler(stored: str) -> tuple[str, Object]:
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"}
        return "horizontalpodautoscalers.autoscaling", {
            "apiVersion": f"autoscaling/{stored}",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "h", "namespace": home, "labels": {"from": stored}},
            "spec": {"maxReplicas": 2, "scaleTargetRef": target},
        }

    backups.write("b", [scaler("v1"), scaler("v2")], preferred={"horizontalpodautoscalers.autoscaling": "v1"})
    done = backups.restore("b", all_api_versions=True, **options)
    assert done.errors_list == []
    live = cluster.get("hpa", "h", home)
    assert live is not None
    assert live["metadata"]["labels"]["from"] == version
