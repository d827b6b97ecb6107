# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole restores of pods whose volumes without claims have data: an API server in memory, and a mover that only notes.

The rules: docs/compatibility 5.12. That bytes come back is tried in ``tests/integration/live/volumes`` and ``velero``.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.quantities import parse_quantity
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_modifiers import (
    ResourceModifiers,
    parse_modifiers,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover import restore as mover_restore
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import (
    Download,
    Downloaded,
    PodDownloaded,
    Probe,
    Probed,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_answers import Answer, Request
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import types_named
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    plan,
    restore,
    write_backup,
)

SNAPSHOT, OTHER = "672e1ad46a99b901091104aff30d993a", "33b39038263009ecb37e21626c10e2a4"
SIZE = 8000004
READS = Probe(namespace="shop", source_namespace="shop", action="download")
WAIT, WANTED, FILLED = "arkive-restore-wait", "arkive.k8s/data-of", "arkive.k8s/data-filled"
HOOK = "init.hook.restore.velero.io/"


class NotedMover:
    """``fails``: why volumes are not filled, ``gone``: since their pod is not there.

    What is filled is marked, as the real one does it.
    """

    def __init__(self, api: RestoreApi) -> None:
        self._api = api
        self.probes: list[Probe] = []
        self.downloads: list[Download] = []
        self.fails: dict[str, str] = {}
        self.gone = False
        self.refusal = ""
        self.raises: Exception | None = None

    def preview(self, probes: t.Sequence[Probe]) -> list[Probed]:
        self.probes += probes
        return [Probed(probe=probe, error=self.refusal) for probe in probes]

    def fill_pods(
        self, pods: t.Sequence[t.Sequence[Download]], *, done: t.Callable[[int, PodDownloaded], None]
    ) -> None:
        if self.raises is not None:
            raise self.raises
        for number, downloads in enumerate(pods):
            self.downloads += downloads
            key = ("pods", downloads[0].namespace, downloads[0].pod)
            found = [
                Downloaded(bytes=SIZE, files=3, error=self.fails.get(each.volume, ""), warnings=("Odd.",))
                for each in downloads
            ]
            error = next((each.error for each in found if each.error), "")
            if not error:
                notes = self._api.objects[key]["metadata"]["annotations"]
                notes[FILLED] = notes[WANTED]
            done(number, PodDownloaded(volumes=tuple(found), error=error, gone=self.gone))


@pytest.fixture
def mover(api: RestoreApi, monkeypatch: pytest.MonkeyPatch) -> NotedMover:
    noted = NotedMover(api)
    monkeypatch.setattr(mover_restore, "require_bucket", lambda location: location)
    monkeypatch.setattr(mover_restore.MoverRestore, "_mover", noted)
    return noted


def pod(name: str = "web", *, annotations: Object | None = None, **spec: t.Any) -> Object:
    volumes: list[Object] = [{"name": "tmp", "emptyDir": {}}, {"name": "work", "emptyDir": {}}]
    mounts = [{"name": each["name"], "mountPath": f"/{each['name']}"} for each in volumes]
    containers = [{"name": "web", "image": "web", "volumeMounts": mounts}]
    full = {"containers": containers, "volumes": volumes, **spec}
    metadata = {"name": name, "namespace": "shop", "annotations": annotations or {}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": full}


def record(volume: str = "tmp", name: str = "web", snapshot: str = SNAPSHOT, **status: t.Any) -> Object:
    return {
        "metadata": {"name": f"b-{volume}", "namespace": "velero"},
        "spec": {"pod": {"namespace": "shop", "name": name}, "volume": volume, "uploaderType": "kopia"},
        "status": {"phase": "Completed", "snapshotID": snapshot, "progress": {"totalBytes": SIZE}, **status},
    }


def put(store: t.Any, *pods: Object, records: t.Sequence[Object] = (record(), record("work", snapshot=OTHER))) -> None:
    write_backup(store, "b", *(("pods", each) for each in pods or (pod(),)))
    store.put("backups/b/b-podvolumebackups.json.gz", gzip.compress(json.dumps(list(records)).encode()))


def states(outcome: RestoreOutcome) -> dict[str, tuple[str, str]]:
    return {each["pod_volume"]: (each["method"], each["state"]) for each in outcome.volumes}


def first_containers(api: RestoreApi, name: str = "web", namespace: str = "shop") -> list[str]:
    return [each["name"] for each in api.objects["pods", namespace, name]["spec"].get("initContainers") or ()]


def test_volumes_are_filled_while_their_pod_waits(api: RestoreApi, store: t.Any, mover: NotedMover) -> None:
    """The plan names each of them. The pod is made with what it waits in, before its init hooks and all else."""
    hook = {f"{HOOK}container-image": "alpine", f"{HOOK}container-name": "hook"}
    put(store, pod(annotations=hook, initContainers=[{"name": "own", "image": "own"}]))
    planned = plan(api, store, name="r")
    assert states(planned) == dict.fromkeys(("tmp", "work"), ("PodVolumeBackup", "planned"))
    assert [(each["namespace"], each["pod"], each["claim"]) for each in planned.volumes] == [("shop", "web", "")] * 2
    assert planned.volumes[0]["message"].startswith(f"from snapshot {SNAPSHOT} in ")
    assert (mover.probes, mover.downloads) == ([READS], [])

    done = restore(api, store, name="r")
    assert (done.phase, done.errors_list) == ("Completed", [])
    assert states(done) == dict.fromkeys(("tmp", "work"), ("PodVolumeBackup", "filled"))
    assert first_containers(api) == [WAIT, "hook", "own"]
    assert [(each.pod, each.volume, each.snapshot_id, each.bytes) for each in mover.downloads] == [
        ("web", "tmp", SNAPSHOT, SIZE),
        ("web", "work", OTHER, SIZE),
    ]
    assert all(each.again for each in mover.downloads), "a run that died may have begun"
    assert "volume 'tmp': Odd." in done.warnings_list[0]["message"]
    notes = api.objects["pods", "shop", "web"]["metadata"]["annotations"]
    assert notes[WANTED] == f"tmp={SNAPSHOT},work={OTHER}"
    records = json.loads(gzip.decompress(store.get("restores/r/r-volumeinfo.json.gz")))
    assert [(each["restoreMethod"], each["pvrInfo"]["volumeName"]) for each in records] == [
        ("PodVolumeRestore", "tmp"),
        ("PodVolumeRestore", "work"),
    ]

    again = restore(api, store, name="r")
    assert (again.changed, again.phase, len(mover.downloads)) == (False, "Completed", 2)
    assert states(again)["tmp"] == ("PodVolumeBackup", "untouched")
    other = restore(api, store, name="later")
    assert (other.changed, len(mover.downloads)) == (False, 2)


def test_a_mapped_namespace(api: RestoreApi, store: t.Any, mover: NotedMover) -> None:
    put(store)
    done = restore(api, store, name="r", namespace_mapping={"shop": "copy"})
    assert (done.phase, mover.probes) == ("Completed", [dataclasses.replace(READS, namespace="")])
    assert {(each.namespace, each.source_namespace) for each in mover.downloads} == {("copy", "shop")}
    records = json.loads(gzip.decompress(store.get("restores/r/r-volumeinfo.json.gz")))
    assert {each["pvrInfo"]["podNamespace"] for each in records} == {"copy"}, "as Velero has it"


def test_what_failed_leaves_the_pod_waiting_for_the_same_restore(
    api: RestoreApi, store: t.Any, mover: NotedMover
) -> None:
    put(store)
    mover.fails = {"work": "kopia failed."}
    done = restore(api, store, name="r")
    assert done.phase == "PartiallyFailed"
    assert states(done) == dict.fromkeys(("tmp", "work"), ("PodVolumeBackup", "failed"))
    (error,) = done.errors_list
    assert "Pod shop/web has not got the data of its volumes: kopia failed." in error["message"]
    assert "Run the restore again with name: r" in error["hint"]

    other = restore(api, store, name="other")
    assert (other.changed, len(mover.downloads)) == (False, 2)
    assert "waits for the data that another restore has not brought" in other.volumes[0]["message"]

    assert plan(api, store, name="r").changed
    mover.fails = {}
    again = restore(api, store, name="r")
    assert (again.phase, again.changed, states(again)["work"]) == ("Completed", True, ("PodVolumeBackup", "filled"))


def test_a_run_that_is_cancelled_while_data_comes(api: RestoreApi, store: t.Any, mover: NotedMover) -> None:
    put(store)
    mover.raises = Cancelled("stop")
    assert restore(api, store, name="r").phase == "Failed"
    mover.raises = None
    assert restore(api, store, name="r").phase == "Completed"


def test_what_has_come_is_told_of_a_run_that_is_cancelled(api: RestoreApi, store: t.Any, mover: NotedMover) -> None:
    put(store, pod("a"), pod("b"), records=[record(name="a"), record(name="b")])
    fill = mover.fill_pods

    def first_only(pods: t.Sequence[t.Sequence[Download]], *, done: t.Any) -> None:
        fill(pods[:1], done=done)
        raise Cancelled("stop")

    mover.fill_pods = first_only  # type: ignore[method-assign]
    assert sorted(each["state"] for each in restore(api, store, name="r").volumes) == ["created", "filled"]


def test_a_pod_that_waits_for_other_data_is_told_before(api: RestoreApi, store: t.Any, mover: NotedMover) -> None:
    """As of a run of the same restore with other options."""
    put(store)
    mover.fails = {"work": "kopia failed."}
    restore(api, store, name="r")
    api.objects["pods", "shop", "web"]["metadata"]["annotations"][WANTED] = f"work={OTHER}"
    planned = plan(api, store, name="r")
    assert planned.refusal is not None
    assert f"made to wait for work={OTHER}, and this run would bring tmp={SNAPSHOT}" in planned.refusal.message
    with pytest.raises(ArkiveError, match="made to wait for"):
        restore(api, store, name="r")


def test_one_that_waits_and_that_this_run_brings_nothing_to(api: RestoreApi, store: t.Any, mover: NotedMover) -> None:
    put(store)
    mover.fails = {"work": "kopia failed."}
    restore(api, store, name="r")
    done = restore(api, store, name="r", mover=MoverSettings(security_context="workload"))
    assert states(done)["tmp"] == ("empty", "refused")
    assert done.volumes[0]["message"].endswith("; the pod in the cluster waits for what an earlier run was to bring")


def test_what_would_fail_is_refused_before_anything_is_made(api: RestoreApi, store: t.Any, mover: NotedMover) -> None:
    put(store)
    mover.refusal = "There is no repository."
    planned = plan(api, store, name="r")
    assert planned.refusal is not None
    with pytest.raises(ArkiveError, match=r"volumes of pods shop/web would not come back\. There is no repo") as raised:
        restore(api, store, name="r")
    assert raised.value.message == planned.refusal.message
    assert api.names("pods", "shop") == []


def test_a_pod_that_is_there_is_left_alone(api: RestoreApi, store: t.Any, mover: NotedMover) -> None:
    """Whether an earlier restore of ours made it, or nobody's; it is equal without what new pods wait in."""
    put(store)
    stored = pod()
    api.add("pods", "web", "shop", spec=stored["spec"])
    done = restore(api, store, name="r")
    assert (done.changed, done.phase, mover.downloads) == (False, "Completed", [])
    assert states(done)["tmp"] == ("PodVolumeBackup", "untouched")
    assert done.volumes[0]["message"] == "the pod is in the cluster"
    assert first_containers(api) == []


@pytest.mark.parametrize("policy", ["update", "replace"])
def test_a_pod_that_is_changed_is_not_marked_as_one_that_waits(
    api: RestoreApi, store: t.Any, mover: NotedMover, policy: str
) -> None:
    """The next run of the same restore would wait for a container that it never had."""
    put(store, pod(annotations={"of": "mine"}))
    api.add("pods", "web", "shop", spec=pod()["spec"])
    for changed in (True, False):
        done = restore(api, store, name="r", existing_resource_policy=policy)
        assert (done.changed, done.errors_list, mover.downloads) == (changed, [], [])
        assert states(done)["tmp"] == ("PodVolumeBackup", "untouched")
    made = api.objects["pods", "shop", "web"]
    assert (made["metadata"]["annotations"], first_containers(api)) == ({"of": "mine"}, [])


@pytest.mark.parametrize("state", ["running", "terminated"])
def test_one_that_was_marked_and_never_let_go(api: RestoreApi, store: t.Any, mover: NotedMover, state: str) -> None:
    """Whoever marked it was gone just then; its container would wait for hours."""
    put(store)
    restore(api, store, name="r")
    made = api.objects["pods", "shop", "web"]
    made["status"] = {"phase": "Pending", "initContainerStatuses": [{"name": WAIT, "state": {state: {}}}]}
    again = restore(api, store, name="r")
    waited = state == "running"
    assert (again.changed, len(mover.downloads)) == (waited, 4 if waited else 2)
    assert states(again)["tmp"] == ("PodVolumeBackup", "filled" if waited else "untouched")


def test_a_pod_that_is_made_anew_gets_its_data(api: RestoreApi, store: t.Any, mover: NotedMover) -> None:
    put(store)
    api.add("pods", "web", "shop", spec={**pod()["spec"], "containers": [{"name": "web", "image": "old"}]})
    done = restore(api, store, name="r", existing_resource_policy="recreate")
    assert (done.errors_list, states(done)["tmp"]) == ([], ("PodVolumeBackup", "filled"))
    assert first_containers(api) == [WAIT]


@pytest.mark.parametrize(
    ("volume", "made", "settings", "why"),
    [
        pytest.param(
            {"emptyDir": {}}, record(phase="Failed", snapshotID=""), {}, "is in the phase Failed", id="failed"
        ),
        pytest.param(
            {"nfs": {"server": "s", "path": "/"}}, record(), {}, "a volume of the kind nfs is there without", id="nfs"
        ),
        pytest.param({"emptyDir": {}}, record(), {}, "its pod is made for Windows", id="windows"),
        pytest.param({"emptyDir": {"medium": "HugePages-2Mi"}}, record(), {}, "a volume of huge pages", id="huge"),
        pytest.param(
            {"emptyDir": {}},
            record(),
            {"security_context": "workload"},
            "does not say as which user it runs",
            id="nobody knows as whom",
        ),
    ],
)
def test_what_cannot_be_filled_is_told(
    api: RestoreApi, store: t.Any, mover: NotedMover, volume: Object, made: Object, settings: t.Any, why: str
) -> None:
    """In the plan as well; the pod does not wait for it."""
    more = {"os": {"name": "windows"}} if "Windows" in why else {}
    put(store, pod(volumes=[{"name": "tmp", **volume}], **more), records=[made])
    for outcome in (
        plan(api, store, mover=MoverSettings(**settings)),
        restore(api, store, mover=MoverSettings(**settings)),
    ):
        assert states(outcome) == {"tmp": ("empty", "refused")}
        assert "Pod shop/web: volume 'tmp' does not get its data: " in outcome.warnings_list[0]["message"]
        assert why in outcome.warnings_list[0]["message"]
    assert (first_containers(api), mover.downloads) == ([], [])


def test_what_a_pod_of_a_job_had_is_told(api: RestoreApi, store: t.Any, mover: NotedMover) -> None:
    """Its Job makes a new one."""
    owned = pod()
    owned["metadata"]["ownerReferences"] = [{"kind": "Job", "name": "work", "uid": "1", "controller": True}]
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "work", "namespace": "shop"}, "spec": {}}
    owned["spec"]["volumes"].append({"name": "share", "nfs": {"server": "s", "path": "/"}})
    write_backup(store, "b", ("pods", owned), ("jobs.batch", job))
    records = [record(), record("share", snapshot=OTHER), record("work", phase="Failed", snapshotID="")]
    store.put("backups/b/b-podvolumebackups.json.gz", gzip.compress(json.dumps(records).encode()))
    (item,) = [each for each in plan(api, store).applied.plan.items if each.name == "web"]
    assert item.why == "its Job 'work' makes a new pod, with empty volumes: what was in 'tmp' is not brought"


