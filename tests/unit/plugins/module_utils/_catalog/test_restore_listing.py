# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restores that a location has records of."""

from __future__ import annotations

import gzip
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.describe import SECTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.restore_listing import RestoreFilter, list_restores
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore

LOG = b'time="2026-06-01T02:00:00Z" level=info msg="Starting restore of backup velero/b2" restore=velero/v\n'


def record(name: str, backup: str = "b1", phase: str = "Completed", **status: t.Any) -> bytes:
    restore = {
        "metadata": {"name": name, "creationTimestamp": "2026-06-01T01:59:59Z"},
        "spec": {"backupName": backup},
        "status": {"phase": phase, **status},
    }
    hooks = [{"restored_pod": "web-0", "name": "import", "argv": ["id"], "state": "ok"}]
    return gzip_json({"version": 1, "restore": restore, "summary": {"pods": {"create": 2}}, "hooks": hooks})


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    store = LocalStore(LocalLocation(path=str(tmp_path)))
    ended = {"startTimestamp": "2026-06-01T02:00:00Z", "completionTimestamp": "2026-06-01T02:00:09Z", "warnings": 3}
    store.put("restores/a/a-arkive.json.gz", record("a", **ended))
    store.put("restores/a/restore-a-results.gz", gzip_json({"errors": {}, "warnings": {"velero": ["careful"]}}))
    store.put("restores/a/restore-a-resource-list.json.gz", gzip_json({"v1/Pod": ["shop/web(created)"]}))
    store.put("restores/a/a-volumeinfo.json.gz", gzip_json([{"pvcName": "data", "restoreMethod": "CSISnapshot"}]))
    store.put("restores/a/restore-a-logs.gz", gzip.compress(LOG))
    store.put("restores/i/i-arkive.json.gz", record("i", phase="InProgress"))
    store.put("restores/v/restore-v-logs.gz", gzip.compress(LOG))
    store.put("restores/v/restore-v-results.gz", gzip_json({"errors": {"cluster": ["no"]}, "warnings": {}}))
    return store


def test_overview(store: LocalStore) -> None:
    found = {entry["name"]: entry for entry in list_restores(store)}
    assert list(found) == ["a", "i", "v"]
    assert {name: found["a"][name] for name in ("backup", "phase", "started", "completed", "warnings", "errors")} == {
        "backup": "b1",
        "phase": "Completed",
        "started": "2026-06-01T02:00:00Z",
        "completed": "2026-06-01T02:00:09Z",
        "warnings": 3,
        "errors": 0,
    }
    assert found["a"]["size"] == sum(len(store.get(info.key)) for info in store.list("restores/a/").objects)
    assert (found["i"]["phase"], found["i"]["started"]) == ("InProgress", "2026-06-01T01:59:59Z")
    # One of a Velero server: the object is in its cluster.
    assert (found["v"]["backup"], found["v"]["phase"], found["v"]["restore"]) == ("b2", "", {})
    assert [entry["problems"] for entry in found.values()] == [[], [], []]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        pytest.param(RestoreFilter(), ["a", "i", "v"], id="all"),
        pytest.param(RestoreFilter(name="a"), ["a"], id="name"),
        pytest.param(RestoreFilter(name="none"), [], id="no such name"),
        pytest.param(RestoreFilter(backup="b2"), ["v"], id="backup"),
        pytest.param(RestoreFilter(phases=frozenset({"InProgress", "Failed"})), ["i"], id="phase"),
        pytest.param(RestoreFilter(name="a", backup="b2"), [], id="both"),
    ],
)
def test_filter(store: LocalStore, wanted: RestoreFilter, names: list[str]) -> None:
    assert [entry["name"] for entry in list_restores(store, wanted)] == names


def test_sections(store: LocalStore) -> None:
    own, _begun, foreign = list_restores(store, sections=SECTIONS)
    assert own["items"] == {"pods": {"create": 2}}
    assert own["hooks"][0]["name"] == "import"
    assert own["volumes"] == [{"pvcName": "data", "restoreMethod": "CSISnapshot"}]
    assert own["results"]["warnings"] == {"velero": ["careful"]}
    assert own["resource_list"] == {"v1/Pod": ["shop/web(created)"]}
    assert own["logs"].endswith("restore=velero/v\n")
    assert own["logs_truncated"] is False
    assert foreign["results"]["errors"] == {"cluster": ["no"]}
    assert (foreign["items"], foreign["hooks"], foreign["volumes"]) == ({}, [], [])


@pytest.mark.parametrize(
    ("file", "data", "problem"),
    [
        pytest.param("x-arkive.json.gz", b"no gzip", "x-arkive.json.gz", id="record"),
        pytest.param("x-arkive.json.gz", gzip_json([]), "has not the form of its kind", id="form"),
        pytest.param("x-arkive.json.gz", gzip_json({"restore": {"status": 7}}), "has not the form", id="status"),
        pytest.param("x-arkive.json.gz", gzip.compress(b"[" * 900), "is not valid JSON", id="deep"),
        pytest.param("restore-x-logs.gz", b"no gzip", "Its log is damaged", id="log"),
        pytest.param("restore-x-results.gz", b"", "restore-x-results.gz", id="results"),
        pytest.param("x-volumeinfo.json.gz", gzip_json({}), "has not the form", id="volumes"),
    ],
)
def test_a_damaged_restore_does_not_hide_the_others(store: LocalStore, file: str, data: bytes, problem: str) -> None:
    store.put(f"restores/x/{file}", data)
    found = {entry["name"]: entry for entry in list_restores(store, sections=["results", "volumes"])}
    assert list(found) == ["a", "i", "v", "x"]
    assert problem in " ".join(found["x"]["problems"])
    assert found["a"]["problems"] == []


def test_names_that_no_restore_has_are_no_paths(store: LocalStore) -> None:
    with pytest.raises(ValidationError, match="cannot be the name of a restore"):
        list_restores(store, RestoreFilter(name="../backups/b"))
    store.put("restores/No_Name/x", b"")
    assert [entry["name"] for entry in list_restores(store)] == ["a", "i", "v"]
