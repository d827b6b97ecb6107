# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API server judges what exists: objects of older clusters and fields that are gone; what it warns of is told."""

from __future__ import annotations

import secrets
import time
import typing as t

import pytest
from callers import Callers
from restore_lab import Backups, Cluster

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome

if t.TYPE_CHECKING:
    from cluster_access import Kubectl

_IDLE = {"name": "c", "image": "busybox:1"}


@pytest.fixture
def home(cluster: Cluster) -> str:
    name = cluster.new_name()
    cluster.client.post("/api/v1/namespaces", {"metadata": {"name": name}})
    return name


def stored(api_version: str, kind: str, name: str, namespace: str, **members: t.Any) -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, **members}


def item_of(outcome: RestoreOutcome, name: str) -> Object:
    (item,) = [item for item in outcome.plan_items if item["name"] == name]
    return item


def messages(outcome: RestoreOutcome) -> list[str]:
    return [warning["message"] for warning in outcome.warnings_list]


def of_an_older_kubernetes(namespace: str) -> list[tuple[str, Object]]:
    """As 1.19 stored them: without what later versions give a default to, with what they write no more."""
    template = {"metadata": {"creationTimestamp": None, "labels": {"a": "b"}}, "spec": {"containers": [_IDLE]}}
    nowhere = {**template["spec"], "nodeSelector": {"no": "where"}}
    selector = {"matchLabels": {"a": "b"}}
    job = {**template, "metadata": {"creationTimestamp": None}, "spec": {**nowhere, "restartPolicy": "Never"}}
    ports = [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    tokens = [{"name": "default-token-x1x1x", "secret": {"secretName": "default-token-x1x1x", "defaultMode": 420}}]
    return [
        ("services", stored("v1", "Service", "svc", namespace, spec={"type": "ClusterIP", "ports": ports})),
        ("pods", stored("v1", "Pod", "pod", namespace, spec={**nowhere, "volumes": tokens})),
        ("deployments.apps", stored("apps/v1", "Deployment", "deploy", namespace, spec={
            "replicas": 0, "selector": selector, "template": template})),
        ("statefulsets.apps", stored("apps/v1", "StatefulSet", "sts", namespace, spec={
            "replicas": 0, "selector": selector, "serviceName": "svc", "template": template})),
        ("daemonsets.apps", stored("apps/v1", "DaemonSet", "ds", namespace, spec={
            "selector": selector, "template": {**template, "spec": nowhere}})),
        ("jobs.batch", stored("batch/v1", "Job", "job", namespace, spec={"suspend": True, "template": job})),
        ("cronjobs.batch", stored("batch/v1", "CronJob", "cron", namespace, spec={
            "schedule": "0 3 * * *", "suspend": True, "jobTemplate": {"spec": {"template": job}}})),
    ]  # fmt: skip


@pytest.mark.parametrize("policy", ["update", "replace", "recreate"])
def test_objects_of_an_older_kubernetes_settle(home: str, cluster: Cluster, backups: Backups, policy: str) -> None:
    backups.write("b", of_an_older_kubernetes(home))
    first = backups.restore("b", existing_resource_policy=policy)
    assert (first.phase, first.states["created"]) == ("Completed", 7)
    told = backups.plan("b", existing_resource_policy=policy, want_diff=True)
    assert (told.changed, told.diffs) == (False, [])
    done = backups.restore("b", existing_resource_policy=policy)
    assert (done.changed, done.phase, done.states) == (False, "Completed", {})
    assert {item["action"] for item in done.plan_items} == {"unchanged"}
    # Without a policy nobody is told that they were different.
    assert messages(backups.restore("b")) == []


def definition(group: str, **more: t.Any) -> Object:
    spec = {"type": "object", "properties": {"size": {"type": "integer"}, **more}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"gadgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }


@pytest.fixture
def group(cluster: Cluster, kubectl: Kubectl) -> t.Iterator[str]:
    """Of a definition that knows ``spec.size`` alone."""
    name = f"g{secrets.token_hex(3)}.arkive.test"
    cluster.client.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition(name))
    kubectl("wait", "--for=condition=Established", f"crd/gadgets.{name}", "--timeout=30s")
    cluster.discovery = type(cluster.discovery).read(cluster.client)
    yield name
    cluster.delete("customresourcedefinitions", f"gadgets.{name}")


def test_a_field_that_the_definition_does_not_know(home: str, group: str, cluster: Cluster, backups: Backups) -> None:
    gadget = stored(f"{group}/v1", "Gadget", "g", home, spec={"size": 1, "keepUntil": "2030-01-01"})
    backups.write("b", [(f"gadgets.{group}", gadget)])
    warning = f'The API server warns of gadgets.{group} {home}/g: unknown field "spec.keepUntil"'
    told = backups.plan("b", want_diff=True)
    assert (item_of(told, "g")["action"], item_of(told, "g")["dropped"]) == ("create", ["spec.keepUntil"])
    assert "keepUntil:" not in told.diffs[0]["after"]
    assert "# dropped by the API server: spec.keepUntil" in told.diffs[0]["after"]
    assert messages(told) == [warning]
    assert messages(backups.restore("b")) == [warning]
    for policy in ("none", "update", "replace", "recreate"):
        done = backups.restore("b", existing_resource_policy=policy)
        item = item_of(done, "g")
        assert (done.changed, item["action"], item["judged"]) == (False, "unchanged", "server"), policy
        assert (item["dropped"], messages(done)) == (["spec.keepUntil"], [warning])
        third = backups.plan("b", existing_resource_policy=policy, want_diff=True)
        assert (third.changed, third.diffs) == (False, [])


def test_a_definition_that_this_restore_widens(home: str, group: str, cluster: Cluster, backups: Backups) -> None:
    """The old definition would drop the field; the object is judged by the new one."""
    gadget = stored(f"{group}/v1", "Gadget", "g", home, spec={"size": 1, "keepUntil": "2030-01-01"})
    cluster.client.post(f"/apis/{group}/v1/namespaces/{home}/gadgets", {**gadget, "spec": {"size": 1}})
    wide = definition(group, keepUntil={"type": "string"})
    backups.write("b", [("customresourcedefinitions.apiextensions.k8s.io", wide), (f"gadgets.{group}", gadget)])
    told = item_of(backups.plan("b", existing_resource_policy="update"), "g")
    assert (told["action"], told["intent"]) == ("unverified", "update")
    assert "its definition is changed by this restore" in told["reason"]
    done = backups.restore("b", existing_resource_policy="update")
    assert (done.phase, done.states["updated"]) == ("Completed", 2)
    live = cluster.client.get(f"/apis/{group}/v1/namespaces/{home}/gadgets/g")
    assert live["spec"] == {"size": 1, "keepUntil": "2030-01-01"}
    assert backups.restore("b", existing_resource_policy="update").changed is False


def test_what_a_security_level_would_refuse(cluster: Cluster, backups: Backups) -> None:
    """Once for each text, with the first of the objects."""
    namespace = cluster.new_name()
    labels = {"pod-security.kubernetes.io/warn": "restricted"}
    cluster.client.post("/api/v1/namespaces", {"metadata": {"name": namespace, "labels": labels}})
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [_IDLE]}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    backups.write(
        "b",
        [("deployments.apps", stored("apps/v1", "Deployment", name, namespace, spec=spec)) for name in ("one", "two")],
    )
    for run in (backups.plan, backups.restore):
        (message,) = messages(run("b"))
        assert message.startswith(f"The API server warns of deployments.apps {namespace}/one (and 1 more object): ")
        assert 'would violate PodSecurity "restricted:latest"' in message


