# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of a task to a client."""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access import load_access
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.kube_auth import KubeAuth
from ansible_collections.arkive.k8s.plugins.module_utils._kube.retries import RetryPolicy
from ansible_collections.arkive.k8s.plugins.module_utils._kube.session import Session


def connect(
    auth: KubeAuth,
    *,
    timeout: float = 30.0,
    cancel: CancelToken | None = None,
    retry: RetryPolicy | None = None,
    pool_size: int = 32,
) -> KubeClient:
    """A client for ``auth``. Reads configuration and credential, asks the API server nothing yet.

    ``timeout`` (seconds) is how long the server may stay silent in one request; connecting gets at most 10 of them.
    Raises ``KubeError`` for a kubeconfig, context, certificate or credential plugin that cannot be used.
    """
    cancel = cancel or CancelToken()
    load = functools.partial(load_access, auth)
    session = Session(load, timeout=timeout, pool_size=pool_size, retry=retry or RetryPolicy(), cancel=cancel)
    return KubeClient(session, cancel=cancel)


__all__ = ("KubeAuth", "connect")
