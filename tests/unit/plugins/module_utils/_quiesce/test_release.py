# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookPolicy, HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import ExecRefused, ExecStreamLost, ExecTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.active_freeze import ActiveFreeze
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_timer import FreezeTimer
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeRecord, FreezeTarget
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.release import Releaser

THAW = ("fsfreeze", "--unfreeze", "/data")
WHERE = "/data in container db of pod shop/db-0"


def hook_of(argv: tuple[str, ...] = THAW, **more: t.Any) -> Hook:
    return Hook(source="annotation", name="<from-annotation>", phase="post", argv=argv, **more)


class Case:
    """One pod with freezes, and how they are released."""

    def __init__(self, cluster: t.Any, clock: t.Any) -> None:
        self.cluster = cluster
        self.clock = clock
        self.pod = cluster.add_pod("db-0")
        self.issues = Issues()
        self.warnings: list[str] = []
        self.releaser = Releaser(
            ClusterRun(client=cluster.client, issues=self.issues), HookPolicy(), helper=None, warnings=self.warnings
        )

    def active(
        self, path: str = "/data", *, armed: bool = True, container: str = "db", claim: str = "shop/data"
    ) -> ActiveFreeze:
        target = FreezeTarget(namespace="shop", pod="db-0", node="node-1", container=container, path=path, claim=claim)
        timer = FreezeTimer(f"id{path}", (target,), (("fsfreeze", "--unfreeze", path),), 60.0)
        state: t.Any = "armed" if armed else "unavailable"
        record = FreezeRecord(target=target, lease_id=timer.lease_id, timer=state, started=utc_now())
        now = self.clock.monotonic()
        freezer = Hook(source="annotation", name="x", phase="pre", argv=("fsfreeze", "-f", path))
        return ActiveFreeze(
            timer=timer,
            records=[record],
            armed=armed,
            freezer=freezer,
            frozen_at=now,
            timer_end=now + 60,
            returned=True,
        )

    def release(self, active: t.Sequence[ActiveFreeze], *post: Hook) -> list[HookResult]:
        return self.releaser.release(self.pod, active, post)

    def commands(self) -> list[tuple[str, str, tuple[str, ...]]]:
        return [(call.kind, call.container, call.command) for call in self.cluster.calls]


@pytest.fixture
def case(cluster: t.Any, clock: t.Any) -> Case:
    return Case(cluster, clock)


def account(active: ActiveFreeze) -> tuple[str, bool, bool]:
    (record,) = active.records
    return record.thawed_by, record.consistent, record.released


def test_the_post_hook_is_the_thaw(case: Case) -> None:
    active = case.active()
    (result,) = case.release([active], hook_of())
    assert (result.state, result.stderr, account(active)) == ("ok", b"", ("post hook", True, True))
    assert case.releaser.errors == []


def test_the_post_hook_fails_and_we_thaw(case: Case, cluster: t.Any) -> None:
    cluster.answers["release"] = [cluster.release_answer(thaw="1", rc=7)]
    active = case.active()
    (result,) = case.release([active], hook_of(("sh", "-c", "exit 7")))
    assert (result.state, result.rc, account(active)) == ("failed", 7, ("release", True, True))
    assert case.releaser.errors == []
    assert [entry.message for entry in case.issues.errors] == [
        "Error executing hook",
        "Error running post hooks for pod",
    ]


def test_without_a_post_hook_we_thaw(case: Case) -> None:
    active = case.active()
    assert case.release([active]) == []
    assert (case.commands(), account(active)) == ([("release", "db", ())], ("release", True, True))


def test_the_lease_fired_first(case: Case, cluster: t.Any) -> None:
    cluster.answers["release"] = [cluster.release_answer(thaw="0", winner="lease", fired="160.00 1")]
    active = case.active()
    (result,) = case.release([active], hook_of())
    assert (result.state, result.error) == ("skipped", "the lease had thawed already")
    assert account(active) == ("lease", False, True)
    (error,) = case.releaser.errors
    assert error.startswith(f"The lease on {WHERE} ran out after 60 s, before the release")
    assert active.records[0].error == error
    assert len(case.issues.errors) == 1


