# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Lists in pages of raw objects."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

#: A list that expires again and again cannot be finished.
_MOST_RESTARTS = 5


@dataclasses.dataclass
class Page:
    """items: raw objects with apiVersion and kind. remaining: objects after this page, None when not told."""

    items: list[dict[str, t.Any]]
    resource_version: str
    remaining: int | None


def list_pages(
    client: KubeClient,
    resource: ApiResource,
    *,
    namespace: str | None = None,
    label_selector: str | None = None,
    field_selector: str | None = None,
    page_size: int = 500,
) -> t.Iterator[Page]:
    """All objects of a resource, page by page; in all namespaces when none is given.

    A page that comes too late (410, the continue token is 5 to 15 minutes old) is asked for again with the token that
    the server offers instead; where it offers none, the list starts over. Nothing is yielded twice.
    """
    path = resource.path(namespace)
    fixed = {"limit": str(page_size), "labelSelector": label_selector, "fieldSelector": field_selector}
    query = {key: value for key, value in fixed.items() if value}
    order = _Order()
    restarts = 0
    token = ""
    while True:
        try:
            answer = client.get(path, query={**query, "continue": token} if token else query)
        except KubeError as exc:
            restarts += 1
            if not exc.expired or not token or restarts > _MOST_RESTARTS:
                raise
            token = exc.continue_token
            if not token:
                order.start_over(exc)
            continue
        metadata = answer.get("metadata") or {}
        items = order.not_seen(answer.get("items") or [])
        token = str(metadata.get("continue") or "")
        _put_type_back(items, resource)
        yield Page(items, str(metadata.get("resourceVersion") or ""), metadata.get("remainingItemCount"))
        if not token:
            return


class _Order:
    """Leaves out what was yielded before a restart, by the order of keys: constant memory for any number of objects.

    The API server lists by key, ``namespace/name``. A server that does not cannot be restarted.
    """

    def __init__(self) -> None:
        self._last = ""
        self._is_sorted = True
        self._skip_to = ""

    def start_over(self, cause: KubeError) -> None:
        if not self._is_sorted:
            raise cause
        self._skip_to = self._last
        self._last = ""

    def not_seen(self, items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
        fresh = []
        for item in items:
            key = _key(item)
            self._is_sorted = self._is_sorted and self._last <= key
            if self._skip_to and not self._is_sorted:
                raise KubeError("The API server changed the order of a list that had to be started over.", status=410)
            self._last = key
            if key > self._skip_to:
                fresh.append(item)
        return fresh


def _key(item: t.Mapping[str, t.Any]) -> str:
    metadata = item["metadata"]
    return f"{metadata.get('namespace') or ''}/{metadata['name']}"


def _put_type_back(items: list[dict[str, t.Any]], resource: ApiResource) -> None:
    """Lists leave apiVersion and kind out of their items."""
    for item in items:
        item.setdefault("apiVersion", resource.api_version)
        item.setdefault("kind", resource.kind)


__all__ = ("Page", "list_pages")
