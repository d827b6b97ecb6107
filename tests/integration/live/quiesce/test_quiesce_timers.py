# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The timers of leases in real containers: who reaps them, who notices that one is dead, what is left of them."""

from __future__ import annotations

import contextlib
import os
import signal
import typing as t
from pathlib import Path

import pytest
from nginx_app import PATH, NginxApp, host_pids, one_freeze, process_state, until
from processes import Engine

pytestmark = pytest.mark.node

Result = dict[str, t.Any]
LEASE_SECONDS = 4


def words(pid: int) -> list[str]:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
    return []


def with_word(app: NginxApp, *wanted: str) -> list[int]:
    return [pid for pid in host_pids(app.pod, "fsfreeze") if set(wanted) & set(words(pid))]


def kill_timers(app: NginxApp) -> None:
    """And first those that would start them again."""
    for word in ("arkive-freeze", "arkive-renew", "arkive-timer"):
        for pid in with_word(app, word):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def zombies(app: NginxApp) -> list[int]:
    return [pid for pid in host_pids(app.pod, "fsfreeze") if process_state(pid) == "Z"]


def leases(app: NginxApp) -> list[str]:
    return app.sh("for d in /dev/shm/arkive-*; do [ ! -d $d ] || echo $d; done").split()


def freeze(app: NginxApp, engine: Engine, seconds: int) -> str:
    policy = {"lease_seconds": seconds, "freeze_max_seconds": seconds}
    frozen = engine.call("freeze", namespace=app.namespace, path=PATH, policy=policy)
    assert frozen["errors"] == []
    return str(frozen["lease_ids"][0])


def test_no_zombies_are_left_where_pid_1_reaps_nobody(app: NginxApp, engine: Engine, start: float) -> None:
    """Its pid 1 is ``sleep infinity``: neither a release nor a lease that fires leaves anything."""
    assert words(next(pid for pid, inner in host_pids(app.pod, "fsfreeze").items() if inner == 1))[0] == "sleep"
    before = zombies(app)
    for _count in range(3):
        freeze(app, engine, 20)
        assert engine.call("thaw", namespace=app.namespace, path=PATH)["errors"] == []
    lease_id = freeze(app, engine, 1)
    app.await_frozen()
    app.await_thawed(3)
    assert engine.call("thaw", namespace=app.namespace, path=PATH, lease_id=lease_id)["errors"]
    until(lambda: with_word(app, "arkive-timer", "arkive-freeze") == [], "no timer is left")
    assert zombies(app) == before
    until(lambda: leases(app) == [], "no lease is left")


def test_a_killed_timer_is_started_again_at_once(app: NginxApp, engine: Engine, start: float) -> None:
    lease_id = freeze(app, engine, LEASE_SECONDS)
    app.await_frozen()
    (timer,) = with_word(app, "arkive-timer")
    os.kill(timer, signal.SIGKILL)
    until(lambda: with_word(app, "arkive-timer") not in ([], [timer]), "a new timer")
    app.await_thawed(LEASE_SECONDS)
    thawed = engine.call("thaw", namespace=app.namespace, path=PATH, lease_id=lease_id)
    assert one_freeze(thawed)["thawed_by"] == "lease"


def test_the_keeper_notices_a_dead_timer(app: NginxApp, engine: Engine, start: float) -> None:
    policy = {"lease_seconds": LEASE_SECONDS}
    run = engine.start("hold", namespace=app.namespace, path=PATH, policy=policy, seconds=3 * LEASE_SECONDS)
    app.await_frozen()
    kill_timers(app)
    result = run.result()
    assert [text for text in result["warnings"] if "was dead" in text and "A new one runs" in text]
    account = one_freeze(result)
    assert (account["thawed_by"], account["consistent"], account["error"]) == ("release", True, "")
    assert account["seconds"] >= 3 * LEASE_SECONDS
    until(lambda: with_word(app, "arkive-timer", "arkive-renew") == [], "no timer is left")


def test_freezing_again_with_the_id_notices_it_too(app: NginxApp, engine: Engine, start: float) -> None:
    lease_id = freeze(app, engine, 30)
    kill_timers(app)
    policy = {"lease_seconds": LEASE_SECONDS}
    again = engine.call("freeze", namespace=app.namespace, path=PATH, policy=policy, lease_id=lease_id)
    assert again["lease_ids"] == [lease_id]
    assert "was dead" in again["warnings"][0]
    app.await_thawed(LEASE_SECONDS)
    engine.call("thaw", namespace=app.namespace, path=PATH, lease_id=lease_id)


def test_a_release_without_a_timer_leaves_nothing(app: NginxApp, engine: Engine, start: float) -> None:
    freeze(app, engine, 30)
    app.await_frozen()
    kill_timers(app)
    thawed = engine.call("thaw", namespace=app.namespace, path=PATH)
    assert one_freeze(thawed)["consistent"] is True
    assert leases(app) == []


def test_the_next_run_removes_what_a_dead_one_left(
    app: NginxApp, engine: Engine, location: Result, start: float
) -> None:
    """Its lease has fired, and its mark was never made, or is gone."""
    freeze(app, engine, 1)
    app.await_frozen()
    app.await_thawed(3)
    app.set_mark_text(None)
    app.set_mark_text(None, on=app.claim_path)
    until(lambda: with_word(app, "arkive-timer") == [], "the timer's end")
    (left,) = leases(app)
    live = "/dev/shm/arkive-00000000000000ff"
    app.sh(f"echo '1.00 1' >{left}/fired; mkdir {live}; read u x </proc/uptime; echo $((${{u%.*}}+99)) >{live}/until")
    result = engine.call("backup", name="b", namespace=app.namespace, location=location)
    assert result["phase"] == "Completed"
    until(lambda: leases(app) == [live], "only the one that is alive is left")
    app.sh(f"rm -r {live}")


@pytest.mark.parametrize(
    ("argv", "container", "said"),
    [
        (["fsfreeze", "--freeze", PATH], "nginx", ["Operation not permitted", "securityContext.privileged: true"]),
        (["/no/fsfreeze", "--freeze", PATH], "fsfreeze", ["fsfreeze (util-linux)"]),
        (["fsfreeze", "--freeze", "/proc"], "fsfreeze", ["ext4, xfs and btrfs can"]),
        (["fsfreeze", "--freeze", "/no"], "fsfreeze", ["No such file or directory", "no such directory"]),
        (["sh", "-c", "echo the disk is full >&2; exit 3"], "fsfreeze", ["exit code 3: the disk is full"]),
    ],
    ids=["not privileged", "no tool", "cannot be frozen", "no directory", "something else"],
)
def test_a_failed_freeze_says_why(
    app: NginxApp, engine: Engine, start: float, argv: list[str], container: str, said: list[str]
) -> None:
    task = {"argv": argv, "container": container, "timeout_seconds": 5.0}
    policy = {"lease_seconds": LEASE_SECONDS, "allow_shared_freeze": argv[-1] in ("/proc", "/no")}
    result = engine.call("hook", namespace=app.namespace, task=task, policy=policy)
    (error,) = result["errors"]
    assert [text for text in said if text not in error] == [], error