@pytest.mark.parametrize(
    "failure", [ExecStreamLost("It broke."), ExecTimeout("x"), KubeError("No answer.")], ids=["lost", "timeout", "kube"]
)
def test_a_release_of_unknown_end_is_asked_again(case: Case, cluster: t.Any, failure: Exception) -> None:
    cluster.answers["release"] = [failure, KubeError("No answer."), cluster.release_answer(thaw="1")]
    active = case.active()
    (result,) = case.release([active], hook_of())
    assert result.failed
    assert [command for _kind, _container, command in case.commands()] == [THAW, (), ()]
    assert (account(active), case.releaser.errors) == (("release", True, True), [])


def test_a_release_that_proves_nothing_is_tried_again(case: Case, cluster: t.Any) -> None:
    cluster.answers["release"] = [
        cluster.release_answer(thaw="x"),
        cluster.release_answer(gone=0),
        cluster.release_answer(thaw="1"),
    ]
    active = case.active()
    case.release([active])
    assert (len(cluster.calls), account(active)) == (3, ("release", True, True))


def test_the_end_of_patience(case: Case, cluster: t.Any, clock: t.Any) -> None:
    started = clock.monotonic()
    cluster.answers["release"] = [KubeError("The server is away.")] * 1000
    active = case.active()
    case.release([active])
    assert 150 <= clock.monotonic() - started < 160  # the lease, and 90 s
    assert account(active) == ("not proven", False, False)
    (error,) = case.releaser.errors
    assert error == (
        f"The release of {WHERE} is not proven: The server is away. The lease in its container thaws it by itself "
        "within 60 s, if the container lives."
    )
    assert active.records[0].error == error


@pytest.mark.parametrize(
    ("thaw", "thawed_by", "words"),
    [
        pytest.param((0, ""), "release", "was thawed through /data in container db of pod shop/reader", id="thawed"),
        pytest.param((1, "Invalid argument"), "someone else", "was found thawed", id="found-thawed"),
    ],
)
def test_a_dead_container_is_passed_by(
    case: Case, cluster: t.Any, thaw: tuple[int, str], thawed_by: str, words: str
) -> None:
    cluster.pod("db-0")["status"]["containerStatuses"] = []
    cluster.add_pod("reader")
    cluster.answers["release"] = [ExecRefused("The container is not running.", status=500)]
    cluster.answers["thaw"] = [cluster.done(*thaw)]
    active = case.active()
    case.release([active])
    assert [call.pod for call in cluster.calls] == ["db-0", "reader"]
    assert account(active) == (thawed_by, False, True)
    assert words in case.releaser.errors[0]


def test_found_thawed_after_its_lease_it_was_the_lease(case: Case, cluster: t.Any, clock: t.Any) -> None:
    cluster.pod("db-0")["status"]["containerStatuses"] = []
    cluster.add_pod("reader")
    active = case.active()
    clock.sleep(61)
    cluster.answers["release"] = [ExecRefused("The container is not running.", status=500)]
    cluster.answers["thaw"] = [cluster.done(1, "Invalid argument")]
    case.release([active])
    assert account(active) == ("lease", False, True)


def test_a_post_hook_in_another_container_runs_there_and_the_lease_is_ended_in_its_own(
    case: Case, cluster: t.Any
) -> None:
    case.pod["spec"]["containers"].append({"name": "freezer"})
    cluster.answers["release"] = [cluster.release_answer(thaw="0")]
    active = case.active(container="freezer")
    case.release([active], hook_of())  # without a container: the first one
    assert case.commands() == [("hook", "db", THAW), ("release", "freezer", ())]
    assert account(active) == ("post hook", True, True)


def test_a_post_hook_whose_container_is_missing(case: Case) -> None:
    active = case.active()
    (result,) = case.release([active], hook_of(container="gone"))
    assert (result.state, case.commands()) == ("failed", [("release", "db", ())])
    assert account(active) == ("release", True, True)


