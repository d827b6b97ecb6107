# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.backup_filter import BackupFilter
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.describe import LOG_LIMIT, SECTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import list_backups
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import obj, tar_gz
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.written_backups import backup_files
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.contract import put_expired

TAR = tar_gz(("resources/pods/namespaces/app/web.json", obj("Pod", "web", "app")))


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(LocalLocation(path=str(tmp_path)))


def metadata(name: str, phase: str = "Completed", **members: t.Any) -> bytes:
    document = {
        "apiVersion": "velero.io/v1",
        "kind": "Backup",
        "metadata": {"name": name, "labels": {"velero.io/schedule-name": "nightly"}},
        "status": {
            "phase": phase,
            "startTimestamp": "2026-06-01T02:00:00Z",
            "completionTimestamp": "2026-06-01T02:00:09Z",
            "expiration": "2026-07-01T02:00:00Z",
            "warnings": 2,
            "errors": 1,
        },
    }
    return json.dumps(document | members).encode()


def put(store: LocalStore, name: str, **files: bytes) -> None:
    """``put(store, "n", tar_gz=...)``: ``velero-backup.json`` and what is given, by suffix."""
    store.put(f"backups/{name}/velero-backup.json", files.pop("metadata", metadata(name)))
    for suffix, data in files.items():
        store.put(f"backups/{name}/{name}{suffix}", data)


def test_overview(store: LocalStore) -> None:
    put(store, "n", **{".tar.gz": TAR})
    (found,) = list_backups(store).backups
    size = len(TAR) + len(metadata("n"))
    assert found.pop("backup") == json.loads(metadata("n"))
    assert found == {
        "name": "n",
        "phase": "Completed",
        "schedule": "nightly",
        "started": "2026-06-01T02:00:00Z",
        "completed": "2026-06-01T02:00:09Z",
        "expiration": "2026-07-01T02:00:00Z",
        "warnings": 2,
        "errors": 1,
        "size": size,
        "held": False,
        "problems": [],
    }


def test_sorted_by_name_with_the_incomplete_apart(store: LocalStore) -> None:
    for name in ("c", "a", "b"):
        put(store, name, **{".tar.gz": TAR})
    store.put("backups/dead/dead.tar.gz", b"x")
    store.put("backups/made/made-arkive-claim.json", b"{}")
    listing = list_backups(store)
    assert [entry["name"] for entry in listing.backups] == ["a", "b", "c"]
    put_expired(store, key="backups/killed/killed-arkive-claim.json")
    with WriteLock.acquire(store, "backups/alive/alive-arkive-claim.json", run_id="r1"):
        listing = list_backups(store)
    assert listing.incomplete == [
        {"name": "alive", "in_progress": True, "interrupted": False},
        {"name": "dead", "in_progress": False, "interrupted": False},
        {"name": "killed", "in_progress": False, "interrupted": True},
        # Damaged: nobody knows.
        {"name": "made", "in_progress": True, "interrupted": False},
    ]


@pytest.mark.parametrize("phase", ["InProgress", "Finalizing", "WaitingForPluginOperations", "Deleting", "New", ""])
def test_phases_in_flight_are_listed(store: LocalStore, phase: str) -> None:
    """docs/compatibility 12: a reader tolerates them."""
    put(store, "n", metadata=metadata("n", phase), **{".tar.gz": TAR})
    (found,) = list_backups(store).backups
    assert (found["phase"], found["problems"]) == (phase, [])


PROBLEMS = [
    pytest.param({"metadata": metadata("m"), ".tar.gz": TAR}, "has the name 'm', but lies in", id="13.1: other name"),
    pytest.param({"metadata": metadata("n", kind="Restore"), ".tar.gz": TAR}, "is a velero.io/v1/Restore", id="kind"),
    pytest.param({"metadata": metadata("n", spec=[]), ".tar.gz": TAR}, "Its spec is not an object.", id="spec"),
    pytest.param({"metadata": metadata("n", status=3), ".tar.gz": TAR}, "Its status is not an object.", id="status"),
    pytest.param(
        {"metadata": metadata("n", metadata={"name": "n", "labels": [1]}), ".tar.gz": TAR},
        "Its metadata.labels do not map",
        id="labels",
    ),
    pytest.param({"metadata": b"{", ".tar.gz": TAR}, "is not valid JSON", id="broken JSON"),
    pytest.param({"metadata": b"[]", ".tar.gz": TAR}, "is not a Backup object", id="no object"),
    pytest.param({"metadata": b" " * ((16 << 20) + 1), ".tar.gz": TAR}, "is larger than", id="huge"),
    pytest.param({}, "It has no tarball (n.tar.gz)", id="13.1: tar missing"),
    pytest.param({".tar.gz": b""}, "Its tarball (n.tar.gz) is empty", id="13.1: tar empty"),
]


