# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Execution hooks around an operation: once for each of its namespaces (docs/compatibility 15.11, 15.13)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_plan import plan_action
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_request import ActionRequest, named_namespaces
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_run import (
    CANCELLED_DEFER_SECONDS,
    run_action,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.cluster_blueprints import fetch_blueprint
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.execution_hooks import HookReference
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.freezes import BlueprintFreezes
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import PodDefaults
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_outcome import (
    HookEvent,
    HookRun,
    PlannedHook,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_settings import HookSettings
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.kasten_objects import ReadHooks
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import Artifact, Blueprint
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.reading import ReadBlueprint, read_blueprint
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.secret_mask import SecretMask
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.subject import Subject
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.pod_objects import sweep_pods
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.validation import require_action, validate_action
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeRecord

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 2.0, 30.0


class ExecutionHookRunner:
    """Runs the hooks of one operation. ``runs`` holds all that ran so far, also after an error."""

    def __init__(
        self, run: ClusterRun, given: ReadHooks, settings: HookSettings, *, makes_namespaces: bool = False
    ) -> None:
        """``makes_namespaces``: they may come with the operation, after the pre_hook."""
        hooks = given.hooks
        self._run = run
        self._ignored = given.ignored
        self._hooks: dict[HookEvent, HookReference | None] = {
            "pre_hook": hooks.pre_hook,
            "on_success": hooks.on_success,
            "on_failure": hooks.on_failure,
        }
        self._settings = settings
        self._makes_namespaces = makes_namespaces
        self._mask = SecretMask()
        self._blueprints: dict[HookEvent, Blueprint] = {}
        self._namespaces: tuple[str, ...] = ()
        self._begun: list[str] = []
        self._artifacts: dict[str, t.Mapping[str, Artifact]] = {}
        #: By namespace: what its hooks hold frozen, from the pre_hook until the later ones thaw it.
        self._freezes: dict[str, BlueprintFreezes] = {}
        self.runs: list[HookRun] = []

    def prepare(self, namespaces: t.Iterable[str], *, dry_run: bool = False) -> None:
        """Read all blueprints, and see that each hook can be run. Raises ``ArkiveError`` before anything runs.

        Pods that dead runs have left are removed, unless it is a ``dry_run``.
        """
        self._namespaces = tuple(dict.fromkeys(namespaces))
        if not any(self._hooks.values()):
            return
        if self._ignored:
            self._run.issues.warning(f"Ignored in execution_hooks: {', '.join(self._ignored)}.")
        for event, reference in self._hooks.items():
            if reference is not None:
                self._require_subject(event, reference)
                self._blueprints[event] = self._blueprint(event, reference)
        if not dry_run:
            self._sweep()

    def plan(self) -> list[PlannedHook]:
        """What would run, in its order, after ``prepare``. Raises ``ArkiveError`` where a pre_hook would fail so."""
        planned: list[PlannedHook] = []
        for event in self._blueprints:
            for namespace in self._namespaces_of(event):
                request = self._request(event, namespace)
                # What comes after the operation reads artifacts and objects that are not there yet.
                phases = plan_action(self._run, request, self._mask) if event == "pre_hook" else []
                planned.append(
                    PlannedHook(
                        event=event,
                        namespace=namespace,
                        blueprint=request.blueprint.name,
                        action_name=request.action_name,
                        subject=str(request.subject),
                        phases=tuple(phases),
                    )
                )
        return planned

    def before(self, run: ClusterRun | None = None) -> None:
        """The pre_hook in each namespace. Raises ``BlueprintError`` at the first that fails: nothing may follow.

        ``run``: where another log is open by now than at ``prepare``.
        """
        self._run = run or self._run
        self._run.cancel.check()
        self._begun = list(self._namespaces if "pre_hook" not in self._blueprints else ())
        for namespace in self._namespaces_of("pre_hook"):
            self._begun.append(namespace)
            done = self._run_with_retries("pre_hook", namespace)
            self._artifacts[namespace] = done.action.artifacts
            if not done.is_complete:
                self._run.cancel.check()
                raise BlueprintError(
                    f"The pre_hook of namespace {namespace} failed, so that nothing else was begun: {done.action.error}"
                )

    def after(self, run: ClusterRun, *, succeeded: bool) -> list[str]:
        """The on_success hooks, or the on_failure ones where ``before`` had begun. What failed of them, as sentences.

        An on_success hook that fails is followed by the on_failure hook of its namespace. ``run``: the log of the
        operation may be closed by now. What is still frozen in the end is thawed.
        """
        self._run = run
        for freezes in self._freezes.values():
            freezes.report_to(run.issues)
        left: list[str] = []
        try:
            errors = self._after(succeeded=succeeded)
        finally:
            for freezes in self._freezes.values():
                left += freezes.release_left()
        return errors + left

    def _after(self, *, succeeded: bool) -> list[str]:
        failed = [] if succeeded else list(self._begun)
        errors: list[str] = []
        if succeeded:
            for namespace in self._namespaces_of("on_success"):
                done = self._run_with_retries("on_success", namespace)
                if not done.is_complete:
                    failed.append(namespace)
                    errors.append(f"The on_success hook of namespace {namespace} failed: {done.action.error}")
        for namespace in self._namespaces_of("on_failure"):
            if namespace in failed:
                done = self._run_once("on_failure", namespace, attempt=1)
                if not done.is_complete:
                    errors.append(f"The on_failure hook of namespace {namespace} failed: {done.action.error}")
        return errors

    @property
    def freezes(self) -> list[FreezeRecord]:
        """Of file systems that these hooks have frozen, and that are thawed."""
        return [record for freezes in self._freezes.values() for record in freezes.records]

    def _namespaces_of(self, event: HookEvent) -> list[str]:
        """Where its hook runs: in all of them, or where its subject is."""
        reference = self._hooks[event]
        if reference is None or event not in self._blueprints:
            return []
        own = reference.subject.namespace if reference.subject is not None else ""
        return [name for name in self._namespaces if own in ("", name)]

    def _require_subject(self, event: HookEvent, reference: HookReference) -> None:
        subject = reference.subject
        if subject is not None and subject.namespace and subject.namespace not in self._namespaces:
            raise ValidationError(
                f"The subject {subject.name} of the {event} hook is in namespace {subject.namespace}, where nothing is "
                "restored.",
                hint=f"Namespaces of this restore are {', '.join(self._namespaces) or 'none'}.",
            )

    def _blueprint(self, event: HookEvent, reference: HookReference) -> Blueprint:
        read = self._read(reference)
        require_action(read.blueprint, reference.action_name)
        findings = (*read.findings, *validate_action(read.blueprint.actions[reference.action_name]))
        for finding in findings:
            if finding.level == "warning":
                self._run.issues.warning(f"Blueprint {read.blueprint.name} of the {event} hook: {finding.sentence}")
        return read.blueprint

    def _read(self, reference: HookReference) -> ReadBlueprint:
        if reference.definition is not None:
            return read_blueprint(reference.definition, source=f"the blueprint {reference.blueprint} of the hooks")
        return fetch_blueprint(self._run.client, reference.blueprint, self._settings.blueprint_namespace)

    def _sweep(self) -> None:
        """What dead runs have left where pods of these hooks may be."""
        namespaces = {*self._namespaces, self._settings.pod_namespace}
        for event, blueprint in self._blueprints.items():
            namespaces |= named_namespaces(blueprint.actions[t.cast(HookReference, self._hooks[event]).action_name])
        swept, notes = sweep_pods(self._run.client, namespaces - {""})
        self._run.issues.add_warnings(f"Pod {name}, which a dead run had left, was removed." for name in swept)
        self._run.issues.add_warnings(notes)

    def _run_with_retries(self, event: HookEvent, namespace: str) -> HookRun:
        """From the first phase each time, as Kasten does it. Only the last attempt is kept."""
        pause = _FIRST_PAUSE_SECONDS
        for attempt in range(1, self._settings.retries + 2):
            done = self._run_once(event, namespace, attempt=attempt)
            if done.action.state != "failed" or attempt > self._settings.retries:
                return done
            self._run.progress(f"{event} of {namespace} failed, and is run again in {pause:.0f} s")
            if self._run.cancel.wait(pause):
                return done
            self.runs.pop()
            self._run.issues.add_errors(self._freezes[namespace].release_left())
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        return done

    def _run_once(self, event: HookEvent, namespace: str, *, attempt: int) -> HookRun:
        run, request = self._run, self._request(event, namespace)
        if event == "on_failure" and run.cancel.is_cancelled:
            # What the pre_hook did is undone although the run is cancelled; whoever cancelled it waits.
            run = run.uncancelled()
            seconds = min(request.phase_seconds, CANCELLED_DEFER_SECONDS)
            request = dataclasses.replace(request, phase_seconds=seconds)
        self._run.progress(f"{event} of {namespace}: {request.action_name} of blueprint {request.blueprint.name}")
        freezes = self._freezes.setdefault(namespace, BlueprintFreezes(run, self._settings.freeze_policy))
        action = run_action(run, request, self._mask, freezes)
        done = HookRun(event=event, namespace=namespace, action=action, attempts=attempt)
        self.runs.append(done)
        return done

    def _request(self, event: HookEvent, namespace: str) -> ActionRequest:
        reference = t.cast(HookReference, self._hooks[event])
        settings = self._settings
        return ActionRequest(
            blueprint=self._blueprints[event],
            action_name=reference.action_name,
            subject=_subject(reference, namespace),
            pods=PodDefaults(
                namespace=settings.pod_namespace or namespace,
                service_account=settings.service_account,
                kasten_namespace=settings.blueprint_namespace,
            ),
            artifacts_in=self._artifacts.get(namespace, {}),
            phase_seconds=settings.phase_seconds,
            namespace_may_be_missing=self._makes_namespaces and event != "on_success",
        )


def _subject(reference: HookReference, namespace: str) -> Subject:
    given = reference.subject
    if given is None:
        return Subject.of_namespace(namespace)
    return Subject.of(
        kind=given.kind,
        name=given.name,
        namespace=namespace,
        api_version=given.api_version,
        group=given.group,
        resource=given.resource,
    )


__all__ = ("ExecutionHookRunner",)