def test_what_a_pod_had_that_is_left_to_its_live_controller_is_a_warning(
    api: RestoreApi, store: t.Any, mover: NotedMover
) -> None:
    """A restored pod beside its own would be deleted by it: the restore is complete, and not without a word."""
    owned = pod()
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "1", "controller": True}
    owned["metadata"]["ownerReferences"] = [owner]
    put(store, owned)
    api.types += types_named("replicasets")
    api.add("namespaces", "shop")
    api.add("replicasets", "web", "shop")
    for done in (plan(api, store), restore(api, store, name="r")):
        (found,) = [each for each in done.warnings_list if each["name"] == "web"]
        assert found["message"] == (
            "Pod shop/web does not come back: its ReplicaSet 'web' is in the cluster and makes its own, with empty "
            "volumes: what was in 'tmp', 'work' is not brought."
        )
        assert "run the restore again" in found["hint"]
        assert states(done) == {
            "tmp": ("PodVolumeBackup", "untouched"),
            "work": ("PodVolumeBackup", "untouched"),
        }
    assert not mover.downloads


@pytest.mark.parametrize("there", [True, False], ids=["known before", "heard of when it is made"])
def test_what_would_make_empty_pods_in_place_of_one_that_is_refused_waits(
    api: RestoreApi, store: t.Any, mover: NotedMover, *, there: bool
) -> None:
    """A ReplicaSet without its pod makes one that starts without the data. What made another pod is made."""

    def admit(obj: Object) -> list[str]:
        if obj["kind"] == "Pod" and obj["metadata"]["name"] == "web":
            raise KubeError("must be less than or equal to memory limit of 64Mi", status=422, reason="Invalid")
        return []

    if not there:
        api.objects.pop(("namespaces", "", "shop"))
    api.admit = admit
    api.types += types_named("replicasets", "deployments")
    owners = {"web": "web-7d", "other": "other-5c"}
    pods, makers = [pod("web"), pod("other")], []
    for each in pods:
        name = each["metadata"]["name"]
        replica_set = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owners[name], "uid": "1"}
        each["metadata"]["ownerReferences"] = [{**replica_set, "controller": True}]
        deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": "2", "controller": True}
        metadata = {"name": owners[name], "namespace": "shop", "ownerReferences": [deployment]}
        makers.append(("replicasets.apps", {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata}))
        metadata = {"name": name, "namespace": "shop"}
        makers.append(("deployments.apps", {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}))
    write_backup(store, "b", *(("pods", each) for each in pods), *makers)
    records = [record(name=name) for name in ("web", "other")]
    store.put("backups/b/b-podvolumebackups.json.gz", gzip.compress(json.dumps(records).encode()))
    told, done = plan(api, store), restore(api, store, name="r")
    assert done.phase == "PartiallyFailed"
    assert (api.names("pods", "shop"), api.names("replicasets", "shop"), api.names("deployments", "shop")) == (
        ["other"],
        ["other-5c"],
        ["other"],
    )
    assert {each["pod"]: each["state"] for each in done.volumes} == {"web": "failed", "other": "filled"}
    for outcome in (told, done) if there else (done,):
        held = {each["name"]: each for each in outcome.errors_list if "held back" in each["message"]}
        assert set(held) == {"web-7d", "web"}
        for each in held.values():
            assert "would make a pod with empty volumes in place of 'web', which could not be made" in each["message"]
            assert "set mover.resources" in each["hint"]


