# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The claim that a snapshot is mounted by while its data is read: in the same namespace, of the same class."""

# Private: not for use outside of this collection.

from __future__ import annotations

import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_size import (
    ask_for_room,
    requested_bytes,
    volume_bytes,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume

#: No backup stores it, whoever makes one meanwhile (Velero).
NOT_STORED = {"velero.io/exclude-from-backup": "true"}
_LONGEST_CLAIM_PART = 40
#: The API server does not ask whether a claim's source is there.
_NO_SNAPSHOT_YET = "not-yet"


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


def temporary_claim(
    claim: ClaimVolume, snapshot: str, snapshot_type: ApiResource, *, size_bytes: int | None = None
) -> Object:
    """Its manifest: a volume of ``snapshot``, of ``size_bytes`` at least.

    One pod mounts it, so that one node is enough, whatever the claim's own access modes are.
    """
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
            "dataSource": {"apiGroup": snapshot_type.group, "kind": snapshot_type.kind, "name": snapshot},
            "resources": {"requests": dict((spec.get("resources") or {}).get("requests") or {})},
        },
    }
    ask_for_room(made, size_bytes)
    return made


def claims_to_try(claims: t.Iterable[ClaimVolume], snapshot_type: ApiResource) -> list[Object]:
    """The temporary claims that the cluster has to admit, before there are snapshots: of each class the largest.

    A snapshot is as large as its volume, which may be larger than was asked for.
    """
    largest: dict[tuple[str, str], ClaimVolume] = {}
    for claim in claims:
        key = (claim.namespace, storage_class(claim))
        if key not in largest or _room_of(claim) > _room_of(largest[key]):
            largest[key] = claim
    return [
        temporary_claim(claim, _NO_SNAPSHOT_YET, snapshot_type, size_bytes=_room_of(claim))
        for _key, claim in sorted(largest.items())
    ]


def _room_of(claim: ClaimVolume) -> int:
    return int(max(requested_bytes(claim.claim), volume_bytes(claim.claim)))


def node_affinity(volume: ObjectView | None) -> Object:
    """Where the pod has to run: snapshots of volumes that some nodes reach are reached by these."""
    required = (((volume or {}).get("spec") or {}).get("nodeAffinity") or {}).get("required")
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}} if required else {}


def _class_of(obj: ObjectView) -> str:
    return str((obj.get("spec") or {}).get("storageClassName") or "")


__all__ = ("NOT_STORED", "claims_to_try", "node_affinity", "storage_class", "temporary_claim", "why_not_movable")
