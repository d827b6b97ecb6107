# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The zone of a PersistentVolume, where its snapshot belongs (Velero 1.18, docs/compatibility 8.1)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

_LABELS = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")
_GKE = "topology.gke.io/zone"
_AFFINITY_KEYS = frozenset(
    {
        "topology.ebs.csi.aws.com/zone",
        "topology.disk.csi.azure.com/zone",
        _GKE,
        "topology.manila.csi.openstack.org/zone",
        "topology.cinder.csi.openstack.org/zone",
        *_LABELS,
    }
)
#: What joins the zones of a regional disk.
_SEPARATOR = "__"


def zone_of(volume: t.Mapping[str, t.Any]) -> str:
    """The zone by its label, the deprecated label, or the required node affinity; empty when none of them says."""
    return _labelled_zone(volume) or _zone_of_affinity(volume)


def _labelled_zone(volume: t.Mapping[str, t.Any]) -> str:
    labels = (volume.get("metadata") or {}).get("labels") or {}
    return next((str(labels[label]) for label in _LABELS if labels.get(label)), "")


def _zone_of_affinity(volume: t.Mapping[str, t.Any]) -> str:
    required = ((volume.get("spec") or {}).get("nodeAffinity") or {}).get("required") or {}
    regional: list[str] = []
    for term in required.get("nodeSelectorTerms") or ():
        for expression in term.get("matchExpressions") or ():
            values = expression.get("values") or ()
            if expression.get("operator") != "In" or expression.get("key") not in _AFFINITY_KEYS or not values:
                continue
            if expression["key"] != _GKE:
                return str(values[0])
            regional.extend(str(value) for value in values)
    return _SEPARATOR.join(dict.fromkeys(regional))


__all__ = ("zone_of",)
