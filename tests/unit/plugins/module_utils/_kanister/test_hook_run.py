# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Execution hooks around an operation (docs/compatibility 15.11, 15.13)."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister import hook_run
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.execution_hooks import read_hooks
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_run import ExecutionHookRunner
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_settings import HookSettings
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.kasten_objects import ReadHooks
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.function_lab import (
    NAMESPACE,
    FunctionLab,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.scripted_function import Scripted, phase

OTHER = "yard"


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook_run, "_FIRST_PAUSE_SECONDS", 0.001)


def blueprint(**commands: list[str]) -> dict[str, t.Any]:
    """An action for each name, with one phase that runs the command."""
    actions = {name: {"phases": [phase("one", *command)]} for name, command in commands.items()}
    actions["hand-over"] = {
        "phases": [phase("one", "give", "rows=42")],
        "outputArtifacts": {"dump": {"keyValue": {"rows": "{{ .Phases.one.Output.rows }}"}}},
    }
    actions["read"] = {"phases": [phase("one", "give", "n={{ .ArtifactsIn.dump.KeyValue.rows }}")]}
    return {"kind": "Blueprint", "metadata": {"name": "shop-hooks"}, "actions": actions}


BLUEPRINT = blueprint(
    pre=["give", "pre={{ .Namespace.Name }}"],
    success=["give", "success={{ .Namespace.Name }}"],
    failure=["give", "failure={{ .Namespace.Name }}"],
    broken=["fail", "broken {{ .Namespace.Name }}"],
    stopped=["cancel"],
)


def runner(
    lab: FunctionLab, namespaces: t.Sequence[str] = (NAMESPACE,), *, retries: int = 0, **actions: t.Any
) -> ExecutionHookRunner:
    """Hooks by event; an action's name, or a reference as it is written."""
    lab.api.add("namespaces", OTHER)
    given = {
        event: {"blueprint": BLUEPRINT, "action_name": action} if isinstance(action, str) else action
        for event, action in actions.items()
    }
    hooks = read_hooks(given, "restore", "execution_hooks")
    made = ExecutionHookRunner(lab.run, ReadHooks(hooks=hooks), HookSettings(retries=retries))
    made.prepare(namespaces)
    return made


def ran(made: ExecutionHookRunner) -> list[tuple[str, str, str]]:
    return [(each.event, each.namespace, each.action.state) for each in made.runs]


def test_hooks_run_before_and_after_in_each_namespace(lab: FunctionLab, function: Scripted) -> None:
    made = runner(lab, (NAMESPACE, OTHER), pre_hook="pre", on_success="success", on_failure="failure")
    made.before()
    assert made.after(lab.run, succeeded=True) == []
    assert function.commands == ["give pre=shop", "give pre=yard", "give success=shop", "give success=yard"]


def test_an_operation_that_failed_is_followed_by_on_failure_alone(lab: FunctionLab, function: Scripted) -> None:
    made = runner(lab, pre_hook="pre", on_success="success", on_failure="failure")
    made.before()
    assert made.after(lab.run, succeeded=False) == []
    assert function.commands == ["give pre=shop", "give failure=shop"]


def test_a_pre_hook_that_fails_stops_everything_but_on_failure(lab: FunctionLab, function: Scripted) -> None:
    made = runner(lab, (NAMESPACE, OTHER), pre_hook="broken", on_success="success", on_failure="failure")
    with pytest.raises(BlueprintError, match="It said broken shop"):
        made.before()
    assert made.after(lab.run, succeeded=False) == []
    assert ran(made) == [("pre_hook", NAMESPACE, "failed"), ("on_failure", NAMESPACE, "complete")]


def test_an_on_success_hook_that_fails_is_followed_by_on_failure(lab: FunctionLab, function: Scripted) -> None:
    made = runner(lab, on_success="broken", on_failure="failure")
    made.before()
    errors = made.after(lab.run, succeeded=True)
    assert len(errors) == 1
    assert "It said broken shop" in errors[0]
    assert ran(made) == [("on_success", NAMESPACE, "failed"), ("on_failure", NAMESPACE, "complete")]


