# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which pods and claims carry the annotation of a freeze, whatever it says."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import PageAnswer, walk_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import mounted_claims, pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.patience import Patience

FROZEN_ANNOTATION = "arkive.k8s/frozen"
#: Of a claim only its metadata is read.
_WHOLE = "application/json"
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json"


def has_mark(obj: t.Mapping[str, t.Any]) -> bool:
    """True where the annotation is, whatever it says."""
    return FROZEN_ANNOTATION in ((obj.get("metadata") or {}).get("annotations") or {})


def list_marked_claims(client: KubeClient, namespaces: t.Sequence[str] | None) -> list[Object]:
    """The claims with a mark, in ``namespaces`` or (None) everywhere: their metadata. Raises ``KubeError``."""
    return _list_marked(client, namespaces, "persistentvolumeclaims", accept=_METADATA_ONLY)


def list_marked_pods(client: KubeClient, namespaces: t.Sequence[str] | None) -> list[Object]:
    """The pods with a mark, whole. Raises ``KubeError``."""
    return _list_marked(client, namespaces, "pods", accept=_WHOLE)


def try_list_marked_claims(
    client: KubeClient,
    namespaces: t.Sequence[str] | None,
    pods: t.Iterable[t.Mapping[str, t.Any]],
    notes: list[str],
    *,
    patience: Patience | None = None,
) -> list[Object]:
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


def _list_marked(client: KubeClient, namespaces: t.Sequence[str] | None, plural: str, *, accept: str) -> list[Object]:
    places = [""] if namespaces is None else [f"/namespaces/{namespace}" for namespace in dict.fromkeys(namespaces)]
    return [found for place in places for found in _list(client, f"/api/v1{place}/{plural}", accept) if has_mark(found)]


def _list(client: KubeClient, path: str, accept: str) -> t.Iterator[Object]:
    def fetch(query: dict[str, str]) -> PageAnswer[Object]:
        answer = client.get(path, query=query, accept=accept)
        metadata = answer.get("metadata") or {}
        return PageAnswer(answer.get("items") or [], "", None, str(metadata.get("continue") or ""))

    for page in walk_pages(fetch, {"limit": "500"}, key=_key):
        yield from page.items


def _key(obj: Object) -> str:
    return f"{obj['metadata'].get('namespace') or ''}/{obj['metadata']['name']}"


__all__ = ("FROZEN_ANNOTATION", "has_mark", "list_marked_claims", "list_marked_pods", "try_list_marked_claims")
