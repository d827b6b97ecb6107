# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listing needs a store and nothing else."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import textwrap
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.detail_options import read_sections
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.describe import SECTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.modules import k8s_backup_info

Runner: t.TypeAlias = "t.Callable[..., dict[str, t.Any]]"


def test_an_empty_directory(run_module: Runner, tmp_path: pathlib.Path) -> None:
    result = run_module(k8s_backup_info, storage_location={"path": str(tmp_path)})
    assert not result["failed"]
    assert result["changed"] is False
    assert (result["backups"], result["incomplete"], result["location"]) == ([], [], str(tmp_path))


def test_a_directory_that_is_not_there(run_module: Runner, tmp_path: pathlib.Path) -> None:
    result = run_module(k8s_backup_info, storage_location={"path": str(tmp_path / "none")})
    assert result["failed"]
    assert str(tmp_path / "none") in result["msg"]


def put_backup(directory: pathlib.Path, name: str, phase: str = "Completed") -> None:
    folder = directory / "backups" / name
    folder.mkdir(parents=True)
    document = {
        "apiVersion": "velero.io/v1",
        "kind": "Backup",
        "metadata": {"name": name},
        "status": {"phase": phase, "startTimestamp": "2026-06-01T02:00:00Z"},
    }
    (folder / "velero-backup.json").write_text(json.dumps(document))
    (folder / f"{name}.tar.gz").write_bytes(b"x")


@pytest.mark.parametrize(
    ("options", "names"),
    [
        pytest.param({}, ["a", "b"], id="all"),
        pytest.param({"phase": ["Failed"]}, ["b"], id="phase"),
        pytest.param({"phases": "Failed,Completed"}, ["a", "b"], id="phases"),
        pytest.param({"label_selector": "!team"}, ["a", "b"], id="label selector"),
        pytest.param({"schedule": "nightly"}, [], id="schedule"),
        pytest.param({"namespace": "shop"}, ["a", "b"], id="namespace"),
        pytest.param({"started_after": "2026-06-01"}, ["a", "b"], id="a day"),
        pytest.param({"started_before": "2026-06-01T04:00:00+02:00"}, [], id="a zone"),
        pytest.param({"name": "b"}, ["b"], id="name"),
    ],
)
def test_options_that_choose(
    run_module: Runner, tmp_path: pathlib.Path, options: dict[str, t.Any], names: list[str]
) -> None:
    put_backup(tmp_path, "a")
    put_backup(tmp_path, "b", "Failed")
    result = run_module(k8s_backup_info, storage_location={"path": str(tmp_path)}, **options)
    assert [entry["name"] for entry in result["backups"]] == names
    assert result["incomplete"] == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("[].name", ["a", "b"]),
        ("[?phase=='Failed'].name | [0]", "b"),
        ("length(@)", 2),
        ("[?phase=='None'] | [0].name", None),
    ],
)
def test_query(run_module: Runner, tmp_path: pathlib.Path, query: str, expected: t.Any) -> None:
    put_backup(tmp_path, "a")
    put_backup(tmp_path, "b", "Failed")
    result = run_module(k8s_backup_info, storage_location={"path": str(tmp_path)}, query=query)
    assert result["query_result"] == expected
    assert len(result["backups"]) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"query": "["}, "The query '[' is no JMESPath expression", id="query"),
        pytest.param({"query": "nothing(@)"}, "Unknown function: nothing()", id="function"),
        pytest.param({"query": "length(`1`)"}, "invalid type for value", id="types"),
        pytest.param({"label_selector": "a b"}, "is not a term of a label selector", id="selector"),
        pytest.param({"started_after": "today"}, "'today' is not an RFC 3339 time", id="time"),
        pytest.param({"details": ["items", "colours"]}, "'colours' is no value of details. Choose from", id="details"),
        pytest.param({"name": "A_b"}, "cannot be the name of a backup", id="name"),
    ],
)
def test_wrong_options(run_module: Runner, tmp_path: pathlib.Path, options: dict[str, t.Any], message: str) -> None:
    result = run_module(k8s_backup_info, storage_location={"path": str(tmp_path)}, **options)
    assert result["failed"]
    assert message in result["msg"]


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        (False, ()),
        ("no", ()),
        (True, SECTIONS),
        ("True", SECTIONS),
        (["logs"], ("logs",)),
        ([], ()),
        ("logs, items", ("items", "logs")),
    ],
)
def test_sections(details: t.Any, expected: tuple[str, ...]) -> None:
    assert read_sections(details) == frozenset(expected)


@pytest.mark.parametrize("details", [3, {"logs": True}, [["logs"]], ""])
def test_wrong_sections(details: t.Any) -> None:
    with pytest.raises(ValidationError, match="is no value of details"):
        read_sections(details)


def test_no_library_of_a_cluster_or_of_s3_is_loaded() -> None:
    """A module that talks to the store only does not import ``kubernetes``, nor what knows a cluster's volumes."""
    program = f"""
        import sys
        sys.path[:0] = {[path for path in sys.path if path]!r}
        import {k8s_backup_info.__name__}
        own = [name.split(".module_utils.")[1] for name in sys.modules if ".k8s.plugins.module_utils." in name]
        loaded = {{*sys.modules, *own, *(name.partition(".")[0] for name in own)}}
        libraries = {{"kubernetes", "boto3", "botocore", "jmespath"}}
        rooms = {{"_kube.client", "_kube.auth", "_volumes", "_hooks", "_quiesce", "_backup", "_restore", "_snapshot"}}
        print(sorted((libraries | rooms) & loaded))
        """
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
