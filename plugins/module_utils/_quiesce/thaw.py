# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Thaw a claim's file system from wherever it can be reached: any container of any pod that mounts it on that node."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.lease import run_script
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeTarget

#: The binary under its usual names, then what is on the PATH. ``$1`` is the path; the last exit code counts.
_THAW_ANYWHERE = (
    'for c in /sbin/fsfreeze /usr/sbin/fsfreeze fsfreeze;do command -v $c >/dev/null&&exec $c --unfreeze "$1";done;'
    'command -v xfs_freeze >/dev/null&&exec xfs_freeze -u "$1";exit 127'
)


@dataclasses.dataclass(frozen=True, slots=True)
class ThawElsewhere:
    """``state``: ``thawed``, ``not frozen``, or ``failed`` with every try in ``tries``."""

    state: t.Literal["thawed", "not frozen", "failed"]
    where: str = ""
    tries: tuple[str, ...] = ()


def thaw_claim(client: KubeClient, *, claim: str, node: str) -> ThawElsewhere:
    """Thaw the file system of ``claim`` (``namespace/name``) through a running container on ``node``."""
    namespace, _slash, claim_name = claim.partition("/")
    tries: list[str] = []
    try:
        query = {"fieldSelector": f"spec.nodeName={node}"} if node else None
        pods = client.get(f"/api/v1/namespaces/{namespace}/pods", query=query).get("items") or []
    except KubeError as exc:
        return ThawElsewhere("failed", tries=(f"the pods of namespace {namespace} cannot be listed: {exc.message}",))
    for target in mounts_of_claim(pods, claim_name):
        try:
            result = run_script(client, target, ["/bin/sh", "-c", _THAW_ANYWHERE, "arkive-thaw", target.path])
        except KubeError as exc:
            tries.append(f"{target.where}: {exc.message}")
            continue
        if result.rc == 0:
            return ThawElsewhere("thawed", where=target.where)
        text = result.stderr.decode("utf-8", "replace").strip()
        if "nvalid arg" in text:
            return ThawElsewhere("not frozen", where=target.where)
        tries.append(f"{target.where}: exit code {result.rc} {text[:120]}".rstrip())
    return ThawElsewhere("failed", tries=tuple(tries) or (f"no running container on node {node} mounts claim {claim}",))


def mounts_of_claim(pods: t.Iterable[t.Mapping[str, t.Any]], claim_name: str) -> list[FreezeTarget]:
    """Every running container that mounts the claim, privileged ones first (a thaw needs CAP_SYS_ADMIN)."""
    found: list[tuple[bool, FreezeTarget]] = []
    for pod in pods:
        spec, metadata = pod.get("spec") or {}, pod["metadata"]
        volumes = {
            volume["name"]
            for volume in spec.get("volumes") or []
            if (volume.get("persistentVolumeClaim") or {}).get("claimName") == claim_name
            or ("ephemeral" in volume and f"{metadata['name']}-{volume['name']}" == claim_name)
        }
        running = {
            status["name"]
            for status in (pod.get("status") or {}).get("containerStatuses") or []
            if "running" in (status.get("state") or {})
        }
        for container in spec.get("containers") or []:
            if container["name"] not in running:
                continue
            for mount in container.get("volumeMounts") or []:
                if mount["name"] in volumes:
                    privileged = bool((container.get("securityContext") or {}).get("privileged"))
                    target = FreezeTarget(
                        namespace=metadata["namespace"],
                        pod=metadata["name"],
                        node=spec.get("nodeName", ""),
                        container=container["name"],
                        path=mount["mountPath"],
                    )
                    found.append((privileged, target))
    found.sort(key=lambda entry: not entry[0])
    return [target for _privileged, target in found]


__all__ = ("ThawElsewhere", "mounts_of_claim", "thaw_claim")
