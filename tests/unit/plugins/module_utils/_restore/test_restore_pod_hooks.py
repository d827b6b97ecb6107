# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hooks of all restored pods. Ids: docs/compatibility; "ours": docs/compatibility 14."""

from __future__ import annotations

import datetime as dt
import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookResult, HookState
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.hooks import pod_hooks
from ansible_collections.arkive.k8s.plugins.module_utils._restore.hooks.hook_records import RecordedHooks
from ansible_collections.arkive.k8s.plugins.module_utils._restore.hooks.pod_hooks import RestoredPodHooks, keep_pod
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import run_of

PODS = ApiResource("", "v1", "pods", "pod", "Pod", True, frozenset())
Pod = dict[str, t.Any]


def pod(name: str, *up: str, namespace: str = "a", **annotations: str) -> Pod:
    keys = {f"post.hook.restore.velero.io/{key.replace('_', '-')}": value for key, value in annotations.items()}
    return {
        "metadata": {
            "namespace": namespace,
            "name": name,
            "uid": f"{namespace}/{name}",
            "resourceVersion": "5",
            "annotations": keys,
        },
        "spec": {"containers": [{"name": "c0"}, {"name": "c1"}]},
        "status": {"phase": "Running", "containerStatuses": [{"name": each, "state": {"running": {}}} for each in up]},
    }


class FakeWatch:
    """The pods of a namespace: those that were tracked, until somebody changes them."""

    all: t.ClassVar[dict[str, FakeWatch]] = {}
    refusal: t.ClassVar[KubeError | None] = None

    def __init__(self, _client: t.Any, _resource: t.Any, namespace: str, *, keep: t.Any, on_change: t.Any) -> None:
        self.pods: dict[str, Pod] = {}
        self.keep, self.on_change = keep, on_change
        self.refused = self.refusal
        self.is_closed = False
        FakeWatch.all[namespace] = self

    def track(self, body: Pod) -> None:
        self.pods.setdefault(body["metadata"]["name"], self.keep(body))

    def put(self, body: Pod) -> None:
        self.pods[body["metadata"]["name"]] = self.keep(body)
        self.on_change()

    def current(self, name: str) -> Pod | None:
        return self.pods.get(name)

    refresh = current

    def objects(self) -> list[Pod]:
        return list(self.pods.values())

    def close(self) -> None:
        self.is_closed = True


