# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every version of a type of Kubernetes that a server from 1.16 to 1.34 has given up, and where it has moved.

Source: https://kubernetes.io/docs/reference/using-api/deprecation-guide/ by release, and the API reference of 1.34;
the external-snapshotter's releases for snapshots. Rows without a change have the same fields in both versions.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.autoscaling import (
    HPA_SHAPE,
    convert_metrics,
    convert_scale_target,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.definitions import (
    DEFINITION_SHAPE,
    convert_definition,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.devices import (
    CLAIM_SHAPE,
    SLICE_SHAPE,
    TEMPLATE_SHAPE,
    convert_claim_template,
    convert_resource_claim,
    convert_resource_slice,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.move import (
    Change,
    Move,
    nothing_to_change,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.networking import (
    ENDPOINT_SLICE_SHAPE,
    INGRESS_SHAPE,
    convert_endpoint_slice,
    convert_ingress,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.policies import (
    BINDING_SHAPE,
    DISRUPTION_SHAPE,
    PRIORITY_LEVEL_SHAPE,
    RUNTIME_SHAPE,
    SIGNING_SHAPE,
    SUBJECTS_SHAPE,
    WEBHOOKS_SHAPE,
    convert_alpha_subjects,
    convert_disruption_budget,
    convert_policy_binding,
    convert_priority_level,
    convert_runtime_class,
    convert_shares,
    convert_signing_request,
    convert_webhooks,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.workloads import (
    WORKLOAD_SHAPE,
    convert_beta1_deployment,
    convert_beta1_stateful_set,
    convert_beta2_daemon_set,
    convert_extensions_daemon_set,
    convert_extensions_deployment,
    convert_selector,
)

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import Shape

_ADMISSION = "admissionregistration.k8s.io"
_FLOW = "flowcontrol.apiserver.k8s.io"
_NETWORKING = "networking.k8s.io"
_RBAC = "rbac.authorization.k8s.io"
_RESOURCE = "resource.k8s.io"
_SNAPSHOT = "snapshot.storage.k8s.io"
_STORAGE = "storage.k8s.io"


def _move(
    source: str,
    kind: str,
    plural: str,
    targets: str,
    change: Change = nothing_to_change,
    shape: Shape = dict,
) -> Move:
    """``source`` is written ``group/version`` or ``group/version,version``, ``targets`` with blanks between them."""
    group, _slash, versions = source.rpartition("/")
    return Move(
        group=group,
        versions=tuple(versions.split(",")),
        kind=kind,
        plural=plural,
        targets=tuple(targets.split()),
        change=change,
        shape=shape,
    )


def _same(source: str, target: str, *types: str) -> t.Iterator[Move]:
    """Types (``plural:Kind``) of one group that have the same fields in all versions."""
    for names in types:
        plural, _colon, kind = names.partition(":")
        yield _move(source, kind, plural, target)


MOVES: tuple[Move, ...] = (
    # gone with Kubernetes 1.16
    _move(
        "extensions/v1beta1",
        "Deployment",
        "deployments",
        "apps/v1",
        convert_extensions_deployment,
        WORKLOAD_SHAPE,
    ),
    _move("apps/v1beta1", "Deployment", "deployments", "apps/v1", convert_beta1_deployment, WORKLOAD_SHAPE),
    _move("apps/v1beta2", "Deployment", "deployments", "apps/v1", convert_selector, WORKLOAD_SHAPE),
    _move("extensions/v1beta1", "DaemonSet", "daemonsets", "apps/v1", convert_extensions_daemon_set, WORKLOAD_SHAPE),
    _move("apps/v1beta2", "DaemonSet", "daemonsets", "apps/v1", convert_beta2_daemon_set, WORKLOAD_SHAPE),
    _move("extensions/v1beta1", "ReplicaSet", "replicasets", "apps/v1", convert_selector, WORKLOAD_SHAPE),
    _move("apps/v1beta2", "ReplicaSet", "replicasets", "apps/v1", convert_selector, WORKLOAD_SHAPE),
    _move("apps/v1beta1", "StatefulSet", "statefulsets", "apps/v1", convert_beta1_stateful_set, WORKLOAD_SHAPE),
    _move("apps/v1beta2", "StatefulSet", "statefulsets", "apps/v1", convert_selector, WORKLOAD_SHAPE),
    *_same("apps/v1beta1,v1beta2", "apps/v1", "controllerrevisions:ControllerRevision"),
    *_same("extensions/v1beta1", "networking.k8s.io/v1", "networkpolicies:NetworkPolicy"),
    # gone with Kubernetes 1.21 and 1.25
    *_same("batch/v1beta1,v2alpha1", "batch/v1", "cronjobs:CronJob"),
    # gone with Kubernetes 1.22
    _move(
        "extensions/v1beta1",
        "Ingress",
        "ingresses",
        "networking.k8s.io/v1",
        convert_ingress,
        INGRESS_SHAPE,
    ),
    _move(f"{_NETWORKING}/v1beta1", "Ingress", "ingresses", f"{_NETWORKING}/v1", convert_ingress, INGRESS_SHAPE),
    *_same(f"{_NETWORKING}/v1beta1", f"{_NETWORKING}/v1", "ingressclasses:IngressClass"),
    *_same(f"{_RBAC}/v1beta1", f"{_RBAC}/v1", "roles:Role", "clusterroles:ClusterRole"),
    *_same(f"{_RBAC}/v1alpha1", f"{_RBAC}/v1", "roles:Role", "clusterroles:ClusterRole"),
    *_same(f"{_RBAC}/v1beta1", f"{_RBAC}/v1", "rolebindings:RoleBinding", "clusterrolebindings:ClusterRoleBinding"),
    *(
        _move(f"{_RBAC}/v1alpha1", kind, plural, f"{_RBAC}/v1", convert_alpha_subjects, SUBJECTS_SHAPE)
        for plural, kind in (("rolebindings", "RoleBinding"), ("clusterrolebindings", "ClusterRoleBinding"))
    ),
    *(
        _move(f"{_ADMISSION}/v1beta1", kind, plural, f"{_ADMISSION}/v1", convert_webhooks, WEBHOOKS_SHAPE)
        for plural, kind in (
            ("mutatingwebhookconfigurations", "MutatingWebhookConfiguration"),
            ("validatingwebhookconfigurations", "ValidatingWebhookConfiguration"),
        )
    ),
    _move(
        "apiextensions.k8s.io/v1beta1",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        "apiextensions.k8s.io/v1",
        convert_definition,
        DEFINITION_SHAPE,
    ),
    *_same("apiregistration.k8s.io/v1beta1", "apiregistration.k8s.io/v1", "apiservices:APIService"),
    _move(
        "certificates.k8s.io/v1beta1",
        "CertificateSigningRequest",
        "certificatesigningrequests",
        "certificates.k8s.io/v1",
        convert_signing_request,
        SIGNING_SHAPE,
    ),
    *_same("coordination.k8s.io/v1beta1", "coordination.k8s.io/v1", "leases:Lease"),
    *_same("scheduling.k8s.io/v1alpha1,v1beta1", "scheduling.k8s.io/v1", "priorityclasses:PriorityClass"),
    *_same(
        f"{_STORAGE}/v1alpha1,v1beta1",
        f"{_STORAGE}/v1",
        "csidrivers:CSIDriver",
        "csinodes:CSINode",
        "storageclasses:StorageClass",
        "volumeattachments:VolumeAttachment",
    ),
    # gone with Kubernetes 1.25
    _move(
        "discovery.k8s.io/v1alpha1,v1beta1",
        "EndpointSlice",
        "endpointslices",
        "discovery.k8s.io/v1",
        convert_endpoint_slice,
        ENDPOINT_SLICE_SHAPE,
    ),
    _move(
        "policy/v1beta1",
        "PodDisruptionBudget",
        "poddisruptionbudgets",
        "policy/v1",
        convert_disruption_budget,
        DISRUPTION_SHAPE,
    ),
    *_same("node.k8s.io/v1beta1", "node.k8s.io/v1", "runtimeclasses:RuntimeClass"),
    _move(
        "node.k8s.io/v1alpha1",
        "RuntimeClass",
        "runtimeclasses",
        "node.k8s.io/v1",
        convert_runtime_class,
        RUNTIME_SHAPE,
    ),
    _move(
        "autoscaling/v2beta1",
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        "autoscaling/v2 autoscaling/v2beta2",
        convert_metrics,
        HPA_SHAPE,
    ),
    # gone with Kubernetes 1.26
    _move(
        "autoscaling/v2beta2",
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        "autoscaling/v2",
        convert_scale_target,
        HPA_SHAPE,
    ),
    # gone with Kubernetes 1.26, 1.29 and 1.32; what v1alpha1 had is what v1beta1 has
    *_same(f"{_FLOW}/v1alpha1,v1beta1,v1beta2", f"{_FLOW}/v1 {_FLOW}/v1beta3", "flowschemas:FlowSchema"),
    *_same(f"{_FLOW}/v1beta3", f"{_FLOW}/v1", "flowschemas:FlowSchema"),
    _move(
        f"{_FLOW}/v1alpha1,v1beta1,v1beta2",
        "PriorityLevelConfiguration",
        "prioritylevelconfigurations",
        f"{_FLOW}/v1 {_FLOW}/v1beta3",
        convert_priority_level,
        PRIORITY_LEVEL_SHAPE,
    ),
    _move(
        f"{_FLOW}/v1beta3",
        "PriorityLevelConfiguration",
        "prioritylevelconfigurations",
        f"{_FLOW}/v1",
        convert_shares,
        PRIORITY_LEVEL_SHAPE,
    ),
    # gone with Kubernetes 1.27
    *_same(f"{_STORAGE}/v1alpha1,v1beta1", f"{_STORAGE}/v1", "csistoragecapacities:CSIStorageCapacity"),
    # gone with Kubernetes 1.31 to 1.34: beta versions that a server has only where somebody has switched them on
    *_same(f"{_STORAGE}/v1alpha1,v1beta1", f"{_STORAGE}/v1", "volumeattributesclasses:VolumeAttributesClass"),
    *_same(
        f"{_ADMISSION}/v1alpha1,v1beta1",
        f"{_ADMISSION}/v1",
        "validatingadmissionpolicies:ValidatingAdmissionPolicy",
    ),
    _move(
        f"{_ADMISSION}/v1alpha1,v1beta1",
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
        f"{_ADMISSION}/v1",
        convert_policy_binding,
        BINDING_SHAPE,
    ),
    *_same(
        f"{_ADMISSION}/v1alpha1",
        f"{_ADMISSION}/v1 {_ADMISSION}/v1beta1",
        "mutatingadmissionpolicies:MutatingAdmissionPolicy",
        "mutatingadmissionpolicybindings:MutatingAdmissionPolicyBinding",
    ),
    *_same("certificates.k8s.io/v1alpha1", "certificates.k8s.io/v1beta1", "clustertrustbundles:ClusterTrustBundle"),
    *_same(
        f"{_NETWORKING}/v1alpha1,v1beta1",
        f"{_NETWORKING}/v1",
        "ipaddresses:IPAddress",
        "servicecidrs:ServiceCIDR",
    ),
    _move(
        f"{_RESOURCE}/v1alpha3,v1beta1",
        "ResourceClaim",
        "resourceclaims",
        f"{_RESOURCE}/v1 {_RESOURCE}/v1beta2",
        convert_resource_claim,
        CLAIM_SHAPE,
    ),
    _move(
        f"{_RESOURCE}/v1alpha3,v1beta1",
        "ResourceClaimTemplate",
        "resourceclaimtemplates",
        f"{_RESOURCE}/v1 {_RESOURCE}/v1beta2",
        convert_claim_template,
        TEMPLATE_SHAPE,
    ),
    _move(
        f"{_RESOURCE}/v1alpha3,v1beta1",
        "ResourceSlice",
        "resourceslices",
        f"{_RESOURCE}/v1 {_RESOURCE}/v1beta2",
        convert_resource_slice,
        SLICE_SHAPE,
    ),
    *_same(f"{_RESOURCE}/v1alpha3,v1beta1", f"{_RESOURCE}/v1 {_RESOURCE}/v1beta2", "deviceclasses:DeviceClass"),
    *_same(
        f"{_RESOURCE}/v1beta2",
        f"{_RESOURCE}/v1",
        "deviceclasses:DeviceClass",
        "resourceclaims:ResourceClaim",
        "resourceclaimtemplates:ResourceClaimTemplate",
        "resourceslices:ResourceSlice",
    ),
    # external-snapshotter: v1 since 4.0, v1beta1 gone with 8.0
    *_same(
        f"{_SNAPSHOT}/v1beta1",
        f"{_SNAPSHOT}/v1",
        "volumesnapshots:VolumeSnapshot",
        "volumesnapshotclasses:VolumeSnapshotClass",
        "volumesnapshotcontents:VolumeSnapshotContent",
    ),
)

#: By apiVersion and kind.
BY_KIND: dict[tuple[str, str], Move] = {(source, move.kind): move for move in MOVES for source in move.sources}

__all__ = ("BY_KIND", "MOVES")
