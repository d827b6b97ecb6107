# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The database that is to be proven: its pod as it was, the snapshots of its claims, and what was recorded of them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import some_of
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import claim_of_volume, pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.request import ProofRequest

_NAMED = 5


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSnapshot:
    """``claim``: as it was. ``size``: the least that a volume made of the snapshot has, a quantity, if known."""

    claim: ObjectView
    driver: str
    handle: str
    size: str = ""

    @property
    def name(self) -> str:
        return str(self.claim["metadata"]["name"])


#: Finds an object of the namespace as it was; None where it is not there.
Find: t.TypeAlias = t.Callable[[GroupResource, str], "dict[str, t.Any] | None"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """``source``: the backup or the set, in words. ``taken``: when its snapshots were, where that is known.

    ``lacking``: why a claim that the container mounts has no snapshot, by its name. ``backup``: the Backup object.
    """

    source: str
    pod: ObjectView
    container: ObjectView
    kind: str
    snapshots: tuple[ClaimSnapshot, ...]
    lacking: t.Mapping[str, str]
    quiesce: ObjectView
    find: Find
    taken: str = ""
    backup: ObjectView = dataclasses.field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def namespace(self) -> str:
        return pod_identity(self.pod)[0]

    @property
    def pod_name(self) -> str:
        return pod_identity(self.pod)[1]

    @property
    def where(self) -> str:
        return f"{self.kind} of pod {self.namespace}/{self.pod_name}"

    @property
    def facts(self) -> ObjectView:
        """What the server said as it was held; empty where it was not, or it is not proven that it was."""
        facts = self.quiesce.get("facts")
        return facts if isinstance(facts, dict) and self.quiesce.get("consistent") is True else {}


class Named(t.NamedTuple):
    """Which database of which pod."""

    pod: ObjectView
    container: ObjectView
    kind: str
    quiesce: ObjectView


def choose(request: ProofRequest, pods: t.Sequence[ObjectView], quiesces: t.Sequence[ObjectView]) -> Named:
    """The one pod that is meant. Raises ``ProofError`` where it is none, or several."""
    entries = [request.quiesce] if request.quiesce else list(quiesces)
    wanted = [entry for entry in entries if _is_meant(request, entry)]
    meant = [pod for pod in pods if _fits(request, *pod_identity(pod))]
    if wanted and not request.pod:
        named = {(str(entry.get("namespace")), str(entry.get("pod"))) for entry in wanted}
        meant = [pod for pod in meant if pod_identity(pod) in named]
    elif not request.pod:
        meant = [pod for pod in meant if ANNOTATION in _annotations(pod)]
    if len(meant) != 1:
        raise _not_one(request, meant)
    (pod,) = meant
    held = [each for each in wanted if (each.get("namespace"), each.get("pod")) == pod_identity(pod)]
    if len(held) > 1:
        raise _not_one_of(pod, held)
    entry = held[0] if held else {}
    kind = request.kind or str(entry.get("kind") or _annotations(pod).get(ANNOTATION) or "")
    if not kind:
        raise ProofError(f"Nothing says which database pod {'/'.join(pod_identity(pod))} has.", hint="Name it as kind.")
    return Named(pod, _container(request, pod, entry), kind, entry)


def claims_of(pod: ObjectView, container: ObjectView) -> list[str]:
    """The claims that the container mounts."""
    mounted = {str(mount.get("name")) for mount in container.get("volumeMounts") or ()}
    name = pod_identity(pod)[1]
    volumes = [each for each in (pod.get("spec") or {}).get("volumes") or () if each.get("name") in mounted]
    return list(dict.fromkeys(filter(None, (claim_of_volume(name, volume) for volume in volumes))))


def pull_secrets(pod: ObjectView) -> list[str]:
    """The Secrets by which its images are pulled."""
    named = (pod.get("spec") or {}).get("imagePullSecrets") or ()
    return [str(each["name"]) for each in named if each.get("name")]


def _fits(request: ProofRequest, namespace: str, pod: str) -> bool:
    return request.namespace in ("", namespace) and request.pod in ("", pod)


def _is_meant(request: ProofRequest, entry: ObjectView) -> bool:
    """What was recorded of another server of the same pod says nothing of this one."""
    place = _fits(request, str(entry.get("namespace")), str(entry.get("pod")))
    named = ((request.container, entry.get("container")), (request.kind, entry.get("kind")))
    return place and all(asked in ("", found or asked) for asked, found in named)


def _annotations(pod: ObjectView) -> ObjectView:
    return (pod.get("metadata") or {}).get("annotations") or {}


def _container(request: ProofRequest, pod: ObjectView, entry: ObjectView) -> ObjectView:
    wanted = request.container or str(entry.get("container") or _annotations(pod).get(f"{ANNOTATION}-container") or "")
    containers = (pod.get("spec") or {}).get("containers") or []
    found = [each for each in containers if wanted in ("", each.get("name"))]
    if not found:
        raise ProofError(
            f"Pod {'/'.join(pod_identity(pod))} has no container {wanted}.",
            hint="Name that of the server as container.",
        )
    return t.cast("ObjectView", found[0])


def _not_one_of(pod: ObjectView, held: t.Sequence[ObjectView]) -> ProofError:
    names = [f"{entry.get('kind')} in container {entry.get('container')}" for entry in held]
    return ProofError(
        f"Pod {'/'.join(pod_identity(pod))} has several databases that were held: {some_of(names, most=_NAMED)}.",
        hint="Name one of them by container; each is proven by a task of its own.",
    )


def _not_one(request: ProofRequest, meant: t.Sequence[ObjectView]) -> ProofError:
    what = f"{'set' if request.from_set else 'backup'} '{request.name}'"
    if not meant:
        place = f"pod {request.pod}" if request.pod else "pod with a database that was held or declares itself"
        return ProofError(
            f"There is no {place} in the {what}{f' and namespace {request.namespace}' if request.namespace else ''}.",
            hint="Name its namespace, pod and kind.",
        )
    names = ["/".join(pod_identity(pod)) for pod in meant]
    return ProofError(
        f"The {what} has several pods with a database: {some_of(names, most=_NAMED)}.",
        hint="Name one of them by namespace and pod; each is proven by a task of its own.",
    )


__all__ = ("ClaimSnapshot", "Find", "Named", "Subject", "choose", "claims_of", "pull_secrets")
