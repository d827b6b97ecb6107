# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole backup whose data is moved: the order, the records, and what becomes of a failure (docs/compatibility 19)."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import tarfile
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._backup.plan import plan_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import parse_backup_hooks_option
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.provider import CsiProvider
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover import moving
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.marks import MOVER, RENEWED
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._backup.backup_api import (
    BackupApi,
    back_up,
    make_request,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import types_named
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.mover.backup.moving_lab import (
    LabMover,
    LabSnapshots,
)

HOOKS = {
    "pre.hook.backup.velero.io/command": '["/bin/freeze"]',
    "post.hook.backup.velero.io/command": '["/bin/thaw"]',
}
_CSI = {"csi": {"driver": "csi.example", "volumeHandle": "v"}, "persistentVolumeReclaimPolicy": "Delete"}


class Lab(t.NamedTuple):
    api: BackupApi
    store: t.Any
    snapshots: LabSnapshots
    mover: LabMover
    events: list[str]
    patch: pytest.MonkeyPatch

    def add_claim(
        self, name: str, *, volume: t.Mapping[str, t.Any] | None = None, capacity: str = "1Gi", **spec: t.Any
    ) -> None:
        own = {
            "volumeName": f"pv-{name}",
            "storageClassName": "fast",
            "accessModes": ["ReadWriteMany"],
            "resources": {"requests": {"storage": "1Gi"}},
        }
        metadata = {"uid": f"uid-{name}", "labels": {"team": "shop"}}
        status = {"phase": "Bound", "capacity": {"storage": capacity}}
        self.api.add("persistentvolumeclaims", name, "shop", metadata=metadata, spec=own | spec, status=status)
        self.api.add("persistentvolumes", f"pv-{name}", spec=dict(volume or _CSI))

    def back_up(self, *, request: t.Mapping[str, t.Any] | None = None, **spec: t.Any) -> BackupOutcome:
        given: dict[str, t.Any] = {"mover": MoverSettings(), "repository_password": "secret", **(request or {})}
        options = {"included_namespaces": ["shop"], "snapshot_move_data": True, **spec}
        return back_up(self.api, self.store, request=given, **options)

    def plan(self, **spec: t.Any) -> BackupOutcome:
        given: dict[str, t.Any] = {"mover": MoverSettings(), "repository_password": "secret"}
        options = {"included_namespaces": ["shop"], "snapshot_move_data": True, **spec}
        return plan_backup(make_request(request=given, **options), client=self.api.client, store=self.store)

    def objects(self, kind: str) -> dict[str, dict[str, t.Any]]:
        """Stored objects of a type by their names."""
        with Catalog(self.store).files("b1").open_tarball() as tarball:
            found = [tarball.read(ref) for ref in tarball.items if str(ref.group_resource) == kind]
        return {obj["metadata"]["name"]: obj for obj in found}

    def uploads(self) -> dict[str, dict[str, t.Any]]:
        """Records by the claims that they are of."""
        return {obj["spec"]["sourcePVC"]: obj for obj in self.objects("datauploads.velero.io").values()}

    def document(self, name: str) -> t.Any:
        return json.loads(gzip.decompress(self.store.get(f"backups/b1/b1-{name}.json.gz")))


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    api, events = BackupApi(), list[str]()
    snapshots, mover = LabSnapshots(events), LabMover(events)
    monkeypatch.setattr(CsiProvider, "for_backup", lambda _self, _job, _discovery: snapshots)
    monkeypatch.setattr(moving, "make_mover", lambda _moving, _client, cancel: mover)
    monkeypatch.setattr(
        "ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor.exec_command", api.exec_command
    )
    api.add("namespaces", "shop", status={"phase": "Active"})
    return Lab(api, open_store(LocalLocation(path=str(tmp_path))), snapshots, mover, events, monkeypatch)


def test_a_claim_names_its_record_and_the_record_the_copy(lab: Lab) -> None:
    lab.add_claim("data")
    outcome = lab.back_up()
    assert (outcome.phase, outcome.warnings_list) == ("Completed", [])
    upload, claim = lab.uploads()["data"], lab.objects("persistentvolumeclaims")["data"]
    assert claim["metadata"]["annotations"]["velero.io/data-upload-name"] == f"velero/{upload['metadata']['name']}"
    assert claim["metadata"]["labels"] == {"team": "shop", "velero.io/backup-name": "b1"}
    backup = outcome.backup or {}
    labels = upload["metadata"]["labels"]
    assert (labels["velero.io/backup-name"], labels["velero.io/backup-uid"]) == ("b1", backup["metadata"]["uid"])
    assert (upload["status"]["phase"], upload["status"]["snapshotID"]) == ("Completed", "id-of-data")
    assert backup["spec"]["snapshotMoveData"] is True
    assert lab.mover.uploads[0].tags["velero.io/async-operation-id"] == labels["velero.io/async-operation-id"]


def test_the_files_that_describe_it(lab: Lab) -> None:
    """Velero's counters and lists: the record is in none of them."""
    lab.add_claim("data")
    outcome = lab.back_up()
    status = (outcome.backup or {})["status"]
    counts = {name: value for name, value in status.items() if "Operations" in name or "csi" in name}
    assert counts == {"backupItemOperationsAttempted": 1, "backupItemOperationsCompleted": 1}
    assert status["progress"]["totalItems"] == 3, "namespace, claim, volume"
    assert "DataUpload" not in json.dumps(lab.document("resource-list"))
    assert "datauploads.velero.io" not in outcome.items
    (operation,) = lab.document("itemoperations")
    assert operation["status"]["phase"] == "Completed"
    assert operation["spec"]["postOperationItems"][0]["Name"] in lab.objects("datauploads.velero.io")
    (entry,) = lab.document("volumeinfo")
    assert (entry["pvcName"], entry["snapshotDataMoved"], entry["result"]) == ("data", True, "succeeded")
    assert entry["snapshotDataMovementInfo"]["snapshotHandle"] == "id-of-data"
    assert outcome.volumes == [entry]


def test_the_record_is_in_both_folders(lab: Lab) -> None:
    """As every object that has its group's preferred version (docs/compatibility 2.4)."""
    lab.add_claim("data")
    lab.back_up()
    data = io.BytesIO(lab.store.get("backups/b1/b1.tar.gz"))
    with tarfile.open(fileobj=data, mode="r:gz") as tarball:
        names = [name for name in tarball.getnames() if "datauploads" in name]
    assert sorted(name.rpartition("/")[0] for name in names) == [
        "resources/datauploads.velero.io/namespaces/velero",
        "resources/datauploads.velero.io/v2alpha1-preferredversion/namespaces/velero",
    ]


def test_the_order(lab: Lab) -> None:
    """Pods are asked first, and data is moved when the last hook has run: also the backup's own."""
    lab.add_claim("data")
    lab.add_claim("alone")
    lab.api.add_pod("web", claims=["data"], **HOOKS)
    lab.api.on_exec = lambda: lab.events.append(lab.api.executed[-1][1])
    hooks = {"pre": [_own("/bin/begin")], "post": [_own("/bin/end")]}
    outcome = lab.back_up(request={"backup_hooks": parse_backup_hooks_option(hooks)})
    assert (outcome.phase, outcome.errors_list) == ("Completed", [])
    assert lab.events == [
        "/bin/begin",
        "probe shop",
        "/bin/freeze",
        "cut data",
        "/bin/thaw",
        "cut alone",
        "/bin/end",
        "upload",
        "drop",
        "close",
    ]


def _own(command: str) -> dict[str, t.Any]:
    return {"namespace": "shop", "pod": "web", "command": [command]}


def test_what_is_mounted(lab: Lab) -> None:
    """Same class, one node at a time, as large as the storage wants; where the volume can be reached."""
    affinity = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]}
    lab.add_claim("data", volume={**_CSI, "nodeAffinity": {"required": affinity}})
    lab.snapshots.sizes["data"] = 2 << 30
    lab.back_up(uploader_config={"parallelFilesUpload": 5})
    (upload,) = lab.mover.uploads
    made: t.Any = upload.temporary_claim
    assert (upload.claim, upload.namespace) == (made["metadata"]["name"], "shop")
    assert made["metadata"]["labels"] == {"velero.io/exclude-from-backup": "true"}
    assert made["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "fast",
        "volumeMode": "Filesystem",
        "dataSource": {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "velero-data"},
        "resources": {"requests": {"storage": str(2 << 30)}},
    }
    assert [owned.name for owned in upload.owned] == ["velero-data"]
    required: t.Any = upload.place.affinity["nodeAffinity"]
    assert required == {"requiredDuringSchedulingIgnoredDuringExecution": affinity}
    assert (upload.source_path, upload.parallel) == ("snapshot-data-upload-download/kopia/shop/data", 5)
    claim = lab.objects("persistentvolumeclaims")["data"]
    assert claim["spec"]["resources"]["requests"]["storage"] == str(2 << 30), "the restored one has room as well"
    assert lab.uploads()["data"]["spec"]["dataMoverConfig"] == {"ParallelFilesUpload": "5"}


