# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restore takes, and what it refuses before anything is done: docs/compatibility 13.1."""

from __future__ import annotations

import gzip
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.source import open_source
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.applied import AppliedPlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.report.records import RestoreRecords
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import obj, tar_gz

TAR = tar_gz(("resources/pods/namespaces/app/web.json", obj("Pod", "web", "app")))
OLD_TAR = tar_gz(("namespaces/app/pods/web.json", obj("Pod", "web", "app")))


def backup(**members: t.Any) -> bytes:
    document = {
        "apiVersion": "velero.io/v1",
        "kind": "Backup",
        "metadata": {"name": "n"},
        "status": {"phase": "Completed"},
    }
    return json.dumps(document | members).encode()


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(LocalLocation(path=str(tmp_path)))


SOUND = {"backups/n/velero-backup.json": backup(), "backups/n/n.tar.gz": TAR}
ARK = {"n/ark-backup.json": backup(apiVersion="ark.heptio.com/v1"), "n/n.tar.gz": OLD_TAR}


@pytest.mark.parametrize(
    ("files", "warning"),
    [
        pytest.param(SOUND, "", id="smallest accepted pair"),
        pytest.param(ARK, "", id="Ark 0.3"),
        pytest.param(SOUND | {"backups/n/n-volumeinfo.json.gz": gzip.compress(b"null")}, "", id="null"),
        pytest.param(
            SOUND | {"backups/n/velero-backup.json": backup(status={"phase": "PartiallyFailed"})},
            "Backup 'n' is PartiallyFailed",
            id="PartiallyFailed",
        ),
    ],
)
def test_taken(store: LocalStore, files: dict[str, bytes], warning: str) -> None:
    for key, data in files.items():
        store.put(key, data)
    with open_source(store, "n") as opened:
        assert [ref.group_resource for ref in opened.items.items] == [GroupResource("pods")]
        assert [text for text in opened.warnings if text.startswith(warning)] == opened.warnings
        assert bool(opened.warnings) == bool(warning)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        pytest.param(
            {"velero-backup.json": backup(metadata={"name": "m"})}, "has the name 'm', but lies in", id="other name"
        ),
        pytest.param({"velero-backup.json": backup(kind="Restore")}, "is a velero.io/v1/Restore", id="other kind"),
        pytest.param({"velero-backup.json": backup(spec=[])}, "Its spec is not an object", id="spec"),
        pytest.param({"velero-backup.json": backup(status={"phase": "Finalizing"})}, "its phase is", id="in flight"),
        pytest.param({"velero-backup.json": backup(status={})}, "its phase is New", id="no phase"),
        pytest.param({"n.tar.gz": b""}, "is empty", id="tar empty"),
        pytest.param({"n.tar.gz": b"plain"}, "is not a sound gzip file", id="tar not gzip"),
        pytest.param({"n.tar.gz": TAR[:-5]}, "is truncated", id="tar truncated"),
        pytest.param({"n.tar.gz": None}, "has no tarball", id="tar missing"),
        pytest.param({"n-volumeinfo.json.gz": b"garbage"}, "n-volumeinfo.json.gz is not a sound", id="volumeinfo"),
        pytest.param({"n-volumesnapshots.json.gz": b"garbage"}, "n-volumesnapshots.json.gz is", id="volumesnapshots"),
        pytest.param({"n-csi-volumesnapshots.json.gz": gzip.compress(b"{}")}, "it is not a list", id="csi snapshots"),
    ],
)
def test_refused(store: LocalStore, changed: dict[str, bytes | None], message: str) -> None:
    files: dict[str, bytes | None] = {**SOUND, **{f"backups/n/{name}": data for name, data in changed.items()}}
    for key, data in files.items():
        if data is not None:
            store.put(key, data)
    with pytest.raises(ArkiveError, match=message):
        open_source(store, "n").close()


def gzipped(document: t.Any) -> bytes:
    return gzip.compress(json.dumps(document).encode())


