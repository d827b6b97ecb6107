# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole backup that copies the files of volumes: when, of which, the records (docs/compatibility 3.12, 19)."""

from __future__ import annotations

import gzip
import json
import threading
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._backup import volume_plan
from ansible_collections.arkive.k8s.plugins.module_utils._backup.plan import plan_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volume_plan import VolumePlan
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volume_snapshots import VolumeSnapshots
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_policy import parse_policy
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.provider import CsiProvider
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.decision import VolumeDecision
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover import moving
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.turns import Turns
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import Probe, Probed
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.pod_volume_backups import (
    read_pod_volume_backup,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import FILES, KeptSnapshots, Key
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import PlannedSnapshot
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._backup.backup_api import (
    BackupApi,
    back_up,
    make_request,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.mover.backup.moving_lab import (
    LabMover,
    LabSnapshots,
)

_CSI = {"csi": {"driver": "csi.example", "volumeHandle": "v"}, "capacity": {"storage": "1Gi"}}
_NFS = {"nfs": {"server": "s", "path": "/x"}, "capacity": {"storage": "1Gi"}}
_IN, _OUT = "backup.velero.io/backup-volumes", "backup.velero.io/backup-volumes-excludes"
_HOOKS = {
    "pre.hook.backup.velero.io/command": '["/bin/dump"]',
    "post.hook.backup.velero.io/command": '["/bin/remove"]',
}
_FREEZE = {
    "pre.hook.backup.velero.io/command": '["/sbin/fsfreeze", "--freeze", "/data"]',
    "post.hook.backup.velero.io/command": '["/sbin/fsfreeze", "--unfreeze", "/data"]',
}


class StayingSnapshots(LabSnapshots):
    """Those of a backup whose snapshots stay with the storage."""

    def mark_claim(self, key: Key, claim: Object) -> bool:
        return False

    def keep(self, *, timeout: float, progress: ProgressSink) -> KeptSnapshots | None:
        return None

    def release(self) -> list[str]:
        return []


class Lab(t.NamedTuple):
    api: BackupApi
    store: t.Any
    snapshots: LabSnapshots
    mover: LabMover
    events: list[str]

    def add_claim(
        self, name: str, *, volume: t.Mapping[str, t.Any] | None = None, modes: str = "ReadWriteOnce"
    ) -> None:
        spec = {"volumeName": f"pv-{name}", "storageClassName": "fast", "accessModes": [modes]}
        metadata = {"uid": f"uid-{name}"}
        self.api.add("persistentvolumeclaims", name, "shop", metadata=metadata, spec=spec, status={"phase": "Bound"})
        self.api.add("persistentvolumes", f"pv-{name}", spec={"storageClassName": "fast", **(volume or _NFS)})

    def add_pod(self, name: str, *volumes: str, phase: str = "Running", spec: t.Any = None, **annotations: str) -> None:
        """Mounts the claims of these names; ``tmp`` is an emptyDir."""
        found = [
            {"name": each, **({"emptyDir": {}} if each == "tmp" else {"persistentVolumeClaim": {"claimName": each}})}
            for each in volumes
        ]
        mounts = [{"name": each, "mountPath": f"/{each}"} for each in volumes]
        own = {"containers": [{"name": "main", "volumeMounts": mounts}], "nodeName": "n1", "volumes": found}
        metadata = {"annotations": annotations, "uid": f"uid-{name}"}
        self.api.add("pods", name, "shop", metadata=metadata, spec=own | (spec or {}), status={"phase": phase})

    def back_up(self, *, request: t.Mapping[str, t.Any] | None = None, **spec: t.Any) -> BackupOutcome:
        return back_up(self.api, self.store, request={**_GIVEN, **(request or {})}, **_WANTED | spec)

    def plan(self, *, request: t.Mapping[str, t.Any] | None = None, **spec: t.Any) -> BackupOutcome:
        wanted = make_request(request={**_GIVEN, **(request or {})}, **_WANTED | spec)
        return plan_backup(wanted, client=self.api.client, store=self.store)

    def document(self, name: str) -> t.Any:
        return json.loads(gzip.decompress(self.store.get(f"backups/b1/b1-{name}.json.gz")))

    @property
    def copied(self) -> list[str]:
        return sorted(upload.claim for upload in self.mover.uploads)


_MAKE_MOVER = moving.make_mover
_GIVEN: dict[str, t.Any] = {"mover": MoverSettings(), "repository_password": "secret"}
_WANTED: dict[str, t.Any] = {"included_namespaces": ["shop"], "default_volumes_to_fs_backup": True}
_BY_POD = {"default_volumes_to_fs_backup": None}


def policy(action: str) -> dict[str, t.Any]:
    text = f"version: v1\nvolumePolicies: [{{conditions: {{storageClass: [fast]}}, action: {{type: {action}}}}}]"
    return {"policy": parse_policy(text)}


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    api, events = BackupApi(), list[str]()
    snapshots, mover = StayingSnapshots(events), LabMover(events)
    monkeypatch.setattr(CsiProvider, "for_backup", lambda _self, _job, _discovery: snapshots)
    monkeypatch.setattr(moving, "make_mover", lambda _moving, _client, cancel: mover)

    def execute(_client: t.Any, **given: t.Any) -> t.Any:
        events.append(" ".join(given["argv"]))
        return api.exec_command(_client, **given)

    monkeypatch.setattr("ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor.exec_command", execute)
    api.add("namespaces", "shop", status={"phase": "Active"})
    return Lab(api, open_store(LocalLocation(path=str(tmp_path))), snapshots, mover, events)


def test_its_files_are_copied_and_recorded(lab: Lab) -> None:
    lab.add_claim("data")
    lab.add_pod("web", "data", spec={"tolerations": [{"operator": "Exists"}]})
    outcome = lab.back_up(uploader_config={"parallelFilesUpload": 4})
    assert (outcome.phase, outcome.warnings_list, outcome.errors_list) == ("Completed", [], [])
    (upload,) = lab.mover.uploads
    assert (upload.claim, upload.read_only, upload.temporary_claim) == ("data", True, None)
    assert (upload.node_name, upload.place.tolerations) == ("n1", ({"operator": "Exists"},))
    assert upload.source_path == "snapshot-pod-volume/kopia/shop/web/data"
    assert upload.tags == {"snapshot-requester": "snapshot-pod-volume", "snapshot-uploader": "kopia"}
    assert upload.parallel == 4
    record = read_pod_volume_backup(lab.document("podvolumebackups")[0])
    stored = outcome.backup or {}
    assert (record.backup_name, record.backup_uid) == ("b1", stored["metadata"]["uid"])
    assert (record.pod, record.pod_uid, record.volume) == ("web", "uid-web", "data")
    assert (record.claim, record.claim_uid, record.node) == ("data", "uid-data", "n1")
    assert (record.phase, record.snapshot_id) == ("Completed", "id-of-data")
    assert stored["spec"]["defaultVolumesToFsBackup"] is True
    (entry,) = lab.document("volumeinfo")
    assert (entry["pvcName"], entry["pvName"], entry["backupMethod"]) == ("data", "pv-data", "PodVolumeBackup")
    assert (entry["result"], entry["pvbInfo"]["snapshotHandle"]) == ("succeeded", "id-of-data")


def test_it_runs_between_the_hooks_of_its_pod(lab: Lab) -> None:
    """What a pre hook has dumped is there, and a post hook has not removed it yet (Velero)."""
    for name in ("data", "alone"):
        lab.add_claim(name)
    lab.add_pod("web", "data", **_HOOKS)
    lab.add_pod("plain", "alone")
    assert lab.back_up().phase == "Completed"
    assert lab.events[:-1] == ["probe shop", "/bin/dump", "upload", "/bin/remove", "upload"]
    assert [upload.claim for upload in lab.mover.uploads] == ["data", "alone"]


def test_what_wants_it(lab: Lab) -> None:
    """It wins over a snapshot of its volume; what nobody mounts, or opted out, has one."""
    for name in ("in", "out", "unused"):
        lab.add_claim(name, volume=_CSI)
    lab.add_pod("web", "in", "out", **{_OUT: "out"})
    outcome = lab.back_up()
    assert (lab.copied, sorted(key[1] for key in lab.snapshots.taken)) == (["in"], ["out", "unused"])
    assert {entry["pvcName"]: entry["backupMethod"] for entry in outcome.volumes} == {
        "in": "PodVolumeBackup", "out": "CSISnapshot", "unused": "CSISnapshot"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("annotations", "action", "snapshot_volumes", "copied"),
    [
        pytest.param({}, "", None, [], id="nobody"),
        pytest.param({_IN: "data"}, "", None, ["data"], id="the pod"),
        pytest.param({_IN: "data"}, "", False, ["data"], id="without any snapshots"),
        pytest.param({}, "fs-backup", None, ["data"], id="a policy"),
        pytest.param({_IN: "data"}, "snapshot", None, [], id="the policy wins, snapshot"),
        pytest.param({_IN: "data"}, "skip", None, [], id="the policy wins, skip"),
    ],
)
def test_who_wants_it(
    lab: Lab, annotations: dict[str, str], action: str, snapshot_volumes: bool | None, copied: list[str]
) -> None:
    lab.add_claim("data", volume=_CSI)
    lab.add_pod("web", "data", **annotations)
    request = policy(action) if action else {}
    outcome = lab.back_up(request=request, **_BY_POD, snapshot_volumes=snapshot_volumes)
    assert (outcome.phase, lab.copied) == ("Completed", copied)
    assert bool(lab.snapshots.taken) == (not copied and action != "skip")


def test_what_many_nodes_mount_is_read_anywhere(lab: Lab) -> None:
    """Where the pod itself could run, and the volume can be reached."""
    terms = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]}
    lab.add_claim("data", volume={**_NFS, "nodeAffinity": {"required": terms}}, modes="ReadWriteMany")
    lab.add_pod("web", "data", spec={"nodeSelector": {"nfs": "yes"}})
    lab.back_up()
    (upload,) = lab.mover.uploads
    assert (upload.node_name, upload.place.node_selector) == ("", {"nfs": "yes"})
    assert upload.place.affinity == {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def test_a_volume_of_two_pods_is_copied_once(lab: Lab) -> None:
    lab.add_claim("data", modes="ReadWriteMany")
    lab.add_pod("a", "data", **_HOOKS)
    lab.add_pod("b", "data")
    lab.back_up()
    assert (lab.copied, len(lab.document("podvolumebackups"))) == (["data"], 1)


def test_one_that_failed_does_not_hide(lab: Lab) -> None:
    lab.add_claim("data")
    lab.add_claim("other")
    lab.add_pod("web", "data", "other")
    lab.mover.errors["data"] = "Cannot copy the volume of shop/data: its pod was killed."
    lab.mover.losses["other"] = ("3 files have hard links.",)
    outcome = lab.back_up()
    assert outcome.phase == "PartiallyFailed"
    (error,) = outcome.errors_list
    assert (error["name"], "its pod was killed" in error["message"]) == ("data", True)
    (warning,) = outcome.warnings_list
    assert (warning["name"], "hard links" in warning["message"]) == ("other", True)
    found = {record["spec"]["volume"]: record["status"] for record in lab.document("podvolumebackups")}
    assert (found["data"]["phase"], "snapshotID" in found["data"]) == ("Failed", False)
    assert found["other"]["snapshotID"] == "id-of-other"
    results = {entry["pvcName"]: entry["result"] for entry in outcome.volumes}
    assert results == {"data": "failed", "other": "succeeded"}


def test_a_pod_that_has_gone_meanwhile(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its volume may be on another node by now."""
    lab.add_claim("data")
    lab.add_pod("web", "data")
    probe = lab.mover.probe

    def remove(probes: t.Sequence[Probe]) -> list[Probed]:
        del lab.api.objects["pods", "shop", "web"]
        return probe(probes)

    monkeypatch.setattr(lab.mover, "probe", remove)
    outcome = lab.back_up()
    (error,) = outcome.errors_list
    assert (lab.copied, "the pod is gone" in error["message"]) == ([], True)


def test_a_failed_pre_hook_leaves_its_volumes_out(lab: Lab) -> None:
    lab.add_claim("data")
    lab.add_pod("web", "data", **_HOOKS)
    lab.api.codes["/bin/dump"] = 1
    outcome = lab.back_up()
    assert (outcome.phase, lab.copied) == ("PartiallyFailed", [])
    (entry,) = outcome.volumes
    assert entry["skippedReason"] == "any: pre hook failed;"


def test_what_is_frozen_is_copied_afterwards_with_a_warning(lab: Lab) -> None:
    """A freeze does not last for a whole copy; snapshots of the same window are not held up."""
    taken: list[str] = []

    class Keeper:
        def __init__(self, name: str) -> None:
            self.name = name
            self.begin = self.foresee = lambda *_args, **_named: []

        def take(self, keys: t.Any, *, timeout: float, too_late: str) -> None:
            taken.extend(f"{self.name} {key[1]}" for key in keys)

        def error_of(self, _key: t.Any) -> str:
            return ""

        def drop_failed(self, _keys: t.Any) -> list[str]:
            return []

    decisions = {}
    for name in ("data", "log"):
        claim = ClaimVolume(claim={"metadata": {"namespace": "shop", "name": name}}, volume=None)
        plan = PlannedSnapshot(claim=claim, spec=SnapshotSpec(namespace="shop", claim=name))
        decisions["shop", name] = VolumeDecision(provider=FILES if name == "data" else "csi", plan=plan)
    run = RunContext()
    providers: t.Any = {name: Keeper(name) for name in ("csi", FILES)}
    snapshots = VolumeSnapshots(run, make_request(), providers)
    snapshots.begin(VolumePlan(volumes=decisions))
    assert snapshots.cuts.taken == {"shop/log"}, "no database is held for a copy"
    assert snapshots.take(decisions, longest=60.0) == [("shop", "log")]
    assert (taken, run.issues.warnings) == (["csi log"], ())
    snapshots.take_rest()
    assert taken == ["csi log", "files data"]
    (warning,) = run.issues.warnings
    assert (warning.name, "were copied after its pod is released" in warning.message) == ("data", True)


def test_check_mode_says_what_would_be_copied_after_the_thaw(lab: Lab) -> None:
    lab.add_claim("data", volume=_CSI)
    lab.add_pod("web", "data", **_FREEZE)
    (warning,) = lab.plan().warnings_list
    assert (warning["name"], "would be copied after its pod is released" in warning["message"]) == ("data", True)


def test_check_mode_says_what_would_be_copied_where(lab: Lab) -> None:
    lab.add_claim("data")
    lab.add_pod("web", "data")
    outcome = lab.plan()
    assert (outcome.phase, outcome.warnings_list) == ("New", [])
    (entry,) = outcome.volumes
    assert (entry["backupMethod"], entry["skipped"]) == ("PodVolumeBackup", False)
    assert entry["pvbInfo"]["repository"] == f"{lab.store.location.describe}/kopia/shop/"
    assert (entry["pvbInfo"]["podName"], entry["pvbInfo"]["nodeName"]) == ("web", "n1")
    assert lab.events == ["preview shop"]


@pytest.mark.parametrize("dry_run", [False, True])
def test_pods_that_do_not_reach_the_location_end_it_before_any_hook(lab: Lab, dry_run: bool) -> None:
    lab.add_claim("data")
    lab.add_pod("web", "data", **_HOOKS)
    lab.mover.refusal = "No pod reaches http://s3."
    with pytest.raises(MoverError, match="In shop: No pod reaches") as caught:
        (lab.plan if dry_run else lab.back_up)()
    assert "default_volumes_to_fs_backup" in (caught.value.hint or "")
    assert lab.api.executed == []


def test_what_only_a_pod_asks_for_is_left_to_snapshots_where_nothing_can_be_copied(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was before files could be copied at all; who asks by the backup itself is refused."""
    lab.add_claim("data", volume=_CSI)
    lab.add_claim("share")
    lab.add_pod("web", "data", "share", **{_IN: "data,share"})

    def make(*_args: t.Any, **_named: t.Any) -> t.Any:
        raise MoverError("There is no password for the repository.")

    monkeypatch.setattr(moving, "make_mover", make)
    with pytest.raises(MoverError, match="There is no password"):
        lab.back_up()
    outcome = lab.back_up(**_BY_POD)
    assert (outcome.phase, list(lab.snapshots.taken)) == ("Completed", [("shop", "data")])
    said = [warning["message"] for warning in outcome.warnings_list if warning["resource"] == "pods"]
    assert len(said) == 1
    assert "asks for a file system backup of data, share, which cannot be made: There is no password" in said[0]
    found = {entry["pvcName"]: entry.get("skippedReason") for entry in outcome.volumes}
    assert found["share"] == "podvolume: its files cannot be copied here;"
    assert (outcome.backup or {})["spec"]["defaultVolumesToFsBackup"] is False


def test_a_location_that_no_pod_reaches(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of this machine: as long as only a pod asks, its volume is left to snapshots."""
    monkeypatch.setattr(moving, "make_mover", _MAKE_MOVER)
    lab.add_claim("data", volume=_CSI)
    lab.add_pod("web", "data", **{_IN: "data"})
    with pytest.raises(ArkiveError, match="pods do not reach it"):
        lab.plan()
    outcome = lab.back_up(**_BY_POD)
    assert (outcome.phase, list(lab.snapshots.taken)) == ("Completed", [("shop", "data")])
    (warning,) = outcome.warnings_list
    assert (warning["name"], "which cannot be made: " in warning["message"]) == ("web", True)


@pytest.mark.parametrize(
    ("security", "refused"), [({"runAsUser": 7}, ""), ({}, "No pod of the backup that mounts shop/data says as which")]
)
def test_who_reads_as_the_workload(lab: Lab, security: dict[str, int], refused: str) -> None:
    lab.add_claim("data")
    lab.add_pod("web", "data", spec={"securityContext": security})
    given = {"mover": MoverSettings(security_context="workload")}
    if refused:
        with pytest.raises(MoverError, match=refused):
            lab.back_up(request=given)
        assert "probe shop" not in lab.events
    else:
        assert lab.back_up(request=given).phase == "Completed"
        assert [upload.place.security_context for upload in lab.mover.uploads] == [security]


def test_rights_that_lack(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of who asks by the backup they are required; else, and with skip_forbidden, it is a warning."""
    lab.add_claim("data")
    lab.add_pod("web", "data", **{_IN: "data"})
    lack = [Need("create", "batch", "jobs", "", "shop")]

    def lacking(_client: t.Any, needs: t.Sequence[Need], **_named: t.Any) -> list[Need]:
        return [need for need in needs if need in lack]

    monkeypatch.setattr(volume_plan, "find_forbidden", lacking)
    with pytest.raises(KubeError, match=r"does not let you create jobs\.batch"):
        lab.plan()
    for outcome in (lab.plan(**_BY_POD), lab.back_up(request={"skip_forbidden": True})):
        assert any("does not let you create jobs.batch" in each["message"] for each in outcome.warnings_list)
        assert outcome.volumes[0]["skippedReason"] == "podvolume: its files cannot be copied here;"
    assert lab.copied == []


def test_volumes_that_cannot_be_copied_yet(lab: Lab) -> None:
    """By name, with what to do; an emptyDir that nobody has named is a warning, as most are scratch."""
    lab.add_claim("data", modes="ReadWriteOncePod")
    lab.add_pod("web", "data", "tmp")
    outcome = lab.back_up()
    (error,), (warning,) = outcome.errors_list, outcome.warnings_list
    assert (error["name"], "shop/data is ReadWriteOncePod" in error["message"]) == ("data", True)
    assert (warning["name"], "tmp (emptyDir)" in warning["message"], _OUT in warning["message"]) == ("web", True, True)
    assert (outcome.phase, lab.copied) == ("PartiallyFailed", [])


def test_an_empty_dir_that_its_pod_names_is_an_error(lab: Lab) -> None:
    lab.add_pod("web", "tmp", **{_IN: "tmp"})
    outcome = lab.back_up(**_BY_POD)
    (error,) = outcome.errors_list
    assert (outcome.phase, "tmp (emptyDir) cannot be copied" in error["message"]) == ("PartiallyFailed", True)


_CONSENT = {"mover": MoverSettings(ephemeral_containers=True)}


def test_by_consent_they_are_read_in_their_pod(lab: Lab) -> None:
    """Between the hooks, admitted before anything is begun, and recorded as Velero does (docs/compatibility 19.14)."""
    lab.add_claim("data", modes="ReadWriteOncePod")
    lab.add_claim("files")
    lab.add_pod("web", "data", "files", "tmp", **_HOOKS)
    outcome = lab.back_up(request=_CONSENT)
    assert (outcome.phase, outcome.errors_list, outcome.warnings_list) == ("Completed", [], [])
    assert sorted((each.pod, each.volume) for each in lab.mover.in_pods) == [("web", "data"), ("web", "tmp")]
    assert lab.events[:2] == ["admit web/data web/tmp", "probe shop"]
    sources = {upload.source_path for upload in lab.mover.uploads}
    assert sources == {f"snapshot-pod-volume/kopia/shop/web/{name}" for name in ("data", "files", "tmp")}
    records = {each["spec"]["volume"]: each for each in lab.document("podvolumebackups")}
    assert sorted(records) == ["data", "files", "tmp"]
    assert records["tmp"]["spec"]["pod"] == {"kind": "Pod", "namespace": "shop", "name": "web", "uid": "uid-web"}
    assert records["tmp"]["status"]["snapshotID"] == "id-of-web/tmp"
    assert "annotations" not in records["tmp"]["metadata"]
    entry = lab.document("volumeinfo")[-1]
    assert (entry["pvbInfo"]["volumeName"], entry["result"], "pvcName" in entry) == ("tmp", "succeeded", False)
    assert entry in outcome.volumes


@pytest.mark.parametrize(
    ("action", "annotation", "volumes"),
    [
        ("fs-backup", "tmp", ["share", "tmp"]),
        ("fs-backup", "", ["share"]),
        ("skip", "share,tmp", ["tmp"]),
        ("snapshot", "share", []),
    ],
)
def test_in_its_pod_by_a_rule_or_by_its_annotation(lab: Lab, action: str, annotation: str, volumes: list[str]) -> None:
    """An NFS server that the pod names itself has no claim either."""
    share = {"name": "share", "nfs": {"server": "s", "path": "/x"}}
    mounts = [{"name": name, "mountPath": f"/{name}"} for name in ("share", "tmp")]
    spec = {"volumes": [share, {"name": "tmp", "emptyDir": {}}], "containers": [{"name": "m", "volumeMounts": mounts}]}
    lab.add_pod("web", spec=spec, **{_IN: annotation})
    text = f"version: v1\nvolumePolicies: [{{conditions: {{volumeTypes: [nfs]}}, action: {{type: {action}}}}}]"
    outcome = lab.back_up(request={**_CONSENT, "policy": parse_policy(text)}, **_BY_POD)
    assert sorted(each.volume for each in lab.mover.in_pods) == volumes
    assert (outcome.phase, outcome.errors_list) == ("Completed", [])


def test_a_failed_copy_in_a_pod_names_the_pod(lab: Lab) -> None:
    lab.add_pod("web", "tmp")
    lab.mover.errors["web/tmp"] = "Cannot copy the volume of shop/web/tmp: pod shop/web is gone."
    outcome = lab.back_up(request=_CONSENT)
    (error,) = outcome.errors_list
    assert (error["resource"], error["name"], outcome.phase) == ("pods", "web", "PartiallyFailed")
    assert "shop/web/tmp" in error["message"]
    (record,) = lab.document("podvolumebackups")
    assert (record["status"]["phase"], "snapshotID" in record["status"]) == ("Failed", False)


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_pod_that_admits_no_container_ends_it_before_any_hook(lab: Lab, dry_run: bool) -> None:
    lab.add_pod("web", "tmp", **_HOOKS)
    lab.mover.not_admitted = "No container can be added to pod shop/web: violates PodSecurity."
    with pytest.raises(MoverError, match="No container can be added to pod shop/web"):
        (lab.plan if dry_run else lab.back_up)(request=_CONSENT)
    assert (lab.api.executed, lab.mover.uploads) == ([], [])


def test_what_nobody_mounts_is_told_with_consent_too(lab: Lab) -> None:
    lab.add_pod("web", "tmp", spec={"containers": [{"name": "main"}]}, **{_IN: "tmp"})
    outcome = lab.back_up(request=_CONSENT, **_BY_POD)
    (warning,) = outcome.warnings_list
    assert "tmp is declared in pod shop/web but not mounted by any container" in warning["message"]
    assert (outcome.phase, lab.mover.in_pods) == ("Completed", [])


def test_a_pod_that_a_file_of_its_node_makes_is_passed_by(lab: Lab) -> None:
    lab.add_pod("etcd", "tmp", **{"kubernetes.io/config.mirror": "x"})
    outcome = lab.back_up(request=_CONSENT)
    assert (outcome.errors_list, lab.mover.in_pods) == ([], [])
    (warning,) = outcome.warnings_list
    assert "pod shop/etcd is made by a file of its node" in warning["message"]


def test_nothing_stays_frozen_for_what_is_read_in_a_pod(lab: Lab) -> None:
    lab.add_claim("data", volume=_CSI)
    lab.add_pod("web", "data", "tmp", **_FREEZE)
    warnings = {each["name"]: each["message"] for each in lab.plan(request=_CONSENT).warnings_list}
    assert sorted(warnings) == ["data", "web"]
    assert "The files of the volume tmp would be copied after its pod is released" in warnings["web"]
    assert lab.mover.in_pods == []


def test_a_pod_is_stored_without_the_containers_that_copied(lab: Lab) -> None:
    """No API server makes a pod that has such, so no Velero would restore it."""
    added = [{"name": "arkive-mover-0123-1"}, {"name": "debugger"}]
    lab.add_pod("web", spec={"ephemeralContainers": added})
    lab.add_pod("api", spec={"ephemeralContainers": added[:1]})
    lab.back_up()
    with Catalog(lab.store).files("b1").open_tarball() as tarball:
        pods = {item.name: tarball.read(item) for item in tarball.items if str(item.group_resource) == "pods"}
    assert pods["web"]["spec"]["ephemeralContainers"] == added[1:]
    assert "ephemeralContainers" not in pods["api"]["spec"]


def test_a_pod_that_does_not_run_is_told(lab: Lab) -> None:
    lab.add_claim("data")
    lab.add_pod("web", "data", phase="Pending")
    outcome = lab.back_up()
    (warning,), (entry,) = outcome.warnings_list, outcome.volumes
    assert "pod is not running" in warning["message"]
    assert entry["skippedReason"].startswith("podvolume: encountered a problem with backing up the PVC of pod shop/web")


def test_a_backup_that_is_not_stored_leaves_no_copies(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.add_claim("data")
    lab.add_pod("web", "data")

    def fail(*_args: t.Any, **_named: t.Any) -> None:
        raise StoreError("The store is gone.")

    monkeypatch.setattr(BackupWriter, "publish", fail)
    with pytest.raises(StoreError):
        lab.back_up()
    assert lab.mover.forgotten == [("shop", ("id-of-data",))]


def test_a_run_that_is_cancelled_among_its_copies_leaves_none(lab: Lab) -> None:
    for name in ("data", "more"):
        lab.add_claim(name)
        lab.add_pod(f"web-{name}", name)
    lab.mover.cancelled_at = "more"
    with pytest.raises(Cancelled):
        lab.back_up()
    assert lab.mover.forgotten == [("shop", ("id-of-data",))]


def test_a_copy_in_a_pod_that_was_done_when_the_run_was_cancelled_is_taken_back(lab: Lab) -> None:
    lab.add_claim("data", modes="ReadWriteOncePod")
    lab.add_pod("web", "data")
    lab.mover.cancelled_at = "data"
    with pytest.raises(Cancelled):
        lab.back_up(request=_CONSENT)
    assert lab.mover.forgotten == [("shop", ("id-of-data",))]


@pytest.mark.parametrize("dry_run", [False, True])
def test_each_repository_is_opened_once_by_snapshots_and_files(lab: Lab, *, dry_run: bool) -> None:
    """docs/compatibility 19.13: some volumes by their snapshots, others by their files, into the same repository."""
    lab.add_claim("data", volume=_CSI)
    lab.add_claim("share")
    lab.add_pod("web", "data", "share", **{_IN: "share"})
    wanted = {"snapshot_move_data": True, **_BY_POD}
    if dry_run:
        plan_backup(make_request(request=_GIVEN, **_WANTED | wanted), client=lab.api.client, store=lab.store)
    else:
        lab.back_up(**wanted)
        assert sorted(upload.original_claim for upload in lab.mover.uploads) == ["data", "share"]
    asked = [event for event in lab.events if event.startswith(("probe", "preview"))]
    assert asked == ["preview shop" if dry_run else "probe shop"]


def test_the_second_run_finds_it(lab: Lab) -> None:
    lab.add_claim("data")
    lab.add_pod("web", "data")
    lab.back_up()
    assert lab.back_up().changed is False
    with pytest.raises(ValidationError, match="default_volumes_to_fs_backup differs"):
        lab.back_up(default_volumes_to_fs_backup=False)


def test_without_a_mover_it_is_refused_or_stored_as_it_is(lab: Lab) -> None:
    """As for custom resources of Velero, whose passes have no options."""
    lab.add_claim("data")
    lab.add_pod("web", "data", **{_IN: "data"})
    with pytest.raises(ValidationError, match=r"default_volumes_to_fs_backup.*node agent"):
        lab.back_up(request={"mover": None})
    outcome = lab.back_up(request={"mover": None}, **_BY_POD)
    assert any("File system backups are made by k8s_backup" in each["message"] for each in outcome.warnings_list)
    assert (outcome.volumes[0]["skippedReason"], lab.copied) == (
        "podvolume: file system backup needs Velero's node agent;",
        [],
    )


def test_turns_are_bounded_in_all_and_by_node() -> None:
    """Whoever asks: the blocks of pods do so side by side."""
    turns, lock = Turns(at_once=3, per_node=1, cancel=CancelToken()), threading.Lock()
    now: dict[str, int] = {}
    most = {"all": 0, "a": 0, "b": 0, "": 0}

    def work(node: str) -> None:
        with turns.turn(node):
            with lock:
                now[node] = now.get(node, 0) + 1
                most[node] = max(most[node], now[node])
                most["all"] = max(most["all"], sum(now.values()))
            time.sleep(0.005)
            with lock:
                now[node] -= 1

    threads = [threading.Thread(target=work, args=(node,)) for node in ("a", "b", "") * 6]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most["a"], most["b"]) == (1, 1)
    assert most["all"] <= 3


def test_who_waits_for_a_turn_obeys_a_cancel() -> None:
    cancel = CancelToken()
    turns = Turns(at_once=1, per_node=1, cancel=cancel)
    with turns.turn("a"):
        cancel.cancel("SIGTERM")
        with pytest.raises(Cancelled), turns.turn("b"):
            pytest.fail("it was not its turn")
