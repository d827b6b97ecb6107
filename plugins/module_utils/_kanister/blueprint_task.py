# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task does with blueprints: checks them, shows what an action would do, or runs it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issue, Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_outcome import ActionOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_plan import (
    PlannedPhase,
    plan_action,
    planned_entries,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_request import ActionRequest, named_namespaces
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_run import run_action
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.finding import Finding
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.freezes import BlueprintFreezes
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.reading import ReadBlueprint
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.result_size import MOST_ENTRIES, first_entries
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.secret_mask import SecretMask
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.pod_objects import sweep_pods
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.validation import validate_action, validate_blueprint
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy

_LEFT_FROZEN = (
    "What the action froze is thawed with its end. Let one action freeze and thaw, or name the one that freezes as the "
    "pre_hook of a backup and the one that thaws as its on_success and on_failure."
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlueprintOutcome:
    """``findings``: with the names of their blueprints. ``action``: None where nothing was to be run.

    ``swept``: pods of dead runs that were removed.
    """

    issues: Issues
    findings: tuple[tuple[str, Finding], ...] = ()
    request: ActionRequest | None = None
    action: ActionOutcome | None = None
    planned: tuple[PlannedPhase, ...] = ()
    swept: tuple[str, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether one of the blueprints would not be run."""
        return any(finding.level != "warning" for _name, finding in self.findings)

    def to_return(self, *, show_secrets: bool = False) -> dict[str, t.Any]:
        """The keys of a task's result."""
        request, action = self.request, self.action
        findings = [{"blueprint": name, **finding.to_return()} for name, finding in self.findings]
        ran = action.to_return(show_secrets=show_secrets) if action is not None else {}
        return {
            "changed": bool(action is not None and action.has_begun) or bool(self.planned),
            "blueprint": request.blueprint.name if request else "",
            "action_name": request.action_name if request else "",
            "subject": str(request.subject) if request else "",
            "action_state": ran.get("state", ""),
            "phases": ran.get("phases", []),
            "defer_phase": ran.get("defer_phase"),
            "artifacts": ran.get("artifacts", {}),
            "planned": planned_entries(self.planned),
            "swept": list(self.swept),
            "findings": first_entries(findings, is_needed=lambda entry: entry["level"] != "warning"),
            "warnings_list": _listed(self.issues.warnings, "warnings"),
            "errors_list": _listed(self.issues.errors, "errors"),
        }


def _listed(issues: t.Sequence[Issue], what: str) -> list[dict[str, str]]:
    """As many as a result lists, and how many more there are."""
    more = len(issues) - MOST_ENTRIES
    rest = [Issue(message=f"There are {more} more {what}.")] if more > 0 else []
    return to_return([*issues[:MOST_ENTRIES], *rest])


def validate_blueprints(blueprints: t.Iterable[ReadBlueprint]) -> BlueprintOutcome:
    """Everything that is to be said of them; nothing is run, and no cluster is asked."""
    issues = Issues()
    findings = [
        (each.blueprint.name, finding)
        for each in blueprints
        for finding in (*each.findings, *validate_blueprint(each.blueprint))
    ]
    _report(findings, issues)
    return BlueprintOutcome(issues=issues, findings=tuple(findings))


def plan_blueprint(run: ClusterRun, request: ActionRequest, found: t.Sequence[Finding] = ()) -> BlueprintOutcome:
    """What the action would do. ``found``: when the blueprint was read. Raises ``ArkiveError`` where the run would."""
    whole = _checked(run, request, found)
    return dataclasses.replace(whole, planned=tuple(plan_action(run, request, SecretMask())))


def run_blueprint(run: ClusterRun, request: ActionRequest, found: t.Sequence[Finding] = ()) -> BlueprintOutcome:
    """Run the action; how it ended is in the outcome. Raises ``ArkiveError`` for what cannot be run at all."""
    whole = _checked(run, request, found)
    namespaces = {request.pods.namespace, request.subject.namespace, *named_namespaces(request.action)}
    swept, notes = sweep_pods(run.client, namespaces)
    run.issues.add_warnings(notes)
    action, left = _run_guarded(run, request)
    for error in (action.error, *action.later_errors, *left):
        if error:
            run.issues.error(error)
    return dataclasses.replace(whole, action=action, swept=tuple(swept))


def _run_guarded(run: ClusterRun, request: ActionRequest) -> tuple[ActionOutcome, list[str]]:
    """The action, and what went wrong when its end thawed what no phase had thawed."""
    freezes = BlueprintFreezes(run, FreezePolicy())
    try:
        action = run_action(run, request, SecretMask(), freezes)
        left = [_LEFT_FROZEN] if freezes.holds else []
    finally:
        errors = freezes.release_left()
    return action, left + errors


def _checked(run: ClusterRun, request: ActionRequest, found: t.Sequence[Finding]) -> BlueprintOutcome:
    name = request.blueprint.name
    findings = [(name, finding) for finding in (*found, *validate_action(request.action))]
    _report([entry for entry in findings if entry[1].level == "warning"], run.issues)
    return BlueprintOutcome(issues=run.issues, findings=tuple(findings), request=request)


def _report(findings: t.Iterable[tuple[str, Finding]], issues: Issues) -> None:
    for name, finding in findings:
        said = f"{finding.place}: {finding.message}" if finding.place else finding.message
        issue = Issue(message=f"Blueprint {name}: {said}", hint=finding.hint)
        issues.extend(**{"warnings" if finding.level == "warning" else "errors": [issue]})


__all__ = ("BlueprintOutcome", "plan_blueprint", "run_blueprint", "validate_blueprints")
