# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Types that servers have given up, and that have no other version to move to: what to do instead."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t


class Gone(t.NamedTuple):
    """``since`` is the release of Kubernetes that had it no more; ``advice`` a sentence."""

    since: str
    advice: str


_POD_SECURITY = Gone(
    "1.25",
    "Pod Security admission has taken its place: label the namespaces with pod-security.kubernetes.io/enforce",
)
_OLD_DEVICES = Gone("1.32", "Write it anew for resource.k8s.io/v1, which describes devices in another way")
_OWN_CANDIDATES = Gone("1.32", "The components that elect a leader among themselves write their own")
_OLD_REGISTRATION = Gone("1.14", "A webhook configuration does what it did")

#: By apiVersion and kind. Source: https://kubernetes.io/docs/reference/using-api/deprecation-guide/ and the
#: changelogs of the releases.
GONE: dict[tuple[str, str], Gone] = {
    ("policy/v1beta1", "PodSecurityPolicy"): _POD_SECURITY,
    ("extensions/v1beta1", "PodSecurityPolicy"): _POD_SECURITY,
    ("settings.k8s.io/v1alpha1", "PodPreset"): Gone("1.20", "A mutating admission webhook or policy does what it did"),
    ("auditregistration.k8s.io/v1alpha1", "AuditSink"): Gone("1.19", "Auditing is set up by flags of the API server"),
    ("extensions/v1beta1", "ThirdPartyResource"): Gone("1.8", "A CustomResourceDefinition has taken its place"),
    ("admissionregistration.k8s.io/v1alpha1", "InitializerConfiguration"): _OLD_REGISTRATION,
    ("admissionregistration.k8s.io/v1alpha1", "ExternalAdmissionHookConfiguration"): _OLD_REGISTRATION,
    ("coordination.k8s.io/v1alpha1", "LeaseCandidate"): _OWN_CANDIDATES,
    ("networking.k8s.io/v1alpha1", "ClusterCIDR"): Gone(
        "1.29", "The network plugin gives nodes their ranges of addresses"
    ),
    ("resource.k8s.io/v1alpha1", "ResourceClaim"): _OLD_DEVICES,
    ("resource.k8s.io/v1alpha1", "ResourceClaimTemplate"): _OLD_DEVICES,
    ("resource.k8s.io/v1alpha1", "ResourceClass"): _OLD_DEVICES,
    ("resource.k8s.io/v1alpha1", "PodScheduling"): _OLD_DEVICES,
    ("resource.k8s.io/v1alpha2", "ResourceClaim"): _OLD_DEVICES,
    ("resource.k8s.io/v1alpha2", "ResourceClaimTemplate"): _OLD_DEVICES,
    ("resource.k8s.io/v1alpha2", "ResourceClass"): _OLD_DEVICES,
    ("resource.k8s.io/v1alpha2", "ResourceClaimParameters"): _OLD_DEVICES,
    ("resource.k8s.io/v1alpha2", "ResourceClassParameters"): _OLD_DEVICES,
    ("resource.k8s.io/v1alpha2", "ResourceSlice"): _OLD_DEVICES,
    ("resource.k8s.io/v1alpha2", "PodSchedulingContext"): _OLD_DEVICES,
    ("resource.k8s.io/v1alpha3", "PodSchedulingContext"): _OLD_DEVICES,
}

__all__ = ("GONE", "Gone")
