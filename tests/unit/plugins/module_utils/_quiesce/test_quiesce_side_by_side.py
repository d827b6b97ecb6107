# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several pods in one section: side by side, one after the other, and many of them."""

from __future__ import annotations

import collections
import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, hook_status
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import ExecRefused, ExecTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.frozen_claims import FrozenClaims
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import ApiObjectReader
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import Preflight
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_block import (
    CriticalSection,
    QuiescedPod,
    SectionSettings,
)

pytestmark = pytest.mark.usefixtures("clock")

FREEZE = ("fsfreeze", "--freeze", "/data")
THAW = ("fsfreeze", "--unfreeze", "/data")
#: Long enough for any machine; a test that gets there has failed.
PATIENCE = 20


def hook(phase: t.Any, *argv: str, index: int = 0, **more: t.Any) -> Hook:
    return Hook(source="spec", name="r", phase=phase, argv=argv, index=index, **more)


class Block:
    def __init__(self, cluster: t.Any, *, workers: int = 8) -> None:
        self.cluster = cluster
        self.workers = workers
        self.issues = Issues()
        self.cancel = CancelToken()
        self.entries: list[QuiescedPod] = []

    def add(self, name: str, pre: t.Sequence[Hook], post: t.Sequence[Hook] = (), **pod: t.Any) -> QuiescedPod:
        made = self.cluster.add_pod(name, **pod)
        preflight = Preflight(self.cluster.client, ApiObjectReader(self.cluster.client), policy=FreezePolicy())
        plans = [preflight.examine(made, each) for each in pre]
        assert [plan.refusal for plan in plans if plan.refusal] == []
        entry = QuiescedPod(pod=made, pre=plans, post=list(post), release_owed=not plans)
        self.entries.append(entry)
        self.cluster.calls.clear()
        return entry

    def section(self, *, sequential: bool = False) -> CriticalSection:
        settings = SectionSettings(
            run=ClusterRun(client=self.cluster.client, run_id="run1", issues=self.issues, cancel=self.cancel),
            policy=FreezePolicy(),
            workers=self.workers,
        )
        return CriticalSection(self.entries, settings, sequential)

    def steps(self) -> list[str]:
        return [f"{call.kind} {call.pod}" for call in self.cluster.calls]


@pytest.fixture
def block(cluster: t.Any) -> Block:
    return Block(cluster)


class Everywhere(collections.UserList[t.Any]):
    """One answer for every call of its kind."""

    def __init__(self, answer: t.Callable[[t.Any], t.Any]) -> None:
        super().__init__([answer])

    def pop(self, _at: int = -1) -> t.Any:
        return self.data[0]


def meeting(cluster: t.Any, kind: str, parties: int, answer: t.Any = None) -> threading.Barrier:
    """Calls of ``kind`` wait for each other: they end only when this many are under way at once."""
    barrier = threading.Barrier(parties)

    def meet(call: t.Any) -> t.Any:
        barrier.wait(PATIENCE)
        return answer(call) if answer else cluster.done()

    cluster.answers[kind] = Everywhere(meet)
    return barrier


def test_pre_and_post_hooks_of_different_pods_run_side_by_side(block: Block, cluster: t.Any) -> None:
    for name in "abcd":
        block.add(name, [hook("pre", "x"), hook("pre", "y", index=1)], [hook("post", "z")])
    barrier = meeting(cluster, "hook", 4)
    with block.section() as section:
        assert len(cluster.calls) == 8
    assert not barrier.broken
    # Of one pod in order; reported in the order of the block.
    for name in "abcd":
        assert [call.argv[0] for call in cluster.calls if call.pod == name] == ["x", "y", "z"]
    assert [(result.pod, result.hook.argv[0]) for result in section.results] == [
        *((name, word) for name in "abcd" for word in "xy"),
        *((name, "z") for name in "abcd"),
    ]


def test_freezes_and_releases_run_side_by_side_without_room_for_threads(cluster: t.Any) -> None:
    block = Block(cluster, workers=1)
    for name in "abc":
        block.add(name, [hook("pre", *FREEZE)], [hook("post", *THAW)], claim=name)
    section = block.section()
    section.quiesce()
    assert block.steps() == ["freeze a", "freeze b", "freeze c"]  # no spare thread: one after the other
    barrier = meeting(cluster, "release", 3, cluster.release_answer())
    section.release()
    assert not barrier.broken
    assert [(record.target.pod, record.thawed_by) for record in section.freezes] == [
        (name, "post hook") for name in "abc"
    ]


