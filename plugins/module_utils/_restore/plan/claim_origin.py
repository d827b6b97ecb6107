# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a claim that is in the cluster holds the data of the backup."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.volume_decisions import ClaimDecision
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_object import BACKUP_NAME_LABEL

#: ``original``: the claim, or the volume, that was backed up. ``restored``: made from this backup's data.
#: ``without data``: the backup has none for it, and a restore of this backup made it so. ``foreign``: none of these.
Origin: t.TypeAlias = t.Literal["original", "restored", "without data", "foreign"]

FOREIGN = "kept: not from this backup"
NOT_ROLLED_BACK = "kept: its data is not rolled back"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StoredClaim:
    """A claim as the backup has it: what is needed to know it, or a copy of it, again.

    ``decision`` is what would become of its volume, ``volume`` its stored PersistentVolume, None where the backup has
    none; ``volume_name`` is the name that this one comes back under. ``made_from`` says of a live claim, and whether a
    restore of this backup made it, if its data is from the same snapshot.
    """

    claim: ObjectView
    namespace: str
    backup_name: str
    decision: ClaimDecision
    made_from: t.Callable[[ObjectView, bool], bool]
    volume: ObjectView | None = None
    volume_name: str = ""

    def origin_of(self, live: ObjectView, live_volume: ObjectView | None) -> Origin:
        """What ``live``, which has the claim's name, was made from.

        The source of a claim's data cannot be changed once the claim is there, its labels can: they only say more about
        a source of ours. Of a claim that was never anything but empty, the labels are all there is.
        """
        if _uid(live) and _uid(live) == _uid(self.claim):
            return "original"
        if self.made_from(live, self._is_ours(live)):
            return "restored"
        if self._has_volume(live, live_volume):
            return "original"
        if live_volume is not None and self.decision.remade_from is not None and self._is_ours(live_volume):
            return "restored"
        if not self.decision.has_data and (self.decision.on_purpose or not self.decision.missing):
            return "without data" if self._is_ours(live) else "foreign"
        return "foreign"

    def _has_volume(self, live: ObjectView, live_volume: ObjectView | None) -> bool:
        """Whether it holds the very volume that was backed up."""
        name = (live.get("spec") or {}).get("volumeName")
        if not name or name not in (self.volume_name, self.decision.volume):
            return False
        if live_volume is None or self.volume is None or not _uid(self.volume):
            return True  # drivers never name two volumes the same
        return _uid(live_volume) == _uid(self.volume) or (self.decision.keeps_volume and not self.decision.remade_from)

    def _is_ours(self, live: ObjectView) -> bool:
        return bool(_member(live, "labels").get(BACKUP_NAME_LABEL) == label_value(self.backup_name))


def _member(obj: ObjectView, name: str) -> ObjectView:
    return (obj.get("metadata") or {}).get(name) or {}


def _uid(obj: ObjectView) -> str:
    return str((obj.get("metadata") or {}).get("uid") or "")


__all__ = ("FOREIGN", "NOT_ROLLED_BACK", "Origin", "StoredClaim")