def test_nothing_is_brought_where_no_data_of_volumes_is(api: RestoreApi, store: t.Any, mover: NotedMover) -> None:
    put(store)
    done = restore(api, store, name="r", restore_pvs=False)
    assert (done.phase, done.volumes, first_containers(api), done.warnings_list) == ("Completed", [], [], [])


@pytest.mark.parametrize("keep", [True, False])
def test_wait_containers_of_earlier_restores(api: RestoreApi, store: t.Any, mover: NotedMover, *, keep: bool) -> None:
    """Ours goes, with its marks; Velero's stays where it is to, and what it waits for is Velero's."""
    waits = {"name": "restore-wait", "image": "v", "volumeMounts": [{"name": "tmp", "mountPath": "/restores/tmp"}]}
    ours = {"name": WAIT, "image": "kopia"}
    put(store, pod(annotations={WANTED: "a", FILLED: "a"}, initContainers=[ours, waits]))
    done = restore(api, store, name="r", keep_wait_containers=keep)
    assert first_containers(api) == ([WAIT, "restore-wait"] if keep else [WAIT])
    assert [each.volume for each in mover.downloads] == (["work"] if keep else ["tmp", "work"])
    left = [each["message"] for each in done.warnings_list if "volume 'tmp' does not get its data" in each["message"]]
    assert len(left) == (1 if keep else 0)
    wanted = f"work={OTHER}" if keep else f"tmp={SNAPSHOT},work={OTHER}"
    assert api.objects["pods", "shop", "web"]["metadata"]["annotations"][WANTED] == wanted


