# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks of the node: what is wrong with a name or a size is said before anything is made."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from kubelab.commands import LabError
from kubelab.local_volumes import add_local_volume, remove_local_volume
from kubelab.model import Lab


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A cluster that does not run."""
    found = Lab(state=tmp_path)
    found.save()
    found.path("disks").mkdir()
    return found


@pytest.mark.parametrize(
    ("name", "size", "said"),
    [
        pytest.param("a/../b", "64Mi", "a/../b is no name of a volume", id="a path"),
        pytest.param("", "64Mi", "is no name of a volume", id="no name"),
        pytest.param("UPPER", "64Mi", "UPPER is no name of a volume", id="upper case"),
        pytest.param("a", "64", "64 is no size", id="bytes"),
        pytest.param("a", "0Mi", "0Mi is no size", id="nothing"),
        pytest.param("there", "64Mi", "a local volume there already", id="a name that is taken"),
    ],
)
def test_what_is_refused(lab: Lab, name: str, size: str, said: str) -> None:
    lab.path("disks/local-there.img").touch()
    with pytest.raises(LabError, match=said):
        add_local_volume(lab.state, name, size)
    assert [file.name for file in lab.path("disks").iterdir()] == ["local-there.img"]


@pytest.mark.parametrize(
    "act",
    [lambda state: add_local_volume(state, "a", "64Mi"), lambda state: remove_local_volume(state, "a")],
    ids=["add", "remove"],
)
def test_there_is_no_cluster(tmp_path: Path, act: t.Callable[[Path], object]) -> None:
    with pytest.raises(LabError, match="No cluster is at"):
        act(tmp_path)
