# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a stored Backup is as an object of a cluster: Velero's rules of its sync (docs/compatibility 7.5)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import ARK, VELERO, TypeFamily
from ansible_collections.arkive.k8s.plugins.module_utils._velero.ark import convert_to_ark
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import expires_at, phase_of

#: Ours, on a Backup whose other objects are not all made yet: a run that was killed is found by it.
PENDING = "arkive.k8s/sync-pending"
BACKUP_UID_LABEL = "velero.io/backup-uid"

_ENDED = ("Completed", "PartiallyFailed", "Failed")
_INCOMPLETE = (
    "WaitingForPluginOperations",
    "WaitingForPluginOperationsPartiallyFailed",
    "Finalizing",
    "FinalizingPartiallyFailed",
)
#: The server gives the others anew.
_METADATA = ("name", "labels", "annotations", "ownerReferences", "finalizers")


class NotTakenOver(ArkiveError):
    """A stored backup of which no object is made, and why."""


def synced_phase(backup: ObjectView, now: dt.datetime) -> str:
    """The phase that the object has. Raises ``NotTakenOver``: what has not ended would be run as a new backup."""
    phase = phase_of(backup)
    if phase in _ENDED:
        return phase
    if phase not in _INCOMPLETE:
        said = f"has the phase '{phase}'" if phase else "has no phase"
        raise NotTakenOver(f"It {said}: a Velero server would run it as a new backup.")
    expires = expires_at(backup)
    if expires is None or expires > now:
        raise NotTakenOver(f"It is {phase}: whoever makes it has not ended.")
    # So that it can be deleted as expired.
    return "PartiallyFailed"


def synced_backup(
    backup: ObjectView, *, family: TypeFamily, location: str, namespace: str, phase: str, pending: bool
) -> Object:
    """The object to create from a stored Backup in Velero's words.

    Labels, annotations, owners and status are as they are stored; the namespace and the location are those of this
    cluster. Hooks go: they are for running a backup only.
    """
    found = convert_to_ark(backup) if family is ARK else dict(backup)
    metadata = _metadata(found, namespace)
    metadata["labels"] = {**(metadata.get("labels") or {}), family.location_label: label_value(location)}
    if pending:
        metadata["annotations"] = {**(metadata.get("annotations") or {}), PENDING: "podvolumebackups"}
    spec = {name: value for name, value in (found.get("spec") or {}).items() if name != "hooks"}
    return {
        "apiVersion": family.api_version,
        "kind": "Backup",
        "metadata": metadata,
        "spec": {**spec, "storageLocation": location},
        "status": {**(found.get("status") or {}), "phase": phase},
    }


def synced_pod_volume(stored: ObjectView, *, backup: ObjectView, location: str) -> Object:
    """A PodVolumeBackup of ``backup``, which is in the cluster: it is its owner, by its new UID."""
    name, uid, namespace = (backup["metadata"][member] for member in ("name", "uid", "namespace"))
    metadata = _metadata(stored, namespace)
    if isinstance(metadata.get("ownerReferences"), list):
        metadata["ownerReferences"] = [
            {**owner, "uid": uid} if _is_backup(owner, name) else owner for owner in metadata["ownerReferences"]
        ]
    if BACKUP_UID_LABEL in (metadata.get("labels") or {}):
        metadata["labels"] = {**metadata["labels"], BACKUP_UID_LABEL: uid}
    return {
        "apiVersion": VELERO.api_version,
        "kind": "PodVolumeBackup",
        "metadata": metadata,
        "spec": {**(stored.get("spec") or {}), "backupStorageLocation": location},
        "status": dict(stored.get("status") or {}),
    }


def kept_owners(backup: ObjectView, schedule_uid: t.Callable[[str], str | None]) -> tuple[list[Object], list[str]]:
    """The owners that a Backup keeps, and warnings: a Schedule that is here with the same UID, and what is none.

    ``schedule_uid``: of a Schedule by its name, None when there is none.
    """
    owners = backup["metadata"].get("ownerReferences")
    kept, warnings = [], []
    for owner in owners if isinstance(owners, list) else ():
        if not isinstance(owner, dict):
            continue
        if owner.get("kind") != "Schedule":
            warnings.append(
                f"Backup '{backup['metadata']['name']}' keeps its owner {owner.get('kind')} '{owner.get('name')}'. "
                "Where that does not exist, the cluster deletes the Backup object again."
            )
        elif schedule_uid(str(owner.get("name"))) != owner.get("uid"):
            continue
        kept.append(owner)
    return kept, warnings


def _metadata(obj: ObjectView, namespace: str) -> Object:
    stored = obj.get("metadata") or {}
    return {**{member: stored[member] for member in _METADATA if stored.get(member)}, "namespace": namespace}


def _is_backup(owner: t.Any, name: str) -> bool:
    return isinstance(owner, dict) and (owner.get("apiVersion"), owner.get("kind"), owner.get("name")) == (
        VELERO.api_version,
        "Backup",
        name,
    )


__all__ = (
    "BACKUP_UID_LABEL",
    "PENDING",
    "NotTakenOver",
    "kept_owners",
    "synced_backup",
    "synced_phase",
    "synced_pod_volume",
)
