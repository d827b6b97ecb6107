# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Thaw a claim's file system from wherever it can be reached: any container that mounts it on that node, else a helper.

A frozen file system stays frozen when its last mount goes: the next pod that mounts the volume on that node gets the
same one, frozen as it is. It ends with its node, and it does not go along when the volume moves to another node.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import claim_of_volume, claims_in_use
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_timer import run_script
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.helper_pod import HelperRun
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeTarget, HelperPod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.remedy import thaw_by_hand
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.scripts import THAW_MOUNT
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.thaw_answer import ThawElsewhere, read_answer

#: A claim is tried this often through a helper pod, whatever nodes its marks name.
_HELPER_TRIES = 2


class Thawer:
    """Every way to a claim's file system but the container that froze it. For one release or one sweep."""

    def __init__(self, client: KubeClient, helper: HelperPod | None = None) -> None:
        self._client = client
        self._helper = helper
        self._helped: dict[str, int] = {}

    def thaw(self, *, claim: str, node: str, device: str = "") -> ThawElsewhere:
        """Thaw the file system of ``claim`` (``namespace/name``) on ``node``, unless ``device`` is another one."""
        namespace, _slash, name = claim.partition("/")
        try:
            pods = self._client.get(f"/api/v1/namespaces/{namespace}/pods").get("items") or []
        except KubeError as exc:
            failure = f"the pods of namespace {namespace} cannot be listed: {exc.message}"
            return ThawElsewhere("failed", tries=(failure,), remedy=thaw_by_hand(claim, node, []))
        users = [pod for pod in pods if name in claims_in_use(pod)]
        there = [pod for pod in users if not node or (pod.get("spec") or {}).get("nodeName") == node]
        tries: list[str] = []
        for target in mounts_of_claim(there, name):
            answer = self._through(target, device)
            if answer.state != "failed":
                return answer
            tries += answer.tries
        if not there:
            over = self._is_over(claim, node, {target.node for target in mounts_of_claim(users, name)})
            if over is not None:
                return over
        if not tries:
            tries.append(f"no running container on node {node or '(unknown)'} mounts claim {claim}")
        if self._helper is not None and node and self._may_help(claim):
            answer = HelperRun(self._client, self._helper).thaw(claim=claim, node=node, device=device, users=there)
            if answer.state != "failed":
                return answer
            tries += answer.tries
        return ThawElsewhere("failed", tries=tuple(tries), remedy=thaw_by_hand(claim, node, there))

    def _through(self, target: FreezeTarget, device: str) -> ThawElsewhere:
        argv = ["/bin/sh", "-c", THAW_MOUNT, "arkive-thaw", device, target.path]
        try:
            result = run_script(self._client, target, argv)
        except KubeError as exc:
            return ThawElsewhere("failed", tries=(f"{target.where}: {exc.message}",))
        text = result.stderr.decode("utf-8", "replace").strip()
        return read_answer(result.rc, text, where=target.where, device=device)

    def _may_help(self, claim: str) -> bool:
        tried = self._helped.get(claim, 0)
        self._helped[claim] = tried + 1
        return tried < _HELPER_TRIES

    def _is_over(self, claim: str, node: str, mounted_on: t.Collection[str]) -> ThawElsewhere | None:
        """Why nothing of the claim can be frozen there any more; None when that is not known."""
        if not node:
            return None
        if mounted_on:
            note = (
                f"Claim {claim} is mounted on node {', '.join(sorted(mounted_on))} now, and by no pod on node {node}, "
                "where it was frozen: a freeze does not move along with its volume."
            )
            return ThawElsewhere("not frozen", note=note)
        try:
            self._client.get(f"/api/v1/nodes/{node}")
        except KubeError as exc:
            if exc.not_found:
                note = (
                    f"Node {node}, on which claim {claim} was frozen, is not in the cluster any more. A freeze ends "
                    "with its machine; the mark stays until the claim is mounted elsewhere, or the node is back."
                )
                return ThawElsewhere("not frozen", note=note, may_return=True)
        return None


def mounts_of_claim(pods: t.Iterable[ObjectView], claim_name: str) -> list[FreezeTarget]:
    """Every running container that mounts the claim, those with the right to thaw (CAP_SYS_ADMIN) first."""
    found: list[tuple[bool, FreezeTarget]] = []
    for pod in pods:
        spec, metadata = pod.get("spec") or {}, pod["metadata"]
        volumes = _volumes_of_claim(pod, claim_name)
        running = _running_containers(pod)
        for container in _containers(spec):
            if container["name"] not in running:
                continue
            for mount in container.get("volumeMounts") or []:
                if mount["name"] in volumes:
                    target = FreezeTarget(
                        namespace=metadata["namespace"],
                        pod=metadata["name"],
                        node=spec.get("nodeName", ""),
                        container=container["name"],
                        path=mount["mountPath"],
                    )
                    found.append((_may_thaw(container), target))
    found.sort(key=lambda entry: not entry[0])
    return [target for _may, target in found]


def mount_path(pod: ObjectView, container: str, claim_name: str) -> str:
    """Where ``container`` mounts the claim, by the pod's spec; empty when it does not."""
    volumes = _volumes_of_claim(pod, claim_name)
    for entry in _containers(pod.get("spec") or {}):
        if entry["name"] == container:
            paths = [str(m["mountPath"]) for m in entry.get("volumeMounts") or [] if m["name"] in volumes]
            return paths[0] if paths else ""
    return ""


def _volumes_of_claim(pod: ObjectView, claim_name: str) -> set[str]:
    name = pod["metadata"]["name"]
    return {
        volume["name"]
        for volume in (pod.get("spec") or {}).get("volumes") or []
        if claim_of_volume(name, volume) == claim_name
    }


def _containers(spec: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    kinds = ("containers", "initContainers", "ephemeralContainers")
    return [container for kind in kinds for container in spec.get(kind) or []]


def _running_containers(pod: ObjectView) -> set[str]:
    status = pod.get("status") or {}
    kinds = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
    return {
        entry["name"] for kind in kinds for entry in status.get(kind) or [] if "running" in (entry.get("state") or {})
    }


def _may_thaw(container: t.Mapping[str, t.Any]) -> bool:
    security = container.get("securityContext") or {}
    added = (security.get("capabilities") or {}).get("add") or []
    return bool(security.get("privileged")) or not {"SYS_ADMIN", "CAP_SYS_ADMIN", "ALL"}.isdisjoint(added)


__all__ = ("ThawElsewhere", "Thawer", "mount_path", "mounts_of_claim")
