# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Warnings and errors of a restore, for the task's result and for Velero's results file (docs/compatibility 5.14)."""

from __future__ import annotations

import dataclasses
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import ResultBuckets, RunLog


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """Something to tell: of a (target) namespace, else of the cluster if it has a ``resource``, else of the run."""

    message: str
    resource: str = ""
    namespace: str = ""
    name: str = ""
    reason: str = ""
    hint: str = ""

    def to_return(self) -> dict[str, str]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


class RestoreIssues:
    """Collects issues from all threads and logs each as it comes."""

    def __init__(self, log: RunLog) -> None:
        self._log = log
        self._lock = threading.Lock()
        self.warnings: list[Issue] = []
        self.errors: list[Issue] = []

    def warning(self, message: str, **where: str) -> None:
        issue = Issue(message=message, **where)
        with self._lock:
            self.warnings.append(issue)
        self._log.warning(message, **_log_fields(issue))

    def error(self, message: str, **where: str) -> None:
        issue = Issue(message=message, **where)
        with self._lock:
            self.errors.append(issue)
        self._log.error(message, **_log_fields(issue))

    def to_velero(self) -> dict[str, t.Any]:
        """``{"errors": R, "warnings": R}`` with ``R = {velero, cluster, namespaces}``, empty members left out."""
        return {"errors": _buckets(self.errors), "warnings": _buckets(self.warnings)}

    def log_summary(self) -> None:
        """The closing lines of Velero's restore log."""
        for level, issues in (("warning", self.warnings), ("error", self.errors)):
            for issue in issues:
                if issue.namespace:
                    where = f"Namespace {issue.namespace}, resource restore"
                else:
                    where = "Cluster resource restore" if issue.resource else "Velero restore"
                self._log.info(f"{where} {level}: {issue.message}")
        self._log.info("restore completed")


def _log_fields(issue: Issue) -> dict[str, str]:
    fields = {"resource": issue.resource, "namespace": issue.namespace, "name": issue.name}
    return {key: value for key, value in fields.items() if value}


def _buckets(issues: t.Sequence[Issue]) -> dict[str, t.Any]:
    buckets = ResultBuckets()
    for issue in issues:
        of_run = not issue.namespace and not issue.resource
        buckets.add(issue.message, namespace=None if of_run else issue.namespace)
    return buckets.to_dict()


__all__ = ("Issue", "RestoreIssues")
