# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims that went away between the plan and what would use them: their controllers would make empty ones."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import LiveState
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.restored_volumes import RestoredVolume

#: Of claims that are in the cluster, by the plan or by this run.
_THERE = ("untouched", "created", "bound", "waiting")


def find_vanished(
    client: KubeClient, resource: ApiResource | None, volumes: t.Sequence[RestoredVolume], live: LiveState
) -> list[tuple[RestoredVolume, str]]:
    """Those of ``volumes`` whose claim is not there any more, or not the same one, each with a phrase about it.

    One LIST in each namespace; where claims may not be listed nobody knows, and nothing is said.
    """
    there = [volume for volume in volumes if volume.state in _THERE]
    found: dict[str, dict[str, Object] | None] = {}
    for namespace in {volume.namespace for volume in there}:
        found[namespace] = _list(client, resource, namespace)
    vanished = []
    for volume in there:
        claims = found[volume.namespace]
        why = (
            ""
            if claims is None
            else _why_lost(claims.get(volume.claim), live.claim_uid(volume.namespace, volume.claim))
        )
        if why:
            vanished.append((volume, why))
    return vanished


def _why_lost(claim: Object | None, uid: str) -> str:
    if claim is None:
        return "somebody has deleted it since the restore was planned"
    if uid and claim["metadata"].get("uid") != uid:
        return "somebody has put another one in its place since the restore was planned"
    return "somebody is deleting it" if claim["metadata"].get("deletionTimestamp") else ""


def _list(client: KubeClient, resource: ApiResource | None, namespace: str) -> dict[str, Object] | None:
    if resource is None:
        return None
    try:
        pages = list_pages(client, resource, namespace=namespace)
        return {item["metadata"]["name"]: item for page in pages for item in page.items}
    except KubeError as exc:
        if not exc.forbidden:
            raise
        return None


__all__ = ("find_vanished",)
