# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A set of snapshots around the window: what is cut when, and what is left when something goes wrong."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks import executor
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce import freeze_timer
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot import task
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot import window as snapshot_window
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.outcome import SnapshotOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import (
    ClaimChoice,
    Quiescing,
    SnapshotRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.task import remove_snapshots, take_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec, TakenSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import PlannedSnapshot, SetMember

FREEZE = {
    "pre.hook.backup.velero.io/command": '["fsfreeze", "-f", "/data"]',
    "post.hook.backup.velero.io/command": '["fsfreeze", "-u", "/data"]',
}


class FakeProvider:
    """Keeps what was asked for; ``on_cut`` is called inside the window with the cuts."""

    def __init__(self, cluster: t.Any) -> None:
        self.cluster = cluster
        self.warnings: list[str] = []
        self.taken: list[TakenSnapshot] = []
        self.members: list[SetMember] = []
        self.asked: list[str] = []
        self.timeout = 0.0
        self.on_cut: t.Callable[[list[TakenSnapshot]], None] = lambda snapshots: None
        self.on_ready: t.Callable[[t.Sequence[TakenSnapshot]], list[TakenSnapshot]] = lambda snapshots: []

    def __enter__(self) -> FakeProvider:
        return self

    def __exit__(self, *exc: t.Any) -> None:
        self.cluster.note("closed")

    def check(self, *, removing: bool = False) -> None:
        self.asked.append("check removing" if removing else "check")

    def plan(self, claims: t.Any) -> list[PlannedSnapshot]:
        return [
            PlannedSnapshot(claim=claim, spec=SnapshotSpec(namespace="shop", claim=claim.name, name=f"s-{claim.name}"))
            for claim in claims
        ]

    def find(self) -> list[SetMember]:
        return self.members

    def take(self, plans: t.Sequence[PlannedSnapshot], *, timeout: float) -> None:
        self.timeout = timeout
        self.cluster.note("cut")
        snapshots = [
            TakenSnapshot(spec=plan.spec, requested=utc_now(), state="cut", name=plan.spec.name, handle="h")
            for plan in plans
        ]
        self.taken += snapshots
        self.on_cut(snapshots)

    def seal(self, snapshots: t.Sequence[TakenSnapshot]) -> None:
        self.cluster.note("seal")

    def retain(self, snapshots: t.Sequence[TakenSnapshot]) -> bool:
        self.cluster.note("retain")
        return True

    def wait_ready(
        self, snapshots: t.Sequence[TakenSnapshot], *, timeout: float, progress: t.Any
    ) -> list[TakenSnapshot]:
        self.cluster.note("wait")
        for taken in snapshots:
            taken.ready = True
        return self.on_ready(snapshots)

    def discard(self, snapshots: t.Sequence[TakenSnapshot]) -> list[str]:
        self.cluster.note(f"discard {len(snapshots)}")
        return []

    def remove(self, members: t.Sequence[SetMember]) -> list[str]:
        self.cluster.note(f"remove {len(members)}")
        return ["It stays."] if any(member.policy == "stuck" for member in members) else []


#: Commands in containers and what the provider was asked, in order.
Steps: t.TypeAlias = "list[str]"


@pytest.fixture
def steps(cluster: t.Any) -> Steps:
    found: Steps = []
    cluster.note = found.append
    return found


@pytest.fixture
def shop(cluster: t.Any, steps: Steps, monkeypatch: pytest.MonkeyPatch, clock: t.Any) -> t.Any:
    """A claim ``data`` in the pod ``db-0``, which freezes it."""

    def execute(client: t.Any, **given: t.Any) -> t.Any:
        before = len(cluster.calls)
        try:
            return cluster.exec_command(client, **given)
        finally:
            steps.extend(call.kind for call in cluster.calls[before:])

    for module in (executor, freeze_timer):
        monkeypatch.setattr(module, "exec_command", execute)
    monkeypatch.setattr(snapshot_window, "time", clock)
    cluster.add_pod("db-0", metadata={"annotations": dict(FREEZE)})
    cluster.add_claim("data")
    return cluster


@pytest.fixture
def provider(shop: t.Any) -> FakeProvider:
    return FakeProvider(shop)


def request_of(*claims: str, **more: t.Any) -> SnapshotRequest:
    given = {"name": "s", "namespace": "shop", "choice": ClaimChoice(claims=claims or ("data",)), "run_id": "r"}
    return SnapshotRequest(**(given | more))


def take(shop: t.Any, provider: FakeProvider, request: SnapshotRequest | None = None, **more: t.Any) -> SnapshotOutcome:
    return take_snapshots(request or request_of(), client=shop.client, provider=provider, **more)


def member(claim: str = "data", **more: t.Any) -> SetMember:
    taken = TakenSnapshot(
        spec=SnapshotSpec(namespace="shop", claim=claim, class_name="fast"),
        requested=utc_now(),
        state="cut",
        name=f"s-{claim}",
        ready=True,
    )
    return SetMember(snapshot=taken, **{"complete": True, **more})


# It goes well


def test_everything_is_cut_inside_the_window(shop: t.Any, provider: FakeProvider, steps: Steps) -> None:
    outcome = take(shop, provider)
    assert steps == ["freeze", "cut", "release", "seal", "wait", "closed"]
    assert (outcome.changed, outcome.errors, outcome.after) == (True, [], ["s-data"])
    assert [(entry["claim"], entry["state"]) for entry in outcome.snapshots] == [("data", "ready")]
    assert [record.consistent for record in outcome.freezes] == [True]
    assert outcome.freeze_window_seconds == pytest.approx(3.5, abs=0.5)


def test_all_pods_are_quiesced_before_anything_is_cut(shop: t.Any, provider: FakeProvider, steps: Steps) -> None:
    shop.add_pod("db-1", claim="more", metadata={"annotations": dict(FREEZE)})
    shop.add_claim("more")
    take(shop, provider, request_of("data", "more"))
    assert steps[:5] == ["freeze", "freeze", "cut", "release", "release"]


@pytest.mark.parametrize(
    ("retain", "ready_seconds", "expected"),
    [(True, 1.0, ["seal", "retain", "wait"]), (False, None, ["seal"]), (True, None, ["seal", "retain"])],
)
def test_what_follows_the_window(
    shop: t.Any,
    provider: FakeProvider,
    steps: Steps,
    retain: bool,
    ready_seconds: float | None,
    expected: list[str],
) -> None:
    take(shop, provider, request_of(retain=retain, ready_seconds=ready_seconds))
    assert steps[3:-1] == expected


def test_a_claim_that_nobody_mounts(shop: t.Any, provider: FakeProvider, steps: Steps) -> None:
    shop.add_claim("idle")
    outcome = take(shop, provider, request_of("idle"))
    assert steps == ["cut", "seal", "wait", "closed"]
    assert (provider.timeout, outcome.freeze_window_seconds) == (600.0, 0.0)


def test_the_cut_has_no_longer_than_the_freeze(shop: t.Any, provider: FakeProvider) -> None:
    policy = FreezePolicy(lease_seconds=10, freeze_max_seconds=100)
    take(shop, provider, request_of(quiescing=Quiescing(policy=policy)))
    assert provider.timeout == pytest.approx(90)
    take(shop, FakeProvider(shop), request_of(quiescing=Quiescing(policy=policy), take_seconds=5.0))
    assert provider.timeout == pytest.approx(90)


# It does not


def failing_cut(snapshots: list[TakenSnapshot]) -> None:
    snapshots[0].state = "pending"
    snapshots[0].fail("The driver says no.")


def raising(error: Exception) -> t.Callable[[list[TakenSnapshot]], None]:
    def take(_snapshots: list[TakenSnapshot]) -> None:
        raise error

    return take


def test_a_snapshot_that_fails_takes_the_set_with_it(shop: t.Any, provider: FakeProvider, steps: Steps) -> None:
    provider.on_cut = failing_cut
    outcome = take(shop, provider)
    assert steps == ["freeze", "cut", "release", "closed", "discard 1"]
    assert outcome.errors == ["The driver says no."]
    assert (outcome.after, outcome.snapshots[0]["state"]) == ([], "failed")


@pytest.mark.parametrize("on_error", ["Fail", "Continue"])
def test_a_pre_hook_that_fails(shop: t.Any, provider: FakeProvider, steps: Steps, on_error: t.Any) -> None:
    """docs/compatibility 14.19: with Fail nothing is snapshotted, and the task fails."""
    shop.pod("db-0")["metadata"]["annotations"] = {"pre.hook.backup.velero.io/command": "flush"}
    shop.answers["hook"] = [shop.done(3)]
    outcome = take(shop, provider, request_of(quiescing=Quiescing(on_error=on_error)))
    said = "The pre hook in shop/db-0 failed: command terminated with exit code 3."
    if on_error == "Fail":
        assert steps == ["hook", "closed", "discard 0"]
        assert (outcome.errors, outcome.warnings, outcome.snapshots) == ([said], [], [])
    else:
        assert steps == ["hook", "cut", "seal", "wait", "closed"]
        assert (outcome.errors, outcome.warnings) == ([], [said])


def test_a_post_hook_that_fails_keeps_the_snapshots(shop: t.Any, provider: FakeProvider, steps: Steps) -> None:
    shop.pod("db-0")["metadata"]["annotations"] = {"post.hook.backup.velero.io/command": "resume"}
    shop.answers["hook"] = [shop.done(1)]
    outcome = take(shop, provider)
    assert steps == ["cut", "hook", "seal", "wait", "closed"]
    assert outcome.errors == [
        "The post hook in shop/db-0 failed: command terminated with exit code 1. The snapshots are good, and kept."
    ]
    assert outcome.after == ["s-data"]


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ({"winner": "lease", "fired": "101.00 1", "thaw": "0"}, "ran out"),
        ({"thaw": "0"}, "someone else thawed it"),
    ],
    ids=["lease", "someone else"],
)
def test_a_freeze_that_did_not_hold(
    shop: t.Any, provider: FakeProvider, steps: Steps, answer: dict[str, str], word: str
) -> None:
    """A snapshot is never inconsistent without a word."""
    shop.pod("db-0")["metadata"]["annotations"].pop("post.hook.backup.velero.io/command")
    shop.answers["release"] = [shop.release_answer(**answer)]
    outcome = take(shop, provider)
    assert steps == ["freeze", "cut", "release", "closed", "discard 1"]
    assert outcome.errors[0].startswith("The lease ran out before the snapshot was cut: /data in container db of pod ")
    assert word in outcome.errors[1]


