# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets of snapshots of a real CSI driver: what is in them, and what is left of them."""

from __future__ import annotations

import typing as t

import pytest
from snapshot_runs import SnapshotRuns
from volume_lab import LATE, Storage, until

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import ClaimChoice, Workload
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.listing import list_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_listing import SnapshotQuery

pytestmark = pytest.mark.node

GROUP = "snapshot.storage.k8s.io"
MakeRuns = t.Callable[..., SnapshotRuns]
MakeClass = t.Callable[..., str]


@pytest.mark.parametrize("workload", ["Deployment", "StatefulSet"])
@pytest.mark.parametrize("storage_class", ["loopfile", "loopfile-xfs"])
def test_a_snapshot_has_what_was_written_before_the_freeze(
    make_runs: MakeRuns, storage: Storage, workload: str, storage_class: str
) -> None:
    """A file that nobody has synced is in it; one that is written once the freeze has begun is not."""
    runs = make_runs(workload=workload, storage_class=storage_class)
    runs.app.write("before", "yes")
    outcome = runs.take(choice=ClaimChoice(workload=Workload(t.cast("t.Any", workload), "app")))
    assert outcome.errors == []
    (entry,) = outcome.snapshots
    assert (entry["claim"], entry["state"], entry["name"]) == (*runs.app.claims, "ready", f"one-{runs.app.claims[0]}")
    assert {entry["handle"]} == storage.snapshots(*runs.app.volume_handles())
    assert [(record.consistent, record.thawed_by) for record in outcome.freezes] == [(True, "post hook")]
    assert 0 < outcome.freeze_window_seconds < 20
    runs.app.await_thawed()
    assert runs.app.files()[LATE] == "late"
    files = runs.restored_files(entry["name"], storage_class)
    assert files["before"] == "yes"
    assert LATE not in files


def test_a_set_is_taken_once(runs: SnapshotRuns) -> None:
    planned = runs.take(check_mode=True)
    assert (planned.changed, runs.app.snapshot_objects()) == (True, [])
    first = runs.take()
    again = runs.take()
    assert (first.changed, again.changed) == (True, False)
    assert again.snapshots == first.snapshots
    assert again.hooks == []
    assert runs.remove().changed
    assert runs.app.snapshot_objects() == []
    assert not runs.remove().changed


def test_several_claims_at_one_moment(make_runs: MakeRuns, client: t.Any) -> None:
    runs = make_runs(claims=3)
    quiescing = {"pod_hooks": False, "freeze_paths": ("/data", "/data2", "/data3"), "container": "main"}
    outcome = runs.take(quiescing=quiescing)
    assert outcome.errors == []
    assert [(hook.hook.phase, hook.state) for hook in outcome.hooks] == [("pre", "ok"), ("post", "ok")]
    assert [(record.target.path, record.consistent) for record in outcome.freezes] == [
        ("/data", True),
        ("/data2", True),
        ("/data3", True),
    ]
    listed = list_snapshots(SnapshotQuery(namespace=runs.app.namespace, name="one"), client=client).snapshots
    assert [entry["claim"] for entry in listed] == list(runs.app.claims)
    assert all(entry["complete"] and entry["ready"] and entry["handle"] for entry in listed)


def test_one_path_that_is_frozen_by_somebody_else(make_runs: MakeRuns) -> None:
    """What was frozen before it is thawed, what the other one has frozen is left alone, nothing is snapshotted."""
    runs = make_runs(claims=3)
    runs.app.sh("fsfreeze --freeze /data2")
    try:
        quiescing = {"pod_hooks": False, "freeze_paths": ("/data", "/data2", "/data3"), "container": "main"}
        outcome = runs.take(quiescing=quiescing)
        assert "already frozen by someone else" in outcome.errors[0]
        assert runs.app.snapshot_objects() == []
        runs.app.sh("timeout 5 sh -c 'echo x >/data/through && echo x >/data3/through'")
    finally:
        runs.app.sh("fsfreeze --unfreeze /data2")  # it fails unless it is frozen


@pytest.mark.parametrize("at", ["take", "remove"])
def test_what_is_retained_outlives_the_objects(runs: SnapshotRuns, storage: Storage, client: t.Any, at: str) -> None:
    outcome = runs.take(retain=at == "take")
    (entry,) = outcome.snapshots
    query = SnapshotQuery(namespace=runs.app.namespace, name="one")
    policies = [one["deletion_policy"] for one in list_snapshots(query, client=client).snapshots]
    assert policies == ["Retain" if at == "take" else "Delete"]
    removed = runs.remove(retain=at == "remove")
    assert removed.errors == []
    assert entry["handle"] in removed.warnings[0]
    assert runs.app.snapshot_objects() == []
    assert storage.snapshots(*runs.app.volume_handles()) == {entry["handle"]}


