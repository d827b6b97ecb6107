# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of an export as a tree of files (documented in ``k8s_backup_export``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import NAME_OF_BACKUP, ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import kube_auth
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.large_results import SHOWN_OBJECTS
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.location_store import named_or_newest, open_to_read
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.selection_options import SELECTION, selection
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import (
    require_store_library,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import Task
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.export import (
    TreeOutcome,
    TreeRequest,
    export_tree,
)

EXPORT = ArgumentSpec(
    meant=NAME_OF_BACKUP,
    options={
        "name": {"type": "str"},
        "schedule": {"type": "str"},
        "from_cluster": {"type": "bool", "default": False},
        "dest": {"type": "path", "required": True},
        "layout": {"type": "str", "choices": ["plain", "kustomize"], "default": "plain"},
        "secrets": {"type": "str", "choices": ["omit", "seal", "plain"], "default": "omit"},
        "seal_command": {"type": "list", "elements": "str"},
        "node_ports": {"type": "bool", "default": False},
        "skip_forbidden": {"type": "bool", "default": False},
    },
    required_if=(("secrets", "seal", ("seal_command",)),),
)


def export(task: Task) -> TreeOutcome:
    """From the cluster or from a backup. Raises ``ArkiveError``."""
    params = task.params
    _check(params)
    request = TreeRequest(
        dest=params["dest"],
        layout=params["layout"],
        secrets=params["secrets"],
        seal_command=tuple(params["seal_command"] or ()),
        node_ports=params["node_ports"],
        max_diffs=SHOWN_OBJECTS if task.diff_mode else 0,
    )
    return _of_cluster(task, request) if params["from_cluster"] else _of_backup(task, request)


def _check(params: t.Mapping[str, t.Any]) -> None:
    sources = [name for name in ("name", "schedule", "from_cluster") if params[name]]
    if len(sources) != 1:
        raise ValidationError(
            "An export has one source.", hint="Give one of name and schedule, or set from_cluster: true."
        )
    if params["secrets"] != "seal" and params["seal_command"]:
        raise ValidationError("seal_command is for secrets: seal only.", hint="Set secrets: seal, or remove it.")
    if params["from_cluster"]:
        return
    if params["storage_location"] is None:
        raise ValidationError("A backup lies in a storage location.", hint="Give storage_location.")
    given = next((name for name in SELECTION.options if params[name] is not None), None)
    if given:
        raise ValidationError(
            f"{given} is for from_cluster: true only: a backup is exported whole.", hint=f"Remove {given}."
        )


def _of_backup(task: Task, request: TreeRequest) -> TreeOutcome:
    from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.source import open_source

    require_store_library(task.params)
    store = open_to_read(task)
    name, warnings = named_or_newest(task, store)
    with open_source(store, name, cancel=task.cancel) as backup:
        return export_tree(
            backup,
            request,
            warnings=tuple(warnings),
            dry_run=task.check_mode,
            progress=task.progress,
            cancel=task.cancel,
        )


def _of_cluster(task: Task, request: TreeRequest) -> TreeOutcome:
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
    from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.live_source import open_live
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec

    require_library("kubernetes")
    params = task.params
    fields = {name: value for name, value in selection(params).items() if value is not None}
    spec = BackupSpec.from_options({**fields, "snapshot_volumes": False})
    client = connect(kube_auth(params), cancel=task.cancel)
    live = open_live(
        spec, client=client, skip_forbidden=params["skip_forbidden"], progress=task.progress, cancel=task.cancel
    )
    with live as (backup, warnings):
        return export_tree(
            backup, request, warnings=warnings, dry_run=task.check_mode, progress=task.progress, cancel=task.cancel
        )


__all__ = ("EXPORT", "export")
