# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An object of each version that servers have given up, as clusters from 1.16 on stored it, and what it becomes.

Each row: the object, and the parts of the converted one that are not the same any more. Where there is nothing to see
beside the version, the parts are empty. Sources are those of the table that is tried with them.
"""

from __future__ import annotations

import copy
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object

_LABELS = {"app": "kiosk"}
_CONTAINER = {"name": "main", "image": "registry.example/kiosk:1"}
_TEMPLATE: Object = {"metadata": {"labels": _LABELS}, "spec": {"containers": [_CONTAINER]}}
_JOB = {"template": {"spec": {"restartPolicy": "Never", "containers": [_CONTAINER]}}}
_SELECTOR = {"matchLabels": _LABELS}
_HTTP = {"paths": [{"path": "/a", "backend": {"serviceName": "web", "servicePort": 80}}]}
_RULES = [{"host": "kiosk.example", "http": _HTTP}]
_NEW_RULES = [
    {
        "host": "kiosk.example",
        "http": {
            "paths": [
                {
                    "path": "/a",
                    "pathType": "ImplementationSpecific",
                    "backend": {"service": {"name": "web", "port": {"number": 80}}},
                }
            ]
        },
    }
]
_ROLE_REF = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"}
_SCALED = {"apiVersion": "extensions/v1beta1", "kind": "Deployment", "name": "web"}
_RULE_1 = {"operations": ["CREATE"], "apiGroups": ["example.org"], "apiVersions": ["v1"], "resources": ["widgets"]}
_MATCH = {"resourceRules": [_RULE_1]}
_FLOW_RULES = [
    {
        "subjects": [{"kind": "User", "user": {"name": "arkive-test-nobody"}}],
        "resourceRules": [
            {"verbs": ["get"], "apiGroups": ["example.org"], "resources": ["widgets"], "namespaces": ["kiosk"]}
        ],
    }
]


class Old(t.NamedTuple):
    """``plural`` is the directory in the archive, ``becomes`` the parts that are different, ``target`` the version."""

    plural: str
    obj: Object
    target: str
    becomes: Object = {}
    namespaced: bool = True


def _old(
    plural: str,
    api_version: str,
    kind: str,
    target: str,
    body: Object,
    becomes: Object | None = None,
    *,
    namespaced: bool = True,
    name: str = "",
    annotations: dict[str, str] | None = None,
) -> Old:
    metadata: Object = {"name": name or f"old-{kind.lower()}"}
    if annotations:
        metadata["annotations"] = annotations
    return Old(
        plural,
        {"apiVersion": api_version, "kind": kind, "metadata": metadata, **copy.deepcopy(body)},
        target,
        becomes or {},
        namespaced,
    )


def _everywhere(plural: str, api_version: str, kind: str, target: str, body: Object, **more: t.Any) -> Old:
    return _old(plural, api_version, kind, target, body, namespaced=False, **more)


_WORKLOAD = {"spec": {"replicas": 0, "template": _TEMPLATE}}
_FULL_WORKLOAD = {"spec": {"replicas": 0, "selector": _SELECTOR, "template": _TEMPLATE}}

OLD: tuple[Old, ...] = (
    _old(
        "deployments.extensions",
        "extensions/v1beta1",
        "Deployment",
        "apps/v1",
        {"spec": {**_WORKLOAD["spec"], "rollbackTo": {"revision": 0}}},
        {
            "spec": {
                "replicas": 0,
                "template": _TEMPLATE,
                "selector": _SELECTOR,
                "revisionHistoryLimit": 2147483647,
                "progressDeadlineSeconds": 2147483647,
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}},
            }
        },
    ),
    _old(
        "deployments.apps",
        "apps/v1beta1",
        "Deployment",
        "apps/v1",
        {"spec": {**_FULL_WORKLOAD["spec"], "strategy": {"type": "Recreate"}}},
        {"spec": {**_FULL_WORKLOAD["spec"], "strategy": {"type": "Recreate"}, "revisionHistoryLimit": 2}},
        name="old-deployment-b1",
    ),
    _old("deployments.apps", "apps/v1beta2", "Deployment", "apps/v1", _FULL_WORKLOAD, name="old-deployment-b2"),
    _old(
        "daemonsets.extensions",
        "extensions/v1beta1",
        "DaemonSet",
        "apps/v1",
        {"spec": {"template": _TEMPLATE, "templateGeneration": 3}},
        {"spec": {"template": _TEMPLATE, "selector": _SELECTOR, "updateStrategy": {"type": "OnDelete"}}},
    ),
    _old(
        "daemonsets.apps",
        "apps/v1beta2",
        "DaemonSet",
        "apps/v1",
        {"spec": {"selector": _SELECTOR, "template": _TEMPLATE, "templateGeneration": 3}},
        {"spec": {"selector": _SELECTOR, "template": _TEMPLATE}},
        name="old-daemonset-b2",
    ),
    _old(
        "replicasets.extensions",
        "extensions/v1beta1",
        "ReplicaSet",
        "apps/v1",
        _WORKLOAD,
        _FULL_WORKLOAD,
    ),
    _old("replicasets.apps", "apps/v1beta2", "ReplicaSet", "apps/v1", _FULL_WORKLOAD, name="old-replicaset-b2"),
    _old(
        "statefulsets.apps",
        "apps/v1beta1",
        "StatefulSet",
        "apps/v1",
        {"spec": {"serviceName": "web", **_WORKLOAD["spec"]}},
        {"spec": {"serviceName": "web", **_FULL_WORKLOAD["spec"], "updateStrategy": {"type": "OnDelete"}}},
    ),
    _old(
        "statefulsets.apps",
        "apps/v1beta2",
        "StatefulSet",
        "apps/v1",
        {"spec": {"serviceName": "web", **_FULL_WORKLOAD["spec"]}},
        name="old-statefulset-b2",
    ),
    _old("controllerrevisions.apps", "apps/v1beta1", "ControllerRevision", "apps/v1", {"revision": 1, "data": {}}),
    _old(
        "networkpolicies.extensions",
        "extensions/v1beta1",
        "NetworkPolicy",
        "networking.k8s.io/v1",
        {"spec": {"podSelector": {}, "policyTypes": ["Ingress"]}},
    ),
    _old(
        "cronjobs.batch",
        "batch/v1beta1",
        "CronJob",
        "batch/v1",
        {"spec": {"schedule": "0 3 * * *", "suspend": True, "jobTemplate": {"spec": _JOB}}},
    ),
    _old(
        "cronjobs.batch",
        "batch/v2alpha1",
        "CronJob",
        "batch/v1",
        {"spec": {"schedule": "0 4 * * *", "suspend": True, "jobTemplate": {"spec": _JOB}}},
        name="old-cronjob-a1",
    ),
    _old(
        "ingresses.extensions",
        "extensions/v1beta1",
        "Ingress",
        "networking.k8s.io/v1",
        {"spec": {"backend": {"serviceName": "web", "servicePort": "http"}, "rules": _RULES}},
        {
            "spec": {
                "defaultBackend": {"service": {"name": "web", "port": {"name": "http"}}},
                "rules": _NEW_RULES,
            }
        },
    ),
    _old(
        "ingresses.networking.k8s.io",
        "networking.k8s.io/v1beta1",
        "Ingress",
        "networking.k8s.io/v1",
        {"spec": {"ingressClassName": "inside", "rules": _RULES}},
        {"spec": {"ingressClassName": "inside", "rules": _NEW_RULES}},
        name="old-ingress-b1",
        annotations={"kubernetes.io/ingress.class": "outside"},
    ),
    _everywhere(
        "ingressclasses.networking.k8s.io",
        "networking.k8s.io/v1beta1",
        "IngressClass",
        "networking.k8s.io/v1",
        {"spec": {"controller": "example.org/kiosk"}},
    ),
    _old(
        "roles.rbac.authorization.k8s.io",
        "rbac.authorization.k8s.io/v1beta1",
        "Role",
        "rbac.authorization.k8s.io/v1",
        {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]},
    ),
    _old(
        "rolebindings.rbac.authorization.k8s.io",
        "rbac.authorization.k8s.io/v1beta1",
        "RoleBinding",
        "rbac.authorization.k8s.io/v1",
        {"roleRef": _ROLE_REF, "subjects": [{"kind": "ServiceAccount", "name": "web", "namespace": "kiosk"}]},
    ),
    _old(
        "rolebindings.rbac.authorization.k8s.io",
        "rbac.authorization.k8s.io/v1alpha1",
        "RoleBinding",
        "rbac.authorization.k8s.io/v1",
        {
            "roleRef": _ROLE_REF,
            "subjects": [
                {"kind": "ServiceAccount", "apiVersion": "v1", "name": "web", "namespace": "kiosk"},
                {"kind": "User", "apiVersion": "rbac.authorization.k8s.io/v1alpha1", "name": "*"},
            ],
        },
        {
            "subjects": [
                {"kind": "ServiceAccount", "name": "web", "namespace": "kiosk"},
                {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:authenticated"},
            ]
        },
        name="old-rolebinding-a1",
    ),
    _everywhere(
        "validatingwebhookconfigurations.admissionregistration.k8s.io",
        "admissionregistration.k8s.io/v1beta1",
        "ValidatingWebhookConfiguration",
        "admissionregistration.k8s.io/v1",
        {
            "webhooks": [
                {
                    "name": "kiosk.example.org",
                    "sideEffects": "Unknown",
                    "clientConfig": {"service": {"name": "hook", "namespace": "kiosk"}},
                    "rules": [_RULE_1],
                }
            ]
        },
        becomes={
            "webhooks": [
                {
                    "name": "kiosk.example.org",
                    "sideEffects": "None",
                    "clientConfig": {"service": {"name": "hook", "namespace": "kiosk"}},
                    "rules": [_RULE_1],
                    "failurePolicy": "Ignore",
                    "matchPolicy": "Exact",
                    "timeoutSeconds": 30,
                    "admissionReviewVersions": ["v1beta1"],
                }
            ]
        },
    ),
    _everywhere(
        "customresourcedefinitions.apiextensions.k8s.io",
        "apiextensions.k8s.io/v1beta1",
        "CustomResourceDefinition",
        "apiextensions.k8s.io/v1",
        {
            "spec": {
                "group": "old.example.org",
                "version": "v1",
                "scope": "Namespaced",
                "names": {"plural": "kiosks", "singular": "kiosk", "kind": "Kiosk", "listKind": "KioskList"},
                "validation": {
                    "openAPIV3Schema": {
                        "properties": {
                            "spec": {"properties": {"size": {"type": "integer", "minimum": 1}, "any": {}}},
                        }
                    }
                },
                "subresources": {"status": {}},
                "additionalPrinterColumns": [{"name": "Size", "type": "integer", "JSONPath": ".spec.size"}],
            }
        },
        becomes={
            "spec": {
                "group": "old.example.org",
                "scope": "Namespaced",
                "names": {"plural": "kiosks", "singular": "kiosk", "kind": "Kiosk", "listKind": "KioskList"},
                "versions": [
                    {
                        "name": "v1",
                        "served": True,
                        "storage": True,
                        "schema": {
                            "openAPIV3Schema": {
                                "type": "object",
                                "x-kubernetes-preserve-unknown-fields": True,
                                "properties": {
                                    "spec": {
                                        "type": "object",
                                        "x-kubernetes-preserve-unknown-fields": True,
                                        "properties": {
                                            "size": {"type": "integer", "minimum": 1},
                                            "any": {"x-kubernetes-preserve-unknown-fields": True},
                                        },
                                    }
                                },
                            }
                        },
                        "subresources": {"status": {}},
                        "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
                    }
                ],
            }
        },
        name="kiosks.old.example.org",
    ),
    _everywhere(
        "apiservices.apiregistration.k8s.io",
        "apiregistration.k8s.io/v1beta1",
        "APIService",
        "apiregistration.k8s.io/v1",
        {
            "spec": {
                "group": "far.example.org",
                "version": "v1",
                "groupPriorityMinimum": 100,
                "versionPriority": 10,
                "insecureSkipTLSVerify": True,
                "service": {"name": "far", "namespace": "kiosk"},
            }
        },
        name="v1.far.example.org",
    ),
    _everywhere(
        "certificatesigningrequests.certificates.k8s.io",
        "certificates.k8s.io/v1beta1",
        "CertificateSigningRequest",
        "certificates.k8s.io/v1",
        {"spec": {"request": "", "signerName": "example.org/kiosk", "usages": ["client auth"]}},
    ),
    _old(
        "leases.coordination.k8s.io",
        "coordination.k8s.io/v1beta1",
        "Lease",
        "coordination.k8s.io/v1",
        {"spec": {"holderIdentity": "kiosk"}},
    ),
    _everywhere(
        "priorityclasses.scheduling.k8s.io",
        "scheduling.k8s.io/v1beta1",
        "PriorityClass",
        "scheduling.k8s.io/v1",
        {"value": 7},
    ),
    _everywhere(
        "storageclasses.storage.k8s.io",
        "storage.k8s.io/v1beta1",
        "StorageClass",
        "storage.k8s.io/v1",
        {"provisioner": "example.org/kiosk"},
    ),
    _everywhere(
        "csidrivers.storage.k8s.io",
        "storage.k8s.io/v1beta1",
        "CSIDriver",
        "storage.k8s.io/v1",
        {"spec": {"attachRequired": False}},
        name="kiosk.example.org",
    ),
    _old(
        "csistoragecapacities.storage.k8s.io",
        "storage.k8s.io/v1beta1",
        "CSIStorageCapacity",
        "storage.k8s.io/v1",
        {"storageClassName": "kiosk"},
    ),
    _old(
        "endpointslices.discovery.k8s.io",
        "discovery.k8s.io/v1beta1",
        "EndpointSlice",
        "discovery.k8s.io/v1",
        {
            "addressType": "IPv4",
            "endpoints": [
                {
                    "addresses": ["192.0.2.7"],
                    "topology": {
                        "kubernetes.io/hostname": "n1",
                        "topology.kubernetes.io/zone": "a",
                        "topology.kubernetes.io/region": "b",
                    },
                }
            ],
        },
        {"endpoints": [{"addresses": ["192.0.2.7"], "nodeName": "n1", "zone": "a"}]},
    ),
    _old(
        "poddisruptionbudgets.policy",
        "policy/v1beta1",
        "PodDisruptionBudget",
        "policy/v1",
        {"spec": {"minAvailable": 1, "selector": {}}},
        {"spec": {"minAvailable": 1}},
    ),
    _old(
        "poddisruptionbudgets.policy",
        "policy/v1beta1",
        "PodDisruptionBudget",
        "policy/v1",
        {"spec": {"minAvailable": 1, "selector": _SELECTOR}},
        name="old-budget-with-selector",
    ),
    _everywhere(
        "runtimeclasses.node.k8s.io", "node.k8s.io/v1beta1", "RuntimeClass", "node.k8s.io/v1", {"handler": "kiosk"}
    ),
    _everywhere(
        "runtimeclasses.node.k8s.io",
        "node.k8s.io/v1alpha1",
        "RuntimeClass",
        "node.k8s.io/v1",
        {"spec": {"runtimeHandler": "kiosk", "overhead": {"podFixed": {"memory": "1Mi"}}}},
        becomes={"handler": "kiosk", "overhead": {"podFixed": {"memory": "1Mi"}}},
        name="old-runtimeclass-a1",
    ),
    _old(
        "horizontalpodautoscalers.autoscaling",
        "autoscaling/v2beta1",
        "HorizontalPodAutoscaler",
        "autoscaling/v2",
        {
            "spec": {
                "scaleTargetRef": _SCALED,
                "maxReplicas": 2,
                "metrics": [
                    {"type": "Resource", "resource": {"name": "cpu", "targetAverageUtilization": 50}},
                    {"type": "Resource", "resource": {"name": "memory", "targetAverageValue": "1Gi"}},
                    {
                        "type": "ContainerResource",
                        "containerResource": {"name": "cpu", "container": "main", "targetAverageUtilization": 60},
                    },
                    {"type": "Pods", "pods": {"metricName": "hits", "targetAverageValue": "10"}},
                    {
                        "type": "Object",
                        "object": {
                            "target": {"kind": "Service", "name": "web", "apiVersion": "v1"},
                            "metricName": "rate",
                            "targetValue": "5",
                            "selector": _SELECTOR,
                        },
                    },
                    {
                        "type": "External",
                        "external": {"metricName": "queue", "metricSelector": _SELECTOR, "targetAverageValue": "3"},
                    },
                ],
            }
        },
        {
            "spec": {
                "scaleTargetRef": {**_SCALED, "apiVersion": "apps/v1"},
                "maxReplicas": 2,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
                    },
                    {
                        "type": "Resource",
                        "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}},
                    },
                    {
                        "type": "ContainerResource",
                        "containerResource": {
                            "name": "cpu",
                            "container": "main",
                            "target": {"type": "Utilization", "averageUtilization": 60},
                        },
                    },
                    {
                        "type": "Pods",
                        "pods": {
                            "metric": {"name": "hits"},
                            "target": {"type": "AverageValue", "averageValue": "10"},
                        },
                    },
                    {
                        "type": "Object",
                        "object": {
                            "describedObject": {"kind": "Service", "name": "web", "apiVersion": "v1"},
                            "metric": {"name": "rate", "selector": _SELECTOR},
                            "target": {"type": "Value", "value": "5"},
                        },
                    },
                    {
                        "type": "External",
                        "external": {
                            "metric": {"name": "queue", "selector": _SELECTOR},
                            "target": {"type": "AverageValue", "averageValue": "3"},
                        },
                    },
                ],
            }
        },
    ),
    _old(
        "horizontalpodautoscalers.autoscaling",
        "autoscaling/v2beta2",
        "HorizontalPodAutoscaler",
        "autoscaling/v2",
        {"spec": {"scaleTargetRef": _SCALED, "maxReplicas": 2}},
        {"spec": {"scaleTargetRef": {**_SCALED, "apiVersion": "apps/v1"}, "maxReplicas": 2}},
        name="old-hpa-b2",
    ),
    *(
        _everywhere(
            "flowschemas.flowcontrol.apiserver.k8s.io",
            f"flowcontrol.apiserver.k8s.io/{version}",
            "FlowSchema",
            "flowcontrol.apiserver.k8s.io/v1",
            {
                "spec": {
                    "priorityLevelConfiguration": {"name": "global-default"},
                    "matchingPrecedence": 9000,
                    "rules": _FLOW_RULES,
                }
            },
            name=f"old-flow-{version}",
        )
        for version in ("v1beta1", "v1beta2", "v1beta3")
    ),
    *(
        _everywhere(
            "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
            f"flowcontrol.apiserver.k8s.io/{version}",
            "PriorityLevelConfiguration",
            "flowcontrol.apiserver.k8s.io/v1",
            {"spec": {"type": "Limited", "limited": {name: shares, "limitResponse": {"type": "Reject"}}}},
            becomes={
                "spec": {
                    "type": "Limited",
                    "limited": {"nominalConcurrencyShares": means, "limitResponse": {"type": "Reject"}},
                }
            },
            name=f"old-level-{version}",
        )
        for version, name, shares, means in (
            ("v1beta1", "assuredConcurrencyShares", 5, 5),
            ("v1beta2", "assuredConcurrencyShares", 0, 30),
            ("v1beta3", "nominalConcurrencyShares", 7, 7),
        )
    ),
    _everywhere(
        "validatingadmissionpolicies.admissionregistration.k8s.io",
        "admissionregistration.k8s.io/v1beta1",
        "ValidatingAdmissionPolicy",
        "admissionregistration.k8s.io/v1",
        {"spec": {"matchConstraints": _MATCH, "validations": [{"expression": "true"}]}},
        name="old-policy",
    ),
    _everywhere(
        "validatingadmissionpolicybindings.admissionregistration.k8s.io",
        "admissionregistration.k8s.io/v1alpha1",
        "ValidatingAdmissionPolicyBinding",
        "admissionregistration.k8s.io/v1",
        {"spec": {"policyName": "old-policy"}},
        becomes={"spec": {"policyName": "old-policy", "validationActions": ["Deny"]}},
        name="old-policy",
    ),
    _everywhere(
        "servicecidrs.networking.k8s.io",
        "networking.k8s.io/v1beta1",
        "ServiceCIDR",
        "networking.k8s.io/v1",
        {"spec": {"cidrs": ["198.18.77.0/24"]}},
        name="old-range",
    ),
    _old(
        "resourceclaims.resource.k8s.io",
        "resource.k8s.io/v1beta1",
        "ResourceClaim",
        "resource.k8s.io/v1",
        {"spec": {"devices": {"requests": [{"name": "gpu", "deviceClassName": "g", "allocationMode": "All"}]}}},
        {
            "spec": {
                "devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "g", "allocationMode": "All"}}]}
            }
        },
    ),
    _old(
        "resourceclaimtemplates.resource.k8s.io",
        "resource.k8s.io/v1alpha3",
        "ResourceClaimTemplate",
        "resource.k8s.io/v1",
        {"spec": {"spec": {"devices": {"requests": [{"name": "gpu", "deviceClassName": "g"}]}}}},
        {"spec": {"spec": {"devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "g"}}]}}}},
    ),
)

__all__ = ("OLD", "Old")