def test_a_cut_that_takes_longer_than_a_freeze_may(shop: t.Any, provider: FakeProvider, clock: t.Any) -> None:
    def late(snapshots: list[TakenSnapshot]) -> None:
        clock.sleep(provider.timeout)
        failing_cut(snapshots)

    provider.on_cut = late
    policy = FreezePolicy(lease_seconds=10, freeze_max_seconds=20)
    outcome = take(shop, provider, request_of(quiescing=Quiescing(policy=policy)))
    assert outcome.errors == [
        "The lease ran out before the snapshot was cut: the freeze may last 20 s (freeze_max), and 1 of 1 snapshot "
        "was not cut by then.",
        "The driver says no.",
    ]


@pytest.mark.parametrize(
    "error", [Cancelled("The run was cancelled: SIGTERM."), KubeError("The API server is gone."), RuntimeError("bug")]
)
def test_an_error_inside_the_window(shop: t.Any, provider: FakeProvider, steps: Steps, error: Exception) -> None:
    """Released first, then undone; and what is raised says what was frozen."""
    provider.on_cut = raising(error)
    with pytest.raises(type(error)) as raised:
        take(shop, provider)
    assert steps == ["freeze", "cut", "release", "closed", "discard 1"]
    if isinstance(raised.value, Cancelled | KubeError):
        assert [freeze["consistent"] for freeze in raised.value.details["freezes"]] == [True]
        assert raised.value.details["changed"] is True


