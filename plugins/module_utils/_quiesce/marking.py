# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put marks on a pod and on the claims whose file systems are frozen there, and take them away."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.annotated import FROZEN_ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import Mark, read_claim, read_pod

#: Pods that share a claim are marked side by side.
_TRIES = 12


@dataclasses.dataclass(frozen=True, slots=True)
class Carrier:
    """An object that carries a mark: ``pod`` or ``claim``."""

    kind: t.Literal["pod", "claim"]
    namespace: str
    name: str

    @property
    def path(self) -> str:
        plural = "pods" if self.kind == "pod" else "persistentvolumeclaims"
        return f"/api/v1/namespaces/{self.namespace}/{plural}/{self.name}"

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    def read(self, obj: t.Mapping[str, t.Any]) -> tuple[Mark, ...]:
        return (read_pod(obj) if self.kind == "pod" else read_claim(obj)).marks


def carriers_of(marks: t.Iterable[Mark]) -> list[Carrier]:
    """The claims first: they outlive the pod."""
    claims: dict[Carrier, None] = {}
    pods: dict[Carrier, None] = {}
    for mark in marks:
        pods[Carrier("pod", mark.namespace, mark.pod)] = None
        if mark.claim:
            claims[Carrier("claim", *mark.claim.split("/", 1))] = None
    return [*claims, *pods]


def put_marks(client: KubeClient, marks: t.Sequence[Mark]) -> list[str]:
    """Add ``marks`` wherever they belong, in the place of those of the same freeze. Returns what did not work."""
    failures = []
    for carrier in carriers_of(marks):
        mine = [mark for mark in marks if carrier.kind == "pod" or mark.claim == f"{carrier.namespace}/{carrier.name}"]
        keys = {_key(mark) for mark in mine}
        try:
            _edit(client, carrier, lambda old, m=mine, k=keys: [x for x in old if _key(x) not in k] + m)  # type: ignore[misc]
        except KubeError as exc:
            failures.append(f"{carrier} could not be marked as frozen: {exc.message}{_missing_right(carrier, exc)}")
    return failures


def remove_marks(client: KubeClient, marks: t.Sequence[Mark]) -> list[str]:
    """Take the entries of these timers away; an object that is gone is fine. Returns what did not work."""
    lease_ids = {mark.lease_id for mark in marks}
    failures = []
    for carrier in carriers_of(marks):
        try:
            _edit(client, carrier, lambda old: [mark for mark in old if mark.lease_id not in lease_ids])
        except KubeError as exc:
            if not exc.not_found:
                failures.append(f"The mark on {carrier} could not be removed, the next run does it: {exc.message}")
    return failures


def _edit(client: KubeClient, carrier: Carrier, change: t.Callable[[list[Mark]], list[Mark]]) -> None:
    for attempt in range(_TRIES):
        current = client.get(carrier.path)
        before = list(carrier.read(current))
        after = change(before)
        if after == before:
            return
        text = json.dumps([mark.to_json() for mark in after], separators=(",", ":")) if after else None
        patch = {
            # The version makes two runs that edit the same object see each other.
            "metadata": {
                "annotations": {FROZEN_ANNOTATION: text},
                "resourceVersion": current["metadata"]["resourceVersion"],
            }
        }
        try:
            client.patch(carrier.path, patch)
        except KubeError as exc:
            if exc.conflict and attempt + 1 < _TRIES:
                continue
            raise
        return


def _key(mark: Mark) -> tuple[str, str, str]:
    return mark.lease_id, mark.pod, mark.path


def _missing_right(carrier: Carrier, exc: KubeError) -> str:
    if not exc.forbidden or carrier.kind == "pod":
        return ""
    return (
        " Grant get and patch on persistentvolumeclaims: without the mark on the claim nobody finds the freeze when "
        "its pod is gone."
    )


__all__ = ("Carrier", "carriers_of", "put_marks", "remove_marks")
