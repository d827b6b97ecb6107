# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an archive says about the volumes of its claims (Velero 1.18, docs/compatibility 1.5)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.item_sink import ItemSink
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS, PODS, VOLUMES
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._kube.claims import bound_volume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.decision import NEEDS_AGENT

#: Names the volumes of a pod that Velero's node agent is to back up.
_AGENT_ANNOTATION = "backup.velero.io/backup-volumes"


class VolumeNotes:
    """Notes the stored claims, the volumes and what the pods ask for as they come by. Thread-safe."""

    def __init__(
        self, sink: ItemSink, *, outcome_of: t.Callable[[tuple[str, str]], dict[str, t.Any]], issues: Issues
    ) -> None:
        """``outcome_of`` returns what became of the volume of a claim (namespace, name), as members of its entry."""
        self._outcome_of = outcome_of
        self._issues = issues
        self._lock = threading.Lock()
        self._claims: dict[tuple[str, str], str] = {}
        self._volumes: dict[str, dict[str, t.Any]] = {}
        #: Claims that pods want to have backed up by the node agent.
        self._for_agent: set[tuple[str, str]] = set()
        sink.observe(CLAIMS, self._note_claim)
        sink.observe(VOLUMES, self._note_volume)
        sink.observe(PODS, self._note_pod)

    def describe(self) -> list[dict[str, t.Any]]:
        """One entry for each bound claim, by namespace and name."""
        with self._lock:
            found = [(key, self._describe(key, claim)) for key, claim in sorted(self._claims.items())]
        for key, entry in found:
            if entry["skipped"] and key in self._for_agent:
                entry["skippedReason"] = NEEDS_AGENT
        return [entry for _key, entry in found]

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

    def _note_pod(self, pod: dict[str, t.Any]) -> None:
        text = (pod["metadata"].get("annotations") or {}).get(_AGENT_ANNOTATION, "")
        wanted = [name for name in text.split(",") if name]
        if not wanted:
            return
        namespace, name = pod["metadata"].get("namespace", ""), pod["metadata"]["name"]
        self._issues.warning(
            f"The pod's annotation {_AGENT_ANNOTATION} asks for a file system backup of {', '.join(wanted)}, which "
            "needs Velero's node agent: their data is in this backup only where it has snapshots of them",
            name=name,
            namespace=namespace,
            resource=str(PODS),
        )
        for volume in (pod.get("spec") or {}).get("volumes") or ():
            claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            if claim and volume.get("name") in wanted:
                with self._lock:
                    self._for_agent.add((namespace, claim))

    def _describe(self, key: tuple[str, str], volume: str) -> dict[str, t.Any]:
        entry = {"pvcName": key[1], "pvcNamespace": key[0], "pvName": volume} | self._outcome_of(key)
        info = self._volumes.get(volume)
        return entry if info is None else entry | {"pvInfo": info}


__all__ = ("VolumeNotes",)
