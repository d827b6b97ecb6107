# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a namespace has room for the VolumeSnapshots of a backup or a set, asked before anything is frozen.

They are all there at once: those of a backup until it is stored, or their data has been moved.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import decimal
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import RESOURCE_QUOTAS, VOLUME_SNAPSHOTS
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.quantities import parse_quantity
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import create_object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.manifest import snapshot_manifest
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec

_QUOTAS = ApiResource.known("", RESOURCE_QUOTAS.resource, "ResourceQuota")
#: How often it is looked again whether a quota has counted what is gone, in seconds.
_LOOK_SECONDS = 1.0
#: How a quota counts them (Kubernetes 1.34, ``count/<resource>.<group>``).
_COUNT = f"count/{VOLUME_SNAPSHOTS}"


def _none_leaves(_namespace: str) -> int:
    return 0


def require_room(
    client: KubeClient,
    resource: ApiResource,
    specs: t.Iterable[SnapshotSpec],
    *,
    patience: float = 0.0,
    leaving: t.Callable[[str], int] = _none_leaves,
) -> None:
    """Raise ``SnapshotError`` where a quota does not admit the snapshots of ``specs``, of type ``resource``.

    Nothing is made. A dry run says whether one of them is let in. Whether all are, the quotas say, as far as they may
    be read: else it is seen when they are taken. ``patience``: for so many seconds a quota may count what was removed
    just before. ``leaving``: how many are to go in a namespace before; asked where there is no room. Raises
    ``Cancelled``.
    """
    by_namespace: dict[str, list[SnapshotSpec]] = {}
    for spec in specs:
        by_namespace.setdefault(spec.namespace, []).append(spec)
    end = time.monotonic() + patience
    for namespace, found in sorted(by_namespace.items()):
        while why := _why_not(client, resource, found, leaving):
            if time.monotonic() >= end:
                there = f"the snapshots, {len(found)} there, are all there at once"
                raise SnapshotError(
                    f"The volumes in namespace {namespace} cannot be snapshotted, and nothing was begun: {why}",
                    hint=f"Free some of the quota or raise it: {there}.",
                )
            if client.cancel.wait(_LOOK_SECONDS):
                client.cancel.check()


def _why_not(
    client: KubeClient, resource: ApiResource, specs: t.Sequence[SnapshotSpec], leaving: t.Callable[[str], int]
) -> str:
    """Why there is no room for those of one namespace; empty where there is."""
    namespace, wanted = specs[0].namespace, len(specs)
    why = _why_not_one(client, resource, specs[0]) or _why_not_all(client, namespace, wanted)
    leaves = leaving(namespace) if why else 0
    # The server knows nothing of those that go before.
    return _why_not_all(client, namespace, wanted, leaves) if leaves else why


def _why_not_one(client: KubeClient, resource: ApiResource, spec: SnapshotSpec) -> str:
    """What else may be wrong with one is told of its volume, when it is taken."""
    try:
        create_object(client, resource, snapshot_manifest(spec, resource), dry_run=True)
    except KubeError as exc:
        return exc.message if "exceeded quota" in exc.message else ""
    return ""


def _why_not_all(client: KubeClient, namespace: str, wanted: int, leaves: int = 0) -> str:
    try:
        quotas = [quota for page in list_pages(client, _QUOTAS, namespace=namespace) for quota in page.items]
    except KubeError:
        return ""
    return next(filter(None, (_why_over(quota, wanted, leaves) for quota in quotas)), "")


def _why_over(quota: ObjectView, wanted: int, leaves: int) -> str:
    """Why ``wanted`` more are too many; a quota with scopes counts pods alone, and has no such amount."""
    spec, status = quota.get("spec") or {}, quota.get("status") or {}
    hard, used = _amount(status.get("hard") or spec.get("hard")), _amount(status.get("used")) or decimal.Decimal(0)
    used = max(used - leaves, decimal.Decimal(0))
    if hard is None or used + wanted <= hard:
        return ""
    name = quota["metadata"]["name"]
    return f"exceeded quota: {name}, requested: {_COUNT}={wanted}, used: {used:f}, limited: {hard:f}."


def _amount(quantities: t.Any) -> decimal.Decimal | None:
    try:
        return parse_quantity((quantities or {})[_COUNT])
    except (KeyError, ValidationError):
        return None


__all__ = ("require_room",)
