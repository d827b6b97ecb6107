# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""During a freeze a write blocks; after a backup's end, good or bad, it goes through again, and the account is true."""

from __future__ import annotations

import shutil
import typing as t
from pathlib import Path

from nginx_app import (
    BUSY_SECONDS,
    FREEZE,
    HOLD,
    HOLD_SECONDS,
    PATH,
    THAW,
    NginxApp,
    assert_seconds_are_true,
    one_freeze,
    until,
)
from processes import Engine

Result = dict[str, t.Any]
LEASE = {"lease_seconds": 20}
SHORT_LEASE = {"lease_seconds": 6}


def test_normal_end(app: NginxApp, engine: Engine, location: Result, start: float) -> None:
    app.annotate(post=HOLD)
    run = engine.start("backup", name="b", namespace=app.namespace, location=location, policy=LEASE)
    app.await_frozen()
    assert [mark.path for mark in app.marks] == [PATH]
    assert app.armed_leases
    result = run.result()
    assert result["phase"] == "Completed", result
    assert [hook["state"] for hook in result["hooks"]] == ["ok", "ok"]
    freeze = one_freeze(result)
    assert (freeze["thawed_by"], freeze["consistent"], freeze["error"]) == ("post hook", True, "")
    assert HOLD_SECONDS <= freeze["seconds"] < HOLD_SECONDS + BUSY_SECONDS
    assert_seconds_are_true(app, start, freeze)


def test_the_page_to_the_letter_on_s3(app: NginxApp, engine: Engine, s3_location: Result, start: float) -> None:
    result = engine.call("backup", name="b", namespace=app.namespace, location=s3_location)
    assert result["phase"] == "Completed", result
    assert [(hook["phase"], hook["argv"], hook["rc"]) for hook in result["hooks"]] == [
        ("pre", list(FREEZE), 0),
        ("post", list(THAW), 0),
    ]
    freeze = one_freeze(result)
    assert (freeze["thawed_by"], freeze["consistent"]) == ("post hook", True)
    assert freeze["seconds"] < BUSY_SECONDS


def test_store_that_goes_away(app: NginxApp, engine: Engine, location: Result, start: float) -> None:
    app.annotate(post=HOLD)
    run = engine.start("backup", name="b", namespace=app.namespace, location=location, policy=LEASE)
    app.await_frozen()
    shutil.rmtree(location["path"])
    Path(location["path"]).write_text("no directory")
    result = run.result()
    assert result["failed"]
    assert location["path"] in result["msg"]
    freeze = one_freeze(result)
    assert (freeze["thawed_by"], freeze["consistent"], freeze["error"]) == ("post hook", True, "")
    assert_seconds_are_true(app, start, freeze)


def test_bucket_that_goes_away(
    app: NginxApp, engine: Engine, s3_location: Result, s3_bucket: t.Any, start: float
) -> None:
    app.annotate(post=HOLD)
    run = engine.start("backup", name="b", namespace=app.namespace, location=s3_location, policy=LEASE)
    app.await_frozen()
    s3_bucket.objects.all().delete()
    s3_bucket.delete()
    result = run.result()
    assert result["failed"]
    assert s3_location["bucket"] in result["msg"]
    freeze = one_freeze(result)
    assert (freeze["thawed_by"], freeze["consistent"], freeze["error"]) == ("post hook", True, "")
    assert_seconds_are_true(app, start, freeze)


def test_pre_hook_that_freezes_and_then_takes_too_long(
    app: NginxApp, engine: Engine, location: Result, start: float
) -> None:
    app.annotate(pre=["/bin/sh", "-c", f"/sbin/fsfreeze --freeze {PATH}; sleep 60"], pre_timeout="3s")
    result = engine.call("backup", name="b", namespace=app.namespace, location=location, policy=LEASE)
    assert result["phase"] == "PartiallyFailed"
    pre, post = result["hooks"]
    assert (pre["state"], pre["rc"], pre["error"]) == ("timed_out", None, "timed out after 3s")
    assert (post["state"], post["phase"]) == ("ok", "post")
    assert "pods" not in result["items"]
    freeze = one_freeze(result)
    assert freeze["thawed_by"] in ("post hook", "release")
    assert freeze["consistent"] is False
    (blocked,) = app.blocked_since(start)
    assert blocked.seconds < LEASE["lease_seconds"]
    # The wrapper, whose words hold the hook, ends within moments after its timer.
    until(lambda: "sleep 60" not in app.sh("cat /proc/[0-9]*/cmdline | tr '\\0' ' '"), "nothing of the hook is left")


