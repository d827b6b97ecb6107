# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Job that moves data, as an object: no key, no password and no word of the user's in a command.

Its containers run as root with the few capabilities that Pod Security's level ``baseline`` admits, or as the workload
does (level ``restricted``). No ``fsGroup`` where it runs as root: the kubelet would rewrite the modes of all files.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.marks import MOVER, SLOT
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.scripts import (
    DATA_DIR,
    MESSAGE_PATH,
    SECRET_DIR,
    WORK_DIR,
    Action,
    script_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import (
    MoverSettings,
    RepositoryPlace,
    WorkloadPlace,
)

#: How long an ended Job stays where nobody takes it away, in seconds: somebody may wait for hours of copying, who does
#: not reach the API server for a while; what a short one has done is done again. With it go its keys.
KEPT_SECONDS = 3600
SHORT_KEPT_SECONDS = 300
_SHORT: frozenset[Action] = frozenset({"open", "create", "forget", "look"})
#: From the signal until the pod is killed: what a cancelled snapshot left is forgotten meanwhile, in seconds.
GRACE_SECONDS = 60
#: Until a pod that reaches no server, or one that is silent, gives up, in seconds.
CONNECT_SECONDS = 60
_CACHE_SIZE = "4Gi"
_SECRETS_SIZE = "16Mi"
#: Root of a volume that others own, without the rights that Pod Security's level ``baseline`` refuses.
_CAPABILITIES: t.Mapping[str, list[str]] = {
    "upload": ["DAC_OVERRIDE"],
    "download": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID"],
}
#: A sidecar of a service mesh would keep the pod from ending.
_NO_SIDECARS = {"sidecar.istio.io/inject": "false", "linkerd.io/inject": "disabled"}
#: As whom one runs that mounts nothing of a workload, and must not be root: the image says no other.
_NOBODY = {"runAsUser": 65532, "runAsGroup": 65532}
_OF_WORKLOAD = ("runAsUser", "runAsGroup", "supplementalGroups", "seLinuxOptions")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ContainerTask:
    """One container: what it is told, and the claim that it works on, empty for none."""

    name: str
    environment: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    claim: str = ""
    read_only: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """All that a Job is made of. ``secret`` is the name of the Secret with keys and password.

    ``node``: that on which it must run, empty for any. ``slot``: see ``marks.SLOT``, -1 where it takes no part in the
    bounds of a node. ``seconds``: after which the cluster ends its pod, counted from its start; ``job_seconds``: after
    which it ends the Job, whose pod may wait for its node that long.
    """

    action: Action
    namespace: str
    name: str
    secret: str
    repository: RepositoryPlace
    tasks: t.Sequence[ContainerTask]
    labels: t.Mapping[str, str]
    annotations: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    place: WorkloadPlace = dataclasses.field(default_factory=WorkloadPlace)
    node: str = ""
    slot: int = -1
    seconds: float
    job_seconds: float


def job_manifest(plan: JobPlan, settings: MoverSettings) -> Object:
    """The Job, which makes one pod and no second one: whoever made the Job decides whether it is tried again."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": plan.name,
            "namespace": plan.namespace,
            "labels": dict(plan.labels),
            "annotations": dict(plan.annotations),
        },
        "spec": {
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "activeDeadlineSeconds": max(1, int(plan.job_seconds)),
            "ttlSecondsAfterFinished": _kept_seconds(plan, settings),
            "template": pod_template(plan, settings),
        },
    }


def _kept_seconds(plan: JobPlan, settings: MoverSettings) -> int:
    is_short = plan.action in _SHORT and not settings.keep_failed
    return SHORT_KEPT_SECONDS if is_short else KEPT_SECONDS


def pod_template(plan: JobPlan, settings: MoverSettings) -> Object:
    """The pod of the Job, without a name."""
    slot = {SLOT: str(plan.slot)} if plan.slot >= 0 else {}
    spec: Object = {
        "restartPolicy": "Never",
        "activeDeadlineSeconds": max(1, int(plan.seconds)),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": _pod_security(plan, settings),
        "containers": [_container(plan, settings, task) for task in plan.tasks],
        "volumes": [volume for task in plan.tasks for volume in _volumes(task)],
        "nodeSelector": {**plan.place.node_selector, **settings.node_selector},
        "tolerations": [dict(each) for each in (*plan.place.tolerations, *settings.tolerations)],
        "affinity": _affinity(plan),
        "imagePullSecrets": [{"name": name} for name in settings.image_pull_secrets],
        "priorityClassName": settings.priority_class,
    }
    return {
        "metadata": {"labels": {**plan.labels, **slot}, "annotations": dict(_NO_SIDECARS)},
        "spec": {key: value for key, value in spec.items() if value not in ({}, [], "")},
    }


def secret_manifest(plan: JobPlan, data: t.Mapping[str, str], job: ObjectView) -> Object:
    """What the containers get as their environment; it goes when the Job goes."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": plan.secret,
            "namespace": plan.namespace,
            "labels": dict(plan.labels),
            "ownerReferences": [owner_reference(job)],
        },
        "type": "Opaque",
        "immutable": True,
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()},
    }


def owner_reference(job: ObjectView) -> Object:
    """Makes an object go with the Job."""
    return {"apiVersion": "batch/v1", "kind": "Job", "name": job["metadata"]["name"], "uid": job["metadata"]["uid"]}


