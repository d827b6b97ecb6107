# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A few cases of the campaign of databases: random faults while one is held. ``make soak`` runs many."""

from __future__ import annotations

import random
import sys
import typing as t
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[3] / "soak"))

from campaigns.database_case import Case
from campaigns.databases import DatabasesCampaign

pytestmark = pytest.mark.fault

SEED = 15
COUNT = 3
KIND = "postgresql"


@pytest.fixture(scope="module")
def campaign() -> t.Iterator[DatabasesCampaign]:
    with DatabasesCampaign(KIND) as found:
        yield found


@pytest.mark.parametrize("number", range(COUNT))
def test_no_lock_outlives_its_lease_and_no_result_lies(campaign: DatabasesCampaign, number: int) -> None:
    assert campaign.run_case(random.Random(f"databases-{KIND}-{SEED}-{number}")) == ""


@pytest.mark.parametrize(
    ("spoilt", "fault", "found"),
    [
        ("blind", "end session", "it says that it was held, and it was"),
        ("unarmed", "stop for long", "it was held for longer than its lease"),
    ],
)
def test_the_judge_finds_what_is_not_protected(
    campaign: DatabasesCampaign, spoilt: str, fault: str, found: str
) -> None:
    ((target, _steps),) = campaign.targets
    target.mend()
    target.require_written()
    case = Case(mode="light", fault=fault, phase="held", number=0, delay=0.5, seconds=0.5)
    assert found in campaign.run(target, case, spoilt=spoilt)
