# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A copy of a namespace beside the original that runs: rights, names inside of objects, Namespaces, node ports."""

from __future__ import annotations

import contextlib
import json
import typing as t

import pytest
from restore_lab import action_of

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_modifiers import parse_modifiers

if t.TYPE_CHECKING:
    from cluster_access import Kubectl
    from restore_lab import Backups, Cluster

_RBAC = "rbac.authorization.k8s.io"
_BINDINGS = f"clusterrolebindings.{_RBAC}"


def obj(api_version: str, kind: str, name: str, namespace: str | None = None, **body: t.Any) -> Object:
    metadata: Object = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


@pytest.fixture
def original(cluster: Cluster, kubectl: Kubectl) -> t.Iterator[tuple[str, str, Object]]:
    """A namespace, the name of its copy, and its binding in the cluster."""
    namespace, copy = cluster.new_name(), cluster.new_name()
    kubectl("create", "namespace", namespace)
    binding = obj(
        f"{_RBAC}/v1",
        "ClusterRoleBinding",
        f"{namespace}-reader",
        roleRef={"apiGroup": _RBAC, "kind": "ClusterRole", "name": "view"},
        subjects=[{"kind": "ServiceAccount", "name": "app", "namespace": namespace}],
    )
    kubectl("apply", "-f", "-", stdin=json.dumps(binding))
    yield namespace, copy, binding
    kubectl("delete", "clusterrolebinding", f"{namespace}-reader", "--ignore-not-found")


def may_read(kubectl: Kubectl, namespace: str) -> bool:
    user = f"system:serviceaccount:{namespace}:app"
    return kubectl("auth", "can-i", "get", "pods", "-A", "--as", user, check=False).strip() == "yes"


def test_the_copy_gets_the_right_and_the_original_keeps_it(
    original: tuple[str, str, Object], backups: Backups, kubectl: Kubectl
) -> None:
    namespace, copy, binding = original
    backups.write("b", [(_BINDINGS, binding), ("configmaps", obj("v1", "ConfigMap", "c", namespace))])
    options: dict[str, t.Any] = {"namespace_mapping": {namespace: copy}, "include_cluster_resources": True}
    first = backups.restore("b", **options)
    (warning,) = [entry for entry in first.warnings_list if entry["resource"] == _BINDINGS]
    assert warning["hint"].startswith("Set merge_subjects: true")
    assert (may_read(kubectl, namespace), may_read(kubectl, copy)) == (True, False)
    assert action_of(backups.plan("b", merge_subjects=True, **options), _BINDINGS, f"{namespace}-reader")[0] == "update"
    done = backups.restore("b", merge_subjects=True, **options)
    assert done.phase == "Completed", done.errors_list
    assert (may_read(kubectl, namespace), may_read(kubectl, copy)) == (True, True)
    again = backups.plan("b", merge_subjects=True, **options)
    assert action_of(again, _BINDINGS, f"{namespace}-reader")[0] == "unchanged"


def test_names_of_the_namespace_follow_it(
    original: tuple[str, str, Object], cluster: Cluster, backups: Backups, kubectl: Kubectl
) -> None:
    namespace, copy, _binding = original
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    role = obj(
        f"{_RBAC}/v1",
        "RoleBinding",
        "reader",
        namespace,
        roleRef={"apiGroup": _RBAC, "kind": "Role", "name": "reader"},
        subjects=[
            {"kind": "Group", "apiGroup": _RBAC, "name": f"system:serviceaccounts:{namespace}"},
            {"kind": "User", "apiGroup": _RBAC, "name": f"system:serviceaccount:{namespace}:app"},
        ],
    )
    policy = obj(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "np",
        namespace,
        spec={"podSelector": {}, "ingress": [{"from": [{"namespaceSelector": selector}]}]},
    )
    config = obj("v1", "ConfigMap", "c", namespace, data={"url": f"http://db.{namespace}.svc:80"})
    stored = [(f"rolebindings.{_RBAC}", role), ("networkpolicies.networking.k8s.io", policy), ("configmaps", config)]
    backups.write("b", stored)
    done = backups.restore("b", namespace_mapping={namespace: copy})
    assert done.phase == "Completed", done.errors_list
    names = kubectl("get", "rolebinding", "reader", "-n", copy, "-o", "jsonpath={.subjects[*].name}").split()
    assert names == [f"system:serviceaccounts:{copy}", f"system:serviceaccount:{copy}:app"]
    made = cluster.get("networkpolicies", "np", copy)
    assert made is not None
    assert made["spec"]["ingress"][0]["from"][0]["namespaceSelector"]["matchLabels"] == {
        "kubernetes.io/metadata.name": copy
    }
    (warning,) = [entry for entry in done.warnings_list if entry["resource"] == "configmaps"]
    assert f"data.url: 'db.{namespace}.svc'" in warning["message"]
    assert not backups.plan("b", namespace_mapping={namespace: copy}).changed