def test_marks_are_put_before_the_first_freeze_and_taken_away_after_the_last_thaw(block: Block, cluster: t.Any) -> None:
    """What is asked of the API server meanwhile would hold the window open."""
    for name in "abc":
        block.add(name, [hook("pre", *FREEZE)], [hook("post", *THAW)], claim=name)
    seen: list[tuple[str, int]] = []

    def look(answer: t.Any) -> t.Callable[[t.Any], t.Any]:
        def tell(call: t.Any) -> t.Any:
            seen.append((call.kind, sum(bool(cluster.marks(name)) for name in "abc")))
            return answer(call)

        return tell

    cluster.answers["freeze"] = Everywhere(look(cluster.freeze_answer()))
    cluster.answers["release"] = Everywhere(look(cluster.release_answer()))
    with block.section():
        assert len(cluster.patches) == 6  # pods and claims
    assert seen == [("freeze", 3)] * 3 + [("release", 3)] * 3
    assert [cluster.marks(name) for name in "abc"] == [[], [], []]


@pytest.mark.parametrize("hands_over", [False, True])
def test_a_pod_whose_claim_another_one_froze_is_not_marked(block: Block, cluster: t.Any, hands_over: bool) -> None:
    for name in "ab":
        block.add(name, [hook("pre", *FREEZE)], [hook("post", *THAW)])
    section = block.section()
    section.quiesce()
    (record,) = section.freezes
    if hands_over:
        (active,) = section.hand_over()
        assert [bool(cluster.marks(name)) for name in "ab"] == [record.target.pod == name for name in "ab"]
        assert active.timer.lease_id == cluster.marks(record.target.pod)[0]["lease"]
    else:
        section.release()
        assert [cluster.marks(name) for name in "ab"] == [[], []]


def test_a_release_that_hangs_keeps_neither_freezes_nor_hooks_of_others(block: Block, cluster: t.Any) -> None:
    others = threading.Semaphore(0)

    def release(call: t.Any) -> t.Any:
        if call.pod == "a":
            # It ends only after all others have.
            assert all(others.acquire(timeout=PATIENCE) for _count in range(2))
            return ExecTimeout("x")
        others.release()
        return cluster.release_answer()(call)

    def run(call: t.Any) -> t.Any:
        if call.argv == ("unlock",):
            others.release()
        return cluster.done()

    for name in "ab":
        block.add(name, [hook("pre", *FREEZE)], [hook("post", *THAW)], claim=name)
    block.add("c", [hook("pre", "lock")], [hook("post", "unlock")], claim="c")
    cluster.answers["hook"] = Everywhere(run)
    section = block.section()
    section.quiesce()
    cluster.answers["release"] = [release, release, cluster.release_answer(thaw="1")]
    section.release()
    assert {(record.target.pod, record.released) for record in section.freezes} == {("a", True), ("b", True)}
    assert [(result.pod, result.state) for result in section.results[3:]] == [
        ("a", "timed_out"),
        ("b", "ok"),
        ("c", "ok"),
    ]