def test_post_hook_that_fails(app: NginxApp, engine: Engine, location: Result, start: float) -> None:
    app.annotate(post=["/bin/sh", "-c", "sleep 2; exit 7"])
    result = engine.call("backup", name="b", namespace=app.namespace, location=location, policy=LEASE)
    assert result["phase"] == "PartiallyFailed"
    assert [hook["rc"] for hook in result["hooks"]] == [0, 7]
    freeze = one_freeze(result)
    assert (freeze["thawed_by"], freeze["consistent"], freeze["error"]) == ("release", True, "")
    assert_seconds_are_true(app, start, freeze)


def test_post_hook_that_takes_too_long(app: NginxApp, engine: Engine, location: Result, start: float) -> None:
    app.annotate(post=["/bin/sh", "-c", f"sleep 321; /sbin/fsfreeze --unfreeze {PATH}"], post_timeout="2s")
    result = engine.call("backup", name="b", namespace=app.namespace, location=location, policy=LEASE)
    assert result["phase"] == "PartiallyFailed"
    assert [hook["state"] for hook in result["hooks"]] == ["ok", "timed_out"]
    freeze = one_freeze(result)
    assert (freeze["thawed_by"], freeze["consistent"], freeze["error"]) == ("release", True, "")
    assert 2 <= freeze["seconds"] < LEASE["lease_seconds"]
    assert_seconds_are_true(app, start, freeze)
    app.kill_all_like("sleep 321")  # as in Velero, a hook that has timed out runs on


def test_post_hook_elsewhere_that_outlasts_the_lease(
    app: NginxApp, engine: Engine, location: Result, start: float
) -> None:
    app.annotate(post=["/bin/sh", "-c", "sleep 8"], post_container="nginx")
    result = engine.call("backup", name="b", namespace=app.namespace, location=location, policy={"lease_seconds": 3})
    assert result["phase"] == "PartiallyFailed"
    freeze = one_freeze(result)
    assert (freeze["thawed_by"], freeze["consistent"]) == ("lease", False)
    assert "ran out" in freeze["error"]
    assert "was not protected" in freeze["error"]
    assert 3 <= freeze["seconds"] < 8
    assert_seconds_are_true(app, start, freeze)


def test_frozen_by_someone_else(app: NginxApp, engine: Engine, location: Result, start: float) -> None:
    app.freeze_by_hand()
    try:
        result = engine.call("backup", name="b", namespace=app.namespace, location=location, policy=SHORT_LEASE)
        assert result["phase"] == "PartiallyFailed"
        (pre,) = result["hooks"]
        assert pre["state"] == "failed"
        assert "already frozen by someone else; it is left alone" in pre["error"]
        assert result["freezes"] == []
        assert "pods" not in result["items"]
        assert app.marks == []
        until(lambda: not app.armed_leases, "the lease is over", seconds=20)
        # Longer than a lease that was not disarmed would have taken.
        until(lambda: app.blocked_since(start)[0].begin + 9 < app.uptime, "some time has passed", seconds=15)
        assert app.is_frozen
    finally:
        assert app.thaw_by_hand()


def test_frozen_by_someone_else_and_a_shell_around_the_freeze(
    app: NginxApp, engine: Engine, location: Result, start: float
) -> None:
    app.annotate(pre=["/bin/sh", "-c", f"sync; /sbin/fsfreeze --freeze {PATH}"])
    app.freeze_by_hand()
    try:
        result = engine.call("backup", name="b", namespace=app.namespace, location=location, policy=LEASE)
        assert result["phase"] == "PartiallyFailed"
        assert "it is left alone" in result["hooks"][0]["error"]
        assert len(result["hooks"]) == 1
        until(lambda: not app.armed_leases, "the lease is over", seconds=20)
        assert app.is_frozen
    finally:
        assert app.thaw_by_hand()