@contextlib.contextmanager
def denied_label(kubectl: Kubectl, name: str) -> t.Iterator[None]:
    """An admission policy that takes no namespace with this label."""
    policy = obj(
        "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicy",
        name,
        spec={
            "matchConstraints": {
                "resourceRules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["namespaces"]}
                ]
            },
            "validations": [
                {
                    "expression": f"!has(object.metadata.labels) || !('{name}' in object.metadata.labels)",
                    "message": f"no label {name}",
                }
            ],
        },
    )
    binding = obj(
        "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicyBinding",
        name,
        spec={"policyName": name, "validationActions": ["Deny"]},
    )
    try:
        kubectl("apply", "-f", "-", stdin=json.dumps(policy))
        kubectl("apply", "-f", "-", stdin=json.dumps(binding))
        yield
    finally:
        kubectl("delete", "validatingadmissionpolicybinding", name, "--ignore-not-found")
        kubectl("delete", "validatingadmissionpolicy", name, "--ignore-not-found")


def test_a_modifier_takes_from_a_namespace_what_a_policy_refuses(
    cluster: Cluster, backups: Backups, kubectl: Kubectl
) -> None:
    namespace = cluster.new_name()
    stored = obj("v1", "Namespace", namespace)
    stored["metadata"]["labels"] = {namespace: "old"}
    backups.write("b", [("namespaces", stored), ("configmaps", obj("v1", "ConfigMap", "c", namespace))])
    patch = {"metadata": {"labels": {namespace: None}, "annotations": {"project": "new"}}}
    conditions = {"groupResource": "namespaces", "resourceNameRegex": f"^{namespace}$"}
    rule = {"conditions": conditions, "mergePatches": [{"patchData": patch}]}
    modifiers = parse_modifiers({"version": "v1", "resourceModifierRules": [rule]})
    probe = json.dumps(stored)
    with denied_label(kubectl, namespace):
        # The policy is in force once the server has read it.
        for _attempt in range(60):
            if not kubectl("create", "--dry-run=server", "-f", "-", "-o", "name", stdin=probe, check=False):
                break
        assert "conflict" in {item["action"] for item in backups.plan("b").plan_items}
        done = backups.restore("b", modifiers=modifiers)
    assert done.phase == "Completed", done.errors_list
    made = cluster.get("namespaces", namespace)
    assert made is not None
    assert made["metadata"]["annotations"]["project"] == "new"
    assert namespace not in made["metadata"]["labels"]


def test_a_node_port_that_is_taken_is_seen_by_the_plan_of_a_new_namespace(
    original: tuple[str, str, Object], backups: Backups, kubectl: Kubectl
) -> None:
    namespace, copy, _binding = original
    kubectl("create", "service", "nodeport", "web", "--tcp=80:80", "-n", namespace)
    port = int(kubectl("get", "service", "web", "-n", namespace, "-o", "jsonpath={.spec.ports[0].nodePort}"))
    ports = [{"port": 80, "nodePort": port, "protocol": "TCP"}]
    service = obj("v1", "Service", "web", namespace, spec={"type": "NodePort", "ports": ports, "selector": {"a": "b"}})
    backups.write("b", [("services", service)])
    options: dict[str, t.Any] = {"namespace_mapping": {namespace: copy}, "preserve_node_ports": True}
    action, reason = action_of(backups.plan("b", **options), "services", "web")
    assert (action, reason) == ("conflict", f"node port {port} is taken by services {namespace}/web")
    (error,) = backups.restore("b", **options).errors_list
    assert error["hint"] == "Leave preserve_node_ports out, so that the Service gets another one."
    assert backups.restore("b", namespace_mapping={namespace: copy}).phase == "Completed"
