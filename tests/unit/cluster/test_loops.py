# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which loop devices belong to a cluster."""

from __future__ import annotations

import os

import pytest
from kubelab.loops import LoopDevice, select_own

_MACHINE = os.makedev(254, 0)


def _loop(number: int, device: int, inode: int) -> LoopDevice:
    return LoopDevice(f"/dev/loop{number}", os.makedev(7, number), (device, inode))


DISK = _loop(0, _MACHINE, 100)
POOL = _loop(3, _MACHINE, 101)
VOLUME = _loop(1, os.makedev(7, 3), 131)
DISK_IN_A_VOLUME = _loop(9, os.makedev(7, 1), 12)
OTHER_DISK = _loop(4, _MACHINE, 200)
VOLUME_OF_OTHER = _loop(5, os.makedev(7, 4), 131)
SAME_INODE_ELSEWHERE = _loop(6, os.makedev(254, 1), 100)
EVERYTHING = [VOLUME, DISK, OTHER_DISK, POOL, VOLUME_OF_OTHER, SAME_INODE_ELSEWHERE, DISK_IN_A_VOLUME]


@pytest.mark.parametrize(
    ("inodes", "own"),
    [
        pytest.param([], [], id="no files"),
        pytest.param([100], [DISK], id="a disk"),
        pytest.param([101], [POOL, VOLUME, DISK_IN_A_VOLUME], id="volumes after what they lie on"),
        pytest.param([200], [OTHER_DISK, VOLUME_OF_OTHER], id="another cluster"),
        pytest.param([999], [], id="no device"),
    ],
)
def test_select_own(inodes: list[int], own: list[LoopDevice]) -> None:
    assert select_own(EVERYTHING, {(_MACHINE, i) for i in inodes}) == own
