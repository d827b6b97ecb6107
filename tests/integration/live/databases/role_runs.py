# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots of the claims of a primary and of what follows it."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import parse_databases
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.outcome import SnapshotOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import (
    ClaimChoice,
    Quiescing,
    SnapshotRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.task import take_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.sets import CsiSet


class Pair(t.Protocol):
    """Pods ``primary`` and ``standby``, with labels ``app`` of these names."""

    @property
    def namespace(self) -> str:
        """Where both are."""

    @property
    def claims(self) -> tuple[str, ...]:
        """Of both."""


def entry(kind: str = "postgresql", **options: t.Any) -> list[dict[str, t.Any]]:
    return [{"selector": "app in (primary,standby)", "kind": kind, **options}]


def take(client: KubeClient, pair: Pair, name: str, databases: t.Any, **options: t.Any) -> SnapshotOutcome:
    """Of all claims."""
    quiescing = Quiescing(
        policy=FreezePolicy(lease_seconds=10.0, freeze_max_seconds=60.0), databases=parse_databases(databases)
    )
    choice = ClaimChoice(claims=pair.claims)
    request = SnapshotRequest(
        name=name, namespace=pair.namespace, choice=choice, quiescing=quiescing, take_seconds=60.0, run_id="live"
    )
    provider = CsiSet(client, request, cancel=CancelToken())
    return take_snapshots(request, client=client, provider=provider, **options)


def by_pod(outcome: SnapshotOutcome) -> dict[str, dict[str, t.Any]]:
    return {found["pod"]: found for found in outcome.quiesces}


__all__ = ("Pair", "by_pod", "entry", "take")