def test_one_that_waits_for_nothing_any_more(api: RestoreApi, store: t.Any, mover: NotedMover) -> None:
    """Of a backup of a pod that was restored before, without data of its own."""
    put(store, pod(annotations={WANTED: "a", FILLED: "a"}, initContainers=[{"name": WAIT, "image": "k"}]), records=[])
    restore(api, store, name="r")
    made = api.objects["pods", "shop", "web"]
    assert (first_containers(api), made["metadata"].get("annotations") or {}) == ([], {})


# -- what else changes, or refuses, the pod ---------------------------------------------------------------------------


def patches(*operations: Object) -> ResourceModifiers:
    rule = {"conditions": {"groupResource": "pods"}, "patches": list(operations)}
    return parse_modifiers({"version": "v1", "resourceModifierRules": [rule]})


def operation(name: str, path: str, value: t.Any = None) -> Object:
    return {"operation": name, "path": path, **({} if value is None else {"value": json.dumps(value)})}


_OWN = {"name": "own", "image": "own"}


@pytest.mark.parametrize(
    ("operations", "images"),
    [
        pytest.param([operation("replace", "/spec/initContainers/0/image", "new")], {"own": "new"}, id="the first"),
        pytest.param(
            [operation("add", "/spec/initContainers/0", {"name": "more", "image": "m"})],
            {"more": "m", "own": "own"},
            id="one more before it",
        ),
        pytest.param([operation("remove", "/spec/initContainers/0")], {}, id="away with it"),
        pytest.param([operation("replace", "/metadata/annotations", {"a": "b"})], {"own": "own"}, id="annotations"),
    ],
)
def test_modifiers_count_the_containers_of_the_user(
    api: RestoreApi, store: t.Any, mover: NotedMover, operations: list[Object], images: dict[str, str]
) -> None:
    """And the pod waits before all of them, whatever they did."""
    put(store, pod(initContainers=[_OWN]))
    done = restore(api, store, name="r", modifiers=patches(*operations))
    assert (done.errors_list, states(done)["tmp"]) == ([], ("PodVolumeBackup", "filled"))
    made = api.objects["pods", "shop", "web"]
    assert first_containers(api)[0] == WAIT
    assert {each["name"]: each["image"] for each in made["spec"]["initContainers"][1:]} == images
    assert made["metadata"]["annotations"][WANTED] == f"tmp={SNAPSHOT},work={OTHER}"


