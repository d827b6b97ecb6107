# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster's description survives its file, and its addresses do not meet each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from kubelab.configs import MAX_PODS
from kubelab.model import API_SERVICE, NODE_ADDRESS, POD_RANGE, PODS, SERVICES, Lab, default_state


def test_saved_and_loaded(tmp_path: Path) -> None:
    lab = Lab(state=tmp_path, index=3, port=6443, programs=(Path("/one"), Path("/two")), images=Path("/images"))
    lab.save()
    assert Lab.load(tmp_path) == lab


def test_nothing_to_load(tmp_path: Path) -> None:
    assert Lab.load(tmp_path) is None


def test_state_by_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("ARKIVE_LAB_STATE", raising=False)
    assert default_state(4) == tmp_path / "arkive/lab-4"
    monkeypatch.setenv("ARKIVE_LAB_STATE", "/elsewhere")
    assert default_state(4) == Path("/elsewhere")


def test_addresses() -> None:
    networks = [NODE_ADDRESS.network, PODS, SERVICES]
    assert not any(a.overlaps(b) for a in networks for b in networks if a is not b)
    assert POD_RANGE.subnet_of(PODS)
    assert POD_RANGE.num_addresses > MAX_PODS + 3
    assert API_SERVICE in SERVICES
