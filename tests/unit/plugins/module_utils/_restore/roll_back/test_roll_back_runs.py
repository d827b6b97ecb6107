# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole restores that roll claims back in place, killed after each write: up on old data or new, never on none."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back import in_cluster
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes import volume_finalizer
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import plan, restore
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.roll_back.app_cluster import (
    CLAIMS,
    NAMESPACE,
    VOLUMES,
    AppCluster,
    KillAfter,
    Killed,
    put_backup,
)

TERMS: dict[str, t.Any] = {
    "name": "r",
    "existing_volume_policy": "roll_back",
    "terminating_timeout": 0.2,
    "resource_timeout": 0.2,
    "force": True,
}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_CONSUMER_SECONDS", "_ERROR_SECONDS"):
        monkeypatch.setattr(volume_finalizer, name, 0.0)
    for module in (volume_finalizer, in_cluster):
        monkeypatch.setattr(module, "_TICK_SECONDS", 0.005)


def _stateful(api: AppCluster) -> None:
    for number in range(2):
        api.add_claim(f"data-db-{number}", f"pv{number}")
    api.add_workload(
        "statefulsets",
        "db",
        template={"spec": {"containers": [{"name": "main", "image": "app"}]}},
        volumeClaimTemplates=[{"metadata": {"name": "data"}}],
        persistentVolumeClaimRetentionPolicy={"whenScaled": "Delete", "whenDeleted": "Retain"},
    )


def _deployment(api: AppCluster) -> None:
    api.add_claim()
    api.add_workload()


def _bare(api: AppCluster) -> None:
    api.add_claim()
    api.add_pod("alone")


def _two(api: AppCluster) -> None:
    """A deployment and a pod of its own share the claim."""
    _deployment(api)
    api.add_pod("alone")


#: Who mounts which claims, and how many pods run then.
APPS: dict[str, tuple[t.Callable[[AppCluster], None], tuple[str, ...], int]] = {
    "deployment": (_deployment, ("data",), 2),
    "stateful set": (_stateful, ("data-db-0", "data-db-1"), 1),
    "bare pod": (_bare, ("data",), 1),
    "deployment and bare pod": (_two, ("data",), 3),
}


def _old(claims: t.Sequence[str]) -> list[str]:
    return ["pv1"] if claims == ("data",) else ["pv0", "pv1"]


def _check_new(api: AppCluster, claims: t.Sequence[str], pods: int, done: RestoreOutcome) -> None:
    assert (done.phase, done.errors_list) == ("Completed", [])
    for claim in claims:
        assert api.volume_of(claim).startswith("pvc-"), claim
        assert len(api.running(claim)) == pods
        assert api.volume_of(f"{claim}-before-r") in _old(claims)
    _check_tidy(api)


def _check_tidy(api: AppCluster) -> None:
    """Nothing is left that says that something is under way, and every policy is as it was."""
    assert api.lost == [name for name in api.lost if name.startswith("pvc-")], "an old volume is gone"
    for obj in api.objects.values():
        assert "arkive.k8s/roll-back" not in (obj["metadata"].get("annotations") or {}), obj["metadata"]["name"]
    for name in api.names(VOLUMES):
        assert api.objects[(VOLUMES, "", name)]["spec"]["persistentVolumeReclaimPolicy"] == "Delete"


def _check_old(api: AppCluster, claims: t.Sequence[str], pods: int) -> None:
    assert [api.volume_of(claim) for claim in claims] == _old(claims)
    assert [len(api.running(claim)) for claim in claims] == [pods] * len(claims)
    assert not [name for name in api.names(CLAIMS, NAMESPACE) if "-before-" in name]
    _check_tidy(api)


