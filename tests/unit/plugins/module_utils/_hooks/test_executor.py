# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import io
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._hooks import executor
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.errors import HookError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import (
    HookExecution,
    resolve_container,
    run_hook,
)
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookPolicy, HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import (
    ExecError,
    ExecRefused,
    ExecResult,
    ExecStreamLost,
    ExecTimeout,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import RunLog

# Ids: docs/compatibility C1 to C14.
POD: dict[str, t.Any] = {
    "metadata": {
        "namespace": "shop",
        "name": "db-0",
        "annotations": {"kubectl.kubernetes.io/default-container": "bar"},
    },
    "spec": {
        "initContainers": [{"name": "prepare"}, {"name": "proxy", "restartPolicy": "Always"}],
        "containers": [{"name": "foo"}, {"name": "bar"}],
    },
    "status": {"phase": "Running"},
}


def hook_of(**more: t.Any) -> Hook:
    given: dict[str, t.Any] = {"source": "annotation", "name": "<from-annotation>", "phase": "pre", "argv": ("sync",)}
    return Hook(**(given | more))


def result_of(rc: int = 0, stdout: bytes = b"", stderr: bytes = b"", *, truncated: bool = False) -> ExecResult:
    return ExecResult(
        rc=rc,
        stdout=stdout,
        stderr=stderr,
        stdout_truncated=truncated,
        stderr_truncated=False,
        duration_seconds=0.1,
    )


class Run:
    """One run of a hook: the answer of the exec is scripted, the calls and the log are kept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer = result_of()
        self.failure: Exception | None = None
        self.calls: list[dict[str, t.Any]] = []
        self.stream = io.BytesIO()
        self.issues = Issues(RunLog(self.stream, backup="velero/b1").write)
        self.context = ClusterRun(client=t.cast("t.Any", None), issues=self.issues)
        monkeypatch.setattr(executor, "exec_command", self._exec)

    def _exec(self, _client: t.Any, **given: t.Any) -> ExecResult:
        self.calls.append(given)
        if self.failure is not None:
            raise self.failure
        return self.answer

    def __call__(
        self, hook: Hook, *, pod: dict[str, t.Any] | None = None, cancel: CancelToken | None = None, **policy: t.Any
    ) -> HookResult:
        context = dataclasses.replace(self.context, cancel=cancel or CancelToken())
        return run_hook(context, POD if pod is None else pod, hook, HookPolicy(**policy))

    def execution(self, hook: Hook) -> HookExecution:
        """What a run of ``hook`` tries."""
        return HookExecution(self.context, POD, hook, HookPolicy())

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().decode().splitlines()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(monkeypatch)


@pytest.mark.parametrize(
    ("name", "resolved"),
    [
        pytest.param("", "foo", id="C1"),
        pytest.param("bar", "bar", id="C2"),
        pytest.param("proxy", "proxy", id="C5-native-sidecar"),
    ],
)
def test_resolve_container(name: str, resolved: str) -> None:
    """docs/compatibility C14: the default-container annotation is ignored."""
    assert resolve_container(POD, name) == resolved


@pytest.mark.parametrize(
    ("name", "pod", "message"),
    [
        pytest.param("baz", POD, 'no such container: "baz"', id="C3"),
        pytest.param("prepare", POD, 'no such container: "prepare"', id="C4"),
        pytest.param("", {**POD, "spec": {"containers": []}}, "need at least 1 container", id="C6"),
        pytest.param("", {"metadata": POD["metadata"]}, "need at least 1 container", id="C6-no-spec"),
    ],
)
def test_no_such_container(run: Run, name: str, pod: dict[str, t.Any], message: str) -> None:
    with pytest.raises(HookError) as caught:
        resolve_container(pod, name)
    assert caught.value.message == message
    result = run(hook_of(container=name), pod=pod)
    assert (result.state, result.error, run.calls) == ("failed", message, [])
    assert len(run.issues.errors) == 1


def test_the_hook_is_not_changed_by_one_pod(run: Run) -> None:  # docs/compatibility C2
    hook = hook_of()
    other = {**POD, "spec": {"containers": [{"name": "other"}]}}
    assert [run(hook).container, run(hook, pod=other).container, hook.container] == ["foo", "other", ""]


@pytest.mark.parametrize(
    ("pod", "hook", "message"),
    [
        ({}, {}, "item is required"),
        ({"metadata": {"name": "db-0"}}, {}, "namespace is required"),
        ({"metadata": {"namespace": "shop"}}, {}, "name is required"),
        (POD, {"name": ""}, "hookName is required"),
    ],
)
def test_what_is_required(run: Run, pod: dict[str, t.Any], hook: dict[str, t.Any], message: str) -> None:
    """docs/compatibility C7."""
    result = run(hook_of(**hook), pod=pod)
    assert (result.state, result.error, run.calls) == ("failed", message, [])


def test_an_empty_command(run: Run) -> None:  # docs/compatibility C7, A9
    result = run(hook_of(argv=()))
    assert (result.state, result.error, result.rc) == ("failed", "command is required", None)
    assert run.calls == []


def test_what_is_sent(run: Run) -> None:
    cancel = CancelToken()
    run(hook_of(argv=("sh", "-c", "sync"), container="bar", timeout_seconds=45.0), cancel=cancel)
    (call,) = run.calls
    assert call == {
        "namespace": "shop",
        "pod": "db-0",
        "container": "bar",
        "argv": ["sh", "-c", "sync"],
        "timeout": 45.0,
        "cancel": cancel,
        "last_words": "",
    }


@pytest.mark.parametrize(
    ("hook", "fields"),
    [
        pytest.param({}, ["hookOnError=Fail"], id="C8"),
        pytest.param({"on_error": "Continue"}, ["hookOnError=Continue"], id="C8-continue"),
        pytest.param({}, ['hookTimeout="{30s}"'], id="C9"),
        pytest.param({"timeout_seconds": None}, ['hookTimeout="{-1s}"'], id="A15"),
        pytest.param(
            {"argv": ("/bin/sh", "-c", "sync"), "phase": "post", "container": "bar"},
            [
                'hookCommand="[/bin/sh -c sync]"',
                "hookPhase=post",
                "hookSource=annotation",
                "hookType=exec",
                'hookName="<from-annotation>"',
                "hookContainer=bar",
                "name=db-0",
                "namespace=shop",
                "backup=velero/b1",
            ],
            id="spec-4.5-fields",
        ),
    ],
)
def test_log_fields(run: Run, hook: dict[str, t.Any], fields: list[str]) -> None:
    run(hook_of(**hook))
    (line,) = [line for line in run.lines if "running exec hook" in line]
    assert [field for field in fields if field not in line] == []


@pytest.mark.parametrize(
    ("answer", "state", "error", "may_have_run"),
    [
        pytest.param(result_of(2), "failed", "command terminated with exit code 2", False, id="C10-exit-code"),
        pytest.param(ExecError("the runtime failed"), "failed", "the runtime failed", False, id="C10-runtime"),
        pytest.param(ExecRefused("forbidden"), "failed", "forbidden", False, id="C10-refused"),
        pytest.param(KubeError("No answer.", hint="Try."), "failed", "No answer. Try.", False, id="C10-kube"),
        pytest.param(ExecTimeout("whatever"), "timed_out", "timed out after 30s", True, id="C11"),
        pytest.param(ExecStreamLost("The stream broke."), "lost", "The stream broke.", True, id="lost"),
        pytest.param(Cancelled("SIGTERM."), "lost", "SIGTERM.", True, id="cancelled"),
    ],
)
def test_failures(run: Run, answer: t.Any, state: str, error: str, may_have_run: bool) -> None:
    if isinstance(answer, Exception):
        run.failure = answer
    else:
        run.answer = answer
    result = run(hook_of())
    assert (result.state, result.error, result.failed, result.may_have_run) == (state, error, True, may_have_run)
    assert [entry.message for entry in run.issues.errors] == ["Error executing hook"]
    assert run.issues.errors[0].error == error


def test_a_timeout_keeps_what_came_but_does_not_log_it(run: Run) -> None:  # docs/compatibility C11
    run.failure = ExecTimeout("x", stdout=b"half", stderr=b"of it")
    result = run(hook_of(timeout_seconds=90.0))
    assert (result.stdout, result.stderr, result.error) == (b"half", b"of it", "timed out after 1m30s")
    assert not any("stdout:" in line or "stderr:" in line for line in run.lines)


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_finished_pod_is_skipped(run: Run, phase: str) -> None:  # docs/compatibility C12
    result = run(hook_of(), pod={**POD, "status": {"phase": phase}})
    assert (result.state, result.failed, result.container, run.calls) == ("skipped", False, "foo", [])
    assert f"Pod entered phase {phase} before some hooks ran" in run.lines[0]
    assert run.issues.errors == ()


@pytest.mark.parametrize("phase", ["Pending", "Unknown"])
def test_other_phases_are_tried(run: Run, phase: str) -> None:  # docs/compatibility 4.5
    run(hook_of(), pod={**POD, "status": {"phase": phase}})
    assert len(run.calls) == 1


def test_the_output_is_logged_whole(run: Run) -> None:  # docs/compatibility C13
    run.answer = result_of(0, b"done\n", b"a note \xff\n")
    result = run(hook_of())
    assert (result.state, result.rc, result.stdout, result.stderr) == ("ok", 0, b"done\n", b"a note \xff\n")
    assert any('msg="stdout: done\\n"' in line for line in run.lines)
    assert any('msg="stderr: a note \ufffd\\n"' in line for line in run.lines)
    assert [line for line in run.lines if "level=error" in line] == []


def test_the_command_that_is_sent_may_be_another_one(run: Run) -> None:
    result = run.execution(hook_of()).attempt(argv=["/bin/sh", "-c", "lease"], extra_seconds=20.0)
    assert (run.calls[0]["argv"], run.calls[0]["timeout"]) == (["/bin/sh", "-c", "lease"], 50.0)
    assert result.hook.argv == ("sync",)
    assert not any("lease" in line for line in run.lines)
    run.execution(hook_of(timeout_seconds=None)).attempt(extra_seconds=20.0)
    assert run.calls[1]["timeout"] is None


def test_truncated_output_is_said(run: Run) -> None:
    run.answer = result_of(0, b"x", truncated=True)
    assert run(hook_of()).output_truncated


def test_a_redirection_without_a_shell_is_a_warning_though_the_command_ended_well(run: Run) -> None:
    assert run(hook_of(argv=("echo", "hi", ">", "x"))).state == "ok"
    (warning,) = run.issues.warnings
    assert warning.message == (
        "A hook did less than was written: no shell is run, and echo is given '>' as a word: write "
        '["/bin/sh", "-c", "echo hi > x"].'
    )
    assert (warning.namespace, warning.name) == ("shop", "db-0")
