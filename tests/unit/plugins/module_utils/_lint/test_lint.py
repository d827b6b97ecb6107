# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the linter of hooks finds, and what it lets pass."""

from __future__ import annotations

import copy
import json
import os
import time
import typing as t
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._lint.finding import Finding
from ansible_collections.arkive.k8s.plugins.module_utils._lint.lint_task import LintOutcome, lint
from ansible_collections.arkive.k8s.plugins.module_utils._lint.manifests import read_subjects
from ansible_collections.arkive.k8s.plugins.module_utils._lint.sarif import sarif_report
from ansible_collections.arkive.k8s.plugins.module_utils._lint.subjects import Subjects

_PRE, _POST = "pre.hook.backup.velero.io/", "post.hook.backup.velero.io/"
_FREEZE = '["/sbin/fsfreeze", "--freeze", "/data"]'
_THAW = '["/sbin/fsfreeze", "--unfreeze", "/data"]'


def pod(
    annotations: dict[str, str], *, image: str = "db:1", volume: dict[str, t.Any] | None = None
) -> dict[str, t.Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"namespace": "shop", "name": "db-0", "annotations": annotations, "labels": {"app": "db"}},
        "spec": {
            "containers": [
                {"name": "db", "image": image, "volumeMounts": [{"name": "data", "mountPath": "/data"}]},
                {"name": "side", "image": "side:1"},
            ],
            "volumes": [{"name": "data", **(volume or {"persistentVolumeClaim": {"claimName": "data"}})}],
        },
    }


def look(*documents: t.Any) -> LintOutcome:
    subjects = Subjects()
    for document in documents:
        subjects.add(document)
    return lint(subjects)


def rules(outcome: LintOutcome) -> list[tuple[str, str]]:
    return [(finding.rule, finding.severity) for finding in outcome.findings]


def shell(script: str) -> str:
    return json.dumps(["/bin/sh", "-c", script])


#: The command of a pre hook, and the rule that speaks of it.
COMMANDS: list[tuple[str, str, str]] = [
    # Velero's own example of a hook for MySQL (site/content/docs/main/backup-hooks.md): it holds nothing.
    ("velero's page", shell('mysql -e "FLUSH TABLES WITH READ LOCK"'), "lock-ends-with-command"),
    ("flush of one table", shell("mariadb -e 'flush tables t1 for export'"), "lock-ends-with-command"),
    ("mariadb's stages", '["mariadb", "-e", "BACKUP STAGE BLOCK_COMMIT"]', "lock-ends-with-command"),
    ("mysql 8", '["mysql", "-e", "LOCK INSTANCE FOR BACKUP"]', "lock-ends-with-command"),
    ("by a pipe", shell("echo 'FLUSH TABLES WITH READ LOCK;' | mysql"), "lock-ends-with-command"),
    ("postgresql", '["psql", "-c", "SELECT pg_backup_start(\'a\')"]', "lock-ends-with-command"),
    # Removed in PostgreSQL 15 (release notes E.1.2).
    ("old function", '["psql", "-c", "SELECT pg_start_backup(\'a\')"]', "removed-function"),
    ("mongodb", '["mongosh", "--eval", "db.fsyncLock()"]', "lock-without-lease"),
    ("mongodb's command", shell("mongo --eval 'db.runCommand({fsync: 1, lock: true})'"), "lock-without-lease"),
    ("redis", '["redis-cli", "BGSAVE"]', "save-not-awaited"),
    ("a sentence as program", "sync /data", "needs-shell"),
    ("an operator", '["echo", "a", ">", "/data/x"]', "needs-shell"),
    ("mysql's password", shell("mysql -phunter2 -e 'select 1'"), "password-in-command"),
    ("mysql's long option", '["mysqldump", "--password=hunter2", "shop"]', "password-in-command"),
    ("mongo's", '["mongosh", "-p", "hunter2"]', "password-in-command"),
    ("redis's", shell("redis-cli -a hunter2 ping"), "password-in-command"),
    ("in a variable", shell("PGPASSWORD=hunter2 psql -c 'select 1'"), "password-in-command"),
    ("in an address", '["psql", "postgresql://app:hunter2@db/shop"]', "password-in-command"),
    ("behind sudo", shell("sudo -u mysql mysql -phunter2"), "password-in-command"),
    ("curl's", '["curl", "-u", "admin:hunter2", "http://localhost/_flush"]', "password-in-command"),
    ("a path that nobody can read", shell("fsfreeze -f $DIR"), "freeze-unclear"),
    ("no volume there", '["/sbin/fsfreeze", "--freeze", "/var/tmp"]', "freeze-off-volume"),
]
HARMLESS = [
    ("sync", '["/bin/sync"]'),
    ("a flush without a lock", '["mysql", "-e", "FLUSH TABLES"]'),
    ("speaking of it", shell("echo FLUSH TABLES WITH READ LOCK > /data/log")),
    ("checkpoint", '["psql", "-c", "CHECKPOINT"]'),
    ("asks for the password", '["mysql", "-p", "-e", "select 1"]'),
    ("port", '["mysql", "-P3306", "-e", "select 1"]'),
    ("from the environment", shell('MYSQL_PWD="$MYSQL_ROOT_PASSWORD" exec mysql -e "select 1"')),
    ("redis waits", shell("redis-cli SAVE")),
    ("an address without password", '["curl", "http://localhost:9200/_flush"]'),
]


