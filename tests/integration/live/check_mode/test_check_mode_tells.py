# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run will refuse or fail at by what is known before it, check mode says in the same words."""

from __future__ import annotations

import datetime as dt
import json
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._store.claim_record import ClaimRecord

Object = dict[str, t.Any]


class Scene:
    """A namespace and a location."""

    def __init__(self, namespace: str, store: Path) -> None:
        self.namespace = namespace
        self.store = store
        store.mkdir()

    def backup(self, **more: t.Any) -> Object:
        location = {"path": str(self.store)}
        return {"name": "b", "included_namespaces": [self.namespace], "storage_location": location, **more}


@pytest.fixture
def scene(namespace: str, tmp_path: Path) -> Scene:
    return Scene(namespace, tmp_path / "store")


class Case(t.NamedTuple):
    """``make`` prepares the scene and gives the task's options; ``says`` is what both say; ``phase`` of a backup."""

    module: str
    make: t.Callable[[Scene], Object]
    says: str
    phase: str = ""


def _in_progress(scene: Scene) -> Object:
    folder = scene.store / "backups" / "b"
    folder.mkdir(parents=True)
    now = dt.datetime.now(dt.UTC)
    (folder / "b-arkive-claim.json").write_bytes(ClaimRecord.make("other", "elsewhere", 7, now, 600.0).encode())
    return scene.backup()


def _stored_backup(scene: Scene, spec: Object, phase: str = "Completed") -> None:
    folder = scene.store / "backups" / "b"
    folder.mkdir(parents=True)
    status = {"phase": phase, "formatVersion": "1.1.0", "version": 1}
    body = {"apiVersion": "velero.io/v1", "kind": "Backup", "metadata": {"name": "b", "namespace": "velero"}}
    (folder / "velero-backup.json").write_text(json.dumps({**body, "spec": spec, "status": status}))


def _velero_at_work(scene: Scene) -> Object:
    _stored_backup(scene, {}, "InProgress")
    return scene.backup()


def _other_spec(scene: Scene) -> Object:
    _stored_backup(scene, {"includedNamespaces": ["elsewhere"]})
    return scene.backup()


CASES = {
    "backup: another run makes it": Case("k8s_backup", _in_progress, "other", "Failed"),
    "backup: Velero makes it": Case("k8s_backup", _velero_at_work, "still being made", "Failed"),
    "backup: it exists with another spec": Case("k8s_backup", _other_spec, "with another spec", "Failed"),
    "backup: a read-only location": Case(
        "k8s_backup",
        lambda scene: scene.backup(storage_location={"path": str(scene.store), "read_only": True}),
        "read",
        "Failed",
    ),
    "backup: no location": Case(
        "k8s_backup",
        lambda scene: scene.backup(storage_location={"path": str(scene.store / "nowhere")}),
        "does not exist",
        "Failed",
    ),
}


def said(result: Object) -> str:
    """The sentence, without what differs between a task to come and one that was."""
    text = result.get("msg", "")
    for would, was in (
        ("would end", "ended"),
        ("would not be taken", "was not taken as asked"),
        ("would not be removed", "was not removed as asked"),
    ):
        text = text.replace(would, was)
    return re.sub(r"\d+\.\d+ s\b", "", text)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_check_mode_says_what_the_run_says(case: Case, scene: Scene, both: t.Callable[..., t.Any]) -> None:
    pair = both(case.module, **case.make(scene))
    assert said(pair.told) == said(pair.done)
    assert (pair.told["failed"], case.says in pair.told["msg"]) == (True, True), pair.told["msg"]
    assert pair.done["failed"]
    if case.module == "k8s_backup":
        assert (pair.told["phase"], pair.done["phase"]) == (case.phase, case.phase)
    told = [entry["message"] for entry in pair.told["errors_list"]]
    assert told == [entry["message"] for entry in pair.done["errors_list"]]
    assert pair.told.get("error_details") == pair.done.get("error_details")
