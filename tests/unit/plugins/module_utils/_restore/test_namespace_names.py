# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of namespaces inside of objects, under a mapping of ``odd`` to ``even``.

Source: the API reference of Kubernetes 1.34 for fields of its types; docs/compatibility 5.9.11 and 5.9.12 for subjects.
"""

from __future__ import annotations

import base64
import copy
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.namespace_names import (
    NamespaceNames,
    is_made_by_another,
)

_METADATA_NAME = "kubernetes.io/metadata.name"
_SELECTOR = {"matchLabels": {_METADATA_NAME: "odd"}}
_EVEN_SELECTOR = {"matchLabels": {_METADATA_NAME: "even"}}
_EXPRESSION = {"matchExpressions": [{"key": _METADATA_NAME, "operator": "In", "values": ["odd", "far"]}]}
_EVEN_EXPRESSION = {"matchExpressions": [{"key": _METADATA_NAME, "operator": "In", "values": ["even", "far"]}]}


def secret(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def mapped(kind: str, body: Object, **mapping: str) -> tuple[Object, list[str]]:
    names = NamespaceNames(mapping or {"odd": "even"})
    body = {"metadata": {"name": "n", "namespace": "even"}, **copy.deepcopy(body)}
    names.map(GroupResource.parse(kind), body)
    return body, names.warn(GroupResource.parse(kind), body)


def pod_with(**spec: t.Any) -> Object:
    return {"spec": {"containers": [{"name": "c"}], **spec}}


def term(**fields: t.Any) -> Object:
    return pod_with(affinity={"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [fields]}})


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        pytest.param(
            f"{kind}.rbac.authorization.k8s.io",
            {
                "subjects": [
                    {"kind": "ServiceAccount", "name": "app", "namespace": "odd"},
                    {"kind": "Group", "namespace": "far"},
                    {"kind": "Group", "name": "system:serviceaccounts:odd"},
                    {"kind": "User", "name": "system:serviceaccount:odd:app"},
                    {"kind": "User", "name": "system:serviceaccount:odd-one:odd"},
                    {"kind": "User", "name": "odd"},
                ]
            },
            {
                "subjects": [
                    {"kind": "ServiceAccount", "name": "app", "namespace": "even"},
                    {"kind": "Group", "namespace": "far"},
                    {"kind": "Group", "name": "system:serviceaccounts:even"},
                    {"kind": "User", "name": "system:serviceaccount:even:app"},
                    {"kind": "User", "name": "system:serviceaccount:odd-one:odd"},
                    {"kind": "User", "name": "odd"},
                ]
            },
            id=kind,
        )
        for kind in ("rolebindings", "clusterrolebindings")
    ]
    + [
        pytest.param(
            "clusterroles.rbac.authorization.k8s.io",
            {"rules": [{"apiGroups": [""], "resources": ["namespaces"], "resourceNames": ["odd"], "verbs": ["get"]}]},
            {"rules": [{"apiGroups": [""], "resources": ["namespaces"], "resourceNames": ["even"], "verbs": ["get"]}]},
            id="a role for namespaces by their names",
        ),
        pytest.param(
            "networkpolicies.networking.k8s.io",
            {
                "spec": {
                    "podSelector": {},
                    "ingress": [{"from": [{"namespaceSelector": _SELECTOR}, {"namespaceSelector": _EXPRESSION}]}],
                    "egress": [{"to": [{"namespaceSelector": _SELECTOR, "podSelector": {}}]}],
                }
            },
            {
                "spec": {
                    "podSelector": {},
                    "ingress": [
                        {"from": [{"namespaceSelector": _EVEN_SELECTOR}, {"namespaceSelector": _EVEN_EXPRESSION}]}
                    ],
                    "egress": [{"to": [{"namespaceSelector": _EVEN_SELECTOR, "podSelector": {}}]}],
                }
            },
            id="network policy",
        ),
        pytest.param("pods", term(namespaces=["odd", "far"]), term(namespaces=["even", "far"]), id="affinity"),
        pytest.param(
            "deployments.apps",
            {"spec": {"template": term(namespaceSelector=_SELECTOR)}},
            {"spec": {"template": term(namespaceSelector=_EVEN_SELECTOR)}},
            id="affinity in a template",
        ),
        pytest.param(
            "pods",
            pod_with(dnsConfig={"searches": ["odd.svc.cluster.local", "far.svc.cluster.local"]}),
            pod_with(dnsConfig={"searches": ["even.svc.cluster.local", "far.svc.cluster.local"]}),
            id="search domains",
        ),
        pytest.param(
            "services",
            {"spec": {"type": "ExternalName", "externalName": "db.odd.svc.cluster.local"}},
            {"spec": {"type": "ExternalName", "externalName": "db.even.svc.cluster.local"}},
            id="external name",
        ),
        pytest.param(
            "validatingwebhookconfigurations.admissionregistration.k8s.io",
            {
                "metadata": {"annotations": {"cert-manager.io/inject-ca-from": "odd/hook-cert"}},
                "webhooks": [
                    {
                        "name": "odd",
                        "clientConfig": {"service": {"name": "hook", "namespace": "odd"}},
                        "namespaceSelector": _SELECTOR,
                    }
                ],
            },
            {
                "metadata": {"annotations": {"cert-manager.io/inject-ca-from": "even/hook-cert"}},
                "webhooks": [
                    {
                        "name": "odd",
                        "clientConfig": {"service": {"name": "hook", "namespace": "even"}},
                        "namespaceSelector": _EVEN_SELECTOR,
                    }
                ],
            },
            id="webhook",
        ),
        pytest.param(
            "apiservices.apiregistration.k8s.io",
            {"spec": {"service": {"name": "odd", "namespace": "odd"}}},
            {"spec": {"service": {"name": "odd", "namespace": "even"}}},
            id="API service",
        ),
        pytest.param(
            "customresourcedefinitions.apiextensions.k8s.io",
            {
                "spec": {
                    "conversion": {"webhook": {"clientConfig": {"service": {"namespace": "odd"}}}},
                    "versions": [{"schema": {"properties": {"namespace": {"type": "string"}}}}],
                }
            },
            {
                "spec": {
                    "conversion": {"webhook": {"clientConfig": {"service": {"namespace": "even"}}}},
                    "versions": [{"schema": {"properties": {"namespace": {"type": "string"}}}}],
                }
            },
            id="conversion webhook of a definition",
        ),
        pytest.param(
            "validatingadmissionpolicybindings.admissionregistration.k8s.io",
            {"spec": {"paramRef": {"namespace": "odd"}, "matchResources": {"namespaceSelector": _SELECTOR}}},
            {"spec": {"paramRef": {"namespace": "even"}, "matchResources": {"namespaceSelector": _EVEN_SELECTOR}}},
            id="admission policy",
        ),
        pytest.param(
            "flowschemas.flowcontrol.apiserver.k8s.io",
            {
                "spec": {
                    "rules": [
                        {
                            "subjects": [
                                {"kind": "ServiceAccount", "serviceAccount": {"name": "a", "namespace": "odd"}},
                                {"kind": "Group", "group": {"name": "system:serviceaccounts:odd"}},
                            ],
                            "resourceRules": [{"namespaces": ["odd"]}],
                        }
                    ]
                }
            },
            {
                "spec": {
                    "rules": [
                        {
                            "subjects": [
                                {"kind": "ServiceAccount", "serviceAccount": {"name": "a", "namespace": "even"}},
                                {"kind": "Group", "group": {"name": "system:serviceaccounts:even"}},
                            ],
                            "resourceRules": [{"namespaces": ["even"]}],
                        }
                    ]
                }
            },
            id="flow schema",
        ),
        pytest.param(
            "persistentvolumes",
            {"spec": {"claimRef": {"namespace": "odd"}, "csi": {"nodeStageSecretRef": {"namespace": "odd"}}}},
            {"spec": {"claimRef": {"namespace": "odd"}, "csi": {"nodeStageSecretRef": {"namespace": "even"}}}},
            id="volume, whose claim has a rule of its own",
        ),
        pytest.param(
            "endpointslices.discovery.k8s.io",
            {"endpoints": [{"targetRef": {"kind": "Pod", "namespace": "odd"}}]},
            {"endpoints": [{"targetRef": {"kind": "Pod", "namespace": "even"}}]},
            id="endpoints",
        ),
        pytest.param(
            "httproutes.gateway.networking.k8s.io",
            {"spec": {"parentRefs": [{"name": "g", "namespace": "odd"}]}},
            {"spec": {"parentRefs": [{"name": "g", "namespace": "even"}]}},
            id="gateway route",
        ),
        pytest.param(
            "ingresses.networking.k8s.io",
            {"metadata": {"annotations": {"nginx.ingress.kubernetes.io/auth-tls-secret": "odd/ca"}}},
            {"metadata": {"annotations": {"nginx.ingress.kubernetes.io/auth-tls-secret": "even/ca"}}},
            id="known annotation",
        ),
    ],
)
def test_what_can_mean_nothing_else_is_mapped(kind: str, before: Object, after: Object) -> None:
    body, warnings = mapped(kind, before)
    assert {field: body[field] for field in after} == after
    assert warnings == []


@pytest.mark.parametrize(
    ("kind", "body", "places"),
    [
        pytest.param(
            "configmaps",
            {"data": {"url": "jdbc:postgresql://app:pw@db.odd.svc.cluster.local:5432/x"}},
            "data.url: 'db.odd.svc.cluster.local'",
            id="host in data, without what stands around it",
        ),
        pytest.param(
            "configmaps",
            {"data": {"c.yml": "a: 1\nnamespace: odd\n", "d": "odd"}},
            "data.c.yml: 'namespace: odd'",
            id="YAML in data",
        ),
        pytest.param("secrets", {"data": {"url": secret("http://db.odd.svc")}}, "data.url", id="secret, not shown"),
        pytest.param("secrets", {"stringData": {"url": "db.odd.svc"}}, "stringData.url", id="secret as text"),
        pytest.param(
            "deployments.apps",
            {
                "spec": {
                    "template": pod_with(
                        containers=[
                            {
                                "env": [
                                    {"name": "DB", "value": "db.odd.svc:5432"},
                                    {"name": "WATCH_NAMESPACE", "value": "odd"},
                                    {"name": "COLOUR", "value": "odd"},
                                ],
                                "args": ["--namespace=odd", "-n", "odd", "odd"],
                            }
                        ]
                    )
                }
            },
            "spec.template.spec.containers[0].env[0].value: 'db.odd.svc'; "
            "spec.template.spec.containers[0].env[1].value: 'odd'; "
            "spec.template.spec.containers[0].args[0]: 'namespace=odd'; "
            "spec.template.spec.containers[0].args[2]: 'odd'",
            id="environment and arguments",
        ),
        pytest.param(
            "widgets.example.org",
            {"spec": {"targetNamespace": "odd", "namespaceSelector": {"matchNames": ["odd"]}, "colour": "odd"}},
            "spec.targetNamespace: 'odd'; spec.namespaceSelector.matchNames[0]: 'odd'",
            id="custom resource",
        ),
        pytest.param(
            "storageclasses.storage.k8s.io",
            {"parameters": {"csi.storage.k8s.io/provisioner-secret-namespace": "odd"}},
            "parameters.csi.storage.k8s.io/provisioner-secret-namespace: 'odd'",
            id="storage class",
        ),
        pytest.param(
            "networkpolicies.networking.k8s.io",
            {"spec": {"ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"name": "odd"}}}]}]}},
            "spec.ingress[0].from[0].namespaceSelector.matchLabels.name: 'odd'",
            id="selector of another label",
        ),
        pytest.param(
            "namespaces",
            {"metadata": {"labels": {"team": "odd"}, "annotations": {"owner": "x"}}},
            "metadata.labels.team: 'odd'",
            id="namespace",
        ),
        pytest.param(
            "validatingadmissionpolicies.admissionregistration.k8s.io",
            {"spec": {"validations": [{"expression": "request.userInfo.username != 'system:serviceaccount:odd:a'"}]}},
            "spec.validations[0].expression: 'system:serviceaccount:odd'",
            id="expression",
        ),
        pytest.param(
            "services",
            {"metadata": {"annotations": {"example.org/peer": "odd/peer"}}},
            "metadata.annotations.example.org/peer: 'odd/peer'",
            id="unknown annotation",
        ),
        pytest.param(
            "validatingwebhookconfigurations.admissionregistration.k8s.io",
            {"webhooks": [{"clientConfig": {"url": "https://hook.odd.svc:8443/x"}}]},
            "webhooks[0].clientConfig.url: 'hook.odd.svc'",
            id="webhook by URL",
        ),
    ],
)
def test_what_may_mean_something_else_is_told_by_path_and_value(kind: str, body: Object, places: str) -> None:
    before = {"metadata": {"name": "n", "namespace": "even"}, **copy.deepcopy(body)}
    found, warnings = mapped(kind, body)
    assert found == before
    assert warnings == [
        f"It is restored under a namespace mapping and still names 'odd': {places}. "
        "A rule of resource_modifiers can change that."
    ]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("configmaps", {"data": {"a": "odd", "b": "namespace: oddly", "c": "db.odd-2.svc", "d": "x.odd.service"}}),
        ("pods", pod_with(nodeSelector={"pool": "odd"}, hostname="odd", serviceAccountName="odd")),
        ("pods", {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "namespace: odd"}}}),
        ("secrets", {"data": {"a": "not base64!", "b": secret("odd")}}),
        ("services", {"spec": {"selector": {"app": "odd"}, "externalName": "odd.example.org"}}),
    ],
)
def test_a_word_that_is_no_namespace_is_left_alone(kind: str, body: Object) -> None:
    before = {"metadata": {"name": "n", "namespace": "even"}, **copy.deepcopy(body)}
    assert mapped(kind, body) == (before, [])


def test_each_name_is_mapped_once_and_may_be_another_ones_new_name() -> None:
    subjects = [{"kind": "ServiceAccount", "namespace": name} for name in ("a", "b", "c")]
    body, warnings = mapped("rolebindings.rbac.authorization.k8s.io", {"subjects": subjects}, a="b", b="c")
    assert [subject["namespace"] for subject in body["subjects"]] == ["b", "c", "c"]
    assert warnings == []


def test_a_mapping_to_itself_is_none() -> None:
    assert mapped("configmaps", {"data": {"a": "db.odd.svc"}}, odd="odd")[1] == []


class _Archive:
    def names(self, group_resource: GroupResource, namespace: str | None) -> t.Collection[str]:
        return {"web"} if (str(group_resource), namespace) == ("deployments.apps", "odd") else ()

    def find_object(self, group_resource: GroupResource, namespace: str | None, name: str) -> Object | None:
        return None


@pytest.mark.parametrize(
    ("owner", "told"),
    [
        ({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, True),
        ({"apiVersion": "apps/v1", "kind": "Deployment", "name": "gone"}, False),
        ({"apiVersion": "example.org/v1", "kind": "Widget", "name": "web"}, False),
        (None, False),
    ],
)
def test_what_another_makes_is_told_of_with_that(owner: Object | None, told: bool) -> None:
    assert is_made_by_another(owner, "odd", _Archive()) is told


def test_the_release_of_helm_goes_along() -> None:
    """Helm refuses an object whose release is in another namespace; so one warning an object would be noise."""
    body = {"metadata": {"annotations": {"meta.helm.sh/release-namespace": "shop", "note": "shop"}}}
    names = NamespaceNames({"shop": "yard"})
    names.map(GroupResource("configmaps", ""), body)
    assert body["metadata"]["annotations"] == {"meta.helm.sh/release-namespace": "yard", "note": "shop"}
    assert names.warn(GroupResource("configmaps", ""), body) == []
