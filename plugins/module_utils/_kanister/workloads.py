# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workloads that are scaled: which pods are theirs, and whether all of them are as their spec wants them.

Kanister: pkg/kube/statefulset.go, deployment.go, deploymentconfig.go (``...Ready``).
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.trouble import trouble_of
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource

_REVISION = "deployment.kubernetes.io/revision"
_LATEST = "openshift.io/deployment-config.latest-version"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadKind:
    """``pods_of``: the pods of the current revision; None where that revision is not to be seen yet."""

    resource: ApiResource
    pods_of: t.Callable[[KubeClient, ObjectView], list[Object] | None]
    status_problem: t.Callable[[ObjectView], str]


def problem_of(client: KubeClient, kind: WorkloadKind, workload: ObjectView) -> str:
    """Why a workload is not ready; empty when it is."""
    generation = workload["metadata"].get("generation")
    status = workload.get("status") or {}
    if isinstance(generation, int) and int(status.get("observedGeneration") or 0) < generation:
        return "its controller has not seen the change yet"
    problem = kind.status_problem(workload)
    if problem:
        return problem
    pods = kind.pods_of(client, workload)
    if pods is None:
        return "its current revision is not there yet"
    wanted = wanted_replicas(workload)
    odd = [pod for pod in pods if (pod.get("status") or {}).get("phase") != "Running"]
    if odd:
        return f"pod {_described(odd[0])}"
    ending = [pod for pod in pods if pod["metadata"].get("deletionTimestamp")]
    if ending:
        return f"pod {ending[0]['metadata']['name']} is being ended"
    return f"{len(pods)} of its pods run, of {wanted}" if len(pods) != wanted else ""


def wanted_replicas(workload: ObjectView) -> int:
    """``spec.replicas``, which is 1 where it is not set."""
    replicas = (workload.get("spec") or {}).get("replicas")
    return 1 if replicas is None else int(replicas)


def _described(pod: ObjectView) -> str:
    trouble = trouble_of(pod)
    phase = (pod.get("status") or {}).get("phase", "unknown")
    return f"{pod['metadata']['name']} is {phase}{f' ({trouble.text})' if trouble else ''}"


def _count(workload: ObjectView, field: str) -> int:
    return int((workload.get("status") or {}).get(field) or 0)


def _stateful_problem(workload: ObjectView) -> str:
    ready, wanted = _count(workload, "readyReplicas"), wanted_replicas(workload)
    return f"{ready} replicas are ready, of {wanted}" if ready != wanted else ""


def _deployment_problem(workload: ObjectView) -> str:
    wanted = wanted_replicas(workload)
    for field, word in (("replicas", "there"), ("updatedReplicas", "up to date"), ("availableReplicas", "available")):
        if _count(workload, field) != wanted:
            return f"{_count(workload, field)} replicas are {word}, of {wanted}"
    return ""


def _owned(client: KubeClient, path: str, uid: str) -> list[Object]:
    items = client.get(path).get("items") or []
    return [
        item for item in items if any(each.get("uid") == uid for each in item["metadata"].get("ownerReferences") or [])
    ]


def _pods_path(workload: ObjectView) -> str:
    return f"/api/v1/namespaces/{workload['metadata']['namespace']}/pods"


def _stateful_pods(client: KubeClient, workload: ObjectView) -> list[Object] | None:
    return _owned(client, _pods_path(workload), workload["metadata"]["uid"])


def _deployment_pods(client: KubeClient, workload: ObjectView) -> list[Object] | None:
    metadata = workload["metadata"]
    sets = _owned(client, f"/apis/apps/v1/namespaces/{metadata['namespace']}/replicasets", metadata["uid"])
    revision = (metadata.get("annotations") or {}).get(_REVISION)
    return _pods_of_current(client, workload, sets, _REVISION, revision)


def _config_pods(client: KubeClient, workload: ObjectView) -> list[Object] | None:
    metadata = workload["metadata"]
    sets = _owned(client, f"/api/v1/namespaces/{metadata['namespace']}/replicationcontrollers", metadata["uid"])
    revision = str((workload.get("status") or {}).get("latestVersion") or "")
    return _pods_of_current(client, workload, sets, _LATEST, revision)


def _pods_of_current(
    client: KubeClient, workload: ObjectView, sets: list[Object], annotation: str, revision: str | None
) -> list[Object] | None:
    """The pods of the set with this revision; those of older ones are looked at as well, because they have to go."""
    if revision is None or not any(
        (each["metadata"].get("annotations") or {}).get(annotation) == revision for each in sets
    ):
        return None
    uids = {each["metadata"]["uid"] for each in sets}
    pods = client.get(_pods_path(workload)).get("items") or []
    return [
        pod for pod in pods if any(owner.get("uid") in uids for owner in pod["metadata"].get("ownerReferences") or [])
    ]


def _resource(group: str, plural: str, kind: str) -> ApiResource:
    return ApiResource(
        group=group,
        version="v1",
        plural=plural,
        singular=kind.lower(),
        kind=kind,
        namespaced=True,
        verbs=frozenset(),
        preferred=True,
    )


#: By the name that blueprints use, in lower case.
WORKLOAD_KINDS: t.Mapping[str, WorkloadKind] = {
    "statefulset": WorkloadKind(
        resource=_resource("apps", "statefulsets", "StatefulSet"),
        pods_of=_stateful_pods,
        status_problem=_stateful_problem,
    ),
    "deployment": WorkloadKind(
        resource=_resource("apps", "deployments", "Deployment"),
        pods_of=_deployment_pods,
        status_problem=_deployment_problem,
    ),
    "deploymentconfig": WorkloadKind(
        resource=_resource("apps.openshift.io", "deploymentconfigs", "DeploymentConfig"),
        pods_of=_config_pods,
        status_problem=_deployment_problem,
    ),
}

__all__ = ("WORKLOAD_KINDS", "WorkloadKind", "problem_of", "wanted_replicas")
