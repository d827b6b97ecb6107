# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pods that an operator starts, stops and moves: what we do there is nothing that it works against."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declaration import DatabaseDeclaration
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy

#: A server that is silent for longer is taken for dead: CloudNativePG's ``livenessProbeTimeout``, Patroni's ``ttl``.
_OPERATOR_SECONDS = 30.0
_PERIOD_SECONDS, _FAILURES = 10, 3


def operator_notes(declared: DatabaseDeclaration) -> list[str]:
    """What is done with a pod of an operator, and why."""
    if not declared.operator:
        return []
    return [
        f"The pod is owned by {declared.operator}: its server is held by a session, which the operator does not "
        "notice, and none of the operator's objects is changed. A failover while it is held makes it inconsistent."
    ]


def check_operated(
    pod: ObjectView, declared: DatabaseDeclaration, policy: FreezePolicy, frozen: t.Collection[str]
) -> None:
    """Raises ``DatabaseError`` for a freeze so long that the operator would start the server anew, or replace it."""
    if not declared.operator or not frozen:
        return
    patience = min(_OPERATOR_SECONDS, _probe_seconds(pod))
    if policy.freeze_max_seconds > patience:
        raise DatabaseError(
            f"A freeze of {', '.join(sorted(frozen))} may last {policy.freeze_max_seconds:g} s (freeze_max), and "
            f"{declared.operator} takes a server that does not answer for {patience:g} s for dead.",
            hint=f"Set freeze_max below {patience:g}s, or do not freeze: a session holds it as well.",
        )


def _probe_seconds(pod: ObjectView) -> float:
    """How long the shortest of the liveness probes goes on asking."""
    found = []
    for container in (pod.get("spec") or {}).get("containers") or ():
        probe = container.get("livenessProbe")
        if probe:
            period = probe.get("periodSeconds") or _PERIOD_SECONDS
            found.append(float(period) * (probe.get("failureThreshold") or _FAILURES))
    return min(found, default=_OPERATOR_SECONDS)


__all__ = ("check_operated", "operator_notes")
