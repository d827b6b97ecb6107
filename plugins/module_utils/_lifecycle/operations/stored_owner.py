# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether what is stored under the name of a Backup or a Restore is what the object stands for.

Several clusters may share a location, and a name that one has used may stand in another for a backup that was never
made: what belongs to somebody else stays whatever becomes of the object.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.restores import read_record, source_of
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import RestoreKeys

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


def is_restore_of_another(store: Store, restore: ObjectView, present: t.Collection[str]) -> bool:
    """``present``: the keys of the records of that name in the location. What cannot be read is nobody's.

    Who has made it kept its object's UID; what a server has written says in its log from which backup it is.
    """
    name, spec = str(restore["metadata"]["name"]), restore.get("spec") or {}
    if RestoreKeys(name).arkive_record not in present:
        return source_of(store, name, present) not in ("", None, spec.get("backupName"))
    try:
        return not has_uid_of(read_record(store, name).get("restore") or {}, restore)
    except ArchiveError:
        return False


def has_uid_of(stored: ObjectView, obj: ObjectView) -> bool:
    return bool((stored.get("metadata") or {}).get("uid") == obj["metadata"]["uid"])


__all__ = ("has_uid_of", "is_of_another", "is_restore_of_another")
