# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup of that name is in the store already: is it the one that was asked for?"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import plural
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import (
    EXCLUDED_BY_LABEL_ANNOTATION,
    FAILED_PHASES,
    POLICY_ANNOTATION,
    TERMINAL_PHASES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import (
    compared_spec,
    differing_fields,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import snake_case
from ansible_collections.arkive.k8s.plugins.module_utils._velero.results_file import parse_results


def find_existing(catalog: Catalog, request: BackupRequest, *, location: str) -> BackupOutcome | None:
    """The backup that ``request`` asks for, as the store holds it; None when it does not.

    Raises ``ValidationError`` when it holds another one of that name: a backup is never altered.
    """
    backup = catalog.read_sound_backup(request.name)
    if backup is None:
        return None
    phase = (backup.get("status") or {}).get("phase", "")
    if phase not in TERMINAL_PHASES:
        raise ValidationError(
            f"Backup '{request.name}' in {location} is still being made: its phase is {phase or 'New'}.",
            hint="Wait until it is done, or choose another name.",
            details={"phase": "Failed"},
        )
    if phase in FAILED_PHASES and request.replace_failed:
        return None
    differing = _differences(request, backup)
    if differing:
        named = [request.spell(snake_case(name)) for name in differing]
        raise ValidationError(
            f"Backup '{request.name}' exists in {location} with another spec: {', '.join(named)} "
            f"{plural(len(differing), 'differs', 'differ')}.",
            hint="A backup is never altered: choose another name, or delete it with state=absent.",
            details={"differing_fields": differing, "phase": "Failed"},
        )
    files = catalog.files(request.name)
    record = files.read_record()
    issues = parse_results(files.read_json("results") or {})
    if record is not None and record.beside is not None:
        issues.add_warnings(_made_otherwise(request, record.beside), name=request.name)
    return BackupOutcome(
        backup=backup,
        items=dict(record.items) if record else {},
        recorded_hooks=list(record.hooks) if record else [],
        recorded_freezes=list(record.freezes) if record else [],
        quiesces=list(record.quiesces) if record else [],
        volumes=files.read_json("volumeinfo") or [],
        issues=issues,
        location=location,
    )


def _made_otherwise(request: BackupRequest, made: t.Mapping[str, str]) -> t.Iterator[str]:
    """What the stored objects do not depend on is no reason to fail; nobody is to believe that it was done."""
    names = sorted(name for name in {*made, *request.beside} if made.get(name) != request.beside.get(name))
    if names:
        yield (
            f"Backup '{request.name}' exists, and was made with other {', '.join(names)}, or without. It is left as it "
            "is, and nothing of that is done now: choose another name for a backup that does it."
        )


def _differences(request: BackupRequest, backup: t.Mapping[str, t.Any]) -> list[str]:
    """The fields of the stored spec that differ from what is asked; what labels had added to it is not asked."""
    stored = dict(backup.get("spec") or {})
    annotations = (backup.get("metadata") or {}).get("annotations") or {}
    added = annotations.get(EXCLUDED_BY_LABEL_ANNOTATION, "").split(",")
    stored["excludedNamespaces"] = [name for name in stored.get("excludedNamespaces") or () if name not in added]
    asked = compared_spec(request.done_spec.to_dict()) | {
        "resourcePolicies": request.annotations.get(POLICY_ANNOTATION)
    }
    return differing_fields(asked, compared_spec(stored) | {"resourcePolicies": annotations.get(POLICY_ANNOTATION)})


__all__ = ("find_existing",)
