# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In which versions Kubernetes 1.16 to 1.33 served the types that have moved, and which one a backup has them in.

Sources: https://kubernetes.io/docs/reference/using-api/deprecation-guide/; the releases in which a version came and
went, ``staging/src/k8s.io/api/*/*/zz_generated.prerelease-lifecycle.go`` of Kubernetes 1.34, and the changelogs for
what that has no more (policies of pod security, alpha versions); the order of versions in a group,
``apiVersionPriorities`` in ``cmd/kube-apiserver/app/aggregator.go`` from 1.16 to 1.34; beta versions that came with
1.24 or later are off unless somebody switches them on (KEP 3136), as alpha versions are.

Velero asks for each type in the version of its group that the server prefers, and for a type that this version does not
have in the next one that does (``pkg/discovery/helper.go``).
"""

from __future__ import annotations

import re
import typing as t

#: The releases of Kubernetes 1 that this is about.
MINORS = range(16, 34)
#: The release that the tests restore into.
TARGET = 34


class Versions(t.NamedTuple):
    """One group-resource: the first release that had a version, and the first that had it no more, for each version."""

    group: str
    plural: str
    kind: str
    namespaced: bool
    served: dict[str, tuple[int, int]]
    #: Versions that are there only where somebody has switched them on.
    switched: frozenset[str]

    @property
    def group_resource(self) -> str:
        return f"{self.plural}.{self.group}"

    def api_version(self, version: str) -> str:
        return f"{self.group}/{version}"

    def at(self, minor: int, *, everything: bool = False) -> list[str]:
        """What a server of 1.``minor`` has of it, the preferred version first; ``everything``: all is switched on."""
        there = [
            version
            for version, (first, gone) in self.served.items()
            if first <= minor < gone and (everything or version not in self.switched)
        ]
        return sorted(there, key=lambda version: _rank(self.group, version))


def _rank(group: str, version: str) -> tuple[int, int, int]:
    """Smaller is better: finished, beta, alpha; of autoscaling v2, v1, v2beta1, v2beta2; else the newer one."""
    number, stage, draft = t.cast("re.Match[str]", re.fullmatch(r"v(\d+)(alpha|beta|)(\d*)", version)).groups()
    newest = int(draft or 0) if group == "autoscaling" else -int(draft or 0)
    return ({"": 0, "beta": 1, "alpha": 2}[stage], -int(number), newest)


_STAYS = 99


def _type(group: str, names: str, served: str, *, cluster: bool = False) -> t.Iterator[Versions]:
    """``names``: ``plural:Kind`` and more; ``served``: ``v1:9-`` and ``v1beta1:5-22``, with ``?`` if off by default."""
    versions, switched = {}, set()
    for word in served.split():
        version, _colon, span = word.partition(":")
        first, _dash, gone = span.rstrip("?").partition("-")
        versions[version] = (int(first), int(gone or _STAYS))
        if span.endswith("?") or "alpha" in version:
            switched.add(version)
    for name in names.split():
        plural, _colon, kind = name.partition(":")
        yield Versions(group, plural, kind, not cluster, versions, frozenset(switched))


_ADMISSION, _RBAC, _STORAGE = "admissionregistration.k8s.io", "rbac.authorization.k8s.io", "storage.k8s.io"
_NETWORKING, _FLOW, _RESOURCE = "networking.k8s.io", "flowcontrol.apiserver.k8s.io", "resource.k8s.io"

TYPES: tuple[Versions, ...] = (
    # What 1.16 had still, for those who switched it on.
    *_type(
        "extensions",
        "deployments:Deployment daemonsets:DaemonSet replicasets:ReplicaSet networkpolicies:NetworkPolicy",
        "v1beta1:1-18?",
    ),
    *_type("extensions", "podsecuritypolicies:PodSecurityPolicy", "v1beta1:2-18?", cluster=True),
    *_type("extensions", "ingresses:Ingress", "v1beta1:1-22"),
    *_type("apps", "deployments:Deployment statefulsets:StatefulSet", "v1:9- v1beta1:5-18? v1beta2:8-18?"),
    *_type("apps", "controllerrevisions:ControllerRevision", "v1:9- v1beta1:7-18? v1beta2:8-18?"),
    *_type("apps", "daemonsets:DaemonSet replicasets:ReplicaSet", "v1:9- v1beta2:8-18?"),
    *_type("batch", "cronjobs:CronJob", "v1:21- v1beta1:8-25 v2alpha1:5-21"),
    *_type(
        "autoscaling", "horizontalpodautoscalers:HorizontalPodAutoscaler", "v2:23- v1:2- v2beta1:8-25 v2beta2:12-26"
    ),
    *_type("policy", "poddisruptionbudgets:PodDisruptionBudget", "v1:21- v1beta1:5-25"),
    *_type("policy", "podsecuritypolicies:PodSecurityPolicy", "v1beta1:10-25", cluster=True),
    *_type(_NETWORKING, "networkpolicies:NetworkPolicy", "v1:7-"),
    *_type(_NETWORKING, "ingresses:Ingress", "v1:19- v1beta1:14-22"),
    *_type(_NETWORKING, "ingressclasses:IngressClass", "v1:19- v1beta1:18-22", cluster=True),
    *_type(_NETWORKING, "ipaddresses:IPAddress", "v1:33- v1beta1:31-37? v1alpha1:27-34", cluster=True),
    *_type(_NETWORKING, "servicecidrs:ServiceCIDR", "v1:33- v1beta1:31-37? v1alpha1:29-34", cluster=True),
    *_type(_NETWORKING, "clustercidrs:ClusterCIDR", "v1alpha1:25-29", cluster=True),
    *_type(_RBAC, "roles:Role rolebindings:RoleBinding", "v1:8- v1beta1:6-22 v1alpha1:5-22"),
    *_type(
        _RBAC,
        "clusterroles:ClusterRole clusterrolebindings:ClusterRoleBinding",
        "v1:8- v1beta1:6-22 v1alpha1:5-22",
        cluster=True,
    ),
    *_type(
        _ADMISSION,
        "mutatingwebhookconfigurations:MutatingWebhookConfiguration "
        "validatingwebhookconfigurations:ValidatingWebhookConfiguration",
        "v1:16- v1beta1:9-22",
        cluster=True,
    ),
    *_type(
        _ADMISSION,
        "validatingadmissionpolicies:ValidatingAdmissionPolicy "
        "validatingadmissionpolicybindings:ValidatingAdmissionPolicyBinding",
        "v1:30- v1beta1:28-34? v1alpha1:26-32",
        cluster=True,
    ),
    *_type(
        _ADMISSION,
        "mutatingadmissionpolicies:MutatingAdmissionPolicy "
        "mutatingadmissionpolicybindings:MutatingAdmissionPolicyBinding",
        "v1beta1:34-40? v1alpha1:32-38",
        cluster=True,
    ),
    *_type(
        "apiextensions.k8s.io",
        "customresourcedefinitions:CustomResourceDefinition",
        "v1:16- v1beta1:7-22",
        cluster=True,
    ),
    *_type("apiregistration.k8s.io", "apiservices:APIService", "v1:10- v1beta1:7-22", cluster=True),
    *_type(
        "certificates.k8s.io",
        "certificatesigningrequests:CertificateSigningRequest",
        "v1:19- v1beta1:12-22",
        cluster=True,
    ),
    *_type(
        "certificates.k8s.io", "clustertrustbundles:ClusterTrustBundle", "v1beta1:33-39? v1alpha1:26-37", cluster=True
    ),
    *_type("coordination.k8s.io", "leases:Lease", "v1:14- v1beta1:12-22"),
    *_type("coordination.k8s.io", "leasecandidates:LeaseCandidate", "v1beta1:33-39? v1alpha2:32-38 v1alpha1:31-32"),
    *_type("discovery.k8s.io", "endpointslices:EndpointSlice", "v1:21- v1beta1:17-25 v1alpha1:16-17"),
    *_type("events.k8s.io", "events:Event", "v1:19- v1beta1:8-25"),
    *_type("scheduling.k8s.io", "priorityclasses:PriorityClass", "v1:14- v1beta1:11-22 v1alpha1:8-22", cluster=True),
    *_type("node.k8s.io", "runtimeclasses:RuntimeClass", "v1:20- v1beta1:14-25 v1alpha1:12-23", cluster=True),
    *_type(_STORAGE, "storageclasses:StorageClass", "v1:6- v1beta1:4-22", cluster=True),
    *_type(_STORAGE, "volumeattachments:VolumeAttachment", "v1:13- v1beta1:10-22 v1alpha1:9-24", cluster=True),
    *_type(_STORAGE, "csidrivers:CSIDriver", "v1:18- v1beta1:14-22", cluster=True),
    *_type(_STORAGE, "csinodes:CSINode", "v1:17- v1beta1:14-22", cluster=True),
    *_type(_STORAGE, "csistoragecapacities:CSIStorageCapacity", "v1:24- v1beta1:21-27 v1alpha1:19-24"),
    *_type(
        _STORAGE, "volumeattributesclasses:VolumeAttributesClass", "v1:34- v1beta1:31-37? v1alpha1:29-35", cluster=True
    ),
    *_type(
        _FLOW,
        "flowschemas:FlowSchema prioritylevelconfigurations:PriorityLevelConfiguration",
        "v1:29- v1beta3:26-32 v1beta2:23-29 v1beta1:20-26 v1alpha1:18-22",
        cluster=True,
    ),
    *_type("settings.k8s.io", "podpresets:PodPreset", "v1alpha1:6-20"),
    *_type("auditregistration.k8s.io", "auditsinks:AuditSink", "v1alpha1:13-19", cluster=True),
    *_type(
        _RESOURCE,
        "resourceclaims:ResourceClaim resourceclaimtemplates:ResourceClaimTemplate",
        "v1:34- v1beta2:33-39? v1beta1:32-38? v1alpha3:31-33 v1alpha2:27-31 v1alpha1:26-27",
    ),
    *_type(
        _RESOURCE,
        "resourceslices:ResourceSlice",
        "v1:34- v1beta2:33-39? v1beta1:32-38? v1alpha3:31-33 v1alpha2:30-31",
        cluster=True,
    ),
    *_type(_RESOURCE, "deviceclasses:DeviceClass", "v1:34- v1beta2:33-39? v1beta1:32-38? v1alpha3:31-33", cluster=True),
    *_type(_RESOURCE, "resourceclasses:ResourceClass", "v1alpha2:27-31 v1alpha1:26-27", cluster=True),
    *_type(_RESOURCE, "podschedulings:PodScheduling", "v1alpha1:26-27"),
    *_type(_RESOURCE, "podschedulingcontexts:PodSchedulingContext", "v1alpha3:31-32 v1alpha2:27-31"),
    *_type(
        _RESOURCE,
        "resourceclaimparameters:ResourceClaimParameters resourceclassparameters:ResourceClassParameters",
        "v1alpha2:30-31",
    ),
)

__all__ = ("MINORS", "TARGET", "TYPES", "Versions")
