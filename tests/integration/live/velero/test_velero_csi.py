# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volumes with their data: CSI snapshots that Velero made are restored by us, and ours by Velero.

The volume is frozen while its snapshot is cut, by the pod's own annotations, which both obey: what was written before
comes back though nothing was synced, and what met the freeze does not.
"""

from __future__ import annotations

import gzip
import json
import secrets
import typing as t

import pytest
from velero_judge import Judge, until
from volume_lab import DataApp, Storage

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import make_providers

pytestmark = pytest.mark.velero

#: Written before the backup, and so what is to come back; nothing else.
FILES = {"before": "1", "more": "2"}
_VOLUME_SNAPSHOTS = "volumesnapshots.snapshot.storage.k8s.io"
_CONTENTS = "volumesnapshotcontents.snapshot.storage.k8s.io"


class Side(t.NamedTuple):
    """One application and one backup of it, and where it is restored to beside it.

    ``volumes`` and ``snapshots``: what the storage calls its volumes, and what was cut of them.
    """

    app: DataApp
    backup: str
    copy: str
    volumes: list[str]
    snapshots: set[str]


def make_app(kubectl: t.Any, workload: str, storage_class: str) -> tuple[DataApp, str]:
    """The application with its files, and a name for the backup."""
    token = secrets.token_hex(3)
    namespace = f"arkive-test-c-{token}"
    app = DataApp(kubectl, namespace, workload=workload, storage_class=storage_class)
    kubectl("create", "namespace", namespace)
    app.create()
    for name, text in FILES.items():
        app.write(name, text)
    return app, f"c{token}"


def remove(kubectl: t.Any, app: DataApp) -> None:
    """Velero leaves the objects of the snapshots that it restores from, which nobody needs any more then."""
    for each in app.snapshot_objects(f"{app.namespace}-copy") + app.snapshot_objects():
        kind, name = each.split()
        if kind == "VolumeSnapshotContent":
            kubectl("delete", kind, name, "--wait=false")
    kubectl("delete", "namespace", app.namespace, f"{app.namespace}-copy", "--ignore-not-found", "--wait=false")


def velero_backup(judge: Judge, name: str, namespace: str) -> t.Any:
    judge("backup", "create", name, "--include-namespaces", namespace)
    return judge.await_end("backups", name)["status"]


@pytest.fixture(scope="module")
def theirs(judge: Judge, kubectl: t.Any, state: t.Any) -> t.Iterator[Side]:
    """A backup that Velero made."""
    app, backup = make_app(kubectl, "Deployment", "loopfile")
    try:
        status = velero_backup(judge, backup, app.namespace)
        if status.get("csiVolumeSnapshotsCompleted") != 1:
            # Its own limits are short for a machine that is busy.
            backup += "again"
            status = velero_backup(judge, backup, app.namespace)
        assert (status["phase"], status.get("csiVolumeSnapshotsCompleted")) == ("Completed", 1), status
        app.await_thawed()
        volumes = app.volume_handles()
        yield Side(app, backup, f"{app.namespace}-copy", volumes, Storage(state).snapshots(*volumes))
    finally:
        remove(kubectl, app)


class Ours(t.NamedTuple):
    """A backup that our engine made, and what it said."""

    side: Side
    outcome: BackupOutcome


@pytest.fixture(scope="module")
def ours(judge: Judge, judged_store: t.Any, client: t.Any, kubectl: t.Any, state: t.Any) -> t.Iterator[Ours]:
    app, backup = make_app(kubectl, "StatefulSet", "loopfile-xfs")
    try:
        spec = BackupSpec.from_options({"included_namespaces": [app.namespace]})
        outcome = run_backup(BackupRequest(name=backup, spec=spec), client=client, store=judged_store)
        app.await_thawed()
        volumes = app.volume_handles()
        snapshots = Storage(state).snapshots(*volumes)
        judge.start()  # it looks into the bucket at once
        judge.await_synced([backup])
        yield Ours(Side(app, backup, f"{app.namespace}-copy", volumes, snapshots), outcome)
    finally:
        remove(kubectl, app)


def restore(client: t.Any, store: t.Any, backup: str, **options: t.Any) -> t.Any:
    spec = RestoreSpec.from_options({"backup_name": backup, **options})
    done = run_restore(RestoreRequest(spec=spec), client=client, store=store)
    assert (done.phase, done.errors_list) == ("Completed", [])
    return done


def test_velero_made_and_restored_by_us(theirs: Side, client: t.Any, judged_store: t.Any, state: t.Any) -> None:
    """Beside the original first; then there is no original any more."""
    app = theirs.app
    assert len(theirs.snapshots) == 1
    for mapping, namespace in (({app.namespace: theirs.copy}, theirs.copy), ({}, app.namespace)):
        if not mapping:
            app.delete()
        restore(client, judged_store, theirs.backup, namespace_mapping=mapping)
        app.await_ready(namespace)
        assert app.files(namespace) == FILES
    assert app.snapshot_objects() == []
    assert Storage(state).left_frozen() == []


def test_ours_and_restored_by_velero(ours: Ours, judge: Judge, state: t.Any) -> None:
    app, copy = ours.side.app, ours.side.copy
    assert (ours.outcome.phase, ours.outcome.errors_list) == ("Completed", [])
    for name, mapping in (("copy", ["--namespace-mappings", f"{app.namespace}:{copy}"]), ("again", [])):
        namespace = copy if mapping else app.namespace
        if not mapping:
            app.delete()
        restored = f"{ours.side.backup}-{name}"
        judge("restore", "create", restored, "--from-backup", ours.side.backup, *mapping)
        status = judge.await_end("restores", restored)["status"]
        assert (status["phase"], status.get("errors", 0)) == ("Completed", 0)
        app.await_ready(namespace)
        assert app.files(namespace) == FILES
        (handle,) = ours.side.snapshots
        assert handle in judge.describe("restore", restored)
    assert Storage(state).left_frozen() == []


def test_velero_tells_of_our_snapshot(ours: Ours, judge: Judge) -> None:
    """What it would report of its own."""
    (handle,) = ours.side.snapshots
    backup = judge.get("backups", ours.side.backup)
    assert backup is not None
    counted = ("csiVolumeSnapshotsAttempted", "csiVolumeSnapshotsCompleted")
    assert [backup["status"].get(name) for name in counted] == [1, 1]
    text = judge.describe("backup", ours.side.backup)
    told = text[text.index("CSI Snapshots:") :]
    assert f"{ours.side.app.namespace}/{ours.side.app.claims[0]}" in told
    assert handle in told
    assert "CSI Driver: loopfile.csi.test" in told
    assert "Result: succeeded" in told


def shape(value: t.Any) -> t.Any:
    """Which members there are, down to the last, whatever their values."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items() if name != "managedFields"}
    return [shape(each) for each in value] if isinstance(value, list) else type(value).__name__


