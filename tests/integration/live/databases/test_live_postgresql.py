# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PostgreSQL is held while its volumes are cut: what comes back, and that nothing is held for longer."""

from __future__ import annotations

import secrets
import signal
import time
import typing as t

import pytest
from database_runs import held, refuse, take
from postgres_app import CONTAINER, PostgresApp
from volume_lab import until

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import run_hook
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookPolicy
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun

MODES = ["light", "backup"]


@pytest.fixture(scope="module")
def app(kubectl: t.Any, module_namespace: str) -> PostgresApp:
    environment = {"POSTGRES_PASSWORD_FILE": "/tmp/password"}
    found = PostgresApp(kubectl, module_namespace, settings=["archive_mode=on"], environment=environment)
    found.create()
    return found


@pytest.fixture
def set_name() -> str:
    return f"set-{secrets.token_hex(3)}"


@pytest.mark.parametrize("mode", MODES)
def test_what_was_acknowledged_before_is_in_the_snapshot_and_nothing_later(
    client: KubeClient, app: PostgresApp, mode: str, set_name: str
) -> None:
    with app.written_to():
        before = app.acknowledged()
        outcome = take(client, app, set_name, mode=mode)
        after = app.rows()[0] + 1
    assert outcome.errors == []
    (entry,) = outcome.quiesces
    assert (entry["consistent"], entry["ended_by"], entry["role"], entry["lease"]) == (
        True,
        "release",
        "primary",
        "server",
    )
    assert entry["seconds"] < 10
    assert (LABEL in entry["facts"]) == (mode == "backup")
    assert app.sessions == 0
    restored = PostgresApp(app.kubectl, app.namespace, name=f"back-{mode}")
    restored.create([entry["name"] for entry in outcome.snapshots])
    newest, count = restored.rows()
    assert before <= newest < after
    assert newest == count
    assert restored.check() == ""


LABEL = "backup_label"


def test_who_is_killed_lets_go_at_once(app: PostgresApp, kubeconfig: str) -> None:
    """The stream ends with the process, the client's stdin with the stream, and the session with the client."""
    with held(kubeconfig, app, mode="backup") as section:
        assert app.sessions == 1
        section.process.kill()
        started = time.monotonic()
        until(lambda: app.sessions == 0, "the session is gone", seconds=10)
        assert time.monotonic() - started < 3
    assert "aborting backup due to backend exiting before pg_backup_stop was called" in app.log()


def test_who_is_silent_loses_it_at_the_lease(app: PostgresApp, kubeconfig: str) -> None:
    """The server itself ends the session, and the one who comes back is told."""
    with held(kubeconfig, app, mode="backup", lease=4.0) as section:
        section.process.send_signal(signal.SIGSTOP)
        started = time.monotonic()
        until(lambda: app.sessions == 0, "the session is gone", seconds=15)
        assert 1 < time.monotonic() - started < 6
        section.process.send_signal(signal.SIGCONT)
        found = section.finish()
    assert (found["consistent"], found["quiesces"][0]["ended_by"]) == (False, "lease")
    assert "ran out before its release" in found["errors"][0]


def test_signs_of_life_keep_it_for_longer_than_the_lease(app: PostgresApp, kubeconfig: str) -> None:
    with held(kubeconfig, app, mode="backup", lease=2.0) as section:
        time.sleep(4)
        found = section.finish()
    assert found["consistent"] is True
    assert found["quiesces"][0]["seconds"] >= 4


def test_a_session_that_somebody_ends_spoils_the_snapshots(app: PostgresApp, kubeconfig: str) -> None:
    end = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'arkive%'"
    with held(kubeconfig, app, mode="light") as section:
        app.sql(end)
        found = section.finish()
    assert (found["consistent"], found["quiesces"][0]["ended_by"]) == (False, "server")
    assert "was not held until the snapshot was cut" in found["errors"][0]


def test_a_user_without_the_right_is_told_what_to_grant(client: KubeClient, app: PostgresApp, set_name: str) -> None:
    app.sql("drop role if exists plain", "create role plain login")
    for mode, grant in (
        ("light", 'GRANT pg_checkpoint TO "plain"'),
        ("backup", 'GRANT EXECUTE ON FUNCTION pg_backup_start(text, boolean), pg_backup_stop(boolean) TO "plain"'),
    ):
        refuse(client, app, set_name, grant, mode=mode, user="plain")
        app.sql(grant.replace('"', ""))
        assert take(client, app, set_name, mode=mode, user="plain", check_mode=True).errors == []
        granted = take(client, app, f"{set_name}-{mode}", mode=mode, user="plain")
        assert granted.errors == []
        assert granted.quiesces[0]["facts"]["user"] == "plain"


