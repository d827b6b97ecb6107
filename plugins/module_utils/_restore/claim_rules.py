# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""What a restore does about claims whose data does not come back: refused, warned of, or told."""

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._restore.claim_origin import FOREIGN, NOT_ROLLED_BACK
from ansible_collections.arkive.k8s.plugins.module_utils._restore.csi_sources import CLAIMS
from ansible_collections.arkive.k8s.plugins.module_utils._restore.live_state import LiveState
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan import PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.prepare import Preparer
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import MissingVolumeData
from ansible_collections.arkive.k8s.plugins.module_utils._restore.results import RestoreIssues
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes import ClaimDecision
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_object import RESTORE_NAME_LABEL

_EMPTY_HINT = "Set on_missing_volume_data: warn to restore it with an empty volume, or leave it out."
_KEPT_HINT = (
    "To get the data of the backup, delete the claim and what uses it and restore again, or restore into another"
    " namespace with namespace_mapping."
)
_FOREIGN_HINT = f"{_KEPT_HINT} To keep it and restore the rest, set on_missing_volume_data: warn."


class ClaimRules:
    """Decides by ``on_missing_volume_data``. ``lost`` are the claims that it refuses. Safe to use from any thread."""

    def __init__(
        self, policy: MissingVolumeData, *, preparer: Preparer, live: LiveState, issues: RestoreIssues
    ) -> None:
        self._policy = policy
        self._preparer = preparer
        self._live = live
        self._issues = issues
        self._lock = threading.Lock()
        self.lost: list[PlanItem] = []

    def accepts_empty(self, item: PlanItem, decision: ClaimDecision) -> bool:
        """True when the claim may come back with an empty volume; else the item is settled as a conflict."""
        if decision.on_purpose or self._policy == "warn":
            self._warn(item, f"gets a new, empty volume: {decision.missing}.")
            return True
        self.refuse(item, f"its new volume would be empty: {decision.missing}", hint=_EMPTY_HINT)
        return False

    def accepts_live(self, item: PlanItem, live: t.Mapping[str, t.Any]) -> bool:
        """Look at the claim that is there in the place of ``item``; False when it is settled as a conflict.

        Who made it under the same restore is not told again that it is there.
        """
        if item.ref is None:
            return True
        stored = self._preparer.stored_claim(item.ref)
        decision = stored.decision
        volume = self._live.volumes.get(str((live.get("spec") or {}).get("volumeName") or ""))
        origin = stored.origin_of(live, volume)
        wanted = decision.is_wanted
        if origin == "restored" and wanted and not item.made_before and not _is_bound(live):
            return self._accepts_unfinished(item, live)
        if origin == "foreign" and wanted and self._policy == "fail":
            item.kept = FOREIGN
            self.refuse(item, "a claim of its name is in the cluster", hint=_FOREIGN_HINT)
            return False
        if origin == "foreign" and (wanted or decision.volume):
            rest = "the data of the backup is not restored" if wanted else "the backup holds no data for it"
            self._keep(item, FOREIGN, f"is {FOREIGN}; {rest}.", hint=_KEPT_HINT if wanted else "")
        elif origin in ("original", "restored") and wanted and not item.made_before and _has_copy(decision):
            self._keep(item, NOT_ROLLED_BACK, f"is {NOT_ROLLED_BACK} to what the backup holds.", hint=_KEPT_HINT)
        return True

    def _accepts_unfinished(self, item: PlanItem, live: t.Mapping[str, t.Any]) -> bool:
        """A claim that another restore of the backup has made, and that has no volume so far."""
        csi = self._preparer.volumes.csi
        snapshot = str(((live.get("spec") or {}).get("dataSource") or {}).get("name") or "")
        maker = str((live["metadata"].get("labels") or {}).get(RESTORE_NAME_LABEL) or "")
        by = f"restore '{maker}'" if maker else "another restore"
        again = f"Run that restore again with name: {maker}, or delete" if maker else "Delete"
        hint = f"{again} the claim and what uses it and restore again."
        if csi is None or not csi.target.is_missing(item.namespace or "", snapshot):
            item.kept = f"its volume is still to be made from VolumeSnapshot {snapshot}"
            self._warn(item, f"was made by {by}, and {item.kept}.", hint=hint)
            return True
        why = f"{by} has made it, and VolumeSnapshot {snapshot}, which its volume is to be made from, is not there"
        if self._policy == "fail":
            self.refuse(item, why, hint=hint)
            return False
        self._warn(item, f"gets no volume: {why}.", hint=hint)
        return True

    def displace(self, item: PlanItem) -> None:
        """Another claim of the plan has its place."""
        if self._policy == "fail":
            self.refuse(item, item.reason, hint="Map the namespaces to different ones.")
        else:
            self._warn(item, f"from namespace {item.source_namespace} does not come back: {item.reason}.")

    def refuse(self, item: PlanItem, reason: str, *, hint: str = "") -> None:
        """The claim does not come back, and the restore is not begun."""
        item.settle("conflict", reason, hint=hint)
        with self._lock:
            self.lost.append(item)

    def refuse_settled(self, items: t.Iterable[PlanItem]) -> None:
        """Count conflicts that somebody else has found among the refused ones, unless that is accepted."""
        if self._policy == "fail":
            with self._lock:
                known = {id(item) for item in self.lost}
                self.lost += [item for item in items if id(item) not in known]

    def settle_out_of_reach(self, item: PlanItem, why: str) -> None:
        """Its data would be there, and nobody could use it."""
        if self._policy == "warn":
            self._warn(item, f"comes back with its data, but {why}.")
        else:
            item.settle("conflict", why, hint="Set on_missing_volume_data: warn to restore it all the same.")

    def is_lost(self, item: PlanItem) -> bool:
        """Whether a claim of the plan would lose data by not being made."""
        if item.group_resource != CLAIMS or item.ref is None:
            return False
        decision = self._preparer.prepare(item.ref).volume
        return decision is not None and decision.is_wanted

    def _keep(self, item: PlanItem, kept: str, sentence: str, *, hint: str) -> None:
        item.kept = kept
        self._warn(item, sentence, hint=hint)

    def _warn(self, item: PlanItem, sentence: str, *, hint: str = "") -> None:
        self._issues.warning(
            f"PersistentVolumeClaim {item.namespace}/{item.name} {sentence}",
            resource=str(item.group_resource),
            namespace=item.namespace or "",
            name=item.name,
            hint=hint,
        )


def _is_bound(claim: t.Mapping[str, t.Any]) -> bool:
    return bool((claim.get("spec") or {}).get("volumeName"))


def _has_copy(decision: ClaimDecision) -> bool:
    """Whether the backup has more of the data than the volume itself."""
    return decision.snapshot is not None or decision.native is not None or bool(decision.missing)


__all__ = ("ClaimRules",)
