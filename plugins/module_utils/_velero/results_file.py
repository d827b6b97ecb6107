# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results file of a run: its warnings and errors, as Velero condenses them (docs/compatibility 5.14)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issue, Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import printable

_RESULT = re.compile(
    r"(?: resource: /(?P<resource>\S*))?(?: name: /(?P<name>\S*))?"
    r"(?: message: /(?P<message>.*?))?(?: error: /(?P<error>.*))?",
    re.DOTALL,
)


@dataclass(slots=True)
class _Buckets:
    """Messages as in a results file: about the run, about cluster-scoped objects, about each namespace's."""

    velero: list[str] = field(default_factory=list)
    cluster: list[str] = field(default_factory=list)
    namespaces: dict[str, list[str]] = field(default_factory=dict)

    def add(self, message: str, *, namespace: str | None = None) -> None:
        """``namespace`` None: the run itself; empty: a cluster-scoped object. Velero prints it as it is."""
        message = printable(message)
        if namespace is None:
            self.velero.append(message)
        elif namespace == "":
            self.cluster.append(message)
        else:
            self.namespaces.setdefault(namespace, []).append(message)

    def to_dict(self) -> dict[str, t.Any]:
        """The file's form: an empty bucket is left out."""
        buckets = {"velero": self.velero, "cluster": self.cluster, "namespaces": self.namespaces}
        return {name: bucket for name, bucket in buckets.items() if bucket}


def backup_results(issues: Issues) -> dict[str, t.Any]:
    """``{"errors": R, "warnings": R}`` with ``R = {velero, cluster, namespaces}``, empty members left out.

    What has no namespace is the run's; a text names the object.
    """
    return _results(issues, result_text, lambda issue: issue.namespace or None)


def restore_results(issues: Issues) -> dict[str, t.Any]:
    """The same of a restore: a text is the message, and what is about an object of the cluster has a bucket."""
    return _results(issues, lambda issue: issue.message, lambda issue: issue.namespace if _is_placed(issue) else None)


def result_text(issue: Issue) -> str:
    """How Velero condenses a line of a backup's log; the blank in front is Velero's too."""
    members = {"resource": issue.resource, "name": issue.name, "message": issue.message, "error": issue.error}
    return "".join(f" {name}: /{value}" for name, value in members.items() if value)


def parse_results(results: t.Mapping[str, t.Any]) -> Issues:
    """What a results file says, whoever wrote it."""
    issues = Issues()
    issues.extend(
        errors=_parse_buckets(results.get("errors") or {}), warnings=_parse_buckets(results.get("warnings") or {})
    )
    return issues


def parse_result_text(text: str, namespace: str = "") -> Issue:
    """The reverse of ``result_text``; other words are a message."""
    found = _RESULT.fullmatch(text)
    if found is None or not any(found.groups()):
        return Issue(message=text.strip(), namespace=namespace)
    members = {name: value.strip() for name, value in found.groupdict().items() if value}
    return Issue(**{"message": "", "namespace": namespace, **members})


def _parse_buckets(buckets: t.Mapping[str, t.Any]) -> list[Issue]:
    found = [parse_result_text(text) for text in [*(buckets.get("velero") or []), *(buckets.get("cluster") or [])]]
    for namespace, texts in sorted((buckets.get("namespaces") or {}).items()):
        found += [parse_result_text(text, namespace) for text in texts]
    return found


def _is_placed(issue: Issue) -> bool:
    return bool(issue.namespace or issue.resource)


def _results(
    issues: Issues, text_of: t.Callable[[Issue], str], namespace_of: t.Callable[[Issue], str | None]
) -> dict[str, t.Any]:
    found = {}
    for name, given in (("errors", issues.errors), ("warnings", issues.warnings)):
        buckets = _Buckets()
        for issue in given:
            buckets.add(text_of(issue), namespace=namespace_of(issue))
        found[name] = buckets.to_dict()
    return found


__all__ = ("backup_results", "parse_result_text", "parse_results", "restore_results", "result_text")
