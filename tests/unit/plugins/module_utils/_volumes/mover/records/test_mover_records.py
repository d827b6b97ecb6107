# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records of moved volumes beside those that a Velero 1.18.3 with its node agent wrote (docs/compatibility 19)."""

from __future__ import annotations

import dataclasses
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import Uploaded
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.data_uploads import (
    DataUpload,
    mark_claim,
    operation_id,
    read_data_upload,
    source_path,
    upload_tags,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.item_operations import upload_operation
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.names import record_name
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.pod_volume_backups import (
    PodVolumeBackup,
    read_pod_volume_backup,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.volume_entries import (
    moved_volume_info,
    pod_volume_info,
)

#: What only an object of a cluster has.
_OF_CLUSTER = {"generateName", "generation", "ownerReferences", "resourceVersion", "uid"}
#: What only Velero's node agent does: it accepts, and mounts below a path of its own.
_OF_AGENT = {"acceptedByNode", "acceptedTimestamp", "path"}


def sample(name: str) -> t.Any:
    return json.loads((Path(__file__).parent / f"{name}.json").read_text())


@pytest.fixture
def upload() -> DataUpload:
    return read_data_upload(sample("dataupload"))


def without(obj: t.Mapping[str, t.Any], names: set[str]) -> dict[str, t.Any]:
    return {name: value for name, value in obj.items() if name not in names}


def test_a_data_upload_is_read(upload: DataUpload) -> None:
    assert (upload.reference, upload.backup_name) == ("velero/b-move-pnw4t", "b-move")
    assert (upload.claim_namespace, upload.claim) == ("app", "data")
    assert upload.is_good
    assert (upload.snapshot_id, upload.bytes) == ("672e1ad46a99b901091104aff30d993a", 8000004)


def test_a_data_upload_is_written_as_velero_writes_it(upload: DataUpload) -> None:
    theirs, ours = sample("dataupload"), upload.to_object()
    assert (ours["apiVersion"], ours["kind"]) == (theirs["apiVersion"], theirs["kind"])
    assert without(ours["metadata"], _OF_CLUSTER) == without(theirs["metadata"], _OF_CLUSTER)
    assert ours["spec"] == theirs["spec"]
    assert ours["status"] == without(theirs["status"], _OF_AGENT)
    assert read_data_upload(ours) == upload


def test_a_failed_one_names_no_snapshot(upload: DataUpload) -> None:
    """Spec of a failed volume: nothing to restore from, whatever its pod had written before it failed."""
    failed = dataclasses.replace(upload, phase="Failed", message="The pod was killed.")
    stored = failed.to_object()["status"]
    assert (stored["phase"], stored["message"]) == ("Failed", "The pod was killed.")
    assert "snapshotID" not in stored
    assert not read_data_upload(failed.to_object()).is_good
    entry = moved_volume_info(failed)
    assert (entry["result"], entry["snapshotDataMovementInfo"]["snapshotHandle"]) == ("failed", "")
    assert (entry["snapshotDataMoved"], entry["snapshotDataMovementInfo"]["Phase"]) == (True, "Failed")
    operation = upload_operation(failed)["status"]
    assert (operation["phase"], operation["error"]) == ("Failed", "The pod was killed.")


def test_the_operation(upload: DataUpload) -> None:
    assert upload_operation(upload) == sample("itemoperations")[0]


def test_the_entry_of_a_moved_volume(upload: DataUpload) -> None:
    theirs = without(sample("moved-volumeinfo")[0], {"pvcName", "pvcNamespace", "pvName", "pvInfo"})
    assert moved_volume_info(upload) == theirs


def test_the_claim(upload: DataUpload) -> None:
    """Velero restores by this annotation; what else it writes is of its own run and of a snapshot that is gone."""
    theirs = sample("claim")
    claim = {"metadata": {"name": "data", "namespace": "app", "labels": {"a": "b"}}, "spec": {}}
    mark_claim(claim, upload)
    written: t.Any = claim["metadata"]
    assert written["annotations"].items() <= theirs["metadata"]["annotations"].items()
    assert written["annotations"] == {"velero.io/data-upload-name": "velero/b-move-pnw4t"}
    assert written["labels"] == {"a": "b", "velero.io/backup-name": "b-move"}


@pytest.mark.parametrize("number", [0, 1])
def test_a_pod_volume_backup(number: int) -> None:
    """The one of a claim, and the one of an emptyDir."""
    theirs = sample("podvolumebackups")[number]
    read = read_pod_volume_backup(theirs)
    ours = read.to_object()
    kept = _OF_CLUSTER - {"generateName", "uid"}
    assert ours["metadata"] == without(theirs["metadata"], kept)
    assert ours["spec"] == theirs["spec"]
    assert ours["status"] == theirs["status"]
    assert read_pod_volume_backup(ours) == read
    assert (read.pod_namespace, read.volume, read.claim) == ("app", ["vol", "scratch"][number], ["data", ""][number])
    entry = without(sample("pod-volumeinfo")[number], {"pvcName", "pvcNamespace", "pvName", "pvInfo"})
    assert pod_volume_info(read) == entry


def test_a_pod_volume_backup_that_failed() -> None:
    read = read_pod_volume_backup(sample("podvolumebackups")[0])
    failed = dataclasses.replace(read, phase="Failed", message="No node.")
    assert "snapshotID" not in failed.to_object()["status"]
    assert pod_volume_info(failed)["pvbInfo"]["snapshotHandle"] == ""


@pytest.mark.parametrize("said", ["9" * 5000, "-1", "x", 4, None, "\u00b2"], ids=lambda said: str(said)[:4])
def test_a_strange_number_of_files_at_once_is_none(said: t.Any) -> None:
    """Python reads no number of thousands of digits (sys.get_int_max_str_digits)."""
    theirs = sample("podvolumebackups")[0]
    theirs["spec"]["uploaderSettings"] = {"ParallelFilesUpload": said}
    assert read_pod_volume_backup(theirs).parallel == 0


def test_an_old_pod_volume_backup_is_of_restic() -> None:
    """Before Velero 1.10 there was no other, and the member was empty."""
    theirs = sample("podvolumebackups")[0]
    theirs["spec"]["uploaderType"] = ""
    assert read_pod_volume_backup(theirs).uploader == "restic"


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param({"spec": None}, id="no spec"),
        pytest.param({"spec": {"sourcePVC": ["data"], "sourceNamespace": "app"}}, id="a list"),
        pytest.param({"spec": {"sourcePVC": "data"}}, id="no namespace"),
        pytest.param({"metadata": []}, id="no mapping"),
    ],
)
def test_a_damaged_data_upload(damage: dict[str, t.Any]) -> None:
    damaged = sample("dataupload") | damage
    if "spec" in damage:
        with pytest.raises(SnapshotError, match="does not say which claim"):
            read_data_upload(damaged)
    else:
        assert read_data_upload(damaged).name == ""


