# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metadata of restored objects: what is taken off, and the labels that are put on (docs/compatibility 5.6.8)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_object import (
    BACKUP_NAME_LABEL,
    LEGACY_RESTORE_LABEL,
    RESTORE_NAME_LABEL,
)

#: What the old API server wrote; names, labels, annotations, finalizers and unknown members stay.
_SYSTEM_METADATA = (
    "generateName",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "ownerReferences",
)
OUR_LABELS = frozenset({BACKUP_NAME_LABEL, RESTORE_NAME_LABEL, LEGACY_RESTORE_LABEL})


def strip_system_metadata(obj: dict[str, t.Any]) -> None:
    """Take system metadata and the status off ``obj``; ``managedFields`` stay, for whoever wants them."""
    metadata = obj.get("metadata") or {}
    for name in _SYSTEM_METADATA:
        metadata.pop(name, None)
    obj.pop("status", None)


def restore_labels(backup_name: str, restore_name: str, *, legacy: bool = False) -> dict[str, str]:
    """The labels by which a restored object is known; long names are shortened as Velero does."""
    labels = {BACKUP_NAME_LABEL: label_value(backup_name), RESTORE_NAME_LABEL: label_value(restore_name)}
    if legacy:
        labels[LEGACY_RESTORE_LABEL] = label_value(restore_name)
    return labels


def made_by(obj: t.Mapping[str, t.Any], restore_name: str) -> bool:
    """True when ``obj`` carries this restore's label: an earlier run of it made the object."""
    labels = (obj.get("metadata") or {}).get("labels") or {}
    return bool(labels.get(RESTORE_NAME_LABEL) == label_value(restore_name))


__all__ = ("OUR_LABELS", "made_by", "restore_labels", "strip_system_metadata")
