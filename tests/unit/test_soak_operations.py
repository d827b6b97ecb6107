# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[1] / "soak"
CASES = 8


def test_passes_that_something_happens_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice of the campaign ``make soak SOAK=operations``."""
    monkeypatch.syspath_prepend(str(SOAK))
    from campaigns.operations import OperationsCampaign

    with OperationsCampaign() as campaign:
        said = [campaign.run_case(random.Random(f"operations-1-{number}")) for number in range(CASES)]
    assert [sentence for sentence in said if sentence] == []
