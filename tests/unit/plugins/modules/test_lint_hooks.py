# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``k8s_hook_exec`` with ``state: linted`` as a task, on files and without a cluster."""

from __future__ import annotations

import json
import typing as t
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.modules import k8s_hook_exec

Runner: t.TypeAlias = "t.Callable[..., dict[str, t.Any]]"
_POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: db
  annotations:
    pre.hook.backup.velero.io/command: '["mysql", "-e", "FLUSH TABLES WITH READ LOCK"]'
    pre.hook.backup.velero.io/on-error: never
spec:
  containers: [{name: db}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
"""


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "db.yml"
    path.write_text(_POD)
    return path


def test_findings_as_data_as_reports_and_as_a_failure(run_module: Runner, manifest: Path, tmp_path: Path) -> None:
    reports = {"junit_path": str(tmp_path / "hooks.xml"), "sarif_path": str(tmp_path / "hooks.sarif")}
    asked = {"state": "linted", "src": str(manifest), **reports}
    result = run_module(k8s_hook_exec, **asked)
    assert (result["failed"], result["changed"]) == (True, False)
    assert result["finding_counts"] == {"error": 1, "warning": 1, "note": 0}
    assert [finding["rule"] for finding in result["findings"]] == ["lock-ends-with-command", "bad-value"]
    assert result["msg"].startswith("1 finding in the hooks of what was looked at.")
    assert [entry["reason"] for entry in result["errors_list"]] == ["lock-ends-with-command"]
    assert [entry["reason"] for entry in result["warnings_list"]] == ["bad-value"]
    assert ET.parse(reports["junit_path"]).getroot().get("failures") == "1"
    assert len(json.loads(Path(reports["sarif_path"]).read_text())["runs"][0]["results"]) == 2


def test_check_mode_says_the_same_and_writes_nothing(run_module: Runner, manifest: Path, tmp_path: Path) -> None:
    report = tmp_path / "hooks.xml"
    asked = {"state": "linted", "src": str(manifest), "junit_path": str(report)}
    seen = run_module(k8s_hook_exec, check_mode=True, **asked)
    assert (seen["failed"], report.exists()) == (True, False)
    assert seen["findings"] == run_module(k8s_hook_exec, **asked)["findings"]


@pytest.mark.parametrize(("fail_on", "failed"), [("error", 1), ("warning", 2), ("never", 0)])
def test_what_fails_the_task(run_module: Runner, manifest: Path, fail_on: str, failed: int) -> None:
    result = run_module(k8s_hook_exec, state="linted", src=str(manifest), fail_on=fail_on)
    assert (result["failed"], len(result["errors_list"])) == (bool(failed), failed)
    assert len(result["errors_list"] + result["warnings_list"]) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"state": "linted"}, "needs something to look at"),
        ({"state": "swept"}, "missing required arguments: namespace"),
        ({"state": "swept", "namespace": "shop", "src": "a"}, "src is for state=linted only"),
        ({"argv": ["a"], "namespace": "shop", "src": "a"}, "required by 'src': state"),
        ({"state": "linted", "src": "/no/such/file"}, "The file /no/such/file cannot be read"),
    ],
)
def test_wrong_questions(run_module: Runner, options: dict[str, t.Any], said: str) -> None:
    result = run_module(k8s_hook_exec, **options)
    assert result["failed"]
    assert said in result["msg"]


def test_a_report_that_cannot_be_written(run_module: Runner, manifest: Path, tmp_path: Path) -> None:
    result = run_module(k8s_hook_exec, state="linted", src=str(manifest), junit_path=str(tmp_path))
    assert f"junit_path names {tmp_path}, which is a folder." in result["msg"]
    result = run_module(k8s_hook_exec, state="linted", src=str(manifest), sarif_path=str(tmp_path / "no" / "x"))
    assert "Check the option sarif_path." in result["msg"]
