# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[1] / "soak"
CASES = 24


def test_hostile_archives(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice of the campaign ``make soak SOAK=archives``."""
    monkeypatch.syspath_prepend(str(SOAK))
    from campaigns.archives import Archives

    with Archives() as campaign:
        said = [campaign.run_case(random.Random(f"archives-0-{number}")) for number in range(CASES)]
    assert [sentence for sentence in said if sentence] == []
