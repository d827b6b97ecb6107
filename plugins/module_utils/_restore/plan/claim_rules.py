# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restore does about claims whose data does not come back: refused, warned of, or reported."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.volume_decisions import ClaimDecision
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.roll_back import kept_name
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.claim_origin import (
    FOREIGN,
    NOT_ROLLED_BACK,
    StoredClaim,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_object import RESTORE_NAME_LABEL

_EMPTY_HINT = "Set on_missing_volume_data: warn to restore it with an empty volume, or leave it out."
_KEPT_HINT = (
    "To get the data of the backup, set existing_volume_policy: roll_back, which keeps the old volume beside it, delete"
    " the claim and what uses it and restore again, or restore into another namespace with namespace_mapping."
)
_NO_DATA_HINT = "Set on_missing_volume_data: warn to keep it as it is and restore the rest, or leave it out."
_FOREIGN_HINT = f"{_KEPT_HINT} To keep it and restore the rest, set on_missing_volume_data: warn."


class ClaimRules:
    """Decides by ``on_missing_volume_data``. Safe to use from any thread."""

    def __init__(self, run: RestoreRun, findings: Findings) -> None:
        self._run = run
        self._policy = run.request.on_missing_volume_data
        self._rolls_back = run.request.existing_volume_policy == "roll_back"
        self._live = findings.live
        self._volumes = findings.volumes
        self._issues = run.issues

    def judge_empty(self, item: PlanItem, decision: ClaimDecision) -> PlanItem:
        """A claim that would come back with an empty volume: as it is where it may, else refused."""
        if decision.on_purpose or self._policy == "warn":
            self._warn(item, f"gets a new, empty volume: {decision.missing}.")
            return item
        return self.refuse(item, f"its new volume would be empty: {decision.missing}", hint=_EMPTY_HINT)

    def judge_live(self, item: PlanItem, live: ObjectView, stored: ObjectView) -> PlanItem:
        """A claim in whose place there is one, ``live``; refused where that hides data of the backup.

        ``stored`` is the backup's. Who made it under the same restore is not warned again that it is there.
        """
        decision = item.facts.volume
        if decision is None:
            return item
        volume = self._live.volumes.get(str((live.get("spec") or {}).get("volumeName") or ""))
        origin = self._stored_claim(item, stored, decision).origin_of(live, volume)
        wanted = decision.is_wanted
        if self._rolls_back and wanted and not item.made_before:
            return self._judge_roll_back(item, live, decision)
        if self._volumes.is_unfilled(live):
            if not item.made_before:
                return self._refuse_unfilled(item, live)
            self._live.note_unfilled(item.namespace or "", item.name)
        if origin == "restored" and wanted and not item.made_before and not _is_bound(live):
            return self._judge_unfinished(item, live, decision)
        if origin == "foreign" and wanted and self._policy == "fail":
            foreign = dataclasses.replace(item, kept=FOREIGN)
            return self.refuse(foreign, "a claim of its name is in the cluster", hint=_FOREIGN_HINT)
        if origin == "foreign" and (wanted or decision.volume):
            rest = "the data of the backup is not restored" if wanted else "the backup holds no data for it"
            self._warn(item, f"is {FOREIGN}; {rest}.", hint=_KEPT_HINT if wanted else "")
            return dataclasses.replace(item, kept=FOREIGN)
        if origin in ("original", "restored") and wanted and not item.made_before and _has_copy(decision):
            self._warn(item, f"is {NOT_ROLLED_BACK} to what the backup holds.", hint=_KEPT_HINT)
            return dataclasses.replace(item, kept=NOT_ROLLED_BACK)
        return item

    def _refuse_unfilled(self, item: PlanItem, live: ObjectView) -> PlanItem:
        """One that was being filled: half of its data is never taken for all of it."""
        maker = str((live["metadata"].get("labels") or {}).get(RESTORE_NAME_LABEL) or "")
        why = f"{f'restore {maker!r}' if maker else 'another restore'} has made it, and it has not all of its data"
        again = f"Run that restore again with name: {maker}, or delete" if maker else "Delete"
        return self.refuse(item, why, hint=f"{again} the claim and what uses it and restore again.")

    def _judge_roll_back(self, item: PlanItem, live: ObjectView, decision: ClaimDecision) -> PlanItem:
        """A claim whose volume gives way to one with the data of the backup."""
        if decision.snapshot is not None:
            volume = str((live.get("spec") or {}).get("volumeName") or "")
            kept = kept_name(item.name, self._run.name)
            why = f"it is rolled back: volume '{volume}', which it has, is kept as claim '{kept}'"
            return item.decided("create", why, method="roll_back")
        why = decision.missing or "its data is no snapshot that a new volume of a claim can be made from"
        if self._policy == "warn":
            self._warn(item, f"is kept, and not rolled back: {why}.")
            return item.decided("unchanged", kept=NOT_ROLLED_BACK)
        return self.refuse(item, f"it cannot be rolled back: {why}", hint=_NO_DATA_HINT)

    def _judge_unfinished(self, item: PlanItem, live: ObjectView, decision: ClaimDecision) -> PlanItem:
        """A claim that another restore of the backup has made, and that has no volume so far."""
        snapshot = str(((live.get("spec") or {}).get("dataSource") or {}).get("name") or "")
        maker = str((live["metadata"].get("labels") or {}).get(RESTORE_NAME_LABEL) or "")
        by = f"restore '{maker}'" if maker else "another restore"
        again = f"Run that restore again with name: {maker}, or delete" if maker else "Delete"
        hint = f"{again} the claim and what uses it and restore again."
        source = decision.snapshot
        if source is None or not self._volumes.provider_of(source).is_lost(live):
            kept = f"its volume is still to be made{f' from VolumeSnapshot {snapshot}' if snapshot else ''}"
            self._warn(item, f"was made by {by}, and {kept}.", hint=hint)
            return dataclasses.replace(item, kept=kept)
        why = f"{by} has made it, and VolumeSnapshot {snapshot}, which its volume is to be made from, is not there"
        if self._policy == "fail":
            return self.refuse(item, why, hint=hint)
        self._warn(item, f"gets no volume: {why}.", hint=hint)
        return item

    def judge_displaced(self, item: PlanItem) -> PlanItem:
        """A claim with data whose place another claim of the plan has."""
        if self._policy == "fail":
            return self.refuse(item, item.reason, hint="Map the namespaces to different ones.")
        self._warn(item, f"from namespace {item.source_namespace} does not come back: {item.reason}.")
        return item

    def refuse(self, item: PlanItem, reason: str, *, hint: str = "") -> PlanItem:
        """The claim does not come back, and the restore is not begun."""
        return item.decided("conflict", reason, hint=hint, forbids_all=True)

    def refuse_decided(self, items: t.Iterable[PlanItem]) -> list[PlanItem]:
        """The same for conflicts that somebody else has found, unless that is accepted."""
        if self._policy != "fail":
            return []
        return [dataclasses.replace(item, forbids_all=True) for item in items if not item.forbids_all]

    def judge_out_of_reach(self, item: PlanItem, why: str) -> PlanItem:
        """Its data would be there, and nobody could use it."""
        if self._policy == "warn":
            self._warn(item, f"comes back with its data, but {why}.")
            return item
        return item.decided("conflict", why, hint="Set on_missing_volume_data: warn to restore it all the same.")

    def _stored_claim(self, item: PlanItem, claim: ObjectView, decision: ClaimDecision) -> StoredClaim:
        namespace, name = item.source_namespace or "", decision.volume
        return StoredClaim(
            claim=claim,
            namespace=namespace,
            backup_name=self._run.request.spec.backup_name,
            decision=decision,
            made_from=functools.partial(self._volumes.is_made_from, claim, namespace),
            volume=self._volumes.stored_volume(name) if name else None,
            volume_name=self._volumes.target_name(name) if name else "",
        )

    def _warn(self, item: PlanItem, sentence: str, *, hint: str = "") -> None:
        self._issues.warning(
            f"PersistentVolumeClaim {item.namespace}/{item.name} {sentence}",
            resource=str(item.group_resource),
            namespace=item.namespace or "",
            name=item.name,
            hint=hint,
        )


def would_lose_data(item: PlanItem) -> bool:
    """Whether a claim of the plan would lose data by not being made."""
    return item.facts.volume is not None and item.facts.volume.is_wanted


def _is_bound(claim: ObjectView) -> bool:
    return bool((claim.get("spec") or {}).get("volumeName"))


def _has_copy(decision: ClaimDecision) -> bool:
    """Whether the backup has more of the data than the volume itself."""
    return decision.snapshot is not None or decision.remade_from is not None or bool(decision.missing)


__all__ = ("ClaimRules", "would_lose_data")
