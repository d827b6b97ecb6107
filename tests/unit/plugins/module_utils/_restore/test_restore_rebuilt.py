# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects that the cluster makes again by itself, and Jobs that would run again (Kubernetes 1.34)."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.rule_runs import run_rules

ADDRESS, CIDR = "ipaddresses.networking.k8s.io", "servicecidrs.networking.k8s.io"
LEASE, FLOW = "leases.coordination.k8s.io", "flowschemas.flowcontrol.apiserver.k8s.io"
ROLE, SLICE = "clusterroles.rbac.authorization.k8s.io", "endpointslices.discovery.k8s.io"
SLICE_LABEL, CAPACITY = "endpointslice.kubernetes.io/managed-by", "csistoragecapacities.storage.k8s.io"
PRIORITIES = "api-priority-and-fairness-config"
SERVER = "kept by the API server itself"


def marked(label: str, value: str) -> Object:
    return {"metadata": {"labels": {label: value}}}


def owned(api_version: str, kind: str) -> Object:
    return {
        "metadata": {"ownerReferences": [{"apiVersion": api_version, "kind": kind, "name": "n", "controller": True}]}
    }


def written_by(*managers: str) -> Object:
    status = {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status"}
    return {"metadata": {"managedFields": [*({"manager": name, "operation": "Update"} for name in managers), status]}}


def flow(value: str) -> Object:
    return {"metadata": {"annotations": {"apf.kubernetes.io/autoupdate-spec": value}}}


def of_the_server(kept_up_to_date: str, *managers: str) -> Object:
    """A role that comes with every cluster; before 1.18 without a note of who wrote it."""
    found = marked("kubernetes.io/bootstrapping", "rbac-defaults")
    found["metadata"]["annotations"] = {"rbac.authorization.kubernetes.io/autoupdate": kept_up_to_date}
    if managers:
        found["metadata"] |= written_by(*managers)["metadata"]
    return found


def parent(group: str, resource: str) -> Object:
    return {"spec": {"parentRef": {"group": group, "resource": resource, "name": "web"}}}


def job(*conditions: tuple[str, str]) -> Object:
    return {"status": {"failed": 2, "conditions": [{"type": kind, "status": status} for kind, status in conditions]}}


@pytest.mark.parametrize(
    ("kind", "obj", "reason"),
    [
        (ADDRESS, marked("ipaddress.kubernetes.io/managed-by", "ipallocator.k8s.io"), "(ipallocator.k8s.io)"),
        (ADDRESS, parent("", "services"), "from Service 'web'"),
        (ADDRESS, parent("gateway.networking.k8s.io", "gateways"), ""),
        (SLICE, marked(SLICE_LABEL, "endpointslicemirroring-controller.k8s.io"), "rebuilt"),
        (SLICE, marked(SLICE_LABEL, "me"), ""),
        (CAPACITY, marked("csi.storage.k8s.io/managed-by", "external-provisioner"), "rebuilt"),
        ("deployments.apps", marked("app.kubernetes.io/managed-by", "Helm"), ""),
        ("deployments.apps", marked("app.kubernetes.io/managed-by", "operator.x.k8s.io"), ""),
        ("widgets.example.org", marked("example.org/managed-by", "ipallocator.k8s.io"), ""),
        (CIDR, {"metadata": {"name": "kubernetes"}}, SERVER),
        (CIDR, {"metadata": {"name": "more"}}, ""),
        ("resourceslices.resource.k8s.io", owned("v1", "Node"), "kubelet of node 'n'"),
        (LEASE, owned("v1", "Node"), "kubelet of node 'n'"),
        ("configmaps", owned("example.org/v1", "Node"), ""),
        (LEASE, marked("apiserver.kubernetes.io/identity", "kube-apiserver"), SERVER),
        (FLOW, flow("true"), SERVER),
        (FLOW, flow("false"), ""),
        ("priorityclasses.scheduling.k8s.io", written_by("kube-apiserver"), SERVER),
        (FLOW, written_by(f"{PRIORITIES}-producer-v1", f"{PRIORITIES}-consumer-v1"), SERVER),
        (FLOW, written_by("kubectl-create", f"{PRIORITIES}-consumer-v1"), ""),
        (ROLE, of_the_server("true"), SERVER),
        (ROLE, of_the_server("false"), ""),
        (ROLE, of_the_server("true", "kube-apiserver", "kubectl-edit"), ""),
        (ROLE, marked("kubernetes.io/bootstrapping", "rbac-defaults"), ""),
        (ROLE, written_by("kube-apiserver", "kubectl-edit"), ""),
        (ROLE, written_by(), ""),
        ("jobs.batch", job(("Failed", "True")), "restore_failed_jobs: true"),
        ("jobs.batch", job(("FailureTarget", "True")), "restore_failed_jobs: true"),
        ("jobs.batch", job(("SuccessCriteriaMet", "True"), ("Failed", "False")), "run to its end"),
        ("jobs.batch", job(("Complete", "True")), "run to its end"),
        ("jobs.batch", job(("Failed", "False"), ("Suspended", "True")), ""),
    ],
)  # fmt: skip
def test_left_out(kind: str, obj: Object, reason: str) -> None:
    skip = run_rules(kind, obj).skip
    assert reason in skip
    assert bool(skip) is bool(reason)


def test_a_failed_job_that_is_asked_for() -> None:
    assert not run_rules("jobs.batch", job(("Failed", "True")), restore_failed_jobs=True).skip
    assert run_rules("jobs.batch", job(("Complete", "True")), restore_failed_jobs=True).skip
