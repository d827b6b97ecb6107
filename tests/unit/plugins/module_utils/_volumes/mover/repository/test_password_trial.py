# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A repository that is not there yet, and a password that opens none of the others (Velero 1.18, keys.go).

The format blobs are of kopia itself (samples/README.md): one for each of two passwords.
"""

from __future__ import annotations

import dataclasses
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.marks import MOVER
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import Probe, Probed
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository import password_trial
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.repository import Repository
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.mover.mover_cluster import (
    NAMESPACE,
    MoverCluster,
    ended,
)

SAMPLES = Path(__file__).parent.parent / "samples"
OURS = (SAMPLES / "kopia.repository-scrypt.json").read_bytes()
THEIRS = (SAMPLES / "kopia.repository-pbkdf2.json").read_bytes()
UNKNOWN = OURS.replace(b"scrypt-65536-8-1", b"argon2-of-tomorrow")
FORMAT, NEW_FORMAT = "kopia.repository", "kopia/new/kopia.repository"
NEW = Probe(namespace=NAMESPACE, source_namespace="new")
PASSWORD = "s3same-open"
UNTRIED = "was not tried without a pod"


class Lab:
    """A location that has repositories already, and none of namespace ``new``; the password is that of ``OURS``."""

    def __init__(self, folder: Path) -> None:
        self.cluster = MoverCluster(folder, self._behave)
        self.issues = Issues()

    def _behave(self, job: dict[str, t.Any]) -> dict[str, t.Any]:
        action = job["metadata"]["labels"][MOVER]
        if action == "create":
            self.cluster.store.put(NEW_FORMAT, json.dumps({"uniqueID": "abc"}).encode())
        return ended(f"arkive-mover done {action} 0\n")

    def put(self, objects: t.Mapping[str, bytes]) -> None:
        for key, data in objects.items():
            self.cluster.store.put(f"kopia/{key}", data)

    def look(self, probe: Probe = NEW) -> Probed:
        [found] = self.cluster.mover(self._run(), password=PASSWORD).preview([probe])
        return found

    def open(self, probe: Probe = NEW) -> Probed:
        [found] = self.cluster.mover(self._run(), password=PASSWORD).probe([probe])
        return found

    def _run(self) -> t.Any:
        return self.cluster.run().with_issues(self.issues)

    @property
    def said(self) -> list[str]:
        """The warnings, but for that of the keys, which is of pods."""
        return [each.message for each in self.issues.warnings if "get the keys of" not in each.message]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


@pytest.mark.parametrize(
    ("objects", "refused"),
    [
        pytest.param({}, False, id="the first of the location"),
        pytest.param({f"a/{FORMAT}": OURS}, False, id="the password of the other one"),
        pytest.param({f"a/{FORMAT}": THEIRS}, True, id="another one than the other one has"),
        pytest.param({f"a/{FORMAT}": THEIRS, f"b/{FORMAT}": OURS}, False, id="two passwords, and ours is one"),
        pytest.param({f"a/{FORMAT}": OURS, f"b/{FORMAT}": THEIRS}, False, id="two passwords, the other way round"),
        pytest.param({f"a/{FORMAT}": THEIRS, "b/p123": b"x"}, True, id="and what is no repository"),
        pytest.param({"b/p123": b"x"}, False, id="what is no repository alone"),
        pytest.param({"b.arkive.lock": b"{}"}, False, id="the lock of another one"),
    ],
)
def test_a_new_one_wants_the_password_of_the_others(lab: Lab, objects: dict[str, bytes], refused: bool) -> None:
    lab.put(objects)
    foreseen = lab.look()
    assert lab.cluster.made == []
    opened = lab.open()
    assert opened.error == foreseen.error, "check mode says what the run says"
    assert (bool(opened.error), opened.created) == (refused, not refused)
    assert lab.cluster.store.exists(NEW_FORMAT) is not refused
    if refused:
        assert "No repository is made for namespace new: the password does not open that at" in opened.error
        assert "kopia/a/. Velero has one password" in opened.error
        assert "'repository_password'" in opened.error
        assert opened.error.endswith("make it by k8s_backup_repository with force: true.")
        assert PASSWORD not in opened.error
    assert lab.said == []


def test_who_insists_gets_it(lab: Lab) -> None:
    lab.put({f"a/{FORMAT}": THEIRS})
    insists = dataclasses.replace(NEW, action="create", any_password=True)
    assert lab.look(insists).error == ""
    opened = lab.open(insists)
    assert (opened.error, opened.created) == ("", True)
    # From now on it is there, and opens or not by itself.
    assert lab.open().error == ""


def test_what_nobody_can_try_is_no_reason_and_is_said_once(lab: Lab) -> None:
    lab.put({f"a/{FORMAT}": UNKNOWN, f"b/{FORMAT}": UNKNOWN})
    assert (lab.look().error, lab.look().error) == ("", "")
    opened = lab.open()
    assert (opened.error, opened.created) == ("", True)
    [said] = lab.said
    assert "kopia/a/, and others, " in said
    assert UNTRIED in said


def test_what_can_be_tried_decides(lab: Lab) -> None:
    lab.put({f"a/{FORMAT}": UNKNOWN, f"b/{FORMAT}": THEIRS})
    assert "kopia/b/. Velero" in lab.look().error


def test_a_python_without_the_library_is_told_with_the_remedy(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_trial, "has_library", lambda: False)
    monkeypatch.setattr(Repository, "opens_with", lambda *_: None)
    lab.put({f"a/{FORMAT}": THEIRS})
    assert lab.look().error == ""
    [warning] = lab.issues.warnings
    assert warning.message.endswith(f"{UNTRIED}: this Python has no library 'cryptography'.")
    assert warning.hint.startswith("Install it where this task runs")


@pytest.mark.parametrize("action", ["download", "forget", "copy"])
def test_who_only_reads_asks_its_own_alone(lab: Lab, action: t.Any) -> None:
    lab.put({f"a/{FORMAT}": THEIRS, f"new/{FORMAT}": OURS})
    assert lab.look(dataclasses.replace(NEW, action=action)).error == ""


def test_some_that_do_not_open_are_enough(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A derivation of a key takes a fifth of a second."""
    tried: list[str] = []
    monkeypatch.setattr(Repository, "opens_with", lambda this, _password: bool(tried.append(this.namespace)))
    lab.put({f"n{number:02}/{FORMAT}": THEIRS for number in range(30)})
    assert "kopia/n00/ and 9 others of the location. Velero" in lab.look().error
    assert len(tried) == 10


