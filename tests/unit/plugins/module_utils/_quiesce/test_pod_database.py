# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases in a critical section: what is held before what is frozen, and what becomes of what was cut."""

from __future__ import annotations

import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._databases import held as held_module
from ansible_collections.arkive.k8s.plugins.module_utils._databases.cuts import VolumeCuts
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import DatabaseDeclaration, parse_databases
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.postgresql import PostgresqlHold
from ansible_collections.arkive.k8s.plugins.module_utils._databases.record import QuiesceRecord
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookPolicy
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.spec_hooks import PodHooks
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import ApiObjectReader
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hooked_pods import give_hooks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pod_database import (
    DatabaseSettings,
    PodDatabase,
    foresee_database,
    prepare_database,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import HookPlan, Preflight
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_block import (
    CriticalSection,
    QuiescedPod,
    SectionSettings,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import recognise_hook

pytestmark = pytest.mark.usefixtures("clock")

DECLARED = DatabaseDeclaration(kind="postgresql")


class Held:
    """In the place of a ``HeldDatabase``: tells the cluster's list of calls when it is held and let go."""

    def __init__(
        self,
        calls: list[t.Any],
        record: QuiesceRecord,
        *,
        fails: str = "",
        holds: bool = True,
        raises: BaseException | None = None,
    ) -> None:
        self._raises = raises
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

    def advance(self, wave: int) -> None:
        self.calls.append(f"advance {self.record.pod} {wave}")

    def end(self) -> None:
        self.calls.append(f"unlock {self.record.pod}")
        if self._raises is not None:
            raise self._raises
        self.held = False
        self.record.known.warnings.append("The rows of shop.orders are not counted.")
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
    section.report_warnings(lab.issues)
    said = [issue.error or issue.message for issue in (*lab.issues.errors, *lab.issues.warnings)]
    text, *counted = said  # once
    assert len(counted) == 0
    assert "postgresql in container db of pod shop/a could not be held" in text
    assert section.why_broken == ""


def test_what_it_says_as_it_is_let_go_is_a_warning_once(cluster: t.Any) -> None:
    lab = Section(cluster)
    entry = lab.add("a")
    assert entry.database is not None
    entry.database.record.known.warnings.append("Its archiver fails.")
    where = "postgresql in container db of pod shop/a"
    assert lab.run().warnings == [f"{where}: Its archiver fails.", f"{where}: The rows of shop.orders are not counted."]


def test_what_was_cut_while_it_was_not_held_is_not_consistent(cluster: t.Any) -> None:
    lab = Section(cluster)
    lab.add("a", holds=False)
    section = lab.run()
    assert section.consistent is False
    assert section.why_broken == "It was not held until the snapshot was cut."
    assert section.errors == [section.why_broken]


def test_a_lost_one_is_reported_with_its_pod_where_no_volume_tells_of_it(cluster: t.Any) -> None:
    lab = Section(cluster)
    lab.add("a", holds=False)
    lab.add("b")
    lab.run().report_broken(lab.issues)
    assert [(told.message, told.error, told.resource, told.namespace, told.name) for told in lab.issues.errors] == [
        ("Error quiescing a database", "It was not held until the snapshot was cut.", "pods", "shop", "a")
    ]


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
        (DatabaseDeclaration(kind="postgresql", container="x"), "no such container. Those of the pod are "),
    ):
        database = prepare_database(run, pod, declared, [], DatabaseSettings(policy=FreezePolicy()))
        database.begin(run.cancel)
        assert (database.held, why in database.record.error) == (False, True)
        assert why in foreseen(cluster, pod, declared)["error"]
        assert "in container  " not in database.record.not_held()


class AskedServer:
    """In the place of the hold of PostgreSQL: says where its files are, as if it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, places: t.Mapping[str, str], refusal: str = "") -> None:
        self.ranks = {"the data directory": 0, "the WAL": 2}
        monkeypatch.setattr(PostgresqlHold, "foresee", self._foresee(places, refusal))
        monkeypatch.setattr(held_module, "open_session", lambda *_words, **_more: self)

    def close(self) -> None:
        """It is a session as well."""

    def _foresee(self, places: t.Mapping[str, str], refusal: str) -> t.Callable[[t.Any, t.Any], None]:
        def foresee(hold: t.Any, server: t.Any) -> None:
            if refusal:
                raise DatabaseError(refusal)
            ranks = self.ranks if hold.known.mode in ("auto", "backup") else None
            hold.known.waves = server.check_places(places, ranks=ranks)
            if hold.known.mode == "auto":
                hold.known.mode = "backup" if len(hold.known.waves) > 1 else "light"
            hold.known.warnings.append("Its archiver fails.")

        return foresee


def foreseen(
    cluster: t.Any,
    pod: t.Any,
    declared: DatabaseDeclaration,
    pre: t.Sequence[Hook] = (),
    cuts: VolumeCuts | None = None,
) -> dict[str, t.Any]:
    settings = DatabaseSettings(policy=FreezePolicy(), cuts=cuts or VolumeCuts())
    database, statements = foresee_database(ClusterRun(client=cluster.client), pod, declared, pre, settings)
    return database.record.to_return() | {"statements": statements, "warnings": database.warnings}


def test_check_mode_asks_the_server_and_says_by_which_statement_it_would_be_held(
    cluster: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pod = cluster.add_pod("a")
    AskedServer(monkeypatch, {"the data directory": "/data"})
    entry = foreseen(cluster, pod, DECLARED)
    assert (entry["container"], entry["mode"], entry["statements"], entry["error"]) == (
        "db",
        "light",
        ["CHECKPOINT"],
        "",
    )
    assert "Its archiver fails." in entry["warnings"][0]
    assert foreseen(cluster, pod, DatabaseDeclaration(kind="postgresql", mode="backup"))["statements"] == [
        "SELECT pg_backup_start('arkive', true)",
        "SELECT * FROM pg_backup_stop(false)",
    ]
    AskedServer(monkeypatch, {}, refusal="Its user may not.")
    entry = foreseen(cluster, pod, DECLARED)
    assert (entry["error"], entry["statements"]) == ("Its user may not.", [])


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, []),
        ({"lease_seconds": 300.0, "lock_seconds": 300.0}, []),
        ({"lease_seconds": 600.0}, ["Its lease is 600 s, and counts as 300 s"]),
        ({"lease_seconds": 301.0, "lock_seconds": 900.0}, ["Its lease is 301 s", "Its lock_timeout is 900 s"]),
    ],
)
def test_what_is_longer_than_anything_may_be_held_is_told(
    cluster: t.Any, monkeypatch: pytest.MonkeyPatch, asked: dict[str, float], told: list[str]
) -> None:
    AskedServer(monkeypatch, {"the data directory": "/data"})
    declared = DatabaseDeclaration(kind="postgresql", **t.cast("t.Any", asked))
    *found, _archiver = foreseen(cluster, cluster.add_pod("a"), declared)["warnings"]
    assert len(found) == len(told)
    assert all(text in warning for text, warning in zip(told, found, strict=True))


def test_keepers_stop_and_marks_go_when_a_database_cannot_be_let_go(cluster: t.Any) -> None:
    lab = Section(cluster)
    lab.add("a", raises=OSError("no more threads"))
    lab.add("b")
    section = CriticalSection(lab.entries, lab.settings)
    section.quiesce()
    assert cluster.marks("a")
    assert any(thread.name == "arkive-timer-keeper" for thread in threading.enumerate())
    with pytest.raises(OSError, match="no more threads"):
        section.release()
    assert (cluster.marks("a"), cluster.marks("b"), cluster.claim_marks("data-a")) == ([], [], [])
    assert not any(thread.name == "arkive-timer-keeper" for thread in threading.enumerate())
    assert "unlock b" in lab.steps


def test_claims_are_cut_by_the_order_of_their_databases(cluster: t.Any) -> None:
    """Between two waves each database is told; what has no order is cut first."""
    lab = Section(cluster)
    staged = lab.add("a").database
    lab.add("b")
    assert staged is not None
    staged.record.known.waves = (("shop/data",), ("shop/ts",), ("shop/wal",))
    section = CriticalSection(lab.entries, lab.settings)
    with section:
        for wave in section.waves(["shop/wal", "shop/data", "shop/other", "shop/ts"]):
            cluster.calls.append(" ".join(wave))
    assert [step for step in lab.steps if step.startswith(("shop", "advance"))] == [
        "shop/data shop/other",
        "advance a 1",
        "shop/ts",
        "advance a 2",
        "shop/wal",
    ]


def test_databases_that_need_a_claim_at_different_times_are_not_consistent(cluster: t.Any) -> None:
    lab = Section(cluster)
    orders = (("shop/x",), ("shop/y",)), (("shop/y",), ("shop/x",))
    for name, order in zip("ab", orders, strict=True):
        database = lab.add(name).database
        assert database is not None
        database.record.known.waves = order
    section = CriticalSection(lab.entries, lab.settings)
    with section:
        assert sorted(claim for wave in section.waves(["shop/x", "shop/y"]) for claim in wave) == ["shop/x", "shop/y"]
    assert (section.consistent, "has files of two databases" in section.why_broken) == (False, True)


def with_wal(cluster: t.Any) -> dict[str, t.Any]:
    """A pod of the official image, whose WAL has a claim of its own."""
    container = {
        "name": "db",
        "env": [{"name": "PGDATA", "value": "/data/pg"}, {"name": "POSTGRES_INITDB_WALDIR", "value": "/wal/pg_wal"}],
        "volumeMounts": [{"name": name, "mountPath": f"/{name}"} for name in ("data", "wal")],
    }
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in ("data", "wal")]
    found: dict[str, t.Any] = cluster.add_pod("a", spec={"containers": [container], "volumes": volumes})
    return found


BOTH = frozenset({"shop/data", "shop/wal"})


@pytest.mark.parametrize(
    ("mode", "cuts", "error"),
    [
        ("auto", VolumeCuts(taken=BOTH), ""),
        ("backup", VolumeCuts(taken=BOTH), ""),
        ("light", VolumeCuts(taken=BOTH), "Its files are on several claims (shop/data, shop/wal)"),
        ("light", VolumeCuts(taken=BOTH, groups=dict.fromkeys(BOTH, "g")), ""),
        ("auto", VolumeCuts(), "Its files are on several claims (shop/data, shop/wal)"),
        ("auto", VolumeCuts(taken=frozenset({"shop/data"})), "No snapshot is taken of shop/wal, where the WAL lies"),
    ],
)
def test_check_mode_refuses_a_wrong_order(
    cluster: t.Any, mode: str, cuts: VolumeCuts, error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    AskedServer(monkeypatch, {"the data directory": "/data/pg", "the WAL": "/wal/pg_wal"})
    entry = foreseen(cluster, with_wal(cluster), DatabaseDeclaration(kind="postgresql", mode=mode), (), cuts)
    if error:
        assert error in entry["error"]
        assert entry["statements"] == []
    else:
        assert entry["error"] == ""
        assert (entry["mode"] == "backup") is (not cuts.groups)


def test_mode_freeze_freezes_all_claims_of_its_container_after_the_pods_own_hooks(
    cluster: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    AskedServer(monkeypatch, {"the data directory": "/data/pg", "the WAL": "/wal/pg_wal"})
    pod = with_wal(cluster)
    own = Hook(source="annotation", name="x", phase="pre", argv=("fsfreeze", "--freeze", "/wal"))
    choice = parse_databases([{"label_selector": "a=b", "kind": "postgresql", "mode": "freeze"}])
    pod["metadata"]["labels"] = {"a": "b"}
    found = give_hooks(pod, PodHooks(pre=(own,), post=(), warnings=()), choice)
    assert [hook.argv for hook in found.pre] == [own.argv, ("fsfreeze", "--freeze", "/data")]
    assert found.post[0].argv == ("fsfreeze", "--unfreeze", "/data")
    assert (found.pre[-1].container, found.pre[-1].on_error) == ("db", "Fail")
    bare = give_hooks(pod, PodHooks(pre=(), post=(), warnings=()), choice)
    assert {freeze.path for freeze in recognise_hook(bare.pre[0]).freezes} == {"/data", "/wal"}
    declared = DatabaseDeclaration(kind="postgresql", mode="freeze")
    planned = foreseen(cluster, pod, declared, bare.pre, VolumeCuts(taken=BOTH))
    assert (planned["error"], planned["mode"]) == ("", "freeze")


def test_a_freeze_that_is_refused_holds_nothing(cluster: t.Any) -> None:
    pod = cluster.add_pod("a")
    freeze = Hook(source="task", name="database", phase="pre", argv=("fsfreeze", "--freeze", "/data"))
    refused = HookPlan(hook=freeze, refusal="It lies on the node's own disk.")
    declared = DatabaseDeclaration(kind="postgresql", mode="freeze")
    settings = DatabaseSettings(policy=FreezePolicy())
    database = prepare_database(ClusterRun(client=cluster.client), pod, declared, [refused], settings)
    database.begin(CancelToken())
    assert (database.held, database.record.error) == (False, "It lies on the node's own disk.")
