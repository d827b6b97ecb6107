# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import json
import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import ExecRefused, ExecStreamLost, ExecTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce import timer_keeper
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.annotated import FROZEN_ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import ApiObjectReader
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import Mark
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


def hook_of(phase: t.Any, argv: tuple[str, ...], **more: t.Any) -> Hook:
    return Hook(source="annotation", name="<from-annotation>", phase=phase, argv=argv, **more)


class Block:
    """A section over pods of the fake cluster, prepared as a backup does it."""

    def __init__(self, cluster: t.Any, policy: FreezePolicy | None = None) -> None:
        self.cluster = cluster
        self.issues = Issues()
        self.cancel = CancelToken()
        self.policy = policy or FreezePolicy()
        self.entries: list[QuiescedPod] = []
        # One pod after the other; where they run side by side is a file of its own.
        self.workers = 1
        self.sequential = False

    def add(self, name: str, pre: Hook | None, post: Hook | None, **pod: t.Any) -> QuiescedPod:
        preflight = Preflight(self.cluster.client, ApiObjectReader(self.cluster.client), policy=self.policy)
        made = self.cluster.add_pod(name, **pod)
        plans = [preflight.examine(made, pre)] if pre else []
        entry = QuiescedPod(pod=made, pre=plans, post=[post] if post else [], release_owed=not plans)
        self.entries.append(entry)
        self.cluster.calls.clear()
        return entry

    @property
    def settings(self) -> SectionSettings:
        return SectionSettings(
            run=ClusterRun(client=self.cluster.client, run_id="run1", issues=self.issues, cancel=self.cancel),
            policy=self.policy,
            workers=self.workers,
        )

    def run(self, work: t.Callable[[], None] = lambda: None) -> CriticalSection:
        section = CriticalSection(self.entries, self.settings, sequential=self.sequential)
        with section:
            self.cluster.calls.append("work")
            work()
        section.report_warnings(self.issues)
        return section

    def steps(self) -> list[str]:
        return [call if isinstance(call, str) else f"{call.kind} {call.pod}" for call in self.cluster.calls]


@pytest.fixture
def block(cluster: t.Any) -> Block:
    return Block(cluster)


def freezing(block: Block, name: str = "db-0", **pre: t.Any) -> QuiescedPod:
    return block.add(name, hook_of("pre", FREEZE, **pre), hook_of("post", THAW))


def states(section: CriticalSection) -> list[tuple[str, str]]:
    return [(result.hook.phase, result.state) for result in section.results]


def the_freeze(section: CriticalSection) -> tuple[str, bool, float | None, bool]:
    (record,) = section.freezes
    return record.thawed_by, record.consistent, record.seconds, record.released


def test_freeze_work_thaw(block: Block, cluster: t.Any) -> None:
    entry = freezing(block)
    seen: list[t.Any] = []
    section = block.run(lambda: seen.extend(cluster.marks("db-0")))
    assert block.steps() == ["freeze db-0", "work", "release db-0"]
    assert states(section) == [("pre", "ok"), ("post", "ok")]
    assert the_freeze(section) == ("post hook", True, 3.5, True)
    assert (entry.stored, section.consistent, section.errors, section.warnings) == (True, True, [], [])
    assert [(mark["run"], mark["path"], mark["claim"], mark["device"]) for mark in seen] == [
        ("run1", "/data", "shop/data", "7:1")
    ]
    assert cluster.marks("db-0") == []
    assert [result.stderr for result in section.results] == [b"", b""]
    freeze, _work, release = cluster.calls
    assert (freeze.command, freeze.argv[5:8], freeze.timeout) == (FREEZE, ("60", "30", "1"), 30.0)
    assert (release.command, release.argv[5], release.timeout) == (THAW, "1", 32.0)
    assert release.lease_id == freeze.lease_id


def test_the_work_fails(block: Block) -> None:
    freezing(block)

    def work() -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        block.run(work)
    assert block.steps() == ["freeze db-0", "work", "release db-0"]


