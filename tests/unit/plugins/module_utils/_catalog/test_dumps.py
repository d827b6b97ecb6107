# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dumps beside a backup: what is read of them, and what becomes of them."""

from __future__ import annotations

import hashlib
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._archive.compression import compressed
from ansible_collections.arkive.k8s.plugins.module_utils._archive.dump_record import DumpRecord
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.backup_text import describe_backup_lines
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.dumps import dump_names, dump_pieces, read_dump
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import list_backups
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._proof.verify import verify_backup
from ansible_collections.arkive.k8s.plugins.module_utils._proof.verify_request import VerifyRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.written_backups import backup_files

TEXT = b"select 1;\n" * 300_000
FILE = "b-arkive-dump-shop-db-0.sql.gz"
RECORD = "backups/b/b-arkive-dump-shop-db-0.json"


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """A backup with a dump."""
    store = LocalStore(LocalLocation(path=str(tmp_path)))
    BackupWriter(store).publish(backup_files("b"))
    data = b"".join(compressed([TEXT], "gzip"))
    record = DumpRecord(
        name="shop-db-0",
        file=FILE,
        namespace="shop",
        pod="db-0",
        container="postgres",
        kind="postgresql",
        program="pg_dump",
        database="orders",
        compression="gzip",
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        dump_size=len(TEXT),
        dump_sha256=hashlib.sha256(TEXT).hexdigest(),
        started="2026-06-01T02:00:00Z",
        completed="2026-06-01T02:01:00Z",
    )
    store.put(f"backups/b/{FILE}", data)
    store.put(RECORD, record.to_bytes())
    return store


def found(store: LocalStore) -> DumpRecord:
    record = read_dump(store, "b", "shop-db-0")
    assert record is not None
    return record


def read(store: LocalStore) -> t.Iterator[bytes]:
    return dump_pieces(store, "b", found(store), CancelToken())


def verified(store: LocalStore) -> tuple[bool, tuple[str, ...]]:
    outcome = verify_backup(VerifyRequest(name="b", record=False), store=store)
    return outcome.sound, outcome.problems


def test_names() -> None:
    files = [FILE, "b-arkive-dump-shop-db-0.json", "b-arkive-dump-a.b.json", "b.tar.gz", "b-arkive-hold.json"]
    assert dump_names("b", files) == ["a.b", "shop-db-0"]


def test_a_sound_dump(store: LocalStore) -> None:
    assert b"".join(read(store)) == TEXT
    assert verified(store) == (True, ())
    (entry,) = list_backups(store, sections=["dumps"]).backups
    assert entry["dumps"] == [found(store).to_return()]
    assert entry["problems"] == []
    lines = describe_backup_lines(entry)
    assert f"  {FILE}: shop/db-0 postgresql orders, {found(store).size} bytes" in lines


@pytest.mark.parametrize("at", [0.0, 0.2, 0.5, 0.9, 0.999])
def test_the_end_of_a_damaged_dump_never_comes(store: LocalStore, at: float) -> None:
    data = bytearray(store.get(f"backups/b/{FILE}"))
    data[int(len(data) * at)] ^= 1
    store.put(f"backups/b/{FILE}", bytes(data))
    pieces: list[bytes] = []
    with pytest.raises(ArchiveError):
        pieces.extend(read(store))
    assert sum(map(len, pieces)) < len(TEXT)
    sound, problems = verified(store)
    assert not sound
    assert len(problems) == 1


def test_another_dump_in_its_place(store: LocalStore) -> None:
    """Of the same size, and sound as a file."""
    store.put(f"backups/b/{FILE}", b"".join(compressed([TEXT.replace(b"1", b"2")], "gzip")))
    with pytest.raises(ArchiveError, match="SHA-256 is another one") as caught:
        list(read(store))
    assert "damaged or cut short" in (caught.value.hint or "")


def test_a_dump_that_is_missing(store: LocalStore) -> None:
    store.delete_many([f"backups/b/{FILE}"])
    assert verified(store) == (False, (f"Its dump {FILE} is missing.",))
    (entry,) = list_backups(store, sections=["dumps"]).backups
    assert f"Its dump {FILE} is missing." in entry["problems"]


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"version": None, "size": "many"},
        {"file": "../../other"},
        {"compression": "none"},
        {"dump_size": -1},
        {"name": "another"},
    ],
)
def test_records_that_are_none(store: LocalStore, change: dict[str, t.Any]) -> None:
    store.put(RECORD, json.dumps({**json.loads(store.get(RECORD)), **change}).encode())
    with pytest.raises(ArchiveError):
        read_dump(store, "b", "shop-db-0")
    assert not verified(store)[0]


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"null", b"\xff"])
def test_records_that_are_no_documents(store: LocalStore, data: bytes) -> None:
    store.put(RECORD, data)
    with pytest.raises(ArchiveError):
        read_dump(store, "b", "shop-db-0")


def test_a_dump_goes_with_its_backup(store: LocalStore) -> None:
    deleted = delete_backup("b", store=store, providers=())
    assert {f"backups/b/{FILE}", RECORD} <= set(deleted.deleted)
    assert Catalog(store).entries() == []
