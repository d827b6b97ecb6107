# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Freeze in one task, thaw in another: only the lease is in between."""

from __future__ import annotations

import datetime as dt
import re
import typing as t

from nginx_app import PATH, TRUE_SECONDS, NginxApp, one_freeze, until
from processes import Engine

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339, utc_now

Result = dict[str, t.Any]


def freeze(app: NginxApp, engine: Engine, lease_seconds: float, **asked: t.Any) -> Result:
    policy = {"lease_seconds": lease_seconds, "freeze_max_seconds": lease_seconds}
    return engine.call("freeze", namespace=app.namespace, path=PATH, policy=policy, **asked)


def thaw(app: NginxApp, engine: Engine, **asked: t.Any) -> Result:
    return engine.call("thaw", namespace=app.namespace, path=PATH, **asked)


def test_freeze_and_thaw(app: NginxApp, engine: Engine, start: float) -> None:
    frozen = freeze(app, engine, 20)
    assert (frozen["changed"], frozen["errors"]) == (True, [])
    (lease_id,) = frozen["lease_ids"]
    assert one_freeze(frozen)["lease_id"] == lease_id
    app.await_frozen()
    assert [mark.lease_id for mark in app.marks] == [lease_id]
    thawed = thaw(app, engine, lease_id=lease_id)
    assert (thawed["changed"], thawed["errors"]) == (True, [])
    account = one_freeze(thawed)
    assert (account["thawed_by"], account["consistent"], account["lease_id"]) == ("release", True, lease_id)
    (blocked,) = app.blocked_since(start)
    assert abs(blocked.seconds - account["seconds"]) < TRUE_SECONDS


def test_thaw_by_the_mark(app: NginxApp, engine: Engine, start: float) -> None:
    freeze(app, engine, 20)
    app.await_frozen()
    thawed = thaw(app, engine)
    assert (thawed["changed"], thawed["errors"]) == (True, [])
    assert one_freeze(thawed)["thawed_by"] == "release"
    again = thaw(app, engine)
    assert (again["changed"], again["errors"], again["freezes"]) == (False, [], [])


def test_lease_fires_first(app: NginxApp, engine: Engine, start: float) -> None:
    frozen = freeze(app, engine, 3)
    app.await_frozen()
    app.await_thawed(5)
    seen = utc_now()
    until(lambda: utc_now() - seen > dt.timedelta(seconds=2), "a task runs on without protection", pause=0.2)
    thawed = thaw(app, engine, lease_id=frozen["lease_ids"][0])
    (error,) = thawed["errors"]
    assert error.startswith(f"The lease on {PATH} in container fsfreeze of pod {app.namespace}/")
    said = re.search(r"ran out after (\d) s, before the release: what was done after (\S+) was not protected", error)
    assert said is not None, error
    assert 3 <= int(said[1]) <= 5
    # To the second: the moment when the writer went on, not the moment of the release.
    assert abs((parse_rfc3339(said[2].rstrip(".")) - seen).total_seconds()) <= 1.5
    account = one_freeze(thawed)
    assert (account["thawed_by"], account["consistent"]) == ("lease", False)
    (blocked,) = app.blocked_since(start)
    assert abs(blocked.seconds - account["seconds"]) < TRUE_SECONDS


def test_renewed_lease_holds_longer(app: NginxApp, engine: Engine, start: float) -> None:
    frozen = freeze(app, engine, 4)
    (lease_id,) = frozen["lease_ids"]
    app.await_frozen()
    until(lambda: app.blocked_since(start)[0].begin + 2 < app.uptime, "half of the lease is over")
    renewed = freeze(app, engine, 10, lease_id=lease_id)
    assert (renewed["changed"], renewed["errors"], renewed["lease_ids"]) == (False, [], [lease_id])
    (mark,) = app.marks
    assert 5 < (mark.until - utc_now()).total_seconds() < 11
    until(lambda: app.blocked_since(start)[0].begin + 6.5 < app.uptime, "the first lease would be over")
    assert app.is_frozen
    thawed = thaw(app, engine, lease_id=lease_id)
    assert thawed["errors"] == []
    account = one_freeze(thawed)
    assert (account["thawed_by"], account["consistent"]) == ("release", True)
    assert account["seconds"] > 6


def test_lease_that_is_over_is_not_renewed(app: NginxApp, engine: Engine, start: float) -> None:
    """It is frozen anew, under a lease of its own, and the first one's thaw says what was not protected."""
    first = freeze(app, engine, 2)["lease_ids"][0]
    app.await_frozen()
    app.await_thawed(5)
    second = freeze(app, engine, 20, lease_id=first)
    assert second["errors"] == []
    assert second["changed"] is True
    assert second["lease_ids"] != [first]
    app.await_frozen()
    thawed = thaw(app, engine, lease_id=second["lease_ids"][0])
    assert one_freeze(thawed)["consistent"] is True
    assert "ran out after" in thaw(app, engine, lease_id=first)["errors"][0]


def test_thaw_of_an_unknown_lease(app: NginxApp, engine: Engine, start: float) -> None:
    thawed = thaw(app, engine, lease_id="0123456789abcdef")
    (error,) = thawed["errors"]
    assert "was not frozen under lease 0123456789abcdef" in error


def test_second_freeze_leaves_the_first_one_alone(app: NginxApp, engine: Engine, start: float) -> None:
    first = freeze(app, engine, 20)
    app.await_frozen()
    second = freeze(app, engine, 20)
    assert "already frozen by someone else; it is left alone" in second["errors"][0]
    assert second["lease_ids"] == []
    assert app.is_frozen
    assert [mark.lease_id for mark in app.marks] == first["lease_ids"]
    thawed = thaw(app, engine, lease_id=first["lease_ids"][0])
    assert one_freeze(thawed)["consistent"] is True


def test_what_the_pods_declare(app: NginxApp, engine: Engine, start: float) -> None:
    asked = {"namespace": app.namespace, "policy": {"lease_seconds": 20}}
    pre = engine.call("hook", task={"phase": "pre", "container": ""}, **asked)
    assert pre["errors"] == []
    app.await_frozen()
    post = engine.call("hook", task={"phase": "post", "container": ""}, **asked)
    assert post["errors"] == []
    account = one_freeze(post)
    assert (account["thawed_by"], account["consistent"]) == ("post hook", True)


def test_thaw_is_killed_on_its_way(app: NginxApp, engine: Engine, start: float) -> None:
    frozen = freeze(app, engine, 6)
    app.await_frozen()
    run = engine.start("thaw", namespace=app.namespace, path=PATH, lease_id=frozen["lease_ids"][0])
    until(lambda: "thawing" in run.stderr, "the thaw begins", pause=0)
    run.kill_all()
    app.await_thawed(9)
    # The command may have reached the container before the kill: it has left a note of that, or the lease has found
    # nothing to do.
    result = engine.call("thaw", namespace=app.namespace, path=PATH)
    if result["changed"]:
        assert one_freeze(result)["thawed_by"] in ("release", "lease", "not frozen", "someone else")
