# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases in a critical section: what is held before what is frozen, and what becomes of what was cut."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import DatabaseDeclaration
from ansible_collections.arkive.k8s.plugins.module_utils._databases.record import QuiesceRecord
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookPolicy
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import ApiObjectReader
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pod_database import (
    PodDatabase,
    plan_database,
    prepare_database,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import Preflight
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_block import (
    CriticalSection,
    QuiescedPod,
    SectionSettings,
)

pytestmark = pytest.mark.usefixtures("clock")

DECLARED = DatabaseDeclaration(kind="postgresql")


class Held:
    """In the place of a ``HeldDatabase``: tells the cluster's list of calls when it is held and let go."""

    def __init__(self, calls: list[t.Any], record: QuiesceRecord, *, fails: str = "", holds: bool = True) -> None:
        self.calls = calls
        self.record = record
        self.held = False
        self.held_since = None
        self._fails = fails
        self._holds = holds

    def begin(self, _cancel: t.Any) -> None:
        self.calls.append(f"lock {self.record.pod}")
        if self._fails:
            self.record.error = self._fails
            return
        self.held = True
        self.record.started = t.cast("t.Any", "now")

    def end(self) -> None:
        self.calls.append(f"unlock {self.record.pod}")
        self.held = False
        self.record.consistent = self._holds
        self.record.error = "" if self._holds else "It was not held until the snapshot was cut."


class Section:
    """Pods with a database and a freeze."""

    def __init__(self, cluster: t.Any, *, on_error: t.Any = "Fail", sequential: bool = False) -> None:
        self.cluster = cluster
        self.issues = Issues()
        run = ClusterRun(client=cluster.client, run_id="run1", issues=self.issues)
        self.settings = SectionSettings(
            run=run, policy=FreezePolicy(), hooks=HookPolicy(default_on_error=on_error), workers=1
        )
        self.entries: list[QuiescedPod] = []
        self._sequential = sequential

    def add(self, name: str, **held: t.Any) -> QuiescedPod:
        pod = self.cluster.add_pod(name, claim=f"data-{name}")
        preflight = Preflight(self.cluster.client, ApiObjectReader(self.cluster.client), policy=self.settings.policy)
        freeze = Hook(source="annotation", name="x", phase="pre", argv=("fsfreeze", "--freeze", "/data"))
        thaw = Hook(source="annotation", name="x", phase="post", argv=("fsfreeze", "--unfreeze", "/data"))
        record = QuiesceRecord(namespace="shop", pod=name, container="db", kind="postgresql")
        database = PodDatabase(record, t.cast("t.Any", Held(self.cluster.calls, record, **held)), None)
        entry = QuiescedPod(pod=pod, pre=[preflight.examine(pod, freeze)], post=[thaw], database=database)
        self.entries.append(entry)
        self.cluster.calls.clear()
        return entry

    def run(self) -> CriticalSection:
        section = CriticalSection(self.entries, self.settings, sequential=self._sequential)
        with section:
            self.cluster.calls.append("work")
        return section

    @property
    def steps(self) -> list[str]:
        return [call if isinstance(call, str) else f"{call.kind} {call.pod}" for call in self.cluster.calls]


def test_all_are_held_then_all_frozen_and_all_thawed_before_any_is_let_go(cluster: t.Any) -> None:
    lab = Section(cluster)
    lab.add("a")
    lab.add("b")
    section = lab.run()
    assert lab.steps[:5] == ["lock a", "lock b", "freeze a", "freeze b", "work"]
    assert sorted(lab.steps[5:7]) == ["release a", "release b"]
    assert sorted(lab.steps[7:]) == ["unlock a", "unlock b"]
    assert (section.consistent, section.why_broken, section.errors) == (True, "", [])
    assert [record.pod for record in section.quiesces] == ["a", "b"]


def test_one_after_the_other_where_the_block_says_so(cluster: t.Any) -> None:
    lab = Section(cluster, sequential=True)
    lab.add("a")
    lab.add("b")
    lab.run()
    assert lab.steps[:5] == ["lock a", "freeze a", "lock b", "freeze b", "work"]


@pytest.mark.parametrize("on_error", ["Fail", "Continue"])
def test_one_that_cannot_be_held_is_as_a_pre_hook_that_fails(cluster: t.Any, on_error: str) -> None:
    lab = Section(cluster, on_error=on_error)
    entry = lab.add("a", fails="No right.")
    section = lab.run()
    stops = on_error == "Fail"
    assert entry.stored is not stops
    assert lab.steps == (["lock a", "work"] if stops else ["lock a", "freeze a", "work", "release a"])
    said = [issue.error or issue.message for issue in (*lab.issues.errors, *lab.issues.warnings)]
    assert any("postgresql in container db of pod shop/a could not be held" in text for text in said)
    assert section.why_broken == ""


def test_what_was_cut_while_it_was_not_held_is_not_consistent(cluster: t.Any) -> None:
    lab = Section(cluster)
    lab.add("a", holds=False)
    section = lab.run()
    assert section.consistent is False
    assert section.why_broken == "It was not held until the snapshot was cut."
    assert section.errors == [section.why_broken]


def test_it_is_let_go_when_the_work_fails_and_when_a_thaw_does(cluster: t.Any) -> None:
    lab = Section(cluster)
    lab.add("a")
    cluster.answers["release"] = [OSError("gone")]
    section = CriticalSection(lab.entries, lab.settings)
    with pytest.raises(OSError, match=r"disk full|gone"), section:
        raise OSError("disk full")
    assert "unlock a" in lab.steps


def test_a_declaration_that_makes_no_sense_is_an_error_and_nobody_is_asked(cluster: t.Any) -> None:
    run = ClusterRun(client=cluster.client)
    pod = cluster.add_pod("a")
    for declared, why in (
        (DatabaseDeclaration(kind="oracle", refusal="No such kind."), "No such kind."),
        (DatabaseDeclaration(kind="postgresql", container="x"), "no such container"),
    ):
        database = prepare_database(run, pod, declared, [], FreezePolicy())
        database.begin(run.cancel)
        assert (database.held, why in database.record.error) == (False, True)
        assert why in plan_database(pod, declared)["error"]


def test_check_mode_says_by_which_statement_it_would_be_held(cluster: t.Any) -> None:
    pod = cluster.add_pod("a")
    entry = plan_database(pod, DECLARED)
    assert (entry["container"], entry["statements"], entry["error"]) == ("db", ["CHECKPOINT"], "")
    assert plan_database(pod, DatabaseDeclaration(kind="postgresql", mode="backup"))["statements"] == [
        "SELECT pg_backup_start('arkive', true)",
        "SELECT * FROM pg_backup_stop(false)",
    ]
