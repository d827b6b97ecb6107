# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two runs with one name at the same time: one backup, and one clear refusal."""

from __future__ import annotations

import typing as t

import pytest
from nginx_app import HOLD, NginxApp, one_freeze
from processes import Engine

Result = dict[str, t.Any]


@pytest.mark.parametrize("store", ["location", "s3_location"])
def test_one_backup_and_one_refusal(
    app: NginxApp, engine: Engine, start: float, store: str, request: pytest.FixtureRequest
) -> None:
    app.annotate(post=HOLD)
    asked = {"name": "same", "namespace": app.namespace, "location": request.getfixturevalue(store)}
    runs = [engine.start("backup", **asked) for _run in range(2)]
    results = sorted((run.result() for run in runs), key=lambda result: bool(result.get("failed")))
    assert [bool(result.get("failed")) for result in results] == [False, True]
    assert results[0]["phase"] == "Completed"
    assert one_freeze(results[0])["thawed_by"] == "post hook"
    assert results[1]["msg"].startswith("Another run works on backups/same: run ")
    assert "Wait for it; if it died, its claim ends at 20" in results[1]["msg"]
    assert (results[1]["hooks"], results[1]["freezes"]) == ([], [])
    # Afterwards the name is the one backup's, for everybody.
    again = engine.call("backup", **asked)
    assert (again["changed"], again["phase"]) == (False, "Completed")
    assert len(app.blocked_since(start)) == 1
