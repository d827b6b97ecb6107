# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Room in a quota for the claims by which snapshots are read: it comes back when these have been read."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import decimal
import re

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.quantities import parse_quantity
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.marks import MOVER
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.resources import CLAIMS

_ASKED = re.compile(r"requested: (\S+), used: \S+, limited: (\S+)")


class NoRoomError(MoverError):
    """A quota has no room for one more claim; ``holders``: those that will give some back, as ``holders_of_room``.

    ``never``: it is smaller than the claim, whoever goes.
    """

    def __init__(self, message: str, *, hint: str, holders: tuple[str, ...], never: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.holders = holders
        self.never = never


def is_out_of_room(refusal: KubeError) -> bool:
    """Whether a quota is why an object was not made (Kubernetes 1.34, ResourceQuota)."""
    return "exceeded quota" in refusal.message


def holders_of_room(client: KubeClient, refusal: KubeError, namespace: str) -> tuple[str, ...]:
    """Names of the claims there that are made of snapshots, and go when these have been read, of whichever backup.

    Empty where nobody may look, and where their room would not be enough: the quota itself is smaller.
    """
    if is_too_large(refusal):
        return ()
    try:
        pages = list_pages(client, CLAIMS, namespace=namespace, label_selector=f"{MOVER}=upload")
        return tuple(sorted(str(claim["metadata"]["name"]) for page in pages for claim in page.items))
    except KubeError:
        return ()


def is_too_large(refusal: KubeError) -> bool:
    """Whether a quota admits less than was asked for, whoever goes (Kubernetes 1.34, resourcequota/controller.go)."""
    said = _ASKED.search(refusal.message)
    if said is None:
        return False
    requested, limited = (_amounts(said[number].rstrip(".")) for number in (1, 2))
    return any(amount > limited[name] for name, amount in requested.items() if name in limited)


def _amounts(text: str) -> dict[str, decimal.Decimal]:
    """Of ``requests.storage=2Gi,persistentvolumeclaims=1``; what cannot be read is left out."""
    found = {}
    for part in text.split(","):
        name, _equals, quantity = part.strip().rpartition("=")
        with contextlib.suppress(ValidationError):
            found[name] = parse_quantity(quantity)
    return found


__all__ = ("NoRoomError", "holders_of_room", "is_out_of_room", "is_too_large")
