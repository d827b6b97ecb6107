# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A check that cannot run says why in the summary, which is all that is left of a long run."""

from __future__ import annotations

from pathlib import Path

import pytest
import run as program
from checks import cluster
from checks.cluster import CheckError
from checks.report import Report

WHY = "The local cluster did not start:\n  the API server was not ready"


def fails(_report: Report) -> None:
    raise CheckError(WHY)


def test_a_step_that_breaks_off(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()
    with report.step("sanity"):
        fails(report)
    assert report.close() == 1
    _before, summary = capsys.readouterr().out.split("==> Failed")
    assert "sanity: The local cluster did not start: the API server was not ready" in summary


def test_a_lane_whose_set_up_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(program._LANES, "live", fails)
    result = tmp_path / "lane.json"
    assert program.make_lane(["live-3", str(result)]) == 1
    assert "the API server was not ready" in result.read_text()


def test_a_cluster_that_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cluster, "CLUSTER_STATE", tmp_path)
    monkeypatch.setattr(cluster, "_KEPT", tmp_path / "kept")
    monkeypatch.setattr(cluster, "run", lambda _argv: (1, ""))
    with pytest.raises(CheckError, match="it says why above"):
        cluster.start()
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / cluster.START_FAILURE).write_text("The S3 server ended")
    with pytest.raises(CheckError, match="did not start: The S3 server ended"):
        cluster.start()
