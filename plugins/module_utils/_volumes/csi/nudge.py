# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make the controllers look again at an object of theirs that is being deleted.

A csi-snapshotter that has just written to the object may take the deletion for old news, and then does nothing about it
before its next full round, a quarter of an hour later (seen with external-snapshotter 8.3). Any change wakes it up.
So it is with the snapshot controller and a VolumeSnapshot that was deleted while a claim was made from it: once that
claim is gone, nobody looks.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import secrets

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import patch_object

#: How long a deletion may take before the controllers are made to look again, in seconds.
NUDGE_SECONDS = 2.0
_ANNOTATION = "arkive.k8s/removal"


def nudge(client: KubeClient, resource: ApiResource, name: str, namespace: str | None = None) -> None:
    """Change the object in a way that means nothing. One that is gone, or must not be changed, is fine.

    Raises ``KubeError``.
    """
    change = {"metadata": {"annotations": {_ANNOTATION: secrets.token_hex(4)}}}
    try:
        patch_object(client, resource, name, change, namespace=namespace)
    except KubeError as exc:
        if not (exc.not_found or exc.forbidden):
            raise


def nudge_leaving(client: KubeClient, resource: ApiResource, namespace: str, *, label_selector: str) -> None:
    """Nudge those of a namespace that are being deleted; where they may not be listed, none. Raises ``KubeError``."""
    try:
        pages = list_pages(client, resource, namespace=namespace, label_selector=label_selector)
        leaving = [item for page in pages for item in page.items if "deletionTimestamp" in item["metadata"]]
    except KubeError as exc:
        if not (exc.not_found or exc.forbidden):
            raise
        return
    for item in leaving:
        nudge(client, resource, item["metadata"]["name"], namespace)


__all__ = ("NUDGE_SECONDS", "nudge", "nudge_leaving")
