# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Unusable CSI snapshots, runs that end too early, and snapshots of somebody else (docs/compatibility 8.4)."""

from __future__ import annotations

import json
import typing as t

import pytest
from restore_lab import Cluster
from snapshot_lab import SnapshotLab, Stored

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError

if t.TYPE_CHECKING:
    from callers import Callers
    from cluster_access import Kubectl
    from restore_lab import Backups

    from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

STORAGE_CLASS = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: NAME}
provisioner: PROVISIONER
volumeBindingMode: MODE
"""


@pytest.fixture
def make_class(kubectl: Kubectl) -> t.Iterator[t.Callable[[str, str, str], str]]:
    """A storage class that goes after the test."""
    made = []

    def make(name: str, provisioner: str, mode: str) -> str:
        text = STORAGE_CLASS.replace("NAME", name).replace("PROVISIONER", provisioner).replace("MODE", mode)
        kubectl("apply", "-f", "-", stdin=text)
        made.append(name)
        return name

    yield make
    for name in made:
        kubectl("delete", "storageclass", name)


class Archived(t.NamedTuple):
    """A lost application as a backup has it."""

    namespace: str
    objects: Stored
    info: list[Object]

    def moved(self, namespace: str) -> Archived:
        """The same of another namespace."""
        pairs = json.loads(json.dumps(list(self.objects.values())).replace(self.namespace, namespace))
        keys = [(kind, namespace if there else None, name) for kind, there, name in self.objects]
        info = json.loads(json.dumps(self.info).replace(self.namespace, namespace))
        return Archived(namespace, dict(zip(keys, pairs, strict=True)), info)


@pytest.fixture(scope="module")
def archived(client: KubeClient, kubectl: Kubectl) -> t.Iterator[Archived]:
    """One application for all tests of the file, with a snapshot of its volume."""
    lab = SnapshotLab(Cluster(client), kubectl)
    namespace = lab.application()
    objects, info = lab.stored(namespace, "data")
    lab.lose(namespace)
    yield Archived(namespace, objects, info)
    lab.close()


@pytest.fixture
def lost(archived: Archived, cluster: Cluster, backups: Backups) -> str:
    """The namespace of an application that is gone; backup ``shop`` has it."""
    found = archived.moved(cluster.new_name())
    backups.write("shop", found.objects, spec={}, volume_info=found.info)
    return found.namespace


def handle_of(archived: Archived) -> str:
    return str(archived.info[0]["csiSnapshotInfo"]["snapshotHandle"])


def states(volumes: t.Iterable[t.Mapping[str, str]]) -> list[tuple[str, str]]:
    return [(entry["method"], entry["state"]) for entry in volumes]


def test_plan(archived: Archived, lost: str, lab: SnapshotLab, cluster: Cluster, backups: Backups) -> None:
    plan = backups.plan("shop", name="r1", want_diff=True)
    assert states(plan.volumes) == [("CSISnapshot", "planned")]
    assert plan.volumes[0]["snapshot"] == handle_of(archived)
    assert plan.summary["conflict"] == 0
    created = {item["resource"] for item in plan.plan_items if item["intent"] == "create"}
    assert {str(VOLUME_SNAPSHOTS), str(VOLUME_SNAPSHOT_CONTENTS)} <= created
    assert "persistentvolumes" not in created
    assert lab.left() == []
    assert cluster.get("namespaces", lost) is None


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"included_resources": ["pvc"]}, id="only claims"),
        pytest.param({"names": ["pvc/*/data"]}, id="one claim by name"),
        pytest.param({"included_resources": ["pvc"], "include_cluster_resources": False}, id="nothing of the cluster"),
    ],
)
def test_snapshots_come_with_their_claims(
    lost: str, lab: SnapshotLab, backups: Backups, options: dict[str, t.Any]
) -> None:
    """Velero's must-have types: past the filters."""
    done = backups.restore("shop", **options)
    assert (done.phase, states(done.volumes)) == ("Completed", [("CSISnapshot", "bound")])
    assert lab.left() == []


def test_without_a_content(archived: Archived, lab: SnapshotLab, cluster: Cluster, backups: Backups) -> None:
    namespace, objects, info = archived.moved(cluster.new_name())
    kept = {key: obj for key, obj in objects.items() if key[0] != VOLUME_SNAPSHOT_CONTENTS}
    backups.write("bad", kept, spec={}, volume_info=info)
    why = "the backup does not hold its VolumeSnapshotContent"
    with pytest.raises(RestoreError, match=f"it has no data for the volumes of {namespace}/data .*{why}"):
        backups.restore("bad")
    assert cluster.get("namespaces", namespace) is None

    done = backups.restore("bad", on_missing_volume_data="warn")
    assert (done.phase, done.errors_list) == ("Completed", [])
    (warning,) = done.warnings_list
    assert warning["message"].startswith(f"PersistentVolumeClaim {namespace}/data gets a new, empty volume: {why}")
    lab.await_running(namespace)
    assert lab.read(namespace) == {}
    assert states(done.volumes) == [("empty", "bound")]
    assert lab.left() == []


