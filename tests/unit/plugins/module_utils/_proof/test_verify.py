# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup is read back: what is wrong with it is found, and recorded."""

from __future__ import annotations

import gzip
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.errors import CatalogError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.verification import read_verification
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.verify import verify_backup
from ansible_collections.arkive.k8s.plugins.module_utils._proof.verify_request import VerifyOutcome, VerifyRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.read_only import ReadOnlyStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import Sighting
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import obj, tar_gz
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.written_backups import backup_files

NOW = parse_rfc3339("2026-06-10T12:00:00Z")
MEMBERS = {
    f"resources/configmaps/namespaces/shop/c{number}.json": obj("ConfigMap", f"c{number}", "shop")
    for number in range(10)
}


@pytest.fixture
def ours(tmp_path: Path) -> LocalStore:
    """A backup with a record of its digests."""
    store = LocalStore(LocalLocation(path=str(tmp_path)))
    BackupWriter(store).publish(backup_files())
    return store


@pytest.fixture
def foreign(tmp_path: Path) -> LocalStore:
    """A backup as Velero stores one."""
    store = LocalStore(LocalLocation(path=str(tmp_path)))
    return put_foreign(store)


def put_foreign(store: LocalStore, **files: t.Any) -> LocalStore:
    backup = {"apiVersion": "velero.io/v1", "kind": "Backup", "metadata": {"name": "b", "uid": "u"}}
    store.put("backups/b/velero-backup.json", json.dumps({**backup, "status": {"phase": "Completed"}}).encode())
    store.put("backups/b/b.tar.gz", tar_gz(*MEMBERS.items()))
    for file, document in files.items():
        store.put(getattr(BackupKeys("b"), file), gzip.compress(json.dumps(document).encode()))
    return store


def verify(store: t.Any, name: str = "b", **asked: t.Any) -> VerifyOutcome:
    means = {key: asked.pop(key) for key in ("providers", "check_mode") if key in asked}
    return verify_backup(VerifyRequest(name=name, **asked), store=store, clock=lambda: NOW, **means)


def test_a_sound_backup_of_ours(ours: LocalStore) -> None:
    (name,) = Catalog(ours).names()
    outcome = verify(ours, name)
    assert outcome.problems == ()
    assert {file.state for file in outcome.files} == {"intact"}
    assert outcome.read == outcome.objects > 0
    assert outcome.recorded
    found = read_verification(ours, name)
    assert found is not None
    assert (found.sound, found.percentage, found.verified) == (True, 100, NOW)
    assert found.is_of(Catalog(ours).read_backup(name) or {}) is bool(found.uid)
    assert verify(ours, name).sound


