# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a Velero server demands of a Backup object that it finds in a bucket (docs/compatibility 13.1)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import is_subdomain_name, label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import find_misfit, quoted, readable
from ansible_collections.arkive.k8s.plugins.module_utils._velero.ark import VELERO_API_VERSION
from ansible_collections.arkive.k8s.plugins.module_utils._velero.document_shapes import BACKUP_STATUS

SCHEDULE_LABEL = "velero.io/schedule-name"

_STRINGS = (
    "includedNamespaces",
    "excludedNamespaces",
    "includedResources",
    "excludedResources",
    "includedClusterScopedResources",
    "excludedClusterScopedResources",
    "includedNamespaceScopedResources",
    "excludedNamespaceScopedResources",
    "volumeSnapshotLocations",
)
_SPEC_TYPES: dict[str, type] = {
    **dict.fromkeys(_STRINGS, list),
    "metadata": dict,
    "labelSelector": dict,
    "orLabelSelectors": list,
    "snapshotVolumes": bool,
    "ttl": str,
    "includeClusterResources": bool,
    "hooks": dict,
    "storageLocation": str,
    "orderedResources": dict,
}
_JSON_WORDS: dict[type, str] = {list: "a list", dict: "an object", bool: "a boolean", str: "text"}


def find_problems(backup: t.Mapping[str, t.Any], directory: str) -> list[str]:
    """Why a server would not take this object over, as sentences; ``directory`` is the name it is stored under.

    An object of Ark is to be converted first.
    """
    problems = []
    kind = f"{backup.get('apiVersion')}/{backup.get('kind')}"
    if kind != f"{VELERO_API_VERSION}/Backup":
        problems.append(f"Its object is a {readable(kind)}, not a {VELERO_API_VERSION}/Backup.")
    metadata = backup.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not is_subdomain_name(name):
        problems.append(f"Its object has the name {quoted(name)}, which no backup can have.")
    elif name != directory:
        problems.append(f"Its object has the name '{name}', but lies in the directory '{directory}'.")
    if isinstance(metadata, dict):
        for member in ("labels", "annotations"):
            if not _is_string_map(metadata.get(member)):
                problems.append(f"Its metadata.{member} do not map text to text.")
    for member in ("spec", "status"):
        if not isinstance(backup.get(member), dict | None):
            problems.append(f"Its {member} is not an object.")
    if isinstance(backup.get("status"), dict):
        misfit = find_misfit(backup["status"], BACKUP_STATUS, "status")
        problems += [f"Its {misfit}."] if misfit else []
    spec = backup.get("spec")
    if isinstance(spec, dict):
        problems += _find_wrong_types(spec)
    return problems


def _find_wrong_types(spec: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    for member, wanted in _SPEC_TYPES.items():
        value = spec.get(member)
        if value is None:
            continue
        if not isinstance(value, wanted):
            yield f"Its spec.{member} is not {_JSON_WORDS[wanted]}."
        elif isinstance(value, list) and member in _STRINGS and not all(isinstance(entry, str) for entry in value):
            yield f"Its spec.{member} has an entry that is not text."


def _is_string_map(value: t.Any) -> bool:
    if value is None:
        return True
    return isinstance(value, dict) and all(isinstance(entry, str) for entry in value.values())


def phase_of(backup: t.Mapping[str, t.Any]) -> str:
    """Empty for a backup that was never run."""
    status = backup.get("status")
    return str(status.get("phase") or "") if isinstance(status, dict) else ""


def made_at(backup: t.Mapping[str, t.Any], name: str) -> dt.datetime:
    """When it began, else when its object was made, else what its name says; long ago when nothing does."""
    status, metadata = backup.get("status") or {}, backup.get("metadata") or {}
    for text in (status.get("startTimestamp"), metadata.get("creationTimestamp")):
        found = read_moment(text)
        if found is not None:
            return found
    try:
        return dt.datetime.strptime(name[-14:], "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC)
    except ValueError:
        return dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def expires_at(backup: t.Mapping[str, t.Any]) -> dt.datetime | None:
    """When its time to live is over; None for one that is kept forever."""
    return read_moment((backup.get("status") or {}).get("expiration"))


def schedule_of(backup: t.Mapping[str, t.Any]) -> str:
    """The schedule that made a backup; empty for one that none made."""
    labels = (backup.get("metadata") or {}).get("labels")
    return str(labels.get(SCHEDULE_LABEL, "")) if isinstance(labels, dict) else ""


def is_of_schedule(backup: t.Mapping[str, t.Any], schedule: str) -> bool:
    """Whether that schedule made it: a name that is too long for a label stands there shortened."""
    return schedule_of(backup) in (schedule, label_value(schedule))


__all__ = (
    "SCHEDULE_LABEL",
    "expires_at",
    "find_problems",
    "is_of_schedule",
    "made_at",
    "phase_of",
    "schedule_of",
)
