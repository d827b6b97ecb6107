# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a Pod object says: which one it is, whether it runs or has ended, which claims it mounts."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView

#: Of a pod that has run to its end.
FINISHED_PHASES = ("Succeeded", "Failed")
#: What a container says of its user in the place of the pod.
_USER = ("runAsUser", "runAsGroup")


def pod_identity(pod: ObjectView) -> tuple[str, str]:
    """Namespace and name."""
    metadata = pod.get("metadata") or {}
    return str(metadata.get("namespace", "")), str(metadata.get("name", ""))


def is_finished(pod: ObjectView) -> bool:
    """True for a pod that has run to its end: its hooks are skipped."""
    return (pod.get("status") or {}).get("phase") in FINISHED_PHASES


def is_running(pod: ObjectView) -> bool:
    """True while its phase is Running, whether or not it is ready."""
    return (pod.get("status") or {}).get("phase") == "Running"


def claim_of_volume(pod_name: str, volume: ObjectView) -> str:
    """The claim behind an entry of a pod's ``spec.volumes``; empty where it is none.

    An ephemeral volume's is named after the pod and the volume.
    """
    if "persistentVolumeClaim" in volume:
        return str((volume["persistentVolumeClaim"] or {}).get("claimName") or "")
    return f"{pod_name}-{volume.get('name')}" if "ephemeral" in volume else ""


def user_of_pod(spec: ObjectView, volume: str = "") -> ObjectView:
    """The securityContext with which the files of a volume are used: the pod's, and what its container says itself.

    That is the first one that mounts ``volume``; without a name, the first that mounts anything.
    """
    return next((user for _container, user in users_of_volume(spec, volume)), spec.get("securityContext") or {})


def users_of_volume(spec: ObjectView, volume: str = "") -> list[tuple[str, ObjectView]]:
    """The same of each container that mounts it, with the container's name, in their order."""
    found: list[tuple[str, ObjectView]] = []
    for container in spec.get("containers") or ():
        mounts = {str(mount.get("name")) for mount in container.get("volumeMounts") or ()}
        if volume in mounts or (mounts and not volume):
            own = container.get("securityContext") or {}
            said = {name: own[name] for name in _USER if own.get(name) is not None}
            found.append((str(container.get("name")), {**(spec.get("securityContext") or {}), **said}))
    return found


def mounted_claims(pod: ObjectView) -> tuple[str, ...]:
    """The claims of the pod's volumes, in their order."""
    name = pod_identity(pod)[1]
    claims = (claim_of_volume(name, volume) for volume in (pod.get("spec") or {}).get("volumes") or ())
    return tuple(dict.fromkeys(filter(None, claims)))


def claims_in_use(pod: ObjectView) -> tuple[str, ...]:
    """The claims of a pod that has not ended."""
    return () if is_finished(pod) else mounted_claims(pod)


def ephemeral_claims(pod: ObjectView) -> tuple[str, ...]:
    """The claims that are made for the pod's ephemeral volumes."""
    name = pod_identity(pod)[1]
    volumes = (pod.get("spec") or {}).get("volumes") or ()
    return tuple(claim_of_volume(name, volume) for volume in volumes if "ephemeral" in volume)


__all__ = (
    "FINISHED_PHASES",
    "claim_of_volume",
    "claims_in_use",
    "ephemeral_claims",
    "is_finished",
    "is_running",
    "mounted_claims",
    "pod_identity",
    "user_of_pod",
    "users_of_volume",
)
