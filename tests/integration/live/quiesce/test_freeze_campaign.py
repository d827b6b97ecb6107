# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A few cases of the freeze campaign: random faults, after which nothing stays frozen. ``make soak`` runs many."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[3] / "soak"))

from campaigns.__main__ import run
from campaigns.freeze import FreezeCampaign

pytestmark = pytest.mark.fault

SEED = 241
COUNT = 4


def test_random_faults(kubeconfig: str, state: Path, kubectl: t.Callable[..., str]) -> None:
    assert run(FreezeCampaign(), "freeze", SEED, range(COUNT)) == []
