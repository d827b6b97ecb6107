# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task says of data that is moved between volumes and the location of its backups."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import MoverSettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class MovingContext:
    """``store``: that of the backup. ``password`` of its repositories; empty where it is looked up in the cluster.

    ``velero_namespace``: where Velero keeps it.
    """

    store: Store
    settings: MoverSettings = dataclasses.field(default_factory=MoverSettings)
    password: str = dataclasses.field(default="", repr=False)
    velero_namespace: str = "velero"


__all__ = ("MovingContext",)
