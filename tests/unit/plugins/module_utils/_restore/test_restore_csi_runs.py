# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole restores of claims with CSI snapshots: an API server in memory, with a provisioner."""

from __future__ import annotations

import copy
import gzip
import hashlib
import json
import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import to_return
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.namespace_watch import NamespaceWatch
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply import object_waits
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes import volume_finalizer
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_objects import Key
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import (
    SNAPSHOT_TYPES,
    types_named,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    plan,
    restore,
    write_backup,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.snapshot_objects import (
    BOUND,
    CLAIM,
    CONTENT,
    DRIVER,
    GROUP,
    NAME,
    SNAPSHOT,
    VOLUME,
    storage_class,
)

RESTORED = hashlib.sha256(f"r/shop/{NAME}".encode()).hexdigest()


#: Whose finalizers their controller takes away.
_SNAPSHOTS = ("volumesnapshots", "volumesnapshotcontents")


class VolumeApi(RestoreApi):
    """With claims: ``provisions`` says whether a new one is bound at once, to a volume ``pvc-<name>``."""

    def __init__(self) -> None:
        super().__init__()
        self.types += [*types_named("storageclasses", "events"), *SNAPSHOT_TYPES]
        self.kept.controllers.append(self._follow)
        self.provisions = True
        #: Of claims that are not provisioned: empty for one that is deleted at once.
        self.phase = "Pending"
        self.content_status: Object = {}
        #: What the provisioner says of a claim that it does not bind.
        self.complaint: Object = {}

    def _follow(self, change: str, key: Key, obj: Object) -> None:
        plural, _namespace, name = key
        if change == "MODIFIED" and plural in _SNAPSHOTS and obj["metadata"].get("deletionTimestamp"):
            self.kept.remove(key)
        if change == "ADDED" and plural == "volumesnapshotcontents":
            self.kept.put(key, {**obj, "status": self.content_status})
        if change == "ADDED" and plural == "persistentvolumeclaims" and obj.get("status") == {"phase": "Pending"}:
            if self.provisions:
                self.bind(name)
            elif not self.phase:
                self.kept.remove(key)
            elif self.phase != "Pending":
                self.kept.put(key, {**obj, "status": {"phase": self.phase}})
            if self.complaint:
                about = {"involvedObject": {"uid": obj["metadata"]["uid"]}, "type": "Warning"}
                self.add("events", "e", "shop", **about, **self.complaint)

    def bind(self, name: str) -> None:
        """What a provisioner does, of a class with the policy Delete."""
        key = ("persistentvolumeclaims", "shop", name)
        claim = self.objects[key]
        spec = {**claim["spec"], "volumeName": f"pvc-{name}"}
        self.add("persistentvolumes", f"pvc-{name}", spec={"persistentVolumeReclaimPolicy": "Delete"},
                 metadata={"labels": {"zone": "here"}})  # fmt: skip
        self.kept.put(key, {**claim, "spec": spec, "status": {"phase": "Bound"}})

    @property
    def snapshots(self) -> list[str]:
        return [*self.names("volumesnapshots", "shop"), *self.names("volumesnapshotcontents")]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> VolumeApi:
    fake = VolumeApi()
    for name in ("_CONSUMER_SECONDS", "_ERROR_SECONDS", "_TICK_SECONDS"):
        monkeypatch.setattr(volume_finalizer, name, 0.0)
    fake.add("namespaces", "shop", status={"phase": "Active"})
    fake.add("storageclasses", "fast", provisioner=DRIVER)
    return fake


INFO = {
    "pvName": "pv1",
    "pvcName": "data",
    "pvcNamespace": "shop",
    "backupMethod": "CSISnapshot",
    "result": "succeeded",
    "pvInfo": {"reclaimPolicy": "Retain", "labels": {"tier": "gold", "zone": "there"}},
}
OBJECTS = [
    ("persistentvolumeclaims", CLAIM),
    (f"volumesnapshots.{GROUP}", SNAPSHOT),
    (f"volumesnapshotcontents.{GROUP}", CONTENT),
    ("persistentvolumes", VOLUME),
]


def put_backup(store: t.Any, *objects: tuple[str, Object], infos: t.Sequence[Object] = (INFO,)) -> None:
    write_backup(store, "b", *(objects or OBJECTS))
    if infos:
        store.put("backups/b/b-volumeinfo.json.gz", gzip.compress(json.dumps(list(infos)).encode()))


def volumes_of(outcome: RestoreOutcome) -> list[tuple[str, str, str]]:
    return [(entry["method"], entry["state"], entry["volume"]) for entry in outcome.volumes]


def plan_of(outcome: RestoreOutcome) -> dict[str, str]:
    return {item["resource"].partition(".")[0]: item["action"] for item in outcome.plan_items}


def test_data_comes_back(api: VolumeApi, store: t.Any) -> None:
    """docs/compatibility 5.8 (the end), 8.4: labels that are missing, the policy; then the objects go."""
    put_backup(store)
    planned = plan(api, store, name="r")
    assert volumes_of(planned) == [("CSISnapshot", "planned", "")]
    assert planned.volumes[0]["snapshot"] == "snap-1"
    assert api.snapshots == []

    done = restore(api, store, name="r")
    assert (done.phase, done.errors_list, done.warnings_list) == ("Completed", [], [])
    assert volumes_of(done) == [("CSISnapshot", "bound", "pvc-data")]
    claim = api.objects[("persistentvolumeclaims", "shop", "data")]
    assert claim["spec"]["dataSource"]["name"] == RESTORED
    volume = api.objects[("persistentvolumes", "", "pvc-data")]
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert volume["metadata"]["labels"] == {"tier": "gold", "zone": "here"}
    assert api.snapshots == []
    created = [request.rpartition("/")[2] for request in api.requests if request.startswith("POST")]
    wanted = ["volumesnapshotcontents", "volumesnapshots", "persistentvolumeclaims"]
    assert [plural for plural in created if plural in wanted] == wanted
    (record,) = json.loads(gzip.decompress(store.get("restores/r/r-volumeinfo.json.gz")))
    assert record == {
        "pvcName": "data",
        "pvcNamespace": "shop",
        "pvName": "pvc-data",
        "restoreMethod": "CSISnapshot",
        "snapshotDataMoved": False,
        "csiSnapshotInfo": {"snapshotHandle": "snap-1", "size": 2147483648, "driver": DRIVER, "vscName": RESTORED},
    }


@pytest.mark.parametrize("name", ["r", "another"], ids=["the same restore", "another restore"])
def test_a_second_run_changes_nothing(api: VolumeApi, store: t.Any, name: str) -> None:
    put_backup(store)
    restore(api, store, name="r")
    before = copy.deepcopy(api.objects)
    again = restore(api, store, name=name)
    assert (again.phase, again.changed) == ("Completed", False)
    told = ["PersistentVolumeClaim shop/data is kept: its data is not rolled back to what the backup holds."]
    assert [warning["message"] for warning in again.warnings_list] == ([] if name == "r" else told)
    assert volumes_of(again)[0][1:] == ("untouched", "pvc-data")
    assert plan_of(again) == {
        "namespaces": "unchanged",
        "persistentvolumeclaims": "unchanged",
        "volumesnapshots": "skip",
        "volumesnapshotcontents": "skip",
        "persistentvolumes": "skip",
    }
    assert api.objects == before


def test_the_original_claim_is_untouched(api: VolumeApi, store: t.Any) -> None:
    """It has neither the snapshot as its source nor the label of the backup, and is equal all the same."""
    put_backup(store)
    live = copy.deepcopy(CLAIM)
    live["spec"]["resources"]["requests"]["storage"] = "2147483648"
    live["metadata"]["labels"] = live["metadata"]["annotations"] = {}
    api.add("persistentvolumeclaims", "data", "shop", **{name: live[name] for name in ("spec", "status")})
    found = plan(api, store, existing_resource_policy="update")
    assert plan_of(found)["persistentvolumeclaims"] == "unchanged"
    assert volumes_of(found) == [("kept", "untouched", "pv1")]
    assert found.changed is False


def test_broken_off_before_the_claim_was_bound(api: VolumeApi, store: t.Any) -> None:
    """The same name goes on: with the claim, its volume and the snapshot's objects."""
    put_backup(store)
    api.provisions = False
    cancel = CancelToken()
    api.lose = lambda verb, path: cancel.cancel("now") if path.endswith("persistentvolumeclaims") else None
    done = restore(api, store, name="r", cancel=cancel)
    assert (done.phase, volumes_of(done)) == ("Failed", [("CSISnapshot", "planned", "")])
    assert api.snapshots == [RESTORED, RESTORED]
    api.lose = lambda _verb, _path: None
    api.bind("data")
    again = restore(api, store, name="r")
    assert (again.phase, again.changed, volumes_of(again)) == (
        "Completed",
        True,
        [("CSISnapshot", "bound", "pvc-data")],
    )
    assert api.objects[("persistentvolumes", "", "pvc-data")]["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert api.snapshots == []
    assert restore(api, store, name="r").changed is False


@pytest.mark.parametrize("plural", _SNAPSHOTS)
def test_an_old_snapshot_object_that_its_controller_has_lost_sight_of(
    api: VolumeApi, store: t.Any, monkeypatch: pytest.MonkeyPatch, plural: str
) -> None:
    """It is being deleted, and nobody looks at it until it is changed."""
    monkeypatch.setattr(object_waits, "_NUDGE_SECONDS", 0.01)
    put_backup(store)
    leaving = {"deletionTimestamp": "2026-06-01T00:00:00Z", "finalizers": ["snapshot.storage.kubernetes.io/x"]}
    api.add(plural, RESTORED, "shop" if plural == "volumesnapshots" else "", metadata=leaving)
    done = restore(api, store, name="r", terminating_timeout=30.0)
    assert (done.phase, done.errors_list, volumes_of(done)) == (
        "Completed",
        [],
        [("CSISnapshot", "bound", "pvc-data")],
    )


def refuse(verb: str, plural: str, error: KubeError) -> t.Callable[[str, str, bool], KubeError | None]:
    return lambda asked, path, dry: error if asked == verb and plural in path.split("/") and not dry else None


def refuse_reading(api: VolumeApi, plural: str, error: KubeError) -> t.Callable[[str, str, bool], KubeError | None]:
    """From when there is something to read."""
    refused = refuse("GET", plural, error)
    return lambda verb, path, dry: refused(verb, path, dry) if api.names(plural, "shop") else None


QUOTA = KubeError("exceeded quota: q", status=403, reason="Forbidden")


@pytest.mark.parametrize(
    ("verb", "plural", "message", "left", "state"),
    [
        pytest.param("POST", "persistentvolumeclaims", "exceeded quota", 0, "failed", id="the claim is refused"),
        pytest.param("POST", "volumesnapshots", "exceeded quota", 1, "failed", id="the snapshot is refused"),
        pytest.param("PATCH", "persistentvolumes", "what it was (reclaim policy Retain): exceeded quota", 0, "bound",
                     id="the volume cannot be patched"),
        pytest.param("GET", "persistentvolumeclaims", "nobody knows whether it has a volume", 2, "failed",
                     id="claims may not be read"),
    ],
)  # fmt: skip
def test_what_goes_wrong(
    api: VolumeApi, store: t.Any, verb: str, plural: str, message: str, left: int, state: str
) -> None:
    """docs/compatibility 5.13: an error of the finalizer makes the restore PartiallyFailed."""
    put_backup(store)
    api.refuse = refuse_reading(api, plural, QUOTA) if verb == "GET" else refuse(verb, plural, QUOTA)
    done = restore(api, store, name="r")
    assert done.phase == "PartiallyFailed"
    assert any(message in error["message"] for error in done.errors_list)
    assert (len(api.snapshots), done.volumes[0]["state"]) == (left, state)


def test_objects_that_cannot_be_taken_out(api: VolumeApi, store: t.Any) -> None:
    """They are reported, and go with the next run of the restore."""
    put_backup(store)
    api.refuse = refuse("DELETE", "volumesnapshots", QUOTA)
    done = restore(api, store, name="r")
    (warning,) = done.warnings_list
    assert done.phase == "Completed"
    assert warning["message"] == f"The VolumeSnapshot shop/{RESTORED} was left in the cluster: exceeded quota: q"
    assert warning["hint"] == "Run the restore again with name: r to have this done."
    assert len(api.snapshots) == 2
    assert plan(api, store, name="r").changed is True
    api.refuse = lambda _verb, _path, _dry: None
    again = restore(api, store, name="r")
    assert (again.changed, again.warnings_list, api.snapshots) == (True, [], [])


def test_provisioning_that_takes_too_long(api: VolumeApi, store: t.Any) -> None:
    put_backup(store)
    api.provisions = False
    api.complaint = {"reason": "ProvisioningFailed", "message": "no space", "lastTimestamp": "2026-01-01T00:00:00Z"}
    done = restore(api, store, name="r", resource_timeout=0.05)
    assert (done.phase, volumes_of(done)) == ("PartiallyFailed", [("CSISnapshot", "failed", "")])
    assert done.errors_list[0]["message"] == (
        "PersistentVolumeClaim shop/data: it has no volume after 0.05 s: ProvisioningFailed: no space"
    )
    assert done.errors_list[0]["hint"] == (
        "Run the restore again with name: r to have this done. "
        f"VolumeSnapshot and VolumeSnapshotContent {RESTORED} stay in the cluster until then."
    )
    assert len(api.snapshots) == 2


def test_snapshot_that_the_driver_does_not_find(api: VolumeApi, store: t.Any) -> None:
    """It says so twice: nobody waits until the timeout."""
    put_backup(store)
    api.provisions = False
    api.content_status = {"error": {"message": "snapshot snap-1 not found"}}
    done = restore(api, store, name="r", resource_timeout=3600)
    assert [error["message"] for error in done.errors_list] == [
        "PersistentVolumeClaim shop/data: its snapshot snap-1 cannot be used: snapshot snap-1 not found"
    ]


@pytest.mark.parametrize(("phase", "message"), [("", "somebody has deleted it"), ("Lost", "its volume 'None' is lost")])
def test_claims_that_come_to_nothing(api: VolumeApi, store: t.Any, phase: str, message: str) -> None:
    put_backup(store)
    api.provisions, api.phase = False, phase
    done = restore(api, store, name="r")
    assert done.phase == "PartiallyFailed"
    assert done.errors_list[0]["message"] == f"PersistentVolumeClaim shop/data: {message}"


@pytest.mark.parametrize("has_pod", [True, False])
def test_volume_that_waits_for_a_pod(api: VolumeApi, store: t.Any, has_pod: bool) -> None:
    put_backup(store)
    api.provisions = False
    late = storage_class("fast", volumeBindingMode="WaitForFirstConsumer")
    api.add("storageclasses", "fast", **{name: late[name] for name in ("provisioner", "volumeBindingMode")})
    if has_pod:
        claim = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}
        api.add("pods", "web", "shop", spec={"volumes": [claim]}, status={"phase": "Pending"})
    done = restore(api, store, name="r", resource_timeout=0.05)
    assert volumes_of(done) == [("CSISnapshot", "failed" if has_pod else "waiting", "")]
    assert done.phase == ("PartiallyFailed" if has_pod else "Completed")
    assert len(done.warnings_list) == (0 if has_pod else 1)
    assert len(api.snapshots) == 2
    api.bind("data")
    again = restore(api, store, name="r")
    assert (volumes_of(again), api.snapshots) == ([("CSISnapshot", "bound", "pvc-data")], [])


@pytest.mark.parametrize(
    ("options", "left_out", "reason"),
    [
        pytest.param({"excluded_resources": [f"volumesnapshotcontents.{GROUP}"]}, [], "filters leave", id="excluded"),
        pytest.param({}, [2], f"does not hold its VolumeSnapshotContent '{BOUND}'", id="no content"),
    ],
)
def test_data_that_cannot_come_back(
    api: VolumeApi, store: t.Any, options: Object, left_out: list[int], reason: str
) -> None:
    put_backup(store, *(entry for number, entry in enumerate(OBJECTS) if number not in left_out))
    with pytest.raises(RestoreError, match="it has no data for the volumes of shop/data") as caught:
        restore(api, store, **options)
    assert reason in caught.value.message
    assert to_return(caught.value.told) == caught.value.details["errors_list"], "it says all that there is to say"
    assert api.names("persistentvolumeclaims", "shop") == []
    done = restore(api, store, on_missing_volume_data="warn", **options)
    assert done.phase == "Completed"
    assert [(method, state) for method, state, _volume in volumes_of(done)] == [("empty", "bound")]
    assert reason in done.volumes[0]["message"]
    assert "dataSource" not in api.objects[("persistentvolumeclaims", "shop", "data")]["spec"]
    assert api.snapshots == []


def test_cluster_without_snapshots(api: VolumeApi, store: t.Any) -> None:
    api.types = [each for each in api.types if each.group != GROUP]
    snapshot_class = {"apiVersion": f"{GROUP}/v1", "kind": "VolumeSnapshotClass", "metadata": {"name": "c"}}
    put_backup(store, *OBJECTS, (f"volumesnapshotclasses.{GROUP}", snapshot_class))
    with pytest.raises(RestoreError, match="the cluster has no CSI snapshots"):
        restore(api, store)
    done = restore(api, store, on_missing_volume_data="warn")
    assert (done.phase, done.errors_list) == ("Completed", [])
    assert plan_of(done)["volumesnapshotclasses"] == plan_of(done)["volumesnapshots"] == "skip"


@pytest.mark.parametrize(
    ("options", "actions"),
    [
        pytest.param({"included_resources": ["persistentvolumeclaims"]}, ("create", "create"), id="claims"),
        pytest.param({"names": ["persistentvolumeclaims/shop/data"]}, ("create", "create"), id="one claim"),
        pytest.param({"excluded_resources": ["persistentvolumeclaims"]}, ("skip", "skip"), id="all but claims"),
        pytest.param({"restore_pvs": False}, ("skip", "skip"), id="restorePVs: false"),
    ],
)
def test_snapshots_follow_their_claims(api: VolumeApi, store: t.Any, options: Object, actions: tuple[str, str]) -> None:
    put_backup(store)
    found = plan_of(plan(api, store, **options))
    assert (found["volumesnapshots"], found["volumesnapshotcontents"]) == actions


def test_snapshot_of_somebody_else(api: VolumeApi, store: t.Any) -> None:
    """It is restored once, with its content, and stays."""
    snapshot, content = copy.deepcopy(SNAPSHOT), copy.deepcopy(CONTENT)
    snapshot["metadata"]["name"] = content["spec"]["volumeSnapshotRef"]["name"] = "weekly"
    put_backup(store, (f"volumesnapshots.{GROUP}", snapshot), (f"volumesnapshotcontents.{GROUP}", content), infos=())
    assert restore(api, store, name="r").phase == "Completed"
    name = hashlib.sha256(b"r/shop/weekly").hexdigest()
    assert api.snapshots == ["weekly", name]
    for again in ("r", "other"):
        found = restore(api, store, name=again)
        assert (found.changed, found.warnings_list, api.snapshots) == (False, [], ["weekly", name])


def test_a_content_that_outlived_its_snapshot_is_made_anew(api: VolumeApi, store: t.Any) -> None:
    """The namespace went, with the VolumeSnapshot: what is bound to its uid is never bound to the new one."""
    put_backup(store)
    api.provisions = False
    done = restore(api, store, name="r", resource_timeout=0.0)
    assert volumes_of(done) == [("CSISnapshot", "failed", "")]
    (name,) = api.names("volumesnapshotcontents")
    content = api.objects[("volumesnapshotcontents", "", name)]
    content["spec"]["volumeSnapshotRef"]["uid"] = "gone"
    for plural in ("volumesnapshots", "persistentvolumeclaims"):
        for found in api.names(plural, "shop"):
            del api.objects[(plural, "shop", found)]
    planned = plan(api, store, name="r")
    assert plan_of(planned)["volumesnapshotcontents"] == "unverified"
    before = content["metadata"]["uid"]
    api.provisions = True
    made: list[t.Any] = []
    api.lose = lambda verb, path: made.append(path) if path.endswith("/volumesnapshotcontents") else None
    again = restore(api, store, name="r")
    assert (again.phase, again.errors_list, volumes_of(again)) == (
        "Completed",
        [],
        [("CSISnapshot", "bound", "pvc-data")],
    )
    assert (len(made), before in str(api.objects), api.snapshots) == (1, False, [])


def test_a_claim_that_is_listed_while_somebody_looks(
    api: VolumeApi, store: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not known a moment ago, and the list is complete now: that is not a claim that was deleted."""
    looked, listed = threading.Event(), threading.Event()

    class LateList(NamespaceWatch):
        def _list(self) -> None:
            looked.wait(10)
            super()._list()
            listed.set()

        def current(self, name: str) -> Object | None:
            found = super().current(name)
            looked.set()
            listed.wait(10)
            return found

    monkeypatch.setattr(volume_finalizer, "NamespaceWatch", LateList)
    put_backup(store)
    done = restore(api, store, name="r")
    assert (done.phase, done.errors_list, volumes_of(done)) == ("Completed", [], [("CSISnapshot", "bound", "pvc-data")])


@pytest.mark.parametrize("there", [True, False], ids=["its snapshot is there", "its snapshot is gone"])
@pytest.mark.parametrize("policy", ["fail", "warn"])
def test_a_claim_that_another_restore_left_without_a_volume(
    api: VolumeApi, store: t.Any, there: bool, policy: str
) -> None:
    """It is reported as what it is, and one that can never have a volume is not taken for restored."""
    put_backup(store)
    api.provisions = False
    restore(api, store, name="r", resource_timeout=0.0)
    (snapshot,) = api.names("volumesnapshots", "shop")
    if not there:
        del api.objects[("volumesnapshots", "shop", snapshot)]
    planned = plan(api, store, name="other", on_missing_volume_data=policy)
    again = "Run that restore again with name: r, or delete the claim and what uses it and restore again."
    if not there and policy == "fail":
        assert planned.refusal is not None
        assert "restore 'r' has made it, and VolumeSnapshot" in planned.refusal.sentence
        assert again.rstrip(".") in planned.refusal.sentence
        with pytest.raises(RestoreError, match="which its volume is to be made from, is not there"):
            restore(api, store, name="other")
        return
    (warning,) = planned.warnings_list
    said = "its volume is still to be made from VolumeSnapshot" if there else "gets no volume: restore 'r' has made it"
    assert (said in warning["message"], warning["hint"]) == (True, again)


def test_a_claim_that_vanishes_after_the_plan(api: VolumeApi, store: t.Any) -> None:
    """What mounts it is held back: a controller would make an empty one in its place."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "containers": [{"name": "c"}],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
        },
    }
    put_backup(store, *OBJECTS, ("pods", pod))
    assert restore(api, store, name="r", excluded_resources=["pods"]).phase == "Completed"
    claim = api.objects[("persistentvolumeclaims", "shop", "data")]

    def vanish(verb: str, path: str, _dry: bool) -> KubeError | None:
        if verb == "POST" and path.endswith("/leases"):
            api.objects.pop(("persistentvolumeclaims", "shop", "data"), None)
        return None

    api.refuse = vanish
    done = restore(api, store, name="other")
    assert (done.phase, api.names("pods", "shop")) == ("PartiallyFailed", [])
    messages = [error["message"] for error in done.errors_list]
    assert any("data does not come back: somebody has deleted it since the restore was planned" in m for m in messages)
    assert any("held back: it needs claim 'data'" in m for m in messages)
    api.refuse = lambda *_given: None
    again = restore(api, store, name="other")
    assert (again.phase, api.names("pods", "shop")) == ("Completed", ["web"])
    assert api.objects[("persistentvolumeclaims", "shop", "data")]["metadata"]["uid"] != claim["metadata"]["uid"]


def test_names_that_each_restore_makes_are_no_other_plan(api: VolumeApi, store: t.Any) -> None:
    """Snapshots are called after the restore, which may be called after the time."""
    put_backup(store)
    plans = [plan(api, store, name=name) for name in ("r", "q")]
    names = [{item["name"] for item in each.plan_items} for each in plans]
    assert names[0] != names[1]
    digests = [each.digest.objects for each in plans if each.digest is not None]
    assert digests[0] == digests[1]
    assert {each.action for each in digests[0] if each.resource == "persistentvolumeclaims"} == {"create"}


def test_another_snapshot_is_another_plan(api: VolumeApi, store: t.Any) -> None:
    put_backup(store)
    approved = plan(api, store)
    other = copy.deepcopy(CONTENT)
    other["status"]["snapshotHandle"] = "snap-of-another"
    contents = f"volumesnapshotcontents.{GROUP}"
    put_backup(store, *((kind, other if kind == contents else obj) for kind, obj in OBJECTS))
    again = plan(api, store)
    assert approved.digest is not None
    assert again.digest is not None
    changed = set(again.digest.objects) - set(approved.digest.objects)
    assert "persistentvolumeclaims" in {each.resource for each in changed}
