# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The VolumeSnapshot that is made of a claim."""

# Private: not for use outside of this collection.

from __future__ import annotations

import secrets

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec

_LONGEST_CLAIM_PART = 200


def snapshot_manifest(spec: SnapshotSpec, resource: ApiResource) -> Object:
    """Of the type ``resource``; where ``spec`` names none, under a new name each time."""
    name = spec.name or f"velero-{spec.claim[:_LONGEST_CLAIM_PART]}-{secrets.token_hex(3)}"
    wanted: Object = {"source": {"persistentVolumeClaimName": spec.claim}}
    if spec.class_name:
        wanted["volumeSnapshotClassName"] = spec.class_name
    metadata: Object = {"name": name, "namespace": spec.namespace}
    for member, values in (("labels", spec.labels), ("annotations", spec.annotations)):
        if values:
            metadata[member] = dict(values)
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "spec": wanted}


__all__ = ("snapshot_manifest",)
