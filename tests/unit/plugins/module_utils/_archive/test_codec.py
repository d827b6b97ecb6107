# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The place between archive and store: with a codec there, the store has another form of every file.

Digests and sizes are those of the files themselves, and are checked after decoding.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive import codec
from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._archive.codec import codec_of
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.file_access import FileAccess
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.describe import SECTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import list_backups
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.restores import find_restores
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._store.wrapper import StoreWrapper
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import RestoreKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import obj, tar_gz
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.mirror import MARK, MirrorCodec, header
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.written_backups import FILES, backup_files
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._backup.backup_api import BackupApi, back_up
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import RestoreApi, restore

TARBALL = "backups/b1/b1.tar.gz"
METADATA = "backups/b1/velero-backup.json"


def mirrored(location: StorageLocation) -> MirrorCodec | None:
    return MirrorCodec() if location.name == "mirrored" else None


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "CODECS", (*codec.CODECS, mirrored))


@pytest.fixture
def location(tmp_path: Path) -> LocalLocation:
    return LocalLocation(path=str(tmp_path), name="mirrored")


@pytest.fixture
def store(location: LocalLocation) -> Store:
    return open_store(location)


@pytest.fixture
def writer(store: Store) -> BackupWriter:
    return BackupWriter(store)


@pytest.fixture
def catalog(store: Store) -> Catalog:
    return Catalog(store)


def raw(store: Store) -> dict[str, bytes]:
    """What the store itself has."""
    return {info.key: store.get(info.key) for info in store.list().objects}


def plain(key: str, data: bytes) -> bytes:
    return MirrorCodec().decode(key, io.BytesIO(data)).read()


def put(store: Store, key: str, data: bytes) -> None:
    store.put(key, MirrorCodec().encode(key, io.BytesIO(data)).read())


def test_the_location_says_which(location: LocalLocation, tmp_path: Path) -> None:
    assert isinstance(codec_of(location), MirrorCodec)
    assert codec_of(LocalLocation(path=str(tmp_path))) is None


