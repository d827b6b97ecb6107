# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists in pages of raw objects."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.answer_shapes import check_items
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

#: A list that expires again and again cannot be finished.
_MOST_RESTARTS = 5


@dataclasses.dataclass
class Page:
    """items: raw objects with apiVersion and kind. remaining: objects after this page, None when not known."""

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

    def fetch(asked: dict[str, str]) -> PageAnswer[dict[str, t.Any]]:
        answer = client.get(path, query=asked)
        metadata, items = answer.get("metadata") or {}, answer.get("items") or []
        try:
            check_items(items)
        except ValueError as exc:
            raise KubeError(f"The answer of {client.server} to GET {path} cannot be used: {exc}.", status=200) from exc
        return PageAnswer(
            items,
            resource_version=str(metadata.get("resourceVersion") or ""),
            remaining=metadata.get("remainingItemCount"),
            token=str(metadata.get("continue") or ""),
        )

    for page in walk_pages(fetch, query, key=_key):
        _put_type_back(page.items, resource)
        yield Page(page.items, page.resource_version, page.remaining)


_Item = t.TypeVar("_Item")


@dataclasses.dataclass(slots=True)
class PageAnswer(t.Generic[_Item]):
    """One answer to a list request; ``token`` asks for the next page, and is empty in the last one."""

    items: list[_Item]
    resource_version: str
    remaining: int | None
    token: str


def walk_pages(
    fetch: t.Callable[[dict[str, str]], PageAnswer[_Item]], query: dict[str, str], *, key: t.Callable[[_Item], str]
) -> t.Iterator[PageAnswer[_Item]]:
    """Ask for page after page, and again where one has expired. ``key`` is an item's ``namespace/name``."""
    order = _Order(key)
    restarts = 0
    token = ""
    while True:
        try:
            page = fetch({**query, "continue": token} if token else query)
        except KubeError as exc:
            restarts += 1
            if not exc.expired or not token or restarts > _MOST_RESTARTS:
                raise
            token = exc.continue_token
            if not token:
                order.start_over(exc)
            continue
        page.items = order.not_seen(page.items)
        token = page.token
        yield page
        # Not to be held while the next one comes.
        del page
        if not token:
            return


class _Order(t.Generic[_Item]):
    """Leaves out what was yielded before a restart, by the order of keys: constant memory for any number of objects.

    The API server lists by key, ``namespace/name``. A server that does not cannot be restarted.
    """

    def __init__(self, key: t.Callable[[_Item], str]) -> None:
        self._key = key
        self._last = ""
        self._is_sorted = True
        self._skip_to = ""

    def start_over(self, cause: KubeError) -> None:
        if not self._is_sorted:
            raise cause
        self._skip_to = max(self._skip_to, self._last)
        self._last = ""

    def not_seen(self, items: list[_Item]) -> list[_Item]:
        if not items:
            return items
        keys = [self._key(item) for item in items]
        self._is_sorted = self._is_sorted and self._last <= keys[0] and keys == sorted(keys)
        self._last = keys[-1]
        if not self._skip_to:
            return items
        if not self._is_sorted:
            raise KubeError("The API server changed the order of a list that had to be started over.", status=410)
        return [item for item, key in zip(items, keys, strict=True) if key > self._skip_to]


def _key(item: t.Mapping[str, t.Any]) -> str:
    metadata = item["metadata"]
    return f"{metadata.get('namespace') or ''}/{metadata['name']}"


def _put_type_back(items: list[dict[str, t.Any]], resource: ApiResource) -> None:
    """Lists leave apiVersion and kind out of their items."""
    for item in items:
        item.setdefault("apiVersion", resource.api_version)
        item.setdefault("kind", resource.kind)


__all__ = ("Page", "PageAnswer", "list_pages", "walk_pages")
