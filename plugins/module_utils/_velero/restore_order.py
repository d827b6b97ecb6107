# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""The order in which a restore brings group-resources back (Velero 1.18)."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource

CRDS = GroupResource("customresourcedefinitions", "apiextensions.k8s.io")
NAMESPACES = GroupResource("namespaces")

#: Velero's default ``--restore-resource-priorities``, written out with their groups.
HIGH_PRIORITIES: tuple[GroupResource, ...] = (
    CRDS,
    NAMESPACES,
    GroupResource("storageclasses", "storage.k8s.io"),
    GroupResource("volumesnapshotclasses", "snapshot.storage.k8s.io"),
    GroupResource("volumesnapshotcontents", "snapshot.storage.k8s.io"),
    GroupResource("volumesnapshots", "snapshot.storage.k8s.io"),
    GroupResource("datauploads", "velero.io"),
    GroupResource("persistentvolumes"),
    GroupResource("persistentvolumeclaims"),
    GroupResource("clusterroles", "rbac.authorization.k8s.io"),
    GroupResource("roles", "rbac.authorization.k8s.io"),
    GroupResource("serviceaccounts"),
    GroupResource("clusterrolebindings", "rbac.authorization.k8s.io"),
    GroupResource("rolebindings", "rbac.authorization.k8s.io"),
    GroupResource("secrets"),
    GroupResource("configmaps"),
    GroupResource("limitranges"),
    GroupResource("priorityclasses", "scheduling.k8s.io"),
    GroupResource("pods"),
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

#: Types that a restore never brings back; they are added to ``excludedResources`` (Velero 1.18).
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


def restore_waves(
    present: t.Iterable[GroupResource],
    *,
    high: t.Sequence[GroupResource] = HIGH_PRIORITIES,
    low: t.Sequence[GroupResource] = LOW_PRIORITIES,
) -> list[tuple[GroupResource, ...]]:
    """The group-resources of a backup in waves: what stands in one wave may be restored side by side.

    A priority is a wave of its own; everything without a priority is one wave between high and low, because Velero's
    alphabetical order there follows no dependency. Each group-resource comes once.
    """
    there = set(present)
    waves: list[tuple[GroupResource, ...]] = [(resource,) for resource in high if resource in there]
    rest = there.difference(high, low)
    if rest:
        waves.append(tuple(sorted(rest, key=str)))
    waves.extend((resource,) for resource in low if resource in there and resource not in high)
    return waves


__all__ = ("CRDS", "HIGH_PRIORITIES", "LOW_PRIORITIES", "NAMESPACES", "NON_RESTORABLE", "restore_waves")