@pytest.mark.parametrize("waits", [False, True], ids=["immediate", "first consumer"])
@pytest.mark.parametrize("app", APPS)
def test_rolled_back(store: t.Any, app: str, waits: bool) -> None:
    make, claims, pods = APPS[app]
    api = AppCluster(waits=waits)
    make(api)
    put_backup(store, *claims)
    before = dict(api.objects)
    planned = plan(api, store, **TERMS)
    assert dict(api.objects) == before
    assert (planned.changed, planned.errors_list) == (True, [])
    assert [entry["state"] for entry in planned.roll_back] == ["planned"] * len(planned.roll_back)

    done = restore(api, store, **TERMS)
    _check_new(api, claims, pods, done)
    assert [entry["steps"] for entry in done.roll_back] == [entry["steps"] for entry in planned.roll_back]
    assert [entry["state"] for entry in done.roll_back] == ["rolled back"] * len(done.roll_back)

    for engine in (plan, restore):
        before = dict(api.objects)
        again = engine(api, store, **TERMS)
        assert (again.changed, again.errors_list, again.roll_back) == (False, [], [])
        assert dict(api.objects) == before


@pytest.mark.parametrize(
    ("app", "waits"),
    [("deployment", True), ("stateful set", False), ("bare pod", True), ("deployment and bare pod", False)],
)
def test_killed_after_each_write(tmp_path: Path, app: str, waits: bool) -> None:
    """The next run of the same name ends it; after that there is nothing to do."""
    make, claims, pods = APPS[app]
    number = 0
    while True:
        number += 1
        api = AppCluster(waits=waits)
        make(api)
        (tmp_path / str(number)).mkdir()
        store = open_store(LocalLocation(path=str(tmp_path / str(number))))
        put_backup(store, *claims)
        kill = KillAfter(number)
        api.lose, api.refuse = kill, kill.refuse
        try:
            restore(api, store, **TERMS)
        except Killed:
            pass
        else:
            break
        api.lose = lambda _verb, _path: None
        api.refuse = lambda _verb, _path, _dry_run: None
        assert not [name for name in _old(claims) if (VOLUMES, "", name) not in api.objects], number
        planned = plan(api, store, **TERMS)
        assert planned.refusal is None, number
        done = restore(api, store, **TERMS)
        _check_new(api, claims, pods, done)
        again = restore(api, store, **TERMS)
        assert (again.changed, again.errors_list) == (False, []), number
    assert number > 15


@pytest.mark.parametrize("app", APPS)
def test_what_fails_is_put_back(store: t.Any, app: str) -> None:
    """No volume comes from the snapshot."""
    make, claims, pods = APPS[app]
    api = AppCluster()
    make(api)
    put_backup(store, *claims)
    api.provisions = False
    done = restore(api, store, **TERMS)
    assert done.phase == "PartiallyFailed"
    assert [entry["state"] for entry in done.roll_back] == ["put back"] * len(done.roll_back)
    _check_old(api, claims, pods)

    api.provisions = True
    _check_new(api, claims, pods, restore(api, store, **TERMS))


@pytest.mark.parametrize("app", ["stateful set", "deployment and bare pod"])
def test_killed_while_it_is_put_back(tmp_path: Path, app: str) -> None:
    """Whatever a run was doing when it was killed, the next one ends it."""
    make, claims, pods = APPS[app]
    number = 0
    while True:
        number += 1
        api = AppCluster()
        make(api)
        (tmp_path / str(number)).mkdir()
        store = open_store(LocalLocation(path=str(tmp_path / str(number))))
        put_backup(store, *claims)
        api.provisions = False
        kill = KillAfter(number)
        api.lose, api.refuse = kill, kill.refuse
        try:
            restore(api, store, **TERMS)
        except Killed:
            pass
        else:
            break
        api.lose = lambda _verb, _path: None
        api.refuse = lambda _verb, _path, _dry_run: None
        restore(api, store, **TERMS)
        _check_old(api, claims, pods)
        api.provisions = True
        _check_new(api, claims, pods, restore(api, store, **TERMS))
    assert number > 15


def test_pods_that_do_not_mount_the_new_volume(store: t.Any) -> None:
    """A claim that waits for its consumer is proven by the workload's own pod."""
    api = AppCluster(waits=True)
    _deployment(api)
    put_backup(store)

    def stop_mounting(verb: str, path: str, dry_run: bool) -> None:
        if verb == "POST" and path.endswith("/volumesnapshots") and not dry_run:
            api.mounts = False
        if verb == "DELETE" and path.endswith("/persistentvolumeclaims/data") and not api.mounts:
            api.mounts = True

    api.refuse = stop_mounting
    done = restore(api, store, **TERMS)
    (entry,) = done.roll_back
    assert entry["state"] == "put back"
    assert "were not bound and mounted within 0.2 s" in entry["message"]
    _check_old(api, ("data",), 2)