@pytest.mark.parametrize(("files", "problem"), PROBLEMS)
def test_a_bad_backup_does_not_hide_the_others(store: LocalStore, files: dict[str, bytes], problem: str) -> None:
    put(store, "a", **{".tar.gz": TAR})
    put(store, "n", **files)
    good, bad = list_backups(store).backups
    assert (good["name"], good["problems"]) == ("a", [])
    (found,) = bad["problems"]
    assert problem in found


def test_a_name_that_no_backup_can_have(store: LocalStore) -> None:
    put(store, "Not_a_name", **{".tar.gz": TAR})
    (found,) = list_backups(store).backups
    assert "cannot be the name of a backup" in found["problems"][0]
    assert found["backup"] == {}


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        pytest.param(BackupFilter(), ["a", "b", "broken"], id="all"),
        pytest.param(BackupFilter(name="b"), ["b"], id="name"),
        pytest.param(BackupFilter(name="x"), [], id="no such name"),
        pytest.param(BackupFilter(phases=frozenset({"Failed"})), ["b"], id="phase"),
        pytest.param(BackupFilter(name="a", phases=frozenset({"Failed"})), [], id="both"),
        pytest.param(BackupFilter(schedule="nightly"), ["a", "b"], id="the broken one cannot be asked"),
    ],
)
def test_filters(store: LocalStore, wanted: BackupFilter, names: list[str]) -> None:
    put(store, "a", **{".tar.gz": TAR})
    put(store, "b", metadata=metadata("b", "Failed"), **{".tar.gz": TAR})
    put(store, "broken", metadata=b"", **{".tar.gz": TAR})
    assert [entry["name"] for entry in list_backups(store, wanted).backups] == names


def test_a_bad_name_is_refused(store: LocalStore) -> None:
    with pytest.raises(ValidationError, match="cannot be the name of a backup"):
        list_backups(store, BackupFilter(name="Not_a_name"))


def test_details_of_our_own(store: LocalStore) -> None:
    BackupWriter(store).publish(backup_files())
    (found,) = list_backups(store, sections=SECTIONS).backups
    assert found["problems"] == []
    assert (found["items"], found["hooks"], found["freezes"], found["volumes"]) == ({}, [], [], [])
    assert found["results"] == {"errors": {}, "warnings": {"velero": [" message: /careful"]}}
    assert found["resource_list"] == {"v1/Pod": ["app/web"]}
    assert (found["logs"], found["logs_truncated"]) == ("level=info msg=done\n", False)


@pytest.mark.parametrize("section", SECTIONS)
def test_only_what_is_asked_for(store: LocalStore, section: t.Any) -> None:
    put(store, "n", **{".tar.gz": TAR})
    (plain,), (found,) = (list_backups(store, sections=chosen).backups for chosen in ((), (section,)))
    beside = {"hooks": {"hooks", "freezes", "quiesces"}, "logs": {"logs", "logs_truncated"}}.get(section, {section})
    assert found.keys() - plain.keys() == beside


def test_details_of_velero(store: LocalStore) -> None:
    """No record: the tarball is counted. No volumeinfo before 1.13: the older files say it. docs/compatibility 12.2."""
    native = {"spec": {"persistentVolumeName": "pv-1"}, "status": {"providerSnapshotID": "snap-1"}}
    put(store, "n", **{".tar.gz": TAR, "-volumesnapshots.json.gz": gzip_json([native])})
    (found,) = list_backups(store, sections=SECTIONS).backups
    assert found["items"] == {"pods": 1}
    assert found["volumes"][0]["nativeSnapshotInfo"]["snapshotHandle"] == "snap-1"
    assert (found["hooks"], found["results"], found["resource_list"], found["logs"]) == ([], {}, {}, "")
    assert found["problems"] == []


def test_volumeinfo_wins_even_when_it_says_nothing(store: LocalStore) -> None:
    native = {"spec": {"persistentVolumeName": "pv-1"}, "status": {"providerSnapshotID": "snap-1"}}
    files = {"-volumesnapshots.json.gz": gzip_json([native]), "-volumeinfo.json.gz": gzip_json(None)}
    put(store, "n", **{".tar.gz": TAR, **files})
    (found,) = list_backups(store, sections=("volumes",)).backups
    assert found["volumes"] == []


