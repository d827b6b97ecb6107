# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import json
import os
import time
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.restores import (
    MOST_ASKED,
    find_restores,
    find_unfinished,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore

TEXT_LINE = 'time="2026-06-01T02:00:00Z" level=info msg="Starting restore of backup {}" logSource="pkg/restore:1"\n'


def log(name: str, *, before: int = 0) -> bytes:
    other = 'time="2026-06-01T02:00:00Z" level=info msg="starting restore"\n' * before
    return gzip.compress((other + TEXT_LINE.format(name)).encode())


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(LocalLocation(path=str(tmp_path)))


@pytest.mark.parametrize(
    ("file", "data", "found"),
    [
        pytest.param("restore-r-logs.gz", log("velero/n"), True, id="log of Velero"),
        pytest.param("restore-r-logs.gz", log("backup-system/n"), True, id="a server in another namespace"),
        pytest.param("restore-r-logs.gz", log("n"), True, id="no namespace"),
        pytest.param("restore-r-logs.gz", log("velero/n-1"), False, id="a longer name"),
        pytest.param("restore-r-logs.gz", log("velero/n.1"), False, id="a longer name with a dot"),
        pytest.param("restore-r-logs.gz", log("n/m"), False, id="a namespace of that name"),
        pytest.param(
            "restore-r-logs.gz",
            gzip.compress(json.dumps({"msg": "Starting restore of backup velero/n"}).encode()),
            True,
            id="log as JSON",
        ),
        pytest.param("restore-r-logs.gz", log("velero/n", before=1000), True, id="some lines before it"),
        pytest.param("restore-r-logs.gz", log("velero/n", before=100000), False, id="not at the start of the log"),
        pytest.param("restore-r-logs.gz", log("velero/n")[:-4], True, id="a log that is cut off"),
        pytest.param("restore-r-logs.gz", gzip.compress(b""), False, id="an empty log"),
        pytest.param("restore-r-results.gz", gzip_json({}), False, id="no log"),
        pytest.param("r-arkive.json.gz", gzip_json({"restore": {"spec": {"backupName": "n"}}}), True, id="record"),
        pytest.param("r-arkive.json.gz", gzip_json({"restore": {"spec": {"backupName": "m"}}}), False, id="of another"),
    ],
)
def test_find_restores(store: LocalStore, file: str, data: bytes, *, found: bool) -> None:
    store.put(f"restores/r/{file}", data)
    restores = find_restores(store, "n")
    assert restores.keys == ({"r": [f"restores/r/{file}"]} if found else {})
    assert restores.unreadable == []


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("restore-r-logs.gz", b"not gzip"),
        ("r-arkive.json.gz", b"not gzip"),
        ("r-arkive.json.gz", gzip_json({"restore": {}})),
        ("r-arkive.json.gz", gzip_json([])),
        ("r-arkive.json.gz", gzip.compress(b"{}", mtime=0)[:-3]),
    ],
    ids=["log", "not-gzip", "no-name", "a-list", "cut"],
)
def test_damaged(store: LocalStore, file: str, data: bytes) -> None:
    store.put(f"restores/r/{file}", data)
    restores = find_restores(store, "n")
    assert (restores.keys, restores.unreadable) == ({}, ["r"])


def test_the_record_wins_and_all_files_are_named(store: LocalStore) -> None:
    store.put("restores/r/r-arkive.json.gz", gzip_json({"restore": {"spec": {"backupName": "n"}}}))
    store.put("restores/r/restore-r-logs.gz", log("velero/m"))
    store.put("restores/s/restore-s-logs.gz", log("velero/n"))
    store.put("restores/t/restore-t-logs.gz", log("velero/m"))
    assert find_restores(store, "n").keys == {
        "r": ["restores/r/r-arkive.json.gz", "restores/r/restore-r-logs.gz"],
        "s": ["restores/s/restore-s-logs.gz"],
    }


def test_however_many_restores_there_are_few_are_asked_how_they_ended(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The newest, of those without an end and of those that have ended of late; those of last month are not counted."""
    cancelled = gzip_json({"restore": {"spec": {"backupName": "n"}, "status": {"phase": "Failed"}}, "broken_off": True})
    running = gzip_json({"restore": {"spec": {"backupName": "n"}, "status": {"phase": "InProgress"}}})
    now = time.time()
    for number in range(MOST_ASKED + 3):
        for kind, record, age in (("open", running, 0), ("late", cancelled, 0), ("old", cancelled, 30 * 86400)):
            name = f"{kind}-{number:03}"
            store.put(f"restores/{name}/{name}-arkive.json.gz", record)
            if kind != "open":
                store.put(f"restores/{name}/restore-{name}-results.gz", gzip_json({}))
            moment = now - age - 60 * (100 - number)
            os.utime(tmp_path / "restores" / name / f"{name}-arkive.json.gz", (moment, moment))
    read: list[str] = []
    get = LocalStore.get

    def note(store: LocalStore, key: str, **more: object) -> bytes:
        read.append(key)
        return get(store, key, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(LocalStore, "get", note)
    found = find_unfinished(store, "n")
    assert len(read) == 2 * MOST_ASKED
    assert found.passed_over == 6
    assert found.names == [f"{kind}-{number:03}" for kind in ("late", "open") for number in range(3, MOST_ASKED + 3)]
