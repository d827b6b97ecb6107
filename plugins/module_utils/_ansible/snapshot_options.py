# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that say what is snapshotted, and how (documented with the module ``k8s_snapshot``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.blueprint_options import (
    EXECUTION_HOOKS,
    execution_hooks,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.database_options import DATABASES
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.duration_options import seconds
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.hook_options import freeze_policy
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.selection_options import (
    LABEL_SELECTOR,
    label_selector,
    label_selectors,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import parse_databases
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import (
    DEFAULT_WORKERS,
    ClaimChoice,
    Quiescing,
    SnapshotRequest,
    Workload,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import parse_hook_rules
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import read_labels
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import PROVIDERS, SET_PROVIDER_NAMES

_WHICH = ("claims", "label_selector", "or_label_selectors", "workload")

_WORKLOAD = ArgumentSpec(
    options={
        "kind": {"type": "str", "required": True, "choices": ["Deployment", "StatefulSet"]},
        "name": {"type": "str", "required": True},
    }
)

SNAPSHOT = ArgumentSpec(
    options={
        "name": {"type": "str", "required": True},
        "namespace": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "claims": {"type": "list", "elements": "str"},
        "label_selector": LABEL_SELECTOR,
        "or_label_selectors": LABEL_SELECTOR,
        "workload": _WORKLOAD.to_option(),
        "hooks": {"type": "raw"},
        "run_pod_hooks": {"type": "bool", "default": True},
        "hook_on_error_default": {"type": "str", "choices": ["Fail", "Continue"], "default": "Fail"},
        "freeze_path": {"type": "list", "elements": "path"},
        "container": {"type": "str"},
        "provider": {"type": "str", "choices": list(SET_PROVIDER_NAMES), "default": SET_PROVIDER_NAMES[0]},
        "snapshot_class": {"type": "str"},
        "group_label": {"type": "str"},
        "csi_snapshot_timeout": {"type": "str", "default": "10m"},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "str", "default": "10m"},
        "retain": {"type": "bool", "default": False},
        "labels": {"type": "dict"},
        "workers": {"type": "int", "default": DEFAULT_WORKERS},
    },
    mutually_exclusive=(_WHICH,),
    required_if=(("state", "present", _WHICH, True),),
    required_by={"container": ("freeze_path",)},
).merge(EXECUTION_HOOKS, DATABASES)


def snapshot_request(params: t.Mapping[str, t.Any]) -> SnapshotRequest:
    """The options as the engine takes them; raises ``ValidationError``."""
    for row in PROVIDERS:
        given = [name for name in row.set_options if params[name]]
        if given and row.name != params["provider"]:
            raise ValidationError(f"{given[0]} is for {row.title}.", hint=f"Leave it out, or set provider: {row.name}.")
    ready = seconds(params, "wait_timeout")
    execution, settings = execution_hooks(params, "backup")
    return SnapshotRequest(
        name=params["name"],
        namespace=params["namespace"],
        choice=_selection(params),
        quiescing=Quiescing(
            rules=parse_hook_rules(params["hooks"]) if params["hooks"] is not None else (),
            pod_hooks=params["run_pod_hooks"],
            freeze_paths=tuple(dict.fromkeys(params["freeze_path"] or ())),
            container=params["container"] or "",
            databases=parse_databases(params["databases"]),
            policy=freeze_policy(params),
            on_error=params["hook_on_error_default"],
        ),
        snapshot_class=params["snapshot_class"] or "",
        labels=read_labels(params["labels"], "labels"),
        group_label=params["group_label"] or "",
        retain=params["retain"],
        take_seconds=seconds(params, "csi_snapshot_timeout", least=1.0),
        ready_seconds=ready if params["wait"] else None,
        workers=params["workers"],
        log_output=not params["no_log_output"],
        run_id=secrets.token_hex(8),
        execution_hooks=execution,
        hook_settings=dataclasses.replace(settings, freeze_policy=freeze_policy(params)),
    )


def _selection(params: t.Mapping[str, t.Any]) -> ClaimChoice:
    one = label_selector(params)
    # One that says nothing takes all claims.
    alone = () if params["label_selector"] is None else (one or LabelSelector(),)
    workload = params["workload"]
    return ClaimChoice(
        claims=tuple(params["claims"] or ()),
        selectors=alone + (label_selectors(params) or ()),
        workload=Workload(workload["kind"], workload["name"]) if workload else None,
    )


__all__ = ("SNAPSHOT", "snapshot_request")
