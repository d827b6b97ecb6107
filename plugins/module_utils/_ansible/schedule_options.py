# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of a schedule of backups (documented in ``k8s_backup_schedule``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.backup_options import BACKUP, backup_request
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.duration_options import seconds
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.ebs_options import EBS
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.gate_files import GATE
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.hook_options import FREEZE, HOOKS, LEASE
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.manifest_options import MANIFEST, manifest_documents
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.mover_options import MOVER
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.selection_options import SELECTION
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.unknown_options import find_unknown
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import DEFAULT_WORKERS, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_request import ScheduleRequest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import (
    DIALECTS,
    NEW_VELERO,
    STRICT,
    CronError,
    parse_cron,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.manifest import find_manifest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.schedule_manifest import (
    ScheduleManifest,
    parse_schedule,
)

_ELSEWHERE = (*MANIFEST.options, *EBS.options, *MOVER.options)
_BACKUP = BACKUP.merge(
    SELECTION,
    HOOKS,
    FREEZE,
    LEASE,
    ArgumentSpec(
        options={
            "hook_on_error_default": {"type": "str", "choices": ["Fail", "Continue"], "default": "Fail"},
            "workers": {"type": "int", "default": DEFAULT_WORKERS},
        }
    ),
)
_TEMPLATE = ArgumentSpec(
    options={name: option for name, option in _BACKUP.options.items() if name not in _ELSEWHERE},
    mutually_exclusive=tuple(names for names in _BACKUP.mutually_exclusive if not set(names) & set(_ELSEWHERE)),
)

SCHEDULE = ArgumentSpec(
    options={
        "name": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "checked"], "default": "present"},
        "schedule": {"type": "str"},
        "dialect": {"type": "str", "choices": list(DIALECTS)},
        "template": {"type": "dict", "default": {}},
        "paused": {"type": "bool"},
        "skip_immediately": {"type": "bool"},
        "max_age": {"type": "str"},
        "fail_on_partial": {"type": "bool", "default": True},
    },
    required_one_of=(("name", "definition", "src"),),
    inner={"template": _TEMPLATE.options},
).merge(MANIFEST, EBS, MOVER, GATE)

_NO_MANIFEST = ScheduleManifest("", "", {}, None, None)


class GivenSchedule(t.NamedTuple):
    """``request``: its name is never empty. ``template``: the options of its backups. ``warnings``: sentences."""

    request: ScheduleRequest
    template: t.Mapping[str, t.Any]
    warnings: list[str]


def given_schedule(params: t.Mapping[str, t.Any]) -> GivenSchedule:
    """The options; those beside a manifest win over its fields. Raises ``ValidationError``."""
    documents, source = manifest_documents(params)
    manifest = _NO_MANIFEST
    if documents:
        manifest = parse_schedule(find_manifest(documents, "Schedule", source=source), source=source)
    name = params["name"] or manifest.name
    if not name:
        raise ValidationError("The schedule has no name.", hint="Set the option name, or metadata.name.")
    template = read_template(params["template"])
    dialect = params["dialect"] or (NEW_VELERO if documents and not params["schedule"] else STRICT)
    warnings = []
    strict = _refusal(manifest.schedule) if dialect != STRICT and not params["dialect"] else ""
    if strict:
        warnings.append(
            f"The expression of {source} is read as {dialect} reads it. {strict} "
            "Set dialect to say which Velero it was written for."
        )
    request = ScheduleRequest(
        name=name,
        schedule=params["schedule"] or manifest.schedule,
        dialect=dialect,
        backup=lambda backup: _backup(params, template, manifest, backup),
        paused=bool(manifest.paused if params["paused"] is None else params["paused"]),
        skip_immediately=bool(
            manifest.skip_immediately if params["skip_immediately"] is None else params["skip_immediately"]
        ),
    )
    return GivenSchedule(request, template, warnings)


def read_template(given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The options of ``k8s_backup`` in the template, with their defaults. Raises ``ValidationError``."""
    unknown = find_unknown(_TEMPLATE.options, given, "template")
    if unknown:
        raise ValidationError(
            " ".join(each.sentence for each in unknown),
            hint="The template has the options of k8s_backup that say what a backup is to be.",
        )
    return _TEMPLATE.validate(given, "The template")


def _refusal(schedule: str) -> str:
    """Why not every Velero reads an expression alike; empty when each does."""
    try:
        parse_cron(schedule, STRICT)
    except CronError as exc:
        return exc.message
    return ""


def max_age(params: t.Mapping[str, t.Any]) -> float | None:
    """Seconds; None without the option."""
    return None if params["max_age"] is None else seconds(params, "max_age")


def _backup(
    params: t.Mapping[str, t.Any], template: t.Mapping[str, t.Any], manifest: ScheduleManifest, name: str
) -> BackupRequest:
    return backup_request(
        {
            **params,
            **template,
            "name": name,
            "definition": dict(manifest.backup) or None,
            "src": None,
            "replace_failed": False,
        }
    )


__all__ = ("SCHEDULE", "GivenSchedule", "given_schedule", "max_age", "read_template")