def test_each_post_hook_ends_the_freeze_of_its_path(case: Case) -> None:
    data, wal = case.active(), case.active("/wal")
    case.release([data, wal], hook_of(("fsfreeze", "-u", "/wal")), hook_of())
    assert [call.lease_id for call in case.cluster.calls] == ["id/wal", "id/data"]
    assert (account(data), account(wal)) == (("post hook", True, True),) * 2


def test_what_no_post_hook_ends_is_thawed_by_us(case: Case) -> None:
    data, wal = case.active(), case.active("/wal")
    case.release([data, wal], hook_of())
    assert (account(data)[0], account(wal)[0]) == ("post hook", "release")


def test_a_failing_post_hook_does_not_keep_the_other_freezes(case: Case, cluster: t.Any) -> None:
    data, wal = case.active(), case.active("/wal")
    cluster.answers["release"] = [cluster.release_answer(thaw="1", rc=1)]
    results = case.release([data, wal], hook_of(), hook_of(("fsfreeze", "-u", "/wal")))
    assert [(result.state, result.attempts) for result in results] == [("failed", 1), ("skipped", 0)]
    assert (account(data)[0], account(wal)[0]) == ("release", "release")


def test_any_other_post_hook_is_wrapped_too(case: Case) -> None:
    active = case.active()
    case.release([active], hook_of(("psql", "-c", "SELECT pg_backup_stop()")))
    (call,) = case.cluster.calls
    assert (call.kind, call.argv[5]) == ("release", "0")
    assert account(active) == ("release", True, True)


@pytest.mark.parametrize(
    ("argv", "pure"),
    [
        pytest.param(THAW, "1", id="exactly-the-thaw"),
        pytest.param(("fsfreeze", "-u", "/other"), "0", id="another-path"),
        pytest.param(("sh", "-c", "fsfreeze -u /data"), "0", id="in-a-script"),
    ],
)
def test_what_is_a_pure_thaw(case: Case, argv: tuple[str, ...], pure: str) -> None:
    case.release([case.active()], hook_of(argv))
    assert case.cluster.calls[0].argv[5] == pure


# Without a lease: the image has no shell, or lacks a tool.


@pytest.mark.parametrize(
    ("answers", "thawed_by", "errors"),
    [
        pytest.param([(0, "")], "post hook", 0, id="the-post-hook-thawed"),
        pytest.param([(1, "boom"), (0, "")], "release", 0, id="it-failed-and-we-thawed"),
        pytest.param([(1, "boom"), (1, "Invalid argument")], "release", 0, id="found-thawed"),
        pytest.param([(1, "boom"), (1, "Operation not permitted")], "not proven", 1, id="nothing-worked"),
    ],
)
def test_an_unleased_freeze(case: Case, cluster: t.Any, answers: t.Any, thawed_by: str, errors: int) -> None:
    cluster.answers["hook"] = [cluster.done(rc, text) for rc, text in answers]
    cluster.answers["thaw"] = [cluster.done(1, "Operation not permitted")]
    active = case.active(armed=False)
    case.release([active], hook_of())
    assert (account(active)[0], len(case.releaser.errors)) == (thawed_by, errors)
    assert {call.kind for call in cluster.calls} == ({"hook", "thaw"} if errors else {"hook"})
    if errors:
        assert "not proven: Operation not permitted; /data in container db" in case.releaser.errors[0]
        assert case.releaser.errors[0].endswith("No lease guards it.")


def test_an_unleased_freeze_in_a_dead_container(case: Case, cluster: t.Any) -> None:
    cluster.answers["hook"] = [ExecRefused("The container is not running.", status=500)]
    active = case.active(armed=False)
    case.release([active])
    assert [call.kind for call in cluster.calls] == ["hook", "thaw"]
    assert account(active) == ("release", False, True)


def test_a_mark_that_stays_is_a_warning(case: Case, cluster: t.Any) -> None:
    cluster.objects.clear()
    cluster.refuse = lambda _verb, path, _dry_run: KubeError("You may not.", status=403) if "/pods/" in path else None
    active = case.active()
    case.release([active], hook_of())
    assert account(active) == ("post hook", True, True)
    assert case.warnings == ["The mark on pod shop/db-0 could not be removed, the next run does it: You may not."]
