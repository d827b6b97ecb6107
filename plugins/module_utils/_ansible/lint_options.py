# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options for looking at hooks without running them (documented in ``k8s_hook_exec``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import kube_auth
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.report_file import write_report
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import failed_by
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.selection_options import selector_text
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import Result, Task
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issue, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
    from ansible_collections.arkive.k8s.plugins.module_utils._lint.finding import Finding
    from ansible_collections.arkive.k8s.plugins.module_utils._lint.lint_task import LintOutcome
    from ansible_collections.arkive.k8s.plugins.module_utils._lint.subjects import Subjects

LINT = ArgumentSpec(
    options={
        "src": {"type": "path"},
        "fail_on": {"type": "str", "choices": ["error", "warning", "never"], "default": "error"},
        "junit_path": {"type": "path"},
        "sarif_path": {"type": "path"},
    },
    required_by={"src": ("state",), "junit_path": ("state",), "sarif_path": ("state",)},
)


def check_lint_options(params: t.Mapping[str, t.Any]) -> None:
    """What is for ``linted`` alone, and what it needs. Raises ``ValidationError``."""
    if params["state"] != "linted":
        given = next((name for name in ("src", "junit_path", "sarif_path") if params[name]), None)
        if given:
            raise ValidationError(f"{given} is for state=linted only.", hint=f"Remove {given}, or set state: linted.")
        if not params["namespace"]:
            raise ValidationError("missing required arguments: namespace", hint="Say in which namespace the pods are.")
    elif not params["namespace"] and not params["src"]:
        raise ValidationError(
            "state=linted needs something to look at.",
            hint="Give a namespace for its pods, src for manifests, or both.",
        )


def lint_hooks(task: Task) -> Result:
    """The hooks of pods and manifests. Raises ``ArkiveError``."""
    from ansible_collections.arkive.k8s.plugins.module_utils._lint.lint_task import lint
    from ansible_collections.arkive.k8s.plugins.module_utils._lint.manifests import read_subjects
    from ansible_collections.arkive.k8s.plugins.module_utils._lint.subjects import Subjects

    params = task.params
    subjects = Subjects()
    if params["src"]:
        files = read_subjects(params["src"], subjects)
        task.progress(f"{counted(files, 'file')} read")
    client = _add_pods(task, subjects) if params["namespace"] else None
    outcome = lint(
        subjects,
        client=client,
        run_programs=not task.check_mode,
        progress=task.progress,
        cancel=task.cancel,
    )
    if not task.check_mode:
        _write_reports(params, outcome)
    return _result(outcome, params["fail_on"])


def _add_pods(task: Task, subjects: Subjects) -> KubeClient:
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
    from ansible_collections.arkive.k8s.plugins.module_utils._lint.subjects import live_subject
    from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pods import select_pods

    require_library("kubernetes")
    params = task.params
    client = connect(kube_auth(params), cancel=task.cancel)
    pods = select_pods(client, params["namespace"], pod=params["pod"] or "", label_selector=selector_text(params))
    subjects.pods += [live_subject(pod) for pod in pods]
    return client


def _write_reports(params: t.Mapping[str, t.Any], outcome: LintOutcome) -> None:
    if params["junit_path"]:
        write_report("junit_path", params["junit_path"], outcome.to_junit())
    if params["sarif_path"]:
        from ansible_collections.arkive.k8s.plugins.module_utils._lint.sarif import sarif_report

        write_report("sarif_path", params["sarif_path"], sarif_report(outcome.findings))


def _result(outcome: LintOutcome, fail_on: str) -> Result:
    failing = outcome.worse_than(fail_on)
    others = [finding for finding in outcome.findings if finding not in failing and finding.severity != "note"]
    errors = to_return([_issue(finding) for finding in failing])
    result: Result = {
        "changed": False,
        "findings": [finding.to_return() for finding in outcome.findings],
        "finding_counts": outcome.counts,
        "warnings_list": to_return([_issue(finding) for finding in others]),
        "errors_list": errors,
    }
    if failing:
        result |= failed_by(f"{counted(len(failing), 'finding')} in the hooks of what was looked at.", errors)
    return result


def _issue(finding: Finding) -> Issue:
    place = finding.place
    where = " ".join(filter(None, (f"{place.file}:{place.line}" if place.file else "", place.of_object, place.key)))
    return Issue(
        message=f"{where}: {finding.message}" if where else finding.message, reason=finding.rule, hint=finding.hint
    )


__all__ = ("LINT", "check_lint_options", "lint_hooks")
