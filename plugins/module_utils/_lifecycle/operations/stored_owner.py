# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether what is stored under the name of a Backup is the backup that the object stands for.

Several clusters may share a location, and a name that one has used may stand in another for a backup that was never
made: what belongs to somebody else stays whatever becomes of the object.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView

#: What a sync copies from the stored object, and what nobody changes afterwards.
_LASTING = ("startTimestamp", "completionTimestamp", "failureReason")


def is_of_another(stored: ObjectView, backup: ObjectView) -> bool:
    """``stored``: the Backup of that name in the location.

    Who has made it kept its object's UID; an object that was synced says of itself what the stored one says.
    """
    if has_uid_of(stored, backup):
        return False
    ours, theirs = backup.get("status") or {}, stored.get("status") or {}
    same_phase = ours.get("phase") in (theirs.get("phase"), "Deleting")
    return not same_phase or any(ours.get(name) != theirs.get(name) for name in _LASTING)


def has_uid_of(stored: ObjectView, backup: ObjectView) -> bool:
    return bool((stored.get("metadata") or {}).get("uid") == backup["metadata"]["uid"])


__all__ = ("has_uid_of", "is_of_another")