def test_whatever_byte_is_changed_it_is_seen(ours: LocalStore) -> None:
    """One byte in the middle of each file that is recorded; and each file away."""
    (name,) = Catalog(ours).names()
    directory = f"backups/{name}/"
    record = BackupKeys(name).arkive_record
    for info in list(ours.list(directory).objects):
        if info.key.endswith("velero-backup.json"):
            continue
        data = ours.get(info.key)
        spoiled = bytearray(data)
        spoiled[len(data) // 2] ^= 0xFF
        ours.put(info.key, bytes(spoiled))
        outcome = verify(ours, name, record=False)
        assert outcome.problems, info.key
        ours.delete_many([info.key])
        if info.key != record:
            assert verify(ours, name, record=False).problems, info.key
        ours.put(info.key, data)
    assert verify(ours, name).sound


def test_what_a_server_has_changed_is_a_warning(ours: LocalStore) -> None:
    (name,) = Catalog(ours).names()
    key = BackupKeys(name).metadata
    ours.put(key, ours.get(key) + b"\n")
    outcome = verify(ours, name)
    assert outcome.sound
    assert "was changed after it was written" in outcome.warnings[0]


@pytest.mark.parametrize(("percentage", "read"), [(100, 10), (50, 5), (11, 2), (1, 1), (0, 0)], ids=str)
def test_a_part_of_the_objects(foreign: LocalStore, percentage: int, read: int) -> None:
    outcome = verify(foreign, percentage=percentage)
    assert (outcome.objects, outcome.read, outcome.sound) == (10, read, True)
    found = read_verification(foreign, "b")
    assert found is not None
    assert found.percentage == percentage


def test_no_percentage(foreign: LocalStore) -> None:
    with pytest.raises(ValidationError, match="101 is no percentage"):
        verify(foreign, percentage=101)


@pytest.mark.parametrize(
    ("key", "data", "words"),
    [
        ("tarball", b"", "has no tarball"),
        ("tarball", tar_gz(*MEMBERS.items())[:-20], "b.tar.gz"),
        ("tarball", tar_gz(("resources/configmaps/namespaces/shop/a.json", obj("ConfigMap", "x", "shop"))), "a"),
        ("tarball", tar_gz(("resources/configmaps/namespaces/shop/a.json", b"{")), "is not valid JSON"),
        ("volumeinfo", gzip.compress(b'{"a": 1}'), "has not the form of its kind"),
        ("logs", b"no gzip", "b-logs.gz"),
        ("results", gzip.compress(b"[")[:-4], "b-results.gz"),
    ],
)
def test_damage_in_a_backup_of_velero(foreign: LocalStore, key: str, data: bytes, words: str) -> None:
    foreign.put(getattr(BackupKeys("b"), key), data)
    outcome = verify(foreign)
    assert len(outcome.problems) == 1
    assert words in outcome.problems[0]
    found = read_verification(foreign, "b")
    assert found is not None
    assert not found.sound


def test_a_backup_that_is_being_deleted(foreign: LocalStore) -> None:
    foreign.put(BackupKeys("b").deletion, b"{}")
    assert "Its deletion has begun" in verify(foreign, record=False).problems[0]


class Storage:
    """In the place of a provider."""

    kind = "CSI"

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def look_for(self, snapshot: RecordedSnapshot, _contents: t.Any) -> Sighting:
        self.asked.append(snapshot.handle)
        return Sighting(t.cast("t.Any", self.answers[snapshot.handle]), "it says so")


def volume(handle: str) -> dict[str, t.Any]:
    info = {"snapshotHandle": handle, "driver": "d"}
    return {"pvName": f"pv-{handle}", "backupMethod": "CSISnapshot", "csiSnapshotInfo": info}


@pytest.mark.parametrize(
    ("presence", "problem", "warning", "all_there"),
    [
        ("present", "", "", True),
        ("missing", "Its snapshot h (CSI, volume pv-h) is gone: it says so.", "", False),
        ("unknown", "", "is there is not known: it says so.", False),
    ],
)
def test_snapshots(foreign: LocalStore, presence: str, problem: str, warning: str, all_there: bool) -> None:
    put_foreign(foreign, volumeinfo=[volume("h")])
    outcome = verify(foreign, providers=[Storage(h=presence)])
    assert outcome.problems == ((problem,) if problem else ())
    assert warning in "".join(outcome.warnings)
    found = read_verification(foreign, "b")
    assert found is not None
    assert found.snapshots is all_there


def test_snapshots_that_nobody_is_to_ask_for(foreign: LocalStore) -> None:
    put_foreign(foreign, volumeinfo=[volume("h")])
    storage = Storage(h="missing")
    outcome = verify(foreign, providers=[storage], snapshots=False)
    assert (outcome.sound, storage.asked) == (True, [])
    assert outcome.verification["snapshots"] is False


def test_nothing_is_written_where_nothing_may_be(foreign: LocalStore, tmp_path: Path) -> None:
    before = [info.key for info in foreign.list().objects]
    read_only = LocalStore(LocalLocation(path=str(tmp_path), read_only=True))
    for asked in ({"check_mode": True}, {"record": False}):
        assert not verify(foreign, **asked).recorded
    assert not verify(ReadOnlyStore(read_only)).recorded
    assert [info.key for info in foreign.list().objects] == before


def test_a_backup_that_somebody_works_on_gets_no_record(foreign: LocalStore) -> None:
    with WriteLock.acquire(foreign, BackupKeys("b").write_lock, run_id="other"):
        outcome = verify(foreign)
    assert outcome.sound
    assert not outcome.recorded
    assert "is not recorded" in outcome.warnings[0]


def test_a_record_is_of_one_backup_only(foreign: LocalStore) -> None:
    verify(foreign)
    found = read_verification(foreign, "b")
    assert found is not None
    assert found.is_of({"metadata": {"uid": "u"}})
    assert not found.is_of({"metadata": {"uid": "v"}})
    assert not found.is_of({"metadata": {}})
    foreign.put(BackupKeys("b").verified, b"[]")
    assert read_verification(foreign, "b") is None


def test_one_that_is_not_there(foreign: LocalStore) -> None:
    with pytest.raises(CatalogError, match="There is no backup 'c'"):
        verify(foreign, "c")
