# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects of a cluster that still name a snapshot which is deleted: what outlived a namespace by its policy Retain."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import delete_object, get_object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import SnapshotApi


def remove_retained(
    client: KubeClient, api: SnapshotApi, deleted: t.Collection[tuple[str, str]], *, driver_asked: t.Container[str]
) -> list[str]:
    """Delete the VolumeSnapshotContents of ``deleted`` (driver and handle) whose VolumeSnapshot is gone.

    One that has its VolumeSnapshot still is somebody's: it is reported, and left. ``driver_asked``: names of contents
    that the deletion itself has made. Whoever may not list contents gets no report.
    """
    try:
        pages = list_pages(client, api.contents)
        found = [item for page in pages for item in page.items if _snapshot_of(item) in deleted]
    except KubeError as exc:
        if exc.forbidden:
            return []
        return [f"What still refers to the deleted snapshots in the cluster is unknown: {exc.sentence}"]
    sentences = [_remove(client, api, item) for item in found if item["metadata"]["name"] not in driver_asked]
    return [sentence for sentence in sentences if sentence]


def _remove(client: KubeClient, api: SnapshotApi, content: ObjectView) -> str:
    """A sentence when it stays."""
    what = f"The VolumeSnapshotContent {content['metadata']['name']} names a snapshot that is deleted now"
    reference = (content.get("spec") or {}).get("volumeSnapshotRef") or {}
    namespace, name = str(reference.get("namespace") or ""), str(reference.get("name") or "")
    try:
        owner = get_object(client, api.snapshots, name, namespace) if namespace and name else None
        if owner is not None and reference.get("uid") in (None, "", owner["metadata"].get("uid")):
            return f"{what}, and so does its VolumeSnapshot {namespace}/{name}: nothing can be restored from them."
        delete_object(client, api.contents, content["metadata"]["name"])
    except KubeError as exc:
        return f"{what}, and was left in the cluster: {exc.sentence}"
    return ""


def _snapshot_of(content: ObjectView) -> tuple[str, str]:
    spec, status = content.get("spec") or {}, content.get("status") or {}
    handle = status.get("snapshotHandle") or (spec.get("source") or {}).get("snapshotHandle") or ""
    return str(spec.get("driver") or ""), str(handle)


__all__ = ("remove_retained",)
