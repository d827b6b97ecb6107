# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Buckets that Ark 0.3 to 0.11 and Velero 1.0 to 1.18 have written: docs/compatibility 2.4, 9, 12 and 12.2."""

from __future__ import annotations

import gzip
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._catalog.foreign_buckets import (
    ARK,
    BUCKETS,
    DONE,
    POD,
    TAR,
    VELERO,
    backup,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.wrappers import MeasuredStore


@pytest.fixture
def store(tmp_path: Path) -> MeasuredStore:
    return MeasuredStore(LocalStore(LocalLocation(path=str(tmp_path))))


def fill(store: MeasuredStore, files: dict[str, bytes]) -> Catalog:
    for key, data in files.items():
        store.put(key, data)
    return Catalog(t.cast("t.Any", store))


@pytest.mark.parametrize(("files", "objects"), BUCKETS)
def test_read(store: MeasuredStore, files: dict[str, bytes], objects: int) -> None:
    catalog = fill(store, files)
    catalog.validate(writable=False)
    assert catalog.names() == ["n"]
    assert [entry.complete for entry in catalog.entries()] == [True]
    found = catalog.read_sound_backup("n")
    assert found is not None
    assert found["apiVersion"] == VELERO
    assert found["status"]["phase"] == "Completed"
    for file in ("volumeinfo", "volumesnapshots", "results", "resource_list", "csi_volumesnapshots"):
        assert not catalog.files("n").read_json(t.cast("t.Any", file))
    assert catalog.files("n").read_record() is None
    assert catalog.files("n").read_log_end(1000) is None
    with catalog.files("n").open_tarball() as tarball:
        assert len(tarball.items) == objects
        assert tarball.read(tarball.items[0]) == POD
        assert tarball.warnings == []


@pytest.mark.parametrize(("files", "_objects"), BUCKETS)
def test_read_by_name_alone(store: MeasuredStore, files: dict[str, bytes], _objects: int) -> None:
    """A restore does not list the location first."""
    catalog = fill(store, files)
    assert catalog.read_backup("n") is not None
    catalog.files("n").open_tarball().close()
    assert store.requests["list"] == 0


@pytest.mark.parametrize(("files", "_objects"), BUCKETS)
def test_tarball_without_the_object(store: MeasuredStore, files: dict[str, bytes], _objects: int) -> None:
    fill(store, files).files("n").open_tarball().close()


SOUND = backup(ARK, status=DONE)


@pytest.mark.parametrize(
    ("files", "names", "incomplete"),
    [
        pytest.param({"a/ark-backup.json": SOUND, "b/ark-backup.json": SOUND}, ["a", "b"], [], id="two"),
        pytest.param({"a/ark-backup.json": SOUND, "b/b-logs.gz": b"x"}, ["a"], ["b"], id="one that has a log only"),
        pytest.param(
            {"a/ark-backup.json": SOUND, "backups/c/velero-backup.json": b"{}"}, ["a", "c"], [], id="both layouts"
        ),
    ],
)
def test_legacy_location(
    store: MeasuredStore, files: dict[str, bytes], names: list[str], incomplete: list[str]
) -> None:
    catalog = fill(store, files)
    assert catalog.is_legacy
    catalog.validate(writable=False)
    assert catalog.names() == names
    assert [entry.name for entry in catalog.entries() if not entry.complete] == incomplete
    with pytest.raises(ValidationError, match=r"holds backups of Ark 0\.9 or older at its root"):
        catalog.validate()


@pytest.mark.parametrize(
    ("files", "requests"),
    [
        pytest.param({"home/file": b"x"}, 3, id="a stranger"),
        pytest.param({"home/file": b"x", "n/ark-backup.json": SOUND}, 3, id="a stranger before a backup of Ark"),
        pytest.param({"n/ark-backup.json": SOUND, "z/file": b"x"}, 3, id="a backup of Ark before a stranger"),
        pytest.param({"n/n-logs.gz": b"x"}, 4, id="no backup at all"),
        pytest.param({"n/velero-backup.json": SOUND}, 3, id="Velero never lies at the root"),
    ],
)
def test_strangers(store: MeasuredStore, files: dict[str, bytes], requests: int) -> None:
    """docs/compatibility 1.1: any other directory is refused, in Velero's words; a bucket of others is not listed."""
    catalog = fill(store, files)
    with pytest.raises(ValidationError, match="Backup store contains invalid top-level directories"):
        catalog.validate(writable=False)
    assert not catalog.is_legacy
    assert store.requests.total() - store.requests["put"] == requests


def test_snapshots_in_the_status(store: MeasuredStore) -> None:
    status = {**DONE, "volumeBackups": {"pv-1": {"snapshotID": "snap-1", "type": "gp2", "availabilityZone": "a"}}}
    catalog = fill(store, {"n/ark-backup.json": backup(ARK, status=status), "n/n.tar.gz": TAR})
    (found,) = catalog.files("n").read_json("volumesnapshots")
    assert found["status"] == {"providerSnapshotID": "snap-1", "phase": "Completed"}
    assert found["spec"]["persistentVolumeName"] == "pv-1"


def test_the_file_wins_over_the_status(store: MeasuredStore) -> None:
    status = {**DONE, "volumeBackups": {"pv-1": {"snapshotID": "snap-1"}}}
    files = {
        "backups/n/ark-backup.json": backup(ARK, status=status),
        "backups/n/n-volumesnapshots.json.gz": gzip.compress(b"[]"),
    }
    assert fill(store, files).files("n").read_json("volumesnapshots") == []


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param(
            {"backups/n/velero-backup.json": backup(VELERO, "m")}, "has the name 'm', but lies in", id="13.1: name"
        ),
        pytest.param({"backups/n/velero-backup.json": backup(ARK)}, r"is a ark\.heptio\.com/v1/Backup", id="of Ark"),
        pytest.param({"n/ark-backup.json": backup("v1")}, "is a v1/Backup", id="of nobody"),
        pytest.param({"n/ark-backup.json": b"{"}, "is not valid JSON", id="broken"),
        pytest.param({"n/ark-backup.json": b"[]"}, "is not a Backup object", id="no object"),
    ],
)
def test_not_sound(store: MeasuredStore, files: dict[str, bytes], message: str) -> None:
    with pytest.raises(ArchiveError, match=message):
        fill(store, files).read_sound_backup("n")


