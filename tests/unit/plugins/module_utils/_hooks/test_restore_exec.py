# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_exec import (
    HookStop,
    PodHookRun,
    RestoreExecHook,
    group_by_container,
    is_container_up,
    parse_restore_exec_hook,
    wait_limit,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeTimeout

KEY = "post.hook.restore.velero.io/"
HOUR = 3600.0


def annotated(**annotations: str) -> dict[str, t.Any]:
    keys = {KEY + name.replace("_", "-"): value for name, value in annotations.items()}
    return {
        "metadata": {"namespace": "shop", "name": "db", "annotations": keys},
        "spec": {"containers": [{"name": "c0"}, {"name": "c1"}]},
    }


def exec_hook(
    name: str = "h",
    container: str = "",
    *,
    index: int = 0,
    on_error: t.Any = "",
    wait: float | None = None,
    ready: bool = False,
) -> RestoreExecHook:
    hook = Hook(
        source="spec", name=name, phase="post", argv=("true",), container=container, on_error=on_error, index=index
    )
    return RestoreExecHook(hook=hook, wait_seconds=wait, wait_for_ready=ready)


@pytest.mark.parametrize(
    ("annotations", "argv", "timeout", "wait", "ready", "warnings"),
    [
        pytest.param({"command": "/usr/bin/foo"}, ("/usr/bin/foo",), 30.0, None, False, 0, id="G2-text"),
        pytest.param({"command": '["a","b"]'}, ("a", "b"), 30.0, None, False, 0, id="G2-list"),
        pytest.param(
            {"command": "x", "exec_timeout": "45s", "wait_timeout": "1h"}, ("x",), 45.0, HOUR, False, 0, id="G3"
        ),
        pytest.param({"command": "x", "exec_timeout": "bad"}, ("x",), 30.0, None, False, 1, id="G4-exec"),
        pytest.param({"command": "x", "wait_timeout": "bad"}, ("x",), 30.0, None, False, 1, id="G4-wait"),
        pytest.param({"command": "x", "wait_timeout": "300"}, ("x",), 30.0, None, False, 1, id="no-unit"),
        pytest.param({"command": "x", "wait_for_ready": "true"}, ("x",), 30.0, None, True, 0, id="G5-true"),
        pytest.param({"command": "x", "wait_for_ready": "T"}, ("x",), 30.0, None, True, 0, id="G5-T"),
        pytest.param({"command": "x", "wait_for_ready": "yes"}, ("x",), 30.0, None, False, 1, id="G5-yes"),
        pytest.param({"command": "x", "wait_timeout": "0"}, ("x",), 30.0, None, False, 0, id="H11-zero"),
        pytest.param({"command": "x", "wait_timeout": "-5s"}, ("x",), 30.0, None, False, 0, id="H11-negative"),
    ],
)
def test_annotations(
    annotations: dict[str, str], argv: tuple[str, ...], timeout: float, wait: float | None, ready: bool, warnings: int
) -> None:
    entry, said = parse_restore_exec_hook(annotated(**annotations))
    assert entry is not None
    assert (entry.hook.argv, entry.hook.timeout_seconds) == (argv, timeout)
    assert (entry.wait_seconds, entry.wait_for_ready, len(said)) == (wait, ready, warnings)
    assert (entry.hook.name, entry.hook.source) == ("<from-annotation>", "annotation")


@pytest.mark.parametrize("annotations", [{}, {"command": ""}], ids=["G1-missing", "G1-empty"])
def test_no_command_no_hook(annotations: dict[str, str]) -> None:
    assert parse_restore_exec_hook(annotated(**annotations)) == (None, [])


def test_suffixed_keys_are_not_understood() -> None:
    pod = annotated()
    pod["metadata"]["annotations"] = {KEY + "x.command": "a"}
    assert parse_restore_exec_hook(pod)[0] is None


def test_default_container_is_the_first() -> None:
    """G6, G8."""
    assert list(group_by_container(annotated(), [exec_hook()])) == ["c0"]


def test_grouping_keeps_the_indices() -> None:
    """G11."""
    hooks = [exec_hook(container=c, index=i) for c, i in (("c1", 0), ("c2", 1), ("c1", 3), ("c2", 4))]
    grouped = group_by_container(annotated(), hooks)
    assert {name: [h.hook.index for h in entries] for name, entries in grouped.items()} == {"c1": [0, 3], "c2": [1, 4]}


@pytest.mark.parametrize(
    ("waits", "limit"),
    [
        pytest.param([10.0, None], None, id="H10"),
        pytest.param([None, None], None, id="H11"),
        pytest.param([10.0, 100.0, 50.0], 100.0, id="H12"),
        pytest.param([], None, id="none"),
    ],
)
def test_wait_limit(waits: list[float | None], limit: float | None) -> None:
    assert wait_limit([exec_hook(wait=wait) for wait in waits]) == limit


