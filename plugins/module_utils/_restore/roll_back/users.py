# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who mounts claims, or would: workloads, pods that nobody makes again, and who cannot be stopped."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    JOBS,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    STATEFUL_SETS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_finished, mounted_claims
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.held_back import claims_named_by
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.stopping import has_ended

#: What owns pods, by the apiVersion's group and the kind of a reference.
_KINDS: t.Mapping[tuple[str, str], GroupResource] = {
    ("apps", "Deployment"): DEPLOYMENTS,
    ("apps", "StatefulSet"): STATEFUL_SETS,
    ("apps", "ReplicaSet"): REPLICA_SETS,
    ("apps", "DaemonSet"): DAEMON_SETS,
    ("", "ReplicationController"): REPLICATION_CONTROLLERS,
    ("batch", "Job"): JOBS,
    ("batch", "CronJob"): CRON_JOBS,
}
#: Waiting for these, a container has no volumes yet, or is not known to have them.
_BEFORE_MOUNT = frozenset({"ContainerCreating", "PodInitializing", ""})
_MIRROR = "kubernetes.io/config.mirror"

#: Type and name, in one namespace.
Key: t.TypeAlias = "tuple[GroupResource, str]"
Objects: t.TypeAlias = "t.Mapping[GroupResource, t.Mapping[str, ObjectView]]"


@dataclasses.dataclass(slots=True)
class Users:
    """Of some claims of one namespace: each user's claims. ``refusals``: phrases about claims that strangers have.

    ``pods`` have no owner, ``finished`` are pods that have ended; of all others ``mounted`` has the claims.
    """

    workloads: dict[Key, set[str]] = dataclasses.field(default_factory=dict)
    pods: dict[str, set[str]] = dataclasses.field(default_factory=dict)
    finished: dict[str, set[str]] = dataclasses.field(default_factory=dict)
    mounted: set[str] = dataclasses.field(default_factory=set)
    refusals: dict[str, str] = dataclasses.field(default_factory=dict)

    def refuse(self, claims: t.Iterable[str], why: str) -> None:
        for claim in claims:
            self.refusals.setdefault(claim, why)


def find_users(claims: t.Collection[str], objects: Objects) -> Users:
    """``objects``: the pods and workloads of the namespace, by type and name."""
    found = Users()
    for group_resource, named in objects.items():
        if group_resource == PODS:
            continue
        for name, obj in named.items():
            wanted = set(claims_named_by(group_resource, obj, claims))
            if wanted and not (group_resource == JOBS and has_ended(obj)):
                _add_owner(found, (group_resource, name), wanted, objects)
    for name, pod in objects.get(PODS, {}).items():
        wanted = {claim for claim in mounted_claims(pod) if claim in claims}
        if wanted:
            _add_pod(found, name, pod, wanted, objects)
    return found


def has_mounted(pod: ObjectView) -> bool:
    """Whether a pod has had its volumes mounted: a container of it has begun, or could but for its image."""
    status = pod.get("status") or {}
    for entry in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        state = entry.get("state") or {}
        if "running" in state or "terminated" in state or entry.get("lastState"):
            return True
        if str((state.get("waiting") or {}).get("reason") or "") not in _BEFORE_MOUNT:
            return True
    return any(
        each.get("type") == "PodReadyToStartContainers" and each.get("status") == "True"
        for each in status.get("conditions") or ()
    )


def controller_of(obj: ObjectView) -> ObjectView | None:
    """The reference to the controller that made it."""
    references = (obj.get("metadata") or {}).get("ownerReferences") or ()
    return next((each for each in references if each.get("controller")), None)


def say_reference(reference: ObjectView) -> str:
    """``Rollout 'web' (argoproj.io)``."""
    group = _group(reference)
    return f"{reference.get('kind')} '{reference.get('name')}'" + (f" ({group})" if group else "")


def _group(reference: ObjectView) -> str:
    return str(reference.get("apiVersion") or "").rpartition("/")[0]


def _add_pod(found: Users, name: str, pod: ObjectView, claims: set[str], objects: Objects) -> None:
    if is_finished(pod):
        found.finished[name] = claims
        return
    found.mounted |= claims
    if pod["metadata"].get("deletionTimestamp"):
        return
    if _MIRROR in (pod["metadata"].get("annotations") or {}):
        found.refuse(claims, f"pod '{name}' mounts it, which a kubelet makes of a file")
        return
    reference = controller_of(pod)
    if reference is None:
        found.pods[name] = claims
        return
    key = _known(reference, objects)
    if key is None:
        found.refuse(claims, f"pod '{name}' mounts it, whose owner {say_reference(reference)} is not known here")
    else:
        _add_owner(found, key, claims, objects)


def _add_owner(found: Users, key: Key, claims: set[str], objects: Objects) -> None:
    """Up to the one that is told how many pods there are to be; a Job is stopped beside its CronJob."""
    reference = controller_of(objects[key[0]][key[1]])
    if reference is not None:
        above = _known(reference, objects)
        if above is None:
            kind = str(objects[key[0]][key[1]].get("kind") or key[0].resource)
            why = (
                f"{kind} '{key[1]}' mounts it, and {say_reference(reference)}, which owns that, is not known here: "
                "it would start it again"
            )
            found.refuse(claims, why)
            return
        _add_owner(found, above, claims, objects)
        if key[0] != JOBS:
            return
    found.workloads.setdefault(key, set()).update(claims)


def _known(reference: ObjectView, objects: Objects) -> Key | None:
    """The owner among the objects; None for one of another type, and for one that is gone."""
    group_resource = _KINDS.get((_group(reference), str(reference.get("kind"))))
    name = str(reference.get("name"))
    if group_resource is None or name not in objects.get(group_resource, {}):
        return None
    return group_resource, name


__all__ = ("Key", "Objects", "Users", "controller_of", "find_users", "has_mounted", "say_reference")
