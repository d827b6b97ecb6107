# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MariaDB is held while its volume is cut: what comes back, and that nothing is held for longer."""

from __future__ import annotations

import re
import secrets
import signal
import time
import typing as t

import pytest
from database_runs import held, refuse, take
from mariadb_app import TABLES, MariadbApp
from volume_lab import until

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._databases import held as held_database
from ansible_collections.arkive.k8s.plugins.module_utils._databases.pod_container import PodContainer
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

BINLOG = ("--log-bin=binlog", "--server-id=1")


@pytest.fixture(scope="module")
def app(kubectl: t.Any, module_namespace: str) -> MariadbApp:
    environment = {"MYSQL_ROOT_PASSWORD_FILE": "/tmp/password"}
    found = MariadbApp(kubectl, module_namespace, settings=BINLOG, environment=environment)
    found.create()
    return found


@pytest.fixture
def set_name() -> str:
    return f"set-{secrets.token_hex(3)}"


@pytest.mark.parametrize(("mode", "at_commit"), [("stages", 1), ("read_lock", 0)])
def test_what_was_acknowledged_before_is_in_the_snapshot_and_nothing_later(
    client: KubeClient, app: MariadbApp, mode: str, at_commit: int, set_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In tables of all engines there is what was counted while it was held, and the server's check is clean.

    ``at_commit`` 0: the server writes its log once a second, which is awaited.
    """
    flush, under_lock = PodContainer.flush, {}

    def count_and_flush(self: PodContainer, path: str) -> bool:
        under_lock.update(app.counts())
        return flush(self, path)

    monkeypatch.setattr(PodContainer, "flush", count_and_flush)
    app.sql(f"set global innodb_flush_log_at_trx_commit = {at_commit}")
    with app.written_to():
        before = app.acknowledged()
        counts = [f"app.{table}" for table in TABLES]
        outcome = take(client, app, set_name, mode=mode, terms={"counts": counts})
        after = max(newest for newest, _count in app.counts().values()) + 1
    app.sql("set global innodb_flush_log_at_trx_commit = 1")
    assert outcome.errors == []
    (entry,) = outcome.quiesces
    assert (entry["consistent"], entry["ended_by"], entry["role"], entry["lease"], entry["mode"]) == (
        True,
        "release",
        "primary",
        "server",
        mode,
    )
    assert not app.is_held
    until(lambda: app.sessions == 0, "the session is gone", seconds=10)
    restored = MariadbApp(app.kubectl, app.namespace, name=f"back-{mode.replace('_', '-')}", settings=BINLOG)
    restored.create(outcome.snapshots[0]["name"])
    assert restored.check() == ""
    assert restored.counts() == under_lock
    recorded = {f"app.{table}": {"before": count, "after": count} for table, (_newest, count) in under_lock.items()}
    assert entry["facts"]["counts"] == recorded
    assert all(before <= newest == count < after for newest, count in under_lock.values())
    assert restored.sql("select @@gtid_binlog_pos") == entry["facts"]["gtid_binlog_pos"]


def test_without_the_flush_tables_outside_of_the_log_break(
    client: KubeClient, app: MariadbApp, set_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above fails without it. Without the lock as well: ``test_live_database_proof.py`` finds that."""
    monkeypatch.setattr(PodContainer, "flush", lambda _self, _path: True)
    with app.written_to():
        outcome = take(client, app, set_name, mode="stages")
    assert outcome.errors == []
    restored = MariadbApp(app.kubectl, app.namespace, name="broken", settings=BINLOG)
    restored.create(outcome.snapshots[0]["name"])
    assert "app.ticks_myisam" in restored.check()


def test_who_is_killed_lets_go_at_once(app: MariadbApp, kubeconfig: str) -> None:
    """The stream ends with the process, the client's stdin with the stream, and the session with the client."""
    with held(kubeconfig, app, mode="stages") as section:
        assert app.is_held
        section.process.kill()
        started = time.monotonic()
        until(lambda: app.sessions == 0, "the session is gone", seconds=10)
        assert time.monotonic() - started < 3
        assert not app.is_held


def test_who_is_silent_loses_it_at_the_lease(app: MariadbApp, kubeconfig: str) -> None:
    """The server itself ends the session, and the one who comes back is told."""
    with held(kubeconfig, app, mode="stages", lease=4.0) as section:
        section.process.send_signal(signal.SIGSTOP)
        started = time.monotonic()
        until(lambda: app.sessions == 0, "the session is gone", seconds=15)
        assert 1 < time.monotonic() - started < 6
        assert not app.is_held
        section.process.send_signal(signal.SIGCONT)
        found = section.finish()
    assert (found["consistent"], found["quiesces"][0]["ended_by"]) == (False, "lease")
    assert "ran out before its release" in found["errors"][0]


def test_signs_of_life_keep_it_for_longer_than_the_lease(app: MariadbApp, kubeconfig: str) -> None:
    with held(kubeconfig, app, mode="stages", lease=3.0) as section:
        time.sleep(4.5)
        assert app.is_held
        found = section.finish()
    assert found["consistent"] is True
    assert found["quiesces"][0]["seconds"] >= 4.5


def test_a_session_that_somebody_ends_spoils_the_snapshots(app: MariadbApp, kubeconfig: str) -> None:
    with held(kubeconfig, app, mode="read_lock") as section:
        number = app.sql("select id from information_schema.processlist where command = 'Sleep'")
        app.sql(f"kill {number}")
        found = section.finish()
    assert (found["consistent"], found["quiesces"][0]["ended_by"]) == (False, "connection")
    assert "was not held until the snapshot was cut" in found["errors"][0]


@pytest.mark.parametrize(("mode", "right"), [("stages", "RELOAD"), ("read_lock", "RELOAD, PROCESS")])
def test_a_user_without_the_right_is_told_what_to_grant(
    client: KubeClient, app: MariadbApp, set_name: str, mode: str, right: str
) -> None:
    app.sql("create or replace user plain@localhost")
    grant = f"GRANT {right} ON *.* TO 'plain'@'localhost'"
    refuse(client, app, set_name, grant, mode=mode, user="plain")
    app.sql(grant)
    assert take(client, app, set_name, mode=mode, user="plain", check_mode=True).errors == []
    granted = take(client, app, f"{set_name}-granted", mode=mode, user="plain")
    assert granted.errors == []
    assert granted.quiesces[0]["facts"]["user"] == "plain@localhost"
    assert granted.quiesces[0]["facts"]["binlog_file"].startswith("binlog.")


@pytest.mark.parametrize(
    ("statement", "mode", "why"),
    [
        ("update probe.m set i=i+0 where sleep(60)=0", "stages", "BACKUP STAGE BLOCK_DDL was not granted within 2 s"),
        ("select sleep(60) from probe.p", "read_lock", r"has run for \d+ s. A read lock would wait for it"),
    ],
)
def test_who_waits_for_a_long_statement_gives_up_and_writes_go_on_and_is_granted_it_later(
    client: KubeClient,
    app: MariadbApp,
    set_name: str,
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
    mode: str,
    why: str,
) -> None:
    wait = CancelToken.wait

    def wait_until_it_has_ended(token: CancelToken, seconds: float) -> bool:
        if seconds != held_database._PAUSE_SECONDS:
            return wait(token, seconds)
        running = (
            "select id from information_schema.processlist where info like '%sleep(60)%' and id <> connection_id()"
        )
        for number in app.sql(running).split():
            app.sql(f"kill {number}")
        return False

    monkeypatch.setattr(CancelToken, "wait", wait_until_it_has_ended)
    app.sql("create or replace table probe.m (i int) engine=myisam", "replace probe.m values (1)")
    app.sql("truncate probe.p", "insert into probe.p values (1)")
    app.sh(f"setsid mariadb -e '{statement}' </dev/null >/dev/null 2>&1 & sleep {6 if mode == 'read_lock' else 1}")
    refused = take(client, app, set_name, mode=mode, lease=2.0, terms={"lock_timeout": "0s"})
    assert re.search(why, refused.errors[0])
    assert refused.snapshots == []
    started = time.monotonic()
    app.sql("create or replace table probe.other (i int)", "insert into probe.other values (1)")
    assert time.monotonic() - started < 2
    granted = take(client, app, set_name, mode=mode, lease=2.0)
    assert granted.errors == []
    assert granted.quiesces[0]["facts"]["lock_attempts"] == 2
    assert "at attempt 2 only" in str(granted.warnings)


def test_a_password_from_the_file_that_the_container_knows(client: KubeClient, app: MariadbApp, set_name: str) -> None:
    """Nobody may connect without one, and it is on no command line."""
    app.sql("set password = password('secret-4711')")
    try:
        app.sh("printf secret-4711 >/tmp/password")
        outcome = take(client, app, set_name, mode="auto")
        assert outcome.errors == []
        assert "secret-4711" not in str(outcome.to_return(default_on_error="Fail"))
        app.sh("printf wrong >/tmp/password")
        refuse(client, app, f"{set_name}-wrong", "Access denied for user 'root'@'localhost'", mode="auto")
    finally:
        app.sh("rm -f /tmp/password; mariadb -psecret-4711 -e \"set password = ''\"")


def test_a_table_on_a_volume_without_a_snapshot_is_not_passed_over(
    client: KubeClient, kubectl: t.Any, namespace: str
) -> None:
    """Its file lies where no variable of the server says."""
    app = MariadbApp(kubectl, namespace, far=True)
    app.create()
    take(client, app, "whole", mode="auto", claims=("db",))
    app.sql("create table probe.far (i int) data directory='/far/d'")
    outcome = take(client, app, "torn", mode="auto", claims=("db",))
    assert "/far/d/probe in container mariadb" in " ".join(outcome.errors)
    assert (outcome.snapshots, outcome.quiesces[0]["consistent"]) == ([], False)