def test_hooks_that_freeze_nothing_run_as_they_are(block: Block, cluster: t.Any) -> None:
    block.add("db-0", hook_of("pre", ("sync",)), hook_of("post", ("true",)))
    section = block.run()
    assert block.steps() == ["hook db-0", "work", "hook db-0"]
    assert states(section) == [("pre", "ok"), ("post", "ok")]
    assert (section.freezes, cluster.patches) == ([], [])


def test_only_a_post_hook(block: Block) -> None:
    block.add("db-0", None, hook_of("post", ("true",)))
    assert states(block.run()) == [("post", "ok")]


@pytest.mark.parametrize(
    ("on_error", "stored", "steps"),
    [
        pytest.param("Fail", False, ["hook db-0", "work"], id="D1"),
        pytest.param("", False, ["hook db-0", "work"], id="D3-unset-is-Fail"),
        pytest.param("Continue", True, ["hook db-0", "work", "hook db-0"], id="D2"),
    ],
)
def test_a_pre_hook_fails(block: Block, cluster: t.Any, on_error: t.Any, stored: bool, steps: list[str]) -> None:
    entry = block.add("db-0", hook_of("pre", ("false",), on_error=on_error), hook_of("post", ("true",)))
    cluster.answers["hook"] = [cluster.done(1)]
    section = block.run()
    assert block.steps() == steps
    assert entry.stored is stored
    messages = [entry.message for entry in block.issues.errors]
    # docs/compatibility D9
    assert messages == ["Error executing hook"] + ["Error running pre hooks for pod"] * (not stored)
    assert section.results[0].error == "command terminated with exit code 1"


def test_one_pod_fails_and_the_next_runs(block: Block, cluster: t.Any) -> None:  # docs/compatibility D6
    first = block.add("a", hook_of("pre", ("false",)), hook_of("post", ("true",)))
    second = block.add("b", hook_of("pre", ("true",)), hook_of("post", ("true",)))
    cluster.answers["hook"] = [cluster.done(1)]
    block.run()
    assert (first.stored, second.stored) == (False, True)
    assert block.steps() == ["hook a", "hook b", "work", "hook b"]


def test_the_order_of_two_pods_in_one_block(block: Block) -> None:  # docs/compatibility E-4
    for name in ("a", "b"):
        block.add(name, hook_of("pre", ("true",)), hook_of("post", ("true",)))
    block.run()
    assert block.steps() == ["hook a", "hook b", "work", "hook a", "hook b"]


def test_a_post_hook_fails(block: Block, cluster: t.Any) -> None:  # docs/compatibility D7
    entry = block.add("db-0", None, hook_of("post", ("false",)))
    cluster.answers["hook"] = [cluster.done(1)]
    section = block.run()
    assert entry.stored
    assert states(section) == [("post", "failed")]
    assert [entry.message for entry in block.issues.errors] == [
        "Error executing hook",
        "Error running post hooks for pod",
    ]


def test_a_finished_pod_is_skipped_in_both_phases(block: Block) -> None:  # docs/compatibility C12
    block.add("db-0", hook_of("pre", FREEZE), hook_of("post", THAW), status={"phase": "Succeeded"})
    section = block.run()
    assert states(section) == [("pre", "skipped"), ("post", "skipped")]
    assert (block.steps(), section.freezes) == (["work"], [])


@pytest.mark.parametrize(("on_error", "stored"), [("Fail", False), ("Continue", True)])
def test_a_freeze_that_belongs_to_someone_else_is_left_alone(
    block: Block, cluster: t.Any, on_error: t.Any, stored: bool
) -> None:
    entry = freezing(block, on_error=on_error)
    cluster.answers["freeze"] = [cluster.freeze_answer(1, "fsfreeze: /data: freeze failed: Device or resource busy\n")]
    section = block.run()
    assert block.steps() == ["freeze db-0", "work"]
    assert (entry.stored, section.freezes, cluster.marks("db-0")) == (stored, [], [])
    assert section.results[0].error == (
        "/data in container db of pod shop/db-0 is already frozen by someone else; it is left alone "
        "(command terminated with exit code 1: fsfreeze: /data: freeze failed: Device or resource busy)"
    )


