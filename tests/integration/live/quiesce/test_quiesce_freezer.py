# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A freezing command that is stopped (SIGSTOP) past its hook's timeout and its timer, and then continued."""

from __future__ import annotations

import contextlib
import os
import signal
import typing as t

import pytest
from cut_proxy import CutProxy
from nginx_app import BUSY_SECONDS, PATH, TRUE_SECONDS, NginxApp, host_pids, one_freeze, process_state, until
from processes import Engine

pytestmark = pytest.mark.fault

Result = dict[str, t.Any]
LEASE_SECONDS = 3
POLICY = {"lease_seconds": LEASE_SECONDS}
#: Where it is not the lease that ends the freeze.
LONG_LEASE_SECONDS = 20
#: Stands in for the tool itself, and stops before the ioctl.
STOPPING_TOOL = "/usr/local/bin/fsfreeze"
STOPPED_BEFORE = {
    "in a shell": ["/bin/sh", "-c", f"kill -STOP $$; exec /sbin/fsfreeze --freeze {PATH}"],
    "the tool itself": [STOPPING_TOOL, "--freeze", PATH],
}
STOPPED_AFTER = ["/bin/sh", "-c", f"/sbin/fsfreeze --freeze {PATH}; kill -STOP $$; exit 0"]
STOPPED = [*((argv, False) for argv in STOPPED_BEFORE.values()), (STOPPED_AFTER, True)]
STOPPED_IDS = [*(f"before, {name}" for name in STOPPED_BEFORE), "after"]


@pytest.fixture(autouse=True, scope="module")
def _stopping_tool(app: NginxApp) -> None:
    app.sh(
        "mkdir -p /usr/local/bin;"
        "printf '%s\\n' '#!/bin/sh' 'case $1 in --freeze) kill -STOP $$;; esac' 'exec /sbin/fsfreeze \"$@\"' "
        f">{STOPPING_TOOL} && chmod 755 {STOPPING_TOOL}"
    )


def stopped_pids(app: NginxApp) -> list[int]:
    """Processes of the sidecar that are stopped, by their pids on this machine."""
    return [pid for pid in host_pids(app.pod, "fsfreeze") if process_state(pid) == "T"]


def go_on(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def await_stopped(app: NginxApp) -> list[int]:
    found: list[int] = until(lambda: stopped_pids(app), "the freezer is stopped")
    return found


def assert_nothing_freezes_late(app: NginxApp, pids: list[int]) -> None:
    """The stopped processes are gone, telling them to go on does nothing, and writes go through."""
    assert [process_state(pid) for pid in pids] in ([""] * len(pids), ["Z"] * len(pids))
    go_on(pids)
    start = app.uptime
    until(lambda: app.uptime > start + 1, "some time has passed")
    assert app.blocked_since(start) == []


@pytest.mark.parametrize(("argv", "frozen"), STOPPED, ids=STOPPED_IDS)
def test_controller_lives(
    app: NginxApp, engine: Engine, location: Result, start: float, argv: list[str], frozen: bool
) -> None:
    app.annotate(pre=argv, pre_timeout="2s")
    policy = {"lease_seconds": LONG_LEASE_SECONDS}
    run = engine.start("backup", name="b", namespace=app.namespace, location=location, policy=policy)
    pids = await_stopped(app)
    if frozen:
        app.await_frozen()
    result = run.result()
    assert result["phase"] == "PartiallyFailed"
    pre, post = result["hooks"]
    assert (pre["state"], pre["error"]) == ("timed_out", "timed out after 2s")
    assert post["phase"] == "post"
    freeze = one_freeze(result)
    assert freeze["consistent"] is False
    assert freeze["thawed_by"] == ("post hook" if frozen else "not frozen")
    assert all(blocked.seconds < LONG_LEASE_SECONDS for blocked in app.blocked_since(start))
    assert bool(app.blocked_since(start)) == frozen
    assert_nothing_freezes_late(app, pids)


@pytest.mark.parametrize(("argv", "frozen"), STOPPED, ids=STOPPED_IDS)
def test_controller_is_dead(
    app: NginxApp, engine: Engine, location: Result, start: float, argv: list[str], frozen: bool
) -> None:
    app.annotate(pre=argv, pre_timeout="2s")
    run = engine.start("backup", name="b", namespace=app.namespace, location=location, policy=POLICY)
    pids = await_stopped(app)
    run.kill_all()
    until(lambda: not stopped_pids(app), "the lease ends the freezer", seconds=2 + LEASE_SECONDS + BUSY_SECONDS)
    app.await_thawed(3)
    # Two seconds for the hook, then the lease, and the seconds that the timer rounds by.
    assert all(blocked.seconds < 2 + LEASE_SECONDS + BUSY_SECONDS for blocked in app.blocked_since(start))
    assert bool(app.blocked_since(start)) == frozen
    assert_nothing_freezes_late(app, pids)
    app.sweep(engine, "thawed" if frozen else "not frozen")


def test_goes_on_while_nobody_can_release(
    app: NginxApp, engine: Engine, location: Result, start: float, proxy: tuple[CutProxy, Result]
) -> None:
    """The freeze lands after the hook has failed and while the controller is cut off: only the lease is left."""
    wire, config = proxy
    app.annotate(pre=STOPPED_BEFORE["the tool itself"], pre_timeout="2s")
    run = engine.start("backup", name="b", namespace=app.namespace, location=location, policy=POLICY, kubeconfig=config)
    pids = await_stopped(app)
    wire.cut()
    until(lambda: wire.refused, "the controller has tried to come back")
    go_on(pids)
    app.await_frozen()
    app.await_thawed(LEASE_SECONDS + 3)
    wire.mend()
    result = run.result()
    assert result["phase"] == "PartiallyFailed"
    assert result["hooks"][0]["state"] == "lost"
    freeze = one_freeze(result)
    assert (freeze["thawed_by"], freeze["consistent"]) == ("lease", False)
    assert "The lease on" in freeze["error"]
    (blocked,) = app.blocked_since(start)
    assert LEASE_SECONDS - 0.5 < blocked.seconds < LEASE_SECONDS + BUSY_SECONDS
    assert blocked.seconds == pytest.approx(freeze["seconds"], abs=TRUE_SECONDS)
    assert_nothing_freezes_late(app, pids)


def test_the_shell_around_the_freezer_is_stopped(app: NginxApp, engine: Engine, location: Result, start: float) -> None:
    """The wrapper around the freeze is stopped after the freeze: the lease does not need it."""
    app.annotate(pre=["/bin/sh", "-c", f"/sbin/fsfreeze --freeze {PATH}; kill -STOP $PPID"], pre_timeout="2s")
    run = engine.start("backup", name="b", namespace=app.namespace, location=location, policy=POLICY)
    pids = await_stopped(app)
    result = run.result()
    go_on(pids)
    assert result["phase"] == "PartiallyFailed"
    assert result["hooks"][0]["state"] == "timed_out"
    freeze = one_freeze(result)
    assert freeze["thawed_by"] == "post hook"
    assert all(blocked.seconds < LEASE_SECONDS + BUSY_SECONDS for blocked in app.blocked_since(start))
    assert_nothing_freezes_late(app, [])
