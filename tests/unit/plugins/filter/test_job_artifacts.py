# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The artifacts of jobs: the same names whatever became of the task, by the playbooks as they are run."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._ansible import result_keys
from ansible_collections.arkive.k8s.plugins.plugin_utils._job_artifacts import ARTIFACTS, artifacts_of

ROOT = pathlib.Path(__file__).resolve().parents[4]
RESULTS: dict[str, t.Mapping[str, t.Any]] = {
    "backup": result_keys.K8S_BACKUP,
    "restore": result_keys.K8S_RESTORE,
    "schedule": result_keys.K8S_BACKUP_SCHEDULE,
    "prune": result_keys.K8S_BACKUP_PRUNE,
    "backups": result_keys.K8S_BACKUP_INFO,
    "operations": result_keys.K8S_VELERO_OPERATIONS,
}
LONG = "x" * 900


@pytest.mark.parametrize("playbook", sorted(ARTIFACTS))
def test_names_are_the_same_whatever_became_of_the_task(playbook: str) -> None:
    results: list[dict[str, t.Any]] = [
        {},
        {"failed": True, "msg": LONG},
        {"failed": False, **RESULTS[playbook]},
        {"failed": True, "msg": "The API server cannot be reached.", **RESULTS[playbook]},
    ]
    for result in results:
        found = artifacts_of(result, playbook, check_mode=False)
        assert set(found) == set(ARTIFACTS[playbook])
        assert len(json.dumps(found)) < 2000
        assert found["arkive_failed"] is result.get("failed", True)


def test_a_backup() -> None:
    result = {
        "failed": False,
        "changed": True,
        "backup": {"metadata": {"name": "shop-1"}},
        "phase": "Completed",
        "location": "s3://backups",
        "item_counts": {"pods": 3, "services": 1},
        "freezes": [{"seconds": 0.5}, {"seconds": None}, {"seconds": 1.25}],
        "warnings_list": [{}],
    }
    assert artifacts_of(result, "backup", check_mode=False) == {
        "arkive_playbook": "backup",
        "arkive_check_mode": False,
        "arkive_failed": False,
        "arkive_changed": True,
        "arkive_phase": "Completed",
        "arkive_location": "s3://backups",
        "arkive_message": "",
        "arkive_errors": 0,
        "arkive_warnings": 1,
        "arkive_backup_name": "shop-1",
        "arkive_backup_phase": "Completed",
        "arkive_backup_items": 4,
        "arkive_backup_longest_freeze": 1.25,
    }


def test_a_plan() -> None:
    result = {
        "changed": True,
        "restore": {"metadata": {"name": "shop-r"}, "spec": {"backupName": "shop-1"}},
        "plan_counts": {"create": 12, "update": 2, "unchanged": 5, "skip": 1, "conflict": 4, "unverified": 7},
        "plan_digest": "sha256:abc",
    }
    found = artifacts_of(result, "restore", check_mode=True)
    assert (found["arkive_backup_name"], found["arkive_restore_planned"], found["arkive_plan_digest"]) == (
        "shop-1",
        21,  # what is unverified will be made, as in a namespace that the restore makes first
        "sha256:abc",
    )


def test_what_went_wrong_is_said_shortly() -> None:
    said = artifacts_of({"failed": True, "msg": LONG}, "prune", check_mode=False)["arkive_message"]
    assert (len(said), said[-3:]) == (500, "...")


@pytest.mark.parametrize("playbook", sorted(ARTIFACTS))
def test_they_are_small_and_plain_whatever_the_result_has(playbook: str) -> None:
    """A name may be anything in a bucket, and a result as large as it likes."""
    odd = {"kind": "Backup\x1b[31m", "name": "n" * 5000, "phase": "Failed", "message": "m\n" * 5000, "more": {"a": 1}}
    good = {"kind": "Backup", "name": "good", "phase": "Completed", "message": ""}
    result = {
        "failed": True,
        "msg": "one\ntwo \x1b[31m\u202e" + LONG,
        "operations": [*[good] * 5000, odd, "odd"],
        "backups": [good] * 5000,
    }
    found = artifacts_of(result, playbook, check_mode=False)
    text = json.dumps(found, ensure_ascii=False)
    assert len(text) < 60_000
    assert not any(sign in text for sign in ("\x1b", "\u202e", "\\n"))
    if playbook == "operations":
        assert (found["arkive_operations"][0]["phase"], found["arkive_operations_count"]) == ("Failed", 5002)


def test_a_host_that_is_not_reached_has_failed() -> None:
    found = artifacts_of({"unreachable": True, "msg": "No route.", "changed": False}, "backup", check_mode=False)
    assert (found["arkive_failed"], found["arkive_message"]) == (True, "No route.")


def test_no_secret_of_the_location_is_in_them(tmp_path: pathlib.Path) -> None:
    """Nobody listens there; what is known of the failure is handed on."""
    secrets = {"access_key": "AKIAEXAMPLEKEY000001", "secret_key": "wJalrXUtnFEMI-example"}
    place = {"bucket": "backups", "endpoint_url": "http://joe:s3cr3t-pass@127.0.0.1:9", **secrets}
    code, found, printed = run_playbook(
        str(ROOT / "playbooks" / "backups.yml"), {"backups_storage_location": place}, folder=tmp_path
    )
    assert (code, found["arkive_failed"], bool(found["arkive_message"])) == (2, True, True), printed
    said = json.dumps(found) + printed
    assert not any(secret in said for secret in (*secrets.values(), "s3cr3t-pass"))


