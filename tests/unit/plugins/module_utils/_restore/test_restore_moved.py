# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole restores of claims whose data was moved: an API server in memory, and a mover that only notes what it is asked.

The rules: docs/compatibility 5.12. That bytes come back is tried in ``tests/integration/live/restore``.
"""

from __future__ import annotations

import copy
import dataclasses
import gzip
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes import volume_finalizer
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover import restore as mover_restore
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.sweep import Swept
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import Download, Downloaded, Probe, Probed
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_objects import Key
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import types_named
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    plan,
    restore,
    write_backup,
)

SNAPSHOT = "672e1ad46a99b901091104aff30d993a"
SIZE = 8000004
READS = Probe(namespace="shop", source_namespace="shop", action="download")
ONLY_CLAIMS: dict[str, t.Any] = {"included_resources": ["persistentvolumeclaims"]}
WANTED, FILLED = "arkive.k8s/data-of", "arkive.k8s/data-filled"


class Volumes(RestoreApi):
    """Claims of the class ``now`` get a volume at once, those of ``later`` when a pod mounts them."""

    def __init__(self) -> None:
        super().__init__()
        self.types += types_named("storageclasses", "events", "statefulsets", "deployments")
        self.kept.controllers.append(self._follow)

    def _follow(self, change: str, key: Key, obj: Object) -> None:
        if change == "ADDED" and key[0] == "persistentvolumeclaims" and obj["spec"].get("storageClassName") == "now":
            self.bind(key)

    def bind(self, key: Key) -> None:
        claim = self.objects[key]
        name = f"pvc-{key[2]}"
        self.add("persistentvolumes", name, spec={"persistentVolumeReclaimPolicy": "Delete"})
        self.kept.put(key, {**claim, "spec": {**claim["spec"], "volumeName": name}, "status": {"phase": "Bound"}})

    def claim(self, name: str = "data", namespace: str = "shop") -> Object:
        return self.objects[("persistentvolumeclaims", namespace, name)]

    def marks(self, name: str = "data", namespace: str = "shop") -> tuple[str | None, str | None]:
        annotations = self.claim(name, namespace)["metadata"].get("annotations") or {}
        return annotations.get(WANTED), annotations.get(FILLED)


class NotedMover:
    """``fails``: errors of claims. ``unreachable``: what pods say that try. ``seen``: what there was then."""

    def __init__(self, api: Volumes) -> None:
        self._api = api
        self.downloads: list[Download] = []
        self.probes: list[Probe] = []
        self.fails: dict[str, str] = {}
        self.refusal = self.unreachable = ""
        self.tries: list[Probe] = []
        self.seen: list[str] = []
        self.raises: Exception | None = None

    def preview(self, probes: t.Sequence[Probe]) -> list[Probed]:
        self.probes += probes
        return [Probed(probe=probe, error=self.refusal) for probe in probes]

    def probe(self, probes: t.Sequence[Probe]) -> list[Probed]:
        self.tries += probes
        return [Probed(probe=probe, error=self.unreachable) for probe in probes]

    def sweep(self, namespaces: t.Iterable[str]) -> Swept:
        return Swept()

    def download(self, downloads: t.Sequence[Download]) -> list[Downloaded]:
        if self.raises is not None:
            raise self.raises
        done = []
        for each in downloads:
            self.downloads.append(each)
            self.seen += [*self._api.names("pods", each.namespace), *self._api.names("secrets", each.namespace)]
            key = ("persistentvolumeclaims", each.namespace, each.claim)
            if not self._api.objects[key]["spec"].get("volumeName"):
                self._api.bind(key)
            done.append(Downloaded(bytes=SIZE, files=3, error=self.fails.get(each.claim, "")))
        return done


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Volumes:
    fake = Volumes()
    for name in ("_CONSUMER_SECONDS", "_ERROR_SECONDS", "_TICK_SECONDS"):
        monkeypatch.setattr(volume_finalizer, name, 0.0)
    fake.add("namespaces", "shop", status={"phase": "Active"})
    fake.add("storageclasses", "now", provisioner="disk.example.com")
    fake.add("storageclasses", "later", provisioner="disk.example.com", volumeBindingMode="WaitForFirstConsumer")
    return fake


@pytest.fixture
def mover(api: Volumes, monkeypatch: pytest.MonkeyPatch) -> NotedMover:
    noted = NotedMover(api)
    monkeypatch.setattr(mover_restore, "require_bucket", lambda location: location)
    monkeypatch.setattr(mover_restore.MoverRestore, "_mover", noted)
    return noted


def claim(name: str = "data", *, storage_class: str = "now", size: str = "200Mi", namespace: str = "shop") -> Object:
    metadata = {
        "name": name,
        "namespace": namespace,
        "annotations": {"velero.io/data-upload-name": f"velero/b-{name}", "velero.io/volume-snapshot-name": "gone"},
    }
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": storage_class,
        "volumeName": f"pv-{name}",
        "resources": {"requests": {"storage": size}},
    }
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def upload(name: str = "data", *, namespace: str = "shop", **status: t.Any) -> Object:
    return {
        "apiVersion": "velero.io/v2alpha1",
        "kind": "DataUpload",
        "metadata": {"name": f"b-{name}", "namespace": "velero"},
        "spec": {"sourcePVC": name, "sourceNamespace": namespace, "snapshotType": "CSI"},
        "status": {"phase": "Completed", "snapshotID": SNAPSHOT, "progress": {"totalBytes": SIZE}, **status},
    }


def volume(name: str = "data", namespace: str = "shop") -> Object:
    reference = {"namespace": namespace, "name": name}
    spec = {"persistentVolumeReclaimPolicy": "Delete", "claimRef": reference}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"pv-{name}"}, "spec": spec}


def info(name: str = "data", namespace: str = "shop", **more: t.Any) -> Object:
    return {
        "pvcName": name,
        "pvcNamespace": namespace,
        "pvName": f"pv-{name}",
        "backupMethod": "CSISnapshot",
        "snapshotDataMoved": True,
        "result": "succeeded",
        "pvInfo": {"reclaimPolicy": "Retain", "labels": {"tier": "gold"}},
        **more,
    }


def pod(*claims: str, name: str = "web", namespace: str = "shop", **spec: t.Any) -> Object:
    volumes = [{"name": each, "persistentVolumeClaim": {"claimName": each}} for each in claims]
    full = {"containers": [{"name": "web", "image": "web"}], "volumes": volumes, **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": full}


SECRET: Object = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "pull", "namespace": "shop"}}
UPLOADS = "datauploads.velero.io"
CLAIMS = "persistentvolumeclaims"


def put(store: t.Any, *objects: tuple[str, Object], infos: t.Sequence[Object] = (info(),)) -> None:
    default = ((CLAIMS, claim()), (UPLOADS, upload()), ("persistentvolumes", volume()), ("pods", pod("data")))
    write_backup(store, "b", *(objects or default), ("secrets", SECRET))
    store.put("backups/b/b-volumeinfo.json.gz", gzip.compress(json.dumps(list(infos)).encode()))


def states(outcome: RestoreOutcome) -> dict[str, tuple[str, str]]:
    return {entry["claim"]: (entry["method"], entry["state"]) for entry in outcome.volumes}


def test_the_data_comes_before_the_pod(api: Volumes, store: t.Any, mover: NotedMover) -> None:
    """Secrets, by which images are pulled, are there already. The claim says that it has all of its data."""
    put(store)
    planned = plan(api, store, name="r")
    assert states(planned) == {"data": ("CSISnapshot", "planned")}
    assert planned.volumes[0]["message"].startswith(f"{SIZE} bytes from snapshot {SNAPSHOT} in ")
    assert planned.volumes[0]["message"].endswith("kopia/shop/")
    assert (mover.probes, mover.downloads) == ([READS], [])
    assert api.names("persistentvolumeclaims", "shop") == []

    done = restore(api, store, name="r")
    assert (done.phase, done.errors_list, done.warnings_list) == ("Completed", [], [])
    assert states(done) == {"data": ("CSISnapshot", "bound")}
    assert mover.seen == ["pull"]
    (asked,) = mover.downloads
    assert (asked.claim, asked.source_namespace, asked.snapshot_id, asked.bytes) == ("data", "shop", SNAPSHOT, SIZE)
    assert asked.together == ""
    assert api.names("pods", "shop") == ["web"]
    assert api.marks() == (SNAPSHOT, SNAPSHOT)
    made = api.objects[("persistentvolumes", "", "pvc-data")]
    assert made["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert "velero" not in api.names("namespaces"), "where the record was stays as it is"

    again = restore(api, store, name="r")
    assert (again.changed, again.phase, len(mover.downloads)) == (False, "Completed", 1)
    assert states(again) == {"data": ("CSISnapshot", "untouched")}
    other = restore(api, store, name="later")
    assert (other.changed, len(mover.downloads)) == (False, 1)
    assert "is not rolled back" in other.warnings_list[0]["message"]


def test_what_velero_is_told(api: Volumes, store: t.Any, mover: NotedMover) -> None:
    """docs/compatibility 1.5: the restore's own volumeinfo, as after a DataDownload."""
    put(store)
    restore(api, store, name="r")
    (entry,) = json.loads(gzip.decompress(store.get("restores/r/r-volumeinfo.json.gz")))
    assert (entry["restoreMethod"], entry["snapshotDataMoved"]) == ("CSISnapshot", True)
    assert entry["snapshotDataMovementInfo"]["snapshotHandle"] == SNAPSHOT


