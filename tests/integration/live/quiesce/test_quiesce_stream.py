# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stream of a hook is cut in the middle."""

from __future__ import annotations

import typing as t

import pytest
from cut_proxy import CutProxy
from nginx_app import BUSY_SECONDS, HOLD, PATH, NginxApp, assert_seconds_are_true, one_freeze, until
from processes import Engine

pytestmark = pytest.mark.fault

Result = dict[str, t.Any]
LEASE_SECONDS = 5
#: Where it is not the lease that ends the freeze.
LONG_LEASE_SECONDS = 20
Wire = tuple[CutProxy, Result]


def start_backup(
    app: NginxApp, engine: Engine, location: Result, config: Result, *, lease_seconds: int = LEASE_SECONDS
) -> t.Any:
    policy = {"lease_seconds": lease_seconds}
    return engine.start(
        "backup", name="b", namespace=app.namespace, location=location, policy=policy, kubeconfig=config
    )


def test_in_the_pre_hook(app: NginxApp, engine: Engine, location: Result, start: float, proxy: Wire) -> None:
    wire, config = proxy
    app.annotate(pre=["/bin/sh", "-c", f"/sbin/fsfreeze --freeze {PATH}; sleep 321"])
    run = start_backup(app, engine, location, config, lease_seconds=LONG_LEASE_SECONDS)
    app.await_frozen()
    assert wire.cut(stay=False) >= 1
    result = run.result()
    assert result["phase"] == "PartiallyFailed"
    pre, post = result["hooks"]
    assert (pre["state"], pre["rc"]) == ("lost", None)
    assert (post["state"], post["phase"]) == ("ok", "post")
    assert "pods" not in result["items"]
    freeze = one_freeze(result)
    assert (freeze["thawed_by"], freeze["consistent"]) == ("post hook", False)
    (blocked,) = app.blocked_since(start)
    assert blocked.seconds < LONG_LEASE_SECONDS
    until(lambda: "sleep 321" not in app.sh("cat /proc/[0-9]*/cmdline | tr '\\0' ' '"), "nothing of the hook is left")


def test_in_the_post_hook(app: NginxApp, engine: Engine, location: Result, start: float, proxy: Wire) -> None:
    """What the hook had left to do is done by the release, and no result says that the hook went well."""
    wire, config = proxy
    app.annotate(post=["/bin/sh", "-c", f"sleep 321; /sbin/fsfreeze --unfreeze {PATH}"])
    run = start_backup(app, engine, location, config, lease_seconds=LONG_LEASE_SECONDS)
    app.await_frozen()
    until(lambda: "sleep 321" in app.sh("cat /proc/[0-9]*/cmdline | tr '\\0' ' '"), "the post hook runs")
    wire.cut(stay=False)
    result = run.result()
    app.kill_all_like("sleep 321")
    assert result["phase"] == "PartiallyFailed"
    assert [hook["state"] for hook in result["hooks"]] == ["ok", "lost"]
    freeze = one_freeze(result)
    assert (freeze["thawed_by"], freeze["consistent"], freeze["error"]) == ("release", True, "")
    assert freeze["seconds"] < LONG_LEASE_SECONDS
    assert_seconds_are_true(app, start, freeze)


@pytest.mark.parametrize("pre", [True, False], ids=["in the pre hook", "in the post hook"])
def test_for_longer_than_the_lease(
    app: NginxApp, engine: Engine, location: Result, start: float, proxy: Wire, pre: bool
) -> None:
    wire, config = proxy
    if pre:
        app.annotate(pre=["/bin/sh", "-c", f"/sbin/fsfreeze --freeze {PATH}; sleep 1"])
    else:
        app.annotate(post=["/bin/sh", "-c", "sleep 20"], post_container="nginx")
    run = start_backup(app, engine, location, config)
    app.await_frozen()
    wire.cut()
    app.await_thawed(1 + LEASE_SECONDS + 3)
    assert run.runs
    wire.mend()
    result = run.result()
    assert result["phase"] == "PartiallyFailed"
    assert result["hooks"][0]["state"] == ("lost" if pre else "ok")
    freeze = one_freeze(result)
    assert (freeze["thawed_by"], freeze["consistent"]) == ("lease", False)
    assert "before the release: what was done after" in freeze["error"]
    assert any(freeze["error"] in error["message"] for error in result["errors_list"])
    (blocked,) = app.blocked_since(start)
    assert LEASE_SECONDS <= blocked.seconds < LEASE_SECONDS + BUSY_SECONDS


def test_every_few_seconds(app: NginxApp, engine: Engine, location: Result, start: float, proxy: Wire) -> None:
    """A bad network: the backup is good or bad, and the account is true either way."""
    wire, config = proxy
    app.annotate(post=HOLD)
    run = start_backup(app, engine, location, config)
    app.await_frozen()

    def ended() -> bool:
        wire.cut(stay=False)
        return not run.runs

    until(ended, "the backup ends", seconds=60, pause=1.5)
    result = run.result()
    if not result.get("failed"):
        assert result["phase"] in ("Completed", "PartiallyFailed")
    freeze = one_freeze(result)
    assert freeze["thawed_by"] in ("post hook", "release", "lease")
    (blocked,) = app.blocked_since(start)
    assert blocked.seconds < LEASE_SECONDS + BUSY_SECONDS


@pytest.mark.parametrize(
    ("do", "asked", "thawed_by"),
    [
        ("thaw", {"path": PATH}, "release"),
        ("hook", {"task": {"phase": "post", "container": ""}}, "post hook"),
        ("hook", {"task": {"argv": ["fsfreeze", "--unfreeze", PATH]}}, "post hook"),
    ],
    ids=["thawed", "phase post", "a command that thaws"],
)
def test_a_thaw_that_begins_without_a_server(
    app: NginxApp, engine: Engine, start: float, proxy: Wire, do: str, asked: Result, thawed_by: str
) -> None:
    """It is all that is left to thaw before the lease fires: it waits until the server is there again."""
    wire, config = proxy
    policy = {"lease_seconds": 40, "freeze_max_seconds": 40}
    engine.call("freeze", namespace=app.namespace, path=PATH, policy=policy)
    app.await_frozen()
    wire.cut()
    run = engine.start(do, namespace=app.namespace, kubeconfig=config, **asked)
    # A first contact is tried three times in less than a second.
    until(lambda: wire.refused > 6, "the thaw asks again", seconds=30)
    assert run.runs
    assert "asking again for up to 90 s" in run.stderr
    wire.mend()
    result = run.result()
    assert result["errors"] == []
    account = one_freeze(result)
    assert (account["thawed_by"], account["consistent"]) == (thawed_by, True)
    (blocked,) = app.blocked_since(start)
    assert blocked.seconds < 40
