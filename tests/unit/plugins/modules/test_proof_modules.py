# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``k8s_backup_verify`` and ``k8s_backup_diff`` as tasks, on a directory and without a cluster."""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._proof.diff_outcome import ComparedObject, DiffOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.modules import k8s_backup_diff, k8s_backup_verify
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import config, write_backup

Runner: t.TypeAlias = "t.Callable[..., dict[str, t.Any]]"


@pytest.fixture
def place(tmp_path: Path) -> dict[str, t.Any]:
    folder = tmp_path / "backups"
    folder.mkdir()
    store = LocalStore(LocalLocation(path=str(folder)))
    write_backup(store, "a", config("same"), config("other"))
    write_backup(store, "b", config("same"), config("other", a="2"))
    return {"storage_location": {"path": str(folder)}}


def test_a_sound_backup(run_module: Runner, place: dict[str, t.Any]) -> None:
    result = run_module(k8s_backup_verify, name="a", **place)
    assert (result["failed"], result["sound"], result["changed"], result["objects_read"]) == (False, True, True, 2)
    assert not run_module(k8s_backup_verify, name="a", check_mode=True, **place)["changed"]


def test_one_that_is_not(run_module: Runner, place: dict[str, t.Any]) -> None:
    Path(place["storage_location"]["path"], "backups/a/a.tar.gz").write_bytes(b"\x1f\x8b")
    result = run_module(k8s_backup_verify, name="a", record=False, **place)
    assert (result["failed"], result["sound"], result["changed"]) == (True, False, False)
    assert "is not sound" in result["msg"]
    assert result["errors_list"][0]["message"] == result["problems"][0]


def test_wrong_questions(run_module: Runner, place: dict[str, t.Any]) -> None:
    assert "101 is no percentage" in run_module(k8s_backup_verify, name="a", percentage=101, **place)["msg"]
    assert run_module(k8s_backup_verify, **place)["failed"]
    both = run_module(k8s_backup_diff, name="a", other_backup="b", included_namespaces=["shop"], **place)
    assert "mutually exclusive" in both["msg"]


def test_drift_as_data_as_a_report_and_as_a_failure(
    run_module: Runner, place: dict[str, t.Any], tmp_path: Path
) -> None:
    report = tmp_path / "drift.xml"
    asked = {"name": "a", "other_backup": "b", "junit_path": str(report), **place}
    seen = run_module(k8s_backup_diff, check_mode=True, **asked)
    assert (seen["failed"], seen["differs"], report.exists()) == (False, True, False)
    result = run_module(k8s_backup_diff, diff=True, **asked)
    assert result["counts"]["changed"] == 1
    assert result["objects"] == [
        {
            "resource": "configmaps",
            "namespace": "shop",
            "name": "other",
            "state": "changed",
            "reason": "",
            "fields": ["data.a"],
        }
    ]
    assert len(result["diff"]) == 1
    assert ET.parse(report).getroot().get("failures") == "1"
    failed = run_module(k8s_backup_diff, fail_on_drift=True, **asked)
    assert failed["msg"].startswith("Backup 'b' differs from backup 'a' in 1 object.")
    assert not run_module(k8s_backup_diff, fail_on_drift=True, **{**asked, "other_backup": "a"})["failed"]


def test_what_nobody_could_look_for_is_no_good_news(
    run_module: Runner, place: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ComparedObject(GroupResource("secrets"), "shop", "s", "not_compared", reason="why", is_unknown=True)
    found = DiffOutcome(backup="a", other="the cluster", location="l", objects=(row,), unknown=("More is not known.",))
    monkeypatch.setattr(k8s_backup_diff, "compare", lambda task: found)
    assert not run_module(k8s_backup_diff, name="a", **place)["failed"]
    result = run_module(k8s_backup_diff, name="a", fail_on_drift=True, **place)
    assert result["failed"]
    assert result["msg"].startswith("Whether the cluster differs from backup 'a' is not known. The rights to look are")
    assert [each["message"] for each in result["errors_list"]] == ["not known: why", "More is not known."]