class Runner:
    """Stands for the exec: what it did, and gates in which a command stays for a while."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, str]] = []
        self.fails: dict[str, HookState] = {}
        self.gates: dict[str, threading.Event] = {}
        self.begun: dict[str, threading.Event] = {}
        self.now: dict[str, int] = {}
        self.most = 0
        self._lock = threading.Lock()

    def __call__(self, _run: t.Any, body: Pod, hook: Hook, _policy: t.Any) -> HookResult:
        name = body["metadata"]["name"]
        with self._lock:
            self.ran.append((name, hook.argv[0]))
            self.now[name] = self.now.get(name, 0) + 1
            assert self.now[name] == 1, "two hooks of one pod at once"
            self.most = max(self.most, sum(self.now.values()))
        self.begun.setdefault(hook.argv[0], threading.Event()).set()
        if hook.argv[0] in self.gates:
            assert self.gates[hook.argv[0]].wait(10)
        with self._lock:
            self.now[name] = 0
        state = self.fails.get(hook.argv[0], "ok")
        if hook.argv[0] == "crash":
            raise RuntimeError("not what anybody expected")
        return HookResult(
            hook=hook,
            namespace=body["metadata"]["namespace"],
            pod=name,
            container=hook.container,
            state=state,
            started=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            stdout=b"secret",
            error="" if state == "ok" else "it went wrong",
        )


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Runner:
    found = Runner()
    FakeWatch.all = {}
    FakeWatch.refusal = None
    monkeypatch.setattr(pod_hooks, "NamespaceWatch", FakeWatch)
    monkeypatch.setattr(pod_hooks, "run_hook", found)
    monkeypatch.setattr(pod_hooks, "_TICK_SECONDS", 0.02)
    monkeypatch.setattr(pod_hooks, "_COLLECT_SECONDS", 0.0)
    return found


class Restore:
    """A restore, as far as its hooks go."""

    def __init__(
        self, *, rules: t.Any = None, recorded: t.Sequence[t.Any] = (), workers: int = 4, log_output: bool = True
    ) -> None:
        self.issues = Issues()
        self.cancel = CancelToken()
        self.saved: list[list[t.Any]] = []
        self.was_saved = threading.Event()
        self.lines: list[str] = []
        self.hooks = RestoredPodHooks(
            run_of(
                None,
                issues=self.issues,
                progress=self.lines.append,
                cancel=self.cancel,
                hooks=rules,
                hook_wait_limit=30.0,
                workers=workers,
                log_output=log_output,
            ),
            RecordedHooks(recorded),
            self._save,
        )

    def _save(self, entries: list[t.Any]) -> None:
        self.saved.append(entries)
        self.was_saved.set()

    def created(self, *pods: Pod) -> None:
        for body in pods:
            self.hooks.watch(PODS, body, stored_owner=lambda: None)

    def finish(self) -> dict[tuple[str, str], HookState]:
        return {(result.pod, result.hook.argv[0]): result.state for result in self.hooks.finish()}


def until(condition: t.Callable[[], bool]) -> None:
    for _turn in range(2000):
        if condition():
            return
        threading.Event().wait(0.005)
    pytest.fail("it did not happen")


def rule(*commands: str, **fields: t.Any) -> t.Any:
    return [{"name": "r", "postHooks": [{"exec": {"command": [command], **fields}} for command in commands]}]


def test_no_hooks_no_watch(runner: Runner) -> None:
    """docs/compatibility G1."""
    restore = Restore()
    restore.created(pod("p", "c0"))
    assert restore.finish() == {}
    assert FakeWatch.all == {}


def test_one_watch_for_each_namespace(runner: Runner) -> None:
    restore = Restore(rules=rule("x"))
    restore.created(*(pod(name, "c0", namespace=where) for where in ("a", "b") for name in ("p", "q", "r")))
    assert set(restore.finish().values()) == {"ok"}
    assert len(runner.ran) == 6
    assert sorted(FakeWatch.all) == ["a", "b"]
    assert all(watch.is_closed for watch in FakeWatch.all.values())


@pytest.mark.parametrize(
    ("on_error", "errors", "warnings"),
    [
        pytest.param("Fail", ["p"], [], id="H2, H20"),
        pytest.param("Continue", [], ["p"], id="H3, H20, ours: logged only"),
        pytest.param("", [], ["p"], id="H3, H20, ours: unset is Continue"),
    ],
)
def test_what_a_failure_is(runner: Runner, on_error: str, errors: list[str], warnings: list[str]) -> None:
    runner.fails["x"] = "failed"
    restore = Restore()
    restore.created(pod("p", "c0", command="x", on_error=on_error))
    assert restore.finish() == {("p", "x"): "failed"}
    assert [issue.name for issue in restore.issues.errors] == errors
    assert [issue.name for issue in restore.issues.warnings] == warnings
    found = [*restore.issues.errors, *restore.issues.warnings]
    assert [issue.message for issue in found] == [
        "hook <from-annotation> in container c0 failed to execute, err: it went wrong"
    ]


@pytest.mark.parametrize("on_error", ["Fail", "Continue"])
def test_other_pods(runner: Runner, on_error: str) -> None:
    """docs/compatibility H19: Fail cancels what waits in any namespace, not what runs; Continue cancels nobody."""
    runner.fails["breaks"] = "failed"
    runner.gates = {"breaks": threading.Event(), "runs": threading.Event()}
    restore = Restore()
    restore.created(
        pod("running", "c0", command="runs", namespace="b"),
        pod("failing", "c0", command="breaks", on_error=on_error),
        pod("waiting", command="waits"),
    )
    until(lambda: {"breaks", "runs"} <= set(runner.begun))
    runner.gates["breaks"].set()
    if on_error == "Continue":
        until(lambda: any("failing" in line for line in restore.lines))
        FakeWatch.all["a"].put(pod("waiting", "c0"))
    else:
        until(lambda: any("waiting" in line for line in restore.lines))
    runner.gates["runs"].set()
    waits: HookState = "failed" if on_error == "Fail" else "ok"
    assert restore.finish() == {("failing", "breaks"): "failed", ("running", "runs"): "ok", ("waiting", "waits"): waits}
    assert ("waiting", "waits") in runner.ran or on_error == "Fail"


def test_pods_side_by_side_but_bounded(runner: Runner) -> None:
    """docs/compatibility 6.5: pods in parallel, the hooks of one never."""
    runner.gates["x"] = threading.Event()
    restore = Restore(rules=rule("x", "y"), workers=3)
    restore.created(*(pod(f"p{number}", "c0") for number in range(8)))
    until(lambda: runner.most == 3)
    runner.gates["x"].set()
    assert set(restore.finish().values()) == {"ok"}
    assert runner.most == 3
    for number in range(8):
        assert [command for name, command in runner.ran if name == f"p{number}"] == ["x", "y"]


def test_no_right_to_read_pods(runner: Runner) -> None:
    FakeWatch.refusal = KubeError("may not get pods in namespace a", status=403)
    restore = Restore(rules=rule("x", onError="Fail"))
    restore.created(pod("p", "c0"))
    assert restore.finish() == {("p", "x"): "failed"}
    assert "not executed: may not get pods" in restore.issues.errors[0].message


def test_cancelled_run(runner: Runner) -> None:
    restore = Restore(rules=rule("x"))
    restore.created(pod("p"))
    restore.cancel.cancel("signal 15")
    assert restore.finish() == {("p", "x"): "failed"}
    assert restore.hooks.records() == [], "it is run when the restore is resumed"


def test_results_are_kept_while_others_run(runner: Runner) -> None:
    """A run that is killed now does not run the first hook again."""
    runner.gates["y"] = threading.Event()
    restore = Restore(rules=rule("x", "y"), log_output=False)
    restore.created(pod("p", "c0"))
    assert restore.was_saved.wait(10)
    (entry,) = restore.saved[0]
    assert (entry["restored_pod"], entry["hook_index"], entry["state"]) == ("p", 0, "ok")
    assert "stdout" not in entry
    resumed = Restore(rules=rule("x", "y"), recorded=restore.saved[0])
    assert [hook.hook.argv for hook in resumed.hooks.open_hooks(pod("p"))] == [("y",)]
    assert len(resumed.hooks.open_hooks(pod("q"))) == 2
    runner.gates["y"].set()
    assert restore.finish() == {("p", "x"): "ok", ("p", "y"): "ok"}
    assert len(restore.hooks.records()) == 2


def test_nothing_is_run_again_that_has_a_result(runner: Runner) -> None:
    first = Restore(rules=rule("x", "y"))
    first.created(pod("p", "c0"))
    first.finish()
    second = Restore(rules=rule("x", "y", "z"), recorded=first.hooks.records())
    second.created(pod("p", "c0"))
    assert second.finish() == {("p", "z"): "ok"}


def test_what_nobody_expected_is_raised(runner: Runner) -> None:
    restore = Restore(rules=rule("crash"))
    restore.created(pod("p", "c0"))
    with pytest.raises(RuntimeError, match="not what anybody expected"):
        restore.finish()


def test_odd_annotations_are_warnings(runner: Runner) -> None:
    """docs/compatibility G4, G5."""
    restore = Restore()
    restore.created(pod("p", "c0", command="x", exec_timeout="bad", wait_for_ready="yes"))
    assert restore.finish() == {("p", "x"): "ok"}
    assert [(issue.namespace, issue.name) for issue in restore.issues.warnings] == [("a", "p")] * 2


def test_what_is_kept_of_a_pod() -> None:
    body = pod("p", "c0")
    body["metadata"]["managedFields"] = [{}]
    body["metadata"]["ownerReferences"] = [
        {"kind": "Node", "name": "n"},
        {"kind": "Job", "name": "j", "controller": True},
    ]
    body["spec"] |= {"volumes": [{}], "initContainers": [{"name": "side", "restartPolicy": "Always", "image": "x"}]}
    body["status"]["conditions"] = [{}]
    kept = keep_pod(body)
    assert set(kept["metadata"]) == {"namespace", "name", "uid", "resourceVersion", "ownerReferences"}
    assert [reference["kind"] for reference in kept["metadata"]["ownerReferences"]] == ["Job"]
    assert kept["spec"] == {
        "restartPolicy": "Always",
        "containers": [{"name": "c0"}, {"name": "c1"}],
        "initContainers": [{"name": "side", "restartPolicy": "Always"}],
    }
    assert set(kept["status"]) == {"phase", "containerStatuses"}
