# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that say what a backup is to be (documented in the fragment ``_backup_spec``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import hashlib
import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.blueprint_options import (
    EXECUTION_HOOKS,
    execution_hooks,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.database_options import DATABASES
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.ebs_options import EBS, snapshot_location
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.hook_options import freeze_policy
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.manifest_options import MANIFEST, manifest_documents
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.mover_options import (
    MOVER,
    mover_settings,
    repository_password,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.selection_options import STRICTNESS, selection
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._backup.spec_request import request_of
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import parse_databases
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_manifest import parse_manifest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import parse_backup_hooks_option
from ansible_collections.arkive.k8s.plugins.module_utils._velero.manifest import Manifest, find_manifest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import read_labels

_TEXTS: dict[str, t.Any] = {"type": "list", "elements": "str"}
_DEFAULT_LOCATION = "default"

_POLICY_REFERENCE = ArgumentSpec(
    options={
        "kind": {"type": "str", "default": "configmap"},
        "name": {"type": "str", "required": True},
    }
)
_UPLOADER = ArgumentSpec(options={"parallel_files_upload": {"type": "int", "aliases": ["parallelFilesUpload"]}})

#: The fields of a Backup's spec that a restore does not have.
SPEC_FIELDS = ArgumentSpec(
    options={
        "included_cluster_scoped_resources": _TEXTS,
        "excluded_cluster_scoped_resources": _TEXTS,
        "included_namespace_scoped_resources": _TEXTS,
        "excluded_namespace_scoped_resources": _TEXTS,
        "ordered_resources": {"type": "dict"},
        "hooks": {"type": "raw"},
        "labels": {"type": "dict"},
        "ttl": {"type": "str"},
        "resource_policy": _POLICY_REFERENCE.to_option(),
        "snapshot_volumes": {"type": "bool"},
        "volume_snapshot_locations": _TEXTS,
        "volume_group_snapshot_label_key": {"type": "str", "no_log": False},
        "csi_snapshot_timeout": {"type": "str"},
        "item_operation_timeout": {"type": "str"},
        "snapshot_move_data": {"type": "bool"},
        "datamover": {"type": "str"},
        "default_volumes_to_fs_backup": {"type": "bool"},
        "default_volumes_to_restic": {"type": "bool"},
        "uploader_config": _UPLOADER.to_option(),
    }
)

#: What Velero has no field for.
_BEYOND = ArgumentSpec(
    options={
        "backup_hooks": {"type": "dict"},
        "resource_policies": {"type": "raw"},
        "velero_namespace": {"type": "str"},
        "all_api_versions": {"type": "bool", "default": False},
        "skip_forbidden": {"type": "bool", "default": False},
        "ignore_unsupported": {"type": "bool", "default": False},
    },
    mutually_exclusive=(("resource_policy", "resource_policies"),),
)

BACKUP = SPEC_FIELDS.merge(_BEYOND, MANIFEST, EBS, MOVER, EXECUTION_HOOKS, STRICTNESS, DATABASES)


def _refuse_hold_words(params: t.Mapping[str, t.Any]) -> None:
    """Raises ``ValidationError``: whoever gives a reason believes that the backup is held by it."""
    given = [name for name in ("hold_reason", "hold_by") if params.get(name)]
    if given and params["state"] not in ("held", "released"):
        raise ValidationError(
            f"Nothing is held by {' and '.join(given)} with state: {params['state']}.",
            hint="Hold a backup that exists by a task of its own with state: held.",
        )


def backup_manifest(params: t.Mapping[str, t.Any]) -> Manifest:
    """What ``definition`` or ``src`` says; an empty one when neither is given. Raises ``ValidationError``."""
    _refuse_hold_words(params)
    documents, source = manifest_documents(params)
    if not documents:
        return Manifest()
    return parse_manifest(find_manifest(documents, "Backup", source=source), source=source)


def backup_name(params: t.Mapping[str, t.Any], manifest: Manifest) -> str:
    """The option ``name``, else the manifest's."""
    name: str = params["name"] or manifest.name
    if not name:
        raise ValidationError("The backup has no name.", hint="Set the option name, or metadata.name in the manifest.")
    return name


def backup_request(params: t.Mapping[str, t.Any]) -> BackupRequest:
    """The options as the engine takes them; those beside a manifest win over its fields.

    Raises ``ValidationError``, with the phase in which Velero would leave such a backup.
    """
    try:
        manifest = backup_manifest(params)
        request = request_of(
            manifest,
            fields=_given_fields(params, manifest),
            name=params["name"] or "",
            namespace=params["velero_namespace"] or "",
            policies=params["resource_policies"],
        )
        execution, settings = execution_hooks(params, "backup")
        return dataclasses.replace(
            request,
            snapshot_location=snapshot_location(params),
            mover=mover_settings(params),
            repository_password=repository_password(params),
            backup_hooks=parse_backup_hooks_option(params["backup_hooks"]),
            execution_hooks=execution,
            hook_settings=dataclasses.replace(settings, freeze_policy=freeze_policy(params)),
            all_api_versions=params["all_api_versions"],
            skip_forbidden=params["skip_forbidden"],
            ignore_unsupported=params["ignore_unsupported"],
            databases=parse_databases(params["databases"]),
            freeze_policy=freeze_policy(params),
            hook_on_error_default=params["hook_on_error_default"],
            replace_failed=params["replace_failed"],
            log_output=not params["no_log_output"],
            workers=params["workers"],
            strict_selection=params["strict_selection"],
            fail_on_empty=bool(params["fail_on_empty"]),
            beside=_beside(params),
        )
    except ValidationError as exc:
        exc.details.setdefault("phase", "FailedValidation")
        raise


def _beside(params: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Digests of what a second task may ask for otherwise, by the user's own words; without passwords."""
    given = {name: params[name] for name in ("backup_hooks", "execution_hooks") if params[name]}
    if params["databases"] != DATABASES.options["databases"]["default"]:
        given["databases"] = params["databases"]
        if isinstance(given["databases"], list):
            given["databases"] = [_without_credentials(entry) for entry in given["databases"]]
    return {name: _digest(value) for name, value in given.items()}


def _without_credentials(entry: t.Any) -> t.Any:
    return {name: value for name, value in entry.items() if name != "credentials"} if isinstance(entry, dict) else entry


def _digest(value: t.Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _given_fields(params: t.Mapping[str, t.Any], manifest: Manifest) -> dict[str, t.Any]:
    """The fields of the spec that are options of the task."""
    fields = selection(params) | {name: params[name] for name in SPEC_FIELDS.options}
    given: dict[str, t.Any] = {name: value for name, value in fields.items() if value is not None}
    if "labels" in given:
        given["labels"] = read_labels(given["labels"], "labels")
    if "uploader_config" in given:
        files = given["uploader_config"]["parallel_files_upload"]
        given["uploader_config"] = {} if files is None else {"parallelFilesUpload": files}
    location: str = params["storage_location"]["name"]
    # The default of the option does not win over what the manifest says.
    if location != _DEFAULT_LOCATION or not manifest.options.get("storage_location"):
        given["storage_location"] = location
    return given


__all__ = ("BACKUP", "backup_manifest", "backup_name", "backup_request")
