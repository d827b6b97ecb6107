# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which volumes of pods are copied file by file (Velero 1.18: file system backup, docs/compatibility 3.12, 19.12).

A volume policy decides first, then the annotations of the pod: by them volumes are opted in, or, where the files of all
volumes are wanted, opted out. Reasons have Velero's words.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import (
    claim_of_volume,
    is_running,
    pod_identity,
    user_of_pod,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume

#: Names of volumes, with commas.
OPT_IN = "backup.velero.io/backup-volumes"
OPT_OUT = "backup.velero.io/backup-volumes-excludes"
#: What never is: it is not below the kubelet's folder, or stored as an object (Velero).
_NEVER = ("hostPath", "secret", "configMap", "projected", "downwardAPI")
_TOKEN = "default-token"
#: The mark of a pod that a file of its node makes.
_MIRROR = "kubernetes.io/config.mirror"
_NOT_MOUNTED = "podvolume: no running pod of the backup mounts it;"
_ONE_POD = "ReadWriteOncePod"
#: The names of containers begin so that are added to a pod to read its volumes.
ADDED_CONTAINER = "arkive-mover-"
#: Whoever sets it lets a container be added to pods whose volumes nobody else can mount.
CONSENT = "mover.ephemeral_containers: true"
_MANY_NODES = ("ReadWriteMany", "ReadOnlyMany")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PodVolume:
    """A volume of a pod. ``claim`` is empty where it has none; ``source`` is its kind (``emptyDir``).

    ``is_named``: the pod names it by an annotation. ``is_wanted``: by the annotations and the default, its files are to
    be copied. ``by_claim``: it is a claim's, and not one that is made for the pod. ``trouble``: why a pod is not one
    whose volumes can be read, in Velero's words. ``is_device``: a container has it as a block device. ``selector``,
    ``tolerations``, ``security``: of the pod. ``labels``: the SELinux labels of the container that has it. ``in_pod``:
    no other pod can read it, so that a container is added to its own. ``is_static``: a file of the node makes the pod.
    """

    namespace: str
    pod: str
    pod_uid: str
    node: str
    volume: str
    source: str
    claim: str = ""
    by_claim: bool = False
    is_named: bool = False
    is_wanted: bool = False
    trouble: str = ""
    is_mounted: bool = True
    is_device: bool = False
    selector: ObjectView = dataclasses.field(default_factory=dict)
    tolerations: tuple[ObjectView, ...] = ()
    security: ObjectView = dataclasses.field(default_factory=dict)
    labels: ObjectView = dataclasses.field(default_factory=dict)
    in_pod: bool = False
    is_static: bool = False

    @property
    def is_running(self) -> bool:
        return not self.trouble

    @property
    def pod_name(self) -> str:
        return f"{self.namespace}/{self.pod}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FileChoice:
    """The files of a claim's volume are wanted, and read as ``volume``; None: they cannot be, for ``reason``.

    ``reason`` has Velero's form, ``error`` is a sentence, empty where it is none. ``is_asked``: by the backup itself,
    and not by a pod's annotation alone.
    """

    volume: PodVolume | None = None
    reason: str = ""
    error: str = ""
    is_asked: bool = False


def volumes_of_pod(pod: ObjectView, *, by_default: bool) -> list[PodVolume]:
    """Those that may be copied by their files. ``by_default``: all are wanted that the pod does not opt out."""
    metadata, spec = pod.get("metadata") or {}, pod.get("spec") or {}
    annotations = metadata.get("annotations") or {}
    named, left_out = _names(annotations, OPT_IN), _names(annotations, OPT_OUT)
    containers = spec.get("containers") or ()
    mounted = {mount.get("name") for each in containers for mount in each.get("volumeMounts") or ()}
    devices = {device.get("name") for each in containers for device in each.get("volumeDevices") or ()}
    namespace, pod_name = pod_identity(pod)
    found = []
    for volume in spec.get("volumes") or ():
        name, source = str(volume.get("name") or ""), next((key for key in volume if key != "name"), "")
        if source in _NEVER or name.startswith(_TOKEN):
            continue
        found.append(
            PodVolume(
                namespace=namespace,
                pod=pod_name,
                pod_uid=str(metadata.get("uid") or ""),
                node=str(spec.get("nodeName") or ""),
                volume=name,
                source=source,
                claim=claim_of_volume(pod_name, volume),
                by_claim=source == "persistentVolumeClaim",
                is_named=name in named,
                is_wanted=name not in left_out if by_default else name in named,
                trouble=why_not_running(pod),
                is_mounted=name in mounted,
                is_device=name in devices,
                selector=spec.get("nodeSelector") or {},
                tolerations=tuple(spec.get("tolerations") or ()),
                security=user_of_pod(spec, name),
                labels=_labels_of(containers, name),
                in_pod=not claim_of_volume(pod_name, volume),
                is_static=_MIRROR in annotations,
            )
        )
    return found