def test_artifacts_of_the_pre_hook_are_handed_over(lab: FunctionLab, function: Scripted) -> None:
    made = runner(lab, pre_hook="hand-over", on_success="read", on_failure="read")
    made.before()
    made.after(lab.run, succeeded=True)
    assert function.commands[-1] == "give n=42"


def test_a_failed_pre_hook_hands_nothing_over_and_says_so(lab: FunctionLab, function: Scripted) -> None:
    made = runner(lab, pre_hook="broken", on_failure="read")
    with pytest.raises(BlueprintError):
        made.before()
    (error,) = made.after(lab.run, succeeded=False)
    assert "dump" in error


@pytest.mark.parametrize(("failures", "attempts", "state"), [(0, 1, "complete"), (2, 3, "complete"), (3, 3, "failed")])
def test_a_pre_hook_is_run_again_as_often_as_asked(
    lab: FunctionLab, function: Scripted, failures: int, attempts: int, state: str
) -> None:
    function.failures = failures
    made = runner(lab, pre_hook="pre", retries=2)
    if state == "failed":
        with pytest.raises(BlueprintError):
            made.before()
    else:
        made.before()
    assert [(each.attempts, each.action.state) for each in made.runs] == [(attempts, state)]
    assert len(function.calls) == attempts


def test_an_on_failure_hook_is_never_run_again(lab: FunctionLab, function: Scripted) -> None:
    made = runner(lab, on_failure="broken", retries=5)
    made.before()
    assert len(made.after(lab.run, succeeded=False)) == 1
    assert len(function.calls) == 1


def test_a_cancelled_pre_hook_ends_the_run_and_is_undone(lab: FunctionLab, function: Scripted) -> None:
    made = runner(lab, pre_hook="stopped", on_failure="failure", retries=3)
    with pytest.raises(Cancelled):
        made.before()
    assert made.after(lab.run, succeeded=False) == []
    assert ran(made) == [("pre_hook", NAMESPACE, "cancelled"), ("on_failure", NAMESPACE, "complete")]


def test_nothing_runs_when_a_later_hook_cannot(lab: FunctionLab, function: Scripted) -> None:
    with pytest.raises(ArkiveError, match="nowhere"):
        runner(lab, pre_hook="pre", on_failure="nowhere")
    assert function.calls == []


def test_a_subject_is_of_its_own_namespace_alone(lab: FunctionLab, function: Scripted) -> None:
    metadata = {"uid": "set-1"}
    lab.api.add("statefulsets", "db", namespace=OTHER, metadata=metadata, spec={"replicas": 0})
    subject = {"name": "db", "namespace": OTHER, "type": "statefulset"}
    reference = {"blueprint": blueprint(count=["give", "n={{ .StatefulSet.Name }}"]), "actionName": "count"}
    made = runner(lab, (NAMESPACE, OTHER), on_success=reference | {"subject": subject})
    made.before()
    assert made.after(lab.run, succeeded=True) == []
    assert function.commands == ["give n=db"]


def test_a_subject_elsewhere_is_refused(lab: FunctionLab, function: Scripted) -> None:
    reference = {
        "blueprint": BLUEPRINT,
        "action_name": "pre",
        "subject": {"name": "db", "namespace": "far", "type": "pvc"},
    }
    with pytest.raises(ValidationError, match="where nothing is restored"):
        runner(lab, on_success=reference)


def test_a_blueprint_of_the_cluster_that_is_not_there_is_told_what_is(lab: FunctionLab, function: Scripted) -> None:
    with pytest.raises(BlueprintError) as caught:
        runner(lab, pre_hook={"blueprint": "shop-hooks", "actionName": "pre"})
    assert caught.value.sentence == (
        "There is no blueprint shop-hooks in namespace kasten-io. "
        "The cluster has no type Blueprint: give the blueprint itself in the place of its name."
    )


def test_a_plan_runs_nothing(lab: FunctionLab, function: Scripted) -> None:
    made = runner(lab, pre_hook="pre", on_success="read", on_failure="failure")
    planned = [each.to_return() for each in made.plan()]
    assert [(each["event"], each["action_name"]) for each in planned] == [
        ("pre_hook", "pre"),
        ("on_success", "read"),
        ("on_failure", "failure"),
    ]
    assert planned[0]["phases"][0]["does"] == "give pre=shop"
    assert function.calls == []
