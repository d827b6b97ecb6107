# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kubernetes' own types: which kind lies under which plural, and which are in a namespace.

Source: the API reference of Kubernetes 1.36 and, for what is gone since, of 1.16 and 1.21; external-snapshotter 8.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource


class BuiltinType(t.NamedTuple):
    """One type that has the same name in every cluster that has it."""

    group_resource: GroupResource
    kind: str
    namespaced: bool


def _read(group: str, namespaced: str, cluster: str) -> t.Iterator[BuiltinType]:
    """From words such as ``pods:Pod``."""
    for words, in_namespace in ((namespaced, True), (cluster, False)):
        for word in words.split():
            plural, _colon, kind = word.partition(":")
            yield BuiltinType(GroupResource(plural, group), kind, in_namespace)


_TYPES: tuple[BuiltinType, ...] = (
    *_read(
        "",
        "bindings:Binding configmaps:ConfigMap endpoints:Endpoints events:Event limitranges:LimitRange "
        "persistentvolumeclaims:PersistentVolumeClaim pods:Pod podtemplates:PodTemplate "
        "replicationcontrollers:ReplicationController resourcequotas:ResourceQuota secrets:Secret "
        "serviceaccounts:ServiceAccount services:Service",
        "componentstatuses:ComponentStatus namespaces:Namespace nodes:Node persistentvolumes:PersistentVolume",
    ),
    *_read(
        "admissionregistration.k8s.io",
        "",
        "mutatingadmissionpolicies:MutatingAdmissionPolicy "
        "mutatingadmissionpolicybindings:MutatingAdmissionPolicyBinding "
        "mutatingwebhookconfigurations:MutatingWebhookConfiguration "
        "validatingadmissionpolicies:ValidatingAdmissionPolicy "
        "validatingadmissionpolicybindings:ValidatingAdmissionPolicyBinding "
        "validatingwebhookconfigurations:ValidatingWebhookConfiguration",
    ),
    *_read(
        "apiextensions.k8s.io",
        "",
        "customresourcedefinitions:CustomResourceDefinition",
    ),
    *_read(
        "apiregistration.k8s.io",
        "",
        "apiservices:APIService",
    ),
    *_read(
        "apps",
        "controllerrevisions:ControllerRevision daemonsets:DaemonSet deployments:Deployment replicasets:ReplicaSet "
        "statefulsets:StatefulSet",
        "",
    ),
    *_read(
        "autoscaling",
        "horizontalpodautoscalers:HorizontalPodAutoscaler",
        "",
    ),
    *_read(
        "batch",
        "cronjobs:CronJob jobs:Job",
        "",
    ),
    *_read(
        "certificates.k8s.io",
        "",
        "certificatesigningrequests:CertificateSigningRequest clustertrustbundles:ClusterTrustBundle",
    ),
    *_read(
        "coordination.k8s.io",
        "leases:Lease leasecandidates:LeaseCandidate",
        "",
    ),
    *_read(
        "discovery.k8s.io",
        "endpointslices:EndpointSlice",
        "",
    ),
    *_read(
        "events.k8s.io",
        "events:Event",
        "",
    ),
    *_read(
        "extensions",
        "daemonsets:DaemonSet deployments:Deployment ingresses:Ingress networkpolicies:NetworkPolicy "
        "replicasets:ReplicaSet",
        "podsecuritypolicies:PodSecurityPolicy",
    ),
    *_read(
        "flowcontrol.apiserver.k8s.io",
        "",
        "flowschemas:FlowSchema prioritylevelconfigurations:PriorityLevelConfiguration",
    ),
    *_read(
        "networking.k8s.io",
        "ingresses:Ingress networkpolicies:NetworkPolicy",
        "ingressclasses:IngressClass ipaddresses:IPAddress servicecidrs:ServiceCIDR",
    ),
    *_read(
        "node.k8s.io",
        "",
        "runtimeclasses:RuntimeClass",
    ),
    *_read(
        "policy",
        "poddisruptionbudgets:PodDisruptionBudget",
        "podsecuritypolicies:PodSecurityPolicy",
    ),
    *_read(
        "rbac.authorization.k8s.io",
        "rolebindings:RoleBinding roles:Role",
        "clusterrolebindings:ClusterRoleBinding clusterroles:ClusterRole",
    ),
    *_read(
        "scheduling.k8s.io",
        "",
        "priorityclasses:PriorityClass",
    ),
    *_read(
        "snapshot.storage.k8s.io",
        "volumesnapshots:VolumeSnapshot",
        "volumesnapshotclasses:VolumeSnapshotClass volumesnapshotcontents:VolumeSnapshotContent",
    ),
    *_read(
        "storage.k8s.io",
        "csistoragecapacities:CSIStorageCapacity",
        "csidrivers:CSIDriver csinodes:CSINode storageclasses:StorageClass volumeattachments:VolumeAttachment "
        "volumeattributesclasses:VolumeAttributesClass",
    ),
)
_BY_PLURAL = {one.group_resource: one for one in _TYPES}
_BY_KIND = {(one.group_resource.group, one.kind): one for one in _TYPES}


def builtin_type(group_resource: GroupResource) -> BuiltinType | None:
    return _BY_PLURAL.get(group_resource)


def builtin_kind(group: str, kind: str) -> BuiltinType | None:
    return _BY_KIND.get((group, kind))


__all__ = ("BuiltinType", "builtin_kind", "builtin_type")