def test_others_that_nobody_may_read_are_no_reason(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy of the bucket may admit the own prefix alone."""
    read = LocalStore.get

    def refuse(store: LocalStore, key: str, **more: t.Any) -> bytes:
        if key.startswith("kopia/a/"):
            raise StoreError("Access denied.")
        return read(store, key, **more)

    monkeypatch.setattr(LocalStore, "get", refuse)
    lab.put({f"a/{FORMAT}": THEIRS})
    assert lab.open().created


def test_one_that_the_run_itself_opens_decides(lab: Lab) -> None:
    """However many others stand before it, which another team has made with its own password."""
    lab.put({f"a{number:02}/{FORMAT}": THEIRS for number in range(12)} | {f"z/{FORMAT}": OURS})
    own = dataclasses.replace(NEW, source_namespace="z")
    run = lab.cluster.run().with_issues(lab.issues)
    probes = [NEW, own]
    assert [each.error for each in lab.cluster.mover(run, password=PASSWORD).preview(probes)] == ["", ""]
    assert [each.error for each in lab.cluster.mover(run, password=PASSWORD).probe(probes)] == ["", ""]


def test_check_mode_says_of_each_what_the_run_says(lab: Lab) -> None:
    lab.put({f"a/{FORMAT}": OURS, f"z/{FORMAT}": THEIRS})
    own = dataclasses.replace(NEW, source_namespace="z")
    run = lab.cluster.run().with_issues(lab.issues)
    foreseen = [each.error for each in lab.cluster.mover(run, password=PASSWORD).preview([NEW, own])]
    assert foreseen[0] == foreseen[1] != ""
    opened = lab.cluster.mover(run, password=PASSWORD).probe([NEW])
    assert [each.error for each in opened] == [""], "without the other one the password is a right one"