def test_an_error_of_ours_in_one_release_keeps_nobody_frozen(
    block: Block, cluster: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        block.add(name, [hook("pre", *FREEZE)], [hook("post", *THAW)], claim=name)
    section = block.section()
    section.quiesce()

    def release(call: t.Any) -> t.Any:
        if call.pod == "b" and call.command:
            return OSError("a defect")
        return cluster.release_answer()(call)

    cluster.answers["release"] = Everywhere(release)
    with pytest.raises(OSError, match="a defect"):
        section.release()
    # Also its own freeze is ended: by our thaw.
    assert sorted(block.steps()[3:]) == ["release a", "release b", "release b", "release c"]
    assert {record.target.pod: record.thawed_by for record in section.freezes} == {
        "a": "post hook",
        "b": "release",
        "c": "post hook",
    }


@pytest.mark.parametrize("freezing", [True, False])
def test_a_sequential_block_is_strictly_one_after_the_other(block: Block, cluster: t.Any, freezing: bool) -> None:
    running: list[str] = []

    def alone(call: t.Any) -> t.Any:
        assert running == []
        running.append(call.pod)
        answer = {"freeze": cluster.freeze_answer(), "release": cluster.release_answer()}.get(call.kind)
        running.remove(call.pod)
        return answer(call) if answer else cluster.done()

    for kind in ("hook", "freeze", "release"):
        cluster.answers[kind] = Everywhere(alone)
    pre, post = (FREEZE, THAW) if freezing else (("x",), ("y",))
    for name in "cab":
        block.add(name, [hook("pre", *pre)], [hook("post", *post)], claim=name)
    with block.section(sequential=True) as section:
        pass
    first, second = ("freeze", "release") if freezing else ("hook", "hook")
    assert block.steps() == [f"{first} {name}" for name in "cab"] + [f"{second} {name}" for name in "cab"]
    assert [result.state for result in section.results] == ["ok"] * 6


@pytest.mark.parametrize("round_", range(5))
def test_two_pods_of_one_claim_race_and_one_freezes(block: Block, cluster: t.Any, round_: int) -> None:
    both = threading.Barrier(2)

    def arrive(_call: t.Any) -> t.Any:
        both.wait(PATIENCE)
        return cluster.done()

    for name in "ab":
        block.add(name, [hook("pre", "arrive"), hook("pre", *FREEZE, index=1)], [hook("post", *THAW, index=1)])
    cluster.answers["hook"] = [arrive, arrive]
    with block.section() as section:
        pass
    kinds = collections.Counter(call.kind for call in cluster.calls)
    assert kinds == {"hook": 2, "freeze": 1, "release": 1}
    (record,) = section.freezes
    assert (record.thawed_by, record.consistent) == ("post hook", True)
    # The other pod's thaw is left out: it would thaw what is not its own.
    states = collections.Counter((result.hook.phase, result.state) for result in section.results)
    assert states == {("pre", "ok"): 3, ("pre", "skipped"): 1, ("post", "ok"): 1, ("post", "skipped"): 1}
    assert section.errors == []


def test_the_second_freezes_when_the_first_could_not(block: Block, cluster: t.Any) -> None:
    """While the first one is at it nobody can say how it ends: the second waits."""
    for name in "ab":
        block.add(name, [hook("pre", *FREEZE, on_error="Continue")], [hook("post", *THAW)])
    order: list[str] = []

    def freeze(call: t.Any) -> t.Any:
        order.append(call.pod)
        if len(order) == 1:
            return cluster.freeze_answer(1, "Operation not permitted\n")(call)
        return cluster.freeze_answer()(call)

    cluster.answers["freeze"] = Everywhere(freeze)
    with block.section() as section:
        pass
    assert sorted(order) == ["a", "b"]
    (record,) = section.freezes
    assert record.target.pod == order[1]
    assert [cluster.marks(name) for name in "ab"] == [[], []]


def test_the_register_of_claims() -> None:
    claims = FrozenClaims()
    one, two = ("node", "a"), ("node", "b")
    assert claims.take([one, two]) == ""
    waited: list[str] = []
    thread = threading.Thread(target=lambda: waited.append(claims.take([two])))
    thread.start()
    claims.decide([one, two], "here")
    thread.join(PATIENCE)
    assert waited == ["here"]
    assert claims.take([("node", "c")]) == ""
    claims.decide([("node", "c")], "")
    assert claims.take([("node", "c"), one]) == "here"
    assert claims.take([("node", "c")]) == ""


def test_a_cancel_starts_no_more_and_releases_what_is_frozen(cluster: t.Any) -> None:
    block = Block(cluster, workers=2)
    for name in "abcdef":
        block.add(name, [hook("pre", *FREEZE), hook("pre", "late", index=1)], [hook("post", *THAW)], claim=name)
    both = threading.Barrier(2)

    def freeze(call: t.Any) -> t.Any:
        both.wait(PATIENCE)
        block.cancel.cancel("SIGTERM")
        both.wait(PATIENCE)
        return cluster.freeze_answer()(call)

    cluster.answers["freeze"] = Everywhere(freeze)
    with block.section() as section:
        pass
    kinds = collections.Counter(call.kind for call in cluster.calls)
    assert kinds == {"freeze": 2, "release": 2}
    assert [record.thawed_by for record in section.freezes] == ["post hook"] * 2
    assert len(section.results) == 4
    assert [cluster.marks(name) for name in "abcdef"] == [[]] * 6


def test_a_freeze_is_tried_again_only_when_nothing_is_frozen(block: Block, cluster: t.Any) -> None:
    entry = block.add("a", [hook("pre", *FREEZE, retries=3, retry_backoff_seconds=0.0)], [hook("post", *THAW)])
    busy = cluster.freeze_answer(1, "freeze failed: Device or resource busy\n")
    cluster.answers["freeze"] = [busy, ExecRefused("no connection"), cluster.freeze_answer(1, "no\n")]
    cluster.answers["release"] = [cluster.release_answer(thaw="0", at="-")]
    with block.section() as section:
        pass
    # Refused under a timer: only the container knows, so it is asked, and nothing is tried again.
    assert block.steps() == ["freeze a", "freeze a", "release a"]
    assert (section.results[0].attempts, section.results[0].state, entry.stored) == (2, "failed", False)
    assert [record.thawed_by for record in section.freezes] == ["not frozen"]
    assert len({call.lease_id for call in cluster.calls}) == 2
    assert cluster.marks("a") == []


@pytest.mark.parametrize(
    ("answers", "steps", "attempts"),
    [
        pytest.param(["refused", "ok"], ["freeze a", "freeze a", "release a"], 2, id="the-tool-refused"),
        pytest.param(["killed"], ["freeze a", "release a"], 1, id="killed-says-nothing"),
        pytest.param(["timeout"], ["freeze a", "release a"], 1, id="timed-out"),
    ],
)
def test_retries_of_a_freeze(block: Block, cluster: t.Any, answers: list[str], steps: list[str], attempts: int) -> None:
    known = {
        "refused": cluster.freeze_answer(1, "Operation not permitted\n"),
        "ok": cluster.freeze_answer(),
        "killed": cluster.freeze_answer(137),
        "timeout": ExecTimeout("x"),
    }
    block.add(
        "a",
        [hook("pre", *FREEZE, retries=3, retry_backoff_seconds=0.0, kill_on_timeout=True)],
        [hook("post", *THAW)],
    )
    cluster.answers["freeze"] = [known[name] for name in answers]
    with block.section() as section:
        pass
    assert block.steps() == steps
    assert section.results[0].attempts == attempts
    assert [record.released for record in section.freezes] == [True]


def test_an_unrecognised_freeze_is_not_tried_again(block: Block, cluster: t.Any) -> None:
    entry = block.add("a", [hook("pre", "x", retries=3)])
    entry.pre[0] = type(entry.pre[0])(hook=entry.pre[0].hook, notes=("freeze: unrecognised, no lease guards it",))
    cluster.answers["hook"] = Everywhere(lambda _call: cluster.done(1))
    with block.section() as section:
        pass
    assert (block.steps(), section.results[0].hook.retries) == (["hook a"], 3)


def test_post_hooks_are_tried_again_only_when_nothing_is_frozen(block: Block, cluster: t.Any) -> None:
    retry = {"retries": 1, "retry_backoff_seconds": 0.0, "on_error": "Continue"}
    post = [
        hook("post", "before", index=7, **retry),
        hook("post", *THAW, **retry),
        hook("post", "after", index=8, **retry),
    ]
    block.add("a", [hook("pre", *FREEZE)], post)
    cluster.answers["hook"] = Everywhere(lambda _call: cluster.done(1))
    with block.section():
        cluster.calls.clear()
    assert [(call.kind, call.argv[0]) for call in cluster.calls] == [
        ("hook", "before"),
        ("release", "/bin/sh"),
        ("hook", "after"),
        ("hook", "after"),
    ]


DECLARED = {"freezes": ("/data",)}


@pytest.mark.parametrize(
    ("post", "matched", "pure"),
    [
        pytest.param(["/thaw.sh"], 0, "0", id="the-only-one"),
        pytest.param(["/unlock.sh", "/thaw.sh"], 0, "0", id="its-pair"),
        pytest.param(["/other", "fsfreeze -u /data"], 1, "1", id="by-its-path"),
    ],
)
def test_a_declared_freeze_is_leased_and_thawed(
    block: Block, cluster: t.Any, post: list[str], matched: int, pure: str
) -> None:
    hooks = [hook("post", *words.split(), index=at) for at, words in enumerate(post)]
    block.add("a", [hook("pre", "/freeze.sh", **DECLARED)], hooks)
    cluster.answers["release"] = [cluster.release_answer(thaw="p" if pure == "1" else "0")]
    with block.section() as section:
        marks = cluster.marks("a")
    assert [(mark["path"], mark["tool"]) for mark in marks] == [("/data", "fsfreeze")]
    (release,) = [call for call in cluster.calls if call.kind == "release"]
    assert (release.command, release.argv[5]) == (hooks[matched].argv, pure)
    assert [record.thawed_by for record in section.freezes] == ["post hook"]
    assert section.consistent


def test_a_post_hook_may_declare_what_it_thaws(block: Block, cluster: t.Any) -> None:
    post = [hook("post", "/a", index=5), hook("post", "/thaw.sh", index=6, **DECLARED), hook("post", "/c", index=7)]
    block.add("a", [hook("pre", "/freeze.sh", **DECLARED)], post)
    with block.section():
        pass
    assert [call.command for call in cluster.calls if call.kind == "release"] == [("/thaw.sh",)]


def test_a_declared_freeze_without_the_tool_to_thaw_it_is_refused(cluster: t.Any) -> None:
    made = cluster.add_pod("a")
    cluster.answers["probe"] = [lambda _call: cluster.done(stdout="missing=fsfreeze\npath=/data\n" + MOUNTS)]
    preflight = Preflight(cluster.client, ApiObjectReader(cluster.client), policy=FreezePolicy())
    plan = preflight.examine(made, hook("pre", "/freeze.sh", **DECLARED))
    assert "the container has no fsfreeze" in plan.refusal
    assert cluster.calls[0].argv[4:] == ("tool=fsfreeze", "/data")


def test_a_declared_freeze_is_guarded(cluster: t.Any) -> None:
    made = cluster.add_pod("a")
    preflight = Preflight(cluster.client, ApiObjectReader(cluster.client), policy=FreezePolicy())
    plan = preflight.examine(made, hook("pre", "/freeze.sh", freezes=("/etc",)))
    assert plan.refusal.startswith("The freeze of /etc in container db of pod shop/a is refused")


MOUNTS = "mountinfo\n500 400 0:45 / / rw - overlay overlay rw\n502 500 7:1 / /data rw - ext4 /dev/loop1 rw\n"


@pytest.mark.parametrize("workers", [1, 8, 32])
def test_a_thousand_hooks_over_two_hundred_pods(cluster: t.Any, workers: int) -> None:
    block = Block(cluster, workers=workers)
    pre = [hook("pre", "x", str(at), index=at, on_error="Continue") for at in range(3)]
    post = [hook("post", "x", str(at), index=at, on_error="Continue") for at in range(2)]
    names = [f"pod-{at:03}" for at in range(200)]
    for name in names:
        block.add(name, pre, post, claim=name)
    lock = threading.Lock()
    now: collections.Counter[str] = collections.Counter()
    most = {"hooks": 0, "threads": 0}
    twice: list[str] = []
    before = set(threading.enumerate())

    def run(call: t.Any) -> t.Any:
        with lock:
            now[call.pod] += 1
            if now[call.pod] > 1:
                twice.append(call.pod)
            most["hooks"] = max(most["hooks"], sum(now.values()))
            most["threads"] = max(most["threads"], len(set(threading.enumerate()) - before))
        with lock:
            now[call.pod] -= 1
        failed = call.pod.endswith("7") and call.argv[1] == "1"
        return KubeError("no") if failed else cluster.done()

    cluster.answers["hook"] = Everywhere(run)
    with block.section() as section:
        pass
    assert twice == []  # never two hooks of one pod at once
    assert most["hooks"] <= workers
    assert most["threads"] <= workers - 1
    assert set(threading.enumerate()) <= before  # those of other tests may end meanwhile
    results = section.results
    assert [(result.pod, result.hook.phase, result.hook.index) for result in results] == [
        *((name, "pre", at) for name in names for at in range(3)),
        *((name, "post", at) for name in names for at in range(2)),
    ]
    assert hook_status(results) == {"hooksAttempted": 1000, "hooksFailed": 40}
    assert len(block.issues.errors) == 40
