# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Live tests are shared out so that no lane waits long for another, and none is forgotten."""

from __future__ import annotations

import pytest
from checks import shares


@pytest.mark.parametrize(
    ("seconds", "lanes", "expected"),
    [
        ({}, 2, [[], []]),
        ({"a": 10, "b": 1, "c": 1}, 1, [["a", "b", "c"]]),
        ({"a": 10, "b": 6, "c": 5}, 2, [["a"], ["b", "c"]]),
        ({"a": 1, "b": 9, "c": 5, "d": 5}, 2, [["a", "b"], ["c", "d"]]),
        ({"a": 1}, 3, [["a"], [], []]),
    ],
)
def test_divide(seconds: dict[str, float], lanes: int, expected: list[list[str]]) -> None:
    assert shares.divide(seconds, lanes) == expected


@pytest.mark.parametrize("lanes", [1, 2, 3, 7])
def test_every_live_test_runs_once(lanes: int) -> None:
    shared_out = [file for share in shares.share_out(lanes) for file in share]
    assert sorted(shared_out) == shares.live_files()


@pytest.mark.parametrize("lanes", [2, 3, 7])
def test_files_that_share_a_server_stay_together(lanes: int) -> None:
    with_velero = [share for share in shares.share_out(lanes) if any("/live/velero/" in file for file in share)]
    assert len(with_velero) == 1
