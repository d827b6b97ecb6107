# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order in which a restore brings group-resources back (Velero 1.18, docs/compatibility 5.3)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    APPS,
    BACKUP_REPOSITORIES,
    BACKUPS,
    CLAIMS,
    CLUSTER_BOOTSTRAPS,
    CLUSTER_CLASSES,
    CLUSTER_RESOURCE_SETS,
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    CLUSTERS,
    CONFIG_MAPS,
    CONTROLLER_REVISIONS,
    CRDS,
    CSI_NODES,
    DATA_UPLOADS,
    ENDPOINTS,
    EVENTS,
    LIMIT_RANGES,
    NAMESPACES,
    NEW_EVENTS,
    NODES,
    PACKAGE_INSTALLS,
    PODS,
    PRIORITY_CLASSES,
    REPLICA_SETS,
    RESTIC_REPOSITORIES,
    RESTORES,
    ROLE_BINDINGS,
    ROLES,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    STORAGE_CLASSES,
    VOLUME_ATTACHMENTS,
    VOLUME_SNAPSHOT_CLASSES,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource

#: Velero's default ``--restore-resource-priorities``, written out with their groups.
HIGH_PRIORITIES: tuple[GroupResource, ...] = (
    CRDS,
    NAMESPACES,
    STORAGE_CLASSES,
    VOLUME_SNAPSHOT_CLASSES,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
    DATA_UPLOADS,
    VOLUMES,
    CLAIMS,
    CLUSTER_ROLES,
    ROLES,
    SERVICE_ACCOUNTS,
    CLUSTER_ROLE_BINDINGS,
    ROLE_BINDINGS,
    SECRETS,
    CONFIG_MAPS,
    LIMIT_RANGES,
    PRIORITY_CLASSES,
    PODS,
    REPLICA_SETS,
    CLUSTER_CLASSES,
    ENDPOINTS,
    SERVICES,
)

LOW_PRIORITIES: tuple[GroupResource, ...] = (
    CLUSTER_BOOTSTRAPS,
    CLUSTERS,
    CLUSTER_RESOURCE_SETS,
    APPS,
    PACKAGE_INSTALLS,
)

#: Types whose definitions decide how others may be restored: always before everything else.
_ALWAYS_FIRST = (CRDS, NAMESPACES)

#: What brings the data back.
_WITH_DATA = HIGH_PRIORITIES[HIGH_PRIORITIES.index(STORAGE_CLASSES) : HIGH_PRIORITIES.index(CLAIMS) + 1]

#: Before the workloads whose controllers would make the newest of them anew, without what the backup says of it.
_BEFORE_THE_REST = (CONTROLLER_REVISIONS,)

#: What comes between claims and pods, and makes nobody mount anything.
WITHOUT_PODS = frozenset(HIGH_PRIORITIES[HIGH_PRIORITIES.index(CLAIMS) + 1 : HIGH_PRIORITIES.index(PODS)])

#: Types that a restore never brings back; they are added to ``excludedResources`` (docs/compatibility 5.2).
NON_RESTORABLE: tuple[GroupResource, ...] = (
    NODES,
    EVENTS,
    NEW_EVENTS,
    BACKUPS,
    RESTORES,
    RESTIC_REPOSITORIES,
    CSI_NODES,
    VOLUME_ATTACHMENTS,
    BACKUP_REPOSITORIES,
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
    "HIGH_PRIORITIES",
    "LOW_PRIORITIES",
    "NON_RESTORABLE",
    "WITHOUT_PODS",
    "always_first",
    "data_first",
    "parse_priorities",
    "restore_waves",
)
