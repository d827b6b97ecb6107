# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of each module's result, with the value that is there when the run did not get so far.

A result has all of these however the task ended, and no others but Ansible's own (``failed``, ``msg``, ``diff``, ...):
``tests/unit/plugins/modules/test_result_keys.py`` compares them with what RETURN documents.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

ResultKeys: t.TypeAlias = "t.Mapping[str, t.Any]"

_COMMON: ResultKeys = {
    "changed": False,
    "warnings_list": [],
    "errors_list": [],
    "error_details": {},
    # What a large result has not whole, and where that is.
    "left_out": {},
    "result_path": None,
}

#: Of a run with records, beside which there is room for the rest of a large result.
_STORED: ResultKeys = {"result_key": None}

K8S_ACCESS_INFO: ResultKeys = {
    **_COMMON,
    "allowed": False,
    "lacking": [],
    "grant": "",
    "roles": [],
    "yaml": "",
    "elsewhere": [],
}

#: Of a backup that was made.
_BACKUP: ResultKeys = {
    "backup": {},
    "phase": "",
    "commit_point": {},
    "item_counts": {},
    "hooks": [],
    "execution_hooks": [],
    "freezes": [],
    "quiesces": [],
    "swept": [],
    "volumes": [],
    "timings": {},
    "location": "",
}

K8S_BACKUP: ResultKeys = {**_COMMON, **_STORED, **_BACKUP, "deleted": [], "deleted_snapshots": [], "hold": None}

K8S_BACKUP_PRUNE: ResultKeys = {
    **_COMMON,
    "backups": [],
    "deleted": [],
    "freed_bytes": 0,
    "leftovers": [],
    "location": "",
}

K8S_BACKUP_SCHEDULE: ResultKeys = {
    **_COMMON,
    **_STORED,
    **_BACKUP,
    "last_backup": None,
    "next_run": None,
    "due_since": None,
    "missed": 0,
    "running": "",
}

K8S_BACKUP_SYNC: ResultKeys = {
    **_COMMON,
    "created": [],
    "removed": [],
    "skipped": [],
    "kept": [],
    "pod_volume_backups": 0,
    "location_created": False,
    "api_version": "",
    "namespace": "",
    "location": "",
}

K8S_BACKUP_VERIFY: ResultKeys = {
    **_COMMON,
    "name": "",
    "phase": "",
    "sound": False,
    "problems": [],
    "files": [],
    "objects": 0,
    "objects_read": 0,
    "snapshots": [],
    "verification": {},
    "recorded": False,
    "location": "",
}

K8S_BACKUP_DIFF: ResultKeys = {
    **_COMMON,
    "backup": "",
    "compared_with": "",
    "differs": False,
    "counts": {},
    "objects": [],
    "diffs_left_out": 0,
    "location": "",
}

K8S_BACKUP_EXPORT: ResultKeys = {
    **_COMMON,
    "backup": "",
    "written": [],
    "removed": [],
    "files": 0,
    "objects_left_out": {},
    "secrets": [],
}

K8S_BACKUP_INFO: ResultKeys = {
    **_COMMON,
    "backups": [],
    "table": [],
    "query_result": None,
    "extracted": None,
    "incomplete": [],
    "location": "",
}

K8S_BLUEPRINT: ResultKeys = {
    **_COMMON,
    "blueprint": "",
    "action_name": "",
    "subject": "",
    "action_state": "",
    "phases": [],
    "defer_phase": None,
    "artifacts": {},
    "planned": [],
    "findings": [],
    "swept": [],
}

K8S_DB_DUMP: ResultKeys = {**_COMMON, "dump": {}, "planned": "", "location": ""}

K8S_DB_VERIFY: ResultKeys = {
    **_COMMON,
    "sound": False,
    "problems": [],
    "certificate": {},
    "scratch_namespace": "",
    "brought": [],
    "planned": [],
    "server_log": [],
    "swept": [],
    "recorded": False,
    "timings": {},
}

K8S_GITOPS: ResultKeys = {**_COMMON, "run": "", "owners": [], "paused": [], "resumed": []}

K8S_HOOK_EXEC: ResultKeys = {
    **_COMMON,
    "hooks": [],
    "rc": None,
    "stdout": None,
    "stderr": None,
    "freezes": [],
    "quiesces": [],
    "lease_ids": [],
    "lease_id": None,
    "swept": [],
    "findings": [],
    "finding_counts": {},
}

K8S_BACKUP_REPORT: ResultKeys = {
    **_COMMON,
    "backup": "",
    "phase": "",
    "written": [],
    "message_counts": {},
    "late_schedules": [],
    "location": "",
}

K8S_BACKUP_REPOSITORY: ResultKeys = {
    **_COMMON,
    "repository": {},
    "repositories": [],
    "snapshots": [],
    "missing": [],
    "forgotten": [],
    "maintenance": {},
    "verification": {},
    "damage": [],
    "copied": {},
    "location": "",
}

K8S_RESTORE: ResultKeys = {
    **_COMMON,
    **_STORED,
    "restore": {},
    "phase": "",
    "plan": [],
    "plan_table": [],
    "plan_path": None,
    "plan_digest": "",
    "plan_counts": {},
    "state_counts": {},
    "waves": [],
    "item_counts": {},
    "workloads": None,
    "gitops": {},
    "roll_back": [],
    "diffs_left_out": 0,
    "volumes": [],
    "hooks": [],
    "execution_hooks": [],
    "timings": {},
    "recorded": False,
    "location": "",
}

K8S_RESTORE_INFO: ResultKeys = {**_COMMON, "restores": [], "query_result": None, "location": ""}

K8S_SNAPSHOT: ResultKeys = {
    **_COMMON,
    "snapshots": [],
    "hooks": [],
    "execution_hooks": [],
    "freezes": [],
    "quiesces": [],
    "freeze_window_seconds": 0.0,
    "swept": [],
    "timings": {},
}

K8S_SNAPSHOT_INFO: ResultKeys = {**_COMMON, "snapshots": []}

K8S_VELERO_OPERATIONS: ResultKeys = {
    **_COMMON,
    "namespace": "",
    "passes": 0,
    "busy": "",
    "operations": [],
    "created": [],
    "removed": [],
    "kept": [],
}

__all__ = (
    "K8S_ACCESS_INFO",
    "K8S_BACKUP",
    "K8S_BACKUP_DIFF",
    "K8S_BACKUP_EXPORT",
    "K8S_BACKUP_INFO",
    "K8S_BACKUP_PRUNE",
    "K8S_BACKUP_REPORT",
    "K8S_BACKUP_REPOSITORY",
    "K8S_BACKUP_SCHEDULE",
    "K8S_BACKUP_SYNC",
    "K8S_BACKUP_VERIFY",
    "K8S_BLUEPRINT",
    "K8S_DB_DUMP",
    "K8S_DB_VERIFY",
    "K8S_GITOPS",
    "K8S_HOOK_EXEC",
    "K8S_RESTORE",
    "K8S_RESTORE_INFO",
    "K8S_SNAPSHOT",
    "K8S_SNAPSHOT_INFO",
    "K8S_VELERO_OPERATIONS",
    "ResultKeys",
)
