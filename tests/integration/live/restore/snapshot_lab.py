# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives with CSI snapshots as a third-party writer makes them, of applications whose volumes hold known files."""

from __future__ import annotations

import copy
import secrets
import typing as t

from restore_lab import Cluster

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import find_snapshot_api
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.storage import StorageSnapshots, StoredSnapshot

if t.TYPE_CHECKING:
    from cluster_access import Kubectl

Stored = dict[tuple[GroupResource, str | None, str], Object]
DRIVER = "loopfile.csi.test"
CLAIMS = GroupResource("persistentvolumeclaims")

_TEMPLATE = """
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: app
        image: busybox:1
        command: [sleep, "1000000"]
        volumeMounts: [{name: data, mountPath: /data}]
"""
DEPLOYMENT = (
    """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: NS, labels: {app: web}}
spec: {storageClassName: CLASS, accessModes: [ReadWriteOnce], resources: {requests: {storage: SIZE}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NS}
spec:
  selector: {matchLabels: {app: web}}
  template:"""
    + _TEMPLATE
    + """      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
"""
)
STATEFUL_SET = (
    """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: NS}
spec:
  serviceName: web
  selector: {matchLabels: {app: web}}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {storageClassName: CLASS, accessModes: [ReadWriteOnce], resources: {requests: {storage: SIZE}}}
  template:"""
    + _TEMPLATE
)
CLAIM_OF = {"deployment": "data", "statefulset": "data-web-0"}