def test_one_that_failed_does_not_hide(lab: Lab) -> None:
    """PartiallyFailed; a record without a snapshot, and a claim that names none: no empty volume comes back unseen."""
    lab.add_claim("data")
    lab.add_claim("other")
    lab.mover.errors["data"] = "Cannot copy the volume of shop/data: its pod was killed."
    outcome = lab.back_up()
    assert outcome.phase == "PartiallyFailed"
    (error,) = outcome.errors_list
    assert (error["name"], "its pod was killed" in error["message"]) == ("data", True)
    uploads, claims = lab.uploads(), lab.objects("persistentvolumeclaims")
    assert uploads["data"]["status"]["phase"] == "Failed"
    assert "snapshotID" not in uploads["data"]["status"]
    assert "velero.io/data-upload-name" not in (claims["data"]["metadata"].get("annotations") or {})
    assert "velero.io/data-upload-name" in claims["other"]["metadata"]["annotations"]
    found = {entry["pvcName"]: entry for entry in outcome.volumes}
    assert (found["data"]["result"], found["data"]["snapshotDataMoved"]) == ("failed", True)
    assert found["data"]["snapshotDataMovementInfo"]["snapshotHandle"] == ""
    status = (outcome.backup or {})["status"]
    assert [status.get(f"backupItemOperations{word}") for word in ("Attempted", "Completed", "Failed")] == [2, 1, 1]


