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

from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply import namespace_leases
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply.lease_holder import (
    RestoreProcess,
    is_surely_gone,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply.namespace_leases import NamespaceLeases
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.restore_mark import LEASES
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
    api: RestoreApi, namespace: str = "shop", *, restore_name: str = "other", age: float, duration: int = 60
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
    monkeypatch.setattr(namespace_leases, "_LOOK_PAUSE", 0.0)


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
def test_a_dead_holder(api: RestoreApi, store: t.Any, restore_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not change for as long as the lease lasts is dead."""
    monkeypatch.setattr(namespace_leases, "_DURATION", 0)
    write_backup(store, "b", config("a"))
    hold(api, restore_name=restore_name, age=600, duration=0)
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


class Kept:
    """Leases whose renewals a test asks for by itself."""

    def __init__(self, api: RestoreApi) -> None:
        self.api = api
        self.leases = NamespaceLeases(run_of(api.client), api.discovery().find(LEASES), RestoreProcess.current("r"))
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
