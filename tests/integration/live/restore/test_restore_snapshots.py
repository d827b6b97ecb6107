# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volumes come back with their data, from CSI snapshots (docs/compatibility 8.4)."""

from __future__ import annotations

import gzip
import json
import typing as t

import pytest
from snapshot_lab import CLAIM_OF, DEPLOYMENT, DRIVER

if t.TYPE_CHECKING:
    from restore_lab import Backups, Cluster
    from snapshot_lab import SnapshotLab


@pytest.mark.parametrize("mapped", [False, True], ids=["same namespace", "mapped namespace"])
@pytest.mark.parametrize("kind", ["deployment", "statefulset"])
@pytest.mark.parametrize("storage_class", ["loopfile", "loopfile-xfs"], ids=["ext4", "xfs"])
def test_data_comes_back(
    lab: SnapshotLab, cluster: Cluster, backups: Backups, storage_class: str, kind: str, *, mapped: bool
) -> None:
    namespace, claim = lab.application(kind, storage_class), CLAIM_OF[kind]
    objects, info = lab.stored(namespace, claim)
    lab.write(namespace, kind, "after")
    backups.write("shop", objects, spec={}, volume_info=info)
    target, options = namespace, {}
    if mapped:
        target = cluster.new_name()
        options = {"namespace_mapping": {namespace: target}}
    else:
        lab.lose(namespace)

    done = backups.restore("shop", name="r1", **options)
    assert (done.phase, done.errors_list, done.warnings_list) == ("Completed", [], [])
    lab.await_running(target, kind)
    assert lab.read(target, kind) == {"before": "it is before"}
    volume = lab.volume_of(target, claim)
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert volume["metadata"]["labels"]["tier"] == "gold"
    handle = info[0]["csiSnapshotInfo"]["snapshotHandle"]
    assert done.volumes == [
        {
            "namespace": target,
            "claim": claim,
            "pod": "",
            "pod_volume": "",
            "method": "CSISnapshot",
            "snapshot": handle,
            "driver": DRIVER,
            "volume": volume["metadata"]["name"],
            "state": "bound",
            "message": "",
        }
    ]
    records = gzip.decompress((backups.path / "restores" / "r1" / "r1-volumeinfo.json.gz").read_bytes())
    (record,) = json.loads(records)
    assert (record["pvName"], record["restoreMethod"]) == (volume["metadata"]["name"], "CSISnapshot")
    assert record["csiSnapshotInfo"]["snapshotHandle"] == handle
    assert lab.left() == []

    for more in ({"name": "r1"}, {}):
        again = backups.restore("shop", **options, **more)
        assert (again.phase, again.changed) == ("Completed", False)
        assert [entry["state"] for entry in again.volumes] == ["untouched"]
        told = [warning["message"] for warning in again.warnings_list]
        why = "is kept: its data is not rolled back to what the backup holds."
        assert told == ([] if more else [f"PersistentVolumeClaim {target}/{claim} {why}"])
    assert lab.left() == []
    if mapped:
        assert lab.read(namespace, kind) == {"before": "it is before", "after": "it is after"}
        assert backups.plan("shop").changed is False


def test_ephemeral_volume_goes_to_its_pod(lab: SnapshotLab, cluster: Cluster, backups: Backups) -> None:
    """Kubernetes lets a pod use the claim of such a volume only where it is the pod's own."""
    namespace, target = cluster.new_name(), cluster.new_name()
    claim = "spec: {storageClassName: loopfile, accessModes: [ReadWriteOnce], resources: {requests: {storage: 32Mi}}}"
    text = DEPLOYMENT.partition("---\n")[2].replace("NS", namespace)
    text = text.replace("persistentVolumeClaim: {claimName: data}", f"ephemeral: {{volumeClaimTemplate: {{{claim}}}}}")
    lab.kubectl("create", "namespace", namespace)
    lab.kubectl("apply", "-f", "-", stdin=text)
    lab.await_running(namespace)
    lab.write(namespace, "deployment", "before")
    names = lab.kubectl("-n", namespace, "get", "pvc", "-o", "jsonpath={.items[*].metadata.name}").split()
    objects, info = lab.stored(namespace, *names)
    backups.write("shop", objects, spec={}, volume_info=info)
    done = backups.restore("shop", namespace_mapping={namespace: target})
    assert (done.phase, done.errors_list) == ("Completed", [])
    lab.await_running(target)
    assert lab.read(target) == {"before": "it is before"}
