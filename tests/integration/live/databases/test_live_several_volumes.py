# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PostgreSQL on several volumes: cut in the order that is right, or at one moment; another order breaks it."""

from __future__ import annotations

import typing as t

import pytest
from database_runs import by_claim, take
from postgres_app import DATA, WAL, PostgresApp
from volume_lab import until

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.outcome import SnapshotOutcome


@pytest.fixture(scope="module")
def app(kubectl: t.Any, module_namespace: str) -> PostgresApp:
    """Data and WAL."""
    found = PostgresApp(kubectl, module_namespace, wal=True)
    found.create()
    found.sql("create role plain login", "grant pg_read_all_settings to plain")
    found.sql("create table junk (id int, text text)")
    return found


def churn(app: PostgresApp) -> None:
    """What makes a server remove WAL: segments that are done with, and checkpoints after them."""
    rows = "insert into junk select i, repeat('x', 900) from generate_series(1, 2000) i"
    app.sql(*(rows, "select pg_switch_wal()", "checkpoint") * 2)


def assert_whole(app: PostgresApp, before: int, after: int) -> None:
    newest, count = app.rows()
    assert before <= newest < after
    assert newest == count
    assert app.check() == ""


def test_data_then_tablespaces_then_the_wal(client: KubeClient, kubectl: t.Any, namespace: str) -> None:
    """Under a writer, and with WAL that would be removed between two snapshots."""
    app = PostgresApp(kubectl, namespace, wal=True, space=True)
    app.create()
    app.sql("create unlogged table nothing (id int)", "create table junk (id int, text text)")
    waves: list[list[str]] = []

    def before_cut(claims: list[str]) -> None:
        waves.append(claims)
        churn(app)

    with app.written_to():
        before = app.acknowledged()
        outcome = take(client, app, "one", mode="auto", lease=30.0, before_cut=before_cut)
        after = app.acknowledged() + 1
    assert outcome.errors == []
    assert waves == [["db"], ["db-space"], ["db-wal"]]
    (entry,) = outcome.quiesces
    assert (entry["mode"], entry["consistent"], entry["facts"]["write_label"]) == ("backup", True, True)
    assert app.sql("select count(*) from pg_replication_slots") == "0"
    restored = PostgresApp(kubectl, namespace, name="back", wal=True, space=True)
    restored.create(by_claim(outcome, app))
    assert_whole(restored, before, after)
    label = {"BACKUP_LABEL": entry["facts"]["backup_label"].rstrip("\n")}
    labelled = PostgresApp(kubectl, namespace, name="labelled", wal=True, space=True, environment=label)
    labelled.create(by_claim(outcome, app))
    assert "consistent recovery state reached" in labelled.log()
    assert_whole(labelled, before, after)


def test_the_wal_cut_first_breaks_it_and_is_refused(client: KubeClient, app: PostgresApp) -> None:
    """With our protection switched off the server finds no checkpoint that it could begin at."""
    namespace = app.namespace
    for mode, claims, why in (
        ("light", app.claims, "Its files are on several claims"),
        ("backup", ("db",), f"No snapshot is taken of {namespace}/db-wal, where the WAL lies"),
        ("auto", ("db-wal",), f"No snapshot is taken of {namespace}/db, where the data directory lies"),
    ):
        for check_mode in (True, False):
            refused = take(client, app, "refused", mode=mode, claims=claims, check_mode=check_mode)
            assert why in refused.errors[0]
            assert check_mode or refused.snapshots == []
    half = take(client, app, "half", mode="backup", freeze_paths=(DATA,))
    assert f"of which only {namespace}/db is frozen" in half.errors[0]
    app.sh("sync")  # what initdb has left to the kernel
    snapshots: dict[str, str] = {}
    for claim in ("db-wal", "db"):
        outcome = take(client, app, f"wrong-{claim}", claims=(claim,), quiesced=False)
        assert outcome.errors == []
        snapshots |= {entry["claim"]: entry["name"] for entry in outcome.snapshots}
        churn(app)
    broken = PostgresApp(app.kubectl, namespace, name="broken", wal=True)
    broken.create([snapshots[claim] for claim in app.claims], serves=False)
    until(lambda: "could not locate a valid checkpoint record" in broken.log(), "it finds no checkpoint", seconds=60)


@pytest.mark.parametrize("by", ["mode", "paths"])
def test_all_frozen_at_once_is_one_moment(client: KubeClient, app: PostgresApp, by: str) -> None:
    """By the database's mode, and by what the task freezes itself. A user without any right may do it."""
    asked: dict[str, t.Any] = {"mode": "freeze", "user": "plain"} if by == "mode" else {"freeze_paths": (DATA, WAL)}
    with app.written_to():
        before = app.acknowledged()
        outcome: SnapshotOutcome = take(client, app, f"frozen-{by}", **asked)
        after = app.acknowledged() + 1
    assert outcome.errors == []
    assert [record.consistent for record in outcome.freezes] == [True, True]
    (entry,) = outcome.quiesces
    assert (entry["consistent"], entry["mode"]) == (True, "freeze" if by == "mode" else "light")
    if by == "mode":  # what a freeze of both gives is the same, whoever asked for it
        restored = PostgresApp(app.kubectl, app.namespace, name="back", wal=True)
        restored.create(by_claim(outcome, app))
        assert_whole(restored, before, after)
