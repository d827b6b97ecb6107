# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``k8s_backup_export`` as a task, of a backup in a directory and without a cluster."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.modules import k8s_backup_export
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import config, write_backup

Runner: t.TypeAlias = "t.Callable[..., dict[str, t.Any]]"


@pytest.fixture
def place(tmp_path: Path) -> dict[str, t.Any]:
    folder = tmp_path / "backups"
    folder.mkdir()
    write_backup(LocalStore(LocalLocation(path=str(folder))), "a", config("one"), config("two"))
    return {"storage_location": {"path": str(folder)}, "dest": str(tmp_path / "tree")}


def test_a_tree_once_and_again(run_module: Runner, place: dict[str, t.Any]) -> None:
    seen = run_module(k8s_backup_export, name="a", check_mode=True, diff=True, **place)
    assert (seen["failed"], seen["changed"], len(seen["diff"])) == (False, True, 2)
    assert not Path(place["dest"]).exists()
    result = run_module(k8s_backup_export, name="a", **place)
    assert (result["changed"], result["files"], result["written"]) == (True, 2, seen["written"])
    assert not run_module(k8s_backup_export, name="a", **place)["changed"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "An export has one source."),
        ({"name": "a", "schedule": "b"}, "An export has one source."),
        ({"name": "a", "included_namespaces": ["shop"]}, "included_namespaces is for from_cluster: true only"),
        ({"name": "a", "storage_location": None}, "A backup lies in a storage location."),
        ({"name": "a", "secrets": "seal"}, "seal_command"),
        ({"name": "a", "seal_command": ["cat"]}, "seal_command is for secrets: seal only"),
        ({"name": "b"}, "b"),
    ],
)
def test_wrong_questions(run_module: Runner, place: dict[str, t.Any], options: dict[str, t.Any], said: str) -> None:
    result = run_module(k8s_backup_export, **{**place, **options})
    assert result["failed"]
    assert said in result["msg"]
    assert not Path(place["dest"]).exists()
