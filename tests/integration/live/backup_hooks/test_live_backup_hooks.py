# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole backups with hooks: what is in the archive, its phase and its hookStatus. Rows: the hook cases."""

from __future__ import annotations

import gzip
import tarfile
import threading
import typing as t
from pathlib import Path

import pytest
from hook_pods import PATH, HookPods, claim, pod, run, shell, until

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import parse_backup_hooks_option

RAN = "cat /tmp/ran 2>/dev/null; :"


def note(word: str, **more: t.Any) -> Object:
    return shell(f"echo {word} >>/tmp/ran", **more)


class Backups:
    """Backups of one namespace in a local directory."""

    def __init__(self, pods: HookPods, folder: Path) -> None:
        self.pods = pods
        self._folder = folder

    def make(self, rules: list[Object], *, backup_hooks: Object | None = None, **spec: t.Any) -> BackupOutcome:
        request = BackupRequest(
            name="b",
            spec=BackupSpec.from_options({"included_namespaces": [self.pods.namespace], "hooks": rules, **spec}),
            backup_hooks=parse_backup_hooks_option(backup_hooks),
        )
        store = open_store(LocalLocation(path=str(self._folder)))
        return run_backup(request, client=self.pods.client, store=store)

    @property
    def stored(self) -> dict[str, list[str]]:
        """The names in the archive by type, of pods, claims and volumes."""
        found: dict[str, list[str]] = {"pods": [], "persistentvolumeclaims": [], "persistentvolumes": []}
        with tarfile.open(self._folder / "backups/b/b.tar.gz") as archive:
            for name in archive.getnames():
                parts = name.split("/")
                if parts[0] == "resources" and parts[1] in found and parts[2] in ("namespaces", "cluster"):
                    found[parts[1]].append(parts[-1].removesuffix(".json"))
        return {kind: sorted(names) for kind, names in found.items()}

    @property
    def log(self) -> list[str]:
        return gzip.decompress((self._folder / "backups/b/b-logs.gz").read_bytes()).decode().splitlines()

    @property
    def is_visible(self) -> bool:
        return (self._folder / "backups/b/velero-backup.json").exists()


@pytest.fixture
def backups(pods: HookPods, tmp_path: Path) -> Backups:
    folder = tmp_path / "store"
    folder.mkdir()
    return Backups(pods, folder)


def status(outcome: BackupOutcome) -> Object:
    assert outcome.backup is not None
    found: Object = outcome.backup["status"]
    return found


def test_a_backup_with_rules(backups: Backups) -> None:  # docs/compatibility B7, B10, E-1, E-2, F1
    annotated = {"post.hook.backup.velero.io/command": '["/bin/sh", "-c", "echo annotated >>/tmp/ran"]'}
    backups.pods.create(pod("a"), pod("b", annotations=annotated))
    rules = [{"name": "r", "pre": [note("1"), note("2")], "post": [note("z")]}]
    outcome = backups.make(rules)
    assert (outcome.phase, outcome.errors_list) == ("Completed", [])
    assert status(outcome)["hookStatus"] == {"hooksAttempted": 6}
    assert backups.pods.sh("a", RAN).split() == ["1", "2", "z"]
    assert backups.pods.sh("b", RAN).split() == ["1", "2", "annotated"]
    assert backups.stored["pods"] == ["a", "b"]
    lines = [line for line in backups.log if "running exec hook" in line]
    assert len(lines) == 6
    assert all("hookCommand=" in line and "hookPhase=" in line for line in lines)
    assert outcome.backup is not None
    assert outcome.backup["spec"]["hooks"]["resources"][0]["name"] == "r"


def test_a_pod_that_fails_is_left_out_and_its_claim_is_not(backups: Backups) -> None:
    """docs/compatibility D1, D5, D6, F5."""
    backups.pods.create(claim("data"), pod("a", claim="data"), pod("b"))
    rules = [
        {"name": "bad", "labelSelector": "app=hooks", "pre": [shell(f"[ ! -d {PATH} ]")], "post": [note("z")]},
    ]
    outcome = backups.make(rules)
    assert outcome.phase == "PartiallyFailed"
    stored = backups.stored
    assert (stored["pods"], stored["persistentvolumeclaims"]) == (["b"], ["data"])
    assert len(stored["persistentvolumes"]) == 1
    assert status(outcome)["hookStatus"] == {"hooksAttempted": 3, "hooksFailed": 1}
    assert status(outcome)["errors"] == 2  # docs/compatibility D9
    assert backups.pods.sh("a", RAN).split() == []


def test_ordered_pods_are_one_sequential_block(backups: Backups) -> None:  # docs/compatibility E-5
    backups.pods.create(pod("a"), pod("b"))
    rules = [{"name": "r", "pre": [note("1")], "post": [note("2")]}]
    namespace = backups.pods.namespace
    outcome = backups.make(rules, ordered_resources={"pods": f"{namespace}/b,{namespace}/a"})
    assert [(result.pod, result.hook.phase) for result in outcome.hooks] == [
        ("b", "pre"),
        ("a", "pre"),
        ("b", "post"),
        ("a", "post"),
    ]
    assert outcome.phase == "Completed"