class SnapshotLab:
    """Snapshots that tests have taken; ``close`` has the storage delete them."""

    def __init__(self, cluster: Cluster, kubectl: Kubectl) -> None:
        self.cluster = cluster
        self.kubectl = kubectl
        self.taken: list[StoredSnapshot] = []
        self._left_by_others = self._restored()

    def application(self, kind: str = "deployment", storage_class: str = "loopfile") -> str:
        """The namespace of a running application, whose volume has the file ``before``."""
        name = self.cluster.new_name()
        size = "320Mi" if storage_class == "loopfile-xfs" else "32Mi"
        text = DEPLOYMENT if kind == "deployment" else STATEFUL_SET
        self.kubectl("create", "namespace", name)
        text = text.replace("NS", name).replace("CLASS", storage_class).replace("SIZE", size)
        self.kubectl("apply", "-f", "-", stdin=text)
        self.await_running(name, kind)
        self.write(name, kind, "before")
        return name

    def await_running(self, namespace: str, kind: str = "deployment") -> None:
        self.kubectl("-n", namespace, "rollout", "status", f"{kind}/web", "--timeout=90s")

    def lose(self, namespace: str) -> None:
        """The disaster. What is in the namespace goes first: its controller is slow to look for more."""
        self.kubectl("-n", namespace, "delete", "deployment,statefulset,pod,pvc", "--all", "--now")
        self.cluster.delete("namespaces", namespace)

    def write(self, namespace: str, kind: str, name: str) -> None:
        self.exec(namespace, kind, f"echo 'it is {name}' > /data/{name} && sync")

    def read(self, namespace: str, kind: str = "deployment") -> dict[str, str]:
        """The files of the application and what is in them."""
        found = self.exec(namespace, kind, "cd /data && for f in *; do if test -f $f; then echo $f=$(cat $f); fi; done")
        return dict(line.split("=", 1) for line in found.splitlines())

    def exec(self, namespace: str, kind: str, script: str) -> str:
        return self.kubectl("-n", namespace, "exec", f"{kind}/web", "--", "sh", "-c", script)

    def cut(
        self, namespace: str, claim: str, *, name: str = "", snapshot_class: str = "loopfile"
    ) -> tuple[Object, Object]:
        """Take a snapshot, keep it in the storage alone; VolumeSnapshot and content as they were at the end."""
        name = name or f"velero-{claim}-{secrets.token_hex(3)}"
        text = f"""
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshot
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  volumeSnapshotClassName: {snapshot_class}
  source: {{persistentVolumeClaimName: {claim}}}
"""
        self.kubectl("apply", "-f", "-", stdin=text)
        snapshot = self.cluster.wait(
            "volumesnapshots", name, namespace, lambda obj: bool((obj or {}).get("status", {}).get("readyToUse"))
        )
        assert snapshot is not None
        bound = snapshot["status"]["boundVolumeSnapshotContentName"]
        patch = '{"spec":{"deletionPolicy":"Retain"}}'
        self.kubectl("patch", "volumesnapshotcontent", bound, "--type=merge", "-p", patch)
        content = self.cluster.get("volumesnapshotcontents", bound)
        assert content is not None
        self.taken.append(StoredSnapshot(driver=DRIVER, handle=content["status"]["snapshotHandle"]))
        self.cluster.delete("volumesnapshots", name, namespace)
        self.cluster.delete("volumesnapshotcontents", bound)
        return snapshot, content

    def stored(self, namespace: str, *claims: str, velero: bool = True) -> tuple[Stored, list[Object]]:
        """Objects and volumeinfo of a namespace, with a snapshot of each of ``claims`` (docs/compatibility 8.6).

        After it, the file ``after`` is written: it is not in the snapshot.
        """
        objects = self.cluster.stored(namespace)
        info = []
        for claim in claims:
            snapshot, content = self.cut(namespace, claim)
            volume = self._add(objects, namespace, claim, snapshot, content)
            info.append(self._describe(namespace, claim, snapshot, content, volume))
        return objects, info

    @staticmethod
    def _add(objects: Stored, namespace: str, claim: str, snapshot: Object, content: Object) -> Object:
        """docs/compatibility 8.6.1 to 8.6.3; the volume of the claim."""
        name, bound = snapshot["metadata"]["name"], content["metadata"]["name"]
        stored = copy.deepcopy(objects[(CLAIMS, namespace, claim)])
        for member in ("labels", "annotations"):
            stored["metadata"].setdefault(member, {})["velero.io/volume-snapshot-name"] = name
        stored["metadata"]["labels"]["velero.io/backup-name"] = "shop"
        objects[(CLAIMS, namespace, claim)] = stored
        snapshot["metadata"]["annotations"] = {
            "velero.io/csi-vsc-deletion-policy": "Retain",
            "velero.io/csi-volumesnapshot-handle": content["status"]["snapshotHandle"],
            "velero.io/csi-driver-name": DRIVER,
            "velero.io/csi-volumesnapshot-restore-size": snapshot["status"]["restoreSize"],
        }
        snapshot["metadata"].setdefault("labels", {})["velero.io/backup-name"] = "shop"
        content["metadata"].setdefault("labels", {})["velero.io/backup-name"] = "shop"
        objects[(VOLUME_SNAPSHOTS, namespace, name)] = snapshot
        objects[(VOLUME_SNAPSHOT_CONTENTS, None, bound)] = content
        return objects[(GroupResource("persistentvolumes"), None, stored["spec"]["volumeName"])]

    @staticmethod
    def _describe(namespace: str, claim: str, snapshot: Object, content: Object, volume: Object) -> Object:
        """docs/compatibility 8.6.4."""
        return {
            "pvcName": claim,
            "pvcNamespace": namespace,
            "pvName": volume["metadata"]["name"],
            "backupMethod": "CSISnapshot",
            "snapshotDataMoved": False,
            "preserveLocalSnapshot": True,
            "skipped": False,
            "result": "succeeded",
            "csiSnapshotInfo": {
                "snapshotHandle": content["status"]["snapshotHandle"],
                "size": content["status"]["restoreSize"],
                "driver": DRIVER,
                "vscName": content["metadata"]["name"],
                "operationID": f"{namespace}/{snapshot['metadata']['name']}/2026-06-01T02:00:00Z",
                "ReadyToUse": True,
            },
            "pvInfo": {"reclaimPolicy": "Retain", "labels": {"tier": "gold"}},
        }

    def volume_of(self, namespace: str, claim: str) -> Object:
        """The PersistentVolume of a bound claim."""
        found = self.cluster.get("persistentvolumeclaims", claim, namespace)
        assert found is not None
        assert found["status"]["phase"] == "Bound"
        volume = self.cluster.get("persistentvolumes", found["spec"]["volumeName"])
        assert volume is not None
        return volume

    def left(self) -> list[str]:
        """VolumeSnapshots and contents that this collection has restored and left in the cluster since the lab began.

        What a test before has left failed that one, and fails no other.
        """
        return sorted(self._restored() - self._left_by_others)

    def _restored(self) -> set[str]:
        kinds = "volumesnapshots,volumesnapshotcontents"
        return set(self.kubectl("get", kinds, "-A", "-l", "velero.io/restore-name", "-o", "name").split())

    def close(self) -> None:
        """Nothing stays in the storage: no volume that was made to be retained, and no snapshot."""
        for volume in self.cluster.client.get("/api/v1/persistentvolumes")["items"]:
            if (volume["spec"].get("claimRef") or {}).get("namespace") in self.cluster.made:
                patch = '{"spec":{"persistentVolumeReclaimPolicy":"Delete"}}'
                self.kubectl("patch", "pv", volume["metadata"]["name"], "--type=merge", "-p", patch, check=False)
        self.delete_from_storage()

    def delete_from_storage(self) -> None:
        """Have the storage delete what was taken."""
        api = find_snapshot_api(self.cluster.discovery)
        assert api is not None
        storage = StorageSnapshots(self.cluster.client, self.cluster.discovery, api, cancel=CancelToken())
        assert storage.delete(self.taken, timeout=60) == {}
        self.taken.clear()


__all__ = ("CLAIMS", "CLAIM_OF", "DEPLOYMENT", "DRIVER", "SnapshotLab", "Stored")
