# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects of a cluster follow a location. Rules: Velero's ``pkg/controller/backup_sync_controller.go`` (1.18.3)."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_request import SyncError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.synced_objects import PENDING
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.sync_lab import SyncLab, pod_volume


@pytest.fixture
def lab(tmp_path: Path) -> SyncLab:
    found = SyncLab(tmp_path)
    found.add_location()
    return found


def test_what_is_missing_is_made_and_what_has_no_files_goes(lab: SyncLab) -> None:
    lab.put("new", spec={"storageLocation": "old", "ttl": "720h0m0s", "hooks": {"resources": []}})
    lab.put("known")
    lab.add_backup("known")
    lab.add_backup("gone")
    before, known = lab.keys(), lab.backup("known")

    outcome = lab.sync()

    assert (outcome.created, outcome.removed, outcome.changed) == (("new",), ("gone",), True)
    assert lab.names() == ["known", "new"]
    assert lab.backup("known") == known
    made = lab.backup("new")
    assert made["metadata"]["namespace"] == "velero"
    assert made["metadata"]["uid"] != "of-another-cluster"
    assert made["metadata"]["labels"] == {"velero.io/storage-location": "default"}
    assert made["spec"] == {"storageLocation": "default", "ttl": "720h0m0s"}
    assert made["status"] == {"phase": "Completed"}
    assert lab.keys() == before
    location = lab.api.objects["backupstoragelocations", "velero", "default"]
    assert location["status"] == {"lastSyncedTime": "2026-06-10T12:00:00Z"}

    written = len(lab.writes())
    again = lab.sync()
    assert not again.changed
    assert len(lab.writes()) == written
    assert lab.sync(note_time=True).changed is False
    assert len(lab.writes()) == written + 1


@pytest.mark.parametrize(
    ("phase", "status", "made", "reason"),
    [
        ("Completed", {}, "Completed", ""),
        ("PartiallyFailed", {}, "PartiallyFailed", ""),
        ("Failed", {}, "Failed", ""),
        ("Completed", {"expiration": "2026-06-01T00:00:00Z"}, "Completed", ""),
        ("", {}, "", "has no phase"),
        ("New", {}, "", "has the phase 'New'"),
        ("InProgress", {"expiration": "2026-06-01T00:00:00Z"}, "", "has the phase 'InProgress'"),
        ("FailedValidation", {}, "", "has the phase 'FailedValidation'"),
        ("Deleting", {}, "", "has the phase 'Deleting'"),
        ("Finalizing", {}, "", "whoever makes it has not ended"),
        ("Finalizing", {"expiration": "2026-06-11T00:00:00Z"}, "", "has not ended"),
        ("Finalizing", {"expiration": "2026-06-10T11:00:00Z"}, "PartiallyFailed", ""),
        ("FinalizingPartiallyFailed", {"expiration": "2026-06-10T11:00:00Z"}, "PartiallyFailed", ""),
        ("WaitingForPluginOperations", {"expiration": "2026-06-10T11:00:00Z"}, "PartiallyFailed", ""),
        ("WaitingForPluginOperationsPartiallyFailed", {}, "", "has not ended"),
    ],
)
def test_phases_in_the_store(lab: SyncLab, phase: str, status: dict[str, str], made: str, reason: str) -> None:
    lab.put("one", phase, status=status)
    outcome = lab.sync()
    if made:
        assert outcome.created == ("one",)
        assert lab.backup("one")["status"]["phase"] == made
    else:
        assert lab.names() == []
        assert [each.name for each in outcome.skipped] == ["one"]
        assert reason in outcome.skipped[0].reason


@pytest.mark.parametrize(
    ("phase", "location", "goes"),
    [
        ("Completed", "default", True),
        ("PartiallyFailed", "default", True),
        ("Failed", "default", False),
        ("FailedValidation", "default", False),
        ("New", "default", False),
        ("InProgress", "default", False),
        ("Deleting", "default", False),
        ("Completed", "other", False),
        ("Completed", "", False),
    ],
)
def test_objects_without_files(lab: SyncLab, phase: str, location: str, goes: bool) -> None:
    lab.add_backup("one", phase, location)
    outcome = lab.sync()
    assert outcome.removed == (("one",) if goes else ())
    assert lab.names() == ([] if goes else ["one"])


