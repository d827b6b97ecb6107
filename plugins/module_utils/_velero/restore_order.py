# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order in which a restore brings group-resources back (Velero 1.18, docs/compatibility 5.3)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource

CRDS = GroupResource("customresourcedefinitions", "apiextensions.k8s.io")
NAMESPACES = GroupResource("namespaces")
PODS = GroupResource("pods")
CLAIMS = GroupResource("persistentvolumeclaims")
VOLUMES = GroupResource("persistentvolumes")

#: Velero's default ``--restore-resource-priorities``, written out with their groups.
HIGH_PRIORITIES: tuple[GroupResource, ...] = (
    CRDS,
    NAMESPACES,
    GroupResource("storageclasses", "storage.k8s.io"),
    GroupResource("volumesnapshotclasses", "snapshot.storage.k8s.io"),
    GroupResource("volumesnapshotcontents", "snapshot.storage.k8s.io"),
    GroupResource("volumesnapshots", "snapshot.storage.k8s.io"),
    GroupResource("datauploads", "velero.io"),
    VOLUMES,
    CLAIMS,
    GroupResource("clusterroles", "rbac.authorization.k8s.io"),
    GroupResource("roles", "rbac.authorization.k8s.io"),
    GroupResource("serviceaccounts"),
    GroupResource("clusterrolebindings", "rbac.authorization.k8s.io"),
    GroupResource("rolebindings", "rbac.authorization.k8s.io"),
    GroupResource("secrets"),
    GroupResource("configmaps"),
    GroupResource("limitranges"),
    GroupResource("priorityclasses", "scheduling.k8s.io"),
    PODS,
    GroupResource("replicasets", "apps"),
    GroupResource("clusterclasses", "cluster.x-k8s.io"),
    GroupResource("endpoints"),
    GroupResource("services"),
)

LOW_PRIORITIES: tuple[GroupResource, ...] = (
    GroupResource("clusterbootstraps", "run.tanzu.vmware.com"),
    GroupResource("clusters", "cluster.x-k8s.io"),
    GroupResource("clusterresourcesets", "addons.cluster.x-k8s.io"),
    GroupResource("apps", "kappctrl.k14s.io"),
    GroupResource("packageinstalls", "packaging.carvel.dev"),
)

#: Types whose definitions decide how others may be restored: always before everything else.
_ALWAYS_FIRST = (CRDS, NAMESPACES)

#: What brings the data back.
_WITH_DATA = HIGH_PRIORITIES[
    HIGH_PRIORITIES.index(GroupResource("storageclasses", "storage.k8s.io")) : HIGH_PRIORITIES.index(CLAIMS) + 1
]

#: Before the workloads whose controllers would make the newest of them anew, without what the backup says of it.
_BEFORE_THE_REST = (GroupResource("controllerrevisions", "apps"),)

#: Types that a restore never brings back; they are added to ``excludedResources`` (docs/compatibility 5.2).
NON_RESTORABLE: tuple[GroupResource, ...] = (
    GroupResource("nodes"),
    GroupResource("events"),
    GroupResource("events", "events.k8s.io"),
    GroupResource("backups", "velero.io"),
    GroupResource("restores", "velero.io"),
    GroupResource("resticrepositories", "velero.io"),
    GroupResource("csinodes", "storage.k8s.io"),
    GroupResource("volumeattachments", "storage.k8s.io"),
    GroupResource("backuprepositories", "velero.io"),
)


def parse_priorities(value: str | t.Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the types to restore first, and of those to restore last, in order.

    The form of Velero's ``--restore-resource-priorities``: a single ``-`` stands between the two; without one, all come
    first. Raises ``ValidationError`` for a second ``-`` or a type that is named twice.
    """
    names = [name.strip() for name in (value.split(",") if isinstance(value, str) else value) if name.strip()]
    if names.count("-") > 1:
        raise ValidationError("The resource priorities have more than one '-'.", hint="It parts first from last.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValidationError(f"The resource priorities name '{twice[0]}' more than once.")
    middle = names.index("-") if "-" in names else len(names)
    return tuple(names[:middle]), tuple(names[middle + 1 :])


def always_first(high: t.Iterable[GroupResource]) -> tuple[GroupResource, ...]:
    """``high`` behind definitions and namespaces, without which nothing else can be made."""
    return (*_ALWAYS_FIRST, *(resource for resource in high if resource not in _ALWAYS_FIRST))


def data_first(high: t.Iterable[GroupResource]) -> tuple[GroupResource, ...]:
    """``always_first``, with volumes and claims next, in Velero's order.

    A workload that is made before its claims gets empty ones from its controller.
    """
    first = (*_ALWAYS_FIRST, *_WITH_DATA)
    return (*first, *(resource for resource in high if resource not in first))


def restore_waves(
    present: t.Iterable[GroupResource],
    *,
    high: t.Sequence[GroupResource] = HIGH_PRIORITIES,
    low: t.Sequence[GroupResource] = LOW_PRIORITIES,
) -> list[tuple[GroupResource, ...]]:
    """The group-resources of a backup in waves: what stands in one wave may be restored side by side.

    A priority is a wave of its own; everything without a priority is one wave between high and low, because Velero's
    alphabetical order there follows no dependency but one, that of ControllerRevisions. Each group-resource comes once.
    """
    there = set(present)
    waves: list[tuple[GroupResource, ...]] = [(resource,) for resource in high if resource in there]
    rest = there.difference(high, low)
    waves += [(resource,) for resource in _BEFORE_THE_REST if resource in rest]
    rest.difference_update(_BEFORE_THE_REST)
    if rest:
        waves.append(tuple(sorted(rest, key=str)))
    waves.extend((resource,) for resource in low if resource in there and resource not in high)
    return waves


__all__ = (
    "CLAIMS",
    "CRDS",
    "HIGH_PRIORITIES",
    "LOW_PRIORITIES",
    "NAMESPACES",
    "NON_RESTORABLE",
    "PODS",
    "VOLUMES",
    "always_first",
    "data_first",
    "parse_priorities",
    "restore_waves",
)
