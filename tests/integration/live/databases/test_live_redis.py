# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Redis and Valkey are paused, or dumped, while their volumes are cut; a pause ends by itself."""

from __future__ import annotations

import contextlib
import time
import typing as t
from pathlib import Path

import pytest
from database_runs import held, refuse, take, through_proxy
from redis_app import RedisApp

from ansible_collections.arkive.k8s.plugins.module_utils._databases import opening
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

#: The kernel alone decides when what was written goes to the disk.
AOF = ("--appendonly", "yes", "--appendfsync", "no")
RDB = ("--save", "3600 1000000")


@pytest.fixture(scope="module")
def app(kubectl: t.Any, module_namespace: str) -> RedisApp:
    environment = {"REDIS_PASSWORD_FILE": "/tmp/password"}
    found = RedisApp(kubectl, module_namespace, name="shared", settings=AOF, environment=environment)
    found.create()
    return found


@pytest.fixture(scope="module")
def dumping(kubectl: t.Any, module_namespace: str) -> RedisApp:
    found = RedisApp(kubectl, module_namespace, kind="valkey", name="dumping", settings=RDB)
    found.create()
    return found


@pytest.mark.parametrize(("server", "mode"), [("app", "pause"), ("dumping", "bgsave")])
def test_what_was_acknowledged_before_is_in_the_snapshot(
    client: KubeClient, request: pytest.FixtureRequest, server: str, mode: str
) -> None:
    """And, where writes are paused, exactly what was read meanwhile, though the server itself syncs nothing."""
    app: RedisApp = request.getfixturevalue(server)
    read: list[int] = []
    with app.written_to():
        before = app.acknowledged()
        outcome = take(client, app, f"whole-{mode}", mode="auto", before_cut=lambda _claims: read.append(app.count()))
        after = app.count() + 1
    assert outcome.errors == []
    (entry,) = outcome.quiesces
    assert (entry["mode"], entry["role"], entry["consistent"], entry["ended_by"]) == (mode, "primary", True, "release")
    settings = {"pause": AOF, "bgsave": RDB}[mode]
    restored = RedisApp(app.kubectl, app.namespace, kind=app.kind, settings=settings, name=f"{app.name}-back")
    restored.create(outcome.snapshots[0]["name"])
    assert before <= restored.count() < after
    assert mode == "bgsave" or restored.count() == read[0]
    assert restored.check() == ""


def test_without_us_what_was_acknowledged_is_lost(client: KubeClient, app: RedisApp) -> None:
    """It is in the node's memory still, as the server leaves it to the kernel when it is written."""
    app.sh("sync")
    before = app.count()
    app.ask("INCRBY n 1000")
    lost = take(client, app, "lost", quiesced=False)
    assert lost.errors == []
    restored = RedisApp(app.kubectl, app.namespace, settings=AOF, name="lost")
    restored.create(lost.snapshots[0]["name"])
    assert restored.count() == before


@pytest.mark.parametrize("stay", [False, True])
def test_who_is_cut_off_lets_go_anew_or_says_until_when(
    app: RedisApp, kubeconfig: str, tmp_path: Path, stay: bool
) -> None:
    """The pause outlasts its session. ``stay``: the network does not come back."""
    with contextlib.ExitStack() as stack:
        proxy, path = stack.enter_context(through_proxy(kubeconfig, tmp_path))
        section = stack.enter_context(held(path, app, mode="pause", lease=90.0))
        proxy.cut(stay=stay)
        started = time.monotonic()
        found = section.finish()
        (entry,) = found["quiesces"]
        assert (found["consistent"], entry["ended_by"], "until" in entry) == (False, "connection", stay)
        if stay:
            assert f"it may be held until {entry['until']}" in entry["error"]
            app.ask("CLIENT UNPAUSE")
        app.ask("INCR n")
        assert time.monotonic() - started < 80


