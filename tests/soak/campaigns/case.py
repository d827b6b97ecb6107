# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a campaign is."""

from __future__ import annotations

import random
import typing as t


class Campaign(t.Protocol):
    """Used as a context: what its cases share is started at the beginning and removed at the end."""

    def __enter__(self) -> t.Self:
        """Start what the cases share."""

    def __exit__(self, *exc: object) -> None:
        """Remove it."""

    def run_case(self, chance: random.Random) -> str:
        """One case, made of ``chance`` alone. What was wrong, in one sentence; nothing where all was right."""


@t.runtime_checkable
class LongCampaign(Campaign, t.Protocol):
    """One whose cases build on one another: it ends with the first that failed, and is run again from its beginning."""

    def conclude(self, chance: random.Random) -> str:
        """What is judged after the last case, as a case is."""


__all__ = ("Campaign", "LongCampaign")
