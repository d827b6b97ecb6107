# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The claim that a snapshot is mounted by while its data is read: in the same namespace, of the same class."""

# Private: not for use outside of this collection.

from __future__ import annotations

import secrets

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_size import ask_for_room
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import TakenSnapshot

#: No backup stores it, whoever makes one meanwhile (Velero).
NOT_STORED = {"velero.io/exclude-from-backup": "true"}
_LONGEST_CLAIM_PART = 40


def why_not_movable(claim: ClaimVolume) -> str:
    """Why no file system can be made of its snapshot and read, a sentence; empty where one can."""
    if (claim.claim.get("spec") or {}).get("volumeMode") == "Block":
        return (
            f"The volume of {claim.where} is a raw block device, which is not moved: leave it out by a resource "
            "policy, or back it up without snapshot_move_data."
        )
    if not storage_class(claim):
        return f"The claim {claim.where} has no StorageClass, so no volume can be made of its snapshot to read it."
    return ""


def storage_class(claim: ClaimVolume) -> str:
    return _class_of(claim.claim) or _class_of(claim.volume or {})


def temporary_claim(claim: ClaimVolume, taken: TakenSnapshot, snapshot_type: ApiResource) -> Object:
    """Its manifest. One pod mounts it, so that one node is enough, whatever the claim's own access modes are."""
    spec = claim.claim.get("spec") or {}
    made: Object = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": f"arkive-{claim.name[:_LONGEST_CLAIM_PART].rstrip('-.')}-{secrets.token_hex(4)}",
            "namespace": claim.namespace,
            "labels": dict(NOT_STORED),
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": storage_class(claim),
            "volumeMode": "Filesystem",
            "dataSource": {"apiGroup": snapshot_type.group, "kind": snapshot_type.kind, "name": taken.name},
            "resources": {"requests": dict((spec.get("resources") or {}).get("requests") or {})},
        },
    }
    ask_for_room(made, taken.size_bytes)
    return made


def node_affinity(volume: ObjectView | None) -> Object:
    """Where the pod has to run: snapshots of volumes that some nodes reach are reached by these."""
    required = (((volume or {}).get("spec") or {}).get("nodeAffinity") or {}).get("required")
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}} if required else {}


def _class_of(obj: ObjectView) -> str:
    return str((obj.get("spec") or {}).get("storageClassName") or "")


__all__ = ("NOT_STORED", "node_affinity", "storage_class", "temporary_claim", "why_not_movable")