RESTIC_POD = obj("Pod", "web", "app")
RESTIC_POD["metadata"]["annotations"] = {"snapshot.ark.heptio.com/files": "5e5e"}
RESTIC_POD["spec"] = {"volumes": [{"name": "files", "persistentVolumeClaim": {"claimName": "data"}}]}
RESTIC_TAR = tar_gz(("resources/pods/namespaces/app/web.json", RESTIC_POD))
OF_ARK = {"phase": "Completed", "volumeBackups": {"pv1": {"snapshotID": "snap-1", "type": "gp2"}}}
CSI = {"metadata": {"namespace": "app"}, "spec": {"source": {"persistentVolumeClaimName": "data"}}}
PVB = {
    "metadata": {"annotations": {"velero.io/pvc-name": "data"}},
    "spec": {"pod": {"namespace": "app", "name": "web"}, "volume": "files"},
}
FOUND_1_13 = [{"pvName": "pv2", "backupMethod": "CSISnapshot"}]


@pytest.mark.parametrize(
    ("files", "records"),
    [
        pytest.param(SOUND, [], id="none"),
        pytest.param(
            {"n/ark-backup.json": backup(apiVersion="ark.heptio.com/v1", status=OF_ARK), "n/n.tar.gz": OLD_TAR},
            [("NativeSnapshot", "pv1", "")],
            id="Ark 0.3: in its status",
        ),
        pytest.param(
            SOUND | {"backups/n/n.tar.gz": RESTIC_TAR}, [("PodVolumeBackup", "", "data")], id="Ark 0.10: annotation"
        ),
        pytest.param(
            SOUND | {"backups/n/n.tar.gz": RESTIC_TAR, "backups/n/n-podvolumebackups.json.gz": gzipped([])},
            [],
            id="Velero 1.1: its file is right",
        ),
        pytest.param(
            SOUND
            | {
                "backups/n/n-podvolumebackups.json.gz": gzipped([PVB]),
                "backups/n/n-csi-volumesnapshots.json.gz": gzipped([CSI]),
            },
            [("PodVolumeBackup", "", "data"), ("CSISnapshot", "", "data")],
            id="Velero 1.12",
        ),
        pytest.param(
            SOUND
            | {
                "backups/n/n-volumeinfo.json.gz": gzipped(FOUND_1_13),
                "backups/n/n-podvolumebackups.json.gz": gzipped([PVB]),
            },
            [("CSISnapshot", "pv2", "")],
            id="Velero 1.13: volumeinfo alone",
        ),
    ],
)
def test_volume_records(store: LocalStore, files: dict[str, bytes], records: list[tuple[str, str, str]]) -> None:
    """docs/compatibility 5.8 and 12.2."""
    for key, data in files.items():
        store.put(key, data)
    with open_source(store, "n") as opened:
        found = [(e["backupMethod"], e.get("pvName", ""), e.get("pvcName", "")) for e in opened.volumes]
    assert found == records


@pytest.mark.parametrize(
    ("files", "written"), [pytest.param(SOUND, True, id="Velero"), pytest.param(ARK, False, id="Ark 0.9: read only")]
)
def test_records(store: LocalStore, files: dict[str, bytes], *, written: bool) -> None:
    for key, data in files.items():
        store.put(key, data)
    records = RestoreRecords(store, "r")
    restore = {"spec": {"backupName": "n"}}
    assert (
        records.write(restore, applied=AppliedPlan(RestorePlan()), results={}, hooks=[], volumeinfo=[], log=b"")
        is written
    )
    assert bool(store.list("restores/").objects) is written


def test_records_elsewhere(tmp_path: Path) -> None:
    """A location that must not be written: the record is in a directory, and one that the location has counts too."""
    (tmp_path / "bucket").mkdir()
    (tmp_path / "records").mkdir()
    bucket = LocalStore(LocalLocation(path=str(tmp_path / "bucket")))
    elsewhere = LocalStore(LocalLocation(path=str(tmp_path / "records")))
    for key, data in SOUND.items():
        bucket.put(key, data)
    restore = {"spec": {"backupName": "n"}}
    hook = {"namespace": "a"}
    RestoreRecords(bucket, "old").write_progress(restore, [hook])
    before = [info.key for info in bucket.list().objects]

    records = RestoreRecords(elsewhere, "r", other=bucket)
    assert not records.read_previous("n").unfinished
    records.write_progress(restore, [])
    assert records.read_previous("n").unfinished
    assert RestoreRecords(elsewhere, "old", other=bucket).read_previous("n").hooks == (hook,)
    assert [info.key for info in elsewhere.list().objects] == ["restores/r/r-arkive.json.gz"]
    assert [info.key for info in bucket.list().objects] == before