@pytest.mark.parametrize("data", [b"{}", b'"text"', b"1", b"[1]"])
def test_a_file_of_another_type(store: MeasuredStore, data: bytes) -> None:
    """docs/compatibility 1.2: a present but corrupt optional file is an error."""
    files = {
        "backups/n/velero-backup.json": backup(VELERO),
        "backups/n/n-volumeinfo.json.gz": gzip.compress(data),
    }
    with pytest.raises(
        ArchiveError, match=r"n-volumeinfo\.json\.gz has not the form of its kind: .*is not a (list|mapping)"
    ):
        fill(store, files).files("n").read_json("volumeinfo")


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        pytest.param(b"", 10, ("", False), id="empty"),
        pytest.param(b"one\ntwo\n", 8, ("one\ntwo\n", False), id="fits"),
        pytest.param(b"one\ntwo\n", 7, ("two\n", True), id="cut: from the start of a line"),
        pytest.param(b"one\ntwo\n" * 200000, 9, ("one\ntwo\n", True), id="long"),
    ],
)
def test_read_log_end(store: MeasuredStore, text: bytes, limit: int, expected: tuple[str, bool]) -> None:
    catalog = fill(store, {"n/ark-backup.json": SOUND, "n/n-logs.gz": gzip.compress(text)})
    assert catalog.files("n").read_log_end(limit) == expected


def test_read_log_end_of_a_broken_log(store: MeasuredStore) -> None:
    catalog = fill(store, {"n/ark-backup.json": SOUND, "n/n-logs.gz": gzip.compress(b"x" * 100)[:-4]})
    with pytest.raises(ArchiveError, match="is truncated"):
        catalog.files("n").read_log_end(10)


def test_entry(store: MeasuredStore) -> None:
    files = {"n/ark-backup.json": SOUND, "n/n.tar.gz": b"123", "backups/m/m-logs.gz": b"1"}
    catalog = fill(store, files)
    found = catalog.entry("n")
    assert found is not None
    assert (found.complete, found.flat, dict(found.files)) == (
        True,
        True,
        {"ark-backup.json": len(SOUND), "n.tar.gz": 3},
    )
    assert found.written is not None
    other = catalog.entry("m")
    assert other is not None
    assert (other.complete, other.flat, dict(other.files), other.written) == (False, False, {"m-logs.gz": 1}, None)
    assert catalog.entry("x") is None
    assert {entry.name: entry for entry in catalog.entries()} == {"n": found, "m": other}
