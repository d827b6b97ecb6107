# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Choose the pods of a task."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.errors import HookError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_running
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.patience import Patience


def select_pods(
    client: KubeClient,
    namespace: str,
    *,
    pod: str = "",
    label_selector: str = "",
    running: bool = True,
    patience: Patience | None = None,
) -> list[dict[str, t.Any]]:
    """One pod by name, or the running ones of a selector, or all running ones; sorted by name.

    Raises ``HookError`` when there is none. ``patience``: with a server that does not answer.
    """
    patience = patience or Patience()
    path = f"/api/v1/namespaces/{namespace}/pods"
    if pod:
        try:
            return [patience.ask(client, lambda: client.get(f"{path}/{pod}"))]
        except KubeError as exc:
            if exc.not_found:
                raise HookError(
                    f"Pod {namespace}/{pod} does not exist in the cluster at {client.server}.",
                    hint="Check the namespace and the name; pods of a Deployment get new names.",
                ) from exc
            raise
    query = {"labelSelector": label_selector} if label_selector else None
    items: list[dict[str, t.Any]] = patience.ask(client, lambda: client.get(path, query=query)).get("items") or []
    chosen = [item for item in items if not running or is_running(item)]
    if not chosen and running:
        selected = f" with labels {label_selector}" if label_selector else ""
        raise HookError(
            f"No running pod{selected} is in namespace {namespace} of the cluster at {client.server}.",
            hint="Check the namespace and the labels.",
        )
    return sorted(chosen, key=lambda item: str(item["metadata"]["name"]))


def why_no_pods(client: KubeClient, namespace: str, label_selector: str) -> list[str]:
    """What whoever found nothing there has to hear, lest a slip of the pen look like peace; raises ``KubeError``.

    Nothing of a whole namespace that is there: it may be empty.
    """
    there = f"in the cluster at {client.server}"
    try:
        client.get(f"/api/v1/namespaces/{namespace}")
    except KubeError as exc:
        if exc.not_found:
            return [f"Namespace {namespace} does not exist {there}, so that nothing was looked at: check its name."]
        if not exc.forbidden:
            raise
        if not label_selector:
            return [
                f"No pod is in namespace {namespace}, and whether it exists {there} may not be read: check its name."
            ]
    if label_selector:
        return [f"No pod with labels {label_selector} is in namespace {namespace} {there}: check the labels."]
    return []


__all__ = ("select_pods", "why_no_pods")