def test_any_file_in_its_directory_keeps_an_object(lab: SyncLab) -> None:
    """Velero lists directories."""
    lab.add_backup("one")
    lab.store.put("backups/one/one-logs.gz", b"x")
    assert not lab.sync().changed


def test_a_backup_that_is_being_deleted_gets_no_object(lab: SyncLab) -> None:
    lab.put("one")
    lab.store.put(BackupKeys("one").deletion, b"{}")
    outcome = lab.sync()
    assert lab.names() == []
    assert outcome.skipped[0].reason == "Its deletion has begun."


def test_other_locations_keep_their_names(lab: SyncLab) -> None:
    lab.put("one")
    lab.add_backup("one", location="other")
    outcome = lab.sync()
    assert not outcome.changed
    assert "belongs to the storage location 'other'" in outcome.warnings[0]


OWNER = {"apiVersion": "velero.io/v1", "kind": "Schedule", "name": "nightly", "uid": "u1"}
OTHER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "u2"}


@pytest.mark.parametrize(
    ("owners", "schedules", "kept"),
    [
        ([OWNER], {}, []),
        ([OWNER], {"nightly": "u1"}, [OWNER]),
        ([OWNER], {"nightly": "u9"}, []),
        ([OTHER, OWNER], {}, [OTHER]),
        ([], {}, []),
    ],
)
def test_owners(lab: SyncLab, owners: list[t.Any], schedules: dict[str, str], kept: list[t.Any]) -> None:
    for name, uid in schedules.items():
        lab.api.add("schedules", name, "velero", metadata={"uid": uid})
    lab.put("one", metadata={"ownerReferences": owners})
    outcome = lab.sync()
    assert lab.backup("one")["metadata"].get("ownerReferences", []) == kept
    assert bool(outcome.warnings) is (OTHER in kept)


def test_what_people_wrote_on_a_backup_comes_along(lab: SyncLab) -> None:
    labels = {"velero.io/schedule-name": "nightly", "team": "a", "velero.io/storage-location": "old"}
    lab.put("one", metadata={"labels": labels, "annotations": {"why": "x"}, "resourceVersion": "5", "generation": 3})
    lab.sync()
    metadata = lab.backup("one")["metadata"]
    assert metadata["labels"] == {**labels, "velero.io/storage-location": "default"}
    assert metadata["annotations"] == {"why": "x"}


def test_volumes_of_pods_belong_to_the_new_object(lab: SyncLab) -> None:
    lab.put("one", pod_volumes=[pod_volume("one-a", "one"), pod_volume("one-b", "one")])
    lab.api.add("podvolumebackups", "one-b", "velero", spec={"mine": True})
    outcome = lab.sync()
    assert outcome.pod_volume_backups == 1
    uid = lab.backup("one")["metadata"]["uid"]
    assert "annotations" not in lab.backup("one")["metadata"] or not lab.backup("one")["metadata"]["annotations"]
    made = lab.api.objects["podvolumebackups", "velero", "one-a"]
    assert made["metadata"]["ownerReferences"][0]["uid"] == uid
    assert made["metadata"]["labels"]["velero.io/backup-uid"] == uid
    assert made["spec"]["backupStorageLocation"] == "default"
    assert made["status"]["snapshotID"] == "abc"
    assert lab.api.objects["podvolumebackups", "velero", "one-b"]["spec"] == {"mine": True}


class Death:
    """The API server is gone for good before or after the write of this number."""

    def __init__(self, lab: SyncLab, step: int, *, had_effect: bool) -> None:
        self._step = step
        self._writes = 0
        self._api = lab.api
        if had_effect:
            lab.api.lose = self.lose
        lab.api.refuse = self.refuse
        self._had_effect = had_effect

    def refuse(self, verb: str, _path: str, dry_run: bool) -> KubeError | None:
        if self._writes > self._step:
            return KubeError("the API server is gone")
        if verb == "GET" or dry_run or self._had_effect:
            return None
        return self.lose(verb, _path)

    def lose(self, _verb: str, _path: str) -> KubeError | None:
        self._writes += 1
        return KubeError("the API server is gone") if self._writes > self._step else None


