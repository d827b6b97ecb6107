# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was in a volume before its freeze is in the restored volume, and what met the freeze is not."""

from __future__ import annotations

import secrets
import typing as t
from pathlib import Path

import pytest
from volume_lab import LATE, DataApp, Storage
from volume_runs import VolumeRuns

from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome

pytestmark = pytest.mark.node

KINDS = [
    (workload, storage_class)
    for workload in ("Deployment", "StatefulSet")
    for storage_class in ("loopfile", "loopfile-xfs")
]


class Matrix(t.NamedTuple):
    """All applications, backed up together; restored beside themselves, and then, after they were lost, as they were.

    ``files``: what is in the volume by application, and "source", "copy" or "same".
    """

    apps: dict[tuple[str, str], DataApp]
    backup: BackupOutcome
    restores: dict[str, RestoreOutcome]
    files: dict[tuple[str, str, str], dict[str, str]]
    handles: dict[tuple[str, str], list[str]]
    left: list[str]


@pytest.fixture(scope="module")
def matrix(client: t.Any, kubectl: t.Any, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Matrix]:
    token = secrets.token_hex(3)
    apps = {
        kind: DataApp(kubectl, f"arkive-test-d-{token}-{number}", workload=kind[0], storage_class=kind[1])
        for number, kind in enumerate(KINDS)
    }
    copies = {app.namespace: f"{app.namespace}-copy" for app in apps.values()}
    runs = VolumeRuns(client, Path(tmp_path_factory.mktemp("matrix")) / "store")
    files: dict[tuple[str, str, str], dict[str, str]] = {}
    try:
        for app in apps.values():
            kubectl("create", "namespace", app.namespace)
            kubectl("-n", app.namespace, "create", "-f", "-", stdin=app.manifest())
        for app in apps.values():
            app.await_ready()
            app.write("before", app.namespace)
        handles = {kind: app.volume_handles() for kind, app in apps.items()}
        backup = runs.back_up(*copies)
        left = [name for app in apps.values() for name in app.snapshot_objects()]
        for kind, app in apps.items():
            app.await_thawed()
            files[*kind, "source"] = app.files()
        restores = {"copy": runs.restore(namespace_mapping=copies)}
        for kind, app in apps.items():
            app.await_ready(copies[app.namespace])
            files[*kind, "copy"] = app.files(copies[app.namespace])
        kubectl("delete", "namespace", *copies, "--timeout=110s")
        restores["same"] = runs.restore()
        for kind, app in apps.items():
            app.await_ready()
            files[*kind, "same"] = app.files()
        restores["again"] = runs.restore()
        yield Matrix(apps, backup, restores, files, handles, left)
    finally:
        kubectl("delete", "namespace", *copies, *copies.values(), "--ignore-not-found", "--wait=false")


@pytest.mark.parametrize("place", ["copy", "same"])
@pytest.mark.parametrize(("workload", "storage_class"), KINDS)
def test_the_data_is_back(matrix: Matrix, workload: str, storage_class: str, place: str) -> None:
    namespace = matrix.apps[workload, storage_class].namespace
    assert matrix.files[workload, storage_class, "source"] == {"before": namespace, LATE: "late"}
    assert matrix.files[workload, storage_class, place] == {"before": namespace}


def test_a_second_restore_changes_nothing(matrix: Matrix) -> None:
    """Also no objects of snapshots are made that no claim needs."""
    assert [
        (item["resource"], item["name"], item["action"])
        for item in matrix.restores["again"].plan_items
        if item["action"] in ("create", "update")
    ] == []
    assert not matrix.restores["again"].changed


def test_the_runs_say_so(matrix: Matrix) -> None:
    assert (matrix.backup.phase, matrix.backup.errors_list) == ("Completed", [])
    assert len(matrix.backup.freezes) == len(KINDS)
    assert all(record.consistent for record in matrix.backup.freezes)
    for done in matrix.restores.values():
        assert (done.phase, done.errors_list) == ("Completed", [])


@pytest.mark.parametrize(("workload", "storage_class"), KINDS)
def test_the_volume_is_accounted_for(matrix: Matrix, storage: Storage, workload: str, storage_class: str) -> None:
    """One snapshot in the storage, the one that the backup names; nothing of it in the cluster."""
    app = matrix.apps[workload, storage_class]
    (entry,) = [volume for volume in matrix.backup.volumes if volume["pvcNamespace"] == app.namespace]
    assert (entry["pvcName"], entry["backupMethod"], entry["result"]) == (app.claims[0], "CSISnapshot", "succeeded")
    assert (entry["skipped"], entry["snapshotDataMoved"], entry["preserveLocalSnapshot"]) == (False, False, True)
    handles = matrix.handles[workload, storage_class]
    assert {entry["csiSnapshotInfo"]["snapshotHandle"]} == storage.snapshots(*handles)


def test_nothing_is_left(matrix: Matrix, storage: Storage) -> None:
    assert matrix.left == []
    assert [name for app in matrix.apps.values() for name in app.snapshot_objects()] == []
    assert storage.left_frozen() == []