def test_class_of_another_driver(
    lost: str, backups: Backups, make_class: t.Callable[[str, str, str], str], lab: SnapshotLab
) -> None:
    """The mapping of storage classes comes first."""
    other = make_class("arkive-test-other", "other.example.com", "Immediate")
    with pytest.raises(
        RestoreError, match=r"of driver loopfile\.csi\.test, and its storage class .* of other\.example"
    ):
        backups.restore("shop", storage_class_mapping={"loopfile": other})
    same = make_class("arkive-test-same", "loopfile.csi.test", "Immediate")
    done = backups.restore("shop", storage_class_mapping={"loopfile": same})
    assert (done.phase, states(done.volumes)) == ("Completed", [("CSISnapshot", "bound")])
    assert lab.volume_of(lost, "data")["spec"]["storageClassName"] == same
    lab.await_running(lost)
    assert lab.read(lost) == {"before": "it is before"}


def test_without_rights_on_contents(lost: str, backups: Backups, callers: Callers) -> None:
    everything = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}
    writes = ["create", "delete", "patch", "update"]
    rules = [
        everything,
        {"apiGroups": ["", "apps", "coordination.k8s.io"], "resources": ["*"], "verbs": writes},
        {"apiGroups": ["snapshot.storage.k8s.io"], "resources": ["volumesnapshots"], "verbs": writes},
    ]
    caller = callers.may(*rules, cluster=True)
    why = r"the API server does not let you create volumesnapshotcontents\.snapshot\.storage\.k8s\.io"
    with pytest.raises(RestoreError, match=f"no data for the volumes of {lost}/data .*{why}"):
        backups.restore("shop", client=caller)


def test_restore_pvs_false(lost: str, lab: SnapshotLab, backups: Backups) -> None:
    done = backups.restore("shop", restore_pvs=False)
    assert (done.phase, done.errors_list) == ("Completed", [])
    assert [warning["message"] for warning in done.warnings_list] == [
        f"PersistentVolumeClaim {lost}/data gets a new, empty volume: restore_pvs is false."
    ]
    lab.await_running(lost)
    assert lab.read(lost) == {}
    skipped = {item["resource"] for item in done.plan_items if item["reason"].startswith("restore_pvs is false")}
    assert skipped == {str(VOLUME_SNAPSHOTS), str(VOLUME_SNAPSHOT_CONTENTS)}
    assert lab.left() == []
    assert backups.restore("shop", restore_pvs=False).changed is False


def test_claim_that_is_refused(lost: str, lab: SnapshotLab, backups: Backups, kubectl: Kubectl) -> None:
    """Before anything is written; the same restore goes on later."""
    kubectl("create", "namespace", lost)
    kubectl("-n", lost, "create", "quota", "none", "--hard=persistentvolumeclaims=0")
    with pytest.raises(
        RestoreError, match=f"the data of the volumes of {lost}/data would not come back .*exceeded"
    ) as e:
        backups.restore("shop", name="r1")
    assert states(e.value.details["volumes"]) == [("empty", "refused")]
    assert kubectl("-n", lost, "get", "deployments,pods,pvc", "-o", "name") == ""
    assert lab.left() == []
    kubectl("-n", lost, "delete", "quota", "none")
    again = backups.restore("shop", name="r1")
    assert (again.phase, again.errors_list) == ("Completed", [])
    lab.await_running(lost)
    assert lab.read(lost) == {"before": "it is before"}
    assert lab.left() == []