def test_a_claim_that_waits_for_its_first_pod(api: Volumes, store: t.Any, mover: NotedMover) -> None:
    """All claims of one pod are filled by one, which goes where that pod may."""
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}
    affinity = {"nodeAffinity": {**required, "preferredDuringSchedulingIgnoredDuringExecution": []}, "podAffinity": {}}
    placed = pod("data", "logs", nodeSelector={"disk": "fast"}, tolerations=[{"key": "db"}], affinity=affinity)
    names = ("data", "logs", "other")
    put(
        store,
        *((CLAIMS, claim(name, storage_class="later")) for name in names),
        *((UPLOADS, upload(name)) for name in names),
        ("pods", placed),
        infos=[info(name) for name in names],
    )
    done = restore(api, store, name="r")
    assert (done.phase, done.errors_list) == ("Completed", [])
    words = {each.claim: each.together for each in mover.downloads}
    assert words["data"] == words["logs"] != ""
    assert words["other"] not in ("", words["data"])
    place = next(each.place for each in mover.downloads if each.claim == "logs")
    assert (place.node_selector, place.tolerations) == ({"disk": "fast"}, ({"key": "db"},))
    assert place.affinity == {"nodeAffinity": required}
    assert {name: state for name, (_method, state) in states(done).items()} == dict.fromkeys(names, "bound")


