# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which snapshots a plan needs: those of the claims that it makes."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import LiveState
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem, RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import SnapshotObjects

#: Namespace and name in the backup.
_Stored: t.TypeAlias = "tuple[str, str]"


def leave_out_snapshots(plan: RestorePlan, objects: SnapshotObjects | None, live: LiveState) -> list[PlanItem]:
    """Skip the snapshots of claims that are there already or stay away, and contents without their snapshot.

    The other snapshots, which somebody made before the backup, come back as objects of their own. Returns what is to
    take their places in the plan.
    """
    snapshots, contents = _by_stored_name(plan, VOLUME_SNAPSHOTS), _by_stored_name(plan, VOLUME_SNAPSHOT_CONTENTS)
    if objects is None or not (snapshots or contents):
        return []
    claims = _by_stored_name(plan, CLAIMS)
    found: list[PlanItem] = []
    for (namespace, name), item in snapshots.items():
        claim = objects.claim_of(namespace, name)
        why = _why_idle(claim, claims.get((namespace, claim)), live) if claim and item.action != "skip" else ""
        if why:
            snapshots[namespace, name] = item.decided("skip", why)
            found.append(snapshots[namespace, name])
    for (_none, name), item in contents.items():
        snapshot = snapshots.get(objects.snapshot_of(name))
        why = _why_not_needed(item, snapshot)
        if why:
            found.append(item.decided("skip", why))
        elif snapshot is not None and snapshot.intent == "create" and item.name in live.content_policies:
            found.append(_made_anew(item, live.content_policies[item.name]))
    return found


def _why_not_needed(content: PlanItem, snapshot: PlanItem | None) -> str:
    if content.action == "skip":
        return ""
    if snapshot is None:
        return "its VolumeSnapshot is not restored"
    if snapshot.action in ("skip", "conflict"):
        return f"its VolumeSnapshot is not restored: {snapshot.reason}"
    if snapshot.action == "unchanged" and content.intent and not snapshot.made_before:
        return "its VolumeSnapshot is there already"
    return ""


def _made_anew(content: PlanItem, policy: str) -> PlanItem:
    """One that outlived its VolumeSnapshot knows its uid, and would never be bound to another."""
    if policy == "Retain":
        why = "its VolumeSnapshot is gone; it is deleted and created anew, the storage keeps its own"
        return content.decided("update", why, method="recreate")
    why = f"it belongs to a VolumeSnapshot that is gone, and its deletionPolicy is {policy}"
    return content.decided("conflict", why, hint="Set it to Retain, so that it can go without what the storage has.")


def _why_idle(name: str, claim: PlanItem | None, live: LiveState) -> str:
    """Why no volume will be made from the snapshot of a claim; empty when one will."""
    if claim is None:
        return f"its claim '{name}' is not restored"
    if claim.intent == "create":
        return ""
    if claim.action == "conflict":
        return f"its claim '{name}' is not restored: {claim.reason}"
    bound = live.claims.get((claim.namespace or "", claim.name), "")
    if claim.made_before and not bound:
        return ""
    return f"its claim '{name}' is in the cluster"


def _by_stored_name(plan: RestorePlan, group_resource: GroupResource) -> dict[_Stored, PlanItem]:
    return {
        (item.source_namespace or "", item.ref.name): item
        for item in plan.of_types(group_resource)
        if item.ref is not None
    }


__all__ = ("leave_out_snapshots",)
