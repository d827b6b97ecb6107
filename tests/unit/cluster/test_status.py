# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines of file systems that were left frozen are found, in the driver's and the watchdog's words."""

from __future__ import annotations

from pathlib import Path

import pytest
from kubelab.commands import LabError
from kubelab.status import frozen_lines, in_node, status

DRIVER = "2026/11/21 04:15:00 vol-2600e797564c8dcb1759 was left frozen: unmounted as it is"
WATCHDOG = "2026-11-21T04:15:00Z the node's disk kubelet was left frozen: thawed"


@pytest.mark.parametrize(
    ("logs", "found"),
    [
        pytest.param({}, [], id="no logs"),
        pytest.param({"loopfile.log": "NodeUnstageVolume vol-1 3ms <nil>\n"}, [], id="nothing frozen"),
        pytest.param({"loopfile.log": f"a\n{DRIVER}\nb\n"}, [f"loopfile.log: {DRIVER}"], id="driver"),
        pytest.param({"watchdog.log": f"{WATCHDOG}\n"}, [f"watchdog.log: {WATCHDOG}"], id="watchdog"),
        pytest.param({"kubelet.log": f"{WATCHDOG}\n"}, [], id="another's words"),
    ],
)
def test_frozen_lines(tmp_path: Path, logs: dict[str, str], found: list[str]) -> None:
    (tmp_path / "log").mkdir()
    for name, text in logs.items():
        (tmp_path / "log" / name).write_text(text, encoding="utf-8")
    assert frozen_lines(tmp_path) == found


def test_status_of_nothing(tmp_path: Path) -> None:
    expected = {"running": False, "state": str(tmp_path), "s3": None, "pids": {}, "frozen": []}
    assert status(tmp_path) == expected


def test_nothing_is_run_in_a_node_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="No cluster runs"):
        in_node(tmp_path, ["true"])