def test_a_pause_ends_by_itself_when_nobody_lets_go(app: RedisApp, kubeconfig: str) -> None:
    with held(kubeconfig, app, mode="pause", lease=4.0) as section:
        before = app.count()
        section.process.kill()
        started = time.monotonic()
        assert app.ask("INCR n") == str(before + 1)
        assert 1 < time.monotonic() - started < 6


def test_a_pause_that_somebody_ends_proves_nothing(app: RedisApp, kubeconfig: str) -> None:
    with held(kubeconfig, app, mode="pause") as section:
        app.ask("CLIENT UNPAUSE")
        app.ask("INCR other")
        found = section.finish()
    assert found["consistent"] is False
    assert "somebody has ended its pause" in found["errors"][0]


def test_signs_of_life_renew_the_pause(app: RedisApp, kubeconfig: str) -> None:
    with held(kubeconfig, app, mode="pause", lease=2.0) as section:
        time.sleep(3)
        found = section.finish()
    assert found["consistent"] is True
    started = time.monotonic()
    app.ask("INCR n")
    assert time.monotonic() - started < 2


def test_what_keeps_nothing_is_refused(client: KubeClient, dumping: RedisApp) -> None:
    dumping.ask("CONFIG SET save ''")
    refuse(client, dumping, "nothing", "It keeps nothing on its disk", mode="auto")


def test_a_user_who_may_not_pause_is_told_by_check_mode_too(client: KubeClient, app: RedisApp) -> None:
    rights = "+info +role +ping +echo +config'|'get"
    app.ask(f"ACL SETUSER plain on nopass {rights}")
    planned = take(client, app, "plain", mode="pause", user="plain", check_mode=True)
    assert "Whether its user may do CLIENT PAUSE 1000 WRITE and CLIENT UNPAUSE cannot be asked" in str(planned.warnings)
    app.ask("ACL SETUSER plain +acl'|'whoami +acl'|'dryrun")
    planned = take(client, app, "plain", mode="pause", user="plain", check_mode=True)
    assert "ACL SETUSER plain +client|pause +client|unpause" in planned.errors[0]
    assert take(client, app, "plain", mode="pause", user="plain").snapshots == []
    app.ask("ACL SETUSER plain +client'|'pause +client'|'unpause")
    planned = take(client, app, "plain", mode="pause", user="plain", check_mode=True)
    assert (planned.errors, planned.warnings) == ([], [])
    assert app.ask("SET free yes") == "OK"


def test_a_password_from_the_file_that_the_container_knows(
    client: KubeClient, app: RedisApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that is not let in says nothing more, which is waited for."""
    monkeypatch.setattr(opening, "_HELLO_SECONDS", 5.0)
    app.ask("CONFIG SET requirepass secret-4711")
    try:
        app.sh("printf secret-4711 >/tmp/password")
        outcome = take(client, app, "password", mode="auto")
        assert outcome.errors == []
        assert "secret-4711" not in str(outcome.to_return(default_on_error="Fail"))
        app.sh("printf wrong >/tmp/password")
        refused = take(client, app, "wrong", mode="auto", check_mode=True)
        assert "AUTH failed" in refused.errors[0]
    finally:
        app.sh("rm -f /tmp/password; redis-cli -a secret-4711 CONFIG SET requirepass ''")


def test_of_two_servers_in_a_pod_the_one_of_the_container_is_paused(
    client: KubeClient, kubectl: t.Any, namespace: str
) -> None:
    """All containers of a pod have one address: the client finds the other server at the port that is usual."""
    app = RedisApp(kubectl, namespace, settings=(*AOF, "--port", "6380"), beside=("--save", "3600 1000000"))
    app.create()
    write = "timeout 1 redis-cli -p {0} SET n 1 || echo waits"
    written: list[str] = []

    def look(_claims: list[str]) -> None:
        written.extend(app.sh(write.format(port)) for port in (6380, 6379))

    outcome = take(client, app, "one", mode="auto", before_cut=look)
    assert (outcome.errors, written) == ([], ["waits", "OK"])
    assert [(entry["mode"], entry["consistent"]) for entry in outcome.quiesces] == [("pause", True)]