@pytest.mark.parametrize(("command", "rule"), [row[1:] for row in COMMANDS], ids=[row[0] for row in COMMANDS])
def test_commands(command: str, rule: str) -> None:
    outcome = look(pod({_PRE + "command": command}))
    assert rule in [finding.rule for finding in outcome.findings]
    assert "hunter2" not in json.dumps([finding.to_return() for finding in outcome.findings])
    assert all(finding.message.endswith(".") for finding in outcome.findings)


@pytest.mark.parametrize("command", [row[1] for row in HARMLESS], ids=[row[0] for row in HARMLESS])
def test_what_may_pass(command: str) -> None:
    assert rules(look(pod({_PRE + "command": command}))) == []


def test_a_password_from_a_variable_is_in_the_process_list_only() -> None:
    found = rules(look(pod({_PRE + "command": shell('mysql -p"$MYSQL_ROOT_PASSWORD" -e "select 1"')})))
    assert found == [("password-in-command", "warning")]


@pytest.mark.parametrize(
    ("image", "rule"), [("postgres:14.2", "lock-without-lease"), ("postgres:15", "removed-function")]
)
def test_the_version_is_read_from_the_image(image: str, rule: str) -> None:
    document = pod({_PRE + "command": '["psql", "-c", "SELECT pg_start_backup(1)"]'}, image=image)
    assert [finding.rule for finding in look(document).findings] == [rule]


def test_a_freeze_and_its_thaw() -> None:
    both = {_PRE + "command": _FREEZE, _POST + "command": _THAW}
    assert rules(look(pod(both))) == []
    assert rules(look(pod({_PRE + "command": _FREEZE}))) == [("freeze-without-thaw", "error")]
    assert rules(look(pod({_POST + "command": _THAW}))) == [("thaw-without-freeze", "warning")]
    other = both | {_POST + "command": _THAW.replace("/data", "/other")}
    assert rules(look(pod(other))) == [("freeze-without-thaw", "error"), ("thaw-without-freeze", "warning")]


@pytest.mark.parametrize(
    "volume", [{"emptyDir": {}}, {"nfs": {"server": "a", "path": "/"}}, {"hostPath": {"path": "/"}}], ids=str
)
def test_what_must_not_be_frozen(volume: dict[str, t.Any]) -> None:
    found = rules(look(pod({_PRE + "command": _FREEZE, _POST + "command": _THAW}, volume=volume)))
    assert found == [("freeze-off-volume", "error"), ("no-volume", "warning")]


