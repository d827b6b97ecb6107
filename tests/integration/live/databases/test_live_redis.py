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
from database_runs import held, take, through_proxy
from redis_app import RedisApp

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

#: The kernel alone decides when what was written goes to the disk.
AOF = ("--appendonly", "yes", "--appendfsync", "no")
RDB = ("--save", "3600 1000000")


@pytest.fixture(scope="module")
def app(kubectl: t.Any, module_namespace: str) -> RedisApp:
    found = RedisApp(kubectl, module_namespace, name="shared")
    found.create()
    return found


@pytest.mark.parametrize(
    ("kind", "settings", "mode"),
    [("redis", AOF, "pause"), ("valkey", AOF, "pause"), ("redis", RDB, "bgsave"), ("valkey", RDB, "bgsave")],
)
def test_what_was_acknowledged_before_is_in_the_snapshot(
    client: KubeClient, kubectl: t.Any, namespace: str, kind: str, settings: tuple[str, ...], mode: str
) -> None:
    """And, where writes are paused, exactly what was read meanwhile, though the server itself syncs nothing."""
    app = RedisApp(kubectl, namespace, kind=kind, settings=settings)
    app.create()
    read: list[int] = []
    with app.written_to():
        before = app.acknowledged()
        outcome = take(client, app, "one", mode="auto", before_cut=lambda _claims: read.append(app.count()))
        time.sleep(0.5)
        after = app.acknowledged()
    assert outcome.errors == []
    (entry,) = outcome.quiesces
    assert (entry["mode"], entry["role"], entry["consistent"], entry["ended_by"]) == (mode, "primary", True, "release")
    restored = RedisApp(kubectl, namespace, kind=kind, settings=settings, name="back")
    restored.create(outcome.snapshots[0]["name"])
    assert before <= restored.count() < after
    assert mode == "bgsave" or restored.count() == read[0]
    assert restored.check() == ""


def test_without_us_what_was_acknowledged_is_lost(client: KubeClient, kubectl: t.Any, namespace: str) -> None:
    """It is in the node's memory still, as the server leaves it to the kernel when it is written."""
    app = RedisApp(kubectl, namespace, settings=AOF)
    app.create()
    app.sh("sync")
    app.ask("INCRBY n 1000")
    lost = take(client, app, "one", quiesced=False)
    kept = take(client, app, "two", mode="auto")
    assert (lost.errors, kept.errors) == ([], [])
    for name, outcome, count in (("lost", lost, 0), ("kept", kept, 1000)):
        restored = RedisApp(kubectl, namespace, settings=AOF, name=name)
        restored.create(outcome.snapshots[0]["name"])
        assert restored.count() == count


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
    with held(kubeconfig, app, mode="pause", lease=5.0) as section:
        before = app.count()
        section.process.kill()
        started = time.monotonic()
        assert app.ask("INCR n") == str(before + 1)
        assert 1 < time.monotonic() - started < 7


def test_a_pause_that_somebody_ends_proves_nothing(app: RedisApp, kubeconfig: str) -> None:
    with held(kubeconfig, app, mode="pause") as section:
        app.ask("CLIENT UNPAUSE")
        app.ask("INCR other")
        found = section.finish()
    assert found["consistent"] is False
    assert "somebody has ended its pause" in found["errors"][0]


def test_signs_of_life_renew_the_pause(app: RedisApp, kubeconfig: str) -> None:
    with held(kubeconfig, app, mode="pause", lease=2.0) as section:
        time.sleep(5)
        found = section.finish()
    assert found["consistent"] is True
    started = time.monotonic()
    app.ask("INCR n")
    assert time.monotonic() - started < 2


def test_what_keeps_nothing_is_refused(client: KubeClient, kubectl: t.Any, namespace: str) -> None:
    app = RedisApp(kubectl, namespace, settings=("--save", ""))
    app.create()
    refused = take(client, app, "one", mode="auto")
    assert "It keeps nothing on its disk" in refused.errors[0]
    assert refused.snapshots == []


def test_a_password_from_the_file_that_the_container_knows(client: KubeClient, kubectl: t.Any, namespace: str) -> None:
    app = RedisApp(
        kubectl,
        namespace,
        settings=(*AOF, "--requirepass", "secret-4711"),
        environment={"REDIS_PASSWORD_FILE": "/tmp/password"},
    )
    app.create()
    app.sh("printf secret-4711 >/tmp/password")
    outcome = take(client, app, "one", mode="auto")
    assert outcome.errors == []
    assert "secret-4711" not in str(outcome.to_return(default_on_error="Fail"))
    app.sh("printf wrong >/tmp/password")
    refused = take(client, app, "two", mode="auto")
    assert "AUTH failed" in refused.errors[0]


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
