# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an engine keeps of its execution hooks: blueprints that run before all of it and after all of it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_settings import HookSettings
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.kasten_objects import ReadHooks
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeRecord

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_run import ExecutionHookRunner


class AroundOperation:
    """Without hooks it does nothing, and loads nothing.

    ``ran``: each hook that ran, or would. ``failed``: what failed of those after the operation, as sentences: the
    operation is what it is, and its task fails.
    """

    def __init__(self, given: ReadHooks, settings: HookSettings, *, makes_namespaces: bool = False) -> None:
        self._given = given
        self._settings = settings
        self._makes_namespaces = makes_namespaces
        self._runner: ExecutionHookRunner | None = None
        self._planned: list[dict[str, t.Any]] = []
        self.failed: list[str] = []

    @property
    def ran(self) -> list[dict[str, t.Any]]:
        return [hook.to_return() for hook in self._runner.runs] if self._runner is not None else self._planned

    @property
    def freezes(self) -> list[FreezeRecord]:
        """Of file systems that these hooks have frozen, and that are thawed."""
        return self._runner.freezes if self._runner is not None else []

    def plan(self, run: ClusterRun, namespaces: t.Iterable[str]) -> None:
        """Find out what would run. Raises ``ArkiveError`` where ``before`` would."""
        if self._given:
            runner = self._make(run)
            runner.prepare(namespaces, dry_run=True)
            self._planned = [hook.to_return() for hook in runner.plan()]

    def before(self, run: ClusterRun, namespaces: t.Iterable[str]) -> None:
        """Run the pre_hook. Raises ``ArkiveError``: nothing else may be begun then."""
        if self._given:
            self._runner = runner = self._make(run)
            runner.prepare(namespaces)
            runner.before()

    def after(self, run: ClusterRun, *, succeeded: bool) -> None:
        """Run what follows; ``run`` may have another log by now. A hook that fails is in ``failed``, and an error."""
        if self._runner is not None:
            self.failed = self._runner.after(run, succeeded=succeeded)
            run.issues.add_errors(self.failed)

    def _make(self, run: ClusterRun) -> ExecutionHookRunner:
        from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_run import ExecutionHookRunner

        return ExecutionHookRunner(run, self._given, self._settings, makes_namespaces=self._makes_namespaces)


__all__ = ("AroundOperation",)
