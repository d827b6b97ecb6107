# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""What an archive says about the volumes of its claims (Velero 1.18, volumeinfo). Their data is not in it."""

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.item_rules import is_bound
from ansible_collections.arkive.k8s.plugins.module_utils._backup.item_sink import ItemSink
from ansible_collections.arkive.k8s.plugins.module_utils._backup.selection import CLAIMS, PODS, VOLUMES
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_policy import ResourcePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import RunLog

#: Velero's form: ``<approach>: <reason>;``.
_NOT_SNAPSHOTTED = "any: snapshotVolumes is false;"
_SKIP_POLICY = "any: skipped due to the resource policy;"
_NEEDS_AGENT = "podvolume: file system backup needs Velero's node agent;"
#: Names the volumes of a pod that Velero's node agent is to back up.
_AGENT_ANNOTATION = "backup.velero.io/backup-volumes"


class VolumeNotes:
    """Notes the stored claims, the volumes and the pods' wishes as they come by. Thread-safe."""

    def __init__(self, sink: ItemSink, *, policy: ResourcePolicy | None, log: RunLog) -> None:
        self._policy = policy
        self._log = log
        self._lock = threading.Lock()
        self._claims: dict[tuple[str, str], dict[str, t.Any]] = {}
        self._volumes: dict[str, dict[str, t.Any]] = {}
        #: Claims that pods want to have backed up by the node agent.
        self._for_agent: set[tuple[str, str]] = set()
        sink.observe(CLAIMS, self._note_claim)
        sink.observe(VOLUMES, self._note_volume)
        sink.observe(PODS, self._note_pod)

    def describe(self) -> list[dict[str, t.Any]]:
        """One entry for each bound claim, by namespace and name."""
        with self._lock:
            return [self._describe(key, claim) for key, claim in sorted(self._claims.items())]

    def _note_claim(self, claim: dict[str, t.Any]) -> None:
        if not is_bound(claim):
            return
        metadata = claim["metadata"]
        # Without a policy nobody asks for more than the name of the volume.
        spec = claim["spec"] if self._policy else {"volumeName": claim["spec"]["volumeName"]}
        kept = {"metadata": {"labels": metadata.get("labels") or {}}, "spec": spec, "status": {"phase": "Bound"}}
        with self._lock:
            self._claims[metadata["namespace"], metadata["name"]] = kept

    def _note_volume(self, volume: dict[str, t.Any]) -> None:
        spec = volume.get("spec") or {}
        kept = spec if self._policy else {"persistentVolumeReclaimPolicy": spec.get("persistentVolumeReclaimPolicy")}
        metadata = volume["metadata"]
        with self._lock:
            self._volumes[metadata["name"]] = {"metadata": {"labels": metadata.get("labels") or {}}, "spec": kept}

    def _note_pod(self, pod: dict[str, t.Any]) -> None:
        text = (pod["metadata"].get("annotations") or {}).get(_AGENT_ANNOTATION, "")
        wanted = [name for name in text.split(",") if name]
        if not wanted:
            return
        namespace, name = pod["metadata"].get("namespace", ""), pod["metadata"]["name"]
        self._log.warning(
            f"The pod's annotation {_AGENT_ANNOTATION} asks for a file system backup of {', '.join(wanted)}, which "
            "needs Velero's node agent: this backup holds no data of it",
            name=name,
            namespace=namespace,
            resource=str(PODS),
        )
        for volume in (pod.get("spec") or {}).get("volumes") or ():
            claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            if claim and volume.get("name") in wanted:
                with self._lock:
                    self._for_agent.add((namespace, claim))

    def _describe(self, key: tuple[str, str], claim: dict[str, t.Any]) -> dict[str, t.Any]:
        name = claim["spec"]["volumeName"]
        volume = self._volumes.get(name)
        entry: dict[str, t.Any] = {
            "pvcName": key[1],
            "pvcNamespace": key[0],
            "pvName": name,
            "snapshotDataMoved": False,
            "preserveLocalSnapshot": False,
            "skipped": True,
            "skippedReason": self._reason(key, claim, volume),
        }
        if volume is not None:
            entry["pvInfo"] = {
                "reclaimPolicy": volume["spec"].get("persistentVolumeReclaimPolicy") or "",
                "labels": volume["metadata"]["labels"],
            }
        return entry

    def _reason(self, key: tuple[str, str], claim: dict[str, t.Any], volume: dict[str, t.Any] | None) -> str:
        action = self._policy.volume_action(claim, volume, None) if self._policy else None
        kind = action.type if action else ""
        if kind == "skip":
            return _SKIP_POLICY
        if kind == "fs-backup" or (not kind and key in self._for_agent):
            return _NEEDS_AGENT
        return _NOT_SNAPSHOTTED


__all__ = ("VolumeNotes",)