def test_every_file_of_a_backup(writer: BackupWriter, store: Store) -> None:
    files = backup_files()
    record = writer.publish(files)
    found = raw(store)
    assert sorted(found) == [f"backups/b1/{name}" for name in FILES]
    for key, data in found.items():
        assert data.startswith(header(key))
        assert b"Backup" not in data
    for name, digest in record.files.items():
        data = plain(f"backups/b1/{name}", found[f"backups/b1/{name}"])
        assert (digest.size, digest.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert record.files["b1.tar.gz"].sha256 == files.tarball_summary.sha256
    assert record.files["b1.tar.gz"].size == files.tarball_summary.size < len(found[TARBALL])
    assert json.loads(plain(METADATA, found[METADATA])) == files.metadata


def test_it_reads_back(writer: BackupWriter, catalog: Catalog) -> None:
    files = backup_files()
    record = writer.publish(files)
    assert catalog.names() == ["b1"]
    assert catalog.read_sound_backup("b1") == files.metadata
    assert catalog.files("b1").read_json("results") == files.results
    assert catalog.files("b1").read_json("resource_list") == files.resource_list
    assert catalog.files("b1").read_json("volumeinfo") == []
    assert catalog.files("b1").read_record() == record
    assert catalog.files("b1").read_log_end(1000) == ("level=info msg=done\n", False)
    with catalog.files("b1").open_tarball() as reader:
        assert [ref.name for ref in reader.items] == ["web"]


def test_the_digest_is_checked_after_decoding(writer: BackupWriter, catalog: Catalog, store: Store) -> None:
    writer.publish(backup_files())
    put(store, TARBALL, tar_gz(("resources/pods/namespaces/app/web.json", obj("Pod", "web", "app"))))
    with pytest.raises(ArchiveError, match="is not the one that was written: its SHA-256"):
        catalog.files("b1").open_tarball()


@pytest.mark.parametrize("size", [0, 20, 60, 200])
def test_a_file_that_was_cut(writer: BackupWriter, catalog: Catalog, store: Store, size: int) -> None:
    writer.publish(backup_files())
    store.put(TARBALL, store.get(TARBALL)[:size])
    with pytest.raises(ArchiveError):
        catalog.files("b1").open_tarball()


def test_a_file_in_the_place_of_another_one(writer: BackupWriter, catalog: Catalog, store: Store) -> None:
    writer.publish(backup_files())
    writer.publish(backup_files("b2"))
    for file in (".tar.gz", "-results.gz"):
        store.put(f"backups/b1/b1{file}", store.get(f"backups/b2/b2{file}"))
    for read in (lambda: catalog.files("b1").open_tarball(), lambda: catalog.files("b1").read_json("results")):
        with pytest.raises(ArchiveError, match="that of another key"):
            read()


def test_limits_are_those_of_the_file(store: Store) -> None:
    files = FileAccess(store)
    files.put_bytes("backups/b1/x", b"x" * 5000)
    assert store.size("backups/b1/x") > 5000
    assert files.get("backups/b1/x", max_bytes=5000) == b"x" * 5000
    assert files.get_start("backups/b1/x", 1500) == b"x" * 1500
    with pytest.raises(StoreError, match="larger than 4999 bytes") as caught:
        files.get("backups/b1/x", max_bytes=4999)
    assert caught.value.failure == "too_large"
    for read in (lambda: files.get("backups/b1/y", max_bytes=1), lambda: files.open("backups/b1/y")):
        with pytest.raises(StoreError) as missing:
            read()
        assert missing.value.not_found


class Cutting(StoreWrapper):
    """Keeps half of what it is given at the commit point, the first time."""

    cuts = True

    def put_if_absent(self, key: str, data: bytes) -> bool:
        data = data[: len(data) // 2] if self.cuts else data
        self.cuts = False
        return super().put_if_absent(key, data)


def test_a_commit_point_that_was_cut_is_mended(store: Store) -> None:
    said: list[str] = []
    BackupWriter(Cutting(store)).publish(backup_files(), warn=said.append)
    (sentence,) = said
    assert "It was written again, and is whole now." in sentence
    assert plain(METADATA, store.get(METADATA)) == FileAccess(store).get(METADATA, max_bytes=1 << 20)


class Dropping(StoreWrapper):
    def put_file(self, key: str, fileobj: t.Any, *, size: int | None = None) -> t.Any:
        told = super().put_file(key, fileobj, size=size)
        if key.endswith("-results.gz"):
            self.put(key, self.get(key)[:-1])
        return told


def test_a_file_that_the_store_did_not_keep_whole(store: Store) -> None:
    with pytest.raises(ArchiveError, match=r"b1-results\.gz has \d+ bytes instead of \d+ bytes"):
        BackupWriter(Dropping(store)).publish(backup_files())
    assert raw(store) == {}


def test_a_whole_backup_and_restore(store: Store) -> None:
    """Of all engines: whatever they leave in the store has its other form."""
    api = BackupApi()
    api.add("namespaces", "shop", status={"phase": "Active"})
    api.add("configmaps", "settings", "shop", data={"a": "1"})
    assert back_up(api, store, included_namespaces=["shop"]).phase == "Completed"
    (entry,) = list_backups(store, sections=frozenset(SECTIONS)).backups
    assert entry["phase"] == "Completed"
    cluster = RestoreApi()
    first = restore(cluster, store, "b1", name="r1")
    assert (first.phase, first.warnings_list, first.changed) == ("Completed", [], True)
    assert restore(cluster, store, "b1", name="r1").changed is False
    found = raw(store)
    assert {key.partition("/")[0] for key in found} == {"backups", "restores"}
    assert [key for key, data in found.items() if not data.startswith(MARK)] == []
    assert list(find_restores(store, "b1").keys) == ["r1"]
    record = plain("restores/r1/r1-arkive.json.gz", found["restores/r1/r1-arkive.json.gz"])
    assert json.loads(gzip.decompress(record))["restore"]["spec"]["backupName"] == "b1"
    put(store, RestoreKeys("r2").logs, gzip.compress(b'msg="Starting restore of backup velero/b1"\n'))
    assert find_restores(store, "b1").keys.keys() == {"r1", "r2"}
    delete_backup("b1", store=store, providers=())
    assert raw(store) == {}
