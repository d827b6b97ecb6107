# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which VolumeSnapshotClass is taken (Velero 1.18, docs/compatibility 8.3)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError

#: On a claim, the name of the class; on a class as a label, whatever its value.
CLASS_KEY = "velero.io/csi-volumesnapshot-class"
_DEFAULT_ANNOTATION = "snapshot.storage.kubernetes.io/is-default-class"

Annotations: t.TypeAlias = "t.Mapping[str, str]"


class ChosenClass(t.NamedTuple):
    """``why``: a phrase."""

    name: str
    why: str


def choose_class(
    driver: str,
    classes: t.Sequence[ObjectView],
    *,
    claim_annotations: Annotations | None = None,
    backup_annotations: Annotations | None = None,
) -> ChosenClass:
    """The class for volumes of ``driver``. Raises ``SnapshotError`` where none can be chosen.

    In this order: what the claim's annotation names, what the backup's names for the driver, the class with Velero's
    label, the default class, the only class. An annotation that names no class of the driver is passed over.
    """
    fitting = sorted((entry for entry in classes if str(entry.get("driver", "")).lower() == driver.lower()), key=_name)
    by_name = {_name(entry).lower(): _name(entry) for entry in fitting}
    named = (
        ((claim_annotations or {}).get(CLASS_KEY, ""), "named by an annotation of the claim"),
        ((backup_annotations or {}).get(f"{CLASS_KEY}_{driver.lower()}", ""), "named by an annotation of the backup"),
    )
    for name, why in named:
        if name and name.lower() in by_name:
            return ChosenClass(by_name[name.lower()], why)
    for entry in fitting:
        if CLASS_KEY in (entry["metadata"].get("labels") or {}):
            return ChosenClass(_name(entry), f"it has the label {CLASS_KEY}")
    for entry in fitting:
        if _DEFAULT_ANNOTATION in (entry["metadata"].get("annotations") or {}):
            return ChosenClass(_name(entry), "it is the driver's default class")
    if len(fitting) == 1:
        return ChosenClass(_name(fitting[0]), "it is the driver's only class")
    if fitting:
        raise SnapshotError(
            f"The driver {driver} has {len(fitting)} VolumeSnapshotClasses "
            f"({', '.join(map(_name, fitting))}), and none is marked.",
            hint=f'Label one of them with {CLASS_KEY}: "true".',
        )
    raise SnapshotError(
        f"The driver {driver} has no VolumeSnapshotClass.",
        hint=f"Make one with driver: {driver}, or leave its volumes out with a volume policy of action skip.",
    )


def _name(entry: ObjectView) -> str:
    return str(entry["metadata"]["name"])


__all__ = ("CLASS_KEY", "ChosenClass", "choose_class")
