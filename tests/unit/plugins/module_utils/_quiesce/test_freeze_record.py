# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a result says about how long something was frozen: a number, or nothing; never null."""

from __future__ import annotations

import datetime as dt
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce import model
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeRecord, FreezeTarget
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot import outcome
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.outcome import SnapshotOutcome

NOW = utc_now()
TARGET = FreezeTarget(namespace="shop", pod="db-0", node="n1", container="db", path="/data")


def record(**given: t.Any) -> FreezeRecord:
    return FreezeRecord(target=TARGET, lease_id="5f0d2c6b9a1e4c73", timer="armed", **given)


def ago(seconds: float) -> dt.datetime:
    return NOW - dt.timedelta(seconds=seconds)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (model, outcome):
        monkeypatch.setattr(module, "utc_now", lambda: NOW)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        pytest.param({"started": ago(9), "ended": ago(1), "seconds": 7.5, "thawed_by": "release"}, 7.5, id="measured"),
        pytest.param({"started": ago(9), "ended": ago(5), "thawed_by": "its own command"}, 4.0, id="from the outside"),
        pytest.param({"started": ago(9), "ended": ago(5), "thawed_by": "not frozen"}, 0.0, id="not frozen"),
        pytest.param({"started": ago(60)}, 60.0, id="frozen still, or nobody knows"),
    ],
)
def test_a_freeze_says_a_number(given: dict[str, t.Any], seconds: t.Any) -> None:
    assert record(**given).to_return()["seconds"] == seconds


def test_what_nobody_knows_is_left_out() -> None:
    """A freeze of an earlier task, which is ended through another container: its start stands nowhere."""
    told = record(ended=NOW, thawed_by="release").to_return()
    assert not {"started", "seconds"} & told.keys()
    assert None not in told.values()


@pytest.mark.parametrize(
    ("records", "seconds"),
    [
        pytest.param([], 0.0, id="nothing was frozen"),
        pytest.param([record(started=ago(9), ended=ago(5), thawed_by="not frozen")], 0.0, id="a freeze without effect"),
        pytest.param(
            [record(started=ago(9), ended=ago(5), thawed_by=by) for by in ("release", "lease")], 4.0, id="both ended"
        ),
        pytest.param(
            [record(started=ago(60)), record(started=ago(50), ended=ago(49), thawed_by="release")],
            60.0,
            id="one is not proven",
        ),
    ],
)
def test_the_window_is_a_number(records: list[FreezeRecord], seconds: t.Any) -> None:
    told = SnapshotOutcome(freezes=records).to_return(default_on_error="Fail")
    assert told["freeze_window_seconds"] == seconds
