# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookPolicy, HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.retries import run_with_retries

START = dt.datetime(2026, 6, 1, 2, 0, 0, tzinfo=dt.UTC)


class Pauses(CancelToken):
    """Every wait is over at once; cancelled after this many."""

    def __init__(self, cancel_in: int | None = None) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._cancel_in = cancel_in

    def wait(self, seconds: float) -> bool:
        self.seconds.append(seconds)
        if len(self.seconds) == self._cancel_in:
            self.cancel("SIGTERM")
        return self.is_cancelled


class Case:
    def __init__(self, *answers: dict[str, t.Any], **hook: t.Any) -> None:
        self.hook = Hook(source="spec", name="r", phase="pre", argv=("x",), **hook)
        self.answers = list(answers)
        self.tried = 0
        self.levels: list[str] = []
        self.issues = Issues(lambda level, _message, _fields: self.levels.append(level))

    def attempt(self) -> HookResult:
        answer = {"state": "failed", "rc": 1, "error": "no"} | self.answers[min(self.tried, len(self.answers) - 1)]
        at = START + dt.timedelta(seconds=10 * self.tried)
        self.tried += 1
        return HookResult(
            hook=self.hook, namespace="shop", pod="db-0", container="db", started=at, duration_seconds=1.0, **answer
        )

    def run(self, cancel: CancelToken | None = None, **more: t.Any) -> HookResult:
        context = RunContext(issues=self.issues, cancel=cancel or Pauses())
        return run_with_retries(self.hook, self.attempt, run=context, policy=HookPolicy(), **more)


OK = {"state": "ok", "rc": 0, "error": ""}
FAILED: dict[str, t.Any] = {}


@pytest.mark.parametrize(
    ("answers", "retries", "tried", "state", "levels"),
    [
        pytest.param([OK], 3, 1, "ok", [], id="went-well"),
        pytest.param([FAILED], 0, 1, "failed", ["error"], id="no-retries"),
        pytest.param([FAILED, OK], 3, 2, "ok", ["warning"], id="second"),
        pytest.param([FAILED], 2, 3, "failed", ["warning", "warning", "error"], id="never"),
        pytest.param([{"state": "skipped", "rc": None}], 2, 1, "skipped", [], id="skipped"),
        # Only where it is certain that nothing runs any more.
        pytest.param([{"state": "timed_out", "rc": None}], 2, 1, "timed_out", ["error"], id="timed-out"),
        pytest.param([{"state": "timed_out", "rc": None, "killed": True}, OK], 2, 2, "ok", ["warning"], id="killed"),
        pytest.param([{"state": "lost", "rc": None}], 2, 1, "lost", ["error"], id="lost"),
        pytest.param([{"rc": None}], 2, 1, "failed", ["error"], id="nobody-knows"),
        pytest.param([{"rc": None, "never_started": True}, OK], 2, 2, "ok", ["warning"], id="never-started"),
        pytest.param([{"rc": None, "never_started": True, "is_final": True}], 2, 1, "failed", ["error"], id="no-right"),
    ],
)
def test_how_often(answers: list[dict[str, t.Any]], retries: int, tried: int, state: str, levels: list[str]) -> None:
    case = Case(*answers, retries=retries)
    result = case.run()
    assert (case.tried, result.attempts, result.state, case.levels) == (tried, tried, state, levels)


@pytest.mark.parametrize(
    ("backoff", "pauses"),
    [(1.0, [1, 2, 4, 8, 16]), (20.0, [20, 40, 60, 60, 60]), (0.0, [0, 0, 0, 0, 0]), (300.0, [60, 60, 60, 60, 60])],
)
def test_pauses_double_and_are_capped(backoff: float, pauses: list[float]) -> None:
    cancel = Pauses()
    Case(FAILED, retries=5, retry_backoff_seconds=backoff).run(cancel)
    assert cancel.seconds == pauses


def test_a_cancel_ends_the_tries() -> None:
    cancel = Pauses(cancel_in=2)
    case = Case(FAILED, retries=5)
    result = case.run(cancel)
    assert (case.tried, result.attempts, case.levels) == (2, 2, ["warning", "warning", "error"])
    case = Case(FAILED, retries=5)
    assert (case.run(cancel).attempts, case.tried) == (1, 1)


def test_the_caller_may_forbid_it() -> None:
    case = Case(FAILED, OK, retries=5)
    assert case.run(may_repeat=lambda _result: False).state == "failed"
    assert case.tried == 1


def test_the_time_runs_from_the_first_try() -> None:
    result = Case(FAILED, FAILED, OK, retries=5).run()
    assert (result.started, result.duration_seconds, result.attempts) == (START, 21.0, 3)