def test_an_update_that_could_not_be(home: str, cluster: Cluster, backups: Backups) -> None:
    live = stored("v1", "ConfigMap", "c", home, data={"a": "1"}, immutable=True)
    cluster.client.post(f"/api/v1/namespaces/{home}/configmaps", live)
    backups.write("b", [("configmaps", {**live, "data": {"a": "2"}})])
    for run in (backups.plan, backups.restore):
        outcome = run("b", existing_resource_policy="update")
        (error,) = outcome.errors_list
        assert "could not be updated" in error["message"]
        assert "existing_resource_policy: recreate" in error["hint"]
        assert (outcome.phase, outcome.changed, outcome.summary["update"]) == ("PartiallyFailed", False, 0)
    done = backups.restore("b", existing_resource_policy="recreate")
    assert (done.phase, done.states["updated"]) == ("Completed", 1)


def test_without_the_right_to_patch(
    home: str, cluster: Cluster, backups: Backups, kubectl: Kubectl, kubeconfig: str
) -> None:
    """Who may only create has the collection's own word for what differs."""
    cluster.client.post(f"/api/v1/namespaces/{home}/configmaps", stored("v1", "ConfigMap", "c", home, data={"a": "1"}))
    backups.write("b", [("configmaps", stored("v1", "ConfigMap", "c", home, data={"a": "2"}))])
    callers = Callers(kubectl, kubeconfig, home)
    client = callers.may({"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "create"]})
    done = backups.restore("b", client=client, include_cluster_resources=False)
    item = item_of(done, "c")
    assert (item["action"], item["judged"], done.phase) == ("skip", "locally", "Completed")
    assert any("already exists" in message for message in messages(done))


def test_a_failed_job_does_not_run_again(home: str, cluster: Cluster, backups: Backups, kubectl: Kubectl) -> None:
    template = {"spec": {"restartPolicy": "Never", "containers": [{**_IDLE, "command": ["/bin/false"]}]}}
    job = stored("batch/v1", "Job", "load", home, spec={"backoffLimit": 0, "template": template})
    cluster.client.post(f"/apis/batch/v1/namespaces/{home}/jobs", job)
    kubectl("-n", home, "wait", "--for=condition=Failed", "job/load", "--timeout=60s")
    found = cluster.get("jobs", "load", home)
    assert found is not None
    backups.write("b", [("jobs.batch", found)])
    cluster.delete("jobs", "load", home)
    assert "restore_failed_jobs: true" in item_of(backups.restore("b"), "load")["reason"]
    assert cluster.get("jobs", "load", home) is None
    assert backups.restore("b", restore_failed_jobs=True).states["created"] == 1


def test_what_controllers_make_and_take_away(home: str, cluster: Cluster, backups: Backups) -> None:
    """IPAddress objects since 1.33, endpoint slices, and the range of the cluster: the second run changes nothing."""
    spec = {"selector": {"a": "b"}, "ports": [{"port": 80}]}
    cluster.client.post(f"/api/v1/namespaces/{home}/services", stored("v1", "Service", "svc", home, spec=spec))
    slices = f"/apis/discovery.k8s.io/v1/namespaces/{home}/endpointslices"
    end = time.monotonic() + 30
    while not cluster.client.get(slices)["items"]:
        assert time.monotonic() < end, "the Service has no slice"
        time.sleep(0.1)
    found = [(str(kind), obj) for (kind, _namespace, _name), obj in cluster.stored(home).items()]
    for plural, kind in (("ipaddresses", "IPAddress"), ("servicecidrs", "ServiceCIDR")):
        for obj in cluster.client.get(f"/apis/networking.k8s.io/v1/{plural}")["items"]:
            named = {"apiVersion": "networking.k8s.io/v1", "kind": kind, **obj}
            found.append((f"{plural}.networking.k8s.io", named))
    backups.write("b", found)
    cluster.delete("namespaces", home)
    options = {"include_cluster_resources": True, "existing_resource_policy": "update"}
    done = backups.restore("b", **options)
    assert (done.phase, done.errors_list) == ("Completed", [])
    left_out = {item["resource"] for item in done.plan_items if item["action"] == "skip"}
    assert left_out >= {
        "ipaddresses.networking.k8s.io",
        "servicecidrs.networking.k8s.io",
        "endpointslices.discovery.k8s.io",
        "endpoints",
    }
    assert backups.restore("b", **options).changed is False
    third = backups.plan("b", want_diff=True, **options)
    assert (third.changed, third.diffs) == (False, [])
