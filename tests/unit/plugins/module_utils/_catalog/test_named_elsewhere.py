# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots in repositories go with the last backup that records them (docs/compatibility 19.4, 19.9)."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_files import StoredFiles
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import DeletedBackup, delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.named_elsewhere import NamedElsewhere
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.old_backup import What, remove_old
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.wrapper import StoreWrapper
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover import deletion
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings, Moving
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import make_providers
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._catalog.moved_backups import (
    claim,
    moved_entry,
    put_moved,
    upload,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.mover.backup.moving_lab import LabMover


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(LocalLocation(path=str(tmp_path)))


@pytest.fixture
def mover(monkeypatch: pytest.MonkeyPatch) -> LabMover:
    found = LabMover([])
    monkeypatch.setattr(deletion, "make_mover", lambda _moving, _client, cancel: found)
    monkeypatch.setattr(deletion, "require_namespace", lambda *_where, **_words: None)
    return found


def put(store: LocalStore, name: str, *handles: str, namespace: str = "shop", uploader: str = "kopia") -> None:
    entries = [moved_entry(handle, namespace=namespace, uploader=uploader) for handle in handles]
    backup = {"metadata": {"name": name}, "status": {"phase": "Completed"}, "spec": {}}
    document = {"apiVersion": "velero.io/v1", "kind": "Backup", **backup}
    store.put(f"backups/{name}/{name}-volumeinfo.json.gz", gzip_json(entries))
    store.put(f"backups/{name}/velero-backup.json", json.dumps(document).encode())


def delete(store: LocalStore, name: str, **options: t.Any) -> DeletedBackup:
    moving = Moving(settings=MoverSettings(), store=store, password="word")
    context = VolumeContext(connect=lambda: t.cast("t.Any", None), moving=moving)
    return delete_backup(name, store=store, providers=make_providers(context), **options)


def test_they_go_with_their_backup(store: LocalStore, mover: LabMover) -> None:
    put(store, "b1", "a", "b")
    put(store, "b2", "c")
    done = delete(store, "b1")
    assert mover.forgotten == [("shop", ("a", "b"))]
    assert [(one["kind"], one["handle"], one["namespace"]) for one in done.deleted_snapshots] == [
        ("repository", "a", "shop"),
        ("repository", "b", "shop"),
    ]
    assert any("maintenance" in warning["message"] for warning in done.warnings_list)
    assert Catalog(store).names() == ["b2"]


def test_one_that_another_backup_records_stays(store: LocalStore, mover: LabMover) -> None:
    put(store, "b1", "a", "b")
    put(store, "copy", "a")
    done = delete(store, "b1")
    assert mover.forgotten == [("shop", ("b",))]
    assert any("backup 'copy' records it as well" in warning["message"] for warning in done.warnings_list)
    delete(store, "copy")
    assert mover.forgotten[1:] == [("shop", ("a",))], "the last one takes it along"


def test_the_same_id_in_another_namespace_is_another_repository(store: LocalStore, mover: LabMover) -> None:
    put(store, "b1", "a")
    put(store, "b2", "a", namespace="web")
    delete(store, "b1")
    assert mover.forgotten == [("shop", ("a",))]


def test_a_backup_that_cannot_be_read_may_record_it(store: LocalStore, mover: LabMover) -> None:
    put(store, "b1", "a")
    put(store, "b2", "b")
    store.put("backups/b2/b2-volumeinfo.json.gz", b"damaged")
    with pytest.raises(ValidationError, match="'b2' cannot be read, and may record it as well"):
        delete(store, "b1")
    assert mover.forgotten == []
    delete(store, "b1", force=True)
    assert (mover.forgotten, Catalog(store).names()) == ([], ["b2"])


@pytest.mark.parametrize(
    ("objects", "stays"),
    [
        pytest.param([claim("a"), upload("a", backup="b2")], True, id="19.3: its own, of Velero 1.12"),
        pytest.param([upload("a")], True, id="19.3: made by hand, without labels"),
        pytest.param([claim("a"), upload("a", backup="b1")], True, id="19.5: a copy, whose claim names it"),
        pytest.param(
            [claim("b"), upload("b", backup="b2"), upload("a", backup="b1")],
            False,
            id="19.2: of a whole cluster, where that of b1 is an object as any other",
        ),
        pytest.param([], False, id="none"),
    ],
)
def test_what_only_the_objects_of_another_name_stays(
    store: LocalStore, mover: LabMover, objects: list[dict[str, t.Any]], *, stays: bool
) -> None:
    put(store, "b1", "a")
    put_moved(store, "b2", *objects)
    done = delete(store, "b1")
    assert mover.forgotten == ([] if stays else [("shop", ("a",))])
    assert stays == any("backup 'b2' records it as well" in warning["message"] for warning in done.warnings_list)


def test_those_that_only_the_objects_name_go_with_their_backup(store: LocalStore, mover: LabMover) -> None:
    """What is of another backup, and only lies among the objects, is not this one's (19.3)."""
    put_moved(store, "b1", claim("a"), upload("a", backup="b1"), upload("c", backup="b0"))
    done = delete(store, "b1")
    assert mover.forgotten == [("shop", ("a",))]
    assert [(one["handle"], one["volume"]) for one in done.deleted_snapshots] == [("a", "data")]


def test_those_of_another_mover_are_left_to_it(store: LocalStore, mover: LabMover) -> None:
    put_moved(store, "b1", claim("a"), upload("a", backup="b1", mover="vendor.example/mover"))
    with pytest.raises(ValidationError, match=r"in a repository of vendor\.example/mover"):
        delete(store, "b1")
    assert mover.forgotten == []


def test_objects_that_cannot_be_read_may_name_it(store: LocalStore, mover: LabMover) -> None:
    put(store, "b1", "a")
    put_moved(store, "b2", claim("b"), upload("b", backup="b2"))
    store.put("backups/b2/b2.tar.gz", b"damaged")
    with pytest.raises(ValidationError, match="'b2' cannot be read, and may record it as well"):
        delete(store, "b1")
    assert mover.forgotten == []


def test_an_object_that_says_not_whether_data_was_moved_counts_as_moved(store: LocalStore, mover: LabMover) -> None:
    put(store, "b1", "a")
    put_moved(store, "b2", claim("a"), upload("a", backup="b2"))
    store.put("backups/b2/velero-backup.json", b"damaged")
    delete(store, "b1")
    assert mover.forgotten == []


def test_a_moved_backup_without_its_objects_names_none(store: LocalStore, mover: LabMover) -> None:
    """What Velero stores of one that failed its validation."""
    put(store, "b1", "a")
    put_moved(store, "b2")
    store.delete_many(["backups/b2/b2.tar.gz"])
    delete(store, "b2")
    delete(store, "b1")
    assert mover.forgotten == [("shop", ("a",))]


def test_check_mode_takes_nothing_out(store: LocalStore, mover: LabMover) -> None:
    put(store, "b1", "a")
    done = delete(store, "b1", check_mode=True)
    assert [one["handle"] for one in done.deleted_snapshots] == ["a"]
    assert (mover.forgotten, Catalog(store).names()) == ([], ["b1"])


def test_one_that_is_not_forgotten_keeps_its_backup(store: LocalStore, mover: LabMover) -> None:
    put(store, "b1", "a", "b")
    mover.why_not_forgotten["b"] = "No pod was started."
    with pytest.raises(Exception, match="No pod was started"):
        delete(store, "b1")
    assert Catalog(store).names() == ["b1"]


def test_those_of_restic_are_left_to_velero(store: LocalStore, mover: LabMover) -> None:
    put(store, "b1", "a", uploader="restic")
    with pytest.raises(ValidationError, match="in a repository of restic"):
        delete(store, "b1")
    assert mover.forgotten == []


def test_each_backup_is_read_once(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task that prunes asks for each backup that goes."""
    for backup in ("b1", "b2", "b3"):
        put(store, backup, backup)
    reads: list[str] = []
    get = LocalStore.get

    def note(store: LocalStore, key: str, **more: t.Any) -> t.Any:
        reads.append(key)
        return get(store, key, **more)

    monkeypatch.setattr(LocalStore, "get", note)
    elsewhere = NamedElsewhere(Catalog(store))
    snapshot = RecordedSnapshot("repository", "b3", "pv", namespace="shop")
    assert elsewhere.find("b1", [snapshot]).named == {snapshot: "b3"}
    read = [key for key in reads if "volumeinfo" in key]
    assert elsewhere.find("b2", [snapshot]).named == {snapshot: "b3"}
    assert sorted(read) == ["backups/b2/b2-volumeinfo.json.gz", "backups/b3/b3-volumeinfo.json.gz"]
    assert len([key for key in reads if "volumeinfo" in key]) == 3, "b1 alone is new"


@pytest.mark.parametrize(
    ("asked", "tarballs"),
    [
        pytest.param("a", [], id="a file of b2 names it"),
        pytest.param("z", ["backups/b3/b3.tar.gz"], id="no file names it, and the volumes of b3 alone were moved"),
    ],
)
def test_objects_are_read_where_it_matters(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch, asked: str, tarballs: list[str]
) -> None:
    put(store, "b2", "a")
    put_moved(store, "b3", claim("b"), upload("b", backup="b3"))
    opened: list[str] = []
    open_tarball = StoredFiles.open_tarball

    def note(files: StoredFiles) -> t.Any:
        opened.append(files.keys.tarball)
        return open_tarball(files)

    monkeypatch.setattr(StoredFiles, "open_tarball", note)
    elsewhere = NamedElsewhere(Catalog(store))
    for _again in range(2):
        elsewhere.find("b1", [RecordedSnapshot("repository", asked, "pv", namespace="shop")])
    assert opened == tarballs, "once in a task"


def test_nothing_is_read_for_other_snapshots(store: LocalStore) -> None:
    put(store, "b2", "b")
    store.put("backups/b2/b2-volumeinfo.json.gz", b"damaged")
    found = NamedElsewhere(Catalog(store)).find("b1", [RecordedSnapshot("CSI", "b", "pv")])
    assert (found.named, found.unknown) == ({}, ())


@pytest.mark.parametrize("what", ["replaced", "interrupted"])
def test_one_that_another_backup_records_stays_when_its_own_makes_room(
    store: LocalStore, mover: LabMover, what: What
) -> None:
    """A failed backup that was copied under another name, and is made again."""
    put(store, "b1", "a", "b")
    put(store, "copy", "a")
    moving = Moving(settings=MoverSettings(), store=store, password="word")
    context = VolumeContext(connect=lambda: t.cast("t.Any", None), moving=moving)
    said: list[str] = []
    assert remove_old(Catalog(store), "b1", what, providers=make_providers(context), warn=said.append)
    assert mover.forgotten == [("shop", ("b",))]
    assert ["backup 'copy' records it as well" in sentence for sentence in said] == [True]


def test_one_that_makes_room_stays_where_nobody_can_say_what_others_record(store: LocalStore, mover: LabMover) -> None:
    """What is not visible any more has no snapshot left."""
    put(store, "b1", "a")

    class Unlisted(StoreWrapper):
        def list(self, prefix: str = "", delimiter: str | None = None) -> t.NoReturn:
            raise StoreError("It fails.", failure="other")

    catalog = Catalog(Unlisted(store))
    with pytest.raises(StoreError):
        remove_old(catalog, "b1", "replaced", providers=(), warn=lambda _said: None)
    assert catalog.exists("b1")
    assert mover.forgotten == []
