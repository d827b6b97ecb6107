# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a Pod object says: which one it is, whether it has ended, which claims it mounts."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

_FINISHED_PHASES = ("Succeeded", "Failed")


def pod_identity(pod: t.Mapping[str, t.Any]) -> tuple[str, str]:
    """Namespace and name."""
    metadata = pod.get("metadata") or {}
    return str(metadata.get("namespace", "")), str(metadata.get("name", ""))


def is_finished(pod: t.Mapping[str, t.Any]) -> bool:
    """True for a pod that has run to its end: its hooks are skipped."""
    return (pod.get("status") or {}).get("phase") in _FINISHED_PHASES


def mounted_claims(pod: t.Mapping[str, t.Any]) -> tuple[str, ...]:
    """The claims of the pod's volumes, in their order. An ephemeral volume's is named after the pod and the volume."""
    name = pod_identity(pod)[1]
    claims = []
    for volume in (pod.get("spec") or {}).get("volumes") or []:
        if "persistentVolumeClaim" in volume:
            claims.append(str(volume["persistentVolumeClaim"]["claimName"]))
        elif "ephemeral" in volume:
            claims.append(f"{name}-{volume['name']}")
    return tuple(dict.fromkeys(claims))


__all__ = ("is_finished", "mounted_claims", "pod_identity")
