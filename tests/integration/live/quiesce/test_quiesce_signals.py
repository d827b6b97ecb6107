# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller is stopped, and is killed, while a volume is frozen: ``ansible-playbook``, as people run it."""

from __future__ import annotations

import os
import signal
import typing as t
from pathlib import Path

import pytest
from nginx_app import BUSY_SECONDS, PATH, NginxApp, assert_seconds_are_true, one_freeze, until
from processes import Engine, Started, gone

Result = dict[str, t.Any]
LEASE_SECONDS = 5
#: Where it is not the lease that ends the freeze.
LONG_LEASE_SECONDS = 20
#: How a volume is kept frozen: the annotations, and how long after the lease's end it is thawed when nobody lives.
#: A release that has begun is given two seconds by the lease.
IN_PRE = {"pre": ["/bin/sh", "-c", f"/sbin/fsfreeze --freeze {PATH}; sleep 321"], "pre_timeout": "4s"}
IN_POST = {"post": ["/bin/sh", "-c", f"sleep 321; /sbin/fsfreeze --unfreeze {PATH}"]}
IN_POST_ELSEWHERE = {"post": ["/bin/sh", "-c", "sleep 30"], "post_container": "nginx"}
HELD_BY_POST = {"post": ["/bin/sh", "-c", f"sleep 3; /sbin/fsfreeze --unfreeze {PATH}"]}
WINDOWS = [
    pytest.param(IN_PRE, 4, id="in the pre hook"),
    pytest.param(IN_POST_ELSEWHERE, 0, id="between freeze and thaw"),
    pytest.param(IN_POST, 2, id="in the release"),
]


def backup_task(app: NginxApp, location: Result, *, lease_seconds: int = LEASE_SECONDS) -> Result:
    return {
        "name": "Back up",
        "arkive.k8s.k8s_backup": {
            "name": "b",
            "included_namespaces": [app.namespace],
            "storage_location": location,
            "freeze_lease": f"{lease_seconds}s",
        },
    }


def module_pids(play: Started) -> list[int]:
    """The processes that run the module's code, which comes to them by a pipe."""
    found = []
    for pid in play.descendants():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        except OSError:
            continue
        if len(words) == 1 and Path(os.fsdecode(words[0])).name.startswith("python"):
            found.append(pid)
    return found


def stored(location: Result) -> list[str]:
    root = Path(location["path"])
    return sorted(str(file.relative_to(root)) for file in root.rglob("*") if file.is_file())


@pytest.fixture(autouse=True)
def _no_leftovers(app: NginxApp) -> t.Iterator[None]:
    """A killed controller's post hook runs on in its container, and would thaw the next test's freeze."""
    yield
    app.kill_all_like("sleep 321")


def test_playbook_to_its_end(app: NginxApp, engine: Engine, location: Result, start: float) -> None:
    play = engine.play([backup_task(app, location)])
    assert play.end() == 0, play.stdout + play.stderr
    assert '"thawed_by": "post hook"' in play.stdout
    assert '"phase": "Completed"' in play.stdout
    assert "backups/b/velero-backup.json" in stored(location)


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
@pytest.mark.parametrize(
    "window",
    [
        pytest.param(IN_PRE | {"pre_timeout": "30s"}, id="in the pre hook"),
        pytest.param(HELD_BY_POST, id="in the post hook"),
    ],
)
def test_sigterm_to_the_playbook(
    app: NginxApp, engine: Engine, location: Result, start: float, window: Result, times: int
) -> None:
    app.annotate(**window)
    play = engine.play([backup_task(app, location, lease_seconds=LONG_LEASE_SECONDS)])
    app.await_frozen()
    pids = until(lambda: module_pids(play), "the module is among its descendants", seconds=10)
    for _count in range(times):
        if play.runs:
            play.signal(signal.SIGTERM)
            until(lambda: not play.runs or play.stderr or True, "the signal is on its way", pause=0.3)
    assert play.end(30) != 0
    assert gone(pids, 15), "the module still runs"
    app.await_thawed(3)
    (blocked,) = app.blocked_since(start)
    assert blocked.seconds < LONG_LEASE_SECONDS
    assert stored(location) == []
    assert "velero-backup" not in play.stdout