def world(path: Path) -> SyncLab:
    lab = SyncLab(path)
    lab.put("a", pod_volumes=[pod_volume("a-1", "a"), pod_volume("a-2", "a")])
    lab.put("b")
    return lab


#: The location, a, its two volumes, the mark, b, the time of the sync.
WRITES = 7


def test_how_many_writes_there_are(tmp_path: Path) -> None:
    lab = world(tmp_path)
    lab.sync(create_location=True)
    assert len(lab.writes()) == WRITES


@pytest.mark.parametrize("had_effect", [False, True])
@pytest.mark.parametrize("step", range(WRITES))
def test_whatever_write_a_run_dies_at_the_next_one_ends_it(tmp_path: Path, step: int, had_effect: bool) -> None:
    lab = world(tmp_path)
    Death(lab, step, had_effect=had_effect)
    with pytest.raises(ArkiveError):
        lab.sync(create_location=True)
    lab.api.refuse = lambda _verb, _path, _dry_run: None
    lab.api.lose = lambda _verb, _path: None
    lab.sync(create_location=True)
    assert lab.names() == ["a", "b"]
    assert lab.names("podvolumebackups") == ["a-1", "a-2"]
    assert PENDING not in json.dumps(list(lab.api.objects.values()))
    uid = lab.backup("a")["metadata"]["uid"]
    for name in ("a-1", "a-2"):
        owner = lab.api.objects["podvolumebackups", "velero", name]["metadata"]["ownerReferences"][0]
        assert owner["uid"] == uid
    assert not lab.sync(create_location=True).changed


@pytest.mark.parametrize("had_effect", [False, True])
def test_a_removal_that_fails_is_made_up_for(lab: SyncLab, had_effect: bool) -> None:
    lab.add_backup("gone-1")
    lab.add_backup("gone-2")
    Death(lab, 1, had_effect=had_effect)
    with pytest.raises(KubeError):
        lab.sync()
    lab.api.refuse = lambda _verb, _path, _dry_run: None
    lab.api.lose = lambda _verb, _path: None
    lab.sync()
    assert lab.names() == []


def test_check_mode_changes_nothing(lab: SyncLab) -> None:
    lab.put("new", pod_volumes=[pod_volume("new-1", "new")])
    lab.add_backup("gone")
    before = dict(lab.api.objects)
    outcome = lab.sync(check_mode=True)
    assert (outcome.created, outcome.removed, outcome.pod_volume_backups) == (("new",), ("gone",), 1)
    assert lab.api.objects == before
    assert lab.writes() == []


def test_damaged_backups_hold_up_no_other(lab: SyncLab) -> None:
    lab.store.put("backups/bad/velero-backup.json", b"{")
    lab.put("other-name")
    data = lab.store.get("backups/other-name/velero-backup.json")
    lab.store.put("backups/moved/velero-backup.json", data)
    lab.store.put("backups/Bad_Name/velero-backup.json", data)
    lab.store.put("backups/making/making-arkive-claim.json", b"{}")
    outcome = lab.sync()
    assert outcome.created == ("other-name",)
    assert sorted(each.name for each in outcome.skipped) == ["Bad_Name", "bad", "moved"]
    assert len(outcome.warnings) == 3


def test_what_the_server_refuses_holds_up_no_other(lab: SyncLab) -> None:
    lab.put("a")
    lab.put("b")
    refusals = [KubeError("spec.ttl is not valid", status=422, reason="Invalid")]
    lab.api.refuse = lambda verb, _path, _dry_run: refusals.pop() if verb == "POST" and refusals else None
    outcome = lab.sync()
    assert outcome.created == ("b",)
    assert outcome.skipped[0].name == "a"
    assert "spec.ttl" in outcome.warnings[0]


def test_types_that_lose_the_status_are_refused(tmp_path: Path) -> None:
    lab = SyncLab(tmp_path, status=True)
    lab.add_location()
    lab.put("one")
    with pytest.raises(SyncError, match="would run each as a new backup"):
        lab.sync()
    assert lab.names() == []


def test_a_cluster_without_the_types(tmp_path: Path) -> None:
    lab = SyncLab(tmp_path, group="")
    with pytest.raises(SyncError, match="has no Backup type of Velero or Heptio Ark"):
        lab.sync()


