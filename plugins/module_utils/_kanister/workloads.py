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
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import namespaced_path
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pod_states import trouble_of

_REVISION = "deployment.kubernetes.io/revision"
_LATEST = "openshift.io/deployment-config.latest-version"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PodOwners:
    """The uids that pods of a workload name as their owner. ``older``: of other revisions than the current one.

    ``current`` is empty where that revision is not to be seen yet.
    """

    current: frozenset[str]
    older: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadKind:
    """What is asked of workloads of one kind."""

    resource: ApiResource
    owners: t.Callable[[KubeClient, ObjectView], PodOwners]
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
    owners = kind.owners(client, workload)
    if not owners.current:
        return "its current revision is not there yet"
    # Those of older revisions have to go.
    pods = pods_owned_by(client, str(workload["metadata"]["namespace"]), owners.current | owners.older)
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


def pods_owned_by(client: KubeClient, namespace: str, uids: t.Collection[str]) -> list[Object]:
    """In the order of the API."""
    items = client.get(namespaced_path("v1", namespace, "pods")).get("items") or []
    return [pod for pod in items if _owner_uids(pod) & set(uids)]


def _owner_uids(obj: ObjectView) -> set[str]:
    return {str(owner.get("uid")) for owner in obj["metadata"].get("ownerReferences") or []}


def _set_owners(_client: KubeClient, workload: ObjectView) -> PodOwners:
    return PodOwners(current=frozenset({str(workload["metadata"]["uid"])}))


def _deployment_owners(client: KubeClient, workload: ObjectView) -> PodOwners:
    revision = (workload["metadata"].get("annotations") or {}).get(_REVISION)
    path = namespaced_path("apps/v1", workload["metadata"]["namespace"], "replicasets")
    return _owners_of_revision(client, path, workload, (_REVISION, revision))


def _config_owners(client: KubeClient, workload: ObjectView) -> PodOwners:
    revision = str((workload.get("status") or {}).get("latestVersion") or "")
    path = namespaced_path("v1", workload["metadata"]["namespace"], "replicationcontrollers")
    return _owners_of_revision(client, path, workload, (_LATEST, revision))


def _owners_of_revision(
    client: KubeClient, path: str, workload: ObjectView, wanted: tuple[str, str | None]
) -> PodOwners:
    annotation, revision = wanted
    uid = str(workload["metadata"]["uid"])
    current: set[str] = set()
    older: set[str] = set()
    for each in client.get(path).get("items") or []:
        if uid in _owner_uids(each):
            found = (each["metadata"].get("annotations") or {}).get(annotation)
            (current if revision is not None and found == revision else older).add(str(each["metadata"]["uid"]))
    return PodOwners(current=frozenset(current), older=frozenset(older))


#: By the name that blueprints use, in lower case.
WORKLOAD_KINDS: t.Mapping[str, WorkloadKind] = {
    "statefulset": WorkloadKind(
        resource=ApiResource.known("apps", "statefulsets", "StatefulSet"),
        owners=_set_owners,
        status_problem=_stateful_problem,
    ),
    "deployment": WorkloadKind(
        resource=ApiResource.known("apps", "deployments", "Deployment"),
        owners=_deployment_owners,
        status_problem=_deployment_problem,
    ),
    "deploymentconfig": WorkloadKind(
        resource=ApiResource.known("apps.openshift.io", "deploymentconfigs", "DeploymentConfig"),
        owners=_config_owners,
        status_problem=_deployment_problem,
    ),
}

__all__ = ("WORKLOAD_KINDS", "PodOwners", "WorkloadKind", "pods_owned_by", "problem_of", "wanted_replicas")