def with_status(*statuses: dict[str, t.Any], phase: str = "Running") -> dict[str, t.Any]:
    return annotated() | {"status": {"phase": phase, "containerStatuses": list(statuses)}}


def running(name: str, *, ready: bool = False) -> dict[str, t.Any]:
    return {"name": name, "ready": ready, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}


@pytest.mark.parametrize(
    ("status", "wants_ready", "up"),
    [
        pytest.param(running("c0"), [False, True], False, id="H13"),
        pytest.param(running("c0", ready=True), [True], True, id="H14-ready"),
        pytest.param(running("c0"), [False], True, id="H14-not-waited"),
        pytest.param({"name": "c0", "state": {"waiting": {"reason": "x"}}}, [False], False, id="H15-waiting"),
        pytest.param({"name": "c0"}, [False], False, id="H15-no-state"),
        pytest.param({"name": "c1", "state": {"terminated": {}}}, [False], False, id="H15-other"),
    ],
)
def test_container_is_up(status: dict[str, t.Any], wants_ready: list[bool], up: bool) -> None:
    assert is_container_up(with_status(status), "c0", [exec_hook(ready=ready) for ready in wants_ready]) is up


class Pods:
    """A pod that goes through states at given times of a clock that only waits move."""

    def __init__(self, *states: tuple[float, dict[str, t.Any] | None], stop: HookStop) -> None:
        self.states = list(states)
        self.now = 0.0
        self.stop = stop

    def clock(self) -> float:
        return self.now

    def wait(self, predicate: t.Callable[[t.Any], bool], seconds: float) -> t.Any:
        end = self.now + seconds
        while True:
            self.stop.check()
            state = next(pod for at, pod in reversed(self.states) if at <= self.now)
            if predicate(state):
                return state
            coming = [at for at, _pod in self.states if at > self.now]
            if not coming or coming[0] > end:
                self.now = end
                raise KubeTimeout("not within the time")
            self.now = coming[0]


class Commands:
    """Executes hooks by their names: what is in ``fails`` fails; ``seconds`` pass for each."""

    def __init__(self, pods: Pods, *, fails: t.Collection[str] = (), seconds: float = 0.0) -> None:
        self.pods, self.fails, self.seconds = pods, fails, seconds
        self.ran: list[tuple[str, str]] = []

    def __call__(self, pod: t.Any, hook: Hook) -> HookResult:
        self.ran.append((hook.name, hook.container))
        self.pods.now += self.seconds
        failed = hook.name in self.fails
        return HookResult(
            hook=hook,
            namespace="shop",
            pod="db",
            container=hook.container,
            state="failed" if failed else "ok",
            rc=1 if failed else 0,
            started=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            error="command terminated with exit code 1" if failed else "",
        )


def play(
    hooks: list[RestoreExecHook],
    *states: tuple[float, dict[str, t.Any] | None],
    fails: t.Collection[str] = (),
    stop: HookStop | None = None,
    seconds: float = 0.0,
) -> tuple[list[HookResult], list[tuple[str, str]], HookStop]:
    token = stop or HookStop(CancelToken())
    pods = Pods(*states, stop=token)
    commands = Commands(pods, fails=fails, seconds=seconds)
    run = PodHookRun(
        annotated(), hooks, wait=pods.wait, execute=commands, stop=token, longest_wait=4 * HOUR, clock=pods.clock
    )
    return run.run(), commands.ran, token


UP = with_status(running("c0"), running("c1"))
PENDING = with_status(phase="Pending")


def test_running_container_ok() -> None:
    """H1."""
    results, ran, stop = play([exec_hook()], (0, UP))
    assert [(r.state, r.error) for r in results] == [("ok", "")]
    assert ran == [("h", "c0")]
    assert not stop.is_cancelled


def test_fail_stops_the_pod() -> None:
    """H2."""
    hooks = [exec_hook("a", on_error="Fail"), exec_hook("b", on_error="Fail"), exec_hook("c", "c1")]
    results, ran, stop = play(hooks, (0, UP), fails=["a"])
    assert ran == [("a", "c0")]
    assert [r.state for r in results] == ["failed"] * 3
    assert results[0].error == "hook a in container c0 failed to execute, err: command terminated with exit code 1"
    assert "not executed" in results[1].error
    assert "not executed" in results[2].error
    assert stop.is_cancelled


