# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""The warnings and errors of a run's log, as a task returns them."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import Level, LogEntry, RunLog


def list_issues(log: RunLog, level: Level) -> list[dict[str, t.Any]]:
    """The entries of ``level``: dicts with resource, namespace, name, message, reason and hint."""
    return [_describe(entry) for entry in log.entries if entry.level == level]


def _describe(entry: LogEntry) -> dict[str, t.Any]:
    fields = entry.fields
    error = fields.get("error", "")
    issue = {name: str(fields.get(name, "")) for name in ("resource", "namespace", "name")}
    issue["message"] = f"{entry.message}: {error}" if error else entry.message
    return issue | {name: str(fields.get(name, "")) for name in ("reason", "hint")}


__all__ = ("list_issues",)
