# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What breaks while a volume is frozen: a true phase, a thawed volume, and no snapshot that nobody knows of."""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
import time
import typing as t

import pytest
from callers import Callers
from volume_lab import LATE, DataApp, Object, Storage, until
from volume_runs import VolumeRuns

from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi import admission
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError

pytestmark = pytest.mark.fault

_GROUP = "snapshot.storage.k8s.io"
Component = t.Callable[[str, str], None]


@pytest.fixture
def slow_class(kubectl: t.Any) -> t.Iterator[t.Callable[[str], str]]:
    """``slow_class("8s")``: a class whose snapshots are cut so long after they were asked for, and then are ready."""
    made: list[str] = []

    def make(delay: str) -> str:
        made.append(f"arkive-test-{secrets.token_hex(3)}")
        body = {
            "apiVersion": f"{_GROUP}/v1",
            "kind": "VolumeSnapshotClass",
            "metadata": {"name": made[-1]},
            "driver": "loopfile.csi.test",
            "deletionPolicy": "Delete",
            "parameters": {"snapshotDelay": delay},
        }
        kubectl("create", "-f", "-", stdin=json.dumps(body))
        return made[-1]

    yield make
    for name in made:
        kubectl("delete", "volumesnapshotclass", name)


@contextlib.contextmanager
def no_classes(kubectl: t.Any) -> t.Iterator[None]:
    """As in a cluster where nobody made a VolumeSnapshotClass."""
    found = json.loads(kubectl("get", "volumesnapshotclasses", "-o", "json"))["items"]
    assert found
    for each in found:
        each["metadata"] = {name: each["metadata"].get(name) for name in ("name", "annotations", "labels")}
    kubectl("delete", "volumesnapshotclasses", "--all")
    try:
        yield
    finally:
        kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": found}))


def entry_of(outcome: BackupOutcome, app: DataApp, claim: str = "") -> Object:
    """What the backup says of a volume."""
    (found,) = [entry for entry in outcome.volumes if entry["pvcName"] == (claim or app.claims[0])]
    return found


def failed(outcome: BackupOutcome, app: DataApp, *, said: str) -> None:
    """The one volume is reported as failed, by name, and the rest of the backup is there."""
    assert outcome.phase == "PartiallyFailed"
    errors = [error for error in outcome.errors_list if said in f"{error['message']} {error['reason']}"]
    assert errors, outcome.errors_list
    assert {(error["namespace"], error["name"]) for error in errors} == {(app.namespace, app.claims[0])}
    assert outcome.items["persistentvolumeclaims"] == outcome.items["pods"] == 1
    entry = entry_of(outcome, app)
    assert (entry.get("result"), entry["skipped"]) != ("succeeded", False)


def nothing_is_left(app: DataApp, storage: Storage, handles: list[str], *, stored: set[str] | None = None) -> None:
    """Thawed, nothing in the cluster, and in the storage only what the backup names."""
    app.await_thawed()
    assert app.marks() == ""
    assert app.snapshot_objects() == []
    assert storage.snapshots(*handles) == (stored or set())
    assert storage.left_frozen() == []


def refuses_to_restore(app: DataApp, runs: VolumeRuns) -> None:
    """Whoever restores the backup is warned by name that the data of a volume is not in it."""
    copy = f"{app.namespace}-copy"
    with pytest.raises(RestoreError, match=f"it has no data for the volumes of {copy}/{app.claims[0]} "):
        runs.restore(namespace_mapping={app.namespace: copy})


def when_asked_for(app: DataApp, act: t.Callable[[], object]) -> threading.Thread:
    """Act when the snapshot controller has asked the driver for a snapshot."""

    def wait_and_act() -> None:
        until(lambda: any("Content" in name for name in app.snapshot_objects()), "it is asked for", seconds=30)
        act()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


def works_again(app: DataApp, storage: Storage, runs: VolumeRuns, handles: list[str]) -> None:
    """The next backup has its snapshot, and nothing of the failed one comes up."""
    runs.backup_name += "-again"
    outcome = runs.back_up(app.namespace)
    assert (outcome.phase, outcome.errors_list) == ("Completed", [])
    handle = entry_of(outcome, app)["csiSnapshotInfo"]["snapshotHandle"]
    nothing_is_left(app, storage, handles, stored={handle})


def test_the_snapshot_controller_is_down(
    make_app: t.Callable[..., DataApp], runs: VolumeRuns, storage: Storage, component: Component
) -> None:
    app = make_app()
    handles = app.volume_handles()
    component("down", "snapshot-controller")
    outcome = runs.back_up(app.namespace, csi_snapshot_timeout="4s")
    failed(outcome, app, said="snapshot controller")
    nothing_is_left(app, storage, handles)
    component("up", "snapshot-controller")
    works_again(app, storage, runs, handles)


