# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A few cases of the campaign of databases: random faults while one is held. ``make soak`` runs many."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[3] / "soak"))

from campaigns.__main__ import run
from campaigns.databases import DatabasesCampaign

pytestmark = pytest.mark.fault

SEED = 15
COUNT = 4


def test_no_lock_outlives_its_lease_and_no_result_lies() -> None:
    assert run(DatabasesCampaign(), "databases", SEED, range(COUNT)) == []
