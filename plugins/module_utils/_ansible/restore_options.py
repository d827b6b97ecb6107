# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that say what a restore is to bring back, and how (documented in the fragment ``_restore_spec``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import os
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.blueprint_options import (
    EXECUTION_HOOKS,
    execution_hooks,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.duration_options import seconds
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.ebs_options import EBS, snapshot_location
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.jmespath_query import Query
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.large_results import SHOWN_OBJECTS
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.location_store import open_location
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.manifest_options import MANIFEST, manifest_documents
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.mover_options import (
    MOVER,
    mover_settings,
    repository_password,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.restore_gate import RESTORE_GATE, expected_plan
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.selection_options import STRICTNESS, selection
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import Task
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import shown_value
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.api_versions import parse_version_priorities
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import Priorities, RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._restore.spec_request import request_of
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.kinds import make_location
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.manifest import Manifest, find_manifest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import read_labels
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_manifest import parse_restore_manifest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import parse_priorities
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import POLICIES

_TEXTS: dict[str, t.Any] = {"type": "list", "elements": "str"}

_STATUS = ArgumentSpec(
    options={
        "included_resources": {**_TEXTS, "aliases": ["includedResources"]},
        "excluded_resources": {**_TEXTS, "aliases": ["excludedResources"]},
    }
)
_REFERENCE = ArgumentSpec(
    options={
        "kind": {"type": "str", "default": "configmap"},
        "name": {"type": "str", "required": True},
    }
)
_UPLOADER = ArgumentSpec(
    options={
        "write_sparse_files": {"type": "bool", "aliases": ["writeSparseFiles"]},
        "parallel_files_download": {"type": "int", "aliases": ["parallelFilesDownload"]},
    }
)
_TREE = ArgumentSpec(
    options={
        "path": {"type": "path", "required": True},
        "ref": {"type": "str", "default": ""},
        "subpath": {"type": "str", "default": ""},
    }
)
_UPLOADER_MEMBERS = {"write_sparse_files": "writeSparseFiles", "parallel_files_download": "parallelFilesDownload"}

#: The fields of a Restore's spec that a backup does not have.
SPEC_FIELDS = ArgumentSpec(
    options={
        "namespace_mapping": {"type": "dict"},
        "restore_pvs": {"type": "bool"},
        "restore_status": _STATUS.to_option(),
        "existing_resource_policy": {"type": "str", "choices": list(POLICIES)},
        "preserve_node_ports": {"type": "bool"},
        "hooks": {"type": "raw"},
        "item_operation_timeout": {"type": "str"},
        "resource_modifier": _REFERENCE.to_option(),
        "uploader_config": _UPLOADER.to_option(),
    }
)

#: What Velero has flags, ConfigMaps or no word for.
_BEYOND = ArgumentSpec(
    options={
        "backup": {"type": "str"},
        "schedule": {"type": "str"},
        "tree": _TREE.to_option(),
        "name": {"type": "str"},
        "names": _TEXTS,
        "select": {"type": "str"},
        "resource_modifiers": {"type": "raw"},
        "storage_class_mapping": {"type": "dict"},
        "image_mapping": {"type": "dict"},
        "resource_priorities": _TEXTS,
        "all_api_versions": {"type": "bool", "default": False},
        "api_version_priorities": {"type": "raw"},
        "convert_api_versions": {"type": "bool", "default": False},
        "merge_subjects": {"type": "bool", "default": False},
        "velero_namespace": {"type": "str"},
        "records_path": {"type": "path"},
        "restore_managed_fields": {"type": "bool", "default": False},
        "legacy_labels": {"type": "bool", "default": False},
        "keep_wait_containers": {"type": "bool", "default": False},
        "restore_failed_jobs": {"type": "bool", "default": False},
        "on_missing_volume_data": {"type": "str", "choices": ["fail", "warn"], "default": "fail"},
        "existing_volume_policy": {"type": "str", "choices": ["keep", "roll_back"], "default": "keep"},
        "keep_old_volumes": {"type": "bool", "default": True},
        "on_bad_member": {"type": "str", "choices": ["fail", "skip"], "default": "fail"},
        "terminating_resource_timeout": {"type": "str", "default": "10m"},
        "resource_timeout": {"type": "str", "default": "10m"},
        "hook_wait_limit": {"type": "str", "default": "1h"},
        "wait": {"type": "bool", "default": False},
        "wait_timeout": {"type": "str", "default": "10m"},
        "workers": {"type": "int", "default": 16},
        "force": {"type": "bool", "default": False},
    },
    mutually_exclusive=(
        ("backup", "schedule", "tree"),
        ("tree", "definition", "src"),
        ("resource_modifier", "resource_modifiers"),
    ),
    required_one_of=(("backup", "schedule", "definition", "src", "tree"),),
)

RESTORE = SPEC_FIELDS.merge(_BEYOND, MANIFEST, EBS, EXECUTION_HOOKS, STRICTNESS, RESTORE_GATE, MOVER)


def restore_request(params: t.Mapping[str, t.Any], *, want_diff: bool) -> RestoreRequest:
    """The options as the engine takes them, checked; those beside a manifest win over its fields.

    Raises ``ValidationError``, with the phase in which Velero would leave such a restore.
    """
    try:
        request = request_of(
            _manifest(params),
            fields=_given_fields(params),
            name=params["name"] or "",
            namespace=params["velero_namespace"] or "",
            modifiers=params["resource_modifiers"],
        )
        execution, settings = execution_hooks(params, "restore")
        request = dataclasses.replace(
            request,
            execution_hooks=execution,
            hook_settings=settings,
            storage_class_mapping=_mapping(params, "storage_class_mapping"),
            image_mapping=_mapping(params, "image_mapping"),
            names=tuple(params["names"] or ()),
            select=_expression(params["select"]),
            resource_priorities=_priorities(params["resource_priorities"]),
            all_api_versions=params["all_api_versions"],
            api_version_priorities=_version_priorities(params["api_version_priorities"]),
            convert_api_versions=params["convert_api_versions"],
            merge_subjects=params["merge_subjects"],
            on_missing_volume_data=params["on_missing_volume_data"],
            on_bad_member=params["on_bad_member"],
            existing_volume_policy=params["existing_volume_policy"],
            keep_old_volumes=params["keep_old_volumes"],
            restore_managed_fields=params["restore_managed_fields"],
            legacy_labels=params["legacy_labels"],
            keep_wait_containers=params["keep_wait_containers"],
            restore_failed_jobs=params["restore_failed_jobs"],
            terminating_timeout=seconds(params, "terminating_resource_timeout"),
            resource_timeout=seconds(params, "resource_timeout"),
            hook_wait_limit=seconds(params, "hook_wait_limit", least=1.0),
            wait_timeout=_wait_timeout(params),
            log_output=not params["no_log_output"],
            workers=params["workers"],
            force=params["force"],
            fail_on_empty=params["fail_on_empty"],
            strict_selection=params["strict_selection"],
            expected_plan=expected_plan(params),
            want_diff=want_diff,
            max_diffs=SHOWN_OBJECTS,
            snapshot_location=snapshot_location(params),
            mover=mover_settings(params),
            repository_password=repository_password(params),
            write_records=bool(params["records_path"]) or _may_be_written(params["storage_location"]),
        )
        request.validate()
    except ValidationError as exc:
        exc.details.setdefault("phase", "FailedValidation")
        raise
    return request


def records_store(params: t.Mapping[str, t.Any], *, check_mode: bool) -> Store | None:
    """Where the restore is recorded in the place of the storage location; the directory is made.

    None without the option, and in check mode when there is no such directory. Raises ``StoreError``.
    """
    path = params["records_path"]
    if not path or (check_mode and not os.path.isdir(path)):
        return None
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
    except OSError as exc:
        raise StoreError(
            f"The directory {path} for the records of the restore cannot be made: {exc.strerror}.",
            failure="no_location",
            hint="Give another records_path.",
        ) from exc
    store = open_store(make_location({"name": "records", "path": path}))
    store.check(write=not check_mode)
    return store


@contextlib.contextmanager
def restore_source(task: Task, client: KubeClient) -> t.Iterator[tuple[Store, str, tuple[str, ...]]]:
    """Where the backup lies, what that is called, and warnings about it and the options. Raises ``ArkiveError``."""
    params = task.params
    without_effect = _without_effect(params)
    if params["tree"] is None:
        store = open_location(task, namespace=params["velero_namespace"] or "", client=client)
        yield store, store.location.describe, without_effect
        return
    from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_place import TreePlace
    from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_source import open_tree

    place = TreePlace(**params["tree"])
    with open_tree(place, client=client, cancel=task.cancel) as tree:
        yield tree.store, place.describe, (*without_effect, *tree.warnings)


def _may_be_written(location: t.Mapping[str, t.Any] | None) -> bool:
    return location is not None and not location["read_only"]


def check_source(params: t.Mapping[str, t.Any]) -> None:
    """A backup lies in a location, a tree does not. Raises ``ValidationError``."""
    if params["tree"] is None and params["storage_location"] is None:
        raise ValidationError("missing required arguments: storage_location", hint="Say where the backup lies.")


def _without_effect(params: t.Mapping[str, t.Any]) -> tuple[str, ...]:
    """Sentences about options that were given and do nothing."""
    limit = params["wait_timeout"]
    if params["wait"] or limit == RESTORE.options["wait_timeout"]["default"]:
        return ()
    return (f"wait_timeout ({limit}) does nothing without wait: true, so the workloads are not waited for.",)


def _wait_timeout(params: t.Mapping[str, t.Any]) -> float | None:
    limit = seconds(params, "wait_timeout")
    return limit if params["wait"] else None


def _manifest(params: t.Mapping[str, t.Any]) -> Manifest:
    documents, source = manifest_documents(params)
    if not documents:
        return Manifest()
    return parse_restore_manifest(find_manifest(documents, "Restore", source=source), source=source)


def _given_fields(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The fields of the spec that are options of the task."""
    fields = selection(params) | {name: params[name] for name in SPEC_FIELDS.options}
    given: dict[str, t.Any] = {name: value for name, value in fields.items() if value is not None}
    if params["tree"] is not None:
        from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_place import TREE_BACKUP

        given["backup_name"] = TREE_BACKUP
        # Which node ports somebody asked for was decided when it was written: there is nothing else in it.
        given.setdefault("preserve_node_ports", True)
    for option, other in (("backup", "schedule"), ("schedule", "backup")):
        if params[option]:
            given |= {f"{option}_name": params[option], f"{other}_name": None}
    if "namespace_mapping" in given:
        given["namespace_mapping"] = _mapping(params, "namespace_mapping")
    if "item_operation_timeout" in given:
        given["item_operation_timeout"] = seconds(params, "item_operation_timeout")
    if "uploader_config" in given:
        config = given["uploader_config"]
        given["uploader_config"] = {
            member: config[name] for name, member in _UPLOADER_MEMBERS.items() if config[name] is not None
        }
    return given


def _mapping(params: t.Mapping[str, t.Any], name: str) -> dict[str, str]:
    """Names to names; YAML's numbers are names too."""
    pairs = params[name] or {}
    texts = {
        str(old): str(new) if isinstance(new, int) and not isinstance(new, bool) else new for old, new in pairs.items()
    }
    return read_labels(texts, name)


def _expression(text: str | None) -> t.Callable[[t.Mapping[str, t.Any]], t.Any] | None:
    return Query(text, option="select", over="the stored objects") if text else None


def _priorities(value: list[str] | None) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    return None if value is None else parse_priorities(value)


def _version_priorities(value: t.Any) -> Priorities:
    """A mapping of group-resources to lists of versions, or Velero's lines."""
    name = "api_version_priorities"
    if not value:
        return {}
    if isinstance(value, str):
        return parse_version_priorities(value, source=name)
    if not isinstance(value, dict) or not all(isinstance(versions, list) for versions in value.values()):
        raise ValidationError(
            f"{name} is not a mapping of types to lists of versions: {shown_value(value)}.",
            hint="Write, for example, widgets.example.org with the list [v2, v1].",
        )
    return {str(kind): tuple(str(version) for version in versions) for kind, versions in value.items()}


__all__ = ("RESTORE", "check_source", "records_store", "restore_request", "restore_source")