def test_a_snapshot_that_the_driver_refuses(make_runs: MakeRuns, make_class: MakeClass, storage: Storage) -> None:
    """The other ones of the set go with it."""
    runs = make_runs(claims=2, snapshot_class=make_class(snapshotFail="true"))
    outcome = runs.take()
    assert "snapshotFail is set" in outcome.errors[0]
    assert runs.app.snapshot_objects() == []
    assert storage.snapshots(*runs.app.volume_handles()) == set()


def test_a_snapshot_that_takes_longer_than_the_freeze_may(
    runs: SnapshotRuns, make_class: MakeClass, storage: Storage
) -> None:
    outcome = runs.take(snapshot_class=make_class(snapshotDelay="8s"), freeze_max=3.0)
    assert outcome.errors[0].startswith("The lease ran out before the snapshot was cut")
    assert outcome.freezes[0].seconds is not None
    assert outcome.freezes[0].seconds < 6
    assert runs.app.snapshot_objects() == []
    until(lambda: not storage.snapshots(*runs.app.volume_handles()), "the storage has nothing of it", seconds=30)


def test_a_lease_that_runs_out_while_it_is_cut(runs: SnapshotRuns, make_class: MakeClass) -> None:
    """Somebody thaws behind our back: the snapshot is there, and is not to be trusted."""
    thaw = runs.once_begun(lambda: runs.app.sh("fsfreeze --unfreeze /data"))
    outcome = runs.take(snapshot_class=make_class(snapshotDelay="4s"))
    thaw.join()
    assert outcome.errors[0].startswith("The lease ran out before the snapshot was cut")
    assert [record.thawed_by for record in outcome.freezes] == ["someone else"]
    assert runs.app.snapshot_objects() == []


def test_a_run_that_is_cancelled_while_it_cuts(runs: SnapshotRuns, make_class: MakeClass) -> None:
    token = CancelToken()
    canceller = runs.once_begun(lambda: token.cancel("SIGTERM was received"))
    with pytest.raises(Cancelled) as raised:
        runs.take(snapshot_class=make_class(snapshotDelay="5s"), cancel=token)
    canceller.join()
    assert [freeze["consistent"] for freeze in raised.value.details["freezes"]] == [True]
    assert runs.app.snapshot_objects() == []


def test_a_pre_hook_that_fails(runs: SnapshotRuns) -> None:
    path = f"/api/v1/namespaces/{runs.app.namespace}/pods"
    (pod,) = runs.client.get(path)["items"]
    annotations = {"pre.hook.backup.velero.io/command": '["/bin/false"]'}
    runs.client.patch(f"{path}/{pod['metadata']['name']}", {"metadata": {"annotations": annotations}})
    outcome = runs.take()
    assert "The pre hook in" in outcome.errors[0]
    assert runs.app.snapshot_objects() == []


def test_a_set_that_a_killed_run_has_left(runs: SnapshotRuns) -> None:
    runs.take()
    (entry,) = list_snapshots(SnapshotQuery(namespace=runs.app.namespace), client=runs.client).snapshots
    path = f"/apis/{GROUP}/v1/namespaces/{runs.app.namespace}/volumesnapshots/{entry['name']}"
    runs.client.patch(path, {"metadata": {"annotations": {"arkive.k8s/snapshot-state": "unfinished"}}})
    with pytest.raises(SnapshotError, match="was begun by a run that did not end"):
        runs.take()
    assert runs.remove().errors == []
    assert runs.take().changed


def test_a_quota_for_fewer_snapshots(make_runs: MakeRuns, kubectl: t.Any) -> None:
    runs = make_runs(claims=3)
    hard = f"--hard=count/volumesnapshots.{GROUP}=1"
    kubectl("-n", runs.app.namespace, "create", "quota", "few", hard)
    used = f"jsonpath={{.status.used.count/volumesnapshots\\.{GROUP.replace('.', chr(92) + '.')}}}"
    until(lambda: kubectl("-n", runs.app.namespace, "get", "quota", "few", "-o", used) == "0", "it holds", seconds=60)
    for check_mode in (True, False):
        with pytest.raises(SnapshotError, match="exceeded quota: few"):
            runs.take(check_mode=check_mode)
    assert runs.app.snapshot_objects() == []
