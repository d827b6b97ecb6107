# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the callback of the real runner keeps of tasks over 20,000 objects: it drops results that are too large."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from awx_jobs import Object, run_with_runner

sys.path.append(str(Path(__file__).parents[3] / "soak"))

from campaigns.archives_make import location, member_path, tarball
from campaigns.archives_objects import BACKUP

OBJECTS = 20_000
LIMIT = 300_000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two backups, in which each object is another one."""
    root = tmp_path_factory.mktemp("store")
    for name, value in (("b1", "before"), ("b2", "after")):
        members = [_member(number, value) for number in range(OBJECTS)]
        document = {**BACKUP, "metadata": {**BACKUP["metadata"], "name": name}}
        for path, data in location(tarball(members), backup=json.dumps(document).encode()).items():
            file = root / path.replace("backups/b/b", f"backups/{name}/{name}").replace("/b/", f"/{name}/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    return root


def _member(number: int, value: str) -> tuple[str, bytes]:
    metadata = {"name": f"config-{number}", "namespace": "arkive-test-large"}
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"value": value}}
    return member_path("configmaps", obj), json.dumps(obj).encode()


def test_no_task_over_many_objects_loses_its_result(store: Path, kubeconfig: str, tmp_path: Path) -> None:
    where = {"storage_location": {"path": str(store)}}
    tree = str(tmp_path / "tree")
    modules: dict[str, Object] = {
        "k8s_backup_diff": {"name": "b1", "other_backup": "b2"},
        "k8s_backup_export": {"name": "b1", "dest": tree},
        "k8s_backup_info": {"name": "b1", "details": True},
        "k8s_backup_verify": {"name": "b1"},
        "k8s_restore": {"backup": "b1", "kubeconfig": kubeconfig},
    }
    tasks = [
        {
            "name": name,
            f"arkive.k8s.{name}": {**options, **where},
            "check_mode": name == "k8s_restore",
            "ignore_errors": True,
        }
        for name, options in modules.items()
    ]
    job = run_with_runner(tasks, tmp_path / "job")
    found = {name: job.results(name)[0] for name in modules}
    assert [name for name, result in found.items() if result.get("failed")] == []
    assert {name: len(str(result)) < LIMIT for name, result in found.items()} == dict.fromkeys(modules, True)
    assert [name for name, result in found.items() if "left_out" not in result] == []
    assert sum(found["k8s_restore"]["plan_counts"].values()) >= OBJECTS
    assert len(json.loads(Path(found["k8s_restore"]["plan_path"]).read_text())) >= OBJECTS
    assert found["k8s_backup_diff"]["left_out"]["objects"] > 0
