# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits that an API server which is away for a while only makes longer, from their first look on."""

# Private: not for use outside of this collection.

from __future__ import annotations

import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import Predicate, wait_for_object

_PAUSE_SECONDS = 1.0
T = t.TypeVar("T")


def await_object(
    client: KubeClient,
    resource: ApiResource,
    name: str,
    namespace: str | None,
    predicate: Predicate,
    *,
    timeout: float,
) -> Object | None:
    """As ``wait_for_object``; raises ``KubeTimeout`` when the time is over, ``KubeError`` for what does not pass."""
    end = time.monotonic() + timeout
    while True:
        try:
            left = max(0.1, end - time.monotonic())
            return wait_for_object(client, resource, name, namespace, predicate, timeout=left)
        except KubeError as exc:
            if not exc.may_pass or time.monotonic() >= end:
                raise
        _pause(client)


def ask_patiently(client: KubeClient, ask: t.Callable[[], T], *, timeout: float) -> T:
    """What ``ask`` returns; asked again while the API server is away. For what may be repeated."""
    end = time.monotonic() + timeout
    while True:
        try:
            return ask()
        except KubeError as exc:
            if not exc.may_pass or time.monotonic() >= end:
                raise
        _pause(client)


def _pause(client: KubeClient) -> None:
    if client.cancel.wait(_PAUSE_SECONDS):
        client.cancel.check()


__all__ = ("ask_patiently", "await_object")
