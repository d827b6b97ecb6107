# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workloads of a group: stopped with a mark of how they were, and started again by it."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.roll_back import RollBackGroup
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.stop_mark import (
    ROLL_BACK_ANNOTATION,
    StopMark,
    inverse_patch,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.in_cluster import RollBackCluster
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.stopping import stop_patch


def workloads_of(group: RollBackGroup) -> list[tuple[GroupResource, str]]:
    """Those that are stopped now, and those that were when it began."""
    found = {(workload.group_resource, workload.name): None for workload in group.workloads}
    for volume in group.volumes:
        found |= {(GroupResource.parse(kind), name): None for kind, name in volume.workloads}
    return list(found)


def stop(cluster: RollBackCluster, kind: GroupResource, name: str, namespace: str) -> None:
    def make_patch(live: Object) -> Object:
        mark = StopMark.of(live)
        if mark is not None and mark.restore == cluster.restore and mark.holds(live):
            return {}
        patch = stop_patch(kind, live, cluster.restore)
        if not patch:
            return {}
        mark = StopMark(restore=cluster.restore, stopped=patch, back=inverse_patch(live, patch))
        return {**patch, "metadata": {"annotations": {ROLL_BACK_ANNOTATION: mark.to_annotation()}}}

    cluster.rewrite(cluster.resource(kind), name, namespace, make_patch)


def start(cluster: RollBackCluster, kind: GroupResource, name: str, namespace: str) -> None:
    def make_patch(live: Object) -> Object:
        mark = StopMark.of(live)
        if mark is None or mark.restore != cluster.restore:
            return {}
        back = mark.back if mark.holds(live) else {}
        return {**back, "metadata": {"annotations": {ROLL_BACK_ANNOTATION: None}}}

    cluster.rewrite(cluster.resource(kind), name, namespace, make_patch)


def is_marked(cluster: RollBackCluster, kind: GroupResource, name: str, namespace: str) -> bool:
    found: list[bool] = []

    def look(live: Object) -> Object:
        mark = StopMark.of(live)
        found.append(mark is not None and mark.restore == cluster.restore)
        return {}

    cluster.rewrite(cluster.resource(kind), name, namespace, look)
    return any(found)


def is_stopped(cluster: RollBackCluster, kind: GroupResource, name: str, namespace: str) -> bool:
    found: list[bool] = []

    def look(live: Object) -> Object:
        mark = StopMark.of(live)
        found.append((mark is not None and mark.holds(live)) or not stop_patch(kind, live, cluster.restore))
        return {}

    cluster.rewrite(cluster.resource(kind), name, namespace, look)
    return all(found)


__all__ = ("is_marked", "is_stopped", "start", "stop", "workloads_of")