def test_a_mapped_namespace(api: Volumes, store: t.Any, mover: NotedMover) -> None:
    """The repository is that of the namespace where the data was."""
    put(store)
    done = restore(api, store, name="r", namespace_mapping={"shop": "copy"})
    assert (done.phase, done.errors_list) == ("Completed", [])
    assert mover.probes == [dataclasses.replace(READS, namespace="")]
    assert [(each.namespace, each.source_namespace) for each in mover.downloads] == [("copy", "shop")]
    assert api.marks(namespace="copy") == (SNAPSHOT, SNAPSHOT)


def test_what_failed_holds_the_pod_back(api: Volumes, store: t.Any, mover: NotedMover) -> None:
    """The claim says what it waits for; the same restore goes on, another one does not take it for whole."""
    put(store)
    mover.fails = {"data": "the Job failed."}
    done = restore(api, store, name="r")
    assert done.phase == "PartiallyFailed"
    assert states(done) == {"data": ("CSISnapshot", "failed")}
    assert "has not got its data: the Job failed." in done.errors_list[0]["message"]
    assert "Run the restore again with name: r" in done.errors_list[0]["hint"]
    assert api.names("pods", "shop") == []
    assert api.marks() == (SNAPSHOT, None)

    for policy in ("fail", "warn"):
        with pytest.raises(ArkiveError, match="restore 'r' has made it, and it has not all of its data"):
            restore(api, store, name="other", on_missing_volume_data=policy)
    assert api.names("pods", "shop") == []

    planned = plan(api, store, name="r")
    assert planned.changed
    mover.fails = {}
    again = restore(api, store, name="r")
    assert (again.phase, again.errors_list, again.changed) == ("Completed", [], True)
    assert (api.marks(), api.names("pods", "shop")) == ((SNAPSHOT, SNAPSHOT), ["web"])
    assert len(mover.downloads) == 2


