# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects for the plan campaign: each kind in many variants, so that one is stored and another one lives."""

from __future__ import annotations

import copy
import random
import typing as t

Object: t.TypeAlias = "dict[str, t.Any]"
Make: t.TypeAlias = "t.Callable[[random.Random], Object]"

_NOWHERE = {"arkive.test/no": "where"}


def _template(chance: random.Random, **spec: t.Any) -> Object:
    container: Object = {"name": "c", "image": chance.choice(("busybox:1", "busybox:2"))}
    if chance.random() < 0.5:
        container["resources"] = {"requests": {"cpu": chance.choice(("1", "1000m", "500m")), "memory": "64Mi"}}
    if chance.random() < 0.3:
        container["env"] = [{"name": "A", "value": chance.choice("xy")}]
    return {
        "metadata": {"labels": {"app": "a", **({"tier": chance.choice("xy")} if chance.random() < 0.4 else {})}},
        "spec": {"containers": [container], "nodeSelector": _NOWHERE, **spec},
    }


def _config(chance: random.Random) -> Object:
    data = {key: chance.choice(("1", "2")) for key in chance.sample("abc", chance.randint(1, 3))}
    # What the campaign's admission policy refuses.
    data |= {"refused": "yes"} if chance.random() < 0.15 else {}
    return {"data": data, **({"immutable": True} if chance.random() < 0.25 else {})}


def _secret(chance: random.Random) -> Object:
    return {"type": chance.choice(("Opaque", "example.org/own")), "data": {"p": chance.choice(("YQ==", "Yg=="))}}


def _service(chance: random.Random) -> Object:
    kind = chance.choice(("ClusterIP", "ClusterIP", "None", "NodePort", "ExternalName"))
    if kind == "ExternalName":
        return {"spec": {"type": kind, "externalName": chance.choice(("a.example", "b.example"))}}
    port = {"port": chance.choice((80, 81)), "name": "http"}
    headless = {"clusterIP": "None"} if kind == "None" else {"type": kind}
    return {"spec": {**headless, "selector": {"app": chance.choice("ab")}, "ports": [port]}}


def _deployment(chance: random.Random) -> Object:
    selector = {"matchLabels": {"app": "a"}}
    return {"spec": {"replicas": 0, "selector": selector, "template": _template(chance)}}


def _stateful(chance: random.Random) -> Object:
    more = {"serviceName": chance.choice("ab")}
    return {"spec": {"replicas": 0, **_deployment(chance)["spec"], **more}}


def _daemon(chance: random.Random) -> Object:
    return {"spec": {"selector": {"matchLabels": {"app": "a"}}, "template": _template(chance)}}


def _job(chance: random.Random) -> Object:
    template = _template(chance, restartPolicy="Never")
    return {"spec": {"suspend": True, "backoffLimit": chance.choice((1, 6)), "template": template}}


def _cron(chance: random.Random) -> Object:
    job = {"spec": {"template": _template(chance, restartPolicy="Never")}}
    return {"spec": {"schedule": chance.choice(("0 3 * * *", "0 4 1 1 *")), "suspend": True, "jobTemplate": job}}


def _pod(chance: random.Random) -> Object:
    return {"spec": _template(chance)["spec"]}


def _role(chance: random.Random) -> Object:
    verbs = chance.choice((["get"], ["get", "list"]))
    return {"rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": verbs}]}


def _binding(kind: str) -> Make:
    def make(chance: random.Random) -> Object:
        subject = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": chance.choice(("ann", "bob"))}
        role = {"kind": kind, "apiGroup": "rbac.authorization.k8s.io", "name": chance.choice(("view", "view", "other"))}
        return {"roleRef": role, "subjects": [subject]}

    return make


def _budget(chance: random.Random) -> Object:
    return {"spec": {"minAvailable": chance.choice((1, "50%")), "selector": {"matchLabels": {"app": "a"}}}}


def _limits(chance: random.Random) -> Object:
    return {
        "spec": {"limits": [{"type": "PersistentVolumeClaim", "max": {"storage": chance.choice(("1Gi", "1024Mi"))}}]}
    }


def _scaler(chance: random.Random) -> Object:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"}
    return {"spec": {"maxReplicas": chance.choice((2, 3)), "scaleTargetRef": target}}


def _ingress(chance: random.Random) -> Object:
    return {"spec": {"defaultBackend": {"service": {"name": chance.choice("ab"), "port": {"number": 80}}}}}


def _network_policy(chance: random.Random) -> Object:
    return {"spec": {"podSelector": {}, "ingress": chance.choice(([], [{}]))}}


def _priority(chance: random.Random) -> Object:
    return {"value": chance.choice((5, 6)), "description": chance.choice("xy")}