@pytest.mark.parametrize(
    ("window", "times", "consistent"),
    [
        pytest.param(IN_PRE | {"pre_timeout": "30s"}, 2, False, id="in the pre hook, twice"),
        pytest.param(HELD_BY_POST, 1, True, id="in the post hook, once"),
    ],
)
def test_sigterm_to_the_engine(
    app: NginxApp, engine: Engine, location: Result, start: float, window: Result, times: int, consistent: bool
) -> None:
    """What the task would say: the run was cancelled, and who thawed."""
    app.annotate(**window)
    policy = {"lease_seconds": LONG_LEASE_SECONDS}
    run = engine.start("backup", name="b", namespace=app.namespace, location=location, policy=policy)
    app.await_frozen()
    for _count in range(times):
        run.signal(signal.SIGTERM)
    result = run.result()
    assert result["failed"]
    assert result["msg"].startswith("The run was cancelled: SIGTERM was received.")
    freeze = one_freeze(result)
    assert (freeze["thawed_by"], freeze["consistent"], freeze["error"]) == ("post hook", consistent, "")
    (blocked,) = app.blocked_since(start)
    assert blocked.seconds < LONG_LEASE_SECONDS
    if consistent:
        assert_seconds_are_true(app, start, freeze)
    assert stored(location) == []


@pytest.mark.parametrize(("window", "later"), WINDOWS[:2])
def test_module_is_killed(
    app: NginxApp, engine: Engine, location: Result, start: float, window: Result, later: float
) -> None:
    app.annotate(**window)
    play = engine.play([backup_task(app, location)])
    app.await_frozen()
    for pid in module_pids(play):
        os.kill(pid, signal.SIGKILL)
    assert play.end(30) == 2
    assert "FAILED!" in play.stdout
    app.await_thawed(LEASE_SECONDS + later + 3)
    (blocked,) = app.blocked_since(start)
    assert blocked.seconds < LEASE_SECONDS + later + BUSY_SECONDS
    assert [name for name in stored(location) if "claim" not in name] == []
    app.sweep(engine, "thawed")


@pytest.mark.parametrize(("window", "later"), WINDOWS)
def test_everything_of_the_controller_is_killed(
    app: NginxApp, engine: Engine, location: Result, start: float, window: Result, later: float
) -> None:
    app.annotate(**window)
    play = engine.play([backup_task(app, location)])
    app.await_frozen()
    pids = until(lambda: module_pids(play), "the module is among its descendants", seconds=10)
    play.kill_all()
    assert gone(pids, 10)
    app.await_thawed(LEASE_SECONDS + later + 3)
    (blocked,) = app.blocked_since(start)
    assert blocked.seconds < LEASE_SECONDS + later + BUSY_SECONDS
    assert len(app.marks) == 1
    app.annotate()
    # Its processes are known to be gone: nobody waits for what it claimed, or for its mark.
    again = engine.call("backup", name="b", namespace=app.namespace, location=location)
    assert again["phase"] == "Completed", again
    assert [swept["state"] for swept in again["swept"]] == ["thawed"]
    assert app.marks == app.claim_marks == []


def test_playbook_is_killed_and_the_module_lives(app: NginxApp, engine: Engine, location: Result, start: float) -> None:
    """What AWX does on a cancelled job: the module sees that it is alone, and ends what it had begun."""
    app.annotate(pre=IN_PRE["pre"])
    play = engine.play([backup_task(app, location, lease_seconds=LONG_LEASE_SECONDS)])
    app.await_frozen()
    pids = module_pids(play)
    others = [pid for pid in [play.process.pid, *play.descendants()] if pid not in pids]
    for pid in others:
        os.kill(pid, signal.SIGKILL)
    assert gone(pids, 15), "the module still runs"
    (blocked,) = app.blocked_since(start)
    assert blocked.seconds < LONG_LEASE_SECONDS
    assert stored(location) == []


def test_killed_between_two_tasks(app: NginxApp, engine: Engine, start: float) -> None:
    freeze = {
        "arkive.k8s.k8s_hook_exec": {
            "namespace": app.namespace,
            "pod": app.name,
            "container": "fsfreeze",
            "freeze_path": PATH,
            "state": "frozen",
            "lease_seconds": LEASE_SECONDS,
        }
    }
    play = engine.play([freeze, {"ansible.builtin.command": "sleep 60"}])
    app.await_frozen()
    until(lambda: any(b"sleep\x0060" in cmdline(pid) for pid in play.descendants()), "the second task runs")
    play.kill_all()
    app.await_thawed(LEASE_SECONDS + 3)
    (blocked,) = app.blocked_since(start)
    assert LEASE_SECONDS - 0.5 < blocked.seconds < LEASE_SECONDS + BUSY_SECONDS
    app.sweep(engine, "thawed")


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