def test_a_run_that_is_cancelled_while_data_comes(api: Volumes, store: t.Any, mover: NotedMover) -> None:
    put(store)
    mover.raises = Cancelled("stop")
    done = restore(api, store, name="r")
    assert done.phase == "Failed"
    assert (api.names("pods", "shop"), api.marks()) == ([], (SNAPSHOT, None))
    mover.raises = None
    assert restore(api, store, name="r").phase == "Completed"


def test_what_would_fail_is_refused_before_anything_is_made(api: Volumes, store: t.Any, mover: NotedMover) -> None:
    put(store)
    mover.refusal = "There is no repository."
    planned = plan(api, store, name="r")
    assert planned.refusal is not None
    with pytest.raises(
        ArkiveError, match=r"data of shop/data would not come back\. There is no repository\."
    ) as raised:
        restore(api, store, name="r")
    assert raised.value.message == planned.refusal.message
    assert api.names("persistentvolumeclaims", "shop") == []


def test_nothing_is_stopped_for_data_that_pods_cannot_reach(api: Volumes, store: t.Any, mover: NotedMover) -> None:
    """A roll-back asks a pod before it takes an application down. A restore that stops nothing needs no such pod."""
    put(store)
    assert restore(api, store, name="r").phase == "Completed"
    assert mover.tries == []
    before = copy.deepcopy({**api.objects})
    mover.unreachable = "The repository does not open with this password."
    planned = plan(api, store, name="back", existing_volume_policy="roll_back", **ONLY_CLAIMS)
    assert (planned.errors_list, mover.tries) == ([], [])
    done = restore(api, store, name="back", existing_volume_policy="roll_back", **ONLY_CLAIMS)
    assert done.phase == "Failed"
    assert [each["message"] for each in done.errors_list] == [
        "The restore of backup 'b' was not begun: the data of shop/data would not come back. "
        "The repository does not open with this password."
    ]
    assert mover.tries == [READS]
    for kind in ("pods", "persistentvolumeclaims", "persistentvolumes"):
        now = {key: obj for key, obj in api.objects.items() if key[0] == kind}
        assert now == {key: obj for key, obj in before.items() if key[0] == kind}