@pytest.mark.parametrize(
    ("operations", "settings", "told"),
    [
        pytest.param(
            [operation("replace", "/spec/volumes/0", {"name": "tmp", "nfs": {"server": "s", "path": "/"}})],
            {},
            "volume 'tmp' does not get its data: what is behind a volume of the kind nfs",
            id="another kind of volume",
        ),
        pytest.param(
            [operation("add", "/spec/securityContext", {"runAsUser": 5})],
            {"security_context": "workload"},
            "",
            id="the user that was missing",
        ),
        pytest.param(
            [operation("add", "/spec/securityContext", {"runAsUser": 0})],
            {"security_context": "workload"},
            "volume 'tmp' does not get its data: mover.security_context is 'workload', and the pod runs as root",
            id="root",
        ),
        pytest.param([], {"image_pull_secrets": ("regcred",)}, "do not name regcred", id="no pull secret"),
        pytest.param(
            [operation("add", "/spec/imagePullSecrets", [{"name": "regcred"}])],
            {"image_pull_secrets": ("regcred",)},
            "",
            id="the pull secret that was missing",
        ),
    ],
)
def test_the_pod_counts_as_modifiers_made_it(
    api: RestoreApi, store: t.Any, mover: NotedMover, operations: list[Object], settings: t.Any, told: str
) -> None:
    """In check mode as well."""
    put(store)
    terms = {"modifiers": patches(*operations)} if operations else {}
    planned = plan(api, store, name="r", mover=MoverSettings(**settings), **terms)
    done = restore(api, store, name="r", mover=MoverSettings(**settings), **terms)
    for outcome in (planned, done):
        texts = [each["message"] for each in outcome.warnings_list if "Odd." not in each["message"]]
        assert (any(told in text for text in texts), bool(texts)) == (bool(told), bool(told))
    assert (states(done)["tmp"][1] == "refused") is ("does not get its data" in told)
    assert (len(mover.downloads) == 2) is ("does not get its data" not in told)


