# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One restore at a time in a namespace."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import LEASES
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply import namespace_locks
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply.lock_holder import (
    RestoreProcess,
    is_surely_gone,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply.namespace_locks import NamespaceLocks
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    config,
    plan,
    restore,
    run_of,
    write_backup,
)


def hold(
    api: RestoreApi, namespace: str = "shop", *, restore_name: str = "other", age: float, duration: float = 60
) -> None:
    renewed = dt.datetime.now(tz=dt.UTC) - dt.timedelta(seconds=age)
    api.add(
        "leases",
        "arkive-restore",
        namespace,
        metadata={"annotations": {"arkive.k8s/restore": restore_name}},
        spec={
            "holderIdentity": f"{restore_name}/far/1/x",
            "leaseDurationSeconds": duration,
            "renewTime": renewed.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        },
    )


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespace_locks, "_LOOK_PAUSE", 0.0)


def test_taken_before_the_first_write_and_given_back(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", config("a"), config("a", "new"))
    restore(api, store, name="r")
    writes = [request for request in api.requests if not request.startswith("GET ")]
    lease = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"
    assert writes[0] == f"POST {lease.format('shop')}"
    assert writes.index(f"POST {lease.format('new')}") > writes.index("POST /api/v1/namespaces")
    assert writes.index(f"POST {lease.format('new')}") < writes.index("POST /api/v1/namespaces/new/configmaps")
    assert {request for request in writes if request.startswith("DELETE")} == {
        f"DELETE {lease.format(name)}/arkive-restore" for name in ("shop", "new")
    }
    assert (api.names("leases", "shop"), api.names("leases", "new")) == ([], [])


def test_nothing_to_do_takes_none(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", config("a"))
    restore(api, store, name="r")
    hold(api, age=0)
    before = len(api.requests)
    assert restore(api, store, name="r").changed is False
    assert not [request for request in api.requests[before:] if not request.startswith("GET ")]


def test_held_by_another(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", config("a"), config("a", "new"))
    hold(api, age=0)
    with pytest.raises(RestoreError, match="restore 'other' on far is at work in namespace 'shop'") as caught:
        restore(api, store, name="r")
    assert caught.value.details == {"namespaces": ["shop"]}
    assert api.names("configmaps", "shop") == []
    assert ("namespaces", "", "new") not in api.objects
    planned = plan(api, store, name="r")
    assert planned.summary["create"] == 2
    assert planned.refusal is not None
    assert (planned.phase, planned.refusal.sentence) == ("Failed", caught.value.sentence)
    assert plan(api, store, name="r", force=True).phase == "New"
    assert restore(api, store, name="r", force=True).phase == "Completed"
    assert api.names("leases", "shop") == []


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("restore_name", ["other", "r"])
def test_a_dead_holder(api: RestoreApi, store: t.Any, restore_name: str) -> None:
    """What does not change for as long as the lease lasts is dead."""
    write_backup(store, "b", config("a"))
    hold(api, restore_name=restore_name, age=600, duration=0.01)
    assert restore(api, store, name="r").phase == "Completed"


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("age", [0, 600], ids=["renewed just now", "by a clock that is wrong"])
def test_an_earlier_run_that_still_runs(api: RestoreApi, store: t.Any, age: float) -> None:
    write_backup(store, "b", config("a"))
    hold(api, restore_name="r", age=age)

    def renew(verb: str, path: str, _dry_run: bool) -> None:
        if verb == "GET" and path.endswith("/leases/arkive-restore"):
            lease = api.objects[("leases", "shop", "arkive-restore")]
            lease["metadata"]["resourceVersion"] += "0"

    api.refuse = renew
    with pytest.raises(RestoreError, match="restore 'r' on far is at work"):
        restore(api, store, name="r")


def test_a_namespace_that_is_new_to_both(api: RestoreApi, store: t.Any) -> None:
    """The other one was first: nothing goes into the namespace, everything else is restored."""
    write_backup(store, "b", config("a"), config("a", "new"))

    def come_first(verb: str, path: str, _dry_run: bool) -> None:
        if verb == "POST" and path == "/api/v1/namespaces":
            api.add("namespaces", "new")
            hold(api, "new", age=0)

    api.refuse = come_first
    done = restore(api, store, name="r")
    assert done.phase == "PartiallyFailed"
    assert api.names("configmaps", "new") == []
    assert api.names("configmaps", "shop") == ["a"]
    assert "restore 'other' on far is at work in namespace 'new'" in done.errors_list[0]["message"]
    assert api.names("leases", "new") == ["arkive-restore"]


@pytest.mark.parametrize("status", [403, 404])
def test_leases_that_cannot_be_had(api: RestoreApi, store: t.Any, status: int) -> None:
    write_backup(store, "b", config("a"), config("a", "new"))
    refusal = KubeError("no leases here", status=status)
    api.refuse = lambda verb, path, _dry: refusal if verb == "POST" and path.endswith("/leases") else None
    done = restore(api, store, name="r")
    assert done.phase == "Completed"
    assert [warning["message"] for warning in done.warnings_list] == [
        "Other restores into namespace 'shop' would not be noticed: no leases here"
    ]


@pytest.mark.parametrize("verb", ["get", "create", "update", "delete"])
def test_a_lock_that_would_not_last_is_not_taken(api: RestoreApi, store: t.Any, verb: str) -> None:
    """Who may not renew it loses it in a minute, and one that cannot be removed keeps the next restore out."""
    write_backup(store, "b", config("a"))
    api.denied = {(verb, "leases")}
    done = restore(api, store, name="r")
    (warning,) = [found for found in done.warnings_list if "would not be noticed" in found["message"]]
    assert f"does not let you {verb} leases.coordination.k8s.io in namespace shop" in warning["message"]
    assert not [line for line in api.requests if "leases" in line and not line.startswith("GET ")]


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_one_that_is_held_counts_for_who_may_not_have_one(api: RestoreApi, store: t.Any, verb: str) -> None:
    write_backup(store, "b", config("a"))
    hold(api, age=0)
    api.denied = {(verb, "leases")}
    with pytest.raises(RestoreError, match="restore 'other' on far is at work in namespace 'shop'"):
        restore(api, store, name="r")
    assert restore(api, store, name="r", force=True).phase == "Completed"


class Kept:
    """Leases whose renewals a test asks for by itself."""

    def __init__(self, api: RestoreApi) -> None:
        self.api = api
        self.leases = NamespaceLocks(run_of(api.client), api.discovery().find(LEASES), RestoreProcess.current("r"))
        self.leases.acquire(["shop"])

    def renew(self) -> str:
        for namespace, lease in list(self.leases._held.items()):
            self.leases._renew(namespace, lease)
        return self.leases.why_lost("shop")


def test_renewals(api: RestoreApi) -> None:
    kept = Kept(api)
    before = api.objects[("leases", "shop", "arkive-restore")]["spec"]["renewTime"]
    assert kept.renew() == ""
    assert api.objects[("leases", "shop", "arkive-restore")]["spec"]["renewTime"] > before


def test_a_renewal_without_an_answer(api: RestoreApi) -> None:
    """It had its effect: the next one finds a newer object, which is our own."""
    kept = Kept(api)
    api.lose = lambda verb, _path: KubeError("no answer") if verb == "PUT" else None
    assert kept.renew() == ""
    api.lose = lambda _verb, _path: None
    assert kept.renew() == ""
    assert kept.renew() == ""


def test_a_lease_that_was_deleted(api: RestoreApi) -> None:
    kept = Kept(api)
    del api.objects[("leases", "shop", "arkive-restore")]
    assert kept.renew() == ""
    assert api.names("leases", "shop") == ["arkive-restore"]


def test_a_lease_that_was_taken_over(api: RestoreApi) -> None:
    kept = Kept(api)
    hold(api, age=0)
    assert kept.renew() == "another restore took over namespace 'shop'"


def test_who_was_stopped_looks_whose_the_lease_is(api: RestoreApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process stood still for longer than the lease lasts, and no thread has renewed it since."""
    clock = [0.0]
    monkeypatch.setattr(namespace_locks, "_awake_or_not", lambda: clock[0])
    kept = Kept(api)
    before = len(api.requests)
    clock[0] = 59.0
    assert kept.leases.why_lost("shop") == ""
    assert len(api.requests) == before
    clock[0] = 61.0
    assert kept.leases.why_lost("shop") == ""
    assert api.requests[before:] == ["PUT /apis/coordination.k8s.io/v1/namespaces/shop/leases/arkive-restore"]
    hold(api, age=0)
    clock[0] = 122.0
    assert kept.leases.why_lost("shop") == "another restore took over namespace 'shop'"


def test_who_was_stopped_and_cannot_look(api: RestoreApi, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(namespace_locks, "_awake_or_not", lambda: clock[0])
    kept = Kept(api)
    clock[0] = 61.0
    api.refuse = lambda verb, _path, _dry: KubeError("no answer") if verb == "PUT" else None
    assert kept.leases.why_lost("shop") == "nobody knows whether another restore took over namespace 'shop'"
    api.refuse = lambda *_given: None
    assert kept.leases.why_lost("shop") == ""


def test_the_clock_is_the_servers(api: RestoreApi, store: t.Any) -> None:
    """This machine's is wrong by an hour: the lease of another, renewed just now, is alive, and is reported as such."""
    write_backup(store, "b", config("a"))
    api.clock_ahead = dt.timedelta(hours=-1)
    hold(api, age=3600)
    assert plan(api, store, name="r").refusal is not None
    with pytest.raises(RestoreError, match="restore 'other' on far is at work in namespace 'shop'"):
        restore(api, store, name="r")


@pytest.mark.parametrize("had_effect", [False, True])
def test_the_answer_to_the_lease_is_lost(api: RestoreApi, store: t.Any, had_effect: bool) -> None:
    write_backup(store, "b", config("a"))
    failures = [KubeError("no answer")]

    def fail(verb: str, path: str, *_dry: bool) -> KubeError | None:
        return failures.pop() if failures and verb == "POST" and path.endswith("/leases") else None

    if had_effect:
        api.lose = fail
    else:
        api.refuse = fail
    assert restore(api, store, name="r").phase == "Completed"
    assert api.names("leases", "shop") == []


def test_a_lease_of_which_nobody_knows(api: RestoreApi, store: t.Any) -> None:
    """The restore is not begun, and what may have been made of the lease is taken away."""
    write_backup(store, "b", config("a"))
    away: list[str] = []

    def stay_away(verb: str, path: str, *_dry: bool) -> KubeError | None:
        if verb == "POST" and path.endswith("/leases"):
            away.append(path)
        # The look, too; not what comes after it.
        return KubeError("no answer") if len(away) == 1 and path.endswith("/arkive-restore") else None

    api.refuse = stay_away
    api.lose = lambda verb, path: KubeError("no answer") if verb == "POST" and path.endswith("/leases") else None

    def come_back(verb: str, path: str, *_dry: bool) -> KubeError | None:
        found = stay_away(verb, path)
        if found is not None:
            api.refuse = lambda *_given: None
        return found

    api.refuse = come_back
    with pytest.raises(KubeError, match="Nobody knows whether Lease shop/arkive-restore was made"):
        restore(api, store, name="r")
    assert (api.names("leases", "shop"), api.names("configmaps", "shop")) == ([], [])


def test_a_new_namespace_whose_lease_nobody_knows(api: RestoreApi, store: t.Any) -> None:
    """Nothing goes into it, as another restore might work there."""
    write_backup(store, "b", config("a"), config("a", "new"))
    failure = KubeError("The lease is too heavy.", status=500)
    api.refuse = lambda verb, path, _dry: failure if verb == "POST" and "/new/leases" in path else None
    done = restore(api, store, name="r")
    assert (done.phase, api.names("configmaps", "new"), api.names("configmaps", "shop")) == (
        "PartiallyFailed",
        [],
        ["a"],
    )
    assert "nobody knows whether another restore is at work in it" in done.errors_list[0]["message"]


def test_processes_of_this_machine() -> None:
    own = RestoreProcess.current("r").process
    boot, space, number, started = own.split()
    assert number == str(os.getpid())
    assert is_surely_gone(own) is False
    assert is_surely_gone(f"{boot} {space} {number} 1") is True
    assert is_surely_gone(f"another-boot {space} {number} 1") is False
    assert is_surely_gone(f"{boot} another-space {number} 1") is False
    for unknown in ("", "x", f"{boot} {space} x {started}"):
        assert is_surely_gone(unknown) is False
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert is_surely_gone(f"{boot} {space} {ended.pid} {started}") is True
