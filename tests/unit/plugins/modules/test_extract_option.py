# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option extract of k8s_backup_info: into the result, or into a private file."""

from __future__ import annotations

import json
import os
import pathlib
import stat
import typing as t

import pytest
import yaml

from ansible_collections.arkive.k8s.plugins.modules import k8s_backup_info
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import obj, tar_gz

Runner: t.TypeAlias = "t.Callable[..., dict[str, t.Any]]"

SECRET = obj("Secret", "db", "shop", data={"password": "cGFzcw=="})
BIG = obj("ConfigMap", "big", "shop", data={"a": "x" * 400_000})


@pytest.fixture
def location(tmp_path: pathlib.Path) -> dict[str, t.Any]:
    folder = tmp_path / "store" / "backups" / "b"
    folder.mkdir(parents=True)
    backup = {"apiVersion": "velero.io/v1", "kind": "Backup", "metadata": {"name": "b"}}
    (folder / "velero-backup.json").write_text(json.dumps(backup))
    members = [
        (f"resources/{kind}/namespaces/shop/{o['metadata']['name']}.json", o)
        for kind, o in (("secrets", SECRET), ("configmaps", BIG))
    ]
    (folder / "b.tar.gz").write_bytes(tar_gz(*members))
    return {"path": str(tmp_path / "store")}


def test_secrets_in_a_result(run_module: Runner, location: dict[str, t.Any]) -> None:
    wanted = {"resource": "secrets", "namespace": "shop", "name": "db"}
    result = run_module(k8s_backup_info, storage_location=location, name="b", extract=wanted)
    assert yaml.safe_load(result["extracted"]["text"])["data"] == {"password": "********"}
    assert "cGFzcw==" not in json.dumps(result)
    result = run_module(k8s_backup_info, storage_location=location, name="b", extract={**wanted, "show_secrets": True})
    assert yaml.safe_load(result["extracted"]["text"]) == SECRET
    assert result["changed"] is False


def test_a_file_is_private_and_written_once(
    run_module: Runner, location: dict[str, t.Any], tmp_path: pathlib.Path
) -> None:
    dest = tmp_path / "secret.yml"
    wanted = {"resource": "secrets", "namespace": "shop", "name": "db", "dest": str(dest)}

    def run(**more: t.Any) -> dict[str, t.Any]:
        return run_module(k8s_backup_info, storage_location=location, name="b", extract=wanted, **more)

    assert run(check_mode=True)["changed"] is True
    assert not dest.exists()
    assert run()["changed"] is True
    assert yaml.safe_load(dest.read_text()) == SECRET
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600
    assert (run()["changed"], run(check_mode=True)["changed"]) == (False, False)
    dest.chmod(0o644)
    assert run()["changed"] is True
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600
    assert sorted(os.listdir(tmp_path)) == ["secret.yml", "store"]


def test_a_link_is_replaced_and_not_followed(
    run_module: Runner, location: dict[str, t.Any], tmp_path: pathlib.Path
) -> None:
    other, dest = tmp_path / "other", tmp_path / "link"
    other.write_text("mine")
    dest.symlink_to(other)
    run_module(k8s_backup_info, storage_location=location, name="b", extract={"file": "metadata", "dest": str(dest)})
    assert other.read_text() == "mine"
    assert not dest.is_symlink()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"extract": {"file": "metadata"}}, "required by 'extract': name", id="no name"),
        pytest.param({"name": "b", "extract": {}}, "one of the following is required: resource, file", id="nothing"),
        pytest.param({"name": "b", "extract": {"file": "../x"}}, "value of file must be one of", id="a path"),
        pytest.param({"name": "b", "extract": {"file": "tarball"}}, "Set extract.dest", id="tarball"),
        pytest.param({"name": "b", "extract": {"file": "logs"}}, "has no file 'logs'", id="no such file"),
        pytest.param({"name": "b", "extract": {"resource": "pods", "name": "x"}}, "no objects of the type", id="type"),
        pytest.param({"name": "c", "extract": {"file": "metadata"}}, "There is no backup 'c'", id="no such backup"),
        pytest.param({"name": "b", "extract": {"file": "metadata", "dest": "/"}}, "/ is a directory", id="a directory"),
        pytest.param(
            {"name": "b", "extract": {"file": "metadata", "dest": "/nonexistent/x"}}, "cannot be written", id="nowhere"
        ),
        pytest.param(
            {"name": "b", "extract": {"resource": "configmaps", "namespace": "shop", "name": "big"}},
            "more than 300000 bytes",
            id="too large",
        ),
    ],
)
def test_wrong_input(run_module: Runner, location: dict[str, t.Any], options: dict[str, t.Any], message: str) -> None:
    result = run_module(k8s_backup_info, storage_location=location, **options)
    assert result["failed"]
    assert message in result["msg"]
