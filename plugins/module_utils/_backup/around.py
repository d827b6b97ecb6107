# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The execution hooks of a backup: blueprints that run before all of it and after all of it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_run import ExecutionHookRunner


class AroundBackup:
    """``ran``: each hook that ran. ``failed``: what failed of those after the backup, as sentences."""

    def __init__(self, request: BackupRequest) -> None:
        self._request = request
        self._runner: ExecutionHookRunner | None = None
        self._ending: ClusterRun | None = None
        self.failed: list[str] = []

    @property
    def ran(self) -> list[dict[str, t.Any]]:
        return [hook.to_return() for hook in self._runner.runs] if self._runner is not None else []

    def before(self, logged: ClusterRun, ending: ClusterRun, namespaces: t.Iterable[str]) -> None:
        """Run the pre_hook; what it logs is in the log of the backup, what later hooks say is not, being too late.

        Raises ``ArkiveError``: nothing may be backed up then.
        """
        if not self._request.execution_hooks:
            return
        self._runner = execution_hook_runner(self._request, logged)
        self._ending = ending
        self._runner.prepare(namespaces)
        self._runner.before()

    def after(self, *, succeeded: bool) -> None:
        """Run what follows the backup. Raises nothing for a hook that fails."""
        runner, ending = self._runner, self._ending
        if runner is None or ending is None:
            return
        self.failed = runner.after(ending, succeeded=succeeded)
        ending.issues.add_errors(self.failed)


def execution_hook_runner(request: BackupRequest, run: ClusterRun) -> ExecutionHookRunner:
    # A backup without blueprints loads nothing of them.
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_run import ExecutionHookRunner

    return ExecutionHookRunner(run, request.execution_hooks, request.hook_settings)


__all__ = ("AroundBackup", "execution_hook_runner")