def test_broken_off_run_is_resumed(lost: str, lab: SnapshotLab, backups: Backups) -> None:
    cancel = CancelToken()

    def watch(line: str) -> None:
        if line.startswith("waiting for the volumes"):
            cancel.cancel("the test says so")

    request = backups.request("shop", {"name": "r1"})
    done = run_restore(request, client=backups.client, store=backups.store, progress=watch, cancel=cancel)
    assert (done.phase, states(done.volumes)) == ("Failed", [("CSISnapshot", "created")])
    assert len(lab.left()) == 2
    again = backups.restore("shop", name="r1")
    assert (again.phase, again.errors_list, again.changed) == ("Completed", [], True)
    assert states(again.volumes) == [("CSISnapshot", "bound")]
    lab.await_running(lost)
    assert lab.read(lost) == {"before": "it is before"}
    assert lab.volume_of(lost, "data")["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert lab.left() == []
    assert backups.restore("shop", name="r1").changed is False


def test_volume_that_waits_for_a_pod(
    lost: str, lab: SnapshotLab, backups: Backups, make_class: t.Callable[[str, str, str], str]
) -> None:
    """WaitForFirstConsumer without a consumer is not waited for; the snapshot's objects go with the next run."""
    late = make_class("arkive-test-late", "loopfile.csi.test", "WaitForFirstConsumer")
    mapping = {"storage_class_mapping": {"loopfile": late}}
    done = backups.restore("shop", name="r1", included_resources=["pvc"], **mapping)
    assert (done.phase, states(done.volumes)) == ("Completed", [("CSISnapshot", "waiting")])
    (warning,) = done.warnings_list
    assert "its volume is made once a pod uses it, from VolumeSnapshot" in warning["message"]
    assert warning["hint"] == "Run the restore again with name: r1 to have this done."
    assert len(lab.left()) == 2
    again = backups.restore("shop", name="r1", **mapping)
    assert (again.phase, states(again.volumes), again.warnings_list) == ("Completed", [("CSISnapshot", "bound")], [])
    lab.await_running(lost)
    assert lab.read(lost) == {"before": "it is before"}
    assert lab.left() == []


def test_snapshot_that_the_storage_has_lost(
    archived: Archived, lab: SnapshotLab, cluster: Cluster, backups: Backups, kubectl: Kubectl
) -> None:
    lost, objects, info = archived.moved(cluster.new_name())
    handle = "snap-00000000000000000000"
    for (kind, _namespace, _name), obj in objects.items():
        if kind == VOLUME_SNAPSHOT_CONTENTS:
            obj["status"]["snapshotHandle"] = handle
    backups.write("shop", objects, spec={}, volume_info=info)
    done = backups.restore("shop", name="r1")
    assert (done.phase, states(done.volumes)) == ("PartiallyFailed", [("CSISnapshot", "failed")])
    error, *others = done.errors_list
    assert error["message"].startswith(f"PersistentVolumeClaim {lost}/data: its snapshot {handle} cannot be used: ")
    assert {other["resource"] for other in others} == {"deployments.apps", "replicasets.apps", "pods"}
    assert all("held back: it needs claim 'data'" in other["message"] for other in others)
    assert cluster.get("deployments", "web", lost) is None
    left = lab.left()
    assert len(left) == 2
    kubectl("-n", lost, "delete", "deployment,pod,pvc", "--all", "--wait=false")
    for name in left:
        where = ["-n", lost] if name.startswith("volumesnapshot.") else []
        kubectl(*where, "delete", name)


@pytest.mark.fault
def test_without_a_snapshot_controller(
    lost: str, lab: SnapshotLab, backups: Backups, component: t.Callable[[str, str], None]
) -> None:
    """The claim is reported; once the controller is back, the same restore goes on."""
    component("stop", "snapshot-controller")
    done = backups.restore("shop", name="r1", resource_timeout=8.0)
    assert (done.phase, states(done.volumes)) == ("PartiallyFailed", [("CSISnapshot", "failed")])
    error = done.errors_list[0]
    assert error["message"].startswith(f"PersistentVolumeClaim {lost}/data: it has no volume after 8 s: ")
    assert len(lab.left()) == 2
    component("cont", "snapshot-controller")
    again = backups.restore("shop", name="r1")
    assert (again.phase, again.errors_list, states(again.volumes)) == ("Completed", [], [("CSISnapshot", "bound")])
    lab.await_running(lost)
    assert lab.read(lost) == {"before": "it is before"}
    assert lab.left() == []


def test_snapshot_of_somebody_else(lab: SnapshotLab, cluster: Cluster, backups: Backups) -> None:
    """It comes back under its name, bound to what the storage has kept."""
    namespace = lab.application()
    snapshot, content = lab.cut(namespace, "data", name="weekly")
    objects, info = lab.stored(namespace, "data")
    objects[(VOLUME_SNAPSHOTS, namespace, "weekly")] = snapshot
    objects[(VOLUME_SNAPSHOT_CONTENTS, None, content["metadata"]["name"])] = content
    backups.write("shop", objects, spec={}, volume_info=info)
    lab.lose(namespace)
    done = backups.restore("shop")
    assert (done.phase, done.errors_list, done.warnings_list) == ("Completed", [], [])
    ready = cluster.wait(
        "volumesnapshots", "weekly", namespace, lambda obj: bool((obj or {}).get("status", {}).get("readyToUse"))
    )
    assert ready is not None
    bound = cluster.get("volumesnapshotcontents", ready["status"]["boundVolumeSnapshotContentName"])
    assert bound is not None
    assert bound["spec"]["source"] == {"snapshotHandle": content["status"]["snapshotHandle"]}
    assert bound["spec"]["deletionPolicy"] == "Retain"
    assert len(lab.left()) == 2
    again = backups.restore("shop")
    assert again.changed is False
    cluster.delete("volumesnapshots", "weekly", namespace)
    cluster.delete("volumesnapshotcontents", bound["metadata"]["name"])