@pytest.mark.parametrize(("command", "told"), [("false", True), ("sleep 600", False)])
def test_an_archiver_that_fails_or_hangs_holds_nobody_up(
    client: KubeClient, app: PostgresApp, set_name: str, command: str, told: bool
) -> None:
    reload = "select pg_reload_conf()"
    app.sql(f"alter system set archive_command = '{command}'", reload, "select pg_stat_reset_shared('archiver')")
    try:
        app.sql("create table if not exists some (id int)", "insert into some values (1)", "select pg_switch_wal()")
        tried = "select failed_count from pg_stat_archiver" if told else "select 1"
        until(lambda: app.sql(tried) != "0", "it has failed", seconds=60)
        started = time.monotonic()
        outcome = take(client, app, set_name, mode="backup")
        assert outcome.errors == []
        assert time.monotonic() - started < 20
        assert any("Its archiver fails" in text for text in outcome.warnings) is told
    finally:
        app.sql("alter system set archive_command = 'true'", reload)
        app.sh("pkill -x sleep || true")


def test_a_backup_of_somebody_else_goes_on(client: KubeClient, app: PostgresApp, set_name: str) -> None:
    app.sh(
        'setsid /bin/bash -c \'(echo "select pg_backup_start(\\$\\$other\\$\\$, true);"; sleep 60) '
        "| psql -U postgres -XAtq' </dev/null >/tmp/other 2>&1 &"
    )
    until(lambda: app.sh("cat /tmp/other"), "another backup has begun", seconds=20)
    outcome = take(client, app, set_name, mode="backup")
    assert (outcome.errors, outcome.quiesces[0]["consistent"]) == ([], True)
    assert "aborting backup" not in app.sh("cat /tmp/other")
    assert (
        app.sql("select count(*) from pg_stat_activity where query like '%other%' and pid <> pg_backend_pid()") == "1"
    )


def test_a_crash_of_the_server_spoils_the_snapshots(app: PostgresApp, kubeconfig: str) -> None:
    """One process that dies of a signal has all sessions end, and the server recovers."""
    with held(kubeconfig, app, mode="light") as section:
        app.sh("pkill -9 -f '^postgres: walwriter'")
        until(lambda: app.sh("pg_isready -q -U postgres && echo yes || true") == "yes", "it serves again", seconds=30)
        found = section.finish()
    assert (found["consistent"], found["quiesces"][0]["ended_by"]) == (False, "server"), found


def test_a_password_from_the_file_that_the_container_knows(client: KubeClient, app: PostgresApp, set_name: str) -> None:
    """Nobody may connect without one, and it is on no command line."""
    app.sql("alter user postgres password 'secret-4711'")
    app.sh("printf secret-4711 >/tmp/password; cp $PGDATA/pg_hba.conf /tmp/trust")
    app.sh("sed -i 's/trust$/scram-sha-256/' $PGDATA/pg_hba.conf && kill -HUP 1")
    try:
        until(lambda: "password" in app.sh("psql -w -U postgres -c 'select 1' 2>&1 || true"), "it asks", seconds=10)
        outcome = take(client, app, set_name)
        assert outcome.errors == []
        assert "secret-4711" not in str(outcome.to_return(default_on_error="Fail"))
        app.sh("printf wrong >/tmp/password")
        refuse(client, app, f"{set_name}-wrong", "password authentication failed")
    finally:
        app.sh("rm -f /tmp/password; cat /tmp/trust >$PGDATA/pg_hba.conf && kill -HUP 1")
        until(lambda: app.sh("psql -w -U postgres -c 'select 1' || true") != "", "it trusts", seconds=10)


def test_a_hook_that_is_ended_does_not_end_the_sessions_of_the_server(client: KubeClient, app: PostgresApp) -> None:
    """The server is process 1 of its container: a child of nobody that was killed would be a crash to it."""
    script = "(sleep 1234; true) & sleep 1234 | sleep 1234; wait"
    hook = Hook(
        source="task",
        name="slow",
        phase="pre",
        argv=("/bin/sh", "-c", script),
        container=CONTAINER,
        timeout_seconds=1.0,
        kill_on_timeout=True,
    )
    pod = client.get(f"/api/v1/namespaces/{app.namespace}/pods/{app.name}")
    before = len(app.log())
    result = run_hook(ClusterRun(client=client), pod, hook, HookPolicy())
    assert (result.state, result.killed) == ("timed_out", True)
    assert app.sh("pgrep -fc '[s]leep 1234' || true") == "0"
    assert "terminated by signal" not in app.log()[before:]