@pytest.mark.parametrize(
    "change",
    [operation("remove", "/spec/volumes/0"), operation("replace", "/spec/volumes/0/name", "scratch")],
    ids=["away with it", "another name"],
)
def test_a_volume_that_modifiers_have_left_no_place_is_told(
    api: RestoreApi, store: t.Any, mover: NotedMover, change: Object
) -> None:
    """Its record is fine; the other one gets its data."""
    put(store)
    saved = {"podNamespace": "shop", "podName": "web", "volumeName": "tmp"}
    info = [{"backupMethod": "PodVolumeBackup", "pvbInfo": saved}]
    store.put("backups/b/b-volumeinfo.json.gz", gzip.compress(json.dumps(info).encode()))
    done = restore(api, store, name="r", modifiers=patches(change))
    assert [each["message"] for each in done.warnings_list if "Odd." not in each["message"]] == [
        "Pod shop/web: volume 'tmp' does not get its data: resource modifiers have left the pod no volume of that name."
    ]
    assert states(done)["work"] == ("PodVolumeBackup", "filled")


def test_a_pod_without_its_containers_is_none_of_ours_to_tell(api: RestoreApi, store: t.Any, mover: NotedMover) -> None:
    put(store)
    change = operation("replace", "/spec", {"volumes": [{"name": "tmp", "emptyDir": {}}]})
    for settings in (MoverSettings(), MoverSettings(security_context="workload")):
        assert plan(api, store, name="r", mover=settings, modifiers=patches(change)).refusal is None


