# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots of runs that came to nothing: the run itself takes them back, or the next one of the same name does."""

from __future__ import annotations

import json
import typing as t

import pytest
from volume_lab import DataApp, Storage, until
from volume_runs import VolumeRuns

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volume_snapshots import VolumeSnapshots
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.snapshots import CsiSnapshots

pytestmark = pytest.mark.node


def leave(app: DataApp, runs: VolumeRuns, kubectl: t.Any, name: str, *, location: str) -> None:
    """A VolumeSnapshot as a run makes it that is killed afterwards, its content made to outlive it."""
    body = {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshot",
        "metadata": {
            "name": name,
            "labels": {"velero.io/backup-name": runs.backup_name, "arkive.k8s/run": "dead"},
            "annotations": {"arkive.k8s/location": location},
        },
        "spec": {"source": {"persistentVolumeClaimName": app.claims[0]}},
    }
    where = ["-n", app.namespace]
    kubectl(*where, "create", "-f", "-", stdin=json.dumps(body))
    content = until(
        lambda: kubectl(*where, "get", "-o", "jsonpath={.status.boundVolumeSnapshotContentName}", "vs", name),
        "the snapshot is bound",
        seconds=60,
    )
    kubectl("patch", "vsc", content, "--type=merge", "-p", '{"spec":{"deletionPolicy":"Retain"}}')
    until(
        lambda: kubectl(*where, "get", "-o", "jsonpath={.status.readyToUse}", "vs", name) == "true",
        "the snapshot is ready",
        seconds=60,
    )


def test_the_next_run_takes_back_what_a_dead_one_left(
    make_app: t.Callable[..., DataApp], runs: VolumeRuns, storage: Storage, kubectl: t.Any
) -> None:
    app = make_app()
    (volume,) = app.volume_handles()
    leave(app, runs, kubectl, "left", location=runs.store.location.describe)
    leave(app, runs, kubectl, "elsewhere", location="s3://another/bucket")
    before = storage.snapshots(volume)
    assert len(before) == 2
    outcome = runs.back_up(app.namespace)
    assert (outcome.phase, outcome.warnings_list) == ("Completed", [])
    (entry,) = outcome.volumes
    own = entry["csiSnapshotInfo"]["snapshotHandle"]
    after = storage.snapshots(volume)
    assert own in after
    # The one of a backup in another location is not ours to judge.
    assert len(after - {own}) == 1
    assert after - {own} < before
    assert app.snapshot_objects() != []
    kubectl("-n", app.namespace, "get", "vs", "elsewhere")


def test_a_backup_that_is_not_stored_has_no_snapshots(
    make_app: t.Callable[..., DataApp], runs: VolumeRuns, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    (volume,) = app.volume_handles()

    def refuse(*_given: t.Any, **_more: t.Any) -> t.NoReturn:
        # They are there, and would outlive the cluster.
        assert len(storage.snapshots(volume)) == 1
        raise StoreError("The store is full.")

    monkeypatch.setattr(BackupWriter, "publish", refuse)
    with pytest.raises(StoreError, match="The store is full"):
        runs.back_up(app.namespace)
    assert app.snapshot_objects() == []
    assert storage.snapshots(volume) == set()
    app.await_thawed()


def test_a_run_that_is_cancelled_in_the_window(
    make_app: t.Callable[..., DataApp], runs: VolumeRuns, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(snapshot_class="loopfile-slow")
    (volume,) = app.volume_handles()
    cancel = CancelToken()
    await_taken = CsiSnapshots.await_taken

    def cancelled(self: CsiSnapshots, *given: t.Any, **more: t.Any) -> None:
        cancel.cancel("SIGTERM")
        await_taken(self, *given, **more)

    monkeypatch.setattr(CsiSnapshots, "await_taken", cancelled)
    with pytest.raises(Cancelled):
        runs.back_up(app.namespace, cancel=cancel)
    app.await_thawed()
    assert (app.marks(), app.snapshot_objects(), storage.snapshots(volume)) == ("", [], set())
    assert storage.left_frozen() == []


def test_what_a_failed_backup_needs_is_left_until_it_is_replaced(
    make_app: t.Callable[..., DataApp], runs: VolumeRuns, storage: Storage, kubectl: t.Any
) -> None:
    """As after a run that was killed between the commit and the removal of its objects."""
    app = make_app()
    (volume,) = app.volume_handles()
    where = ["-n", app.namespace]
    kubectl(*where, "run", "other", "--image=busybox:1", "--command", "--", "sleep", "3600")
    kubectl(*where, "wait", "--for=condition=Ready", "pod/other", "--timeout=60s")
    kubectl(*where, "annotate", "pod", "other", "pre.hook.backup.velero.io/command=/bin/false")
    assert runs.back_up(app.namespace).phase == "PartiallyFailed"
    recorded = storage.snapshots(volume)
    leave(app, runs, kubectl, "left", location=runs.store.location.describe)
    left = storage.snapshots(volume) - recorded

    def refuse(*_given: t.Any, **_more: t.Any) -> t.NoReturn:
        raise StoreError("The store is away.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VolumeSnapshots, "finish", refuse)
        with pytest.raises(StoreError):
            runs.back_up(app.namespace, replace_failed=True)
    assert storage.snapshots(volume) >= recorded | left
    kubectl(*where, "annotate", "pod", "other", "pre.hook.backup.velero.io/command-")
    assert runs.back_up(app.namespace, replace_failed=True).phase == "Completed"
    assert not storage.snapshots(volume) & recorded