DAMAGED = [
    pytest.param({".tar.gz": b"plain"}, "is not a sound gzip file", id="13.1: tar not gzip"),
    pytest.param({".tar.gz": TAR[:-6]}, "is truncated", id="13.1: tar truncated"),
    pytest.param(
        {".tar.gz": tar_gz(("resources/pods/namespaces/app/web.json", b"{"))}, "is not valid JSON", id="one broken JSON"
    ),
    pytest.param(
        {".tar.gz": tar_gz(("resources/pods/v1-preferredversion/namespaces/app/web.json", obj("Pod", "web", "app")))},
        "has no copy without a version directory",
        id="13.1: no plain copy",
    ),
    pytest.param({"-volumeinfo.json.gz": b"garbage"}, "volumeinfo.json.gz is not a sound gzip", id="13.1: volumeinfo"),
    pytest.param({"-volumesnapshots.json.gz": gzip_json({})}, "it is not a list", id="volumesnapshots"),
    pytest.param({"-results.gz": gzip.compress(b"{")}, "results.gz is not valid JSON", id="results"),
    pytest.param({"-resource-list.json.gz": gzip_json([])}, "it is not a mapping", id="resource list"),
    pytest.param({"-logs.gz": gzip.compress(b"text")[:-4]}, "logs.gz is truncated", id="log"),
    pytest.param({"-arkive.json.gz": gzip_json({"version": 9})}, "has version 9", id="record"),
]


@pytest.mark.parametrize(("files", "problem"), DAMAGED)
def test_damaged_files_are_problems(store: LocalStore, files: dict[str, bytes], problem: str) -> None:
    put(store, "n", **{".tar.gz": TAR, **files})
    (found,) = list_backups(store, sections=SECTIONS).backups
    (said,) = found["problems"]
    assert problem in said
    assert found["backup"]["kind"] == "Backup"


@pytest.mark.parametrize(
    ("file", "data", "problem"),
    [
        ("b1-logs.gz", b"", "Its file b1-logs.gz has 0 bytes"),
        ("b1.tar.gz", b"short", "Its file b1.tar.gz has 5 bytes"),
        ("b1-volumeinfo.json.gz", None, "Its file b1-volumeinfo.json.gz is missing."),
        ("b1.tar.gz", None, "It has no tarball (b1.tar.gz)"),
    ],
)
def test_files_that_changed_since(store: LocalStore, file: str, data: bytes | None, problem: str) -> None:
    BackupWriter(store).publish(backup_files())
    if data is None:
        store.delete_many([f"backups/b1/{file}"])
    else:
        store.put(f"backups/b1/{file}", data)
    (found,) = list_backups(store, sections=("items",)).backups
    (said,) = found["problems"]
    assert said.startswith(problem)


def test_a_long_log_is_cut_at_its_start(store: LocalStore) -> None:
    line = b'time="2026-06-01T02:00:00Z" level=info msg="Backed up"\n'
    put(store, "n", **{".tar.gz": TAR, "-logs.gz": gzip.compress(line * 10000 + b"last\n")})
    (found,) = list_backups(store, sections=("logs",)).backups
    assert found["logs_truncated"]
    assert LOG_LIMIT - len(line) <= len(found["logs"]) <= LOG_LIMIT
    assert found["logs"].startswith("time=")
    assert found["logs"].endswith("last\n")


def test_ark_at_the_root(store: LocalStore) -> None:
    document = json.loads(metadata("n", apiVersion="ark.heptio.com/v1", metadata={"name": "n"}))
    document["metadata"]["labels"] = {"ark-schedule": "daily"}
    store.put("n/ark-backup.json", json.dumps(document).encode())
    store.put("n/n.tar.gz", tar_gz(("namespaces/app/pods/web.json", obj("Pod", "web", "app"))))
    for wanted in (BackupFilter(), BackupFilter(name="n"), BackupFilter(schedule="daily")):
        (found,) = list_backups(store, wanted, sections=("items",)).backups
        assert (found["schedule"], found["items"], found["problems"]) == ("daily", {"pods": 1}, [])
        assert found["backup"]["apiVersion"] == "velero.io/v1"


def test_held_and_half_deleted_ones_are_told(tmp_path: Path) -> None:
    store = LocalStore(LocalLocation(path=str(tmp_path)))
    for name in ("held", "half"):
        backup = {"apiVersion": "velero.io/v1", "kind": "Backup", "metadata": {"name": name}, "status": {}}
        store.put(f"backups/{name}/velero-backup.json", json.dumps(backup).encode())
        store.put(f"backups/{name}/{name}.tar.gz", b"x")
    store.put("backups/held/held-arkive-hold.json", b"{}")
    store.put("backups/half/half-arkive-deletion.json", b"{}")
    half, held = list_backups(store).backups
    assert (half["held"], held["held"], held["problems"]) == (False, True, [])
    assert half["problems"][0].startswith("Its deletion was begun")