@pytest.mark.parametrize(
    ("mark", "ran"),
    [
        pytest.param({"run": "run2"}, False, id="a-live-run"),
        pytest.param({"run": "run2", "claim": "shop/other"}, True, id="of-another-claim"),
        pytest.param({"run": "run2", "until": utc_now() - dt.timedelta(hours=1)}, True, id="a-dead-run"),
        pytest.param({"run": "run1"}, True, id="our-own"),
    ],
)
def test_a_post_hook_does_not_thaw_what_another_run_holds(
    block: Block, cluster: t.Any, mark: dict[str, t.Any], ran: bool
) -> None:
    given = {"until": utc_now() + dt.timedelta(hours=1), "claim": "shop/data", "lease_id": "00ff00ff00ff00ff"} | mark
    entry = Mark(namespace="shop", pod="db-0", container="db", path="/data", node="node-1", **given)
    block.add("db-0", None, hook_of("post", THAW))
    cluster.claim()["metadata"]["annotations"] = {FROZEN_ANNOTATION: json.dumps([entry.to_json()])}
    section = block.run()
    (result,) = section.results
    assert result.state == ("ok" if ran else "skipped")
    assert ("would thaw what another run has frozen: run run2 holds it until" in result.error) is not ran
    assert [text.startswith("The post hook in shop/db-0: not run") for text in section.warnings] == [True] * (not ran)
    assert [(told.message, told.namespace, told.name) for told in block.issues.warnings] == [
        (text, "shop", "db-0") for text in section.warnings
    ]


@pytest.mark.parametrize("disarmed", [True, False])
def test_a_script_that_met_a_freeze_of_someone_else_is_disarmed(block: Block, cluster: t.Any, disarmed: bool) -> None:
    block.add("db-0", hook_of("pre", ("sh", "-c", "sync; fsfreeze -f /data")), hook_of("post", THAW))
    cluster.answers["freeze"] = [cluster.freeze_answer(1, "freeze failed: Device or resource busy\n")]
    if not disarmed:
        cluster.answers["disarm"] = [KubeError("No answer.")]
    section = block.run()
    assert block.steps() == ["freeze db-0", "disarm db-0", "work"]
    assert section.warnings == (
        [] if disarmed else ["The lease on /data in container db of pod shop/db-0 could not be disarmed: No answer."]
    )


BOTH = ("sh", "-c", "fsfreeze -f /data && fsfreeze -f /data/more")


@pytest.mark.parametrize(
    ("said", "thawed"),
    [
        ("fsfreeze: /data/more: freeze failed: Device or resource busy\n", ["/data"]),
        ("fsfreeze: FIFREEZE: Device or resource busy\n", ["/data", "/data/more"]),
    ],
    ids=["it names the path", "it does not"],
)
def test_what_a_script_froze_before_it_met_a_freeze_of_someone_else(
    block: Block, cluster: t.Any, said: str, thawed: list[str]
) -> None:
    """It is ours, and nobody else would thaw it."""
    block.add("db-0", hook_of("pre", BOTH), hook_of("post", THAW))
    cluster.answers["freeze"] = [cluster.freeze_answer(1, said)]
    block.run()
    assert block.steps() == ["freeze db-0", *(["hook db-0"] * len(thawed)), "disarm db-0", "work"]
    assert [call.argv for call in cluster.calls if call != "work" and call.kind == "hook"] == [
        ("fsfreeze", "--unfreeze", path) for path in thawed
    ]


def test_one_that_cannot_be_thawed_then_is_released_with_the_lease(block: Block, cluster: t.Any) -> None:
    block.add("db-0", hook_of("pre", BOTH), hook_of("post", THAW))
    cluster.answers["freeze"] = [cluster.freeze_answer(1, "freeze failed: Device or resource busy\n")]
    cluster.answers["hook"] = [cluster.done(1, "Input/output error")]
    section = block.run()
    assert block.steps() == ["freeze db-0", "hook db-0", "work", "release db-0"]
    assert {record.thawed_by for record in section.freezes} == {"release"}


