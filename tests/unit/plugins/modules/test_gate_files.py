# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a pipeline is told in files, by whole tasks: of plans, of restores, of errors, and of schedules."""

from __future__ import annotations

import json
import os
import typing as t
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.modules import k8s_backup_schedule, k8s_restore
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    config,
    write_backup,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.modules.conftest import Result, Runner

AUTH = {"host": "https://127.0.0.1:1", "api_key": "canary-key"}
#: Ends a cell, begins a tag, a link and a formula, clears the screen, turns the text around.
HOSTILE = "evil|<img src=x>`*[a](http://x)$x$@all\x1b[2J\u202e"


@pytest.fixture
def restore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_module: Runner) -> t.Callable[..., Result]:
    """``restore(check_mode=True, **options)`` of backup ``b``, of a namespace that is there."""
    api = RestoreApi()
    api.add("namespaces", "shop", status={"phase": "Active"})
    monkeypatch.setattr(k8s_restore, "connect", lambda *_given, **_means: api.client)
    store = tmp_path / "store"
    store.mkdir()
    secret: Object = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "shop"}}
    kept = open_store(LocalLocation(path=str(store)))
    write_backup(kept, "b", config("one"), config("two"), ("secrets", secret | {"data": {"password": "Y2FuYXJ5"}}))

    def run(**options: t.Any) -> Result:
        files = {f"{name}_path": str(tmp_path / f"{name}.out") for name in ("plan", "junit", "markdown")}
        given = {"backup": "b", "storage_location": {"path": str(store)}, **AUTH, **files, **options}
        return run_module(k8s_restore, **given)

    return run


class Told(t.NamedTuple):
    plan: dict[str, t.Any]
    junit: ET.Element
    markdown: str


def told(folder: Path) -> Told:
    plan = json.loads((folder / "plan.out").read_text("ascii"))
    junit = ET.fromstring((folder / "junit.out").read_bytes())
    markdown = (folder / "markdown.out").read_text("utf-8")
    assert {char for char in markdown if char != "\n" and not char.isprintable()} == set()
    for text in (json.dumps(plan), ET.tostring(junit, "unicode"), markdown):
        assert "canary" not in text
        assert "Y2FuYXJ5" not in text
    return Told(plan, junit, markdown)


def cases(junit: ET.Element) -> dict[str, str]:
    """Of each case what it came to."""
    return {
        f"{case.get('classname')} {case.get('name')}": next(
            (child.tag for child in case if child.tag in ("failure", "skipped")), "passed"
        )
        for case in junit.iter("testcase")
    }


def test_a_plan(restore: t.Callable[..., Result], tmp_path: Path) -> None:
    result = restore(check_mode=True)
    assert (result["failed"], result["changed"], result["plan_path"]) == (False, True, str(tmp_path / "plan.out"))
    found = told(tmp_path)
    assert (found.plan["kind"], found.plan["version"], found.plan["check_mode"]) == ("arkive.k8s/restore", 1, True)
    assert (found.plan["changed"], found.plan["failed"]) == (True, False)
    assert found.plan["plan_digest"] == result["plan_digest"]
    assert found.plan["objects"] == result["plan"]
    assert found.plan["counts"]["create"] == 3
    assert cases(found.junit)["configmaps.shop one"] == "passed"
    suite = found.junit[0]
    properties = {entry.get("name"): entry.get("value") for entry in suite.iter("property")}
    assert (properties["changed"], properties["plan_digest"]) == ("true", result["plan_digest"])
    assert suite.get("failures") == "0"
    assert "**The restore would change the cluster&#58; 3 create, 1 unchanged.**" in found.markdown
    assert "| create | configmaps | shop/one |   |" in found.markdown


@pytest.mark.parametrize("by", ["digest", "file"])
def test_an_approved_plan_is_carried_out_once(restore: t.Callable[..., Result], tmp_path: Path, by: str) -> None:
    digest = restore(check_mode=True)["plan_digest"]
    approved = tmp_path / "approved.json"
    approved.write_bytes((tmp_path / "plan.out").read_bytes())
    expected = {"expected_plan_digest": digest} if by == "digest" else {"expected_plan": str(approved)}
    done = restore(**expected)
    assert (done["failed"], done["state_counts"]) == (False, {"created": 3, "unchanged": 1})
    assert done["plan_digest"] == digest
    found = told(tmp_path)
    assert (found.plan["check_mode"], found.plan["states"]["created"]) == (False, 3)
    assert "| created | configmaps | shop/one |" in found.markdown

    again = restore(**expected)
    assert (again["failed"], again["changed"], again["phase"]) == (True, False, "Failed")
    assert "nothing was written" in again["msg"]
    assert "configmaps shop/one" in again["msg"]
    names = {entry["name"] for entry in again["error_details"]["plan_mismatch"]["objects"]}
    assert names == {"one", "two", "db"}
    found = told(tmp_path)
    assert found.plan["failed"]
    assert cases(found.junit)["restore run"] == "failure"
    assert "The plan is not the approved one" in found.markdown


