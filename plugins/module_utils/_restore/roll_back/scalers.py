# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HorizontalPodAutoscalers of workloads that are stopped: they rest at 0 replicas, unless somebody else drives them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    DEPLOYMENTS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    STATEFUL_SETS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.users import (
    Key,
    Users,
    controller_of,
    say_reference,
)

_TARGETS = {
    "Deployment": DEPLOYMENTS,
    "StatefulSet": STATEFUL_SETS,
    "ReplicaSet": REPLICA_SETS,
    "ReplicationController": REPLICATION_CONTROLLERS,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Scalers:
    """``notes``: a phrase for each workload that has one; ``refusals``: phrases about claims of such workloads."""

    notes: t.Mapping[Key, str] = dataclasses.field(default_factory=dict)
    refusals: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


def find_scalers(scalers: t.Iterable[ObjectView], users: Users) -> Scalers:
    """Those of the workloads of ``users``.

    At 0 replicas an autoscaler does nothing (horizontal-pod-autoscale/#implicit-maintenance-mode-deactivation). One
    that has a controller, such as KEDA's ScaledObject, may be scaled from 0 by that.
    """
    notes: dict[Key, str] = {}
    refusals: dict[str, str] = {}
    for scaler in scalers:
        target = (scaler.get("spec") or {}).get("scaleTargetRef") or {}
        kind = _TARGETS.get(str(target.get("kind")))
        key = (kind, str(target.get("name"))) if kind is not None else None
        if key is None or key not in users.workloads:
            continue
        name, owner = scaler["metadata"]["name"], controller_of(scaler)
        if owner is None:
            notes[key] = f"by which HorizontalPodAutoscaler '{name}' rests"
            continue
        why = (
            f"{target.get('kind')} '{key[1]}' mounts it, which {say_reference(owner)} scales, from 0 as well; pause "
            "that (annotation autoscaling.keda.sh/paused of KEDA), and run this again"
        )
        refusals |= dict.fromkeys(users.workloads[key], why)
    return Scalers(notes, refusals)


__all__ = ("Scalers", "find_scalers")