def test_the_driver_is_killed_before_it_cuts(
    make_app: t.Callable[..., DataApp], runs: VolumeRuns, storage: Storage, component: Component
) -> None:
    """It comes back, and so does the request: the snapshot is cut in the same window, once."""
    app = make_app(snapshot_class="loopfile-slow")
    handles = app.volume_handles()
    app.write("before", "1")

    killer = when_asked_for(app, lambda: component("kill", "loopfile"))
    outcome = runs.back_up(app.namespace)
    killer.join()
    assert (outcome.phase, outcome.errors_list) == ("Completed", [])
    info = entry_of(outcome, app)["csiSnapshotInfo"]
    nothing_is_left(app, storage, handles, stored={info["snapshotHandle"]})
    assert info["ReadyToUse"] is True
    copy = f"{app.namespace}-copy"
    try:
        done = runs.restore(namespace_mapping={app.namespace: copy})
        assert (done.phase, done.errors_list) == ("Completed", [])
        app.await_ready(copy)
        assert app.files(copy) == {"before": "1"}
    finally:
        app.kubectl("delete", "namespace", copy, "--ignore-not-found", "--wait=false")


def test_the_control_plane_restarts_in_the_window(
    make_app: t.Callable[..., DataApp],
    runs: VolumeRuns,
    storage: Storage,
    component: Component,
    slow_class: t.Callable[[str], str],
) -> None:
    """Watches are cut and hooks have to wait: what comes of it is in the backup, or is taken back."""
    app = make_app(snapshot_class=slow_class("2s"))
    handles = app.volume_handles()

    def restart() -> None:
        for name in ("kube-apiserver", "snapshot-controller", "csi-snapshotter"):
            component("kill", name)

    killer = when_asked_for(app, restart)
    outcome = runs.back_up(app.namespace)
    killer.join()
    info = entry_of(outcome, app).get("csiSnapshotInfo") or {}
    stored = {info["snapshotHandle"]} if entry_of(outcome, app).get("result") == "succeeded" else set()
    assert (outcome.phase == "Completed") is bool(stored and not outcome.errors_list), outcome.errors_list
    nothing_is_left(app, storage, handles, stored=stored)


def test_the_lease_ends_while_the_api_server_hangs(
    make_app: t.Callable[..., DataApp], runs: VolumeRuns, storage: Storage, component: Component
) -> None:
    """Nobody can renew the lease, and nobody learns when the snapshot is cut: it is not to be trusted."""
    app = make_app(snapshot_class="loopfile-slow")
    handles = app.volume_handles()

    def hang() -> None:
        component("stop", "kube-apiserver")
        time.sleep(8)  # more than twice the lease
        component("cont", "kube-apiserver")

    hanging = when_asked_for(app, hang)
    outcome = runs.back_up(app.namespace, freeze_policy=FreezePolicy(lease_seconds=3))
    hanging.join()
    assert [record.thawed_by for record in outcome.freezes] == ["lease"]
    failed(outcome, app, said="The lease ran out before the snapshot was cut")
    nothing_is_left(app, storage, handles)
    works_again(app, storage, runs, handles)


def test_the_driver_is_killed_and_is_too_late(
    make_app: t.Callable[..., DataApp], runs: VolumeRuns, storage: Storage, component: Component
) -> None:
    app = make_app(snapshot_class="loopfile-slow")
    handles = app.volume_handles()

    killer = when_asked_for(app, lambda: component("kill", "loopfile"))
    outcome = runs.back_up(app.namespace, csi_snapshot_timeout="2s")
    killer.join()
    failed(outcome, app, said="was not cut within")
    nothing_is_left(app, storage, handles)
    works_again(app, storage, runs, handles)


def test_the_driver_fails(make_app: t.Callable[..., DataApp], runs: VolumeRuns, storage: Storage) -> None:
    app = make_app(snapshot_class="loopfile-broken")
    outcome = runs.back_up(app.namespace)
    failed(outcome, app, said="snapshotFail is set")
    nothing_is_left(app, storage, app.volume_handles())


def test_there_is_no_class(
    make_app: t.Callable[..., DataApp], runs: VolumeRuns, storage: Storage, kubectl: t.Any
) -> None:
    app = make_app()
    handles = app.volume_handles()
    with no_classes(kubectl):
        outcome = runs.back_up(app.namespace)
    failed(outcome, app, said="VolumeSnapshotClass")
    nothing_is_left(app, storage, handles)
    refuses_to_restore(app, runs)
    works_again(app, storage, runs, handles)


@pytest.fixture
def two_claims(make_app: t.Callable[..., DataApp], kubectl: t.Any) -> DataApp:
    """Where a quota has room for one snapshot."""
    app = make_app(claims=2)
    count = f"count/volumesnapshots.{_GROUP}"
    kubectl("-n", app.namespace, "create", "quota", "few", f"--hard={count}=1")
    get = ("-n", app.namespace, "get", "quota", "few", "-o", "json")
    until(lambda: count in (json.loads(kubectl(*get)).get("status") or {}).get("hard", {}), "counted", seconds=60)
    return app