@pytest.mark.parametrize(
    ("annotations", "rule"),
    [
        ({_PRE + "command": '["sync"]', _PRE + "timeout": "30"}, "bad-duration"),
        ({_PRE + "command": '["sync"]', _PRE + "on-error": "fail"}, "bad-value"),
        ({_PRE + "command": '["sync"]', _PRE + "container": "web"}, "no-such-container"),
        ({_PRE + "container": "db"}, "hook-without-command"),
        ({_PRE + "cmd": '["sync"]'}, "unknown-annotation"),
        ({"velero.io/pre-hook": '["sync"]'}, "unknown-annotation"),
        ({"hook.backup.ark.heptio.com/timeout": "1m"}, "hook-without-command"),
        ({"post.hook.restore.velero.io/command": '["psql"]', "post.hook.restore.velero.io/wait-timeout": "5"},
         "bad-duration"),
        ({"post.hook.restore.velero.io/command": '["x"]', "post.hook.restore.velero.io/container": "no"},
         "no-such-container"),
        ({"init.hook.restore.velero.io/command": '["x"]'}, "hook-without-command"),
    ],
)  # fmt: skip
def test_annotations(annotations: dict[str, str], rule: str) -> None:
    (finding,) = look(pod(annotations)).findings
    assert finding.rule == rule
    assert finding.place.key in annotations
    assert finding.hint


def test_a_workload_is_read_as_its_pods() -> None:
    template = pod({_PRE + "command": _FREEZE, _POST + "command": _THAW})
    template["spec"].pop("volumes")
    workload = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "db", "annotations": {_PRE + "command": _FREEZE}},
        "spec": {
            "template": {"metadata": template["metadata"], "spec": template["spec"]},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}}],
        },
    }
    (finding,) = look(workload).findings
    assert (finding.rule, finding.place.of_object) == ("annotation-off-pod", "StatefulSet db")


def _backup(**rule: t.Any) -> dict[str, t.Any]:
    return {
        "apiVersion": "velero.io/v1",
        "kind": "Backup",
        "metadata": {"name": "nightly", "namespace": "velero"},
        "spec": {"hooks": {"resources": [{"name": "db", **rule}]}},
    }


def test_rules_of_a_backup() -> None:
    pre = [{"exec": {"command": ["/sbin/fsfreeze", "--freeze", "/data"], "container": "web"}}]
    (finding,) = look(_backup(pre=pre)).findings
    assert (finding.rule, finding.place.key) == ("freeze-without-thaw", "spec.hooks.resources[db].pre[0]")
    found = look(_backup(pre=pre, labelSelector={"matchLabels": {"app": "db"}}), pod({})).findings
    assert [entry.rule for entry in found] == ["freeze-without-thaw", "no-such-container"]
    other = look(_backup(pre=pre, labelSelector={"matchLabels": {"app": "web"}}), pod({})).findings
    assert [entry.rule for entry in other] == ["freeze-without-thaw", "rule-off-pods"]
    schedule = {**_backup(), "kind": "Schedule", "spec": {"template": _backup(pre=pre)["spec"]}}
    assert [entry.rule for entry in look(schedule).findings] == ["freeze-without-thaw"]


def test_rules_of_a_restore() -> None:
    hook = {"exec": {"command": ["mysql", "-phunter2"]}}
    restore = {**_backup(), "kind": "Restore", "spec": {"hooks": {"resources": [{"name": "db", "postHooks": [hook]}]}}}
    assert rules(look(restore)) == [("password-in-command", "error")]


