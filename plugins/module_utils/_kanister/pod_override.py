# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""podOverride: a part of a PodSpec that is merged into the pod of a function (docs/compatibility 15.10)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.json_patch import PatchError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.strategic_merge import apply_strategic_merge

#: The container that the command of a function runs in.
CONTAINER = "container"

_FIELDS = (
    "activeDeadlineSeconds affinity automountServiceAccountToken containers dnsConfig dnsPolicy enableServiceLinks "
    "ephemeralContainers hostAliases hostIPC hostNetwork hostPID hostUsers hostname hostnameOverride imagePullSecrets "
    "initContainers nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName readinessGates "
    "resourceClaims resources restartPolicy runtimeClassName schedulerName schedulingGates securityContext "
    "serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain "
    "terminationGracePeriodSeconds tolerations topologySpreadConstraints volumes"
)
#: The fields of a PodSpec (Kubernetes 1.34): what is not among them does nothing.
POD_SPEC_FIELDS = frozenset(_FIELDS.split())


def override_pod_spec(spec: t.Mapping[str, t.Any], override: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """``spec`` with ``override`` merged into it; the container of the command is the first one.

    Raises ``BlueprintError`` for an override that no PodSpec can take.
    """
    merged = _merge(spec, override)
    containers = merged.get("containers")
    if isinstance(containers, list):
        own = [each for each in containers if isinstance(each, dict) and each.get("name") == CONTAINER]
        merged["containers"] = own + [each for each in containers if each not in own]
    return merged


def misplaced_fields(override: t.Any) -> tuple[str, ...]:
    """The members that a PodSpec has not, such as ``spec``."""
    return tuple(sorted(set(override) - POD_SPEC_FIELDS)) if isinstance(override, t.Mapping) else ()


def _merge(spec: t.Mapping[str, t.Any], override: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    pod = {"apiVersion": "v1", "kind": "Pod", "spec": dict(spec)}
    try:
        merged = apply_strategic_merge(pod, {"spec": dict(override)})
    except PatchError as exc:
        raise BlueprintError(f"The argument podOverride cannot be merged: {exc.message}", hint=exc.hint) from exc
    found: dict[str, t.Any] = merged.get("spec", {})
    return found


__all__ = ("CONTAINER", "POD_SPEC_FIELDS", "misplaced_fields", "override_pod_spec")
