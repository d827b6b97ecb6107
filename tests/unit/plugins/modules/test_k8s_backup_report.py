# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``k8s_backup_report`` as a task, of a directory and without a cluster."""

from __future__ import annotations

import json
import stat
import typing as t
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.modules import k8s_backup_report
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._catalog.foreign_buckets import BUCKETS
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import config, write_backup

Runner: t.TypeAlias = "t.Callable[..., dict[str, t.Any]]"


@pytest.fixture
def asked(tmp_path: Path) -> dict[str, t.Any]:
    folder = tmp_path / "backups"
    folder.mkdir()
    write_backup(LocalStore(LocalLocation(path=str(folder))), "a", config("one"), config("two"))
    files = {f"{form}_path": str(tmp_path / f"report.{form}") for form in ("html", "json", "junit")}
    return {"storage_location": {"path": str(folder)}, **files}


@pytest.mark.parametrize("name", ["a", None], ids=["backup", "location"])
def test_once_and_again(run_module: Runner, asked: dict[str, t.Any], name: str | None) -> None:
    files = [Path(asked[option]) for option in ("html_path", "json_path", "junit_path")]
    seen = run_module(k8s_backup_report, name=name, check_mode=True, **asked)
    assert (seen["failed"], seen["changed"], seen["written"]) == (False, True, [str(file) for file in files])
    assert not [file for file in files if file.exists()]
    result = run_module(k8s_backup_report, name=name, **asked)
    assert (result["changed"], result["backup"], result["written"]) == (True, name or "", seen["written"])
    assert result["message_counts"] == {"errors": 0, "warnings": 0}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o644}
    assert files[0].read_bytes().startswith(b"<!doctype html>")
    assert json.loads(files[1].read_text())["kind"] == ("backup" if name else "location")
    assert ET.parse(files[2]).getroot().get("failures") == "0"
    for check_mode in (True, False):
        again = run_module(k8s_backup_report, name=name, check_mode=check_mode, **asked)
        assert (again["changed"], again["written"]) == (False, [])
    files[0].write_text("something else")
    assert run_module(k8s_backup_report, name=name, check_mode=True, **asked)["written"] == [str(files[0])]


def test_a_damaged_backup_is_reported_and_does_not_fail(run_module: Runner, asked: dict[str, t.Any]) -> None:
    Path(asked["storage_location"]["path"], "backups/a/a.tar.gz").write_bytes(b"")
    result = run_module(k8s_backup_report, name="a", **asked)
    assert not result["failed"]
    assert result["message_counts"]["errors"] >= 1
    assert int(ET.parse(asked["junit_path"]).getroot().get("failures") or 0) >= 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "b"}, "There is no backup 'b'"),
        ({"name": "a", "schedule": "s"}, "mutually exclusive"),
        ({"schedule": "s"}, "schedule 's'"),
        ({"log": True}, "log is for a report of one backup only"),
        ({"html_path": "/"}, "which is a folder"),
        ({"html_path": "/no/such/folder/report.html"}, "cannot be written"),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_wrong_questions(
    run_module: Runner, asked: dict[str, t.Any], options: dict[str, t.Any], said: str, check_mode: bool
) -> None:
    result = run_module(k8s_backup_report, check_mode=check_mode, **{**asked, **options})
    assert result["failed"]
    assert said in result["msg"]


def test_a_report_goes_somewhere(run_module: Runner, asked: dict[str, t.Any]) -> None:
    result = run_module(k8s_backup_report, storage_location=asked["storage_location"])
    assert "html_path, json_path, junit_path" in result["msg"]


@pytest.mark.parametrize(("files", "objects"), BUCKETS)
def test_whoever_wrote_the_backup(run_module: Runner, tmp_path: Path, files: dict[str, bytes], objects: int) -> None:
    (tmp_path / "backups").mkdir()
    location = LocalLocation(path=str(tmp_path / "backups"))
    for key, data in files.items():
        LocalStore(location).put(key, data)
    asked = {"storage_location": {"path": location.path}, "json_path": str(tmp_path / "report.json")}
    assert not run_module(k8s_backup_report, **asked)["failed"]
    assert [each["name"] for each in json.loads(Path(asked["json_path"]).read_text())["backups"]] == ["n"]
    result = run_module(k8s_backup_report, name="n", html_path=str(tmp_path / "report.html"), **asked)
    assert not result["failed"], result
    assert len(json.loads(Path(asked["json_path"]).read_text())["objects"]) == objects
