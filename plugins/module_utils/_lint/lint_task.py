# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look at the hooks of live pods, and at those in manifests. Nothing is changed anywhere."""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.junit import JUnitCase, junit_document
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.spec_hooks import ResolvedRule, resolve_rules
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._lint.finding import SEVERITIES, Finding, Place, ordered
from ansible_collections.arkive.k8s.plugins.module_utils._lint.hook_commands import command_findings, rule_findings
from ansible_collections.arkive.k8s.plugins.module_utils._lint.pod_checks import hooks_in, pod_findings
from ansible_collections.arkive.k8s.plugins.module_utils._lint.programs import program_findings
from ansible_collections.arkive.k8s.plugins.module_utils._lint.subjects import PodSubject, RuleSubject, Subjects
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import ApiObjectReader

_POD_NAMES = {"po": "pods", "pod": "pods"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LintOutcome:
    """``findings``: errors first. ``looked_at``: the places of all that was gone through."""

    findings: tuple[Finding, ...]
    looked_at: tuple[Place, ...]

    @property
    def counts(self) -> dict[str, int]:
        """By severity."""
        found = collections.Counter(finding.severity for finding in self.findings)
        return {severity: found[severity] for severity in SEVERITIES}

    def worse_than(self, severity: str) -> list[Finding]:
        """Those of ``severity`` and above it."""
        most = SEVERITIES.index(severity) if severity in SEVERITIES else -1
        return [finding for finding in self.findings if SEVERITIES.index(finding.severity) <= most]

    def to_junit(self) -> bytes:
        """A case for each place, which fails with its errors and warnings."""
        found: dict[tuple[str, str], list[Finding]] = {(place.file, place.of_object): [] for place in self.looked_at}
        for finding in self.findings:
            found.setdefault((finding.place.file, finding.place.of_object), []).append(finding)
        return junit_document("hooks", [_case(file, name, entries) for (file, name), entries in found.items()])


def lint(
    subjects: Subjects,
    *,
    client: KubeClient | None = None,
    run_programs: bool = True,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
) -> LintOutcome:
    """All of ``subjects``. ``client``: for live pods. ``run_programs``: their containers are asked for programs."""
    cancel = cancel or CancelToken()
    rules = [rule for subject in subjects.rules for rule in subject.rules]
    resolved = resolve_rules(rules, lambda name: _POD_NAMES.get(name, name))
    found = list(subjects.findings)
    for subject in subjects.rules:
        found += _rules(subject, resolved, subjects.pods)
    reader = ApiObjectReader(client) if client is not None else None
    for at, pod in enumerate(subjects.pods):
        cancel.check()
        found += pod_findings(pod, resolved, reader if pod.is_live else None)
        if client is not None and pod.is_live and run_programs:
            progress(f"{pod.place.of_object}: looking for the programs of its hooks ({at + 1} of {len(subjects.pods)})")
            found += program_findings(client, pod, hooks_in(pod, resolved))
    places = (*(pod.place for pod in subjects.pods), *(subject.place for subject in subjects.rules))
    return LintOutcome(findings=tuple(ordered(found)), looked_at=places)


def _rules(
    subject: RuleSubject, resolved: t.Sequence[ResolvedRule], pods: t.Sequence[PodSubject]
) -> t.Iterator[Finding]:
    known = {entry.rule: entry for entry in resolved}
    for rule in subject.rules:
        yield from rule_findings(rule, lambda spot, name=rule.name: _spot(subject, name, spot))  # type: ignore[misc]
        entry = known.get(rule)
        if entry is None:
            said = f"The hook rule '{rule.name}' is not for pods, so that it never runs."
            yield Finding.of("rule-off-pods", _spot(subject, rule.name, ""), said, hint="Include pods.")
        elif pods and not any(entry.matches(pod.pod) for pod in pods):
            said = f"The hook rule '{rule.name}' fits none of the pods that were looked at."
            hint = "Check its namespaces and labels against the pods."
            yield Finding.of("rule-off-pods", _spot(subject, rule.name, ""), said, hint=hint)
    for restore_rule in subject.restore_rules:
        for at, post in enumerate(restore_rule.post_hooks):
            if post.exec is not None:
                place = _spot(subject, restore_rule.name, f"postHooks[{at}]")
                yield from command_findings(post.exec.command, place)


def _spot(subject: RuleSubject, rule: str, spot: str) -> Place:
    return dataclasses.replace(subject.place, key=".".join(filter(None, (f"{subject.where}[{rule}]", spot))))


def _case(file: str, name: str, findings: t.Sequence[Finding]) -> JUnitCase:
    failed = [finding for finding in findings if finding.severity != "note"]
    notes = [finding.message for finding in findings if finding.severity == "note"]
    lines = [f"{each.severity} {each.rule} {each.place.key}: {each.message} {each.hint}".strip() for each in failed]
    return JUnitCase(
        group=file or "cluster",
        name=name or file,
        failure=failed[0].message if failed else "",
        kind=failed[0].rule if failed else "",
        details="\n".join(lines),
        skipped=notes[0] if notes else "",
    )


__all__ = ("LintOutcome", "lint")
