# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Which freezes are marked, as pods and claims together tell."""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import PageAnswer, walk_pages
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import Mark, has_mark, read_claim, read_pod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.patience import Patience
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pods import mounted_claims

#: Two controllers' clocks may differ by this much.
CLOCK_SKEW = dt.timedelta(seconds=10)
#: Of a claim no more than its metadata is read.
_WHOLE = "application/json"
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json"

_Object: t.TypeAlias = "dict[str, t.Any]"


@dataclasses.dataclass(frozen=True, slots=True)
class MarkedFreezes:
    """``marks``: one for each freeze, wherever it stands; ``faults``: what stands there and is no mark of ours.

    ``ended_run``: a run that is known to be gone, so that it holds nothing, whatever its marks say.
    """

    marks: tuple[Mark, ...]
    faults: tuple[str, ...] = ()
    ended_run: str = ""

    def without_run(self, run: str) -> MarkedFreezes:
        """Without the marks of that run."""
        return dataclasses.replace(self, marks=tuple(mark for mark in self.marks if not run or mark.run != run))

    def is_live(self, mark: Mark, now: dt.datetime) -> bool:
        """Whether a run may still hold the freeze, or another one of the same file system or lease."""
        return any(
            other.until >= now - CLOCK_SKEW
            for other in self.marks
            if (other.run != self.ended_run or not self.ended_run)
            and (other.lease_id == mark.lease_id or _may_be_one_place(other, mark))
        )


def gather(pods: t.Iterable[t.Mapping[str, t.Any]], claims: t.Iterable[t.Mapping[str, t.Any]]) -> MarkedFreezes:
    """Every marked freeze once. Of two marks of one freeze the later time counts, and what the claim says."""
    found: dict[tuple[str, str, str, str], Mark] = {}
    faults: list[str] = []
    readings = [read_claim(claim) for claim in claims] + [read_pod(pod) for pod in pods]
    for reading in readings:
        faults += reading.faults
        for mark in reading.marks:
            key = (mark.namespace, mark.pod, mark.lease_id, mark.path)
            known = found.setdefault(key, mark)
            if mark.until > known.until:
                found[key] = dataclasses.replace(known, until=mark.until)
    return MarkedFreezes(tuple(found.values()), tuple(faults))


def list_marked_claims(client: KubeClient, namespaces: t.Sequence[str] | None) -> list[_Object]:
    """The claims with a mark, in ``namespaces`` or (None) everywhere: their metadata. Raises ``KubeError``."""
    return _list_marked(client, namespaces, "persistentvolumeclaims", accept=_METADATA_ONLY)


def list_marked_pods(client: KubeClient, namespaces: t.Sequence[str] | None) -> list[_Object]:
    """The pods with a mark, whole. Raises ``KubeError``."""
    return _list_marked(client, namespaces, "pods", accept=_WHOLE)


def try_list_marked_claims(
    client: KubeClient,
    namespaces: t.Sequence[str] | None,
    pods: t.Iterable[t.Mapping[str, t.Any]],
    notes: list[str],
    *,
    patience: Patience | None = None,
) -> list[_Object]:
    """The same; where they may not be listed, ``notes`` says so and those that ``pods`` mount are read."""
    try:
        return (patience or Patience()).ask(client, lambda: list_marked_claims(client, namespaces))
    except KubeError as exc:
        notes.append(f"Freezes of pods that are gone cannot be looked for, the claims cannot be listed: {exc.message}")
        if exc.unreachable:
            return []
    found = []
    for namespace, name in dict.fromkeys((pod_identity(pod)[0], name) for pod in pods for name in mounted_claims(pod)):
        try:
            found.append(client.get(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}"))
        except KubeError:
            continue
    return [claim for claim in found if has_mark(claim)]


def _list_marked(client: KubeClient, namespaces: t.Sequence[str] | None, plural: str, *, accept: str) -> list[_Object]:
    places = [""] if namespaces is None else [f"/namespaces/{namespace}" for namespace in dict.fromkeys(namespaces)]
    return [found for place in places for found in _list(client, f"/api/v1{place}/{plural}", accept) if has_mark(found)]


def _list(client: KubeClient, path: str, accept: str) -> t.Iterator[_Object]:
    def fetch(query: dict[str, str]) -> PageAnswer[_Object]:
        answer = client.get(path, query=query, accept=accept)
        metadata = answer.get("metadata") or {}
        return PageAnswer(answer.get("items") or [], "", None, str(metadata.get("continue") or ""))

    for page in walk_pages(fetch, {"limit": "500"}, key=_key):
        yield from page.items


def _key(obj: _Object) -> str:
    return f"{obj['metadata'].get('namespace') or ''}/{obj['metadata']['name']}"


def _may_be_one_place(one: Mark, other: Mark) -> bool:
    """Whether both may be of one file system, as far as they tell: what a mark leaves out fits everything."""
    if one.claim and other.claim:
        return one.claim == other.claim and (not one.node or not other.node or one.node == other.node)
    return (one.namespace, one.pod) == (other.namespace, other.pod)


__all__ = ("CLOCK_SKEW", "MarkedFreezes", "gather", "list_marked_claims", "list_marked_pods", "try_list_marked_claims")
