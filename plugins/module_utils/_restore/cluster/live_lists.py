# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Live objects, by one LIST for the whole cluster where that is cheaper than one for each namespace."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import list_raw_pages

#: Below this many namespaces nobody asks how many objects the cluster has.
_FEW_NAMESPACES = 8
#: A request costs as much as to read this many objects that nobody wants.
_OBJECTS_A_REQUEST = 20


class LiveLists:
    """Reads only. Safe to use from any thread."""

    def __init__(self, client: KubeClient, cancel: CancelToken) -> None:
        self._client = client
        self._cancel = cancel

    def one_is_enough(self, resource: ApiResource, *, namespaces: int, wanted: int) -> bool:
        """Whether one LIST of the cluster is allowed and costs less than ``namespaces`` of them."""
        if namespaces < _FEW_NAMESPACES:
            return False
        try:
            page = next(iter(list_raw_pages(self._client, resource, page_size=1, in_turn=False)))
        except KubeError as exc:
            if exc.forbidden:
                return False
            raise
        # A server that does not say how many are left may have any number of them.
        return page.remaining is not None and page.remaining < wanted + namespaces * _OBJECTS_A_REQUEST

    def objects(self, resource: ApiResource, namespace: str | None) -> t.Iterator[tuple[dict[str, t.Any], str]]:
        """All objects of a type in one namespace, or everywhere; each with why it cannot be read, where that is so."""
        for page in list_raw_pages(self._client, resource, namespace=namespace, in_turn=False):
            self._cancel.check()
            for item in (*page.items, *page.bad):
                yield item.obj, item.problem


__all__ = ("LiveLists",)
