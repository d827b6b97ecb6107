# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What moving asks of those who take the snapshots: a volume provider of its own, which knows nothing of it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import TakenSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import BackupVolumes, Key


class MovableVolumes(BackupVolumes, t.Protocol):
    """Snapshots of which volumes can be made in the cluster that they were taken in."""

    def await_ready(self, *, timeout: float, progress: ProgressSink) -> dict[Key, TakenSnapshot]:
        """Wait until volumes can be made from the snapshots, of which some fail; each goes with its object."""

    @property
    def snapshot_type(self) -> ApiResource | None:
        """The type of the objects; None where the cluster has none."""

    def drop_all(self) -> list[str]:
        """Remove all snapshots, in the storage too. A sentence for each that is still there."""


__all__ = ("MovableVolumes",)
