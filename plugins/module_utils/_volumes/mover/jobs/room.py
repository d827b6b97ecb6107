# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Room in a quota for the claims by which snapshots are read: it comes back when these have been read."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.marks import MOVER
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.resources import CLAIMS


class NoRoomError(MoverError):
    """A quota has no room for one more claim; ``holders``: those that will give some back, as ``temporary_claims``."""

    def __init__(self, message: str, *, hint: str, holders: tuple[str, ...]) -> None:
        super().__init__(message, hint=hint)
        self.holders = holders


def is_out_of_room(refusal: KubeError) -> bool:
    """Whether a quota is why an object was not made (Kubernetes 1.34, ResourceQuota)."""
    return "exceeded quota" in refusal.message


def temporary_claims(client: KubeClient, namespace: str) -> tuple[str, ...]:
    """Names of the claims there that are made of snapshots, and go when these have been read, of whichever backup.

    Empty where nobody may look.
    """
    try:
        pages = list_pages(client, CLAIMS, namespace=namespace, label_selector=f"{MOVER}=upload")
        return tuple(sorted(str(claim["metadata"]["name"]) for page in pages for claim in page.items))
    except KubeError:
        return ()


__all__ = ("NoRoomError", "is_out_of_room", "temporary_claims")