def test_what_could_not_be_removed_is_not_told_as_removed(
    shop: t.Any, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def discard(snapshots: t.Sequence[TakenSnapshot]) -> list[str]:
        for taken in snapshots:
            taken.left = "The API server is gone."
        return [taken.left for taken in snapshots]

    monkeypatch.setattr(provider, "discard", discard)
    token = CancelToken()
    provider.on_cut = lambda snapshots: token.cancel("SIGTERM")
    with pytest.raises(Cancelled) as raised:
        take(shop, provider, cancel=token)
    (entry,) = raised.value.details["snapshots"]
    assert (entry["state"], entry["error"]) == ("failed", "The API server is gone.")


def test_a_run_that_is_cancelled_while_it_quiesces(shop: t.Any, provider: FakeProvider, steps: Steps) -> None:
    token = CancelToken()

    def cancelling(call: t.Any) -> t.Any:
        token.cancel("SIGTERM")
        return shop.freeze_answer()(call)

    shop.answers["freeze"] = [cancelling]
    with pytest.raises(Cancelled):
        take(shop, provider, cancel=token)
    assert steps == ["freeze", "release", "closed", "discard 0"]


def test_a_run_that_is_cancelled_after_the_cut_never_commits(shop: t.Any, provider: FakeProvider, steps: Steps) -> None:
    token = CancelToken()
    provider.on_cut = lambda snapshots: token.cancel("SIGTERM")
    with pytest.raises(Cancelled):
        take(shop, provider, cancel=token)
    assert steps == ["freeze", "cut", "release", "closed", "discard 1"]


def test_what_must_not_be_frozen_is_refused_before_anything(shop: t.Any, provider: FakeProvider, steps: Steps) -> None:
    volumes = [
        {"name": "data", "emptyDir": {}},
        {"name": "claim", "persistentVolumeClaim": {"claimName": "data"}},
    ]
    shop.pod("db-0")["spec"]["volumes"] = volumes
    outcome = take(shop, provider)
    assert steps == ["closed", "discard 0"]
    assert "volume data is of kind emptyDir" in outcome.errors[0]
    assert not outcome.changed


def test_one_that_is_late_is_kept(shop: t.Any, provider: FakeProvider, steps: Steps) -> None:
    def late(snapshots: t.Sequence[TakenSnapshot]) -> list[TakenSnapshot]:
        snapshots[0].ready, snapshots[0].error = False, "It was not ready within 1 s."
        return list(snapshots)

    provider.on_ready = late
    outcome = take(shop, provider)
    assert "discard 1" not in steps
    assert outcome.errors == ["It was not ready within 1 s. It is kept: run the task again to wait longer."]
    assert outcome.after == ["s-data"]


def test_one_that_fails_after_the_cut_takes_the_set_with_it(shop: t.Any, provider: FakeProvider, steps: Steps) -> None:
    def fail(snapshots: t.Sequence[TakenSnapshot]) -> list[TakenSnapshot]:
        snapshots[0].fail("The upload failed.")
        return []

    provider.on_ready = fail
    outcome = take(shop, provider)
    assert steps[-1] == "discard 1"
    assert outcome.errors == ["The upload failed."]


# Check mode, and sets that are there


def test_check_mode(shop: t.Any, provider: FakeProvider, steps: Steps) -> None:
    outcome = take(shop, provider, check_mode=True)
    assert (steps, shop.calls) == ([], [])
    assert (outcome.changed, outcome.before, outcome.after) == (True, [], ["s-data"])
    assert [(hook["phase"], hook["state"]) for hook in outcome.planned] == [("pre", "planned"), ("post", "planned")]
    assert [entry["state"] for entry in outcome.snapshots] == ["planned"]


def test_check_mode_tells_what_would_be_refused(shop: t.Any, provider: FakeProvider) -> None:
    shop.add("persistentvolumes", "pv-data", spec={"hostPath": {}})
    outcome = take(shop, provider, check_mode=True)
    assert "hostPath" in outcome.errors[0]


def test_a_set_that_is_there(shop: t.Any, provider: FakeProvider, steps: Steps) -> None:
    provider.members = [member(), member("older")]
    outcome = take(shop, provider)
    assert steps == ["closed"]
    assert (outcome.changed, outcome.errors) == (False, [])
    assert [entry["name"] for entry in outcome.snapshots] == ["s-data", "s-older"]


def test_a_set_that_is_there_is_waited_for(shop: t.Any, provider: FakeProvider, steps: Steps) -> None:
    provider.members = [member()]
    provider.members[0].snapshot.ready = False
    assert not take(shop, provider).changed
    assert steps == ["wait", "closed"]


@pytest.mark.parametrize(("policy", "changed"), [("Delete", True), ("Retain", False)])
def test_check_mode_of_retain(shop: t.Any, provider: FakeProvider, policy: str, changed: bool) -> None:
    provider.members = [member(policy=policy)]
    assert take(shop, provider, request_of(retain=True), check_mode=True).changed == changed


def failed_member() -> SetMember:
    found = member()
    found.snapshot.fail("no space")
    return found


@pytest.mark.parametrize(
    ("found", "more", "why"),
    [
        (member("other"), {}, "data of the claims that are asked for are not in it"),
        (member(complete=False), {}, "s-data was begun by a run that did not end"),
        (member(leaving=True), {}, "s-data is being deleted"),
        (failed_member(), {}, r"s-data \(no space\) has failed"),
        (member(), {"snapshot_class": "slow"}, r"s-data \(fast\) is of another class"),
    ],
    ids=["missing", "unfinished", "leaving", "failed", "class"],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_set_that_is_not_what_is_asked_for(
    shop: t.Any, provider: FakeProvider, steps: Steps, found: SetMember, more: t.Any, why: str, check_mode: bool
) -> None:
    provider.members = [found]
    with pytest.raises(SnapshotError, match=f"shop/s is there, but not as it is asked for: {why}") as raised:
        take(shop, provider, request_of(**more), check_mode=check_mode)
    assert "state: absent" in (raised.value.hint or "")
    assert steps == []


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("there", [False, True])
def test_remove(shop: t.Any, provider: FakeProvider, steps: Steps, there: bool, check_mode: bool) -> None:
    provider.members = [member()] if there else []
    outcome = remove_snapshots(request_of(), provider=provider, check_mode=check_mode)
    assert outcome.changed == there
    assert steps == (["remove 1"] if there and not check_mode else [])
    assert provider.asked == ["check removing"]


def test_remove_tells_what_stays(shop: t.Any, provider: FakeProvider) -> None:
    provider.members = [member(policy="stuck")]
    assert remove_snapshots(request_of(), provider=provider).errors == ["It stays."]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"name": "Upper"}, "cannot begin the names"),
        ({"name": "x" * 201}, "cannot begin the names"),
        ({"workers": 0}, "workers is 0"),
        ({"group_label": "a b"}, "is not the key of a label"),
        ({"labels": {"arkive.k8s/snapshot": "x"}}, "is set by the name"),
    ],
)
def test_requests_that_mean_nothing(more: dict[str, t.Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        request_of(**more)


class RecordedHooks:
    """In the place of the execution hooks: how the operation ended for them."""

    ended: t.ClassVar[list[bool]] = []
    ran: t.ClassVar[list[t.Any]] = []
    freezes: t.ClassVar[list[t.Any]] = []

    def __init__(self, *_given: t.Any) -> None:
        self.ended.clear()

    def before(self, _run: t.Any, _namespaces: t.Any) -> None:
        """Nothing to do."""

    def after(self, _run: t.Any, *, succeeded: bool) -> None:
        self.ended.append(succeeded)


@pytest.mark.parametrize("error", [SnapshotError("It broke."), KeyError("a defect")], ids=["an error", "a defect"])
def test_execution_hooks_hear_of_each_end(
    shop: t.Any, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """A pre_hook may have frozen or stopped something, whatever ends the run."""
    monkeypatch.setattr(task, "AroundOperation", RecordedHooks)
    take(shop, provider)
    assert RecordedHooks.ended == [True]
    provider.on_cut = raising(error)
    with pytest.raises(type(error)):
        take(shop, provider)
    assert RecordedHooks.ended == [False]