def test_old_volumes_that_are_not_kept(store: t.Any) -> None:
    api = AppCluster()
    _deployment(api)
    put_backup(store)
    done = restore(api, store, **TERMS, keep_old_volumes=False)
    assert done.errors_list == []
    assert api.names(CLAIMS, NAMESPACE) == ["data"]
    assert api.lost == ["pv1"]


def test_keep_is_the_default(store: t.Any) -> None:
    api = AppCluster()
    _deployment(api)
    put_backup(store)
    terms = {name: value for name, value in TERMS.items() if name != "existing_volume_policy"}
    with pytest.raises(RestoreError, match="not from this backup"):
        restore(api, store, **terms)
    assert api.volume_of() == "pv1"


def test_a_broken_off_roll_back_is_not_forgotten(store: t.Any) -> None:
    """Another policy, another name: both are told which run ends it."""
    api = AppCluster()
    _deployment(api)
    put_backup(store)
    kill = KillAfter(8)
    api.lose, api.refuse = kill, kill.refuse
    with pytest.raises(Killed):
        restore(api, store, **TERMS)
    api.lose = lambda _verb, _path: None
    api.refuse = lambda _verb, _path, _dry_run: None
    with pytest.raises(RestoreError, match="has begun to roll back") as caught:
        restore(api, store, **{**TERMS, "existing_volume_policy": "keep"})
    assert "existing_volume_policy: roll_back" in str(caught.value.hint)


def test_workloads_that_were_changed_meanwhile_stay_so(store: t.Any) -> None:
    """Somebody scales the stopped workload up while its claim is replaced: nobody takes that back."""
    api = AppCluster(waits=True)
    _deployment(api)
    put_backup(store)

    def scale(verb: str, path: str, dry_run: bool) -> None:
        key = ("deployments", NAMESPACE, "web")
        if verb == "POST" and path.endswith("/persistentvolumeclaims") and not dry_run:
            stopped = api.objects[key]
            if stopped["spec"]["replicas"] == 0:
                api.kept.put(key, {**stopped, "spec": {**stopped["spec"], "replicas": 5}})

    api.refuse = scale
    assert restore(api, store, **TERMS).errors_list == []
    assert api.objects[("deployments", NAMESPACE, "web")]["spec"]["replicas"] == 5
    _check_tidy(api)


def test_an_update_beside_it_keeps_its_number_of_replicas(tmp_path: Path) -> None:
    """A killed run has stopped what the next one compares with the backup: it is compared as it was."""
    stored = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": NAMESPACE, "labels": {"new": "yes"}},
        "spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "main", "image": "app"}], "volumes": [
            {"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}}},
    }  # fmt: skip
    for number in (5, 8, 12):
        api = AppCluster()
        _deployment(api)
        (tmp_path / str(number)).mkdir()
        store = open_store(LocalLocation(path=str(tmp_path / str(number))))
        put_backup(store, more=[("deployments.apps", stored)])
        kill = KillAfter(number)
        api.lose, api.refuse = kill, kill.refuse
        with pytest.raises(Killed):
            restore(api, store, **TERMS, existing_resource_policy="update")
        api.lose = lambda _verb, _path: None
        api.refuse = lambda _verb, _path, _dry_run: None
        done = restore(api, store, **TERMS, existing_resource_policy="update")
        _check_new(api, ("data",), 2, done)
        web = api.objects[("deployments", NAMESPACE, "web")]
        assert (web["spec"]["replicas"], web["metadata"]["labels"]["new"]) == (2, "yes")


def test_claims_alone_are_enough(store: t.Any) -> None:
    """As the documentation has it: what stands for their snapshots comes along."""
    api = AppCluster()
    _deployment(api)
    put_backup(store)
    done = restore(api, store, **TERMS, included_resources=["persistentvolumeclaims"])
    _check_new(api, ("data",), 2, done)
