# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A few cases of the campaign of the mover: what moves data is killed at a step. ``make soak SOAK=mover`` runs many."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[3] / "soak"))

from campaigns.mover import MoverCampaign
from campaigns.mover_case import Case

pytestmark = pytest.mark.fault


@pytest.fixture(scope="module")
def campaign() -> t.Iterator[MoverCampaign]:
    with MoverCampaign() as found:
        yield found


@pytest.mark.parametrize(
    "case",
    [
        # Its copy is there, and no backup will ever name it.
        Case(task="moved", step="written", fault="term run"),
        Case(task="restore", step="download", fault="kill run and pod", delay=0.5),
    ],
    ids=str,
)
def test_no_partial_copy_is_complete_and_the_next_run_goes_on(campaign: MoverCampaign, case: Case) -> None:
    assert campaign.run(case) == ""


def test_the_judge_finds_a_copy_that_is_not_whole(campaign: MoverCampaign) -> None:
    found = campaign.run(Case(task="moved", step="upload", fault="none"), spoilt="blind")
    assert "is Completed, and its copy differs: " in found