@pytest.mark.parametrize("what", ["failing", "uncut"])
def test_a_snapshot_that_failed(lab: Lab, what: str) -> None:
    """Nothing is uploaded of it, and the claim says nothing of data."""
    lab.add_claim("data")
    getattr(lab.snapshots, what).add("data")
    outcome = lab.back_up()
    assert outcome.phase == "PartiallyFailed"
    assert len(outcome.errors_list) == 1
    assert lab.mover.uploads == []
    claim = lab.objects("persistentvolumeclaims")["data"]
    assert "velero.io/data-upload-name" not in (claim["metadata"].get("annotations") or {})
    (entry,) = outcome.volumes
    assert (entry["result"], entry["snapshotDataMoved"]) == ("failed", True)


def test_pods_that_do_not_reach_the_location_end_it_before_any_hook(lab: Lab) -> None:
    lab.add_claim("data")
    lab.api.add_pod("web", claims=["data"], **HOOKS)
    lab.mover.refusal = "No pod reaches http://s3."
    with pytest.raises(MoverError, match="In shop: No pod reaches http://s3"):
        lab.back_up()
    assert (lab.api.executed, lab.snapshots.taken) == ([], {})
    assert lab.store.list("backups/").objects == []


def test_check_mode_fails_where_the_run_would(lab: Lab) -> None:
    lab.add_claim("data")
    lab.mover.refusal = "Pods as root are forbidden here."
    with pytest.raises(MoverError, match="Pods as root are forbidden here"):
        lab.plan()


_QUOTA = (
    "exceeded quota: few, requested: requests.storage=3Gi, used: requests.storage=3Gi, limited: requests.storage=5Gi"
)
_RANGE = "maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3221225472"


