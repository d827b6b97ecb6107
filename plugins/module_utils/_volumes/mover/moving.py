# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What moving data takes beside a cluster."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import MoverSettings

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.mover import Mover


@dataclasses.dataclass(frozen=True, kw_only=True)
class Moving:
    """``store``: the location whose repositories are meant. ``password``: of all of them; empty for that of the Velero
    of ``velero_namespace``. ``run``: where progress goes, and the run's id.
    """

    settings: MoverSettings
    store: Store
    password: str = dataclasses.field(default="", repr=False)
    velero_namespace: str = "velero"
    run: RunContext = dataclasses.field(default_factory=RunContext)

    def mover(self, client: KubeClient, *, cancel: CancelToken) -> Mover:
        """Nothing is made yet. Raises ``MoverError`` where there is no password, or the location is of a wrong kind."""
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.mover import Mover
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.password import find_password
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.target import MoverTarget

        run = ClusterRun(
            client=client.with_cancel(cancel),
            cancel=cancel,
            progress=self.run.progress,
            issues=self.run.issues,
            run_id=self.run.run_id,
            now=self.run.now,
        )
        target = MoverTarget(
            location=self.store.location,
            store=self.store,
            password=find_password(client, self.password, velero_namespace=self.velero_namespace),
        )
        return Mover(run, target, self.settings)


__all__ = ("Moving",)