@pytest.mark.parametrize(
    "document",
    [
        1,
        {"kind": "Pod", "spec": []},
        {"kind": "Pod", "spec": {"containers": ["db"]}},
        {"kind": "Pod", "spec": {"containers": [{"name": "a", "volumeMounts": [1]}]}},
        {"kind": "Deployment", "spec": {}},
        {"apiVersion": "velero.io/v1", "kind": "Backup", "spec": {"hooks": {"resources": [{}]}}},
        {"apiVersion": "velero.io/v1", "kind": "Restore", "spec": {"hooks": {"resources": 1}}},
    ],
)
def test_what_cannot_be_read_is_a_finding(document: t.Any) -> None:
    assert rules(look(document)) == [("unreadable", "error")]


@pytest.mark.parametrize(
    "document",
    [
        {"kind": "Service", "metadata": {"name": "db"}},
        {"kind": "Pod"},
        {"kind": "List", "items": [{"kind": "ConfigMap"}]},
        {"apiVersion": "batch/v1", "kind": "Backup", "spec": {"hooks": 1}},
    ],
)
def test_what_has_no_hooks(document: t.Any) -> None:
    assert rules(look(document)) == []


def test_an_annotation_that_is_no_text() -> None:
    # Of "on-error: no", YAML 1.1 makes a truth value.
    (finding,) = look({"kind": "Pod", "metadata": {"annotations": {_PRE + "on-error": False}}}).findings
    assert (finding.rule, finding.severity, finding.place.key) == ("bad-value", "error", _PRE + "on-error")


def test_files_and_reports(tmp_path: Path) -> None:
    first = "# the shop\n---\nkind: ConfigMap\n---\n\n# its database\n" + json.dumps(pod({_PRE + "command": _FREEZE}))
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "db.yaml").write_text(first)
    (tmp_path / "broken.yml").write_text("a: [")
    (tmp_path / "notes.txt").write_text("a: [")
    # Nobody writes into it: it must not be waited for.
    os.mkfifo(tmp_path / "pipe.yml")
    subjects = Subjects()
    assert read_subjects(str(tmp_path), subjects) == 3
    outcome = lint(subjects)
    assert {(finding.rule, finding.place.file, finding.place.line) for finding in outcome.findings} == {
        ("freeze-without-thaw", "deep/db.yaml", 7),
        ("unreadable", "broken.yml", 0),
        ("unreadable", "pipe.yml", 0),
    }
    results = json.loads(sarif_report(outcome.findings))["runs"][0]["results"]
    places = [result["locations"][0]["physicalLocation"] for result in results]
    assert sorted((place["artifactLocation"]["uri"], place["region"]["startLine"]) for place in places) == [
        ("broken.yml", 1),
        ("deep/db.yaml", 7),
        ("pipe.yml", 1),
    ]
    suite = ET.fromstring(outcome.to_junit())
    assert (suite.get("tests"), suite.get("failures")) == ("3", "3")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ValidationError, match="There is no"):
        read_subjects(str(empty), Subjects())


def test_findings_are_told_once_and_errors_first() -> None:
    document = pod({_PRE + "command": _FREEZE, _PRE + "on-error": "no"})
    twice = look(document, copy.deepcopy(document))
    assert rules(twice) == [("freeze-without-thaw", "error"), ("bad-value", "warning")]
    assert twice.counts == {"error": 1, "warning": 1, "note": 0}
    assert [len(twice.worse_than(level)) for level in ("error", "warning", "never")] == [1, 2, 0]
    assert all(isinstance(finding, Finding) for finding in twice.findings)


def test_a_volume_with_an_empty_claim() -> None:
    document = pod({_PRE + "command": _FREEZE})
    document["spec"]["volumes"] = [{"name": "data", "persistentVolumeClaim": None}]
    assert "freeze-without-thaw" in {name for name, _severity in rules(look(document))}


def test_thousands_of_words_are_read_in_time() -> None:
    """A step of a pipeline must not hang with a manifest that somebody has made for that."""
    argv = ["env", *["env"] * 20000, "x"]
    started = time.process_time()
    look(pod({_PRE + "command": json.dumps(argv)}))
    assert time.process_time() - started < 10
