# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the plan found, for the stages after it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._archive.member_gate import BadMembers
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.decision import Decision
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_book import OwnerBook
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import LiveState
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.volume_decisions import VolumeDecisions
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.prepared import PreparedObjects
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.roll_back import RollBackPlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.plan_diffs import PlanDiffs
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.storage_classes import StorageClasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """``live`` is what was in the cluster, ``objects`` keeps what was prepared, ``diffs`` what will change.

    ``volumes`` has decided what becomes of volumes, ``classes`` are the storage classes that there will be.
    ``owners``: None where nobody asks about owners.
    """

    live: LiveState
    objects: PreparedObjects
    diffs: PlanDiffs
    volumes: VolumeDecisions
    classes: StorageClasses
    owners: OwnerBook | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The plan of all chosen objects. ``unreadable``: what is wrong with those that cannot be read.

    ``gitops``: what is done about those that own the objects. ``roll_back``: claims that are rolled back in place.
    """

    plan: RestorePlan
    unreadable: BadMembers
    gitops: Decision = dataclasses.field(default_factory=Decision)
    roll_back: RollBackPlan = dataclasses.field(default_factory=RollBackPlan)


__all__ = ("Findings", "Planned")
