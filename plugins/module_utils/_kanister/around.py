# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an engine keeps of its execution hooks: blueprints that run before all of it and after all of it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_settings import HookSettings
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.kasten_objects import ReadHooks
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeRecord

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_outcome import HookRun, PlannedHook
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_run import ExecutionHookRunner


class AroundOperation:
    """Without hooks it does nothing, and loads nothing.

    ``ran``: each hook that ran, or would. ``failed``: what failed of those after the operation, as sentences: the
    operation is what it is, and its task fails. ``exports``: hooks of an export run once the operation and its own
    hooks went well, as Kasten exports what it has backed up; else they are said to be left out.
    """

    def __init__(
        self, given: ReadHooks, settings: HookSettings, *, makes_namespaces: bool = False, exports: bool = False
    ) -> None:
        self._given = given
        self._settings = settings
        self._makes_namespaces = makes_namespaces
        self._exports = exports
        self._runner: ExecutionHookRunner | None = None
        self._export: ExecutionHookRunner | None = None
        self._planned: list[dict[str, t.Any]] = []
        self.failed: list[str] = []

    @property
    def ran(self) -> list[dict[str, t.Any]]:
        if self._runner is None:
            return self._planned
        exported = self._export.runs if self._export is not None else []
        return [*(hook.to_return() for hook in self._runner.runs), *(_of_export(hook) for hook in exported)]

    @property
    def freezes(self) -> list[FreezeRecord]:
        """Of file systems that these hooks have frozen, and that are thawed."""
        runners = [runner for runner in (self._runner, self._export) if runner is not None]
        return [record for runner in runners for record in runner.freezes]

    def plan(self, run: ClusterRun, namespaces: t.Iterable[str]) -> None:
        """Find out what would run. Raises ``ArkiveError`` where ``before`` would."""
        if self._given:
            runner, export = self._prepare(run, list(namespaces), dry_run=True)
            exported = export.plan() if export is not None else []
            self._planned = [*(hook.to_return() for hook in runner.plan()), *(_of_export(hook) for hook in exported)]

    def before(self, run: ClusterRun, namespaces: t.Iterable[str]) -> None:
        """Run the pre_hook. Raises ``ArkiveError``: nothing else may be begun then."""
        if self._given:
            self._runner, self._export = self._prepare(run, list(namespaces), dry_run=False)
            self._runner.before()

    def after(self, run: ClusterRun, *, succeeded: bool) -> None:
        """Run what follows; ``run`` may have another log by now. A hook that fails is in ``failed``, and an error."""
        if self._runner is None:
            return
        self.failed = self._runner.after(run, succeeded=succeeded)
        if self._export is not None and succeeded and not self.failed:
            self.failed = [f"Of the export: {said}" for said in run_around(self._export, run)]
        run.issues.add_errors(self.failed)

    def _prepare(
        self, run: ClusterRun, namespaces: list[str], *, dry_run: bool
    ) -> tuple[ExecutionHookRunner, ExecutionHookRunner | None]:
        """All blueprints are read before the first hook runs, those of the export among them."""
        from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_run import ExecutionHookRunner

        runner = ExecutionHookRunner(run, self._given, self._settings, makes_namespaces=self._makes_namespaces)
        runner.prepare(namespaces, dry_run=dry_run)
        hooks = self._given.hooks.export
        if hooks is None:
            return runner, None
        if not self._exports:
            run.issues.warning("The hooks of the export are left out: nothing is exported here.")
            return runner, None
        export = ExecutionHookRunner(run, ReadHooks(hooks=hooks), self._settings)
        export.prepare(namespaces, dry_run=dry_run)
        return runner, export


def run_around(runner: ExecutionHookRunner, run: ClusterRun) -> list[str]:
    """Both hooks around something that cannot fail by itself. What failed of them, as sentences."""
    try:
        runner.before(run)
    except ArkiveError as exc:
        return [exc.sentence, *runner.after(run, succeeded=False)]
    return runner.after(run, succeeded=True)


def _of_export(hook: HookRun | PlannedHook) -> dict[str, t.Any]:
    entry = hook.to_return()
    return {**entry, "event": f"export.{entry['event']}"}


__all__ = ("AroundOperation",)
