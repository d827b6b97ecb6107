# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a roll-back, each with a way back. What is done stands in the cluster, so that each run can go on.

No step remembers anything: each looks at the objects, and does what is missing. ``undo`` does so, too, whether or not
the step was ever begun. Therefore a run that is killed anywhere is ended by the next one, in either direction.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._kube.claims import is_bound
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import delete_object, patch_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_finished, mounted_claims
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.roll_back import (
    OldVolume,
    RollBackGroup,
    ToldStep,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.stop_mark import ROLL_BACK_ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.metadata import made_by
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.in_cluster import RollBackCluster
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.users import has_mounted
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.workloads import (
    is_marked,
    is_stopped,
    start,
    stop,
    workloads_of,
)


class Step(t.Protocol):
    """One step, for any group. Raises ``ArkiveError``."""

    name: str

    def say(self, group: RollBackGroup) -> str:
        """What it does, as a phrase; empty where there is nothing to do for it in this group."""

    def is_done(self, group: RollBackGroup, cluster: RollBackCluster) -> bool:
        """Whether ``do`` has nothing to do."""

    def do(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        """What is missing."""

    def undo(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        """Back to what was before, as far as anything was done."""


class Record:
    """The claims that will keep the old volumes are made: each carries all that is to be known after a kill.

    Theirs is the room that the second volumes take: a quota that has none for them refuses it here.
    """

    name = "record"

    def say(self, group: RollBackGroup) -> str:
        names = ", ".join(volume.kept_name for volume in group.volumes)
        return f"make {names}, which will keep the old {_volumes(group)}, and what is to be known of the old state"

    def is_done(self, group: RollBackGroup, cluster: RollBackCluster) -> bool:
        return all(_kept(cluster, volume) is not None for volume in group.volumes)

    def do(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        for volume in group.volumes:
            cluster.ensure_claim(volume.kept_claim(), is_same=lambda there: OldVolume.of_kept(there) is not None)

    def undo(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        for volume in group.volumes:
            kept = _kept(cluster, volume)
            if kept is not None and not cluster.is_moved(volume):
                cluster.delete_claim(kept)


class Retain:
    """The old volumes outlive their claims."""

    name = "retain"

    def say(self, group: RollBackGroup) -> str:
        return f"set the reclaim policy of {', '.join(volume.volume for volume in group.volumes)} to Retain"

    def is_done(self, group: RollBackGroup, cluster: RollBackCluster) -> bool:
        return all(
            cluster.volume(volume)["spec"].get("persistentVolumeReclaimPolicy") == "Retain" for volume in group.volumes
        )

    def do(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        for volume in group.volumes:
            cluster.set_reclaim(volume, "Retain")

    def undo(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        for volume in group.volumes:
            cluster.set_reclaim(volume, volume.reclaim)


class Stop:
    """Workloads make no more pods. How they were is written on them in the same request."""

    name = "stop"

    def say(self, group: RollBackGroup) -> str:
        return "; ".join(f"{workload.resource.kind} '{workload.name}' {workload.told}" for workload in group.workloads)

    def is_done(self, group: RollBackGroup, cluster: RollBackCluster) -> bool:
        return all(is_stopped(cluster, kind, name, group.namespace) for kind, name in workloads_of(group))

    def do(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        for kind, name in workloads_of(group):
            stop(cluster, kind, name, group.namespace)

    def undo(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        for kind, name in reversed(workloads_of(group)):
            start(cluster, kind, name, group.namespace)


class Leave:
    """No pod mounts the claims any more: those that nobody makes again are deleted, all others awaited."""

    name = "leave"

    def say(self, group: RollBackGroup) -> str:
        parts = []
        if group.pods:
            parts.append(f"delete {_pods(group.pods)}, and make the same again afterwards")
        if group.finished:
            parts.append(f"delete {_pods(group.finished)}, which has ended" if len(group.finished) == 1
                         else f"delete {_pods(group.finished)}, which have ended")  # fmt: skip
        return "; ".join([*parts, f"wait until no pod mounts {', '.join(group.claims)}"])

    def is_done(self, group: RollBackGroup, cluster: RollBackCluster) -> bool:
        return not cluster.pods_with(group.namespace, group.claims)

    def do(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        mounting = cluster.pods_with(group.namespace, group.claims)
        ended = [str(pod["metadata"]["name"]) for pod in mounting if is_finished(pod)]
        there = {str(pod["metadata"]["name"]) for pod in mounting}
        cluster.delete_pods(group.namespace, sorted({*ended, *there.intersection(group.pods)}))
        cluster.await_no_pods(group.namespace, group.claims)

    def undo(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        _make_pods(group, cluster)


class Remove:
    """The claims go; their volumes stay."""

    name = "remove"

    def say(self, group: RollBackGroup) -> str:
        return f"delete {_claims(group)}"

    def is_done(self, group: RollBackGroup, cluster: RollBackCluster) -> bool:
        found = [(cluster.claim(volume.namespace, volume.name), volume) for volume in group.volumes]
        return all(claim is None or not cluster.has_old_volume(claim, volume) for claim, volume in found)

    def do(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        for volume in group.volumes:
            claim = cluster.claim(volume.namespace, volume.name)
            if claim is None:
                continue
            if cluster.has_old_volume(claim, volume):
                cluster.delete_claim(claim)
            elif not made_by(claim, cluster.restore):
                raise RestoreError(f"{volume.title} was made anew by somebody else.")

    def undo(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        for volume in group.volumes:
            there = cluster.claim(volume.namespace, volume.name)
            if there is None or there["metadata"].get("deletionTimestamp"):
                cluster.reserve(volume, volume.name)
            claim = cluster.ensure_claim(volume.claim, is_same=functools.partial(_has, cluster, volume))
            cluster.give(volume, claim)


class Keep:
    """The old volumes belong to the claims that keep them."""

    name = "keep"

    def say(self, group: RollBackGroup) -> str:
        pairs = [f"{volume.volume} to {volume.kept_name}" for volume in group.volumes]
        return f"give {', '.join(pairs)}"

    def is_done(self, group: RollBackGroup, cluster: RollBackCluster) -> bool:
        return all(cluster.is_moved(volume) for volume in group.volumes)

    def do(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        for volume in group.volumes:
            kept = _kept(cluster, volume)
            if kept is None:
                raise RestoreError(
                    f"PersistentVolumeClaim {volume.namespace}/{volume.kept_name} was deleted by others."
                )
            cluster.give(volume, kept)

    def undo(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        """The step before gives them back."""


class Renew:
    """The claims come again, with the backup's data; the restore makes them as it makes all claims."""

    name = "renew"

    def say(self, group: RollBackGroup) -> str:
        told = []
        for name in group.claims:
            source = group.sources.get(name, "")
            told.append(f"{name} from {source}" if source else name)
        return f"make {', '.join(told)}"

    def is_done(self, group: RollBackGroup, cluster: RollBackCluster) -> bool:
        found = [cluster.claim(volume.namespace, volume.name) for volume in group.volumes]
        return all(claim is not None and made_by(claim, cluster.restore) for claim in found)

    def do(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        if not self.is_done(group, cluster):
            raise RestoreError(f"The new {_claims(group)} did not come.")

    def undo(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        for volume in group.volumes:
            claim = cluster.claim(volume.namespace, volume.name)
            if claim is not None and made_by(claim, cluster.restore) and not cluster.has_old_volume(claim, volume):
                cluster.delete_claim(claim)


class Start:
    """Workloads are as they were, unless somebody has changed them meanwhile; pods are made again."""

    name = "start"

    def say(self, group: RollBackGroup) -> str:
        names = [f"{workload.resource.kind} '{workload.name}'" for workload in group.workloads]
        names += [f"pod '{name}'" for name in group.pods]
        return f"start {', '.join(names)} as before" if names else ""

    def is_done(self, group: RollBackGroup, cluster: RollBackCluster) -> bool:
        if any(is_marked(cluster, kind, name, group.namespace) for kind, name in workloads_of(group)):
            return False
        mounting = {str(pod["metadata"]["name"]) for pod in cluster.pods_with(group.namespace, group.claims)}
        return mounting.issuperset(group.pods)

    def do(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        for kind, name in reversed(workloads_of(group)):
            start(cluster, kind, name, group.namespace)
        _make_pods(group, cluster)

    def undo(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        """Whatever mounts the new claims goes; nothing does where the old ones are there still."""
        new = [volume.name for volume in group.volumes if cluster.is_moved(volume)]
        if not new:
            return
        for kind, name in workloads_of(group):
            stop(cluster, kind, name, group.namespace)
        mounting = {str(pod["metadata"]["name"]) for pod in cluster.pods_with(group.namespace, new)}
        cluster.delete_pods(group.namespace, sorted(mounting.intersection(group.pods)))
        cluster.await_no_pods(group.namespace, new)


class Prove:
    """The new claims are bound, and mounted by a pod where the old ones were."""

    name = "prove"

    def say(self, group: RollBackGroup) -> str:
        mounted = [volume.name for volume in group.volumes if volume.mounted]
        return f"wait until {', '.join(mounted)} {_is(mounted)} bound and mounted" if mounted else ""

    def is_done(self, group: RollBackGroup, cluster: RollBackCluster) -> bool:
        return not self._missing(group, cluster)

    def do(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        end = time.monotonic() + cluster.bound_limit
        while missing := self._missing(group, cluster):
            if time.monotonic() > end:
                raise KubeTimeout(
                    f"The new claims {', '.join(missing)} of namespace {group.namespace} were not bound and mounted "
                    f"within {cluster.bound_limit:g} s."
                )
            cluster.pause()

    def undo(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        """Nothing was written."""

    def _missing(self, group: RollBackGroup, cluster: RollBackCluster) -> list[str]:
        wanted = [volume.name for volume in group.volumes if volume.mounted]
        if not wanted:
            return []
        mounted = {
            claim
            for pod in cluster.pods_with(group.namespace, wanted)
            if has_mounted(pod) and not pod["metadata"].get("deletionTimestamp")
            for claim in mounted_claims(pod)
        }
        claims = {name: cluster.claim(group.namespace, name) for name in wanted}
        return [name for name, claim in claims.items() if name not in mounted or claim is None or not is_bound(claim)]


class Settle:
    """The roll-back is over: the old volumes have their reclaim policy back, and stay, or go as it says."""

    name = "settle"

    def __init__(self, *, keeps: bool) -> None:
        self._keeps = keeps

    def say(self, group: RollBackGroup) -> str:
        back = ", ".join(f"{volume.volume} to {volume.reclaim}" for volume in group.volumes)
        names = ", ".join(volume.kept_name for volume in group.volumes)
        left = f"leave {names} there" if self._keeps else f"delete {names}"
        return f"set the reclaim policy of {back} again, and {left}"

    def is_done(self, group: RollBackGroup, cluster: RollBackCluster) -> bool:
        return all(
            (kept := _kept(cluster, volume)) is None or (self._keeps and OldVolume.of_kept(kept) is None)
            for volume in group.volumes
        )

    def do(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        for volume in group.volumes:
            kept = _kept(cluster, volume)
            if kept is None or OldVolume.of_kept(kept) is None:
                continue
            cluster.set_reclaim(volume, volume.reclaim)
            resource = cluster.resource(CLAIMS)
            if self._keeps:
                patch = {"metadata": {"annotations": {ROLL_BACK_ANNOTATION: None}}}
                patch_object(cluster.client, resource, volume.kept_name, patch, namespace=volume.namespace)
            else:
                delete_object(
                    cluster.client, resource, volume.kept_name, volume.namespace, uid=str(kept["metadata"]["uid"])
                )

    def undo(self, group: RollBackGroup, cluster: RollBackCluster) -> None:
        """What is over is not undone."""


#: What makes room for the new claims, and what comes once they are there.
BEFORE: tuple[Step, ...] = (Record(), Retain(), Stop(), Leave(), Remove(), Keep())
AFTER: tuple[Step, ...] = (Renew(), Start(), Prove())


def tell_steps(group: RollBackGroup, *, keeps: bool) -> tuple[ToldStep, ...]:
    """All steps of a group for people."""
    steps: list[Step] = [*BEFORE, *AFTER, Settle(keeps=keeps)]
    return tuple(ToldStep(name=step.name, what=what) for step in steps if (what := step.say(group)))


def put_back(group: RollBackGroup, cluster: RollBackCluster) -> None:
    """Undo all steps, the last one first, however far they got."""
    for step in reversed((*BEFORE, *AFTER)):
        step.undo(group, cluster)


def has_room(group: RollBackGroup, cluster: RollBackCluster) -> bool:
    """Whether the old volumes of all claims are kept under their other names already."""
    return Keep().is_done(group, cluster)


def _make_pods(group: RollBackGroup, cluster: RollBackCluster) -> None:
    bodies = {str(pod["metadata"]["name"]): pod for volume in group.volumes for pod in volume.pods}
    for body in bodies.values():
        cluster.ensure_pod(body)


def _kept(cluster: RollBackCluster, volume: OldVolume) -> Object | None:
    return cluster.claim(volume.namespace, volume.kept_name)


def _has(cluster: RollBackCluster, volume: OldVolume, claim: Object) -> bool:
    return cluster.has_old_volume(claim, volume)


def _claims(group: RollBackGroup) -> str:
    return f"{'claims' if len(group.volumes) > 1 else 'claim'} {', '.join(group.claims)}"


def _volumes(group: RollBackGroup) -> str:
    return counted(len(group.volumes), "volume").partition(" ")[2]


def _pods(names: t.Sequence[str]) -> str:
    return f"{'pods' if len(names) > 1 else 'pod'} {', '.join(names)}"


def _is(names: t.Sequence[str]) -> str:
    return "are" if len(names) > 1 else "is"


__all__ = ("AFTER", "BEFORE", "Settle", "Step", "has_room", "put_back", "tell_steps")
