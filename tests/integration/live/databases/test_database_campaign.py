# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A slice of ``make soak SOAK=databases``: faults at random moments while a database is held."""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "soak"))

SEED, COUNT = 15, 4


def test_no_lock_outlives_its_lease_and_no_result_lies() -> None:
    from campaigns.databases import DatabasesCampaign

    chance = random.Random(SEED)
    with DatabasesCampaign() as campaign:
        assert [found for found in (campaign.run_case(chance) for _case in range(COUNT)) if found] == []