def test_a_quota_without_room_for_all_is_known_before(two_claims: DataApp, runs: VolumeRuns, storage: Storage) -> None:
    """Nothing is frozen, and nothing is made."""
    handles = two_claims.volume_handles()
    with pytest.raises(SnapshotError, match="exceeded quota: few") as caught:
        runs.back_up(two_claims.namespace)
    assert "2 there, are all there at once" in (caught.value.hint or "")
    assert (two_claims.marks(), two_claims.snapshot_objects()) == ("", [])
    assert LATE not in two_claims.files(), "it was never frozen"
    assert storage.snapshots(*handles) == set()


def test_the_quota_is_used_up(
    two_claims: DataApp, runs: VolumeRuns, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By somebody else, after it was looked at. One of two snapshots of a pod is refused: that one failed."""
    monkeypatch.setattr(admission, "require_room", lambda *_given, **_named: None)
    app = two_claims
    handles = app.volume_handles()
    outcome = runs.back_up(app.namespace)
    assert outcome.phase == "PartiallyFailed"
    (error,) = outcome.errors_list
    assert "exceeded quota" in f"{error['message']} {error['reason']}"
    assert error["name"] in app.claims
    (good,) = set(app.claims) - {error["name"]}
    assert entry_of(outcome, app, error["name"]).get("result") == "failed"
    kept = entry_of(outcome, app, good)
    assert kept["result"] == "succeeded"
    nothing_is_left(app, storage, handles, stored={kept["csiSnapshotInfo"]["snapshotHandle"]})


def test_the_lease_ends_before_the_snapshot_is_cut(
    make_app: t.Callable[..., DataApp], runs: VolumeRuns, storage: Storage, slow_class: t.Callable[[str], str]
) -> None:
    """It is failed and deleted."""
    app = make_app(snapshot_class=slow_class("8s"))
    handles = app.volume_handles()
    policy = FreezePolicy(lease_seconds=3, freeze_max_seconds=3)
    outcome = runs.back_up(app.namespace, freeze_policy=policy)
    failed(outcome, app, said="The lease ran out before the snapshot was cut")
    assert (outcome.freezes[0].seconds or 8) < 8
    nothing_is_left(app, storage, handles)
    refuses_to_restore(app, runs)


def test_the_run_is_killed_in_the_window(
    make_app: t.Callable[..., DataApp], runs: VolumeRuns, storage: Storage, kubeconfig: str
) -> None:
    """The lease thaws; the snapshot that is left is removed by the next run of that name.

    The mark of the freeze stays until its time is past.
    """
    app = make_app(snapshot_class="loopfile-slow")
    handles = app.volume_handles()
    process = runs.start(kubeconfig, app.namespace)
    when_asked_for(app, process.kill).join()
    process.wait()
    app.await_thawed()
    assert app.snapshot_objects() != []
    runs.forget_claim()
    outcome = runs.back_up(app.namespace)
    assert (outcome.phase, outcome.errors_list) == ("Completed", [])
    handle = entry_of(outcome, app)["csiSnapshotInfo"]["snapshotHandle"]
    assert app.snapshot_objects() == []
    assert storage.snapshots(*handles) == {handle}
    assert storage.left_frozen() == []


def test_a_failed_pre_hook(make_app: t.Callable[..., DataApp], runs: VolumeRuns, storage: Storage) -> None:
    """The volume is not as the hook should have made it: there is no snapshot, and the backup says why."""
    app = make_app()
    command = 'pre.hook.backup.velero.io/command=["/bin/false"]'
    app.kubectl("-n", app.namespace, "annotate", "pods", "--all", "--overwrite", command)
    outcome = runs.back_up(app.namespace)
    assert outcome.phase == "PartiallyFailed"
    entry = entry_of(outcome, app)
    assert (entry["skipped"], entry["skippedReason"]) == (True, "any: pre hook failed;")
    assert app.snapshot_objects() == []
    assert storage.snapshots(*app.volume_handles()) == set()
    refuses_to_restore(app, runs)


def test_without_rights_on_contents(
    make_app: t.Callable[..., DataApp], runs: VolumeRuns, storage: Storage, callers: Callers
) -> None:
    """What has no namespace is not the caller's to touch: the backup says which right is missing, before it freezes.

    Without the data it can be had all the same.
    """
    app = make_app()
    reads = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}
    works = [
        {"apiGroups": [""], "resources": ["pods", "pods/exec"], "verbs": ["*"]},
        {"apiGroups": [_GROUP], "resources": ["volumesnapshots"], "verbs": ["*"]},
    ]
    few = callers.may(reads, *works, cluster=True)
    with pytest.raises(ArkiveError, match=r"patch.* volumesnapshotcontents\.snapshot\.storage\.k8s\.io") as caught:
        runs.back_up(app.namespace, client=few)
    assert "snapshot_volumes: false" in (caught.value.hint or "")
    assert LATE not in app.files()  # no hook has run
    outcome = runs.back_up(app.namespace, client=few, skip_forbidden=True)
    assert (outcome.phase, outcome.errors_list) == ("Completed", [])
    said = [warning["message"] + warning["reason"] for warning in outcome.warnings_list]
    assert any("patch and delete volumesnapshotcontents" in text for text in said), said
    assert entry_of(outcome, app)["skipped"] is True
    nothing_is_left(app, storage, app.volume_handles())
