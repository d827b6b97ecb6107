# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which pod a controller made in place of a restored one: hooks go where the application went."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_finished

_TEMPLATE_HASH = "pod-template-hash"
_RESTORE_LABEL = "velero.io/restore-name"


@dataclasses.dataclass(frozen=True, slots=True)
class PodOwner:
    """The controller that replaces a pod, in the pod's own namespace."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def owner_of(pod: ObjectView) -> PodOwner | None:
    """The controller of ``pod``; for one of a Deployment's ReplicaSets the Deployment, which may roll to another."""
    metadata = pod.get("metadata") or {}
    for reference in metadata.get("ownerReferences") or []:
        if reference.get("controller"):
            return owner_by_reference(reference, metadata.get("labels"))
    return None


def owner_by_reference(reference: t.Mapping[str, t.Any], labels: t.Mapping[str, str] | None) -> PodOwner:
    """The controller that ``reference`` of a pod with these labels leads to."""
    kind, name = str(reference.get("kind", "")), str(reference.get("name", ""))
    suffix = "-" + (labels or {}).get(_TEMPLATE_HASH, "")
    if kind == "ReplicaSet" and suffix != "-" and name.endswith(suffix):
        return PodOwner("Deployment", name.removesuffix(suffix))
    return PodOwner(kind, name)


def is_alive(pod: ObjectView) -> bool:
    """True for a pod that is neither on its way out nor at its end."""
    return not (pod.get("metadata") or {}).get("deletionTimestamp") and not is_finished(pod)


def find_replacement(
    pods: t.Iterable[ObjectView], owner: PodOwner, *, since: str, taken: t.Container[str]
) -> ObjectView | None:
    """The newest live pod of ``owner`` that no restore made and that is not older than ``since`` (RFC 3339).

    ``taken`` are uids of pods that have hooks of their own.
    """
    found = [
        pod
        for pod in pods
        if is_alive(pod)
        and owner_of(pod) == owner
        and pod["metadata"].get("uid") not in taken
        and _RESTORE_LABEL not in (pod["metadata"].get("labels") or {})
        and str(pod["metadata"].get("creationTimestamp") or "") >= since
    ]
    return max(found, key=_age, default=None)


def _age(pod: ObjectView) -> tuple[str, str]:
    metadata = pod["metadata"]
    return str(metadata.get("creationTimestamp") or ""), str(metadata.get("name", ""))


__all__ = ("PodOwner", "find_replacement", "is_alive", "owner_by_reference", "owner_of")
