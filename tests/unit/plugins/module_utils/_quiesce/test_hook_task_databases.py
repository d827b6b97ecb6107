# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases around the hooks of a task of its own: held before the first, let go after the last, whatever happens."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import parse_databases
from ansible_collections.arkive.k8s.plugins.module_utils._databases.record import QuiesceRecord
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce import pod_database
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.between_tasks import FreezeTaskRequest, freeze_path
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hook_task import (
    HookTaskOutcome,
    HookTaskRequest,
    run_hook_task,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pod_database import PodDatabase

pytestmark = pytest.mark.usefixtures("clock")

KEY = "arkive.k8s/database"


class Held:
    """In the place of a ``HeldDatabase``: it tells when it is held and let go."""

    def __init__(self, calls: list[t.Any], record: QuiesceRecord, fails: str, breaks: str) -> None:
        self._calls = calls
        self._record = record
        self._fails = fails
        self._breaks = breaks
        self.held = False

    def begin(self, _cancel: CancelToken) -> None:
        self._calls.append("lock")
        self._record.error = self._fails
        if not self._fails:
            self._record.started, self.held = utc_now(), True

    def end(self) -> None:
        if self.held:
            self._calls.append("unlock")
            self.held = False
            self._record.known.warnings.append("The rows of shop.orders are not counted.")
            self._record.consistent, self._record.error = not self._breaks, self._breaks


@pytest.fixture
def lab(cluster: t.Any, monkeypatch: pytest.MonkeyPatch) -> t.Any:
    """A cluster with a pod that declares a database; ``fails`` and ``breaks`` say what becomes of it."""
    cluster.fails = cluster.breaks = ""
    cluster.records = []

    def prepare(_run: t.Any, pod: t.Any, declared: t.Any, *_more: t.Any) -> PodDatabase:
        record = QuiesceRecord(namespace="shop", pod=pod["metadata"]["name"], container="db", kind=declared.kind)
        record.known.mode = "light" if declared.mode == "auto" else declared.mode
        held = Held(cluster.calls, record, cluster.fails, cluster.breaks)
        return PodDatabase(record, t.cast("t.Any", held), None)

    monkeypatch.setattr(pod_database, "prepare_database", prepare)

    def foresee(_run: t.Any, pod: t.Any, declared: t.Any, *_more: t.Any) -> tuple[PodDatabase, list[str]]:
        database = prepare(_run, pod, declared)
        database.record.error = declared.refusal or cluster.fails
        return database, [] if database.record.error else ["CHECKPOINT"]

    monkeypatch.setattr(pod_database, "foresee_database", foresee)
    cluster.add_pod("db-0", metadata={"annotations": {KEY: "postgresql"}})
    return cluster


def run(lab: t.Any, *, databases: t.Any = "declared", check_mode: bool = False, **more: t.Any) -> HookTaskOutcome:
    request = HookTaskRequest(**{"namespace": "shop", "run_id": "run1", "databases": parse_databases(databases)} | more)
    return run_hook_task(request, client=lab.client, check_mode=check_mode)


def steps(lab: t.Any) -> list[str]:
    return [call if isinstance(call, str) else call.kind for call in lab.calls]


@pytest.mark.parametrize("code", [0, 3])
def test_it_is_held_around_a_command_however_that_ends(lab: t.Any, code: int) -> None:
    lab.answers["hook"] = [lab.done(code)]
    outcome = run(lab, argv=("tar", "c", "/data"))
    assert steps(lab) == ["lock", "hook", "unlock"]
    assert len(outcome.errors) == bool(code)
    assert outcome.quiesces[0]["consistent"] is True
    # Said as it was let go.
    told = "postgresql in container db of pod shop/db-0: The rows of shop.orders are not counted."
    assert outcome.warnings.count(told) == 1


def test_none_is_held_where_nobody_wants_it(lab: t.Any) -> None:
    outcome = run(lab, databases="none", argv=("sync",))
    assert (steps(lab), outcome.quiesces) == (["hook"], [])


@pytest.mark.parametrize(("on_error", "expected"), [("Fail", ["lock"]), ("Continue", ["lock", "hook"])])
def test_one_that_cannot_be_held_is_as_a_hook_that_fails(lab: t.Any, on_error: t.Any, expected: list[str]) -> None:
    lab.fails = "There is no client."
    outcome = run(lab, argv=("sync",), on_error=on_error)
    assert steps(lab) == expected
    said = outcome.errors if on_error == "Fail" else outcome.warnings
    assert said == ["postgresql in container db of pod shop/db-0 could not be held: There is no client."]


def test_what_was_not_held_all_the_time_is_an_error(lab: t.Any) -> None:
    lab.breaks = "It was not held until the snapshot was cut."
    assert run(lab, argv=("sync",)).errors == [lab.breaks]


def test_a_cancelled_task_lets_go(lab: t.Any) -> None:
    token = CancelToken()

    def cancel(_call: t.Any) -> t.Any:
        token.cancel("SIGTERM")
        return lab.done()

    lab.add_pod("db-1")
    lab.answers["hook"] = [cancel]
    request = HookTaskRequest(namespace="shop", argv=("sync",), databases=parse_databases("declared"))
    with pytest.raises(Cancelled) as caught:
        run_hook_task(request, client=lab.client, cancel=token)
    assert steps(lab) == ["lock", "hook", "unlock"]
    assert caught.value.details["quiesces"][0]["consistent"] is True


def frozen(lab: t.Any, mode: str, *, check_mode: bool = False) -> HookTaskOutcome:
    databases = parse_databases([{"selector": {"matchLabels": {}}, "kind": "postgresql", "mode": mode}])
    task = HookTaskRequest(namespace="shop", pod="db-0", run_id="run1", databases=databases)
    return freeze_path(FreezeTaskRequest(task=task, path="/data"), client=lab.client, check_mode=check_mode)


def test_a_freeze_that_outlives_the_task_begins_while_it_is_held(lab: t.Any) -> None:
    outcome = frozen(lab, "light")
    assert [step for step in steps(lab) if step != "probe"] == ["lock", "freeze", "unlock"]
    assert (outcome.errors, len(outcome.lease_ids)) == ([], 1)


def test_what_is_let_go_with_a_write_is_not_held_into_such_a_freeze(lab: t.Any) -> None:
    """It would wait for the thaw, which is a later task's."""
    outcome = frozen(lab, "backup")
    assert [step for step in steps(lab) if step != "probe"] == ["lock", "unlock"]
    assert (outcome.lease_ids, outcome.quiesces[0]["consistent"]) == ([], False)
    assert "it has to write, which waits for the thaw. Use mode light" in outcome.errors[0]
    planned = frozen(lab, "backup", check_mode=True)
    assert planned.errors == outcome.errors


@pytest.mark.parametrize("more", [{"phase": "post"}, {"argv": ("fsfreeze", "--unfreeze", "/data")}])
def test_a_task_that_thaws_holds_none(lab: t.Any, more: dict[str, t.Any]) -> None:
    lab.pod("db-0")["metadata"]["annotations"]["post.hook.backup.velero.io/command"] = "sync"
    run(lab, **more)
    assert "lock" not in steps(lab)


def test_check_mode_says_what_would_be_held(lab: t.Any) -> None:
    outcome = run(lab, argv=("sync",), check_mode=True)
    (entry,) = outcome.to_return(default_on_error="Fail")["quiesces"]
    assert (entry["pod"], entry["container"], entry["statements"], entry["error"]) == ("db-0", "db", ["CHECKPOINT"], "")
    assert (outcome.changed, steps(lab)) == (True, [])


def test_check_mode_fails_where_the_run_would(lab: t.Any) -> None:
    lab.pod("db-0")["metadata"]["annotations"][f"{KEY}-mode"] = "hot"
    outcome = run(lab, argv=("sync",), check_mode=True)
    assert f"The annotation {KEY}-mode: PostgreSQL has no mode 'hot'" in outcome.errors[0]
    assert "shop/db-0" in outcome.errors[0]
    lab.pod("db-0")["metadata"]["annotations"].pop(f"{KEY}-mode")
    lab.fails = "Its user may not."
    assert "Its user may not." in run(lab, argv=("sync",), check_mode=True).errors[0]