def test_whose_files_they_will_be_is_told(api: RestoreApi, store: t.Any, mover: NotedMover) -> None:
    containers = [
        {
            "name": name,
            "image": "i",
            "volumeMounts": [{"name": volume, "mountPath": "/x"}],
            "securityContext": {"runAsUser": user},
        }
        for name, volume, user in (("a", "tmp", 5), ("b", "work", 6))
    ]
    put(store, pod(containers=containers))
    done = restore(api, store, name="r", mover=MoverSettings(security_context="workload"))
    assert done.warnings_list[0]["message"].startswith(
        "Pod shop/web: the files of volume 'work' will belong to user 5, as mover.security_context is 'workload'"
    )


def test_what_a_limit_range_says_of_ratios_has_the_same_remedy(
    api: RestoreApi, store: t.Any, mover: NotedMover
) -> None:
    """Kubernetes 1.34, LimitRanger, maxLimitRequestRatio."""
    words = "cpu max limit to request ratio per Container is 2, but provided ratio is 10.000000"
    message = f'pods "web" is forbidden: {words}'

    def answer(request: Request) -> Answer | None:
        if not (request.verb == "POST" and request.path.endswith("/pods") and "initContainers" in request.body["spec"]):
            return None
        if not request.body["spec"]["initContainers"]:
            return None
        return Answer(403, {"kind": "Status", "status": "Failure", "reason": "Forbidden", "message": message})

    api.add("namespaces", "shop")
    put(store, pod("a"), pod("b"), records=[record("tmp", "a"), record("tmp", "b")])
    api.script = answer
    refusal = plan(api, store, name="r").refusal
    assert refusal is not None
    assert (words in refusal.message, "Pod shop/a would not" in refusal.message) == (True, True)
    assert refusal.hint == "Set mover.resources within the LimitRange of the namespace."


