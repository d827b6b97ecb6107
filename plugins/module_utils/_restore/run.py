# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all stages of one restore share."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import CountSink, ProgressSink, count_sink
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.server_warnings import (
    ServerWarnings,
    Subject,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import Moving


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRun:
    """One restore, ``name``: what it is asked, and the context of the run."""

    request: RestoreRequest
    name: str
    context: ClusterRun
    #: How moved data is brought back from the location of the backup; None where it has none.
    moving: Moving | None = None
    #: What the API server warns of.
    warned: ServerWarnings = dataclasses.field(default_factory=ServerWarnings)

    @property
    def client(self) -> KubeClient:
        return self.context.client

    @property
    def issues(self) -> Issues:
        return self.context.issues

    @property
    def progress(self) -> ProgressSink:
        return self.context.progress

    @property
    def counted(self) -> CountSink:
        return count_sink(self.context.progress)

    @property
    def cancel(self) -> CancelToken:
        return self.context.cancel

    @property
    def workers(self) -> int:
        """How much may be done side by side."""
        return self.request.workers

    def client_for(self, item: PlanItem) -> KubeClient:
        """For writing ``item``, and for asking whether it could be: what the server warns of is kept with its name."""
        return self.warned.client_for(self.client, subject_of(item))

    def report_warnings(self) -> None:
        """What the API server has warned of since the last time."""
        self.warned.report(self.issues)

    @property
    def resume_hint(self) -> str:
        """How to have done later what could not be done now."""
        return f"Run the restore again with name: {self.name} to have this done."

    @property
    def finish_hint(self) -> str:
        """How a restore goes on that is broken off. ``find_unfinished`` names it to the next run as well."""
        return f"Run it again with name: {self.name} to finish it."


def subject_of(item: PlanItem) -> Subject:
    return Subject(str(item.group_resource), item.namespace or "", item.name)


__all__ = ("RestoreRun", "subject_of")
