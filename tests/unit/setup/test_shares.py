# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Live tests are shared out so that no lane waits long for another, and none is forgotten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from checks import shares


@pytest.mark.parametrize(
    ("seconds", "before", "expected"),
    [
        ({}, [0, 0], [[], []]),
        ({"a": 10, "b": 1, "c": 1}, [0], [["a", "b", "c"]]),
        ({"a": 10, "b": 6, "c": 5}, [0, 0], [["a"], ["b", "c"]]),
        ({"a": 1, "b": 9, "c": 5, "d": 5}, [0, 0], [["a", "b"], ["c", "d"]]),
        ({"a": 1}, [0, 0, 0], [["a"], [], []]),
        ({"a": 10, "b": 6, "c": 5}, [0, 12], [["a", "b"], ["c"]]),
        ({"a": 10, "b": 6}, [0, 99], [["a", "b"], []]),
    ],
)
def test_divide(seconds: dict[str, float], before: list[float], expected: list[list[str]]) -> None:
    assert shares.divide(seconds, before) == expected


@pytest.mark.parametrize("lanes", [1, 2, 3, 7])
def test_every_live_test_runs_once(lanes: int) -> None:
    shared_out = [file for share in shares.share_out(lanes) for file in share]
    assert sorted([*shared_out, *shares.WITHOUT_CLUSTER]) == shares.live_files()


@pytest.mark.parametrize("lanes", [2, 3, 7])
def test_files_that_share_a_server_stay_together(lanes: int) -> None:
    with_velero = [share for share in shares.share_out(lanes) if any("/live/velero/" in file for file in share)]
    assert len(with_velero) == 1


def test_what_a_run_took_is_kept_by_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions and classes of tests alike."""
    first, second, *_others = shares.live_files()
    cases = "".join(
        f'<testcase classname="{name}" name="t" time="{seconds}"/>'
        for name, seconds in (
            (first.removesuffix(".py").replace("/", "."), 1.5),
            (second.removesuffix(".py").replace("/", ".") + ".TestIt", 2.25),
            ("tests.integration.live.test_that_is_no_more", 99),
        )
    )
    results = tmp_path / "junit.xml"
    results.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    monkeypatch.setattr(shares, "MEASURED", tmp_path / "durations.json")
    assert shares.renew([results], 600.04) == 2
    assert json.loads(shares.MEASURED.read_text()) == {first: 1.5, second: 2.2, shares.TARGETS: 600.0}
