# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Schedule manifest, of Velero or of Heptio Ark: when, and the Backup that is made each time."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._velero.manifest import Readers, read_manifest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import read_bool, read_mapping, read_text

_FIELDS: Readers = {
    "template": read_mapping,
    "schedule": read_text,
    "useOwnerReferencesInBackup": read_bool,
    "paused": read_bool,
    "skipImmediately": read_bool,
}


@dataclasses.dataclass(frozen=True, slots=True)
class ScheduleManifest:
    """``backup``: the manifest of its backups, without a name. ``paused``, ``skip_immediately``: None if not said."""

    name: str
    schedule: str
    backup: t.Mapping[str, t.Any]
    paused: bool | None
    skip_immediately: bool | None


def parse_schedule(document: t.Any, *, source: str = "the manifest") -> ScheduleManifest:
    """Raises ``ValidationError`` for another kind, an unknown field, a wrong type.

    Backups have the labels of the template where it has any, else those of the Schedule, and its annotations.
    """
    manifest = read_manifest(document, "Schedule", _FIELDS, source=source)
    template = dict(manifest.options.get("template") or {})
    metadata = {"namespace": manifest.namespace, "annotations": dict(manifest.annotations)}
    if not (template.get("metadata") or {}).get("labels"):
        metadata["labels"] = dict(manifest.labels)
    return ScheduleManifest(
        name=manifest.name,
        schedule=str(manifest.options.get("schedule") or ""),
        backup={"apiVersion": document["apiVersion"], "kind": "Backup", "metadata": metadata, "spec": template},
        paused=manifest.options.get("paused"),
        skip_immediately=manifest.options.get("skip_immediately"),
    )


__all__ = ("ScheduleManifest", "parse_schedule")