def _container(plan: JobPlan, settings: MoverSettings, task: ContainerTask) -> Object:
    mounts: list[Object] = [
        {"name": f"{task.name}-secret", "mountPath": SECRET_DIR},
        {"name": f"{task.name}-work", "mountPath": WORK_DIR},
    ]
    if task.claim:
        mounts.append({"name": f"{task.name}-data", "mountPath": DATA_DIR, "readOnly": task.read_only})
    environment = {
        **_place_environment(plan.repository),
        **kopia_environment(SECRET_DIR, WORK_DIR),
        **task_environment(settings, task),
    }
    return {
        "name": task.name,
        "image": settings.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "-euc", script_of(plan.action)],
        "env": [{"name": name, "value": value} for name, value in sorted(environment.items())],
        "envFrom": [{"secretRef": {"name": plan.secret}}],
        "resources": dict(settings.resources),
        "volumeMounts": mounts,
        "terminationMessagePath": MESSAGE_PATH,
        "terminationMessagePolicy": "File",
        "securityContext": _container_security(plan.action, settings),
    }


def _place_environment(place: RepositoryPlace) -> dict[str, str]:
    ca = base64.b64encode(place.ca.encode()).decode()
    return {
        "MV_BUCKET": place.bucket,
        "MV_PREFIX": place.prefix,
        "MV_ENDPOINT": place.endpoint,
        "MV_REGION": place.region,
        "MV_TLS": "true" if place.tls else "false",
        "MV_VERIFY": "true" if place.verify else "false",
        **({"ROOT_CA_PEM_BASE64": ca} if ca else {}),
    }


def task_environment(settings: MoverSettings, task: ContainerTask) -> dict[str, str]:
    """What the program of a container is told, but for where the repository is."""
    bounds = {"MV_BANDWIDTH": str(settings.bandwidth), "MV_CONNECT_SECONDS": str(CONNECT_SECONDS)}
    return {**task.environment, **bounds}


def kopia_environment(secret_dir: str, work_dir: str) -> dict[str, str]:
    """Its configuration, which may hold the keys, in memory; a cache that is new for each pod and repository."""
    return {
        "HOME": secret_dir,
        "TMPDIR": f"{work_dir}/tmp",
        "KOPIA_CONFIG_PATH": f"{secret_dir}/repository.config",
        "KOPIA_CACHE_DIRECTORY": f"{work_dir}/cache",
        "KOPIA_LOG_DIR": f"{work_dir}/logs",
        "KOPIA_PERSIST_CREDENTIALS_ON_CONNECT": "false",
        "KOPIA_CHECK_FOR_UPDATES": "false",
        "KOPIA_DISABLE_REPOSITORY_LOG": "true",
    }


def _volumes(task: ContainerTask) -> t.Iterator[Object]:
    yield {"name": f"{task.name}-secret", "emptyDir": {"medium": "Memory", "sizeLimit": _SECRETS_SIZE}}
    yield {"name": f"{task.name}-work", "emptyDir": {"sizeLimit": _CACHE_SIZE}}
    if task.claim:
        claim = {"claimName": task.claim, "readOnly": task.read_only}
        yield {"name": f"{task.name}-data", "persistentVolumeClaim": claim}


def _pod_security(plan: JobPlan, settings: MoverSettings) -> Object:
    of_workload = plan.place.security_context
    found: Object = {"seccompProfile": {"type": "RuntimeDefault"}}
    if settings.security_context == "root":
        labels = of_workload.get("seLinuxOptions")
        return {**found, "runAsUser": 0, "runAsGroup": 0, **({"seLinuxOptions": labels} if labels else {})}
    found |= {key: of_workload[key] for key in _OF_WORKLOAD if key in of_workload}
    if not any(task.claim for task in plan.tasks):
        found = {**_NOBODY, **found}
    group = of_workload.get("fsGroup")
    if group is not None and plan.action == "download":
        # A new volume belongs to root, and nobody else can write to it.
        found |= {"fsGroup": group, "fsGroupChangePolicy": "OnRootMismatch"}
    elif group is not None:
        found["supplementalGroups"] = [*dict.fromkeys([*(found.get("supplementalGroups") or ()), group])]
    return {**found, "runAsNonRoot": True}


def _container_security(action: Action, settings: MoverSettings) -> Object:
    capabilities: Object = {"drop": ["ALL"]}
    if settings.security_context == "root" and action in _CAPABILITIES:
        capabilities["add"] = list(_CAPABILITIES[action])
    return {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": capabilities}


def _affinity(plan: JobPlan) -> Object:
    """Of the workload, what it says of nodes; then the one node, and no other pod of this slot on it."""
    found: Object = {}
    node_affinity = dict(plan.place.affinity.get("nodeAffinity") or {})
    if plan.node:
        # By the name itself: the label of a host's name may be another one.
        only = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [plan.node]}]}
        node_affinity["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": [only]}
    if node_affinity:
        found["nodeAffinity"] = node_affinity
    if plan.slot >= 0:
        others = {"matchExpressions": [{"key": SLOT, "operator": "In", "values": [str(plan.slot)]}]}
        others["matchExpressions"].append({"key": MOVER, "operator": "Exists"})
        term = {"labelSelector": others, "namespaceSelector": {}, "topologyKey": "kubernetes.io/hostname"}
        found["podAntiAffinity"] = {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
    return found


__all__ = (
    "CONNECT_SECONDS",
    "GRACE_SECONDS",
    "KEPT_SECONDS",
    "SHORT_KEPT_SECONDS",
    "ContainerTask",
    "JobPlan",
    "job_manifest",
    "kopia_environment",
    "owner_reference",
    "pod_template",
    "secret_manifest",
    "task_environment",
)
