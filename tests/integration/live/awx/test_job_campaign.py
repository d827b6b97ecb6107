# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A few cases of the campaign of jobs: they end at random moments. ``make soak`` runs many."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[3] / "soak"))

from campaigns.__main__ import run
from campaigns.jobs import JobsCampaign

pytestmark = pytest.mark.fault

#: A frozen file system whose job is over its time, and a held database whose worker is killed.
SEED = 45
COUNT = 2


def test_nothing_outlives_a_killed_job_and_the_next_one_tells_the_truth() -> None:
    assert run(JobsCampaign(), "jobs", SEED, range(COUNT)) == []
