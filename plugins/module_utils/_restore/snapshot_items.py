# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.


"""Which snapshots a plan needs: those of the claims that it makes."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._restore.csi_sources import CLAIMS, CsiSources
from ansible_collections.arkive.k8s.plugins.module_utils._restore.live_state import LiveState
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan import PlanItem, Wave
from ansible_collections.arkive.k8s.plugins.module_utils._velero.include_exclude import (
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
)

#: Namespace and name in the backup.
_Stored: t.TypeAlias = "tuple[str, str]"


def leave_out_snapshots(waves: t.Sequence[Wave], sources: CsiSources | None, live: LiveState) -> list[PlanItem]:
    """Skip the snapshots of claims that are there already or stay away, and contents without their snapshot.

    The other snapshots, which somebody made before the backup, come back as objects of their own. Returns what was
    settled anew.
    """
    snapshots = _items(waves, VOLUME_SNAPSHOTS)
    contents = _items(waves, VOLUME_SNAPSHOT_CONTENTS)
    if sources is None or not (snapshots or contents):
        return []
    claims = _items(waves, CLAIMS)
    before = {id(item): item.intent for item in (*snapshots.values(), *contents.values())}
    for (namespace, name), item in snapshots.items():
        claim = sources.claim_of(namespace, name)
        if claim and item.action != "skip":
            _leave_out(item, _why_idle(claim, claims.get((namespace, claim)), live))
    for (_none, name), item in contents.items():
        snapshot = snapshots.get(sources.snapshot_of(name))
        if item.action == "skip":
            continue
        if snapshot is None:
            _leave_out(item, "its VolumeSnapshot is not restored")
        elif snapshot.action in ("skip", "conflict"):
            _leave_out(item, f"its VolumeSnapshot is not restored: {snapshot.reason}")
        elif snapshot.action == "unchanged" and item.intent and not snapshot.made_before:
            _leave_out(item, "its VolumeSnapshot is there already")
        elif snapshot.intent == "create" and item.name in live.content_policies:
            _make_anew(item, live.content_policies[item.name])
    return [item for item in (*snapshots.values(), *contents.values()) if before[id(item)] and not item.intent]


def _make_anew(content: PlanItem, policy: str) -> None:
    """One that outlived its VolumeSnapshot knows its uid, and would never be bound to another."""
    if policy == "Retain":
        content.settle(
            "update", "its VolumeSnapshot is gone; it is deleted and created anew, the storage keeps its own"
        )
        content.method = "recreate"
    else:
        why = f"it belongs to a VolumeSnapshot that is gone, and its deletionPolicy is {policy}"
        content.settle("conflict", why, hint="Set it to Retain, so that it can go without what the storage has.")


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


def _leave_out(item: PlanItem, why: str) -> None:
    if why:
        item.settle("skip", why)


def _items(waves: t.Sequence[Wave], group_resource: t.Any) -> dict[_Stored, PlanItem]:
    return {
        (item.source_namespace or "", item.ref.name): item
        for wave in waves
        if group_resource in wave.group_resources
        for item in wave.items
        if item.group_resource == group_resource and item.ref is not None
    }


__all__ = ("leave_out_snapshots",)
