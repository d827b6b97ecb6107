# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._backup.backup_hooks import BackupHookRunner
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._hooks import executor
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.errors import HookError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import HookPolicy
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import ExecResult
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import parse_backup_hooks_option
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import types_named


def pod(name: str, *, phase: str = "Running", ready: str = "True") -> dict[str, t.Any]:
    return {
        "metadata": {"namespace": "shop", "name": name, "labels": {"app": "db"}},
        "spec": {"containers": [{"name": "db"}]},
        "status": {"phase": phase, "conditions": [{"type": "Ready", "status": ready}]},
    }


class Case(MemoryApi):
    """A cluster with some pods; a command that is called ``bad`` ends with 1."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(types_named("pods"))
        for body in (pod("b"), pod("a"), pod("0", ready="False"), pod("1", phase="Pending")):
            self.kept.put(("pods", "shop", body["metadata"]["name"]), body)
        self.ran: list[str] = []
        self.issues = Issues()
        self.cancel = CancelToken()
        monkeypatch.setattr(executor, "exec_command", self._exec)

    @property
    def queries(self) -> list[t.Any]:
        return [each.query for each in self.seen if each.path.endswith("/pods")]

    def runner(self, hooks: dict[str, t.Any], **more: t.Any) -> BackupHookRunner:
        context = ClusterRun(client=self.client, issues=self.issues, cancel=self.cancel)
        return BackupHookRunner(context, parse_backup_hooks_option(hooks), HookPolicy(**more))

    def _exec(self, _client: t.Any, **given: t.Any) -> ExecResult:
        given["cancel"].check()
        self.ran.append(f"{given['pod']}:{given['argv'][0]}")
        return ExecResult(
            rc=int(given["argv"][0] == "bad"),
            stdout=b"",
            stderr=b"",
            stdout_truncated=False,
            stderr_truncated=False,
            duration_seconds=0.0,
        )


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> Case:
    return Case(monkeypatch)


def hook(command: str, **more: t.Any) -> dict[str, t.Any]:
    where = {} if "label_selector" in more else {"pod": "a"}
    return {"namespace": "shop", "command": command.split(), **where, **more}


def test_each_event_runs_once_in_order(case: Case) -> None:
    runner = case.runner(
        {
            "pre": [hook("one"), hook("two", pod="b")],
            "post": [hook("three")],
            "on_success": [hook("four")],
            "on_failure": [hook("five")],
        }
    )
    ran = {event: [result.hook.argv[0] for result in runner.run(event)] for event in ("pre", "on_success", "post")}
    assert ran == {"pre": ["one", "two"], "on_success": ["four"], "post": ["three"]}
    assert case.ran == ["a:one", "b:two", "a:four", "a:three"]
    assert [(result.hook.source, result.hook.name, result.hook.phase) for result in runner.results] == [
        ("backup", "pre[0]", "pre"),
        ("backup", "pre[1]", "pre"),
        ("backup", "on_success[0]", "post"),
        ("backup", "post[0]", "post"),
    ]


def test_the_first_running_and_ready_pod_of_a_selector(case: Case) -> None:
    runner = case.runner({"pre": [hook("one", label_selector="app=db")]})
    runner.run("pre")
    assert (case.ran, case.queries) == (["a:one"], [{"labelSelector": "app in (db)"}])


def test_a_failing_pre_hook_lets_nothing_be_backed_up(case: Case) -> None:
    runner = case.runner({"pre": [hook("one"), hook("bad", name="dump"), hook("three")], "post": [hook("undo")]})
    with pytest.raises(HookError) as caught:
        runner.run("pre")
    assert caught.value.message == (
        "The pre hook 'dump' of the backup failed in shop/a: command terminated with exit code 1. "
        "Nothing was backed up."
    )
    assert caught.value.told == case.issues.errors, "both errors have the reason that it has"
    assert [issue.message for issue in caught.value.told] == [
        "Error executing hook",
        "Error running pre hooks of the backup",
    ]
    assert [result.state for result in runner.results] == ["ok", "failed", "skipped"]
    assert [result.state for result in runner.run("post")] == ["ok"]  # it began, so it is put back
    assert case.ran == ["a:one", "a:bad", "a:undo"]


@pytest.mark.parametrize(
    ("default", "on_error"), [("Fail", "Continue"), ("Continue", None)], ids=["says-so", "by-default"]
)
def test_continue(case: Case, default: str, on_error: str | None) -> None:
    runner = case.runner({"pre": [hook("bad", on_error=on_error), hook("two")]}, default_on_error=default)
    assert [result.state for result in runner.run("pre")] == ["failed", "ok"]
    assert len(case.issues.errors) == 1


@pytest.mark.parametrize("event", ["post", "on_success", "on_failure"])
def test_a_failure_elsewhere_is_an_error_and_no_exception(case: Case, event: t.Any) -> None:
    runner = case.runner({event: [hook("bad"), hook("two")]})
    runner.run("pre")
    assert [result.state for result in runner.run(event)] == ["failed", "skipped"]
    assert [entry.message for entry in case.issues.errors] == [
        "Error executing hook",
        f"Error running {event} hooks of the backup",
    ]


def test_post_runs_only_when_pre_began(case: Case) -> None:
    runner = case.runner({"pre": [hook("one")], "post": [hook("two")]})
    assert (runner.run("post"), case.ran) == ([], [])


def test_a_cancelled_run(case: Case) -> None:
    events = ("pre", "post", "on_success", "on_failure")
    runner = case.runner({event: [hook(event, on_error="Continue")] for event in events})
    runner.run("pre")
    case.cancel.cancel("SIGTERM")
    states = {event: [result.state for result in runner.run(event)] for event in events[1:]}
    assert states == {"post": ["ok"], "on_success": ["skipped"], "on_failure": ["ok"]}
    with pytest.raises(Cancelled):
        case.runner({"pre": [hook("one")]}).run("pre")


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (hook("one", pod="gone"), 'pods "gone" not found'),
        (hook("one", container="nope"), 'no such container: "nope"'),
    ],
)
def test_what_cannot_run_fails(case: Case, given: dict[str, t.Any], error: str) -> None:
    runner = case.runner({"post": [given]})
    runner.run("pre")
    (result,) = runner.run("post")
    assert (result.state, case.ran) == ("failed", [])
    assert error in result.error


def test_no_pod_of_a_selector_is_ready(case: Case) -> None:
    for name in "ab":
        del case.objects["pods", "shop", name]
    runner = case.runner({"pre": [hook("one", label_selector="app=db", on_error="Continue")]})
    (result,) = runner.run("pre")
    assert result.error.startswith("No pod with labels app in (db) is running and ready in namespace shop.")


@pytest.mark.parametrize("command", ["fsfreeze -f /data", "xfs_freeze -f /data"])
@pytest.mark.parametrize("event", ["pre", "post", "on_success", "on_failure"])
def test_a_freeze_is_refused_before_anything_runs(case: Case, event: str, command: str) -> None:
    with pytest.raises(HookError) as caught:
        case.runner({"pre": [hook("one")], event: [hook(command, name="lock")]})
    assert f"The {event} hook 'lock' of the backup would freeze a file system" in caught.value.message
    assert caught.value.hint == "Write the freeze as a rule in hooks: it is released with its pod."
    assert case.ran == []


def test_a_freeze_of_a_variable_path_is_refused(case: Case) -> None:
    with pytest.raises(HookError):
        case.runner({"pre": [{"namespace": "shop", "pod": "a", "command": ["sh", "-c", "fsfreeze -f $DIR"]}]})


def test_retries(case: Case) -> None:
    runner = case.runner({"pre": [hook("bad", on_error="Continue", retries=2, retry_backoff="0s")]})
    (result,) = runner.run("pre")
    assert (result.attempts, len(case.ran)) == (3, 3)
