# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import io
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_writer import TarballWriter
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.errors import CatalogError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.recorded_snapshots import RecordedSnapshots
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import LockRecord, WriteLock
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.ec2 import EbsSnapshotter
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import make_providers
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import tar_gz
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.written_backups import (
    Watched,
    all_keys,
    backup_files,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.ebs.ec2_account import (
    Ec2Account,
    ec2_account,
)

OF_B1 = gzip_json({"restore": {"spec": {"backupName": "b1"}}})
OF_B2 = gzip_json({"restore": {"spec": {"backupName": "b2"}}})


@pytest.fixture
def store(tmp_path: Path) -> Watched:
    return Watched(LocalStore(LocalLocation(path=str(tmp_path))))


def metadata(phase: str = "Completed", api_version: str = "velero.io/v1", **status: t.Any) -> bytes:
    document = {
        "apiVersion": api_version,
        "kind": "Backup",
        "metadata": {"name": "b1"},
        "status": {"phase": phase, **status},
    }
    return json.dumps(document).encode()


def put(store: Watched, **files: bytes) -> None:
    """A backup as Velero writes one, and what is given by its name."""
    for name, data in {"velero-backup.json": metadata(), "b1.tar.gz": tar_gz(), **files}.items():
        store.put(f"backups/b1/{name}", data)


def delete(store: Watched, **options: t.Any) -> t.Any:
    options.setdefault("providers", make_providers(VolumeContext()))
    return delete_backup("b1", store=t.cast("t.Any", store), **options)


def test_everything_of_it_goes_and_nothing_else(store: Watched) -> None:
    for name in ("b1", "b1x", "b2"):
        BackupWriter(t.cast("t.Any", store)).publish(backup_files(name))
    store.put("backups/b1/other", b"x")
    store.put("restores/r1/r1-arkive.json.gz", OF_B1)
    store.put("restores/r1/restore-r1-results.gz", b"x")
    store.put("restores/r2/r2-arkive.json.gz", OF_B2)
    before = all_keys(store)
    expected = [key for key in before if key.startswith(("backups/b1/", "restores/r1/"))]
    outcome = delete(store)
    assert outcome.changed
    assert sorted(outcome.deleted) == expected
    assert outcome.backup["metadata"]["name"] == "b1"
    assert all_keys(store) == [key for key in before if key not in expected]
    assert outcome.warnings_list == []


def test_what_makes_it_a_backup_goes_first(store: Watched) -> None:
    put(store)
    store.put("restores/r1/r1-arkive.json.gz", OF_B1)
    delete(store)
    assert next(act for act in store.acts if act.startswith("delete")) == "delete velero-backup.json"
    assert all_keys(store) == []


def test_a_second_attempt_finishes_the_first(store: Watched) -> None:
    """A deletion that stopped half way has taken the commit point; the restores' records go too."""
    put(store)
    store.delete_many(["backups/b1/velero-backup.json"])
    store.put("restores/r1/r1-arkive.json.gz", OF_B1)
    assert delete(store).deleted == ["backups/b1/b1.tar.gz", "restores/r1/r1-arkive.json.gz"]
    assert all_keys(store) == []


def test_check_mode_lists_and_changes_nothing(store: Watched) -> None:
    put(store)
    store.put("restores/r1/r1-arkive.json.gz", OF_B1)
    before = all_keys(store)
    store.acts.clear()
    planned = delete(store, check_mode=True)
    assert planned.changed
    assert store.acts == []
    assert all_keys(store) == before
    assert delete(store).deleted == planned.deleted == before


@pytest.mark.parametrize("check_mode", [False, True])
def test_one_that_is_not_there(store: Watched, *, check_mode: bool) -> None:
    store.put("backups/b1x/velero-backup.json", metadata())
    store.put("restores/r1/r1-arkive.json.gz", OF_B1)
    before = all_keys(store)
    outcome = delete(store, check_mode=check_mode, force=True)
    assert (outcome.changed, outcome.deleted, outcome.backup) == (False, [], None)
    assert all_keys(store) == before


NATIVE = {"spec": {"persistentVolumeName": "pv-1"}, "status": {"providerSnapshotID": "snap-1", "phase": "Completed"}}
CSI = {"pvName": "pv-2", "backupMethod": "CSISnapshot", "csiSnapshotInfo": {"snapshotHandle": "h-2"}}

# What it is refused for; with force, what is said instead.
REFUSED = [
    pytest.param({"velero-backup.json": metadata("InProgress")}, "its phase is InProgress", [], id="in progress"),
    pytest.param({"velero-backup.json": metadata("Finalizing")}, "its phase is Finalizing", [], id="3.1: finalizing"),
    pytest.param({"velero-backup.json": metadata("Deleting")}, "its phase is Deleting", [], id="7.4: deleting"),
    pytest.param({"velero-backup.json": metadata("")}, "its phase is New", [], id="never run"),
    pytest.param({"velero-backup.json": b"{"}, "cannot be read: ", [], id="broken object"),
    pytest.param(
        {"b1-volumesnapshots.json.gz": gzip_json([NATIVE])},
        "records snapshots that would be left behind: snap-1 (native, volume pv-1): no snapshot_location is given.",
        ["The snapshot snap-1 (native, volume pv-1) is left behind"],
        id="1.4: a native snapshot",
    ),
    pytest.param(
        {
            "b1-volumesnapshots.json.gz": gzip_json([NATIVE]),
            "b1-volumeinfo.json.gz": gzip_json([CSI, {"pvName": "pv-3", "skipped": True}]),
        },
        "snap-1 (native, volume pv-1): no snapshot_location is given; h-2 (CSI, volume pv-2): there is no connection",
        ["The snapshot snap-1 (native, volume pv-1) is left behind", "The snapshot h-2 (CSI, volume pv-2) is left"],
        id="1.5: and one of CSI",
    ),
    pytest.param(
        {
            "ark-backup.json": metadata(
                api_version="ark.heptio.com/v1", volumeBackups={"pv-1": {"snapshotID": "snap-9"}}
            ),
            "velero-backup.json": None,
        },
        "snap-9 (native, volume pv-1): no snapshot_location is given.",
        ["The snapshot snap-9"],
        id="9: in Ark's status",
    ),
    pytest.param({"b1-volumeinfo.json.gz": b"x"}, "Nobody can say which snapshots backup 'b1'", [], id="damaged"),
]


@pytest.mark.parametrize(("files", "message", "_warnings"), REFUSED)
@pytest.mark.parametrize("check_mode", [False, True])
def test_refused(
    store: Watched, files: dict[str, bytes | None], message: str, _warnings: list[str], *, check_mode: bool
) -> None:
    put(store, **{name: data for name, data in files.items() if data is not None})
    store.delete_many([f"backups/b1/{name}" for name, data in files.items() if data is None])
    before = all_keys(store)
    with pytest.raises(ValidationError) as caught:
        delete(store, check_mode=check_mode)
    assert message in caught.value.message
    assert "force: true" in (caught.value.hint or "")
    assert all_keys(store) == before


@pytest.mark.parametrize(("files", "message", "warnings"), REFUSED)
def test_forced(store: Watched, files: dict[str, bytes | None], message: str, warnings: list[str]) -> None:
    put(store, **{name: data for name, data in files.items() if data is not None})
    store.delete_many([f"backups/b1/{name}" for name, data in files.items() if data is None])
    outcome = delete(store, force=True)
    said = [warning["message"] for warning in outcome.warnings_list]
    assert len(said) == len(warnings or [message])
    assert all(start in text for start, text in zip(warnings or [message], said, strict=True))
    assert all_keys(store) == []


def native(*snapshot_ids: str, location: str = "default") -> bytes:
    return gzip_json(
        [
            {
                "spec": {"persistentVolumeName": f"pv-{number}", "location": location},
                "status": {"providerSnapshotID": snapshot_id, "phase": "Completed"},
            }
            for number, snapshot_id in enumerate(snapshot_ids)
        ]
    )


@pytest.fixture
def account() -> t.Iterator[Ec2Account]:
    with ec2_account() as found:
        yield found


def handles(outcome: t.Any) -> list[str]:
    return [entry["handle"] for entry in outcome.deleted_snapshots]


def test_snapshots_of_ebs_go_too(store: Watched, account: Ec2Account) -> None:
    """Check mode says which, and deletes nothing. One that is gone is fine (docs/compatibility 8.2)."""
    doomed, other = account.make_snapshot(), account.make_snapshot()
    put(store, **{"b1-volumesnapshots.json.gz": native(doomed, "snap-0123")})
    providers = make_providers(VolumeContext(location=account.snapshotter().location))
    planned = delete(store, providers=providers, check_mode=True)
    assert handles(planned) == [doomed, "snap-0123"]
    assert planned.shown is not None
    assert planned.shown["files"] == sorted(all_keys(store))
    assert [entry["handle"] for entry in planned.shown["snapshots"]] == [doomed, "snap-0123"]
    assert account.snapshots == {doomed, other}
    assert handles(delete(store, providers=providers)) == handles(planned)
    assert account.snapshots == {other}
    assert all_keys(store) == []


def test_where_nothing_can_be_deleted_the_snapshots_stay_too(
    store: Watched, account: Ec2Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backup stays to be seen: what it names must be there."""
    kept = account.make_snapshot()
    put(store, **{"b1-volumesnapshots.json.gz": native(kept)})
    before = all_keys(store)

    def refuse(_keys: t.Iterable[str]) -> None:
        raise StoreError("2 objects could not be deleted (Access Denied).", failure="denied")

    monkeypatch.setattr(store, "delete_many", refuse)
    with pytest.raises(StoreError, match="stays as it is, with its snapshots") as caught:
        delete(store, providers=make_providers(VolumeContext(location=account.snapshotter().location)))
    assert caught.value.details["changed"] is False
    assert account.snapshots == {kept}
    assert [key for key in all_keys(store) if "claim" not in key] == before


def test_a_store_that_refuses_once_the_snapshots_are_gone(
    store: Watched, account: Ec2Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backup is still visible: that it has lost them is reported, and a second run ends it."""
    put(store, **{"b1-volumesnapshots.json.gz": native(account.make_snapshot())})
    delete_many = store.delete_many

    def refuse(keys: t.Sequence[str]) -> None:
        if "backups/b1/velero-backup.json" in keys:
            raise StoreError("1 object could not be deleted (Access Denied).", failure="denied")
        delete_many(keys)

    monkeypatch.setattr(store, "delete_many", refuse)
    providers = make_providers(VolumeContext(location=account.snapshotter().location))
    with pytest.raises(StoreError, match="Access Denied") as caught:
        delete(store, providers=providers)
    assert account.snapshots == set()
    assert caught.value.details["changed"] is True
    assert len(caught.value.details["deleted_snapshots"]) == 1
    assert "has lost 1 snapshot already" in caught.value.details["warnings_list"][0]["message"]
    monkeypatch.setattr(store, "delete_many", delete_many)
    delete(store, providers=providers)
    assert all_keys(store) == []


@pytest.mark.parametrize("force", [False, True])
def test_a_run_that_is_told_to_stop(
    store: Watched, account: Ec2Account, monkeypatch: pytest.MonkeyPatch, *, force: bool
) -> None:
    """What is gone by then is reported, and the backup stays, with force too."""
    first, second = account.make_snapshot(), account.make_snapshot()
    put(store, **{"b1-volumesnapshots.json.gz": native(first, second)})
    before, cancel = all_keys(store), CancelToken()
    delete_snapshot = EbsSnapshotter.delete_snapshot

    def stop_after(self: EbsSnapshotter, snapshot_id: str) -> None:
        delete_snapshot(self, snapshot_id)
        cancel.cancel("SIGTERM")

    monkeypatch.setattr(EbsSnapshotter, "delete_snapshot", stop_after)
    providers = make_providers(VolumeContext(location=account.snapshotter().location, cancel=cancel))
    with pytest.raises(Cancelled, match="The run was cancelled: SIGTERM") as caught:
        delete(store, providers=providers, force=force)
    assert [entry["handle"] for entry in caught.value.details["deleted_snapshots"]] == [first]
    # Word of it is left: it has lost a snapshot.
    assert (account.snapshots, all_keys(store)) == ({second}, sorted([*before, "backups/b1/b1-arkive-deletion.json"]))


@pytest.mark.parametrize(
    "kept", ["backups/b1/velero-backup.json", "backups/b1/b1.tar.gz", "restores/r1/r1-arkive.json.gz"]
)
def test_a_store_that_drops_deletes(store: Watched, monkeypatch: pytest.MonkeyPatch, kept: str) -> None:
    """It answers as if all was well: what is there is looked at."""
    put(store)
    store.put("restores/r1/r1-arkive.json.gz", OF_B1)
    delete_many = store.delete_many

    def drop(keys: t.Iterable[str]) -> None:
        delete_many([key for key in keys if key != kept])

    monkeypatch.setattr(store, "delete_many", drop)
    with pytest.raises(StoreError, match="said that it had deleted what is still there"):
        delete(store)


def test_a_full_disk_is_no_hindrance(store: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deleting is how space is made, and the write lock of the name takes some."""
    put(store)

    def full(key: str, _data: bytes) -> bool:
        raise StoreError(f"Cannot write {key}: No space left on device.", failure="full")

    monkeypatch.setattr(store, "put_if_absent", full)
    outcome = delete(store)
    assert all_keys(store) == []
    (warning,) = outcome.warnings_list
    assert warning["message"].startswith("It was deleted without a claim of its name: Cannot write backups/b1/")


def test_snapshots_go_before_what_tells_of_them(
    store: Watched, account: Ec2Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that cannot be deleted keeps the whole backup, and can be tried again."""
    first, second = account.make_snapshot(), account.make_snapshot()
    put(store, **{"b1-volumesnapshots.json.gz": native(first, second)})
    before = all_keys(store)
    delete_snapshot = EbsSnapshotter.delete_snapshot

    def refuse_second(self: EbsSnapshotter, snapshot_id: str) -> None:
        if snapshot_id == second:
            raise SnapshotError("It is locked.", hint="Unlock it.")
        delete_snapshot(self, snapshot_id)

    monkeypatch.setattr(EbsSnapshotter, "delete_snapshot", refuse_second)
    providers = make_providers(VolumeContext(location=account.snapshotter().location))
    with pytest.raises(CatalogError) as caught:
        delete(store, providers=providers)
    assert f"not all of its snapshots could be deleted: {second} (native, volume pv-1): It is locked. Unlock it." in (
        caught.value.message
    )
    assert [entry["handle"] for entry in caught.value.details["snapshots"]] == [second]
    assert [entry["handle"] for entry in caught.value.details["deleted_snapshots"]] == [first]
    (warning,) = caught.value.details["warnings_list"]
    assert warning["message"].endswith("has lost 1 snapshot already, and cannot be restored whole: delete it again.")
    assert all_keys(store) == sorted([*before, "backups/b1/b1-arkive-deletion.json"])
    assert account.snapshots == {second}
    forced = delete(store, providers=providers, force=True)
    assert f"The snapshot {second} (native, volume pv-1) is left behind" in forced.warnings_list[0]["message"]
    assert handles(forced) == [first]
    assert all_keys(store) == []


@pytest.mark.parametrize(
    ("files", "infos", "why"),
    [
        pytest.param(
            {"b1-volumesnapshots.json.gz": native("snap-1", location="aws")},
            [],
            "it is in the snapshot location 'aws', and snapshot_location is 'default'",
            id="another location",
        ),
        pytest.param(
            {"b1-volumesnapshots.json.gz": native("projects/x/snapshots/y")},
            [],
            "it is none of EBS",
            id="another cloud",
        ),
        pytest.param(
            {"b1-podvolumebackups.json.gz": gzip_json([{"status": {"snapshotID": "k0pia"}}])},
            [],
            "it is in a repository, for which this task has no options",
            id="1.4: fs-backup",
        ),
        pytest.param({}, [CSI], "no cluster today", id="no cluster"),
    ],
)
def test_snapshots_that_cannot_be_deleted_here(
    store: Watched, account: Ec2Account, files: dict[str, bytes], infos: list[dict[str, t.Any]], why: str
) -> None:
    """Nothing is deleted then, whatever could be; with force the rest is."""

    def connect() -> t.NoReturn:
        raise KubeError("no cluster today")

    good = account.make_snapshot()
    info = {"pvName": "pv-9", "nativeSnapshotInfo": {"snapshotHandle": good}}
    put(store, **{**files, "b1-volumeinfo.json.gz": gzip_json([*infos, info])})
    before = all_keys(store)
    providers = make_providers(VolumeContext(connect=connect, location=account.snapshotter().location))
    with pytest.raises(ValidationError) as caught:
        delete(store, providers=providers)
    assert why in caught.value.message
    assert good in account.snapshots
    assert all_keys(store) == before
    outcome = delete(store, providers=providers, force=True)
    assert why in outcome.warnings_list[0]["message"]
    assert handles(outcome) == [good]
    assert good not in account.snapshots


def test_no_provider_is_given(store: Watched) -> None:
    """Nobody deletes then, and that is said of each snapshot."""
    pod_volume = {"status": {"snapshotID": "k0pia"}, "spec": {"volume": "files"}}
    put(
        store,
        **{
            "b1-volumeinfo.json.gz": gzip_json([CSI]),
            "b1-podvolumebackups.json.gz": gzip_json([pod_volume]),
        },
    )
    with pytest.raises(ValidationError) as caught:
        delete(store, providers=())
    assert "h-2 (CSI, volume pv-2): no volume provider that deletes such snapshots was given" in caught.value.message
    assert "k0pia (repository, volume files): only Velero's node agent can delete" in caught.value.message
    assert len(delete(store, providers=(), force=True).warnings_list) == 2
    assert all_keys(store) == []


def test_a_cluster_is_not_asked_without_need(store: Watched) -> None:
    asked: list[str] = []
    put(store)
    delete(
        store,
        providers=make_providers(VolumeContext(connect=lambda: t.cast("t.Any", asked.append("connect")))),
    )
    assert asked == []


@pytest.mark.parametrize(
    "file",
    [
        pytest.param("b1-csi-volumesnapshotcontents.json.gz", id="1.2: the file of 1.4 to 1.16"),
        pytest.param("", id="the tarball"),
    ],
)
def test_drivers_that_only_contents_name(store: Watched, file: str) -> None:
    content = {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshotContent",
        "metadata": {"name": "c", "labels": {"velero.io/backup-name": "b1"}},
        "spec": {"driver": "disk.example", "volumeSnapshotRef": {"namespace": "shop", "name": "vs"}},
        "status": {"snapshotHandle": "h-2"},
    }
    put(store, **{"b1-volumeinfo.json.gz": gzip_json([CSI])})
    if file:
        store.put(f"backups/b1/{file}", gzip_json([content]))
    else:
        stream = io.BytesIO()
        with TarballWriter(stream) as writer:
            kind = GroupResource.parse("volumesnapshotcontents.snapshot.storage.k8s.io")
            writer.add_items(kind, [(content, None)], preferred_version="v1")
            writer.close()
        store.put("backups/b1/b1.tar.gz", stream.getvalue())
    recorded = RecordedSnapshots(Catalog(t.cast("t.Any", store)).files("b1"))
    assert [(found.handle, found.driver) for found in recorded.all] == [("h-2", "disk.example")]
    assert recorded.contents.find("h-2", thoroughly=True) == content
    assert recorded.contents.find("h-3", thoroughly=True) == {}


@pytest.mark.parametrize("phase", ["Completed", "PartiallyFailed", "Failed", "FailedValidation"])
def test_final_phases(store: Watched, phase: str) -> None:
    put(store, **{"velero-backup.json": metadata(phase), "b1-volumeinfo.json.gz": gzip_json([{"skipped": True}])})
    assert delete(store).phase == phase
    assert all_keys(store) == []


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_live_claim(store: Watched, *, check_mode: bool) -> None:
    put(store)
    with WriteLock.acquire(t.cast("t.Any", store), BackupKeys("b1").write_lock, run_id="r1"):
        before = all_keys(store)
        with pytest.raises(ValidationError, match=r"is in progress: run r1 on .* works on it") as caught:
            delete(store, check_mode=check_mode)
        assert "force: true" in (caught.value.hint or "")
        assert caught.value.details["holder"]["run"] == "r1"
        assert all_keys(store) == before


def test_a_live_claim_forced(store: Watched) -> None:
    put(store)
    lock = WriteLock.acquire(t.cast("t.Any", store), BackupKeys("b1").write_lock, run_id="r1")
    outcome = delete(store, force=True)
    assert all_keys(store) == []
    assert "run r1" in outcome.warnings_list[0]["message"]
    with pytest.raises(StoreError, match="was lost"):
        lock.confirm()
    lock.release()
    assert all_keys(store) == []


def test_an_expired_claim_is_taken_over(store: Watched) -> None:
    past = utc_now() - dt.timedelta(hours=1)
    put(store, **{"b1-arkive-claim.json": LockRecord.make("r1", "host", 1, past, 60).encode()})
    assert "backups/b1/b1-arkive-claim.json" in delete(store).deleted
    assert all_keys(store) == []


def test_a_damaged_claim(store: Watched) -> None:
    put(store, **{"b1-arkive-claim.json": b"{"})
    with pytest.raises(ValidationError, match="is damaged"):
        delete(store)
    assert "is damaged" in delete(store, force=True).warnings_list[0]["message"]
    assert all_keys(store) == []


def test_a_restore_that_may_be_of_this_backup_stays(store: Watched) -> None:
    put(store)
    store.put("restores/r1/r1-arkive.json.gz", b"x")
    (warning,) = delete(store).warnings_list
    assert "The record of restore 'r1' is damaged and stays" in warning["message"]
    assert all_keys(store) == ["restores/r1/r1-arkive.json.gz"]


@pytest.mark.parametrize("force", [False, True])
def test_ark_at_the_root_is_never_deleted(store: Watched, *, force: bool) -> None:
    store.put("b1/ark-backup.json", metadata(api_version="ark.heptio.com/v1"))
    with pytest.raises(ValidationError, match=r"is one of Ark 0\.9 or older at the root"):
        delete(store, force=force)
    assert all_keys(store) == ["b1/ark-backup.json"]


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_read_only_location(store: Watched, tmp_path: Path, *, check_mode: bool) -> None:
    put(store)
    before = all_keys(store)
    closed = LocalStore(LocalLocation(path=str(tmp_path), read_only=True))
    with pytest.raises(StoreError, match="is read-only"):
        delete_backup("b1", store=closed, providers=(), check_mode=check_mode, force=True)
    assert all_keys(store) == before


def test_a_bad_name(store: Watched) -> None:
    with pytest.raises(ValidationError, match="cannot be the name of a backup"):
        delete_backup("../x", store=t.cast("t.Any", store), providers=())
