# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The volumes behind the claims of a proof: those that were made for them go with them, any other one stays.

A cluster may give a claim a volume that was there before and happens to fit, whatever the claim is to be made from.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import api_path
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError

#: What the control plane notes on a claim as it asks a driver for a volume, and on no other.
_PROVISIONERS = ("volume.kubernetes.io/storage-provisioner", "volume.beta.kubernetes.io/storage-provisioner")
#: What a driver's side notes on a volume that it has made.
_MADE_BY = "pv.kubernetes.io/provisioned-by"


class BoundVolume(t.NamedTuple):
    """``unread``: why it could not be read; then the claim alone says whether the volume was made for it."""

    name: str
    claim: str
    is_made: bool
    policy: str = ""
    unread: str = ""

    @property
    def path(self) -> str:
        return volume_path(self.name)


def volume_path(name: str) -> str:
    return api_path("api", "v1", "persistentvolumes", name)


def bound_volumes(client: KubeClient, claims: t.Iterable[ObjectView]) -> list[BoundVolume]:
    """Those that are there."""
    found = (_bound(client, claim) for claim in claims if (claim.get("spec") or {}).get("volumeName"))
    return [volume for volume in found if volume is not None]


def refuse_others(volumes: t.Iterable[BoundVolume]) -> None:
    """Raises ``ProofError`` where a claim has a volume that is not from its snapshot."""
    for volume in volumes:
        if not volume.is_made:
            raise ProofError(
                f"The cluster gave claim {volume.claim} of the proof the volume {volume.name}, which was not made for "
                "it from the snapshot. Nothing was started.",
                hint="Take that volume out of its storage class, or name another class in storage_class_mapping.",
            )


def settle(client: KubeClient, volumes: t.Iterable[BoundVolume]) -> list[str]:
    """Before the claims go: what is to become of each volume. Sentences for those that may stay, and for others' ones.

    Raises ``ProofError`` where a volume of somebody else would go with the claim.
    """
    problems = []
    for volume in volumes:
        wanted = "Delete" if volume.is_made else "Retain"
        try:
            if volume.policy != wanted:
                client.patch(volume.path, {"spec": {"persistentVolumeReclaimPolicy": wanted}})
        except KubeError as exc:
            if not volume.is_made:
                raise ProofError(
                    f"The claim {volume.claim} of the proof was not removed, as the volume {volume.name}, which was "
                    f"not made for it, would go with it: {exc.sentence}",
                    hint="Set its persistentVolumeReclaimPolicy to Retain.",
                ) from exc
            why = volume.unread or exc.sentence
            problems.append(f"Whether {volume.name}, a volume of the proof, goes with it is unknown: {why}")
            continue
        if not volume.is_made:
            problems.append(
                f"The volume {volume.name}, which was not made for claim {volume.claim} of the proof, was kept; it is "
                "Released now."
            )
    return problems


def _bound(client: KubeClient, claim: ObjectView) -> BoundVolume | None:
    name, of = str(claim["spec"]["volumeName"]), str(claim["metadata"]["name"])
    annotations = claim["metadata"].get("annotations") or {}
    asked_for = any(annotations.get(key) for key in _PROVISIONERS)
    try:
        volume = client.get(volume_path(name))
    except KubeError as exc:
        if exc.not_found:
            return None
        return BoundVolume(name, of, is_made=asked_for, unread=exc.sentence)
    spec = volume.get("spec") or {}
    return BoundVolume(
        name,
        of,
        is_made=asked_for and _is_made_for(claim["metadata"], volume),
        policy=str(spec.get("persistentVolumeReclaimPolicy") or ""),
    )


def _is_made_for(claim: ObjectView, volume: ObjectView) -> bool:
    """A volume that is older than its claim was not; of those of the same second, the notes tell."""
    metadata = volume["metadata"]
    reference = (volume.get("spec") or {}).get("claimRef") or {}
    is_younger = str(metadata.get("creationTimestamp") or "") >= str(claim.get("creationTimestamp"))
    return is_younger and reference.get("uid") == claim.get("uid") and _MADE_BY in (metadata.get("annotations") or {})


__all__ = ("BoundVolume", "bound_volumes", "refuse_others", "settle", "volume_path")