@pytest.mark.parametrize("ark", ["flat", "nested"])
def test_ark(tmp_path: Path, ark: str) -> None:
    """Ark 0.10: the label of the location, and its own words (docs/compatibility 9)."""
    lab = SyncLab(tmp_path, group="ark.heptio.com")
    labels = {"ark-schedule": "nightly", "team": "a"}
    lab.put("one", ark=ark, metadata={"labels": labels, "finalizers": ["gc.ark.heptio.com"]})
    lab.add_location()
    lab.add_backup("gone")
    outcome = lab.sync()
    assert (outcome.created, outcome.removed, outcome.namespace) == (("one",), ("gone",), "heptio-ark")
    made = lab.backup("one")
    assert made["apiVersion"] == "ark.heptio.com/v1"
    assert made["metadata"]["labels"] == {**labels, "ark.heptio.com/storage-location": "default"}
    assert "finalizers" not in made["metadata"]
    assert not lab.sync().changed


class TestLocation:
    """The BackupStorageLocation."""

    def test_one_of_another_place_ends_it(self, tmp_path: Path) -> None:
        for number, spec in enumerate(({"bucket": "x"}, {"prefix": ""}, {"provider": "gcp"})):
            lab = SyncLab(tmp_path / str(number))
            lab.put("one")
            lab.add_backup("gone")
            lab.add_location(**spec)
            with pytest.raises(SyncError, match="belong to what it names"):
                lab.sync()
            assert lab.writes() == []
            assert lab.sync(is_location_known=True).removed == ("gone",)

    def test_without_one_nothing_is_removed(self, tmp_path: Path) -> None:
        lab = SyncLab(tmp_path)
        lab.put("one")
        lab.add_backup("gone")
        outcome = lab.sync()
        assert outcome.created == ("one",)
        assert "says that it belongs to" in outcome.kept[0].reason
        assert "There is no BackupStorageLocation 'default'" in outcome.warnings[0]

    def test_it_is_made_once(self, tmp_path: Path) -> None:
        lab = SyncLab(tmp_path)
        outcome = lab.sync(create_location=True, credential={"name": "s", "key": "cloud"})
        assert outcome.location_created
        assert lab.api.objects["backupstoragelocations", "velero", "default"]["spec"] == {
            "provider": "aws",
            "objectStorage": {"bucket": "backups", "prefix": "production"},
            "credential": {"name": "s", "key": "cloud"},
            "default": True,
            "accessMode": "ReadWrite",
        }
        assert not lab.sync(create_location=True).changed

    def test_a_person_s_is_left_as_it_is(self, lab: SyncLab) -> None:
        before = lab.api.objects["backupstoragelocations", "velero", "default"]
        assert not lab.sync(create_location=True).changed
        assert lab.api.objects["backupstoragelocations", "velero", "default"] == before

    def test_a_directory_has_none(self, tmp_path: Path) -> None:
        lab = SyncLab(tmp_path, plain=True)
        with pytest.raises(SyncError, match="Velero knows no backups there"):
            lab.sync(create_location=True)


@pytest.mark.parametrize("way", ["option", "object"])
def test_restore_only(tmp_path: Path, way: str) -> None:
    """Objects are made, so that they can be restored from; none goes, and nothing is written to the bucket."""
    lab = SyncLab(tmp_path, read_only=way == "option")
    lab.add_location(accessMode="ReadOnly" if way == "object" else "ReadWrite")
    lab.put("new")
    lab.add_backup("gone")
    before = lab.keys()
    with pytest.raises(SyncError, match="none is removed"):
        lab.sync(remove=True)
    assert lab.writes() == []
    outcome = lab.sync()
    assert (outcome.created, outcome.removed) == (("new",), ())
    assert "read-only" in outcome.kept[0].reason or "ReadOnly" in outcome.kept[0].reason
    assert lab.keys() == before


def test_a_task_that_does_not_remove(lab: SyncLab) -> None:
    lab.add_backup("gone")
    outcome = lab.sync(remove=False)
    assert not outcome.changed
    assert outcome.kept[0].reason == "Its files are gone. The task does not remove objects."
