# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an engine keeps of its execution hooks, those of an export among them (docs/compatibility 15.13)."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.around import AroundOperation
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.execution_hooks import read_hooks
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_settings import HookSettings
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.kasten_objects import ReadHooks
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.function_lab import (
    NAMESPACE,
    FunctionLab,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.scripted_function import Scripted, phase

ACTIONS = {
    **{name: {"phases": [phase("one", "give", f"did={name}")]} for name in ("before", "after", "undo", "pack", "sent")},
    "broken": {"phases": [phase("one", "fail", "no")]},
}
BLUEPRINT = {"kind": "Blueprint", "metadata": {"name": "shop-hooks"}, "actions": ACTIONS}


def around(*, exports: bool = True, export: t.Mapping[str, str], **own: str) -> AroundOperation:
    def references(hooks: t.Mapping[str, str]) -> dict[str, t.Any]:
        return {event: {"blueprint": BLUEPRINT, "action_name": name} for event, name in hooks.items()}

    hooks = read_hooks({**references(own), "export": references(export)}, "backup", "execution_hooks")
    return AroundOperation(ReadHooks(hooks=hooks), HookSettings(), exports=exports)


def test_hooks_of_an_export_come_after_those_of_the_backup(lab: FunctionLab, function: Scripted) -> None:
    operation = around(pre_hook="before", on_success="after", export={"pre_hook": "pack", "on_success": "sent"})
    operation.before(lab.run, [NAMESPACE])
    operation.after(lab.run, succeeded=True)
    assert function.commands == ["give did=before", "give did=after", "give did=pack", "give did=sent"]
    assert [hook["event"] for hook in operation.ran] == [
        "pre_hook",
        "on_success",
        "export.pre_hook",
        "export.on_success",
    ]
    assert operation.failed == []


def test_what_failed_is_not_exported(lab: FunctionLab, function: Scripted) -> None:
    operation = around(on_failure="undo", export={"pre_hook": "pack"})
    operation.before(lab.run, [NAMESPACE])
    operation.after(lab.run, succeeded=False)
    assert function.commands == ["give did=undo"]


def test_an_export_that_fails_before_it_begins_is_undone(lab: FunctionLab, function: Scripted) -> None:
    operation = around(export={"pre_hook": "broken", "on_success": "sent", "on_failure": "undo"})
    operation.before(lab.run, [NAMESPACE])
    operation.after(lab.run, succeeded=True)
    assert function.commands == ["fail no", "give did=undo"]
    assert len(operation.failed) == 1
    assert operation.failed[0].startswith("Of the export: ")


def test_an_export_that_cannot_run_is_refused_before_anything_runs(lab: FunctionLab, function: Scripted) -> None:
    with pytest.raises(ArkiveError, match="nowhere"):
        around(pre_hook="before", export={"pre_hook": "nowhere"}).before(lab.run, [NAMESPACE])
    assert function.calls == []


def test_a_plan_has_the_hooks_of_an_export(lab: FunctionLab, function: Scripted) -> None:
    operation = around(pre_hook="before", export={"on_success": "sent"})
    operation.plan(lab.run, [NAMESPACE])
    assert [hook["event"] for hook in operation.ran] == ["pre_hook", "export.on_success"]
    assert function.calls == []


def test_where_nothing_is_exported_its_hooks_are_said_to_be_left_out(lab: FunctionLab, function: Scripted) -> None:
    operation = around(exports=False, export={"pre_hook": "pack"})
    operation.before(lab.run, [NAMESPACE])
    operation.after(lab.run, succeeded=True)
    assert lab.warnings == ["The hooks of the export are left out: nothing is exported here."]
    assert function.calls == []