def test_excluded_pods_get_no_hooks(backups: Backups) -> None:  # docs/compatibility E-7
    backups.pods.create(pod("a"), pod("b", labels={"velero.io/exclude-from-backup": "true"}))
    outcome = backups.make([{"name": "r", "pre": [note("1")]}])
    assert {result.pod for result in outcome.hooks} == {"a"}
    assert backups.stored["pods"] == ["a"]


def test_run_on_one_stores_the_others_too(backups: Backups) -> None:
    backups.pods.create(pod("a"), pod("b"), pod("c"))
    outcome = backups.make([{"name": "r", "run_on": "one", "pre": [note("1")]}])
    assert [result.pod for result in outcome.hooks] == ["a"]
    assert backups.stored["pods"] == ["a", "b", "c"]


def test_a_shared_claim_is_frozen_once(backups: Backups) -> None:  # docs/compatibility E-4
    backups.pods.create(claim("data"), pod("a", claim="data"), pod("b", claim="data"))
    freeze, thaw = (run("fsfreeze", how, PATH) for how in ("--freeze", "--unfreeze"))
    outcome = backups.make([{"name": "r", "pre": [freeze], "post": [thaw]}])
    assert (outcome.phase, outcome.errors_list) == ("Completed", [])
    (record,) = outcome.freezes
    assert (record.thawed_by, record.consistent) == ("post hook", True)
    assert status(outcome)["hookStatus"] == {"hooksAttempted": 3}


def test_a_frozen_pod_is_deleted_between_pre_and_post(backups: Backups) -> None:
    """A true phase, and nothing frozen: the claim is thawed through the other pod that mounts it."""
    pods = backups.pods
    pods.create(claim("data"), pod("a", claim="data", labels={"freezes": "yes"}), pod("b", claim="data"))
    rules = [
        {
            "name": "freeze",
            "labelSelector": "freezes=yes",
            "pre": [run("fsfreeze", "--freeze", PATH)],
            "post": [run("fsfreeze", "--unfreeze", PATH)],
        },
        {"name": "wait", "labelSelector": "app=hooks", "pre": [shell("until [ -e /tmp/go ]; do sleep 0.1; done")]},
    ]

    def delete() -> None:
        until(lambda: "/tmp/go" in pods.sh("b", "ps -o args"), "a is frozen, b waits", seconds=60)
        pods.delete("a")
        pods.sh("b", "touch /tmp/go")

    deleter = threading.Thread(target=delete)
    deleter.start()
    outcome = backups.make(rules, ordered_resources={"pods": f"{pods.namespace}/a,{pods.namespace}/b"})
    deleter.join()
    assert outcome.phase == "PartiallyFailed"
    assert [(result.pod, result.hook.phase, result.state) for result in outcome.hooks] == [
        ("a", "pre", "ok"),
        ("b", "pre", "ok"),
        ("a", "post", "failed"),
    ]
    (record,) = outcome.freezes
    assert (record.thawed_by, record.consistent, record.released) == ("release", False, True)
    assert f"pod {pods.namespace}/b" in record.error
    assert backups.stored["pods"] == ["a", "b"]
    assert status(outcome)["hookStatus"] == {"hooksAttempted": 3, "hooksFailed": 1}


def in_pod(word: str, **more: t.Any) -> Object:
    return {"pod": "a", "command": ["/bin/sh", "-c", f"echo {word} >>/tmp/ran"], **more}


def test_hooks_of_the_backup(backups: Backups) -> None:
    backups.pods.create(pod("a"))
    where = {"namespace": backups.pods.namespace}
    asked = {event: [where | in_pod(event)] for event in ("pre", "post", "on_success", "on_failure")}
    outcome = backups.make([{"name": "r", "pre": [note("hook")]}], backup_hooks=asked)
    assert outcome.phase == "Completed"
    assert backups.pods.sh("a", RAN).split() == ["pre", "hook", "post", "on_success"]
    assert [result.state for result in outcome.backup_hooks] == ["ok"] * 3


def test_a_failing_pre_hook_of_the_backup_lets_nothing_be_stored(backups: Backups) -> None:
    backups.pods.create(pod("a"))
    where = {"namespace": backups.pods.namespace, "pod": "a"}
    asked = {event: [where | in_pod(event)] for event in ("post", "on_success", "on_failure")}
    asked["pre"] = [where | {"command": ["/bin/false"]}]
    with pytest.raises(ArkiveError, match="Nothing was backed up"):
        backups.make([{"name": "r", "pre": [note("hook")]}], backup_hooks=asked)
    assert backups.pods.sh("a", RAN).split() == ["post", "on_failure"]
    assert not backups.is_visible


def test_a_freeze_in_a_hook_of_the_backup_is_refused(backups: Backups) -> None:
    backups.pods.create(claim("data"), pod("a", claim="data"))
    asked = {"pre": [{"namespace": backups.pods.namespace, "pod": "a", "command": ["fsfreeze", "--freeze", PATH]}]}
    with pytest.raises(ArkiveError, match="would freeze a file system"):
        backups.make([], backup_hooks=asked)
    assert not backups.is_visible
