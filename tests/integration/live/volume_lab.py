# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An application that keeps files in a volume, and what the storage below it has: for tests of volumes with data."""

from __future__ import annotations

import json
import time
import typing as t
from pathlib import Path

from lab_node import frozen_lines, run_in_node

Object = dict[str, t.Any]

CLAIM = "data"
PATH = "/data"
#: A file that is begun when the volume is frozen: it waits for the thaw, and so is in no snapshot.
LATE = "late"
CLASS_ANNOTATION = "velero.io/csi-volumesnapshot-class"
#: What a volume of a storage class must have at least.
_SIZES = {"loopfile-xfs": "320Mi"}

_FREEZE = (
    f"fsfreeze --freeze {PATH} || exit 1; "
    f"(echo late >{PATH}/{LATE}) </dev/null >/dev/null 2>&1 &"
)  # fmt: skip
HOOKS = {
    "pre.hook.backup.velero.io/command": json.dumps(["/bin/sh", "-c", _FREEZE]),
    "pre.hook.backup.velero.io/container": "main",
    "post.hook.backup.velero.io/command": json.dumps(["fsfreeze", "--unfreeze", PATH]),
    "post.hook.backup.velero.io/container": "main",
}


class DataApp:
    """A workload with one pod, which freezes its volume for a backup.

    ``workload``: Deployment or StatefulSet; with the latter the claim is made from a template. ``snapshot_class`` is
    asked for by an annotation of the claim. ``claims``: how many volumes; the first is frozen.
    """

    def __init__(
        self,
        kubectl: t.Any,
        namespace: str,
        *,
        workload: str = "Deployment",
        storage_class: str = "loopfile",
        snapshot_class: str = "",
        claims: int = 1,
    ) -> None:
        self.kubectl = kubectl
        self.namespace = namespace
        self.workload = workload
        self._storage_class = storage_class
        self._snapshot_class = snapshot_class
        names = [CLAIM, *(f"{CLAIM}{number}" for number in range(2, claims + 1))]
        #: Names of the claims; those of a StatefulSet are made by its controller.
        self.volumes = tuple(names)
        self.claims = tuple(f"{name}-app-0" if workload == "StatefulSet" else name for name in names)

    def create(self) -> None:
        """Make it, and wait until it runs."""
        self.kubectl("-n", self.namespace, "create", "-f", "-", stdin=self.manifest())
        self.await_ready()

    def await_ready(self, namespace: str = "") -> None:
        where = ["-n", namespace or self.namespace]
        self.kubectl(*where, "rollout", "status", f"{self.workload.lower()}/app", "--timeout=100s")

    def sh(self, script: str, *, namespace: str = "") -> str:
        """Run a script in the pod."""
        where = ["-n", namespace or self.namespace]
        found: str = self.kubectl(*where, "exec", f"{self.workload.lower()}/app", "--", "/bin/sh", "-c", script)
        return found

    def write(self, name: str, text: str) -> None:
        """Write a file, of which nothing is on the disk yet."""
        self.sh(f"echo {text} >{PATH}/{name}")

    def files(self, namespace: str = "") -> dict[str, str]:
        """All files in the volume."""
        script = f"cd {PATH} && for f in *; do [ ! -f $f ] || echo $f=$(cat $f); done"
        lines = self.sh(script, namespace=namespace).splitlines()
        return dict(line.split("=", 1) for line in lines)

    def await_thawed(self) -> None:
        """Wait until what was written while the volume was frozen has got through."""
        until(lambda: self.files().get(LATE) == "late", "the write that met the freeze goes through", seconds=30)

    def volume_handles(self) -> list[str]:
        """The storage's names of the volumes, in the order of the claims."""
        found = []
        for claim in self.claims:
            get = ["get", "-o"]
            volume = self.kubectl("-n", self.namespace, *get, "jsonpath={.spec.volumeName}", "pvc", claim)
            found.append(self.kubectl(*get, "jsonpath={.spec.csi.volumeHandle}", "pv", volume))
        return found

    def snapshot_objects(self, namespace: str = "") -> list[str]:
        """VolumeSnapshots of the namespace, and contents in the cluster that belong to it, by kind and name."""
        namespace = namespace or self.namespace
        listed = json.loads(self.kubectl("get", "volumesnapshots,volumesnapshotcontents", "-A", "-o", "json"))["items"]
        return [
            f"{obj['kind']} {obj['metadata']['name']}"
            for obj in listed
            if namespace in (obj["metadata"].get("namespace"), _reference(obj).get("namespace"))
        ]

    def marks(self) -> str:
        """The mark of a freeze, which its pod has for as long as it lasts."""
        found: str = self.kubectl("-n", self.namespace, "get", "pods", "-o", "jsonpath={..metadata.annotations}")
        return found if "arkive.k8s/frozen" in found else ""

    def delete(self) -> None:
        """The disaster: the namespace goes, with its volumes."""
        self.kubectl("delete", "namespace", self.namespace, "--timeout=110s")

    def manifest(self) -> str:
        """All objects of it, but the namespace."""
        labels = {"app": "data"}
        mounts = [{"name": name, "mountPath": PATH + name.removeprefix(CLAIM)} for name in self.volumes]
        container = {
            "name": "main",
            "image": "busybox:1",
            "command": ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1 & wait; done"],
            "securityContext": {"privileged": True},
            "volumeMounts": mounts,
        }
        spec: Object = {"terminationGracePeriodSeconds": 1, "containers": [container]}
        template = {"metadata": {"labels": labels, "annotations": HOOKS}, "spec": spec}
        workload: Object = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
        claims = [self._claim(name) for name in self.volumes]
        objects = [{"apiVersion": "apps/v1", "kind": self.workload, "metadata": {"name": "app"}, "spec": workload}]
        if self.workload == "StatefulSet":
            workload |= {"serviceName": "app", "volumeClaimTemplates": claims}
        else:
            spec["volumes"] = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in self.volumes]
            objects = [*claims, *objects]
        return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})

    def _claim(self, name: str) -> Object:
        annotations = {CLASS_ANNOTATION: self._snapshot_class} if self._snapshot_class else {}
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "annotations": annotations},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": self._storage_class,
                "resources": {"requests": {"storage": _SIZES.get(self._storage_class, "32Mi")}},
            },
        }


class Storage:
    """What the CSI driver of the local cluster has in its directory."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def snapshots(self, *volumes: str) -> set[str]:
        """Handles of the snapshots that were cut of these volumes."""
        files = f'{self._state}/volumes/pool/snap-*.json'  # fmt: skip
        script = f'for f in {files}; do [ ! -e "$f" ] || {{ cat "$f"; echo; }}; done'
        text = run_in_node(self._state, ["sh", "-c", script])
        found, decoder = set(), json.JSONDecoder()
        while text := text.lstrip():
            entry, end = decoder.raw_decode(text)
            text = text[end:]
            if entry["source"] in volumes:
                found.add(str(entry["id"]))
        return found

    def left_frozen(self) -> list[str]:
        """What driver and watchdog noticed of file systems that nobody thawed."""
        return frozen_lines(self._state)


def until(condition: t.Callable[[], t.Any], what: str, *, seconds: float, pause: float = 0.25) -> t.Any:
    """Wait for ``condition`` to give something true, and return it; asking mostly starts a program."""
    end = time.monotonic() + seconds
    while not (last := condition()):
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(pause)
    return last


def _reference(obj: Object) -> Object:
    found: Object = obj["spec"].get("volumeSnapshotRef") or {}
    return found


__all__ = ("CLAIM", "CLASS_ANNOTATION", "LATE", "PATH", "DataApp", "Object", "Storage", "until")
