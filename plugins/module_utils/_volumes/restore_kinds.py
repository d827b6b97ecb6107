# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two kinds of ``RestoreVolumes``: each leaves out what only the other one is asked for."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import (
    DataSource,
    MadeVolume,
    PodFilling,
    SnapshotObjects,
    VolumeFilling,
)


class NewVolumes:
    """Claims get new volumes, which somebody makes from their snapshots; a stored PersistentVolume stays away."""

    remakes_volumes = False

    @property
    def filling(self) -> VolumeFilling | None:
        return None

    @property
    def pod_filling(self) -> PodFilling | None:
        return None

    def of_volume(self, volume: ObjectView) -> DataSource | None:
        return None

    def why_leaving(self, live: ObjectView) -> str:
        return ""

    def adopt_volume(self, desired: ObjectView, live: ObjectView) -> dict[str, t.Any]:
        return dict(desired)

    def is_lost(self, claim: ObjectView) -> bool:
        return False

    def make(
        self,
        resource: ApiResource,
        body: ObjectView,
        source: DataSource,
        *,
        terminating_timeout: float,
        volume_timeout: float,
        progress: ProgressSink,
        cancel: CancelToken,
    ) -> MadeVolume:
        raise SnapshotError(f"The volume {body['metadata']['name']} is made for its claim, and not anew.")


class RemadeVolumes:
    """Stored PersistentVolumes come back, with new storage behind them; their claims ask for nothing."""

    remakes_volumes = True

    @property
    def filling(self) -> VolumeFilling | None:
        return None

    @property
    def pod_filling(self) -> PodFilling | None:
        return None

    @property
    def objects(self) -> SnapshotObjects | None:
        return None

    def of_claim(self, claim: ObjectView, namespace: str) -> DataSource | None:
        return None

    def why_not(self, source: DataSource, *, namespace: str, claim: ObjectView) -> str:
        return ""

    def provision(self, source: DataSource, spec: dict[str, t.Any]) -> None:
        """The volume that it names has its data."""

    def is_made_from(self, claim: ObjectView, namespace: str, live: ObjectView, *, ours: bool) -> bool:
        return False

    def is_lost(self, claim: ObjectView) -> bool:
        return False

    def error_of(self, source: DataSource) -> str:
        return ""

    def take_out(self, source: DataSource, *, namespace: str, claim: str) -> list[str] | None:
        return None


__all__ = ("NewVolumes", "RemadeVolumes")