@pytest.mark.parametrize("on_error", ["Continue", ""])
def test_continue_goes_on(on_error: str) -> None:
    """H3: later hooks run; nobody else is cancelled (our decision)."""
    results, ran, stop = play([exec_hook("a", on_error=on_error), exec_hook("b")], (0, UP), fails=["a"])
    assert ran == [("a", "c0"), ("b", "c0")]
    assert [r.state for r in results] == ["failed", "ok"]
    assert not stop.is_cancelled


def test_container_comes_up_later() -> None:
    """H4."""
    results, ran, _stop = play([exec_hook()], (0, PENDING), (0.01, UP))
    assert (len(results), ran) == (1, [("h", "c0")])


@pytest.mark.parametrize("on_error", ["Fail", "Continue"])
def test_container_never_runs(on_error: str) -> None:
    """H5."""
    results, ran, _stop = play([exec_hook(on_error=on_error, wait=0.001)], (0, PENDING))
    assert ran == []
    assert results[0].state == "failed"
    assert "not executed: context deadline exceeded" in results[0].error


@pytest.mark.parametrize("on_error", ["Fail", "Continue"])
def test_cancelled_before_the_start(on_error: str) -> None:
    """H6."""
    stop = HookStop(CancelToken())
    stop.cancel("a hook of pod shop/other failed with on-error Fail")
    results, ran, _stop = play([exec_hook(on_error=on_error)], (0, UP), stop=stop)
    assert ran == []
    assert "not executed: context canceled" in results[0].error


def test_containers_in_the_order_of_coming_up() -> None:
    """H7."""
    first = with_status(running("c1"))
    _results, ran, _stop = play([exec_hook("a", "c0"), exec_hook("b", "c1")], (0, PENDING), (0.01, first), (0.02, UP))
    assert ran == [("b", "c1"), ("a", "c0")]


def test_indices_with_gaps() -> None:
    """H8."""
    results, _ran, _stop = play([exec_hook(index=i) for i in (0, 2, 5)], (0, UP))
    assert [r.hook.index for r in results] == [0, 2, 5]
    assert len({r.identity() for r in results}) == 3


@pytest.mark.parametrize(("on_error", "later"), [("Fail", []), ("Continue", [("b", "c0")])])
def test_own_wait_expired(on_error: str, later: list[tuple[str, str]]) -> None:
    """H9: never executed; Fail stops the pod, Continue lets later hooks run (our decision)."""
    hooks = [exec_hook("a", on_error=on_error, wait=1.0), exec_hook("b", wait=60.0)]
    results, ran, _stop = play(hooks, (0, PENDING), (10, UP))
    assert results[0].error == "hook a in container c0 expired before executing"
    assert ran == later
    assert len(results) == 2


def test_unlimited_wait_is_bounded_by_the_run() -> None:
    """H10, H11: without a limit of its own a hook ends with the operation timeout, never in a hang."""
    results, _ran, _stop = play([exec_hook()], (0, PENDING))
    assert "did not come up within 4h0m0s" in results[0].error


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_pod_ends_before_its_hooks(phase: str) -> None:
    """H16."""
    results, ran, _stop = play([exec_hook()], (0, PENDING), (1, with_status(phase=phase)))
    assert ran == []
    assert f"entered phase {phase}" in results[0].error


def test_pod_is_deleted() -> None:
    """H17."""
    results, ran, _stop = play([exec_hook()], (0, PENDING), (1, None))
    assert ran == []
    assert results[0].state == "failed"
    assert "the pod was deleted" in results[0].error


def test_unknown_container_is_a_failure_at_once() -> None:
    """H18 (our decision)."""
    results, ran, stop = play([exec_hook("a", "nope"), exec_hook("b")], (0, UP))
    assert ran == [("b", "c0")]
    assert 'no such container: "nope"' in results[0].error
    assert results[0].state == "failed"
    assert not stop.is_cancelled


def test_fail_in_one_pod_cancels_waiting_pods() -> None:
    """H19 with Fail: the waiting pod's hook ends as not executed."""
    stop = HookStop(CancelToken())
    play([exec_hook(on_error="Fail")], (0, UP), fails=["h"], stop=stop)
    results, ran, _stop = play([exec_hook()], (0, PENDING), (1, UP), stop=stop)
    assert ran == []
    assert "context canceled" in results[0].error


def test_hook_stop_follows_the_run() -> None:
    run = CancelToken()
    stop = HookStop(run)
    run.cancel("signal 15")
    assert stop.is_cancelled
    assert stop.wait(5)
    with pytest.raises(Cancelled, match="signal 15"):
        stop.check()


def test_stopping_hooks_leaves_the_run_alone() -> None:
    run = CancelToken()
    HookStop(run).cancel("x")
    assert not run.is_cancelled