def test_a_plan_file_that_was_changed(restore: t.Callable[..., Result], tmp_path: Path) -> None:
    restore(check_mode=True)
    approved = tmp_path / "approved.json"
    document = json.loads((tmp_path / "plan.out").read_text())
    document["digests"]["objects"].pop()
    approved.write_text(json.dumps(document))
    assert "was changed" in restore(expected_plan=str(approved))["msg"]
    for text, said in (("{", "is not JSON"), ("[]", "is no plan"), ('{"kind": "x"}', "is no plan")):
        approved.write_text(text)
        assert said in restore(expected_plan=str(approved))["msg"]
    assert "No such file" in restore(expected_plan=str(tmp_path / "nowhere"))["msg"]
    same = restore(expected_plan=str(tmp_path / "plan.out"))
    assert "are the same file" in same["msg"]


@pytest.mark.parametrize("name", ["expected_plan_digest", "expected_plan"])
@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_an_empty_approval_is_none(restore: t.Callable[..., Result], name: str, text: str) -> None:
    """What a shell makes of ``$(cat digest)`` where the step before has written nothing: nobody has approved that."""
    done = restore(**{name: text})
    assert done["failed"]
    assert done["msg"].startswith(f"{name} is empty: nothing was approved")
    assert not done["plan"]


def test_a_plan_file_is_a_file_or_a_link_to_one(restore: t.Callable[..., Result], tmp_path: Path) -> None:
    """A volume of a ConfigMap has links. Nobody writes into the pipe, and it is not waited for."""
    os.mkfifo(tmp_path / "pipe")
    assert "is no regular file" in restore(expected_plan=str(tmp_path / "pipe"))["msg"]
    restore(check_mode=True)
    (tmp_path / "plan.out").rename(tmp_path / "approved.json")
    (tmp_path / "link").symlink_to("approved.json")
    assert restore(expected_plan=str(tmp_path / "link"))["state_counts"]["created"] == 3


def test_an_error_before_there_is_a_plan(restore: t.Callable[..., Result], tmp_path: Path) -> None:
    restore(check_mode=True)
    result = restore(check_mode=True, backup="nothing")
    assert result["failed"]
    found = told(tmp_path)
    assert (found.plan["failed"], found.plan["objects"], found.plan["digests"]) == (True, [], None)
    assert found.plan["message"] == result["msg"]
    assert cases(found.junit) == {"restore plan": "failure"}
    assert "nothing" in found.markdown


def test_wrong_options_leave_no_old_plan(restore: t.Callable[..., Result], tmp_path: Path) -> None:
    """A step that goes on in spite of the error must not take the plan of an earlier one for its own."""
    restore(check_mode=True)
    assert restore(check_mode=True, names=["nonsense"], wait_timeout="x")["failed"]
    assert json.loads((tmp_path / "plan.out").read_text())["failed"]


def test_files_that_cannot_be_written(restore: t.Callable[..., Result], tmp_path: Path) -> None:
    """It is found before anything is written to the cluster."""
    result = restore(junit_path=str(tmp_path / "no" / "folder.xml"))
    assert (result["failed"], result["changed"]) == (True, False)
    assert "folder.xml cannot be written" in result["msg"]
    twice = restore(junit_path=str(tmp_path / "plan.out"))
    assert "name one file" in twice["msg"]


def test_hostile_text(restore: t.Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(LocalLocation(path=str(tmp_path / "store")))
    kind, body = config("three")
    write_backup(store, "b", (kind, {**body, "metadata": {**body["metadata"], "name": "three"}}))
    restore(check_mode=True, names=[f"configmap/shop/{HOSTILE}"])
    found = told(tmp_path)
    for begins in ("<img", "](http", "`*", "$x$", "@all", "\x1b", "\u202e"):
        assert begins not in found.markdown


def test_a_schedule(run_module: Runner, tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    files = {f"{name}_path": str(tmp_path / f"{name}.out") for name in ("plan", "junit", "markdown")}
    task = {"name": "nightly", "state": "checked", "storage_location": {"path": str(store)}, **files}
    late = run_module(k8s_backup_schedule, **task)
    assert late["failed"]
    found = told(tmp_path)
    assert (found.plan["kind"], found.plan["version"], found.plan["failed"]) == ("arkive.k8s/schedule", 1, True)
    assert found.plan["message"].startswith("There is no Completed backup of schedule 'nightly'")
    assert cases(found.junit) == {"schedules nightly": "failure"}
    assert "## Schedule &#39;nightly&#39; does not keep its promise" in found.markdown
    present = run_module(k8s_backup_schedule, **{**task, "state": "present", "schedule": "@daily"})
    assert "is for state checked" in present["msg"]
