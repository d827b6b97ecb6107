# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an archive says about the volumes of its claims (Velero 1.18, docs/compatibility 1.5)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.item_sink import ItemSink
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS, VOLUMES
from ansible_collections.arkive.k8s.plugins.module_utils._kube.claims import bound_volume


class VolumeNotes:
    """Notes the stored claims and the volumes as they come by. Thread-safe."""

    def __init__(self, sink: ItemSink, *, outcome_of: t.Callable[[tuple[str, str]], dict[str, t.Any]]) -> None:
        """``outcome_of`` returns what became of the volume of a claim (namespace, name), as members of its entry."""
        self._outcome_of = outcome_of
        self._lock = threading.Lock()
        self._claims: dict[tuple[str, str], str] = {}
        self._volumes: dict[str, dict[str, t.Any]] = {}
        sink.observe(CLAIMS, self._note_claim)
        sink.observe(VOLUMES, self._note_volume)

    def describe(self) -> list[dict[str, t.Any]]:
        """One entry for each bound claim, by namespace and name."""
        with self._lock:
            return [self._describe(key, claim) for key, claim in sorted(self._claims.items())]

    def _note_claim(self, claim: dict[str, t.Any]) -> None:
        if not bound_volume(claim):
            return
        metadata = claim["metadata"]
        with self._lock:
            self._claims[metadata["namespace"], metadata["name"]] = str(claim["spec"]["volumeName"])

    def _note_volume(self, volume: dict[str, t.Any]) -> None:
        metadata, spec = volume["metadata"], volume.get("spec") or {}
        info = {
            "reclaimPolicy": spec.get("persistentVolumeReclaimPolicy") or "",
            "labels": metadata.get("labels") or {},
        }
        with self._lock:
            self._volumes[metadata["name"]] = info

    def _describe(self, key: tuple[str, str], volume: str) -> dict[str, t.Any]:
        entry = {"pvcName": key[1], "pvcNamespace": key[0], "pvName": volume} | self._outcome_of(key)
        info = self._volumes.get(volume)
        return entry if info is None else entry | {"pvInfo": info}


__all__ = ("VolumeNotes",)