def test_the_guide_has_them_all() -> None:
    """One table, and nothing in it that is not there."""
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_awx.rst").read_text()
    rows = dict(re.findall(r"^   \* - ``(arkive_\w+)``\n     - (.*)$", guide, re.MULTILINE))
    named = {name: set(rows[name].split(", ")) for name in rows}
    everywhere = set.intersection(*(set(names) for names in ARTIFACTS.values()))
    expected = {
        name: {"all"} if name in everywhere else {book for book, names in ARTIFACTS.items() if name in names}
        for names in ARTIFACTS.values()
        for name in names
    }
    assert named == expected


def run_playbook(
    name: str, variables: dict[str, t.Any], *arguments: str, folder: pathlib.Path
) -> tuple[int, dict[str, t.Any], str]:
    """The exit code, the artifacts as a callback of AWX gets them, and all that was printed."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("K8S_AUTH_", "KUBECONFIG"))}
    environment |= {
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2]),
        "ANSIBLE_SHOW_CUSTOM_STATS": "true",
        "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_HOME": str(folder / "home"),
        "KUBECONFIG": str(folder / "none"),
    }
    program = pathlib.Path(sys.executable).with_name("ansible-playbook")
    command = [str(program), name, *arguments, "--extra-vars", json.dumps(variables)]
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    found = re.search(r"^\tRUN: (\{.*\})$", done.stdout, re.MULTILINE)
    return done.returncode, json.loads(found[1]) if found else {}, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("playbook", "variables"),
    [
        ("prune", {"prune_keep_daily": "7", "prune_schedules": "shop\nbank", "prune_min_good_verified": "false"}),
        ("schedule", {"schedule_name": "shop", "schedule_state": "checked", "schedule_max_age": "26h"}),
        ("backup", {"backup_included_namespaces": "shop, bank", "backup_snapshot_volumes": "false"}),
        ("restore", {"restore_backup": "shop-1", "restore_namespace_mapping": "shop=copy", "restore_wait": "true"}),
        ("backups", {"backups_phase": ""}),
        ("operations", {"operations_restore_only": "true"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_playbook_leaves_exactly_these_behind(
    playbook: str, variables: dict[str, t.Any], tmp_path: pathlib.Path
) -> None:
    """With answers of a survey; those that need a cluster or a backup fail."""
    place = tmp_path / "location"
    place.mkdir()
    asked = (
        {**variables} if playbook == "operations" else {**variables, f"{playbook}_storage_location": f"path={place}"}
    )
    code, artifacts, printed = run_playbook(f"arkive.k8s.{playbook}", asked, "--check", folder=tmp_path)
    assert set(artifacts) == set(ARTIFACTS[playbook]), printed
    assert (code == 0) is (playbook in ("prune", "backups")), printed
    assert artifacts["arkive_failed"] is (code != 0)
    assert bool(artifacts["arkive_message"]) is (code != 0)
    assert artifacts["arkive_message"] != artifacts_of({}, playbook, check_mode=True)["arkive_message"]


def test_a_job_that_is_refused_leaves_them_behind_too(tmp_path: pathlib.Path) -> None:
    code, artifacts, printed = run_playbook("arkive.k8s.prune", {"prune_keep_dayly": 7}, folder=tmp_path)
    assert code != 0
    assert "Is prune_keep_daily meant?" in printed
    assert (artifacts["arkive_failed"], set(artifacts)) == (True, set(ARTIFACTS["prune"]))


def test_what_a_pod_or_a_server_said_is_no_template(tmp_path: pathlib.Path) -> None:
    """An error may quote what others have written."""
    (tmp_path / "library").mkdir()
    hostile = json.dumps({"failed": True, "msg": "{{ 7 * 7 }} {{ lookup('pipe', 'touch here') }}"})
    (tmp_path / "library" / "says.py").write_text(f"#!/usr/bin/python\n# WANT_JSON\nprint({hostile!r})\n")
    data = "{{ said | arkive.k8s.job_artifacts('prune') }}"
    stats = {"per_host": False, "aggregate": False, "data": data}
    tasks = [{"says": {}, "register": "said", "ignore_errors": True}, {"ansible.builtin.set_stats": stats}]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    (tmp_path / "play.yml").write_text(json.dumps([{**play, "vars": {"ansible_python_interpreter": sys.executable}}]))
    _code, artifacts, printed = run_playbook(str(tmp_path / "play.yml"), {}, folder=tmp_path)
    assert artifacts["arkive_message"].startswith("{{ 7 * 7 }}"), printed
    assert not (tmp_path / "here").exists()


@pytest.mark.parametrize(
    ("variables", "is_refused", "words"),
    [
        ({"awx_job_id": 7}, False, "does not say after how many seconds"),
        ({"arkive_job_timeout": 18000}, False, ""),
        ({"awx_job_id": 7, "arkive_job_timeout": 3600}, False, "backup_item_operation_timeout is 4h by default"),
        ({"arkive_job_timeout": "30m", "backup_csi_snapshot_timeout": "1h"}, True, "give it at most 28m0s"),
        ({"arkive_job_timeout": "soon"}, True, "'soon' is not a duration"),
    ],
    ids=["a job without it", "all fits", "a default", "one that is set", "no duration"],
)
def test_limits_beside_the_timeout_of_the_job(
    variables: dict[str, t.Any], is_refused: bool, words: str, tmp_path: pathlib.Path
) -> None:
    place = {"backup_storage_location": {"path": str(tmp_path)}}
    _code, artifacts, printed = run_playbook("arkive.k8s.backup", {**place, **variables}, "--check", folder=tmp_path)
    plain = " ".join(printed.split())
    assert words in plain
    assert ("Make the backup" not in plain.partition("PLAY RECAP")[0]) is is_refused
    assert artifacts["arkive_failed"] is True
    if not words:
        assert "arkive_job_timeout" not in plain.partition("TASK [Make the backup]")[0]