def why_not_running(pod: ObjectView) -> str:
    """Velero's words for a pod whose volumes are not read; empty for one that runs."""
    namespace, name = pod_identity(pod)
    where = f"name={name}, namespace={namespace}, phase={(pod.get('status') or {}).get('phase') or ''}"
    if not (pod.get("spec") or {}).get("nodeName"):
        return f"pod is not scheduled, {where}"
    if not is_running(pod):
        return f"pod is not in the expected status, {where}: pod is not running"
    if (pod.get("metadata") or {}).get("deletionTimestamp"):
        return f"pod is being terminated, {where}"
    return ""


def choose_files(
    claim: ClaimVolume, volumes: t.Sequence[PodVolume], *, by_policy: bool, by_default: bool, in_pods: bool = False
) -> FileChoice | None:
    """What becomes of the files of a bound claim; ``volumes``: all by which pods of the backup have it.

    ``by_policy``: a volume policy wants them. ``in_pods``: containers may be added to pods. The first pod by name that
    can is the one; None: nobody wants them.
    """
    wanted = sorted((each for each in volumes if by_policy or each.is_wanted), key=lambda each: (each.pod, each.volume))
    asked = by_policy or by_default
    if not wanted:
        return FileChoice(reason=_NOT_MOUNTED, is_asked=True) if by_policy else None
    refused = [(each, _why_not(each, claim)) for each in wanted]
    able = next((each for each, why in refused if not why), None)
    if able is None:
        return FileChoice(reason=f"podvolume: {refused[0][1]};", is_asked=asked)
    if _ONE_POD in access_modes(claim):
        if in_pods:
            return FileChoice(volume=dataclasses.replace(able, in_pod=True), is_asked=asked)
        error = (
            f"The claim {claim.where} is {_ONE_POD}, so that no second pod can mount it to copy its files: let a "
            f"container be added to its pod by {CONSENT}, have a snapshot taken by a rule of a resource policy with "
            f"the action snapshot, or leave the volume out by the annotation {OPT_OUT} of pod {able.pod_name}."
        )
        return FileChoice(reason=f"podvolume: the claim is {_ONE_POD};", error=error, is_asked=asked)
    return FileChoice(volume=able, is_asked=asked)


def why_not_in_pod(volume: PodVolume) -> str:
    """Why the files of a volume without a claim cannot be read, a phrase of Velero's; empty where they can."""
    if volume.trouble:
        return volume.trouble
    if volume.is_static:
        return f"pod {volume.pod_name} is made by a file of its node, and takes no container"
    if not volume.is_mounted:
        return f"volume {volume.volume} is declared in pod {volume.pod_name} but not mounted by any container, skipping"
    return ""


def access_modes(claim: ClaimVolume) -> t.Sequence[str]:
    return (claim.claim.get("spec") or {}).get("accessModes") or ()


def is_on_many_nodes(claim: ClaimVolume) -> bool:
    """Whether other nodes than that of the pod can mount it meanwhile."""
    return not set(_MANY_NODES).isdisjoint(access_modes(claim))


def _why_not(volume: PodVolume, claim: ClaimVolume) -> str:
    """A phrase of Velero's; empty where its files can be read."""
    where = f"{volume.volume} in pod {volume.pod_name}"
    if volume.trouble:
        return f"encountered a problem with backing up the PVC of pod {volume.pod_name}: {volume.trouble}"
    if "hostPath" in ((claim.volume or {}).get("spec") or {}):
        return f"Volume {where} is a hostPath volume which is not supported for pod volume backup, skipping"
    if volume.is_device or (claim.claim.get("spec") or {}).get("volumeMode") == "Block":
        declared = f"{volume.volume} declared in pod {volume.pod_name}"
        return f"volume {declared} is a block volume. Block volumes are not supported for fs backup, skipping"
    if not volume.is_mounted:
        declared = f"{volume.volume} is declared in pod {volume.pod_name}"
        return f"volume {declared} but not mounted by any container, skipping"
    return ""


def _labels_of(containers: t.Sequence[ObjectView], volume: str) -> ObjectView:
    """The SELinux labels of the first container that mounts it, by which its files can be read."""
    for each in containers:
        if any(mount.get("name") == volume for mount in each.get("volumeMounts") or ()):
            found: ObjectView = (each.get("securityContext") or {}).get("seLinuxOptions") or {}
            return found
    return {}


def _names(annotations: ObjectView, key: str) -> set[str]:
    return {name for name in str(annotations.get(key) or "").split(",") if name}


__all__ = (
    "ADDED_CONTAINER",
    "CONSENT",
    "OPT_IN",
    "OPT_OUT",
    "FileChoice",
    "PodVolume",
    "access_modes",
    "choose_files",
    "is_on_many_nodes",
    "volumes_of_pod",
    "why_not_in_pod",
    "why_not_running",
)