@pytest.mark.parametrize(
    ("refusal", "remedy"),
    [
        pytest.param(_QUOTA, "one more of its size", id="a quota"),
        pytest.param(_RANGE, "Let the LimitRange of the namespace", id="a LimitRange"),
        pytest.param("admission webhook denied the request", "", id="anybody else"),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_namespace_that_admits_no_more_claims_ends_it_before_any_hook(
    lab: Lab, check_mode: bool, refusal: str, remedy: str
) -> None:
    """The largest of each class is asked about, as large as its volume is (Kubernetes 1.34, ResourceQuota)."""
    lab.add_claim("small")
    lab.add_claim("large", resources={"requests": {"storage": "2Gi"}}, capacity="3Gi")
    lab.add_claim("other", storageClassName="slow")
    lab.api.add_pod("web", claims=["small"], **HOOKS)
    asked: list[dict[str, t.Any]] = []

    def admit(body: dict[str, t.Any]) -> list[str]:
        if body.get("kind") == "PersistentVolumeClaim":
            asked.append(body)
        return []

    def refuse(verb: str, path: str, dry_run: bool) -> KubeError | None:
        if not (verb == "POST" and path.endswith("/persistentvolumeclaims") and dry_run and asked):
            return None
        return KubeError(f'persistentvolumeclaims "arkive-other" is forbidden: {refusal}', status=403)

    lab.api.admit, lab.api.refuse = admit, refuse
    with pytest.raises(MoverError, match="where a claim is made of each snapshot") as caught:
        (lab.plan if check_mode else lab.back_up)()
    assert refusal in caught.value.message
    assert remedy in (caught.value.hint or "")
    [tried] = asked
    assert tried["metadata"]["name"].startswith("arkive-large-")
    assert (tried["spec"]["storageClassName"], tried["spec"]["resources"]["requests"]["storage"]) == (
        "fast", str(3 << 30),
    )  # fmt: skip
    assert (lab.api.executed, lab.snapshots.taken) == ([], {})
    assert not any("probe" in event or "preview" in event for event in lab.events)
    assert lab.api.names("persistentvolumeclaims", "shop") == ["large", "other", "small"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_namespace_without_room_for_snapshots_ends_it_before_any_pod(lab: Lab, check_mode: bool) -> None:
    """``test_snapshot_room.py`` says when."""
    lab.add_claim("data")
    lab.api.add_pod("web", claims=["data"], **HOOKS)
    lab.snapshots.refusal = "exceeded quota: few"
    with pytest.raises(SnapshotError, match="exceeded quota: few"):
        (lab.plan if check_mode else lab.back_up)()
    assert (lab.api.executed, lab.snapshots.taken) == ([], {})
    assert not any("probe" in event or "preview" in event for event in lab.events)


def room_of_another(lab: Lab, *, comes_back: bool, alive: bool = True) -> list[float]:
    """A quota whose room another backup holds by a temporary claim, until it has been waited for; the waits."""
    labels, seen = {MOVER: "upload"}, utc_now() - dt.timedelta(hours=0 if alive else 1)
    metadata = {"labels": labels, "annotations": {RENEWED: rfc3339(seen)}, "uid": "of-theirs"}
    lab.api.types = [*lab.api.types, *types_named("jobs")]
    lab.api.add("jobs", "theirs", "shop", metadata=metadata, spec={})
    owned = {"labels": labels, "ownerReferences": [{"kind": "Job", "name": "theirs", "uid": "of-theirs"}]}
    lab.api.add("persistentvolumeclaims", "arkive-theirs-1", "shop", metadata=owned, spec={})
    waits: list[float] = []

    def refuse(verb: str, path: str, _dry_run: bool) -> KubeError | None:
        if verb != "POST" or not path.endswith("/persistentvolumeclaims") or (comes_back and len(waits) > 1):
            return None
        return KubeError(f'persistentvolumeclaims "arkive-data" is forbidden: {_QUOTA}', status=403)

    def wait(_token: CancelToken, seconds: float) -> bool:
        waits.append(seconds)
        if comes_back and len(waits) == 1:
            # The claim has gone, and the quota has not noticed yet.
            lab.api.kept.remove(("persistentvolumeclaims", "shop", "arkive-theirs-1"))
        return False

    lab.api.refuse = refuse
    lab.patch.setattr(CancelToken, "wait", wait)
    return waits


@pytest.mark.parametrize("alive", [True, False])
def test_room_that_another_backup_holds_is_waited_for(lab: Lab, alive: bool) -> None:
    """Two backups of a namespace at once, and a quota with room for the claims of one; what a dead one holds goes."""
    lab.add_claim("data")
    waits = room_of_another(lab, comes_back=True, alive=alive)
    assert lab.back_up(excluded_resources=["jobs"]).phase == "Completed"
    assert len(waits) == 2
    assert lab.api.names("jobs", "shop") == (["theirs"] if alive else [])


def test_jobs_of_dead_runs_go_before_the_snapshots_that_they_hold(lab: Lab) -> None:
    """external-snapshotter 8 keeps a snapshot of which a claim is being made (volumesnapshot-as-source-protection)."""
    lab.add_claim("data")
    room_of_another(lab, comes_back=True, alive=False)
    lab.api.refuse = lambda _verb, _path, _dry_run: None
    begin, there = lab.snapshots.begin, list[list[str]]()

    def begun(*args: t.Any, **named: t.Any) -> list[str]:
        there.append(lab.api.names("jobs", "shop"))
        return begin(*args, **named)

    lab.patch.setattr(lab.snapshots, "begin", begun)
    assert lab.back_up(excluded_resources=["jobs"]).phase == "Completed"
    assert there == [[]]


def test_room_that_does_not_come_back_is_told_with_who_holds_it(lab: Lab) -> None:
    lab.add_claim("data")
    lab.api.add_pod("web", claims=["data"], **HOOKS)
    waits = room_of_another(lab, comes_back=False)
    settings = {"mover": MoverSettings(pod_start_timeout=0.0), "repository_password": "secret"}
    with pytest.raises(MoverError, match=r"as long as they read them: arkive-theirs-1\.") as caught:
        lab.back_up(request=settings)
    assert caught.value.hint == (
        "Run it again when these have gone, or raise the quota: while a volume is moved there is one more of its size."
    )
    assert (waits, lab.api.executed, lab.snapshots.taken) == ([], [], {})


def test_a_claim_that_no_quota_ever_admits_is_not_waited_for(lab: Lab) -> None:
    """Also by who has waited for another one before."""
    lab.add_claim("data")
    waits = room_of_another(lab, comes_back=False)
    refuse, never = lab.api.refuse, _QUOTA.replace("requested: requests.storage=3Gi", "requested: requests.storage=6Gi")

    def answer(verb: str, path: str, dry_run: bool) -> KubeError | None:
        found = refuse(verb, path, dry_run)
        return KubeError(never, status=403) if found and waits else found

    lab.api.refuse = answer
    with pytest.raises(MoverError, match=r"requested: requests\.storage=6Gi") as caught:
        lab.back_up(excluded_resources=["jobs"])
    assert (len(waits), lab.snapshots.taken) == (1, {})
    assert (caught.value.hint or "").startswith("Free some of the quota or raise it")


def test_check_mode_warns_of_what_the_run_would_wait_for(lab: Lab) -> None:
    """It may have come back then; and nothing of a dead run goes."""
    lab.add_claim("data")
    waits = room_of_another(lab, comes_back=False, alive=False)
    (warning,) = lab.plan(excluded_resources=["jobs"]).warnings_list
    assert "exceeded quota: few" in warning["message"]
    assert warning["message"].endswith("arkive-theirs-1. The backup waits for them, for 600 s at most.")
    assert waits == []
    assert lab.api.names("jobs", "shop") == ["theirs"]
    assert lab.events == ["preview shop"]


def test_a_run_that_is_cancelled_waits_for_no_room(lab: Lab) -> None:
    lab.add_claim("data")
    room_of_another(lab, comes_back=False)

    def cancelled(token: CancelToken, _seconds: float) -> bool:
        token.cancel("the test says so")
        return True

    lab.patch.setattr(CancelToken, "wait", cancelled)
    with pytest.raises(Cancelled):
        lab.back_up()
    assert lab.snapshots.taken == {}


def test_check_mode_says_what_would_be_moved_where(lab: Lab) -> None:
    lab.add_claim("data")
    lab.add_claim("host", volume={"hostPath": {"path": "/x"}})
    outcome = lab.plan()
    found = {entry["pvcName"]: entry for entry in outcome.volumes}
    assert found["data"]["snapshotDataMoved"] is True
    where = found["data"]["snapshotDataMovementInfo"]["repository"]
    assert where == f"{lab.store.location.describe}/kopia/shop/"
    assert found["host"]["skipped"] is True
    assert lab.events == ["preview shop"]


def test_losses_are_said_of_their_volume(lab: Lab) -> None:
    lab.add_claim("data")
    lab.mover.losses["data"] = ("3 files have hard links, which become files of their own.",)
    (warning,) = lab.back_up().warnings_list
    assert (warning["namespace"], warning["name"]) == ("shop", "data")
    assert "hard links" in warning["message"]


def test_a_backup_that_is_not_stored_leaves_no_copies(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no backup names would stay in the repository for ever."""
    lab.add_claim("data")
    lab.mover.why_not_forgotten["id-of-data"] = "no pod could be started"

    def fail(*_args: t.Any, **_named: t.Any) -> None:
        raise StoreError("The store is gone.")

    monkeypatch.setattr(BackupWriter, "publish", fail)
    with pytest.raises(StoreError) as caught:
        lab.back_up()
    assert lab.mover.forgotten == [("shop", ("id-of-data",))]
    assert "abandon" in lab.events
    assert "no pod could be started" in json.dumps(caught.value.details["warnings_list"])


def test_a_run_that_is_cancelled_among_its_copies_leaves_none(lab: Lab) -> None:
    for name in ("data", "more", "rest"):
        lab.add_claim(name)
    lab.mover.cancelled_at = "more"
    with pytest.raises(Cancelled):
        lab.back_up()
    assert lab.mover.forgotten == [("shop", ("id-of-data",))]


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        pytest.param({"volumeMode": "Block"}, "raw block device", id="a block device has no files"),
        pytest.param({"storageClassName": ""}, "no StorageClass", id="nobody makes a volume"),
    ],
)
def test_volumes_that_cannot_be_moved(lab: Lab, spec: dict[str, t.Any], error: str) -> None:
    lab.add_claim("data", **spec)
    outcome = lab.back_up()
    assert outcome.phase == "PartiallyFailed"
    assert [error in found["message"] for found in outcome.errors_list] == [True]
    assert lab.snapshots.taken == {}


def test_the_second_run_finds_it(lab: Lab) -> None:
    lab.add_claim("data")
    lab.back_up()
    lab.events.clear()
    again = lab.back_up()
    assert (again.changed, lab.events) == (False, [])
    with pytest.raises(ValidationError, match="snapshot_move_data differs"):
        lab.back_up(snapshot_move_data=False)


def test_without_a_mover_it_is_refused_or_stored_as_it_is(lab: Lab) -> None:
    """As for custom resources of Velero, whose passes have no options: what is stored must not say that data moved."""
    with pytest.raises(ValidationError, match="snapshot_move_data"):
        lab.back_up(request={"mover": None})
    outcome = lab.back_up(request={"mover": None, "ignore_unsupported": True})
    assert (outcome.backup or {})["spec"]["snapshotMoveData"] is False


@pytest.mark.parametrize(
    ("spec", "refused"),
    [
        ({"snapshot_move_data": True, "datamover": "velero"}, ""),
        ({"snapshot_move_data": True, "datamover": "velero-fs"}, ""),
        ({"snapshot_move_data": True, "uploader_config": {"parallelFilesUpload": 2}}, ""),
        ({"snapshot_move_data": True, "datamover": "velero-block"}, "datamover: only Velero's own"),
        ({"snapshot_move_data": True, "datamover": "vmware"}, "datamover: only Velero's own"),
        ({"snapshot_move_data": False, "datamover": "velero"}, "datamover: data is moved with snapshot_move_data only"),
        ({"snapshot_move_data": True, "default_volumes_to_fs_backup": True}, ""),
    ],
)
def test_which_movers_there_are(lab: Lab, spec: dict[str, t.Any], refused: str) -> None:
    """An unknown mover is refused, as what it writes is not known."""
    if refused:
        with pytest.raises(ValidationError, match=refused):
            lab.back_up(**spec)
    else:
        assert lab.back_up(**spec).phase == "Completed"


@pytest.mark.parametrize(
    ("pod", "container", "user", "refused"),
    [
        pytest.param({"runAsUser": 7, "fsGroup": 8}, {}, {"runAsUser": 7, "fsGroup": 8}, "", id="the pod says it"),
        pytest.param({"runAsUser": 7}, {"runAsUser": 9}, {"runAsUser": 9}, "", id="its container says another"),
        pytest.param({"fsGroup": 8}, {}, {}, "says as which user it runs", id="only the image knows"),
        pytest.param({"runAsUser": 0}, {}, {}, "runs as root", id="root"),
    ],
)
def test_as_whom_data_is_read(
    lab: Lab, pod: dict[str, int], container: dict[str, int], user: dict[str, int], refused: str
) -> None:
    """``workload``: as the pod that mounts the claim, whoever that is; nobody guesses."""
    lab.add_claim("data")
    lab.api.add_pod("web", claims=["data"])
    spec = lab.api.objects["pods", "shop", "web"]["spec"]
    mounts = [{"name": "data", "mountPath": "/data"}]
    spec["containers"] = [{"name": "main", "volumeMounts": mounts, "securityContext": container}]
    spec["securityContext"] = pod
    outcome = lab.back_up(request={"mover": MoverSettings(security_context="workload")})
    assert [upload.place.security_context for upload in lab.mover.uploads] == ([user] if user else [])
    errors = [error["error"] if "error" in error else error["message"] for error in outcome.errors_list]
    assert outcome.phase == ("PartiallyFailed" if refused else "Completed"), errors
    assert refused in " ".join(errors)


def test_the_password_is_in_no_text_of_the_request() -> None:
    assert "hunter2" not in repr(make_request(request={"mover": MoverSettings(), "repository_password": "hunter2"}))
