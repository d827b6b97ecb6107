# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mover of a task, as the task says it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import secrets

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.mover import Mover
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.password import find_password
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.target import MoverTarget
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.upkeep import Upkeep
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import Moving


def make_mover(moving: Moving, client: KubeClient, *, cancel: CancelToken) -> Mover:
    """Nothing is made yet. Raises ``MoverError`` where there is no password, or the location is of a wrong kind."""
    return Mover(_run(moving, client, cancel), _target(moving, client), moving.settings)


def make_upkeep(moving: Moving, client: KubeClient, *, cancel: CancelToken, repository: str, namespace: str) -> Upkeep:
    """For the repository of one namespace's volumes; its pods run in ``namespace``. Raises as ``make_mover``."""
    run = _run(moving, client, cancel)
    return Upkeep(run, _target(moving, client), moving.settings, repository=repository, namespace=namespace)


def _run(moving: Moving, client: KubeClient, cancel: CancelToken) -> ClusterRun:
    return ClusterRun(
        client=client.with_cancel(cancel),
        cancel=cancel,
        progress=moving.run.progress,
        issues=moving.run.issues,
        run_id=moving.run.run_id or secrets.token_hex(8),
        now=moving.run.now,
    )


def _target(moving: Moving, client: KubeClient) -> MoverTarget:
    return MoverTarget(
        location=moving.store.location,
        store=moving.store,
        password=find_password(client, moving.password, velero_namespace=moving.velero_namespace),
    )


__all__ = ("make_mover", "make_upkeep")
