# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""File systems that a blueprint freezes in one phase, or hook, and thaws in a later one: guarded as those of pod hooks.

Each freeze is examined first, marked, and has a timer in its container, which is renewed while this process lives, up
to ``freeze_max``. Who thaws it is told when the timer was faster.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookPolicy, HookResult, Phase
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.active_freeze import ActiveFreeze
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import ApiObjectReader
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import read_pod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.marked_freezes import freezes_of
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy, FreezeRecord
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import Preflight
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_block import (
    CriticalSection,
    QuiescedPod,
    SectionSettings,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import Recognition, recognise_hook
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.release import Releaser
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.sweeping import sweep_namespaces

#: What commands print is logged by who runs them, without secrets.
_HOOKS = HookPolicy(log_output=False)
_LONGER = (
    "{words} freezes {paths} until a later phase or hook thaws it. As a pre and a post hook of the pod it would be "
    "frozen for as long as its snapshot takes only."
)


class BlueprintFreezes:
    """Those of one operation, with all of its hooks. Thread-safe. ``records``: of freezes that are over."""

    def __init__(self, run: ClusterRun, policy: FreezePolicy) -> None:
        self.policy = policy
        # What a section reports to its run is in the sentences of the phase.
        self._settings = SectionSettings(run=run.with_issues(Issues()), policy=policy, hooks=_HOOKS)
        self._issues = run.issues
        self._lock = threading.Lock()
        self._sections: list[tuple[Object, CriticalSection]] = []
        self.records: list[FreezeRecord] = []

    def report_to(self, issues: Issues) -> None:
        """Warn there from now on: the log of an operation is closed before its last hooks run."""
        self._issues = issues

    @property
    def holds(self) -> bool:
        """Something is frozen, or may be."""
        with self._lock:
            return bool(self._sections)

    def freeze(self, pod: Object, hook: Hook, words: str) -> HookResult:
        """Run a command that freezes. Raises ``BlueprintError`` where that is refused; then nothing ran.

        A command that fails is released at once. ``words``: who wants that, for sentences.
        """
        run = self._settings.run
        namespace = pod_identity(pod)[0]
        sweeping = sweep_namespaces(run.client, [pod], [namespace], helper=self.policy.helper_pod)
        self._issues.add_warnings([*(each.error for each in sweeping.ended if each.error), *sweeping.notes])
        plan = Preflight(run.client, ApiObjectReader(run.client), policy=self.policy).examine(pod, hook)
        if plan.refusal:
            raise BlueprintError(plan.refusal)
        if plan.targets:
            paths = ", ".join(target.where for target in plan.targets)
            self._issues.warning(_LONGER.format(words=f"{words[:1].upper()}{words[1:]}", paths=paths))
        section = CriticalSection([QuiescedPod(pod=pod, pre=[plan], post=[])], self._settings)
        try:
            section.quiesce()
            run.cancel.check()
        except BaseException:
            self._release(section)
            raise
        [result] = section.results
        if not result.failed and not _thaws_itself(hook):
            self._issues.add_warnings(section.warnings)
            with self._lock:
                self._sections.append((pod, section))
            return result
        errors = self._release(section)
        if errors:
            raise BlueprintError(" ".join(filter(None, (result.error, *errors))))
        return result

    def thaw(self, pod: Object, hook: Hook, found: Recognition) -> HookResult:
        """Run a command that thaws, as the release of what was frozen by an earlier phase, or by another run.

        Raises ``BlueprintError`` when it was not frozen all the time, and where the thaw is not proven.
        """
        paths = {command.path for command in found.thaws}
        active = self._take_over(pod, paths) or self._marked(pod, hook, paths)
        warnings: list[str] = []
        releaser = Releaser(self._settings.run, _HOOKS, helper=self.policy.helper_pod, warnings=warnings)
        try:
            [result] = releaser.release(pod, active, [hook])
        finally:
            self._issues.add_warnings(warnings)
            self.records += [record for freeze in active for record in freeze.records]
        if releaser.errors:
            raise BlueprintError(" ".join(releaser.errors))
        return result

    def release_left(self) -> list[str]:
        """Thaw what no phase has thawed, also in a run that was cancelled; that is a warning.

        Returns what went wrong with that.
        """
        with self._lock:
            left, self._sections = self._sections, []
        errors: list[str] = []
        for pod, section in left:
            self._issues.warning(
                f"What a blueprint has frozen in pod {'/'.join(pod_identity(pod))} was thawed by no phase of it."
            )
            errors += self._release(section)
        return errors

    def hand_over(self) -> list[str]:
        """Leave what is frozen to its timers, for a later run to thaw. Returns their ids."""
        with self._lock:
            left, self._sections = self._sections, []
        return [freeze.timer.lease_id for _pod, section in left for freeze in section.hand_over()]

    def _release(self, section: CriticalSection) -> list[str]:
        section.release()
        self.records += section.freezes
        self._issues.add_warnings(section.warnings)
        return list(section.errors)

    def _take_over(self, pod: ObjectView, paths: t.Collection[str]) -> list[ActiveFreeze]:
        """What this process holds of these paths; it is renewed no more."""
        taken: list[ActiveFreeze] = []
        with self._lock:
            kept = []
            for frozen, section in self._sections:
                held = {record.target.path for record in section.freezes}
                if pod_identity(frozen) == pod_identity(pod) and (not paths or held & set(paths)):
                    taken += section.hand_over()
                else:
                    kept.append((frozen, section))
            self._sections = kept
        return taken

    def _marked(self, pod: ObjectView, hook: Hook, paths: t.Collection[str]) -> list[ActiveFreeze]:
        now = self._settings.run.client.server_now()
        return [
            freeze
            for freeze in freezes_of(read_pod(pod).marks, [pod], hook, now=now)
            if set(paths) & {target.path for target in freeze.timer.targets}
        ]


def _thaws_itself(hook: Hook) -> bool:
    found = recognise_hook(hook)
    return {each.path for each in found.freezes} <= {each.path for each in found.thaws}


def as_hook(name: str, phase: Phase, container: str, argv: t.Sequence[str], seconds: float) -> Hook:
    """A command of a phase, as those who guard freezes take it."""
    return Hook(
        source="task",
        name=name,
        phase=phase,
        argv=tuple(argv),
        container=container,
        on_error="Fail",
        timeout_seconds=seconds,
    )


__all__ = ("BlueprintFreezes", "as_hook")
