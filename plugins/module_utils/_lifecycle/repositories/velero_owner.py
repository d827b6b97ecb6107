# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a Velero of the cluster maintains a repository itself: then nobody else does (docs/compatibility 18.6).

kopia tells those who maintain a repository apart by a name, which is the same for all of Velero's and for ours.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, needs_on
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.location_object import is_same_place
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import VELERO
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation

_REPOSITORIES = VELERO.resource("backuprepositories", "BackupRepository")
_KOPIA = ("", "kopia")


def who_maintains(client: KubeClient, place: StorageLocation, namespace: str, *, velero_namespace: str) -> str:
    """Which BackupRepository is of the volumes of ``namespace`` in this place, a sentence; empty for none.

    Where nobody may look, that is one too. Raises ``KubeError`` where the API server does not answer.
    """
    try:
        found = _list(client, velero_namespace)
    except KubeError as exc:
        if exc.not_found:
            return ""
        if not exc.forbidden:
            raise
        return f"Nobody can say whether a Velero maintains it: {exc.message}"
    for repository in found:
        spec, metadata = repository.get("spec") or {}, repository["metadata"]
        of_type = spec.get("repositoryType") in _KOPIA
        if of_type and spec.get("volumeNamespace") == namespace and _is_of(client, repository, place):
            return (
                f"The Velero in namespace {metadata['namespace']} maintains it: there is a BackupRepository "
                f"{metadata['name']}."
            )
    return ""


def owner_grants() -> list[Grant]:
    return [
        Grant(
            "Whether a Velero maintains the repository.",
            (
                *needs_on("list", VELERO.group_resource("backuprepositories")),
                *needs_on("get", VELERO.group_resource("backupstoragelocations")),
            ),
            "A repository is maintained with force only.",
        )
    ]


def _list(client: KubeClient, velero_namespace: str) -> t.Sequence[Object]:
    """Of all namespaces, else of Velero's."""
    try:
        return _pages(client, None)
    except KubeError as exc:
        if not exc.forbidden:
            raise
    return _pages(client, velero_namespace)


def _pages(client: KubeClient, namespace: str | None) -> list[Object]:
    return [item for page in list_pages(client, _REPOSITORIES, namespace=namespace) for item in page.items]


def _is_of(client: KubeClient, repository: Object, place: StorageLocation) -> bool:
    """Whether its location is this place. One that nobody may look at may be."""
    name = str((repository.get("spec") or {}).get("backupStorageLocation") or "")
    try:
        location = get_object(client, VELERO.locations, name, repository["metadata"]["namespace"]) if name else None
    except KubeError as exc:
        if exc.forbidden:
            return True
        raise
    return location is not None and is_same_place(location, place)


__all__ = ("owner_grants", "who_maintains")