@pytest.mark.parametrize("replaced", [True, False])
def test_a_quota_that_is_full_of_what_is_replaced_refuses_nothing(
    api: RestoreApi, store: t.Any, mover: NotedMover, *, replaced: bool
) -> None:
    """Quotas are asked before it is seen that the name is taken (Kubernetes 1.34, admission)."""
    message = 'pods "web" is forbidden: exceeded quota: q, requested: limits.memory=2Gi, used: x, limited: y'

    def answer(request: Request) -> Answer | None:
        if not (request.verb == "POST" and request.dry_run and request.path.endswith("/pods")):
            return None
        if not request.body["spec"]["initContainers"]:
            return None
        return Answer(403, {"kind": "Status", "status": "Failure", "reason": "Forbidden", "message": message})

    api.add("namespaces", "shop")
    put(store)
    if replaced:
        api.add("pods", "web", "shop", spec={**pod()["spec"], "containers": [{"name": "web", "image": "old"}]})
    api.script = answer
    refusal = plan(api, store, name="r", existing_resource_policy="recreate").refusal
    assert (refusal is None) is replaced


def limit_range(most: int) -> t.Callable[[Request], Answer | None]:
    """What the API server says where containers may have so many MiB (Kubernetes 1.34, LimitRanger)."""

    def answer(request: Request) -> Answer | None:
        if not (request.verb == "POST" and request.path.endswith("/namespaces/shop/pods")):
            return None
        spec = request.body["spec"]
        for each in (*(spec.get("initContainers") or ()), *spec["containers"]):
            asked = (each.get("resources") or {}).get("requests") or {}
            if parse_quantity(asked.get("memory", "0")) > most << 20:
                words = f"maximum memory usage per Container is {most}Mi, but request is {asked['memory']}"
                message = f'pods "{request.body["metadata"]["name"]}" is forbidden: {words}'
                return Answer(403, {"kind": "Status", "status": "Failure", "reason": "Forbidden", "message": message})
        return None

    return answer


@pytest.mark.parametrize(
    ("most", "own", "resources", "refused"),
    [
        pytest.param(128, "1Mi", {}, True, id="it asks for more than a container may have"),
        pytest.param(128, "1Mi", {"requests": {"memory": "100Mi"}}, False, id="by mover.resources it does not"),
        pytest.param(512, "1Mi", {}, False, id="it fits"),
        # What it lacks may come by this restore, and is told where the pod is made.
        pytest.param(128, "500Mi", {}, False, id="the pod itself does not fit"),
    ],
)
def test_a_pod_that_is_refused_for_its_waiting_is_told_before_anything_is_made(
    api: RestoreApi, store: t.Any, mover: NotedMover, most: int, own: str, resources: Object, *, refused: bool
) -> None:
    """With what to do, and in check mode as well."""
    api.add("namespaces", "shop")
    container = {"name": "web", "image": "i", "resources": {"requests": {"memory": own}}}
    put(store, pod(containers=[container]))
    api.script = limit_range(most)
    settings = MoverSettings(resources=resources) if resources else MoverSettings()
    refusal = plan(api, store, name="r", mover=settings).refusal
    assert (refusal is not None) is refused
    if refusal is None:
        return
    with pytest.raises(ArkiveError, match="would not be let in with the container in which it waits") as raised:
        restore(api, store, name="r", mover=settings)
    assert raised.value.message == refusal.message
    assert "maximum memory usage per Container is 128Mi, but request is 256Mi" in refusal.message
    assert refusal.hint == "Set mover.resources within the LimitRange of the namespace."
    assert api.names("pods", "shop") == []


@pytest.mark.parametrize(
    ("gone", "owned", "hint"),
    [
        pytest.param(True, True, "Delete what makes it", id="it is another"),
        pytest.param(True, False, "Run the restore again with name: r", id="another run makes it anew"),
        pytest.param(False, True, "Run the restore again with name: r", id="it waits"),
    ],
)
def test_what_to_do_about_a_pod_that_is_gone(
    api: RestoreApi, store: t.Any, mover: NotedMover, *, gone: bool, owned: bool, hint: str
) -> None:
    stored = pod()
    if owned:
        owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "w", "uid": "1", "controller": True}
        stored["metadata"]["ownerReferences"] = [owner]
    put(store, stored)
    mover.fails, mover.gone = {"work": "the pod is gone."}, gone
    (error,) = restore(api, store, name="r").errors_list
    assert hint in error["hint"]