def only(tarball: dict[str, Object], kind: str) -> Object:
    """The one object of a type, without its labels, which come from the application."""
    found = [obj for path, obj in tarball.items() if path.split("/")[1] == kind and "-preferredversion/" not in path]
    assert len(found) == 1, [obj["metadata"]["name"] for obj in found]
    found[0]["metadata"].pop("generation", None)
    return found[0]


@pytest.mark.parametrize("kind", [_VOLUME_SNAPSHOTS, _CONTENTS, "persistentvolumeclaims"])
def test_stored_as_velero_stores_it(theirs: Side, ours: Ours, judge: Judge, kind: str) -> None:
    """The same members in each object that a restore of the volume needs."""
    model, found = (only(judge.download(side.backup), kind) for side in (theirs, ours.side))
    model_shape, found_shape = shape(model), shape(found)
    for each in (model_shape, found_shape):
        metadata = each["metadata"]
        metadata.pop("generateName", None)  # our names are whole when they are asked for
        metadata.pop("finalizers", None)  # restored, nobody would take away what Velero keeps there
        metadata["labels"].pop("app", None)  # of a claim from a template
        # The server's word to its plugin, which is of no use to anybody later.
        (metadata.get("annotations") or {}).pop("backup.velero.io/must-include-additional-items", None)
    assert found_shape == model_shape


def volume_info(bucket: t.Any, backup: str) -> Object:
    stored = bucket.Object(f"backups/{backup}/{backup}-volumeinfo.json.gz").get()["Body"].read()
    (found,) = json.loads(gzip.decompress(stored))
    return t.cast("Object", found)


def test_volume_info_is_veleros(theirs: Side, ours: Ours, judged_bucket: t.Any) -> None:
    model, found = (volume_info(judged_bucket, side.backup) for side in (theirs, ours.side))
    model["csiSnapshotInfo"].pop("operationID")  # of a Velero server that waits for the upload
    model["pvInfo"]["labels"] = model["pvInfo"]["labels"] or {}
    assert shape(found) == shape(model)
    same = ("backupMethod", "snapshotDataMoved", "preserveLocalSnapshot", "skipped", "result")
    assert [found[name] for name in same] == [model[name] for name in same]
    assert found["pvInfo"] == model["pvInfo"]
    assert {found["csiSnapshotInfo"]["snapshotHandle"]} == ours.side.snapshots


def test_velero_deletes_ours_with_its_snapshot(ours: Ours, judge: Judge, state: t.Any) -> None:
    side = ours.side
    assert Storage(state).snapshots(*side.volumes) == side.snapshots
    judge("backup", "delete", side.backup, "--confirm")
    until(lambda: judge.get("backups", side.backup) is None, f"Velero deletes {side.backup}", seconds=90)
    until(lambda: not Storage(state).snapshots(*side.volumes), "the storage deletes the snapshot", seconds=60)


def test_we_delete_veleros_with_its_snapshot(theirs: Side, judged_store: t.Any, client: t.Any, state: t.Any) -> None:
    assert Storage(state).snapshots(*theirs.volumes) == theirs.snapshots
    done = delete_backup(
        theirs.backup,
        store=judged_store,
        providers=make_providers(VolumeContext(connect=lambda: client)),
    )
    assert f"backups/{theirs.backup}/velero-backup.json" in done.deleted
    assert {found["handle"] for found in done.deleted_snapshots} == theirs.snapshots
    assert Storage(state).snapshots(*theirs.volumes) == set()