@pytest.mark.parametrize("on_error", ["Fail", "Continue"])
def test_a_freeze_that_the_tool_refused(block: Block, cluster: t.Any, on_error: t.Any) -> None:
    freezing(block, on_error=on_error)
    cluster.answers["freeze"] = [cluster.freeze_answer(1, "Operation not permitted\n")]
    section = block.run()
    assert (section.freezes, cluster.marks("db-0")) == ([], [])
    assert block.steps() == ["freeze db-0", "work"] + ["hook db-0"] * (on_error == "Continue")


@pytest.mark.parametrize(
    ("argv", "answer"),
    [
        pytest.param(("sh", "-c", "fsfreeze -f /data; false"), {"rc": 1}, id="a-script-that-failed-later"),
        pytest.param(FREEZE, {"rc": 137}, id="killed-says-nothing"),
    ],
)
def test_a_failed_freeze_that_may_have_frozen_is_released(
    block: Block, cluster: t.Any, argv: tuple[str, ...], answer: t.Any
) -> None:
    entry = block.add("db-0", hook_of("pre", argv), hook_of("post", THAW))
    cluster.answers["freeze"] = [cluster.freeze_answer(**answer)]
    cluster.answers["release"] = [cluster.release_answer(thaw="1", at="-")]
    section = block.run()
    assert block.steps() == ["freeze db-0", "work", "release db-0"]
    assert cluster.calls[2].command == ()  # the post hook of a pod that failed is not run
    assert (entry.stored, the_freeze(section)) == (False, ("release", False, None, True))


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        pytest.param(ExecTimeout("x"), "timed_out", id="timed-out"),
        pytest.param(ExecStreamLost("The stream broke."), "lost", id="lost"),
        pytest.param(Cancelled("SIGTERM."), "lost", id="cancelled"),
    ],
)
def test_a_freeze_of_unknown_end_is_released_by_its_post_hook(
    block: Block, cluster: t.Any, failure: Exception, state: str
) -> None:
    entry = freezing(block)
    cluster.answers["freeze"] = [failure]
    cluster.answers["release"] = [cluster.release_answer(thaw="p", at="-")]
    section = block.run()
    assert states(section) == [("pre", state), ("post", "ok")]
    assert (cluster.calls[2].command, entry.stored) == (THAW, False)
    assert the_freeze(section) == ("post hook", False, None, True)
    assert cluster.marks("db-0") == []


@pytest.mark.parametrize(
    ("thaw", "thawed_by"),
    [pytest.param("0", "its own command", id="thawed"), pytest.param("1", "release", id="not-yet")],
)
def test_a_command_that_freezes_and_thaws(block: Block, cluster: t.Any, thaw: str, thawed_by: str) -> None:
    block.add("db-0", hook_of("pre", ("sh", "-c", "fsfreeze -f /data; snap; fsfreeze -u /data")), None)
    cluster.answers["release"] = [cluster.release_answer(thaw=thaw)]
    section = block.run()
    assert (the_freeze(section)[0], section.errors, block.issues.errors) == (thawed_by, [], ())


def test_a_freeze_that_never_began(block: Block, cluster: t.Any) -> None:
    freezing(block)
    cluster.answers["freeze"] = [ExecRefused("There is no such container.")]
    cluster.answers["release"] = [cluster.release_answer(thaw="0", at="-")]
    section = block.run()
    assert (the_freeze(section), section.errors) == (("not frozen", False, None, True), [])


def test_a_guard_that_says_no(block: Block, cluster: t.Any) -> None:
    pod = {"spec": {"volumes": [{"name": "data", "emptyDir": {}}]}}
    entry = block.add("db-0", hook_of("pre", FREEZE, on_error="Continue"), hook_of("post", THAW), **pod)
    section = block.run()
    assert block.steps() == ["work"]
    assert (entry.stored, cluster.patches) == (True, [])
    assert "volume data is of kind emptyDir" in section.results[0].error


def test_two_pods_of_one_claim_are_frozen_once(block: Block) -> None:
    freezing(block, "a")
    freezing(block, "b")
    section = block.run()
    assert block.steps() == ["freeze a", "work", "release a"]
    assert states(section) == [("pre", "ok"), ("pre", "skipped"), ("post", "ok")]
    assert section.results[1].error == (
        "the claim is already frozen by this run, through /data in container db of pod shop/a"
    )


