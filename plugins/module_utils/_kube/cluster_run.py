# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The context of a run that works in a cluster."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRun(RunContext):
    """``client``: of the cluster. Its requests end when the client's own cancel token is set."""

    client: KubeClient

    def with_issues(self, issues: Issues) -> ClusterRun:
        """The same run, whose warnings and errors go there."""
        return dataclasses.replace(self, issues=issues)

    def uncancelled(self) -> ClusterRun:
        """The same run, for what has to be done although it is cancelled."""
        cancel = CancelToken()
        return dataclasses.replace(self, cancel=cancel, client=self.client.with_cancel(cancel))


__all__ = ("ClusterRun",)
