# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The states ``held`` and ``released`` of a backup."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import Result, text_diff
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import Task
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.holds import hold_backup, release_backup
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import phase_of


def hold_or_release(task: Task, name: str, store: Store) -> Result:
    """As the task's state says."""
    params = task.params
    if params["state"] == "held":
        outcome = hold_backup(
            store, name, reason=params["hold_reason"], by=params["hold_by"], check_mode=task.check_mode
        )
    else:
        outcome = release_backup(store, name, check_mode=task.check_mode)
    before, after = (found.to_dict() if found else None for found in (outcome.before, outcome.after))
    result: Result = {
        "changed": outcome.changed,
        "backup": outcome.backup,
        "phase": phase_of(outcome.backup),
        "hold": after,
        "location": outcome.location,
        "warnings_list": to_return(Issues.of(warnings=outcome.warnings).warnings),
    }
    if task.diff_mode:
        result["diff"] = text_diff(before, after, title=f"hold of backup {name}")
    return result


__all__ = ("hold_or_release",)