def _gadget(chance: random.Random) -> Object:
    spec: Object = {"size": chance.choice((1, 2))}
    spec |= {"keepUntil": "2030"} if chance.random() < 0.5 else {}
    spec |= {"mode": chance.choice(("auto", "manual"))} if chance.random() < 0.5 else {}
    spec |= {"on": False} if chance.random() < 0.3 else {}
    # The schema forbids what is not a whole number.
    spec |= {"size": "many"} if chance.random() < 0.1 else {}
    return {"spec": spec}


def _widget(chance: random.Random) -> Object:
    return {"spec": {"any": chance.choice((1, "1", {"deep": [1, {"a": None}]}, []))}}


class Kind(t.NamedTuple):
    """``resource`` is its group-resource."""

    resource: str
    api_version: str
    kind: str
    make: Make
    namespaced: bool = True


_RBAC, _NET = "rbac.authorization.k8s.io", "networking.k8s.io"
KINDS = (
    Kind("configmaps", "v1", "ConfigMap", _config),
    Kind("configmaps", "v1", "ConfigMap", _config),
    Kind("secrets", "v1", "Secret", _secret),
    Kind("services", "v1", "Service", _service),
    Kind(
        "serviceaccounts", "v1", "ServiceAccount", lambda chance: {"imagePullSecrets": [{"name": chance.choice("ab")}]}
    ),
    Kind("limitranges", "v1", "LimitRange", _limits),
    Kind("pods", "v1", "Pod", _pod),
    Kind("deployments.apps", "apps/v1", "Deployment", _deployment),
    Kind("statefulsets.apps", "apps/v1", "StatefulSet", _stateful),
    Kind("daemonsets.apps", "apps/v1", "DaemonSet", _daemon),
    Kind("jobs.batch", "batch/v1", "Job", _job),
    Kind("cronjobs.batch", "batch/v1", "CronJob", _cron),
    Kind("horizontalpodautoscalers.autoscaling", "autoscaling/v1", "HorizontalPodAutoscaler", _scaler),
    Kind("poddisruptionbudgets.policy", "policy/v1", "PodDisruptionBudget", _budget),
    Kind(f"ingresses.{_NET}", f"{_NET}/v1", "Ingress", _ingress),
    Kind(f"networkpolicies.{_NET}", f"{_NET}/v1", "NetworkPolicy", _network_policy),
    Kind(f"roles.{_RBAC}", f"{_RBAC}/v1", "Role", _role),
    Kind(f"rolebindings.{_RBAC}", f"{_RBAC}/v1", "RoleBinding", _binding("Role")),
    Kind(f"clusterroles.{_RBAC}", f"{_RBAC}/v1", "ClusterRole", _role, namespaced=False),
    Kind(
        f"clusterrolebindings.{_RBAC}", f"{_RBAC}/v1", "ClusterRoleBinding", _binding("ClusterRole"), namespaced=False
    ),
    Kind("priorityclasses.scheduling.k8s.io", "scheduling.k8s.io/v1", "PriorityClass", _priority, namespaced=False),
)


def custom_kinds(group: str) -> tuple[Kind, Kind]:
    """Those of ``definitions``: one whose schema drops what it does not know, and one that keeps everything."""
    return (
        Kind(f"gadgets.{group}", f"{group}/v1", "Gadget", _gadget),
        Kind(f"widgets.{group}", f"{group}/v1", "Widget", _widget),
    )


def definitions(group: str) -> list[Object]:
    narrow = {
        "size": {"type": "integer"},
        "mode": {"type": "string", "default": "auto"},
    }
    schemas: dict[str, Object] = {
        "Gadget": {"type": "object", "properties": narrow},
        "Widget": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    }
    return [_definition(group, kind, schema) for kind, schema in schemas.items()]


def _definition(group: str, kind: str, spec: Object) -> Object:
    plural = f"{kind.lower()}s"
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }


def policy(name: str) -> list[Object]:
    """An admission policy of the server's own: ConfigMaps in namespaces with the label ``name`` may not be refused."""
    version = "admissionregistration.k8s.io/v1"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps"]}
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": "!has(object.data) || !('refused' in object.data)", "message": "not here"}],
    }
    match = {"namespaceSelector": {"matchLabels": {name: "yes"}}}
    return [
        {"apiVersion": version, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec},
        {
            "apiVersion": version,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": match},
        },
    ]


def make(kind: Kind, chance: random.Random, name: str, namespace: str) -> Object:
    """One variant, with labels and annotations of its own."""
    metadata: Object = {"name": name, **({"namespace": namespace} if kind.namespaced else {})}
    for field in ("labels", "annotations"):
        if chance.random() < 0.4:
            metadata[field] = {"example.org/x": chance.choice("ab")}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **copy.deepcopy(kind.make(chance))}


__all__ = ("KINDS", "Kind", "Object", "custom_kinds", "definitions", "make", "policy")