def test_a_namespace_that_will_let_in_no_root(api: Volumes, store: t.Any, mover: NotedMover) -> None:
    """Kubernetes' Pod Security: nobody can be asked about a namespace that is not there yet."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": labels}}
    put(store, ("namespaces", namespace), (CLAIMS, claim()), (UPLOADS, upload()))
    with pytest.raises(ArkiveError, match="Namespace copy comes back with Pod Security 'restricted'"):
        restore(api, store, name="r", namespace_mapping={"shop": "copy"})
    workload = MoverSettings(security_context="workload")
    assert restore(api, store, name="r", namespace_mapping={"shop": "copy"}, mover=workload).errors_list == []


@pytest.mark.parametrize(
    ("objects", "infos", "why"),
    [
        pytest.param([(CLAIMS, claim())], [info()], "does not hold its DataUpload 'velero/b-data'", id="no record"),
        pytest.param(
            [(CLAIMS, claim()), (UPLOADS, upload(phase="Failed", snapshotID=""))],
            [info(result="failed")],
            "its data was not moved: DataUpload 'b-data' is in the phase Failed",
            id="failed",
        ),
        pytest.param(
            [(CLAIMS, claim()), (UPLOADS, upload(phase="Failed", snapshotID=""))],
            [],
            "its data was not moved: DataUpload 'b-data' is in the phase Failed",
            id="failed, from before volumeinfo",
        ),
    ],
)
def test_never_an_empty_claim_silently(
    api: Volumes, store: t.Any, mover: NotedMover, objects: list[tuple[str, Object]], infos: list[Object], why: str
) -> None:
    """Velero 1.18 is Completed then, and the volume is empty."""
    put(store, *objects, ("persistentvolumes", volume()), infos=infos)
    with pytest.raises(ArkiveError, match=why):
        restore(api, store, name="r")
    done = restore(api, store, name="r", on_missing_volume_data="warn")
    assert (states(done)["data"][0], done.phase) == ("empty", "Completed")
    assert why in done.warnings_list[0]["message"]
    assert (mover.downloads, api.marks()) == ([], (None, None))


def test_data_of_pods(api: Volumes, store: t.Any, mover: NotedMover) -> None:
    """A PodVolumeBackup of a claim; the stored pod waits for no agent."""
    stored = claim()
    del stored["metadata"]["annotations"]
    wait = {
        "name": "restore-wait",
        "image": "velero",
        "volumeMounts": [{"name": "data", "mountPath": "/restores/data"}],
    }
    put(
        store,
        (CLAIMS, stored),
        ("pods", pod("data", initContainers=[wait])),
        infos=[info(snapshotDataMoved=False, backupMethod="PodVolumeBackup")],
    )
    record = {
        "metadata": {"name": "b-1", "namespace": "velero", "annotations": {"velero.io/pvc-name": "data"}},
        "spec": {"pod": {"namespace": "shop", "name": "web"}, "volume": "data", "uploaderType": "kopia"},
        "status": {"phase": "Completed", "snapshotID": SNAPSHOT, "progress": {"totalBytes": SIZE}},
    }
    store.put("backups/b/b-podvolumebackups.json.gz", gzip.compress(json.dumps([record]).encode()))
    done = restore(api, store, name="r")
    assert (done.phase, done.errors_list, done.warnings_list) == ("Completed", [], [])
    assert states(done) == {"data": ("PodVolumeBackup", "bound")}
    assert (
        "initContainers" not in api.objects[("pods", "shop", "web")]["spec"]
        or not (api.objects[("pods", "shop", "web")]["spec"]["initContainers"])
    )
    (entry,) = json.loads(gzip.decompress(store.get("restores/r/r-volumeinfo.json.gz")))
    assert (entry["restoreMethod"], entry["pvrInfo"]["podName"]) == ("PodVolumeRestore", "web")


@pytest.mark.parametrize(
    ("sparse", "size"), [pytest.param(False, str(SIZE), id="grows"), pytest.param(True, "1Mi", id="sparse: does not")]
)
def test_room_for_the_data(api: Volumes, store: t.Any, mover: NotedMover, sparse: bool, size: str) -> None:
    put(store, (CLAIMS, claim(size="1Mi")), (UPLOADS, upload()))
    config = {"writeSparseFiles": sparse, "parallelFilesDownload": 3}
    assert restore(api, store, name="r", uploader_config=config).errors_list == []
    assert api.claim()["spec"]["resources"]["requests"]["storage"] == size
    assert (mover.downloads[0].sparse, mover.downloads[0].parallel) == (sparse, 3)


def test_a_folder_has_no_repository(api: Volumes, store: t.Any) -> None:
    """Pods reach no folder of the controller."""
    put(store)
    with pytest.raises(ArkiveError, match="its data was moved into a repository: The storage location"):
        restore(api, store, name="r")


def test_marks_of_a_backed_up_claim_do_not_come_back(api: Volumes, store: t.Any, mover: NotedMover) -> None:
    """A claim that was restored once, and was backed up then."""
    stored = copy.deepcopy(claim())
    stored["metadata"]["annotations"] |= {WANTED: "older", FILLED: "older"}
    put(store, (CLAIMS, stored), (UPLOADS, upload()))
    restore(api, store, name="r")
    assert api.marks() == (SNAPSHOT, SNAPSHOT)
    assert "velero.io/data-upload-name" not in api.claim()["metadata"]["annotations"]
