# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What dead runs left frozen is thawed; a live run's freeze is left alone."""

from __future__ import annotations

import datetime as dt
import json
import typing as t

from nginx_app import PATH, NginxApp, until
from processes import Engine

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import Mark

Result = dict[str, t.Any]


def mark(app: NginxApp, lease_id: str, until: dt.datetime, container: str = "fsfreeze") -> None:
    entry = Mark(
        run="0123456789abcdef",
        lease_id=lease_id,
        namespace=app.namespace,
        pod=app.name,
        container=container,
        path=PATH,
        claim=f"{app.namespace}/nginx-deployment",
        device=app.sh(f"grep ' {PATH} ' /proc/self/mountinfo | cut -d' ' -f3").strip(),
        tool="/sbin/fsfreeze",
        until=until,
    )
    app.set_mark_text(json.dumps([*(m.to_json() for m in app.marks), entry.to_json()]))


def test_live_run_is_left_alone(app: NginxApp, engine: Engine, location: Result, start: float) -> None:
    app.annotate(post=["/bin/sh", "-c", f"sleep 4; /sbin/fsfreeze --unfreeze {PATH}"])
    run = engine.start("backup", name="b", namespace=app.namespace, location=location)
    app.await_frozen()
    result = engine.call("sweep", namespace=app.namespace)
    assert app.is_frozen
    assert (result["changed"], result["errors"]) == (False, [])
    (swept,) = result["swept"]
    assert (swept["state"], swept["path"]) == ("live", PATH)
    done = run.result()
    assert done["phase"] == "Completed"
    assert done["freezes"][0]["consistent"] is True


def test_dead_run_whose_lease_is_gone_too(app: NginxApp, engine: Engine, start: float) -> None:
    app.freeze_by_hand()
    mark(app, "feedfeedfeedfeed", utc_now() - dt.timedelta(seconds=60))
    result = engine.call("sweep", namespace=app.namespace)
    app.await_thawed(3)
    assert (result["changed"], result["errors"]) == (True, [])
    assert [swept["state"] for swept in result["swept"]] == ["thawed"]


def test_one_dead_and_one_live(app: NginxApp, engine: Engine, start: float) -> None:
    mark(app, "feedfeedfeedfee1", utc_now() - dt.timedelta(seconds=60))
    mark(app, "feedfeedfeedfee2", utc_now() + dt.timedelta(seconds=60))
    result = engine.call("sweep", namespace=app.namespace)
    # Who thaws for the first one thaws for the second one as well: both wait until no live run is there.
    assert [(swept["lease_id"][-1], swept["state"]) for swept in result["swept"]] == [("1", "live"), ("2", "live")]
    assert [m.lease_id for m in app.marks] == ["feedfeedfeedfee1", "feedfeedfeedfee2"]
    app.set_mark_text(None)


def test_container_that_is_no_more(app: NginxApp, engine: Engine, start: float) -> None:
    """The file system is thawed from another container that mounts the same claim."""
    app.freeze_by_hand()
    mark(app, "feedfeedfeedfeed", utc_now() - dt.timedelta(seconds=60), container="was-removed")
    result = engine.call("sweep", namespace=app.namespace)
    app.await_thawed(3)
    assert [(swept["state"], swept["error"]) for swept in result["swept"]] == [("thawed", "")]


def test_every_backup_sweeps_first(app: NginxApp, engine: Engine, location: Result, start: float) -> None:
    app.freeze_by_hand()
    mark(app, "feedfeedfeedfeed", utc_now() - dt.timedelta(seconds=60))
    result = engine.call("backup", name="b", namespace=app.namespace, location=location)
    assert result["phase"] == "Completed"
    assert [swept["state"] for swept in result["swept"]] == ["thawed"]
    assert [freeze["thawed_by"] for freeze in result["freezes"]] == ["post hook"]


def test_time_of_a_dead_run_is_waited_for(app: NginxApp, engine: Engine, location: Result, start: float) -> None:
    """Nothing is made older here: the run is killed, its lease ends, and the sweeper waits for the clocks' skew."""
    app.annotate(pre_timeout="3s", post=["/bin/sh", "-c", "sleep 20"], post_container="nginx")
    run = engine.start("backup", name="b", namespace=app.namespace, location=location, policy={"lease_seconds": 3})
    app.await_frozen()
    run.kill_all()
    app.await_thawed(6)
    states: list[str] = []

    def swept() -> bool:
        result = engine.call("sweep", namespace=app.namespace)
        states.extend(entry["state"] for entry in result["swept"])
        return states[-1] != "live"

    until(swept, "the mark's time is over", seconds=30, pause=1)
    assert states[0] == "live"
    assert states[-1] == "thawed"
