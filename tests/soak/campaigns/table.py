# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The campaigns by their names: one more is one file and one row."""

from __future__ import annotations

import functools
import typing as t

from campaigns.archives import Archives
from campaigns.argocd import ArgoCampaign
from campaigns.case import Campaign
from campaigns.databases import KINDS, DatabasesCampaign
from campaigns.freeze import FreezeCampaign
from campaigns.hooks import HooksCampaign
from campaigns.jobs import JobsCampaign
from campaigns.mover import MoverCampaign
from campaigns.operations import OperationsCampaign
from campaigns.plan import PlanCampaign
from campaigns.roll_back import RollBackCampaign
from campaigns.store import StoreCampaign
from campaigns.templates import Templates
from campaigns.year import YearCampaign

CAMPAIGNS: dict[str, t.Callable[[], Campaign]] = {
    "archives": Archives,
    "argocd": ArgoCampaign,
    "databases": DatabasesCampaign,
    **{f"databases-{kind}": functools.partial(DatabasesCampaign, kind) for kind in KINDS},
    "freeze": FreezeCampaign,
    "hooks": HooksCampaign,
    "jobs": JobsCampaign,
    "mover": MoverCampaign,
    "mover-fills": functools.partial(MoverCampaign, "fill"),
    "operations": OperationsCampaign,
    "plan": PlanCampaign,
    "roll-back": RollBackCampaign,
    "store": StoreCampaign,
    "templates": Templates,
    "year": YearCampaign,
}

__all__ = ("CAMPAIGNS",)
