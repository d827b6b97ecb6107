# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exec hooks of one restored pod. Ids: docs/compatibility; "ours": docs/compatibility 14."""

from __future__ import annotations

import datetime as dt
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_exec import RestoreExecHook
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_owners import PodOwner, find_replacement
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_run import (
    REPLACEMENT_SECONDS,
    HookStop,
    PodHookRun,
    was_canceled,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

HOUR = 3600.0
Pod = dict[str, t.Any]
#: The pods of the namespace from a point in time on.
State = tuple[float, list[Pod]]


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


def running(name: str, *, ready: bool = False) -> dict[str, t.Any]:
    return {"name": name, "ready": ready, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}


def pod(
    *up: str,
    name: str = "db",
    uid: str = "",
    phase: str = "Running",
    created: str = "2026-01-01T00:00:00Z",
    owner: tuple[str, str] | None = None,
    deleted: bool = False,
    containers: t.Sequence[str] = ("c0", "c1"),
) -> Pod:
    references = [{"kind": owner[0], "name": owner[1], "controller": True}] if owner else []
    metadata: dict[str, t.Any] = {
        "namespace": "shop",
        "name": name,
        "uid": uid or name,
        "creationTimestamp": created,
        "ownerReferences": references,
        "labels": {"pod-template-hash": "1"},
    }
    if deleted:
        metadata["deletionTimestamp"] = "2026-01-01T00:01:00Z"
    return {
        "metadata": metadata,
        "spec": {"containers": [{"name": each} for each in containers]},
        "status": {"phase": phase, "containerStatuses": [running(each) for each in up]},
    }


UP = [pod("c0", "c1")]
PENDING = [pod(phase="Pending")]


class Namespace:
    """Pods that go through states at given times of a clock that only waiting and running commands move."""

    def __init__(self, states: t.Sequence[State], taken: set[str]) -> None:
        self.states = list(states)
        self.taken = taken
        self.now = 0.0
        self.unreachable = False

    def clock(self) -> float:
        return self.now

    @property
    def pods(self) -> list[Pod]:
        return next(pods for at, pods in reversed(self.states) if at <= self.now)

    def current(self, name: str) -> Pod | None:
        return next((each for each in self.pods if each["metadata"]["name"] == name), None)

    def refresh(self, name: str) -> Pod | None:
        if self.unreachable:
            raise KubeError("The API server did not answer.")
        return self.current(name)

    def take_replacement(self, owner: PodOwner, *, since: str) -> t.Any:
        found = find_replacement(self.pods, owner, since=since, taken=self.taken)
        if found is not None:
            self.taken.add(found["metadata"]["uid"])
        return found

    def sleep(self) -> None:
        """Until something changes, or a while."""
        coming = [at for at, _pods in self.states if at > self.now]
        self.now = min([*coming, self.now + 20.0])


class Commands:
    """Executes hooks by their names: what is in ``fails`` fails; ``seconds`` pass for each."""

    def __init__(self, namespace: Namespace, *, fails: t.Collection[str] = (), seconds: float = 0.0) -> None:
        self.namespace, self.fails, self.seconds = namespace, fails, seconds
        self.ran: list[tuple[str, str]] = []
        self.pods: list[str] = []
        self.never_starts: list[str] = []

    def __call__(self, body: t.Any, hook: Hook) -> HookResult:
        refused = hook.name in self.never_starts
        if refused:
            self.never_starts.remove(hook.name)
        else:
            self.ran.append((hook.name, hook.container))
            self.pods.append(body["metadata"]["uid"])
        self.namespace.now += self.seconds
        failed = refused or hook.name in self.fails
        return HookResult(
            hook=hook,
            namespace="shop",
            pod=body["metadata"]["name"],
            container=hook.container,
            state="failed" if failed else "ok",
            rc=None if refused else int(failed),
            started=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            error="command terminated with exit code 1" if failed else "",
            never_started=refused,
        )


class Play:
    """One pod's hooks, played to the end."""

    def __init__(
        self,
        hooks: list[RestoreExecHook],
        *states: State,
        fails: t.Collection[str] = (),
        never_starts: t.Sequence[str] = (),
        stop: HookStop | None = None,
        seconds: float = 0.0,
        owner: PodOwner | None = None,
        unreachable: bool = False,
        taken: t.Iterable[str] = (),
    ) -> None:
        self.stop = stop or HookStop(CancelToken())
        self.namespace = Namespace(states, {"db", *taken})
        self.namespace.unreachable = unreachable
        self.commands = Commands(self.namespace, fails=fails, seconds=seconds)
        self.commands.never_starts = list(never_starts)
        self.run = PodHookRun(pod(), hooks, stop=self.stop, longest_wait=HOUR, owner=owner, clock=self.namespace.clock)
        while not self.run.is_done:
            container = self.run.look(self.namespace)
            if container is not None:
                self.run.run_container(container, pods=self.namespace, execute=self.commands)
            elif not self.run.is_done:
                self.namespace.sleep()
        self.results = self.run.results
        self.ran = self.commands.ran
        self.errors = [result.error for result in self.results]
        self.states = [result.state for result in self.results]


def test_running_container_ok() -> None:
    """docs/compatibility H1."""
    play = Play([exec_hook()], (0, UP))
    assert (play.states, play.errors, play.ran) == (["ok"], [""], [("h", "c0")])
    assert not play.stop.is_cancelled


def test_fail_stops_the_pod() -> None:
    """docs/compatibility H2."""
    hooks = [exec_hook("a", on_error="Fail"), exec_hook("b", on_error="Fail"), exec_hook("c", "c1")]
    play = Play(hooks, (0, UP), fails=["a"])
    assert play.ran == [("a", "c0")]
    assert play.states == ["failed"] * 3
    assert play.errors[0] == "hook a in container c0 failed to execute, err: command terminated with exit code 1"
    assert all("not executed" in error for error in play.errors[1:])
    assert play.stop.is_cancelled


@pytest.mark.parametrize("on_error", ["Continue", ""])
def test_continue_goes_on(on_error: str) -> None:
    """docs/compatibility H3, ours: later hooks run; nobody else is cancelled."""
    play = Play([exec_hook("a", on_error=on_error), exec_hook("b")], (0, UP), fails=["a"])
    assert play.ran == [("a", "c0"), ("b", "c0")]
    assert play.states == ["failed", "ok"]
    assert not play.stop.is_cancelled


def test_container_comes_up_later() -> None:
    """docs/compatibility H4."""
    play = Play([exec_hook()], (0, PENDING), (0.01, UP))
    assert (play.states, play.ran) == (["ok"], [("h", "c0")])


@pytest.mark.parametrize("on_error", ["Fail", "Continue"])
def test_container_never_runs(on_error: str) -> None:
    """docs/compatibility H5."""
    play = Play([exec_hook(on_error=on_error, wait=0.001)], (0, PENDING))
    assert play.ran == []
    assert play.states == ["failed"]
    assert "not executed: context deadline exceeded" in play.errors[0]
    assert not was_canceled(play.results[0])
    assert play.stop.is_cancelled is (on_error == "Fail")


@pytest.mark.parametrize("on_error", ["Fail", "Continue"])
def test_cancelled_before_the_start(on_error: str) -> None:
    """docs/compatibility H6."""
    stop = HookStop(CancelToken())
    stop.cancel("a hook of pod shop/other failed with on-error Fail")
    play = Play([exec_hook(on_error=on_error)], (0, UP), stop=stop)
    assert play.ran == []
    assert "not executed: context canceled" in play.errors[0]
    assert was_canceled(play.results[0])


def test_containers_in_the_order_of_coming_up() -> None:
    """docs/compatibility H7."""
    play = Play([exec_hook("a", "c0"), exec_hook("b", "c1")], (0, PENDING), (0.01, [pod("c1")]), (0.02, UP))
    assert play.ran == [("b", "c1"), ("a", "c0")]


def test_all_hooks_of_a_container_before_the_next() -> None:
    """The page: both hooks of the database run before that of the sidecar."""
    hooks = [exec_hook("a", "c0"), exec_hook("b", "c1"), exec_hook("c", "c0")]
    assert Play(hooks, (0, UP)).ran == [("a", "c0"), ("c", "c0"), ("b", "c1")]


def test_indices_with_gaps() -> None:
    """docs/compatibility H8."""
    play = Play([exec_hook(index=i) for i in (0, 2, 5)], (0, UP))
    assert [result.hook.index for result in play.results] == [0, 2, 5]
    assert len({result.identity() for result in play.results}) == 3


@pytest.mark.parametrize(("on_error", "later"), [("Fail", []), ("Continue", [("b", "c0")])])
def test_own_wait_expired(on_error: str, later: list[tuple[str, str]]) -> None:
    """docs/compatibility H9: Fail stops the pod; Continue, ours: it is not executed, and later hooks run."""
    hooks = [exec_hook("a", on_error=on_error, wait=1.0), exec_hook("b", wait=60.0)]
    play = Play(hooks, (0, PENDING), (10, UP))
    assert play.errors[0] == "hook a in container c0 expired before executing"
    assert play.ran == later
    assert len(play.results) == 2


def test_execution_counts_as_waiting() -> None:
    """docs/compatibility 6.5: the limit is measured from the pod's creation and includes what runs before."""
    play = Play([exec_hook("a", wait=5.0), exec_hook("b", wait=5.0)], (0, UP), seconds=10.0)
    assert play.ran == [("a", "c0")]
    assert play.errors[1] == "hook b in container c0 expired before executing"


def test_queue_does_not_count_as_waiting() -> None:
    """Ours: Velero has a thread for each pod, here the number of commands at a time is bounded."""
    namespace = Namespace([(0.0, UP)], set())
    run = PodHookRun(
        pod(), [exec_hook(wait=5.0)], stop=HookStop(CancelToken()), longest_wait=HOUR, clock=namespace.clock
    )
    assert run.look(namespace) == "c0"
    run.queue()
    namespace.now = 100.0
    assert run.look(namespace) == "c0"
    run.queue()
    namespace.now = 200.0
    run.run_container("c0", pods=namespace, execute=Commands(namespace))
    assert [result.state for result in run.results] == ["ok"]


def test_unlimited_wait_is_bounded() -> None:
    """docs/compatibility H10, H11: without a limit of its own a hook ends with the run's, never in a hang."""
    play = Play([exec_hook()], (0, PENDING))
    assert "did not come up within 1h0m0s" in play.errors[0]
    assert play.namespace.now == HOUR


def test_a_hook_that_waited_in_vain_says_why_its_pod_is_not_ready() -> None:
    waiting = {"name": "c0", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
    pending = pod()
    pending["status"] = {"phase": "Pending", "containerStatuses": [waiting]}
    play = Play([exec_hook()], (0, [pending]))
    assert "within 1h0m0s: container c0: ImagePullBackOff: no such image)" in play.errors[0]


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_pod_ends_before_its_hooks(phase: str) -> None:
    """docs/compatibility H16."""
    play = Play([exec_hook()], (0, PENDING), (1, [pod(phase=phase)]))
    assert play.ran == []
    assert f"entered phase {phase}" in play.errors[0]


@pytest.mark.parametrize("pods", [[], [pod("c0", deleted=True)], [pod("c0", uid="another")]])
def test_pod_is_deleted(pods: list[Pod]) -> None:
    """docs/compatibility H17: gone, on its way out, or another one of its name."""
    play = Play([exec_hook()], (0, PENDING), (1, pods))
    assert play.ran == []
    assert play.states == ["failed"]
    assert "not executed: the pod was deleted" in play.errors[0]


def test_pod_is_deleted_between_two_hooks() -> None:
    """docs/compatibility H17."""
    play = Play([exec_hook("a"), exec_hook("b")], (0, UP), (5, []), seconds=10.0)
    assert play.ran == [("a", "c0")]
    assert "hook b in container c0 in pod shop/db not executed: the pod was deleted" in play.errors[1]


@pytest.mark.parametrize("on_error", ["Fail", ""])
def test_unknown_container_is_a_failure_at_once(on_error: str) -> None:
    """docs/compatibility H18, ours: recorded as failed; with Fail it stops all the others."""
    play = Play([exec_hook("a", "nope", on_error=on_error), exec_hook("b")], (0, PENDING), (1, UP))
    assert 'no such container: "nope"' in play.errors[0]
    assert play.states == (["failed", "failed"] if on_error else ["failed", "ok"])
    assert play.stop.is_cancelled is bool(on_error)


def test_native_sidecars_are_containers() -> None:
    """docs/compatibility 6.5, 12.3: Velero hangs."""
    body = pod("c0")
    body["spec"]["initContainers"] = [{"name": "side", "restartPolicy": "Always"}, {"name": "plain"}]
    body["status"]["initContainerStatuses"] = [running("side")]
    play = Play([exec_hook("a", "side"), exec_hook("b", "plain")], (0, [body]))
    assert play.ran == [("a", "side")]
    assert 'no such container: "plain"' in next(error for error in play.errors if error)


def test_container_that_is_not_started_again() -> None:
    """docs/compatibility H15, ours: at once, where Velero waits until its limit."""
    body = pod("c1")
    body["spec"]["restartPolicy"] = "Never"
    body["status"]["containerStatuses"].append({"name": "c0", "state": {"terminated": {"exitCode": 3}}})
    play = Play([exec_hook("a", "c0"), exec_hook("b", "c1")], (0, [body]))
    assert play.ran == [("b", "c1")]
    assert "ended with exit code 3 and is not started again" in next(error for error in play.errors if error)
    assert play.namespace.now == 0


def test_fail_in_one_pod_cancels_waiting_pods() -> None:
    """docs/compatibility H19 with Fail: the waiting pod's hook ends as not executed."""
    stop = HookStop(CancelToken())
    Play([exec_hook(on_error="Fail")], (0, UP), fails=["h"], stop=stop)
    play = Play([exec_hook()], (0, PENDING), (1, UP), stop=stop)
    assert play.ran == []
    assert "context canceled" in play.errors[0]


def test_continue_in_one_pod_cancels_nobody() -> None:
    """docs/compatibility H19, H20, ours."""
    stop = HookStop(CancelToken())
    Play([exec_hook(on_error="Continue")], (0, UP), fails=["h"], stop=stop)
    assert Play([exec_hook()], (0, PENDING), (1, UP), stop=stop).states == ["ok"]


def test_container_that_had_just_gone_is_waited_for_again() -> None:
    """The command was refused and surely not begun: no result yet."""
    states = (0.0, UP), (5.0, [pod("c1")]), (9.0, UP)
    play = Play([exec_hook()], *states, never_starts=["h"], seconds=6.0)
    assert (play.states, play.ran) == (["ok"], [("h", "c0")])


@pytest.mark.parametrize("unreachable", [True, False])
def test_command_that_is_refused_while_the_container_is_up(unreachable: bool) -> None:
    play = Play([exec_hook()], (0, UP), never_starts=["h"], unreachable=unreachable)
    assert (play.states, play.ran) == (["failed"], [])


SET = ("ReplicaSet", "web-1")
WEB = PodOwner("Deployment", "web")


def new(name: str, *up: str, created: str = "2026-01-01T00:00:30Z", **more: t.Any) -> Pod:
    return pod(*up, name=name, created=created, owner=more.pop("owner", SET), **more)


@pytest.mark.parametrize(
    ("states", "ran_in"),
    [
        pytest.param([(1, [new("web-b", "c0")])], "web-b", id="another pod of the ReplicaSet"),
        pytest.param(
            [(1, [pod("c0", owner=SET, deleted=True)]), (2, [new("web-b", "c0")])], "web-b", id="seen on its way out"
        ),
        pytest.param(
            [(1, [pod("c0", owner=SET, deleted=True), new("web-b", "c0")])], "web-b", id="before the old one is gone"
        ),
        pytest.param([(1, []), (30, [new("web-b")]), (31, [new("web-b", "c0")])], "web-b", id="a while later"),
        pytest.param([(1, [pod(phase="Failed", owner=SET)]), (2, [new("web-b", "c0")])], "web-b", id="evicted"),
        pytest.param(
            [(1, [new("web-b", "c0"), new("web-c", "c0", created="2026-01-01T00:00:31Z")])], "web-c", id="the newest"
        ),
        pytest.param(
            [(1, [new("web-b", deleted=True)]), (2, [new("web-c", "c0")])], "web-c", id="the new one goes as well"
        ),
    ],
)
def test_hooks_follow_to_the_replacement(states: list[State], ran_in: str) -> None:
    play = Play([exec_hook()], (0, PENDING), *states, owner=WEB)
    assert (play.states, play.commands.pods) == (["ok"], [ran_in])
    assert [result.pod for result in play.results] == [ran_in]
    assert (play.run.restored, play.run.name) == ("db", ran_in)


def test_hooks_follow_to_the_pod_of_the_same_name() -> None:
    """A StatefulSet's: the same name, another uid. The owner is known from the live pod."""
    owned = ("StatefulSet", "db")
    states = (0.0, [pod(owner=owned)]), (1.0, [pod("c0", owner=owned, uid="second", created="2026-01-01T00:00:02Z")])
    play = Play([exec_hook()], *states)
    assert (play.states, play.commands.pods) == (["ok"], ["second"])


def test_what_has_a_result_does_not_run_again_in_the_replacement() -> None:
    states = (0.0, UP), (5.0, [new("web-b", "c0", "c1")])
    play = Play([exec_hook("a"), exec_hook("b"), exec_hook("c", "c1")], *states, owner=WEB, seconds=10.0)
    assert play.ran == [("a", "c0"), ("b", "c0"), ("c", "c1")]
    assert play.commands.pods == ["db", "web-b", "web-b"]


def test_hook_that_could_not_begin_runs_in_the_replacement() -> None:
    """The pod was gone, and nobody had said so yet."""
    states = (0.0, UP), (5.0, [new("web-b", "c0")])
    play = Play([exec_hook()], *states, owner=WEB, never_starts=["h"], seconds=6.0)
    assert (play.states, play.commands.pods) == (["ok"], ["web-b"])


@pytest.mark.parametrize(
    "others",
    [
        pytest.param([], id="none"),
        pytest.param([new("web-b", "c0", owner=("ReplicaSet", "shop-1"))], id="of another Deployment"),
        pytest.param([new("web-b", "c0", created="2025-12-31T23:59:59Z")], id="older than the restored one"),
        pytest.param([new("taken", "c0")], id="with hooks of its own"),
        pytest.param([new("web-b", "c0", phase="Failed")], id="at its end"),
    ],
)
def test_owner_that_makes_no_other(others: list[Pod]) -> None:
    """An error within a minute, although the hook itself would wait longer."""
    play = Play([exec_hook()], (0, PENDING), (1, others), owner=WEB, taken=["taken"])
    assert play.ran == []
    assert "the pod was deleted, and Deployment web made no other within 1m0s" in play.errors[0]
    assert play.namespace.now <= 1 + REPLACEMENT_SECONDS + 20


def test_waiting_for_a_replacement_ends_with_the_hook_s_own_time() -> None:
    play = Play([exec_hook(wait=10.0)], (0, PENDING), (1, []), owner=WEB)
    assert "context deadline exceeded" in play.errors[0]


def test_hook_stop_follows_the_run() -> None:
    run = CancelToken()
    stop = HookStop(run)
    run.cancel("signal 15")
    assert (stop.is_cancelled, stop.reason) == (True, "signal 15")


def test_stopping_hooks_leaves_the_run_alone() -> None:
    run = CancelToken()
    HookStop(run).cancel("x")
    assert not run.is_cancelled
