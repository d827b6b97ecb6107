# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is sent for a hook with ``kill_on_timeout``; the programs themselves run in the tests on a real cluster."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._hooks import executor, killing
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import run_hook
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.killing import Tracked, take_tracked
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookPolicy, HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import (
    ExecRefused,
    ExecResult,
    ExecStreamLost,
    ExecTimeout,
)

POD: dict[str, t.Any] = {
    "metadata": {"namespace": "shop", "name": "db-0"},
    "spec": {"containers": [{"name": "db"}]},
    "status": {"phase": "Running"},
}
MARKER = b"arkive-hook pid=42 born=777\n"


def done(rc: int = 0, stderr: bytes = b"") -> ExecResult:
    return ExecResult(
        rc=rc, stdout=b"", stderr=stderr, stdout_truncated=False, stderr_truncated=False, duration_seconds=0.1
    )


class Case:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: list[ExecResult | Exception] = []
        self.calls: list[dict[str, t.Any]] = []
        self.issues = Issues()
        for module in (executor, killing):
            monkeypatch.setattr(module, "exec_command", self._exec)

    def _exec(self, _client: t.Any, **given: t.Any) -> ExecResult:
        self.calls.append(given)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def with_cancel(self, _cancel: t.Any) -> Case:
        return self

    def run(self, *answers: ExecResult | Exception, **more: t.Any) -> HookResult:
        self.answers = list(answers)
        given: dict[str, t.Any] = {"kill_on_timeout": True, "retry_backoff_seconds": 0.0} | more
        hook = Hook(source="spec", name="r", phase="pre", argv=("sleep", "60"), **given)
        result = run_hook(ClusterRun(client=t.cast("t.Any", self), issues=self.issues), POD, hook, HookPolicy())
        assert self.answers == []
        return result

    @property
    def sent(self) -> list[list[str]]:
        """The words behind ``/bin/sh -c <program>``, or the whole command."""
        return [call["argv"][3:] if call["argv"][:2] == ["/bin/sh", "-c"] else call["argv"] for call in self.calls]


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> Case:
    return Case(monkeypatch)


@pytest.mark.parametrize(
    ("stderr", "rest", "tracked"),
    [
        (MARKER + b"hello\n", b"hello\n", Tracked("42", "777")),
        (b"before\n" + MARKER, b"before\n", Tracked("42", "777")),
        (b"hello\n", b"hello\n", None),
        (b"arkive-hook pid=42 born=", b"arkive-hook pid=42 born=", None),
    ],
)
def test_take_tracked(stderr: bytes, rest: bytes, tracked: Tracked | None) -> None:
    assert take_tracked(stderr) == (rest, tracked)


def test_a_command_in_time_is_not_killed(case: Case) -> None:
    result = case.run(done(stderr=MARKER + b"note\n"))
    assert case.sent == [["arkive-hook", "sleep", "60"]]
    assert (result.state, result.killed, result.stderr, result.hook.argv) == ("ok", False, b"note\n", ("sleep", "60"))


def test_its_time_is_over(case: Case) -> None:
    result = case.run(ExecTimeout("x", stdout=b"half", stderr=MARKER), done())
    assert case.sent == [["arkive-hook", "sleep", "60"], ["arkive-kill", "42", "777"]]
    assert (result.state, result.killed, result.error) == ("timed_out", True, "timed out after 30s; it was killed")
    assert (result.stdout, result.stderr, result.may_be_repeated) == (b"half", b"", True)


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([ExecTimeout("x", stderr=MARKER), done(1)], "it could not be killed: process 42 does not end"),
        ([ExecTimeout("x", stderr=MARKER), KubeError("No answer.")], "it could not be killed: No answer."),
        ([ExecTimeout("x")], "it could not be killed: its process is not known"),
    ],
)
def test_it_cannot_be_killed(case: Case, answers: list[t.Any], why: str) -> None:
    result = case.run(*answers, retries=3)
    assert (result.killed, result.error, result.attempts) == (False, f"timed out after 30s; {why}", 1)


def test_what_was_killed_is_tried_again(case: Case) -> None:
    result = case.run(ExecTimeout("x", stderr=MARKER), done(), done(stderr=MARKER), retries=3)
    assert (result.state, result.attempts, result.killed) == ("ok", 2, False)
    assert (len(case.issues.warnings), case.issues.errors) == (1, ())


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(done(127), id="exit-code"),
        pytest.param(done(126), id="exit-code-126"),
        pytest.param(ExecRefused('exec: "/bin/sh": stat /bin/sh: no such file'), id="refused"),
    ],
)
def test_an_image_without_a_shell(case: Case, answer: t.Any) -> None:
    result = case.run(answer, ExecTimeout("x"))
    assert case.sent == [["arkive-hook", "sleep", "60"], ["sleep", "60"]]
    assert (result.state, result.killed) == ("timed_out", False)
    assert [issue.message for issue in case.issues.warnings] == [
        "kill_on_timeout has no effect in container db of pod shop/db-0: it has no /bin/sh"
    ]
    assert len(case.issues.errors) == 1


def test_a_program_that_is_missing_is_not_a_missing_shell(case: Case) -> None:
    result = case.run(done(127, MARKER + b"sleep: not found\n"))
    assert (result.state, result.rc, result.stderr, case.issues.warnings) == ("failed", 127, b"sleep: not found\n", ())


def test_another_refusal(case: Case) -> None:
    result = case.run(ExecRefused("forbidden", status=403), retries=3)
    assert (result.state, result.attempts, len(case.calls)) == ("failed", 1, 1)


def test_a_lost_stream_is_cleaned(case: Case) -> None:
    result = case.run(ExecStreamLost("gone", stderr=MARKER + b"x"))
    assert (result.state, result.stderr) == ("lost", b"x")


@pytest.mark.parametrize("more", [{"timeout_seconds": None}, {"kill_on_timeout": False}])
def test_without_a_limit_or_the_wish_the_command_is_sent_as_it_is(case: Case, more: dict[str, t.Any]) -> None:
    case.run(done(), **more)
    assert case.sent == [["sleep", "60"]]