def test_a_cancel_starts_no_more_freezes_and_releases_all(block: Block, cluster: t.Any) -> None:
    block.sequential = True
    freezing(block, "a")
    block.add("b", hook_of("pre", FREEZE), hook_of("post", THAW), claim="other")

    def cancel(call: t.Any) -> t.Any:
        block.cancel.cancel("SIGTERM")
        return cluster.freeze_answer()(call)

    cluster.answers["freeze"] = [cancel]
    section = block.run()
    assert block.steps() == ["freeze a", "work", "release a"]
    assert the_freeze(section)[:2] == ("post hook", True)


def test_a_pod_that_cannot_be_marked_is_frozen_with_a_warning(block: Block, cluster: t.Any) -> None:
    freezing(block)
    cluster.patch_errors = [KubeError("You may not.", status=403)] * 4
    section = block.run()
    assert block.steps() == ["freeze db-0", "work", "release db-0"]
    assert [text.partition(":")[0] for text in section.warnings] == [
        "claim shop/data could not be marked as frozen",
        "pod shop/db-0 could not be marked as frozen",
    ]
    assert len(block.issues.warnings) == 2


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("renewed", ""),
        ("rearmed", "was dead"),
        ("over", "is over before its release"),
        ("failed", "could not run the program"),
        (KubeError("No answer."), "could not be renewed: No answer."),
    ],
    ids=["renewed", "rearmed", "over", "failed", "unknown"],
)
def test_the_lease_is_renewed_while_the_work_lasts(
    block: Block, cluster: t.Any, monkeypatch: pytest.MonkeyPatch, answer: str | KubeError, told: str
) -> None:
    """A timer that did not hold all the time is reported, once."""
    block.policy = FreezePolicy(lease_seconds=1.0)
    asked = threading.Event()
    threads: list[str] = []

    def renew(_client: t.Any, _lease: t.Any) -> str:
        threads.append(threading.current_thread().name)
        if len(threads) > 1:
            asked.set()
        if isinstance(answer, KubeError):
            raise answer
        return answer

    monkeypatch.setattr(timer_keeper, "renew", renew)
    freezing(block)
    section = block.run(lambda: t.cast("None", asked.wait(10)))
    assert asked.is_set()
    assert set(threads) == {"arkive-timer-keeper"}
    assert the_freeze(section)[0] == "post hook"
    assert [told in text for text in section.warnings] == [True][: len(told)]
    assert cluster.marks("db-0") == []
    assert not any(thread.name == "arkive-timer-keeper" for thread in threading.enumerate())


class OneTurn:
    """Lets the keeper go round once."""

    def __init__(self) -> None:
        self.turns = 0

    def wait(self, _seconds: float) -> bool:
        self.turns += 1
        return self.turns > 1

    def is_set(self) -> bool:
        return False

    def set(self) -> None:
        self.turns += 1


@pytest.mark.parametrize(
    ("age", "dropped", "renewals"),
    [(59.0, False, 1), (60.0, False, 0), (3600.0, False, 0), (1.0, True, 0)],
)
def test_no_lease_is_renewed_beyond_the_longest_freeze_or_after_it_is_dropped(
    block: Block, clock: t.Any, monkeypatch: pytest.MonkeyPatch, age: float, dropped: bool, renewals: int
) -> None:
    block.policy = FreezePolicy(freeze_max_seconds=60.0)
    asked: list[float] = []
    monkeypatch.setattr(timer_keeper, "renew", lambda *_given: asked.append(clock.now) or "renewed")
    entry = freezing(block)
    section = CriticalSection([entry], block.settings)
    section.quiesce()
    (active,) = section.hand_over()
    keeper = timer_keeper.TimerKeeper(block.settings)
    monkeypatch.setattr(keeper, "_stopped", OneTurn())
    monkeypatch.setattr(keeper, "_thread", threading.current_thread())
    keeper.keep(active)
    if dropped:
        keeper.drop([active])
    clock.sleep(age)
    keeper._run()
    assert len(asked) == renewals
