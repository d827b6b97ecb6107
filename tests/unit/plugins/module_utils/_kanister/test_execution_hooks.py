# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Execution hooks, as options and as Kasten's objects (docs/compatibility 15.11)."""

from __future__ import annotations

import typing as t

import pytest
import yaml

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.execution_hooks import (
    ExecutionHooks,
    HookReference,
    HookSubject,
    Operation,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.kasten_objects import (
    read_kasten_hooks,
)

#: The third block of Kasten's page on execution hooks.
PAGE = """\
hooks:
  preHook:
    blueprint: hook-blueprint
    actionName: pre-restore
  onSuccess:
    blueprint: hook-blueprint
    actionName: post-restore
    subject:
      name: mysql-statefulset
      namespace: mysql
      type: statefulset
  onFailure:
    blueprint: hook-blueprint
    actionName: post-restore-failed
"""

PRE = {"blueprint": "b", "actionName": "pre"}
POST = {"blueprint": "b", "actionName": "post"}
PRE_READ = HookReference(blueprint="b", action_name="pre")
POST_READ = HookReference(blueprint="b", action_name="post")


def test_the_page() -> None:
    read = read_kasten_hooks(yaml.safe_load(PAGE), "restore", source="the page")
    assert read.ignored == ()
    assert read.hooks == ExecutionHooks(
        pre_hook=HookReference(blueprint="hook-blueprint", action_name="pre-restore"),
        on_success=HookReference(
            blueprint="hook-blueprint",
            action_name="post-restore",
            subject=HookSubject(kind="statefulset", name="mysql-statefulset", namespace="mysql"),
        ),
        on_failure=HookReference(blueprint="hook-blueprint", action_name="post-restore-failed"),
    )


def policy(*actions: t.Any, **spec: t.Any) -> dict[str, t.Any]:
    return {
        "apiVersion": "config.kio.kasten.io/v1alpha1",
        "kind": "Policy",
        "metadata": {"name": "p", "namespace": "kasten-io"},
        "spec": {"actions": list(actions), **spec},
    }


def action(kind: str, **spec: t.Any) -> dict[str, t.Any]:
    return {"apiVersion": "actions.kio.kasten.io/v1alpha1", "kind": kind, "metadata": {"name": "a"}, "spec": spec}


@pytest.mark.parametrize(
    ("document", "operation", "hooks", "ignored"),
    [
        pytest.param({}, "backup", ExecutionHooks(), (), id="nothing"),
        pytest.param({"preHook": PRE}, "backup", ExecutionHooks(pre_hook=PRE_READ), (), id="camelCase"),
        pytest.param(
            {"pre_hook": {"blueprint": "b", "action_name": "pre"}, "on_success": POST},
            "backup",
            ExecutionHooks(pre_hook=PRE_READ, on_success=POST_READ),
            (),
            id="snake_case",
        ),
        pytest.param({"preHook": None}, "backup", ExecutionHooks(), (), id="null"),
        pytest.param(
            {"preHook": PRE, "export": {"onFailure": POST}},
            "backup",
            ExecutionHooks(pre_hook=PRE_READ, export=ExecutionHooks(on_failure=POST_READ)),
            (),
            id="export-of-a-backup",
        ),
        pytest.param(
            {"onSuccess": {**POST, "subject": {"name": "x", "kind": "Deployment"}}},
            "restore",
            ExecutionHooks(
                on_success=HookReference(
                    blueprint="b", action_name="post", subject=HookSubject(kind="Deployment", name="x")
                )
            ),
            (),
            id="kind-is-the-same-as-type",
        ),
        pytest.param(
            {"onSuccess": {**POST, "subject": {"name": "x", "resource": "rs", "group": "c.com", "api_version": "v2"}}},
            "restore",
            ExecutionHooks(
                on_success=HookReference(
                    blueprint="b",
                    action_name="post",
                    subject=HookSubject(kind="", name="x", resource="rs", group="c.com", api_version="v2"),
                )
            ),
            (),
            id="any-type",
        ),
        pytest.param(
            {"preHook": {"blueprint": {"kind": "Blueprint", "metadata": {"name": "b"}}, "actionName": "pre"}},
            "backup",
            ExecutionHooks(
                pre_hook=HookReference(
                    blueprint="b", action_name="pre", definition={"kind": "Blueprint", "metadata": {"name": "b"}}
                )
            ),
            (),
            id="given-whole",
        ),
        pytest.param(
            action("BackupAction", subject={"name": "mysql", "namespace": "mysql"}, hooks={"preHook": PRE}),
            "backup",
            ExecutionHooks(pre_hook=PRE_READ),
            ("spec.subject",),
            id="BackupAction",
        ),
        pytest.param(
            action("ExportAction", hooks={"onSuccess": POST}, profile={}, migrationToken={}),
            "export",
            ExecutionHooks(on_success=POST_READ),
            ("spec.profile", "spec.migrationToken"),
            id="ExportAction",
        ),
        pytest.param(
            action("RestoreAction", hooks={"onFailure": POST}, targetNamespace="x"),
            "restore",
            ExecutionHooks(on_failure=POST_READ),
            ("spec.targetNamespace",),
            id="RestoreAction",
        ),
        pytest.param(action("BackupAction"), "backup", ExecutionHooks(), (), id="action-without-hooks"),
        pytest.param(
            policy(
                {"action": "backup", "backupParameters": {"profile": {"name": "x"}, "hooks": {"preHook": PRE}}},
                {"action": "export", "exportParameters": {"hooks": {"onSuccess": POST}, "frequency": "@daily"}},
                {"action": "report"},
                frequency="@hourly",
                retention={"daily": 7},
                selector={"matchLabels": {}},
            ),
            "backup",
            ExecutionHooks(pre_hook=PRE_READ, export=ExecutionHooks(on_success=POST_READ)),
            (
                "spec.frequency",
                "spec.retention",
                "spec.selector",
                "spec.actions[0].backupParameters.profile",
                "spec.actions[1].exportParameters.frequency",
                "spec.actions[2]",
            ),
            id="Policy",
        ),
        pytest.param(
            policy(
                {"action": "import", "importParameters": {}},
                {"action": "restore", "restoreParameters": {"hooks": {"preHook": PRE}, "targetNamespace": "x"}},
            ),
            "restore",
            ExecutionHooks(pre_hook=PRE_READ),
            ("spec.actions[0]", "spec.actions[1].restoreParameters.targetNamespace"),
            id="Policy-with-a-restore",
        ),
        pytest.param(
            policy(
                {"action": "backup", "backupParameters": {"hooks": {"preHook": {**PRE, "subject": {"name": "x"}}}}}
            ),
            "backup",
            ExecutionHooks(pre_hook=PRE_READ),
            ("spec.actions[0].backupParameters.hooks.preHook.subject",),
            id="Policy-with-a-subject-that-means-nothing",
        ),
        pytest.param(
            policy({"action": "backup", "backupParameters": {"hooks": {"preHook": PRE}}}),
            "restore",
            ExecutionHooks(),
            ("the hooks of the action backup",),
            id="Policy-for-something-else",
        ),
        pytest.param(policy({"action": "backup"}), "backup", ExecutionHooks(), (), id="Policy-without-hooks"),
    ],
)  # fmt: skip
def test_read(document: t.Any, operation: Operation, hooks: ExecutionHooks, ignored: tuple[str, ...]) -> None:
    read = read_kasten_hooks(document, operation, source="execution_hooks")
    assert read.hooks == hooks
    assert read.ignored == ignored
    assert bool(read.hooks) is (hooks != ExecutionHooks())


@pytest.mark.parametrize(
    ("document", "operation", "message"),
    [
        pytest.param({"postHook": PRE}, "backup", "has no field 'postHook'", id="unknown-hook"),
        pytest.param({"hooks": {"onsuccess": PRE}}, "backup", "has no field 'onsuccess'", id="case-of-a-hook"),
        pytest.param({"preHook": PRE, "pre_hook": PRE}, "backup", "in two spellings", id="both-spellings"),
        pytest.param({"hooks": {}, "preHook": PRE}, "backup", "inside of 'hooks' and beside it", id="in-two-places"),
        pytest.param({"preHook": {"blueprint": "b"}}, "backup", "execution_hooks.preHook has no action_name", id="a"),
        pytest.param({"preHook": {"actionName": "x"}}, "backup", "preHook has no blueprint", id="no-blueprint"),
        pytest.param({"preHook": {**PRE, "options": {}}}, "backup", "has no field 'options'", id="options"),
        pytest.param({"preHook": {**PRE, "blueprint": 1}}, "backup", "blueprint is not text: 1", id="number"),
        pytest.param({"preHook": "x"}, "backup", "is not a mapping", id="text"),
        pytest.param({"preHook": {**PRE, "subject": {}}}, "backup", "has a subject, and works on", id="s"),
        pytest.param({"export": {}}, "restore", "has no field 'export'", id="export-of-a-restore"),
        pytest.param({"preHook": {**PRE, "subject": {"type": "x"}}}, "restore", "subject has no name", id="no-name"),
        pytest.param({"preHook": {**PRE, "subject": {"name": "x"}}}, "restore", "subject has no type", id="no-type"),
        pytest.param(
            {"preHook": {**PRE, "subject": {"name": "x", "type": "a", "kind": "b"}}},
            "restore",
            "type and a kind", id="k"
        ),
        pytest.param(action("BackupAction"), "restore", "are for a backup, and this is a restore", id="operation"),
        pytest.param(action("ImportAction"), "restore", "An object of kind 'ImportAction'", id="ImportAction"),
        pytest.param({"kind": "Policy", "apiVersion": "v1"}, "backup", "The apiVersion of the Policy", id="version"),
        pytest.param(
            policy({"action": "backup"}, {"action": "backup"}), "backup", "has two actions 'backup'", id="two-backups"
        ),
        pytest.param(policy("backup"), "backup", r"spec.actions\[0\] is not a mapping", id="action-is-text"),
        pytest.param([], "backup", "is not a mapping", id="list"),
    ],
)  # fmt: skip
def test_refused(document: t.Any, operation: Operation, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        read_kasten_hooks(document, operation, source="execution_hooks")
