# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volumes of running applications are rolled back in place: by real controllers, and by processes that are killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from granted import Granted
from restore_lab import Backups, Cluster
from snapshot_lab import CLAIM_OF, SnapshotLab

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object

if t.TYPE_CHECKING:
    from cluster_access import Kubectl

TERMS: dict[str, t.Any] = {"name": "r1", "existing_volume_policy": "roll_back"}
_HOOK = {
    "post.hook.restore.velero.io/container": "app",
    "post.hook.restore.velero.io/command": '["sh", "-c", "echo it ran > /data/hook"]',
}
_WAITING_CLASS = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: NAME}
provisioner: loopfile.csi.test
volumeBindingMode: WaitForFirstConsumer
reclaimPolicy: Delete
"""


@pytest.fixture
def waiting_class(kubectl: Kubectl, cluster: Cluster) -> t.Iterator[str]:
    """A class whose volumes come when a pod wants them."""
    name = cluster.new_name()
    cluster.made.discard(name)
    kubectl("apply", "-f", "-", stdin=_WAITING_CLASS.replace("NAME", name))
    yield name
    kubectl("delete", "storageclass", name)


def _stored(lab: SnapshotLab, backups: Backups, kind: str, storage_class: str = "loopfile") -> str:
    """The namespace of an application that backup ``shop`` has, and that has gone on since."""
    namespace = lab.application(kind, storage_class)
    objects, info = lab.stored(namespace, CLAIM_OF[kind])
    for entry in info:
        entry["pvInfo"] = {"reclaimPolicy": "Delete", "labels": {}}
    backups.write("shop", objects, spec={}, volume_info=info)
    lab.write(namespace, kind, "after")
    return namespace


def _volume(cluster: Cluster, namespace: str, claim: str) -> Object:
    found = cluster.get("persistentvolumeclaims", claim, namespace)
    assert found is not None
    assert found["status"]["phase"] == "Bound"
    volume = cluster.get("persistentvolumes", found["spec"]["volumeName"])
    assert volume is not None
    return volume


def _marks(cluster: Cluster, namespace: str) -> list[str]:
    """What says that something is under way."""
    found = []
    for kind in ("persistentvolumeclaims", "deployments", "statefulsets"):
        resource = cluster.discovery.resolve(kind)
        assert resource is not None
        for obj in cluster.client.get(resource.path(namespace))["items"]:
            if "arkive.k8s/roll-back" in (obj["metadata"].get("annotations") or {}):
                found.append(f"{kind} {obj['metadata']['name']}")
    return found


@pytest.mark.parametrize(
    ("kind", "waits"), [("deployment", True), ("statefulset", False)], ids=["first consumer", "stateful set"]
)
def test_rolled_back_and_kept(
    lab: SnapshotLab,
    cluster: Cluster,
    backups: Backups,
    waiting_class: str,
    kind: str,
    make_granted: t.Callable[[str], Granted],
    *,
    waits: bool,
) -> None:
    """By an account with the rights that ``k8s_access_info`` names, and no others."""
    namespace, claim = _stored(lab, backups, kind, waiting_class if waits else "loopfile"), CLAIM_OF[kind]
    annotated = {"spec": {"template": {"metadata": {"annotations": _HOOK}}}}
    lab.kubectl("-n", namespace, "patch", f"{kind}/web", "--type=merge", "-p", json.dumps(annotated))
    lab.await_running(namespace, kind)
    old = _volume(cluster, namespace, claim)

    planned = backups.plan("shop", **dict(TERMS))
    assert (planned.errors_list, planned.changed) == ([], True)
    (entry,) = planned.roll_back
    assert [step["step"] for step in entry["steps"]] == [
        "record", "retain", "stop", "leave", "remove", "keep", "renew", "start", "prove", "settle",
    ]  # fmt: skip
    assert _volume(cluster, namespace, claim)["metadata"]["uid"] == old["metadata"]["uid"]

    caller = make_granted(namespace).caller("restore", rolls_back=True)
    done = backups.restore("shop", client=caller, **dict(TERMS))
    assert (done.phase, done.errors_list) == ("Completed", [])
    lab.await_running(namespace, kind)
    assert lab.read(namespace, kind) == {"before": "it is before", "hook": "it ran"}
    (entry,) = done.roll_back
    kept = f"{claim}-before-r1"
    assert entry["state"] == "rolled back"
    assert [(each["kept_as"], each["volume"]) for each in entry["kept"]] == [(kept, old["metadata"]["name"])]
    volume = _volume(cluster, namespace, kept)
    assert volume["metadata"]["uid"] == old["metadata"]["uid"]
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
    assert (_marks(cluster, namespace), lab.left()) == ([], [])

    again = backups.restore("shop", **dict(TERMS))
    assert (again.phase, again.changed, again.roll_back) == ("Completed", False, [])
    lab.kubectl(*entry["kept"][0]["command"].split()[1:])
    cluster.wait("persistentvolumes", old["metadata"]["name"], None, lambda obj: obj is None)


def test_what_fails_is_put_back(lab: SnapshotLab, cluster: Cluster, backups: Backups) -> None:
    """The storage has lost the snapshot, which shows when the volume is to be made."""
    namespace = _stored(lab, backups, "deployment")
    old = _volume(cluster, namespace, "data")
    lab.delete_from_storage()
    done = backups.restore("shop", resource_timeout=6.0, **dict(TERMS))
    assert done.phase == "PartiallyFailed"
    assert [entry["state"] for entry in done.roll_back] == ["put back"], done.errors_list
    lab.await_running(namespace)
    assert lab.read(namespace) == {"before": "it is before", "after": "it is after"}
    volume = _volume(cluster, namespace, "data")
    assert volume["metadata"]["uid"] == old["metadata"]["uid"]
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
    assert cluster.get("persistentvolumeclaims", "data-before-r1", namespace) is None
    assert _marks(cluster, namespace) == []


def test_killed_without_a_claim(lab: SnapshotLab, cluster: Cluster, backups: Backups, kubeconfig: str) -> None:
    """The old claim is gone, the new one is not there yet, and no pod runs: the next run ends it."""
    namespace = _stored(lab, backups, "deployment")
    old = _volume(cluster, namespace, "data")
    program = str(Path(__file__).parent / "killed_roll_back.py")
    argv = [sys.executable, program, kubeconfig, str(backups.path), "shop", "r1", "4", "60"]
    killed = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert cluster.get("persistentvolumes", old["metadata"]["name"]) is not None
    done = backups.restore("shop", **dict(TERMS))
    assert (done.phase, done.errors_list) == ("Completed", [])
    lab.await_running(namespace)
    assert lab.read(namespace) == {"before": "it is before"}
    assert _volume(cluster, namespace, "data-before-r1")["metadata"]["uid"] == old["metadata"]["uid"]
    assert _marks(cluster, namespace) == []
