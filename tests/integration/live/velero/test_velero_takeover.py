# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects of one namespace under passes of ours, then under a stock server, and then under passes again.

Nothing is lost on the way, and nothing is made twice.
"""

from __future__ import annotations

import datetime as dt
import typing as t
from pathlib import Path

import pytest
from operator_lab import Operator, new_name
from velero_judge import NAMESPACE, Judge, until

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

pytestmark = pytest.mark.velero


class Namespace:
    """That of the server. ``name``: of all objects of this test, at their beginning."""

    def __init__(self, operator: Operator, template: Object) -> None:
        self.operator = operator
        self.name = new_name("t")
        self._template = template

    def down(self, judge: Judge) -> None:
        """The server is taken away. Its location is made anew: passes need not wait until its traces are old."""
        judge.kill()
        path = self.operator.path("backupstoragelocations", "default")
        spec = self.operator.client.get(path)["spec"]
        self.operator.client.delete(path)
        self.operator.create("backupstoragelocations", "default", spec)

    def ask_for_backup(self, name: str) -> str:
        self.operator.create("backups", f"{self.name}-{name}", self._template)
        return f"{self.name}-{name}"

    def add_due_schedule(self, name: str) -> str:
        """One whose last backup is long ago, and whose next one after that is not soon."""
        full = f"{self.name}-{name}"
        last = rfc3339(utc_now() - dt.timedelta(hours=2))
        self.operator.create(
            "schedules", full, {"schedule": "@every 1h", "template": self._template}, status={"lastBackup": last}
        )
        return full

    def backups(self) -> dict[str, Object]:
        """By name: what they are and what they say."""
        found = {name: self.operator.get("backups", name) or {} for name in self.operator.names("backups")}
        mine = {name: each for name, each in found.items() if name.startswith(self.name)}
        return {
            name: {"uid": each["metadata"]["uid"], "spec": each["spec"], "status": each.get("status")}
            for name, each in mine.items()
        }

    def await_scheduled(self, schedule: str) -> str:
        """The backup that it makes, once it is Completed."""

        def made() -> list[str]:
            return [name for name in self.backups() if name.startswith(f"{schedule}-")]

        (name,) = until(made, f"a backup of {schedule}", seconds=40)
        self.operator.await_phase("backups", name, "Completed")
        return str(name)


@pytest.fixture
def place(judge: Judge, velero_program: str, kubeconfig: str, namespace: str, tmp_path: Path) -> t.Iterator[Namespace]:
    operator = Operator(velero_program, kubeconfig=kubeconfig, namespace=NAMESPACE, home=tmp_path)
    yield Namespace(operator, {"includedNamespaces": [namespace], "snapshotVolumes": False})
    judge.start()


def test_from_passes_to_the_server_and_back(
    place: Namespace, judge: Judge, judged_store: Store, namespace: str, kubectl: t.Any
) -> None:
    kubectl("-n", namespace, "create", "configmap", "prices", "--from-literal=apple=1")
    place.down(judge)
    first = place.ask_for_backup("first")
    ours = place.add_due_schedule("ours")
    outcome = place.operator.pass_once()
    assert outcome.issues.errors == ()
    of_ours = place.await_scheduled(ours)
    before = place.backups()
    assert {name: each["status"]["phase"] for name, each in before.items()} == {
        first: "Completed",
        of_ours: "Completed",
    }

    judge.start()
    theirs = place.add_due_schedule("theirs")
    second = place.ask_for_backup("second")
    of_theirs = place.await_scheduled(theirs)
    place.operator.await_phase("backups", second, "Completed")
    # It has looked at all Schedules by now, and at the bucket.
    after = place.backups()
    assert {name: after[name] for name in before} == before
    assert set(after) == {first, of_ours, second, of_theirs}
    assert first in judge("backup", "logs", first)
    judge("restore", "create", f"{first}-back", "--from-backup", first, "--wait")
    assert (place.operator.get("restores", f"{first}-back") or {})["status"]["phase"] == "Completed"

    place.down(judge)
    third = place.ask_for_backup("third")
    outcome = place.operator.pass_once()
    assert outcome.issues.errors == ()
    last = place.backups()
    assert {name: last[name] for name in after} == after
    assert set(last) == {*after, third}
    assert last[third]["status"]["phase"] == "Completed"
    for schedule in (ours, theirs):
        assert (place.operator.get("schedules", schedule) or {})["status"]["phase"] == "Enabled"
    assert {name for name in last if judged_store.exists(f"backups/{name}/velero-backup.json")} == set(last)
