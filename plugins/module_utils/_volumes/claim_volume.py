# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A PersistentVolumeClaim with the volume behind it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

#: Who made the volume of a claim, for those who may not read volumes.
_PROVISIONER_ANNOTATIONS = ("volume.kubernetes.io/storage-provisioner", "volume.beta.kubernetes.io/storage-provisioner")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ClaimVolume:
    """A bound claim. ``volume`` is None where PersistentVolumes may not be read; ``driver`` is empty if unknown.

    ``user``: the securityContext of a pod that mounts it; empty where nobody asked, or nothing mounts it.
    """

    claim: t.Mapping[str, t.Any]
    volume: t.Mapping[str, t.Any] | None
    user: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)

    @property
    def namespace(self) -> str:
        return str(self.claim["metadata"]["namespace"])

    @property
    def name(self) -> str:
        return str(self.claim["metadata"]["name"])

    @property
    def where(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def labels(self) -> dict[str, str]:
        return dict(self.claim["metadata"].get("labels") or {})

    @property
    def annotations(self) -> dict[str, str]:
        return dict(self.claim["metadata"].get("annotations") or {})

    @property
    def volume_name(self) -> str:
        return str((self.claim.get("spec") or {}).get("volumeName") or "")

    @property
    def driver(self) -> str:
        """The CSI driver; by the claim's annotation where the volume may not be read."""
        if self.volume is not None:
            return str(((self.volume.get("spec") or {}).get("csi") or {}).get("driver") or "")
        return next((self.annotations[key] for key in _PROVISIONER_ANNOTATIONS if key in self.annotations), "")


__all__ = ("ClaimVolume",)
