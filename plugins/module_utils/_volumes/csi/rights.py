# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that CSI snapshots take."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    CSI_DRIVERS,
    RESOURCE_QUOTAS,
    VOLUME_SNAPSHOT_CLASSES,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, RightsScope, needs_on

_CLASSES = needs_on("list", VOLUME_SNAPSHOT_CLASSES)


def backup_needs(namespaces: t.Iterable[str]) -> list[Need]:
    """To snapshot the volumes in ``namespaces`` for a backup: the contents that hold them are cluster-wide."""
    return [
        *needs_on("get list", VOLUMES),
        *_CLASSES,
        *needs_on("get list watch patch delete", VOLUME_SNAPSHOT_CONTENTS),
        *needs_on("create get list watch delete", VOLUME_SNAPSHOTS, places=namespaces),
    ]


def deletion_needs() -> list[Need]:
    """To delete snapshots: an object is made for each, changed where it is overlooked, and deleted."""
    return list(needs_on("create get patch delete", VOLUME_SNAPSHOT_CONTENTS))


def set_needs(namespace: str, *, retain: bool) -> list[Need]:
    """To take and remove the snapshots of a set. Those on contents have no namespace."""
    return [
        *needs_on("get list create patch delete", VOLUME_SNAPSHOTS, places=(namespace,)),
        *needs_on("get list watch", VOLUME_SNAPSHOT_CONTENTS),
        *(needs_on("patch delete", VOLUME_SNAPSHOT_CONTENTS) if retain else ()),
    ]


def restore_needs(namespace: str) -> list[Need]:
    """To make a volume from a snapshot: an object and its content are made, followed, and removed again."""
    return [
        *needs_on("create get patch delete", VOLUME_SNAPSHOT_CONTENTS),
        *needs_on("create get patch delete", VOLUME_SNAPSHOTS, places=(namespace,)),
    ]


def backup_grants(scope: RightsScope) -> list[Grant]:
    if not scope.has(CLAIMS):
        return []
    return [
        Grant("CSI snapshots of volumes.", tuple(backup_needs(scope.places))),
        _room(scope),
    ]


def _room(scope: RightsScope) -> Grant:
    return Grant(
        "Room for all of them in a quota.",
        needs_on("list", RESOURCE_QUOTAS, places=scope.places),
        "A quota that admits some of them only is not seen before they are taken.",
    )


def deletion_grants(_scope: RightsScope) -> list[Grant]:
    return [
        Grant("An object for each snapshot, by which its driver deletes it.", tuple(deletion_needs())),
        Grant(
            "Which drivers there are, and their credentials.",
            (*_CLASSES, *needs_on("list", CSI_DRIVERS)),
            "The driver itself says what it does not have, and is given no credentials.",
        ),
        Grant(
            "Contents that outlived their VolumeSnapshot.",
            (*needs_on("list", VOLUME_SNAPSHOT_CONTENTS), *needs_on("get", VOLUME_SNAPSHOTS)),
            "They are named and stay.",
        ),
    ]


def set_grants(scope: RightsScope) -> list[Grant]:
    needs = {need: None for place in scope.places for need in set_needs(place, retain=scope.retain)}
    contents = VOLUME_SNAPSHOT_CONTENTS.resource
    unsure = tuple(need for need in needs if need.resource == contents and not scope.retain)
    return [
        Grant("The snapshots.", tuple(need for need in needs if need not in unsure)),
        Grant("How they are taken.", _CLASSES, "The API server chooses the class."),
        _room(scope),
        Grant(
            "Their handles.",
            unsure,
            "They stay unknown, and the time in the VolumeSnapshot counts.",
        ),
    ]


def listing_grants(scope: RightsScope) -> list[Grant]:
    return [
        Grant("The snapshots.", needs_on("list", VOLUME_SNAPSHOTS, places=scope.places)),
        Grant("Their handles.", needs_on("get list", VOLUME_SNAPSHOT_CONTENTS), "They stay unknown, with a warning."),
    ]


def restore_grants(scope: RightsScope) -> list[Grant]:
    if not scope.has(CLAIMS):
        return []
    needs = {need: None for place in scope.places for need in restore_needs(place)}
    return [
        Grant("Volumes are made from snapshots, by objects that are removed again.", tuple(needs)),
        Grant(
            "The classes of snapshots, which are stored with them.",
            needs_on(f"get list create {scope.change_verb}", VOLUME_SNAPSHOT_CLASSES),
        ),
    ]


__all__ = (
    "backup_grants",
    "backup_needs",
    "deletion_grants",
    "deletion_needs",
    "listing_grants",
    "restore_grants",
    "set_grants",
    "set_needs",
)
