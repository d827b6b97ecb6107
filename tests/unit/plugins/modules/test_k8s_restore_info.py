# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listing restores needs a store and nothing else."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.modules import k8s_restore_info

Runner: t.TypeAlias = "t.Callable[..., dict[str, t.Any]]"


@pytest.fixture
def location(tmp_path: pathlib.Path) -> dict[str, t.Any]:
    for name, phase in (("a", "Completed"), ("b", "InProgress")):
        folder = tmp_path / "restores" / name
        folder.mkdir(parents=True)
        restore = {"metadata": {"name": name}, "spec": {"backupName": "shop"}, "status": {"phase": phase}}
        record = {"restore": restore, "summary": {"pods": {"create": 1}}, "hooks": [{"name": "h"}]}
        (folder / f"{name}-arkive.json.gz").write_bytes(gzip_json(record))
    return {"path": str(tmp_path)}


@pytest.mark.parametrize(
    ("options", "names"),
    [
        pytest.param({}, ["a", "b"], id="all"),
        pytest.param({"name": "b"}, ["b"], id="name"),
        pytest.param({"backup": "other"}, [], id="backup"),
        pytest.param({"phases": "InProgress,Failed"}, ["b"], id="phases"),
    ],
)
def test_options_that_choose(
    run_module: Runner, location: dict[str, t.Any], options: dict[str, t.Any], names: list[str]
) -> None:
    result = run_module(k8s_restore_info, storage_location=location, query="[].name", **options)
    assert [entry["name"] for entry in result["restores"]] == result["query_result"] == names
    assert (result["changed"], result["location"]) == (False, location["path"])


def test_a_description_brings_no_details_along(run_module: Runner, location: dict[str, t.Any]) -> None:
    result = run_module(k8s_restore_info, storage_location=location, name="a", describe=True, details=["items"])
    (entry,) = result["restores"]
    assert entry["description"][0] == "Name:         a"
    assert any("pods:  create=1" in line for line in entry["description"])
    assert entry["item_counts"] == {"pods": {"create": 1}}
    assert {"hooks", "results", "volumes", "resource_list", "logs"}.isdisjoint(entry)
    plain = run_module(k8s_restore_info, storage_location=location, name="a")["restores"][0]
    assert {"description", "item_counts"}.isdisjoint(plain)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"name": "../a"}, "cannot be the name of a restore", id="name"),
        pytest.param({"details": ["colours"]}, "'colours' is no value of details", id="details"),
        pytest.param({"query": "["}, "is no JMESPath expression for the restores", id="query"),
    ],
)
def test_wrong_options(run_module: Runner, location: dict[str, t.Any], options: dict[str, t.Any], message: str) -> None:
    result = run_module(k8s_restore_info, storage_location=location, **options)
    assert result["failed"]
    assert message in result["msg"]
