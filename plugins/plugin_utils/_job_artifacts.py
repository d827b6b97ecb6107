# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The artifacts of jobs: a table of their names, each with the function that finds it in a task's result."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import mask_urls

Result: t.TypeAlias = "t.Mapping[str, t.Any]"
Reader: t.TypeAlias = "t.Callable[[Result], t.Any]"

#: A message goes into notifications: what is longer is cut.
_LONGEST_MESSAGE = 500
#: Operations that are handed on; each may have a message.
_OPERATIONS = 100
_NOT_BEGUN = "The task did not run: what the job printed says why."

#: Actions of a plan by which an object stays as it is. What is ``unverified`` will be made or changed.
_NOTHING_DONE = ("unchanged", "skip", "conflict")


def _message(result: Result) -> str:
    """The first error, in one sentence; empty when all went well."""
    if not result:
        return _NOT_BEGUN
    return _cut(str(result.get("msg") or "The task failed.")) if _has_failed(result) else ""


def _has_failed(result: Result) -> bool:
    return bool(result.get("failed", not result) or result.get("unreachable"))


def _cut(text: str) -> str:
    text = one_line(mask_urls(text))
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[: _LONGEST_MESSAGE - 3]}..."


def _operations(result: Result) -> list[t.Any]:
    """Those that went wrong come first, as there may be any number of them."""
    found = [entry for entry in result.get("operations") or () if isinstance(entry, dict)]
    ordered = sorted(found, key=lambda entry: "Fail" not in str(entry.get("phase")))
    names = ("kind", "name", "phase", "message")
    return [{name: _cut(str(entry.get(name) or "")) for name in names} for entry in ordered[:_OPERATIONS]]


def _count(name: str) -> Reader:
    return lambda result: len(result.get(name) or ())


def _text(name: str) -> Reader:
    return lambda result: _cut(str(result.get(name) or ""))


def _name_within(name: str) -> Reader:
    """Of the object that is the member ``name`` of the result."""
    return lambda result: str(((result.get(name) or {}).get("metadata") or {}).get("name") or "")


def _backup_of_restore(result: Result) -> str:
    return str(((result.get("restore") or {}).get("spec") or {}).get("backupName") or "")


def _longest_freeze(result: Result) -> float:
    seconds = [freeze.get("seconds") for freeze in result.get("freezes") or ()]
    return max([0.0, *(value for value in seconds if isinstance(value, (int, float)))])


def _items(result: Result) -> int:
    return sum((result.get("item_counts") or {}).values())


def _state(name: str) -> Reader:
    return lambda result: (result.get("state_counts") or {}).get(name, 0)


def _planned(result: Result) -> int:
    counts = result.get("plan_counts") or {}
    return sum(count for action, count in counts.items() if action not in _NOTHING_DONE)


_COMMON: t.Mapping[str, Reader] = {
    "arkive_failed": _has_failed,
    "arkive_changed": lambda result: bool(result.get("changed")),
    "arkive_phase": _text("phase"),
    "arkive_location": _text("location"),
    "arkive_message": _message,
    "arkive_errors": _count("errors_list"),
    "arkive_warnings": _count("warnings_list"),
}
_OF_BACKUP: t.Mapping[str, Reader] = {
    "arkive_backup_name": _name_within("backup"),
    "arkive_backup_phase": _text("phase"),
    "arkive_backup_items": _items,
    "arkive_backup_longest_freeze": _longest_freeze,
}
#: Those of each playbook beside the common ones.
_OWN: t.Mapping[str, t.Mapping[str, Reader]] = {
    "backup": _OF_BACKUP,
    "restore": {
        "arkive_backup_name": _backup_of_restore,
        "arkive_restore_name": _name_within("restore"),
        "arkive_restore_phase": _text("phase"),
        "arkive_restore_created": _state("created"),
        "arkive_restore_updated": _state("updated"),
        "arkive_restore_planned": _planned,
        "arkive_plan_digest": _text("plan_digest"),
    },
    "schedule": {
        **_OF_BACKUP,
        "arkive_schedule_last_backup": lambda result: str((result.get("last_backup") or {}).get("name") or ""),
        "arkive_schedule_next_run": _text("next_run"),
        "arkive_schedule_missed": lambda result: result.get("missed") or 0,
    },
    "prune": {
        "arkive_prune_deleted": _count("deleted"),
        "arkive_prune_freed_bytes": lambda result: result.get("freed_bytes") or 0,
    },
    "backups": {"arkive_backups": _count("backups")},
    "operations": {"arkive_operations": _operations, "arkive_operations_count": _count("operations")},
}
#: The names that each playbook leaves behind.
ARTIFACTS: t.Mapping[str, tuple[str, ...]] = {
    playbook: ("arkive_playbook", "arkive_check_mode", *_COMMON, *own) for playbook, own in _OWN.items()
}


def artifacts_of(result: Result, playbook: str, *, check_mode: bool) -> dict[str, t.Any]:
    """All of ``ARTIFACTS``, whatever the result lacks."""
    readers = {**_COMMON, **_OWN[playbook]}
    found = {name: read(result) for name, read in readers.items()}
    return {"arkive_playbook": playbook, "arkive_check_mode": check_mode, **found}


__all__ = ("ARTIFACTS", "artifacts_of")
