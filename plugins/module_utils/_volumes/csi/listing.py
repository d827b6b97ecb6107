# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The VolumeSnapshots that are there, whoever made them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import SnapshotApi
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.sets import find_apis
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.status import stated_error, take_status
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_listing import FoundSnapshots, SnapshotQuery
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_names import (
    SET_LABEL,
    is_complete,
    known_snapshot,
    set_labels,
    set_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import listed_entry

_AT_A_TIME = 16

#: Reads the content of that name; None where it is gone or must not be read.
_ContentReader: t.TypeAlias = "t.Callable[[str], Object | None]"


def list_snapshots(query: SnapshotQuery, *, client: KubeClient) -> FoundSnapshots:
    """By namespace and name. Without rights on VolumeSnapshotContents, handles stay unknown; a warning says so."""
    api, _groups = find_apis(client)
    selectors = [query.label_selector] if query.label_selector else []
    if query.name:
        selectors.append(f"{SET_LABEL}={set_labels(query.name)[SET_LABEL]}")
    pages = list_pages(
        client, api.snapshots, namespace=query.namespace or None, label_selector=",".join(selectors) or None
    )
    found = [item for page in pages for item in page.items if _fits(item, query)]
    warnings: list[str] = []
    read = _content_reader(client, api, found, warnings)
    with concurrent.futures.ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="arkive-contents") as pool:
        entries = list(pool.map(lambda item: _entry(item, read), found))
    entries.sort(key=lambda entry: (entry["namespace"], entry["name"]))
    return FoundSnapshots(snapshots=entries, warnings=warnings)


def _fits(snapshot: Object, query: SnapshotQuery) -> bool:
    source = (snapshot.get("spec") or {}).get("source") or {}
    return (not query.name or set_of(snapshot) == query.name) and (
        not query.claims or source.get("persistentVolumeClaimName") in query.claims
    )


def _content_reader(
    client: KubeClient, api: SnapshotApi, snapshots: t.Sequence[Object], warnings: list[str]
) -> _ContentReader:
    """All contents are read by one list where there are many snapshots, else one by one."""
    try:
        if len(snapshots) <= _AT_A_TIME:
            for snapshot in snapshots[:1]:
                get_object(client, api.contents, _content_name(snapshot) or "none")
            return lambda name: get_object(client, api.contents, name)
        contents = {item["metadata"]["name"]: item for page in list_pages(client, api.contents) for item in page.items}
    except KubeError as exc:
        if not exc.forbidden:
            raise
        warnings.append(f"The handles are unknown, because VolumeSnapshotContents may not be read: {exc.message}")
        return lambda _name: None
    return contents.get


def _content_name(snapshot: Object) -> str:
    return str((snapshot.get("status") or {}).get("boundVolumeSnapshotContentName") or "")


def _entry(snapshot: Object, read: _ContentReader) -> Object:
    taken = known_snapshot(snapshot)
    name = _content_name(snapshot)
    content = read(name) if name else None
    take_status(taken, snapshot, content)
    error = stated_error(snapshot, content)
    if not taken.created and not taken.handle:
        taken.state = "pending"
    if error and not taken.ready:
        taken.fail(error)
    return listed_entry(
        taken,
        set_name=set_of(snapshot),
        complete=is_complete(snapshot),
        labels=snapshot["metadata"].get("labels") or {},
        deletion_policy=((content or {}).get("spec") or {}).get("deletionPolicy"),
    )


__all__ = ("list_snapshots",)
