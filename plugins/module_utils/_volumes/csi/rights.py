# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that CSI snapshots need."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import GROUP


def backup_needs(namespaces: t.Iterable[str]) -> list[Need]:
    """To snapshot the volumes in ``namespaces`` for a backup: the contents that hold them are cluster-wide."""
    return [
        Need("get", "", "persistentvolumes"),
        Need("list", "", "persistentvolumes"),
        Need("list", GROUP, "volumesnapshotclasses"),
        *(Need(verb, GROUP, "volumesnapshotcontents") for verb in ("get", "list", "watch", "patch", "delete")),
        *(
            Need(verb, GROUP, "volumesnapshots", namespace=namespace)
            for namespace in namespaces
            for verb in ("create", "get", "list", "watch", "delete")
        ),
    ]


def deletion_needs() -> list[Need]:
    """To delete snapshots: an object is made for each, changed where it is overlooked, and deleted."""
    return [Need(verb, GROUP, "volumesnapshotcontents") for verb in ("create", "get", "patch", "delete")]


__all__ = ("backup_needs", "deletion_needs")
