# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Data that comes into volumes of pods that have no claim, while the pods wait for it.

Pods and all that makes pods are there by then, as with Velero: nobody makes another pod beside one that waits. A pod
says by a mark what it waits for, and by another one that it has all of it. The rules: docs/compatibility 5.12.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import NAMESPACES, PODS
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.pods import LEFT_EMPTY_HINT
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem, RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.pod_volumes import RestoredPodVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import (
    FilledClaim,
    FilledPod,
    PodFilling,
    PodFillRequest,
)

_Volumes: t.TypeAlias = t.Sequence[RestoredPodVolume]


class PodFiller:
    """Fills volumes of the pods of one plan. What goes wrong is an error of the pod."""

    def __init__(self, run: RestoreRun, findings: Findings) -> None:
        self._run = run
        self._findings = findings

    def find_refusal(self, plan: RestorePlan, volumes: _Volumes) -> ArkiveError | None:
        """Why the data of ``volumes`` would not come, as far as is known before anything is made."""
        orders = self._orders(plan, volumes)
        filling = self._findings.volumes.pod_filling
        if filling is None or not orders:
            return None
        try:
            filling.check([order.request for order in orders])
        except ArkiveError as exc:
            names = ", ".join(sorted(order.request.where for order in orders)[:10])
            return RestoreError(
                f"The restore of backup '{self._run.request.spec.backup_name}' was not begun: the data of volumes of "
                f"pods {names} would not come back. {exc.message}",
                hint=exc.hint or "Mend this, or leave the pods out by excluded_resources or names.",
                details={**exc.details, "pods": sorted(order.request.where for order in orders)},
            )
        return None

    def run(
        self,
        plan: RestorePlan,
        volumes: _Volumes,
        *,
        became: t.Callable[[_Volumes], None],
        filled: t.Callable[[PlanItem], None],
    ) -> None:
        """Fill ``volumes``, whose pods are there.

        ``became`` is told of those of each pod, one pod after the other, however the others end; ``filled`` of each pod
        that goes on. Raises ``Cancelled``, and ``ArkiveError`` where none can be filled.
        """
        orders, filling = self._orders(plan, volumes), self._findings.volumes.pod_filling
        if filling is None or not orders:
            return
        by_pod = {order.request.where: order for order in orders}
        lock = threading.Lock()

        def ended(request: PodFillRequest, found: FilledPod) -> None:
            order = by_pod[request.where]
            with lock:
                became(self._finish(order, found, filling))
            if not found.error:
                filled(order.volumes[0].item)

        self._run.progress(f"bringing the data of the volumes of {counted(len(orders), 'pod')}, which wait for it")
        filling.fill([order.request for order in orders], done=ended)

    def _orders(self, plan: RestorePlan, volumes: _Volumes) -> list[_Order]:
        """One for each pod."""
        made = {item.name: item for item in plan.of_types(NAMESPACES) if item.intent == "create"}
        pods: dict[int, list[RestoredPodVolume]] = {}
        for volume in volumes:
            if volume.is_to_fill:
                pods.setdefault(volume.item.number, []).append(volume)
        return [_Order(tuple(found), self._request(found, made.get(found[0].namespace))) for found in pods.values()]

    def _request(self, volumes: _Volumes, namespace: PlanItem | None) -> PodFillRequest:
        first = volumes[0]
        waiting = self._findings.live.waiting_pods
        return PodFillRequest(
            namespace=first.namespace,
            pod=first.item.name,
            data=tuple(volume.data for volume in volumes),
            mark=waiting.get((first.namespace, first.item.name), "") if first.state == "created" else "",
            new_namespace=self._findings.objects.load(namespace.body) if namespace is not None else None,
            body=self._findings.objects.load(first.item.body) if first.state == "planned" else None,
        )

    def _finish(self, order: _Order, found: FilledPod, filling: PodFilling) -> list[RestoredPodVolume]:
        where = {"resource": str(PODS), "namespace": order.request.namespace, "name": order.request.pod}
        if found.error:
            self._run.issues.error(
                f"Pod {order.request.where} has not got the data of its volumes: {found.error}",
                **where,
                hint=self._hint(order, found),
            )
        return [
            self._finish_one(volume, one, filling, where, error=found.error)
            for volume, one in zip(order.volumes, found.volumes, strict=True)
        ]

    def _hint(self, order: _Order, found: FilledPod) -> str:
        """Another run makes a pod that nobody owns anew, and leaves it to who owns one (docs/compatibility 5.12)."""
        if not found.gone or order.volumes[0].item.facts.owner is None:
            return self._run.resume_hint
        return LEFT_EMPTY_HINT

    def _finish_one(
        self,
        volume: RestoredPodVolume,
        found: FilledClaim,
        filling: PodFilling,
        where: t.Mapping[str, str],
        *,
        error: str,
    ) -> RestoredPodVolume:
        name = f"Pod {volume.namespace}/{volume.item.name}: volume '{volume.data.volume}'"
        for warning in found.warnings:
            self._run.issues.warning(f"{name}: {warning}", **where)
        if found.error or error:
            return dataclasses.replace(volume, state="failed", message=found.error or error)
        source = volume.data.source
        what = (
            f"{found.bytes} bytes in {counted(found.files, 'file')} came from snapshot {source.handle} in "
            f"{filling.repository_of(source)}"
        )
        self._run.issues.info(f"{name}: {what}")
        return dataclasses.replace(volume, state="filled", message=what)


class _Order(t.NamedTuple):
    volumes: tuple[RestoredPodVolume, ...]
    request: PodFillRequest


__all__ = ("PodFiller",)