def test_a_damaged_pod_volume_backup() -> None:
    with pytest.raises(SnapshotError, match="which volume"):
        read_pod_volume_backup({"spec": {"pod": {"name": "a"}, "volume": "v"}})


def test_a_snapshot_that_is_no_text_is_none() -> None:
    damaged = sample("dataupload")
    damaged["status"] |= {"snapshotID": {"a": 1}, "progress": {"totalBytes": True}}
    read = read_data_upload(damaged)
    assert (read.snapshot_id, read.bytes, read.is_good) == ("", 0, False)


def test_names() -> None:
    """Sources and tags: records/kopia-snapshot-list-of-velero of docs/compatibility 19."""
    assert source_path("app", "data") == "snapshot-data-upload-download/kopia/app/data"
    operation = operation_id("d0e72aa9-0a73-46bb-987e-450a8fe0fb62", "b30ecd40-c231-4d0b-a2a9-f8b9d1a2f0a5")
    assert (len(operation), operation[:50]) == (63, "du-d0e72aa9-0a73-46bb-987e-450a8fe0fb62.b30ecd40-c")
    assert upload_tags("du-1.2") == {
        "snapshot-requester": "snapshot-data-upload-download",
        "snapshot-uploader": "kopia",
        "velero.io/async-operation-id": "du-1.2",
    }


@pytest.mark.parametrize("backup", ["b", "b" * 253, "a" * 44 + ".-b" * 3, "x" * 45 + "." + "y" * 60])
def test_the_name_of_a_record(backup: str) -> None:
    """It is a file name in the archive and a name in a cluster; each claim of a backup has its own."""
    names = {record_name(backup, uid) for uid in map(str, range(2000))}
    assert len(names) == 2000
    assert all(len(name) <= 63 and name.startswith(backup[:44].rstrip("-.")) for name in names)
    assert not any(".-" in name or "-." in name for name in names if ".-" not in backup)


def test_times_are_whole_seconds(upload: DataUpload) -> None:
    moment = parse_rfc3339("2026-06-01T02:00:00.9Z")
    stored = dataclasses.replace(upload, started=moment).to_object()
    assert stored["status"]["startTimestamp"] == "2026-06-01T02:00:00Z"


def test_no_times(upload: DataUpload) -> None:
    bare = dataclasses.replace(upload, created=None, started=None, ended=None, node="")
    assert "startTimestamp" not in bare.to_object()["status"]
    assert "completionTimestamp" not in moved_volume_info(bare)
    assert PodVolumeBackup(name="a", namespace="b", backup_name="c", pod_namespace="d", pod="e", volume="f").to_object()


STARTED, ENDED, NOW = (parse_rfc3339(f"2026-06-01T02:00:0{number}Z") for number in (1, 2, 3))
GOOD = {"phase": "Completed", "snapshot_id": "s", "bytes": 9, "incremental_bytes": 4, "message": ""}
BAD = {"phase": "Failed", "snapshot_id": "", "bytes": 0, "incremental_bytes": 0}


@pytest.mark.parametrize("kind", ["DataUpload", "PodVolumeBackup"])
@pytest.mark.parametrize(
    ("found", "fields"),
    [
        pytest.param(
            Uploaded(snapshot_id="s", bytes=9, incremental_bytes=4, started=STARTED, ended=ENDED),
            {**GOOD, "started": STARTED, "ended": ENDED},
            id="a copy",
        ),
        pytest.param(Uploaded(error="No."), {**BAD, "message": "No.", "started": None, "ended": NOW}, id="none"),
        pytest.param(Uploaded(), {**BAD, "message": "Nothing was copied.", "ended": NOW}, id="and nobody says why"),
        pytest.param(
            Uploaded(snapshot_id="s", error="It was half.", started=STARTED),
            {**BAD, "message": "It was half.", "started": STARTED},
            id="one that is not to be trusted",
        ),
    ],
)
def test_what_became_of_a_copy_is_said_alike(
    upload: DataUpload, kind: str, found: Uploaded, fields: dict[str, t.Any]
) -> None:
    """No record that is not good names a snapshot (Velero 1.18, both controllers)."""
    of_pod = read_pod_volume_backup(sample("podvolumebackups")[0])
    record = (upload if kind == "DataUpload" else of_pod).of_copy(found, ended=NOW)
    assert {name: getattr(record, name) for name in fields} == fields
    assert record.is_good is (fields["phase"] == "Completed")
    assert ("snapshotID" in record.to_object()["status"]) is record.is_good
