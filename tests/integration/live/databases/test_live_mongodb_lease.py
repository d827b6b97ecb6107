# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lock that outlives its session is let go by a process beside the server: with a stand-in for MongoDB."""

from __future__ import annotations

import signal
import time
import typing as t

import pytest
from database_runs import HeldSection, held, take
from mongodb_standin import MongodbStandin
from volume_lab import until

from ansible_collections.arkive.k8s.plugins.module_utils._databases.pod_container import PodContainer
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient


@pytest.fixture(scope="module")
def app(kubectl: t.Any, module_namespace: str) -> MongodbStandin:
    found = MongodbStandin(kubectl, module_namespace)
    found.create()
    return found


def test_what_was_counted_while_it_was_locked_is_in_the_snapshot(
    client: KubeClient, app: MongodbStandin, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush, under_lock = PodContainer.flush, []

    def count_and_flush(self: PodContainer, path: str) -> bool:
        under_lock.append((app.rows(), app.locks))
        return flush(self, path)

    monkeypatch.setattr(PodContainer, "flush", count_and_flush)
    outcome = take(client, app, "one", mode="lock")
    assert outcome.errors == []
    (entry,) = outcome.quiesces
    assert (entry["consistent"], entry["ended_by"], entry["lease"], entry["role"]) == (
        True,
        "release",
        "timer",
        "standalone",
    )
    (_before, unlocked), (rows, locks) = under_lock
    assert (unlocked, locks) == (0, 1)
    assert app.locks == 0
    until(lambda: app.leases == "", "nothing is left", seconds=10)
    restored = MongodbStandin(app.kubectl, app.namespace, name="back")
    restored.create(outcome.snapshots[0]["name"])
    assert restored.sh(f"sed -n {rows[1]}p /data/db/rows") == str(rows[0])
    assert app.rows() > rows


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGSTOP])
def test_who_dies_or_is_silent_loses_it_at_the_lease(
    app: MongodbStandin, kubeconfig: str, signal_number: signal.Signals
) -> None:
    with held(kubeconfig, app, mode="lock", lease=4.0) as section:
        assert app.locks == 1
        section.process.send_signal(signal_number)
        started = time.monotonic()
        until(lambda: app.locks == 0, "it is unlocked", seconds=20)
        assert time.monotonic() - started < 12
        until(lambda: app.leases == "", "nothing is left", seconds=10)
        if signal_number == signal.SIGSTOP:
            section.process.send_signal(signal.SIGCONT)
            found = section.finish()
            assert (found["consistent"], found["quiesces"][0]["ended_by"]) == (False, "lease")
            assert "ran out before its release" in found["errors"][0]


def test_signs_of_life_renew_the_lease(app: MongodbStandin, kubeconfig: str) -> None:
    with held(kubeconfig, app, mode="lock", lease=3.0) as section:
        time.sleep(6)
        assert app.locks == 1
        found = section.finish()
    assert found["consistent"] is True
    assert app.locks == 0
    until(lambda: app.leases == "", "nothing is left", seconds=10)


def test_a_lock_that_somebody_ends_spoils_the_snapshots(app: MongodbStandin, kubeconfig: str) -> None:
    with held(kubeconfig, app, mode="lock") as section:
        app.sh("echo 0 >/run/standin/count")
        found = section.finish()
    assert found["consistent"] is False
    assert "not locked" in found["errors"][0]
    until(lambda: app.leases == "", "nothing is left", seconds=10)


def test_a_lock_that_is_granted_after_its_asker_died_is_let_go(app: MongodbStandin, kubeconfig: str) -> None:
    """Nobody can take the wish back: the process waits for it."""
    app.sh("echo 5 >/run/standin/late")
    section = HeldSection(kubeconfig, app, mode="lock", lease=3.0)
    try:
        until(lambda: app.sh("ls /run/standin").find("pending") >= 0, "it is asked for", seconds=30)
        section.process.kill()
        until(lambda: "pending" not in app.sh("ls /run/standin"), "it is granted", seconds=20)
        until(lambda: app.locks == 0, "it is unlocked", seconds=10)
        until(lambda: app.leases == "", "nothing is left", seconds=10)
    finally:
        section.process.kill()
        section.process.wait(timeout=30)
        app.sh("rm -f /run/standin/late")
