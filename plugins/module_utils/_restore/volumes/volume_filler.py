# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Data that comes into volumes that were made empty, before anything is made that mounts them.

A claim says by a mark what it waits for, and by another one that it has all of it: half a copy is never taken for one.
The rules: docs/compatibility 5.12.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import itertools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS, NAMESPACES
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import patch_object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import ApiTypes
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem, RestorePlan, Wave
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.claim_users import ClaimUsers
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.restored_volumes import RestoredVolume
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import WITHOUT_PODS
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import (
    DataSource,
    FilledClaim,
    FillRequest,
    VolumeFilling,
)

_SHARED = frozenset({"ReadWriteMany", "ReadOnlyMany"})


class _Order(t.NamedTuple):
    volume: RestoredVolume
    filling: VolumeFilling
    request: FillRequest


class VolumeFiller:
    """Fills volumes of one plan. What goes wrong is an error of the claim."""

    def __init__(self, run: RestoreRun, findings: Findings, api: ApiTypes) -> None:
        self._run = run
        self._findings = findings
        self._claims = api.find(CLAIMS)
        #: What is filled is marked so, whatever happens.
        self._steady = run.client.with_cancel(CancelToken())

    def find_refusal(
        self, plan: RestorePlan, volumes: t.Iterable[RestoredVolume], *, with_pods: bool = False
    ) -> ArkiveError | None:
        """Why the data of ``volumes`` would not come, as far as is known before anything is made.

        ``with_pods``: pods are asked as well, that are gone afterwards. Raises ``Cancelled``.
        """
        planned = [
            volume
            for volume in volumes
            if volume.filling is not None and volume.state != "refused"
            if volume.item.intent == "create" or volume.item.made_before
        ]
        for filling, orders in _by_filling(self._orders(plan, planned)):
            try:
                (filling.prove if with_pods else filling.check)([order.request for order in orders])
            except ArkiveError as exc:
                names = ", ".join(sorted(order.request.where for order in orders)[:10])
                return RestoreError(
                    f"The restore of backup '{self._run.request.spec.backup_name}' was not begun: the data of {names} "
                    f"would not come back. {exc.message}",
                    hint=exc.hint or "Mend this, or leave the claims out by excluded_resources or names.",
                    details={**exc.details, "claims": sorted(order.request.where for order in orders)},
                )
        return None

    def run(self, plan: RestorePlan, volumes: t.Sequence[RestoredVolume]) -> list[RestoredVolume]:
        """What became of ``volumes``, whose claims are there. Raises ``Cancelled``."""
        done: list[RestoredVolume] = []
        for filling, orders in _by_filling(self._orders(plan, volumes)):
            size = sum(filling.size_of(order.request.source) for order in orders)
            self._run.progress(
                f"bringing the data of {counted(len(orders), 'volume')}{f', {size} bytes' if size else ''}"
            )
            for order, filled in zip(orders, filling.fill([order.request for order in orders]), strict=True):
                done.append(self._finish(order, filled))
        return done

    def _finish(self, order: _Order, filled: FilledClaim) -> RestoredVolume:
        volume = order.volume
        for warning in filled.warnings:
            self._run.issues.warning(
                f"PersistentVolumeClaim {volume.namespace}/{volume.claim}: {warning}", **_where(volume)
            )
        why = filled.error or self._mark(order)
        if why:
            self._run.issues.error(
                f"PersistentVolumeClaim {volume.namespace}/{volume.claim} has not got its data: {why}",
                **_where(volume),
                hint=self._run.resume_hint,
            )
            return dataclasses.replace(volume, state="failed", message=why)
        what = f"{filled.bytes} bytes in {counted(filled.files, 'file')} came {_origin(order)}"
        self._run.issues.info(f"PersistentVolumeClaim {volume.namespace}/{volume.claim}: {what}")
        return dataclasses.replace(volume, message=what, filling=None)

    def _mark(self, order: _Order) -> str:
        """Why it cannot be said that the claim is filled; empty when it is."""
        volume = order.volume
        change = {"metadata": {"annotations": dict(order.filling.filled_marks(order.request.source))}}
        try:
            if self._claims is not None:
                patch_object(self._steady, self._claims, volume.claim, change, namespace=volume.namespace)
        except KubeError as exc:
            return f"its data is there, and the mark that says so is not: {exc.message}"
        return ""

    def _orders(self, plan: RestorePlan, volumes: t.Sequence[RestoredVolume]) -> list[_Order]:
        users = ClaimUsers(plan, self._findings.objects, [(volume.namespace, volume.claim) for volume in volumes])
        made = {item.name: item for item in plan.of_types(NAMESPACES) if item.intent == "create"}
        return [
            _Order(volume, volume.filling, self._request(volume, volume.source, users, made.get(volume.namespace)))
            for volume in volumes
            if volume.filling is not None and volume.source is not None
        ]

    def _request(
        self, volume: RestoredVolume, source: DataSource, users: ClaimUsers, namespace: PlanItem | None
    ) -> FillRequest:
        """``namespace``: that of the claim, where the restore makes it."""
        claim = (volume.namespace, volume.claim)
        together = f"{volume.item.source_namespace}/{users.group_of(claim)[1]}" if self._has_no_place(volume) else ""
        return FillRequest(
            source=source,
            namespace=volume.namespace,
            claim=volume.claim,
            new_namespace=self._findings.objects.load(namespace.body) if namespace is not None else None,
            pod=users.pod_of(claim),
            together=together,
            again=volume.item.made_before,
        )

    def _has_no_place(self, volume: RestoredVolume) -> bool:
        """Whether the first pod decides where the volume lies, and all who mount it must come there."""
        body = self._findings.objects.load(volume.item.body)
        modes = (body.get("spec") or {}).get("accessModes") or ()
        return volume.state != "bound" and not volume.volume and not _SHARED.intersection(modes)


def first_with_pods(waves: t.Sequence[Wave], begin: int) -> int:
    """The place of the first wave, from ``begin`` on, that may have somebody make pods."""
    quiet = itertools.takewhile(lambda wave: WITHOUT_PODS.issuperset(wave.group_resources), waves[begin:])
    return begin + len(list(quiet))


def first_after(group_resource: GroupResource, waves: t.Sequence[Wave], begin: int) -> int:
    """The place behind the last wave of a type, from ``begin`` on; ``begin`` where there is none."""
    found = [n for n, wave in enumerate(waves[begin:], begin + 1) if group_resource in wave.group_resources]
    return found[-1] if found else begin


def _by_filling(orders: t.Iterable[_Order]) -> list[tuple[VolumeFilling, list[_Order]]]:
    found: dict[int, tuple[VolumeFilling, list[_Order]]] = {}
    for order in orders:
        found.setdefault(id(order.filling), (order.filling, []))[1].append(order)
    return list(found.values())


def _origin(order: _Order) -> str:
    source = order.request.source
    return f"from snapshot {source.handle} in {order.filling.repository_of(source)}"


def _where(volume: RestoredVolume) -> dict[str, str]:
    return {"resource": str(CLAIMS), "namespace": volume.namespace, "name": volume.claim}


__all__ = ("VolumeFiller", "first_after", "first_with_pods")
