# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What helps against a refusal of admission control, which is Forbidden too, but no lack of a right."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re

#: The words of Kubernetes 1.34 (``plugin/pkg/admission``, ``staging/src/k8s.io/apiserver/pkg/admission`` and
#: ``pkg/registry/rbac``), and the remedy, which may take parts of them.
_REMEDIES = tuple(
    (re.compile(words), remedy)
    for words, remedy in (
        (
            r"exceeded quota: (?P<name>[^,\s]+)",
            "Raise the ResourceQuota {name} of the namespace, or delete there what is not needed.",
        ),
        (
            r"failed quota: (?P<name>[^:\s]+): must specify",
            "Set these resources on the containers, or by a LimitRange, as the ResourceQuota {name} wants.",
        ),
        (
            r"usage per (?P<kind>Container|Pod|PersistentVolumeClaim) is|limit to request ratio per ",
            "Change the LimitRange of the namespace, or what the object asks for.",
        ),
        (
            r"violates PodSecurity ",
            "Change the label pod-security.kubernetes.io/enforce of the namespace, or what the pod asks for.",
        ),
        (
            r"error looking up service account (?P<name>[^:\s]+):",
            "The ServiceAccount {name} has to be there first: create it, or restore it as well.",
        ),
        (
            r"no PriorityClass with name (?P<name>\S+) was found",
            "The PriorityClass {name} has to be there first: create it, or restore it as well.",
        ),
        (
            r"because it is being terminated",
            "Wait until the namespace is gone, and run this again.",
        ),
        (
            r"attempting to grant RBAC permissions not currently held",
            "Give this user these rights too, or the verbs escalate on roles and bind on the role of a binding.",
        ),
        (
            r"ValidatingAdmissionPolicy '(?P<name>[^']+)'",
            "Change the object so that the ValidatingAdmissionPolicy {name} lets it pass, or the policy.",
        ),
        (
            r'admission webhook "(?P<name>[^"]+)" denied',
            "Change the object so that the webhook {name} lets it pass, or the policy behind it.",
        ),
    )
)


def remedy_for(refusal: str) -> str:
    """What helps, by the words of the refusal; empty where they are not those of an admission controller."""
    for words, remedy in _REMEDIES:
        if found := words.search(refusal):
            return remedy.format(**found.groupdict())
    return ""


__all__ = ("remedy_for",)
