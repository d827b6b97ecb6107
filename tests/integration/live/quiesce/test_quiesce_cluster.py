# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The container dies, the pod is deleted, and the API server stands still, while a volume is frozen."""

from __future__ import annotations

import os
import signal
import time
import typing as t

import pytest
from nginx_app import BUSY_SECONDS, HOLD, PATH, TRUE_SECONDS, NginxApp, host_pids, one_freeze, until
from processes import Engine

pytestmark = pytest.mark.fault

Result = dict[str, t.Any]


def kill_container(app: NginxApp, name: str) -> None:
    (first,) = [pid for pid, inside in host_pids(app.pod, name).items() if inside == 1]
    os.kill(first, signal.SIGKILL)


def restarts(app: NginxApp, name: str) -> int:
    statuses = (app.pod.get("status") or {}).get("containerStatuses") or []
    return sum(status["restartCount"] for status in statuses if status["name"] == name and status["ready"])


IN_PRE = {"pre": ["/bin/sh", "-c", f"/sbin/fsfreeze --freeze {PATH}; sleep 20"]}
IN_POST = {"post": ["/bin/sh", "-c", f"sleep 20; /sbin/fsfreeze --unfreeze {PATH}"]}


def container_is_killed(app: NginxApp, engine: Engine, location: Result, start: float, window: Result) -> None:
    """With it goes the lease: the release thaws as soon as the container is there again."""
    app.annotate(**window)
    before = restarts(app, "fsfreeze")
    run = engine.start("backup", name="b", namespace=app.namespace, location=location, policy={"lease_seconds": 30})
    app.await_frozen()
    kill_container(app, "fsfreeze")
    result = run.result()
    assert result["phase"] == "PartiallyFailed"
    failed = result["hooks"][0 if "pre" in window else 1]
    assert failed["state"] in ("lost", "failed")
    freeze = one_freeze(result)
    assert freeze["thawed_by"] in ("post hook", "release")
    until(lambda: restarts(app, "fsfreeze") > before, "the container is there again", seconds=60)
    (blocked,) = app.blocked_since(start)
    assert blocked.seconds < 30


def pod_is_deleted(app: NginxApp, engine: Engine, location: Result, window: Result) -> None:
    """The Deployment makes a new pod with the same claim: it is thawed through that one."""
    app.annotate(**window)
    old = app.name
    run = engine.start("backup", name="b", namespace=app.namespace, location=location, policy={"lease_seconds": 40})
    app.await_frozen()
    app.client.delete(f"/api/v1/namespaces/{app.namespace}/pods/{old}")
    result = run.result(120)
    assert result["phase"] == "PartiallyFailed"
    assert result["hooks"][0 if "pre" in window else 1]["state"] in ("lost", "failed")
    freeze = one_freeze(result)
    assert freeze["thawed_by"] == "release"
    assert "was thawed through" in freeze["error"]
    new = app.await_pod(besides=old)
    assert new in freeze["error"]
    app.await_thawed(5)
    until(lambda: len(app.pods()) == 1, "the old pod is gone", seconds=60)


# A new pod between two kills, because the kubelet waits longer each time before it starts a container again.


def test_container_is_killed_in_the_pre_hook(app: NginxApp, engine: Engine, location: Result, start: float) -> None:
    container_is_killed(app, engine, location, start, IN_PRE)


def test_pod_is_deleted_in_the_post_hook(app: NginxApp, engine: Engine, location: Result, start: float) -> None:
    pod_is_deleted(app, engine, location, IN_POST)


def test_container_is_killed_in_the_post_hook(app: NginxApp, engine: Engine, location: Result, start: float) -> None:
    container_is_killed(app, engine, location, start, IN_POST)


def test_pod_is_deleted_in_the_pre_hook(app: NginxApp, engine: Engine, location: Result, start: float) -> None:
    pod_is_deleted(app, engine, location, IN_PRE)


def test_container_and_controller_are_killed(app: NginxApp, engine: Engine, location: Result, start: float) -> None:
    """Neither lease nor controller is left, only the mark: the next sweep thaws."""
    app.annotate(post=["/bin/sh", "-c", "sleep 20"], post_container="nginx")
    before = restarts(app, "fsfreeze")
    run = engine.start("backup", name="b", namespace=app.namespace, location=location, policy={"lease_seconds": 30})
    app.await_frozen()
    run.kill_all()
    kill_container(app, "fsfreeze")
    until(lambda: restarts(app, "fsfreeze") > before, "the container is there again", seconds=90)
    assert app.is_frozen
    app.sweep(engine, "thawed")
    app.await_thawed(3)


def test_api_server_stands_still_for_a_minute(
    app: NginxApp,
    engine: Engine,
    location: Result,
    start: float,
    component: t.Callable[[str, str], None],
) -> None:
    lease = 15
    app.annotate(post=HOLD)
    app.annotate(post=["/bin/sh", "-c", "sleep 5"], post_container="nginx", post_timeout="10s")
    run = engine.start("backup", name="b", namespace=app.namespace, location=location, policy={"lease_seconds": lease})
    app.await_frozen()
    component("stop", "kube-apiserver")
    stopped = time.monotonic()
    # Nobody can be asked meanwhile: the end of the minute is waited for, and the engine must not end before it.
    with pytest.raises(AssertionError, match="still runs"):
        run.end(60)
    component("cont", "kube-apiserver")
    assert time.monotonic() - stopped > 60
    result = run.result(90)
    assert result["phase"] == "PartiallyFailed"
    assert result["hooks"][1]["state"] in ("timed_out", "lost")
    freeze = one_freeze(result)
    assert (freeze["thawed_by"], freeze["consistent"]) == ("lease", False)
    assert f"ran out after {round(freeze['seconds'])} s" in freeze["error"]
    (blocked,) = app.blocked_since(start)
    assert lease - 0.5 < blocked.seconds < lease + BUSY_SECONDS
    assert blocked.seconds == pytest.approx(freeze["seconds"], abs=TRUE_SECONDS)
