# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a driver is asked when a backup's snapshots are deleted; that it then deletes them is tested on the cluster."""

from __future__ import annotations

import copy
import dataclasses
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube import waits
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi import storage as csi_delete
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import find_snapshot_api
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.storage import StorageSnapshots, StoredSnapshot
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_objects import Key
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import (
    SNAPSHOT_TYPES,
    types_named,
)

DRIVER = "disk.example"
_VERBS = ("create", "delete", "get", "list", "patch")
NAME = "snapshot.storage.kubernetes.io/deletion-secret-name"
NAMESPACE = "snapshot.storage.kubernetes.io/deletion-secret-namespace"


class DriverApi(MemoryApi):
    """An API server with one csi-snapshotter, which does ``react`` to a new content and may ``refuse_deletion``.

    It has no watches: objects are read again and again. ``forbidden``: verb and plural of what is refused.
    """

    def __init__(self) -> None:
        served = [*SNAPSHOT_TYPES, *types_named("csidrivers")]
        super().__init__([dataclasses.replace(each, verbs=_VERBS) for each in served])
        self.created: list[Object] = []
        self.asked_to_delete: list[str] = []
        self.refuse_deletion = False
        self.react: t.Callable[[Object], Object] = lambda content: {
            "snapshotHandle": content["spec"]["source"]["snapshotHandle"]
        }
        self.forbidden: set[tuple[str, str]] = set()
        self.refuse = self._forbid
        self.kept.controllers.append(self._follow)

    @property
    def contents(self) -> list[str]:
        return self.names("volumesnapshotcontents")

    def add_class(self, body: Object) -> None:
        name = body["metadata"]["name"]
        self.add("volumesnapshotclasses", name, driver=body["driver"], parameters=body["parameters"])

    def _forbid(self, verb: str, path: str, _dry_run: bool) -> KubeError | None:
        word = {"POST": "create"}.get(verb, verb.lower())
        for plural in path.split("/"):
            lists = word == "get" and path.endswith(f"/{plural}")
            if (word, plural) in self.forbidden or (lists and ("list", plural) in self.forbidden):
                return KubeError(f"You may not {word} {plural}.", status=403, reason="Forbidden")
        return None

    def _follow(self, change: str, key: Key, content: Object) -> None:
        """Without finalizers a content is gone before the snapshotter sees that it is deleted."""
        if key[0] != "volumesnapshotcontents" or change == "DELETED":
            return
        if "status" not in content:
            self.created.append(copy.deepcopy(content))
            self.kept.put(key, {**content, "status": self.react(content)})
        elif content["metadata"].get("deletionTimestamp") and not self.refuse_deletion:
            handle = content["status"].get("snapshotHandle")
            if handle:
                assert content["spec"]["deletionPolicy"] == "Delete"
                self.asked_to_delete.append(handle)
                self.kept.remove(key)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> DriverApi:
    monkeypatch.setattr(waits, "_PAUSE", 0.001)
    monkeypatch.setattr(csi_delete, "NUDGE_SECONDS", 0.002)
    monkeypatch.setattr(csi_delete, "_PATIENCE", 0.01)
    return DriverApi()


def storage(api: DriverApi, cancel: CancelToken | None = None) -> StorageSnapshots:
    discovery = Discovery.read(api.client)
    found = find_snapshot_api(discovery)
    assert found is not None
    return StorageSnapshots(api.client, discovery, found, cancel=cancel or CancelToken())


def delete(api: DriverApi, *snapshots: StoredSnapshot, timeout: float = 5.0) -> dict[str, str]:
    """Why they are still there, by handle."""
    failed = storage(api).delete(snapshots, timeout=timeout)
    return {snapshot.handle: why for snapshot, why in failed.items()}


def stored(handle: str = "h1", *, class_name: str = "", **annotations: str) -> StoredSnapshot:
    content = {"metadata": {"annotations": annotations}, "spec": {"volumeSnapshotClassName": class_name}}
    return StoredSnapshot(driver=DRIVER, handle=handle, content=content if annotations or class_name else {})


def snapshot_class(class_name: str, driver: str = DRIVER, /, **parameters: str) -> Object:
    words = {f"csi.storage.k8s.io/snapshotter-secret-{key}": value for key, value in parameters.items()}
    return {"metadata": {"name": class_name}, "driver": driver, "parameters": words}


def test_the_driver_is_asked_and_nothing_is_left(api: DriverApi) -> None:
    assert delete(api, stored("h1"), stored("h2")) == {}
    assert sorted(api.asked_to_delete) == ["h1", "h2"]
    assert api.contents == []
    (first, second) = sorted(api.created, key=lambda body: str(body["spec"]["source"]["snapshotHandle"]))
    assert first["metadata"]["name"] != second["metadata"]["name"]
    assert first["spec"] == {
        "deletionPolicy": "Delete",
        "driver": DRIVER,
        "source": {"snapshotHandle": "h1"},
        "volumeSnapshotRef": {"kind": "VolumeSnapshot", "namespace": "default", "name": first["metadata"]["name"]},
    }


def test_what_an_earlier_run_left_is_taken_up(api: DriverApi) -> None:
    """Its name is of the snapshot."""
    delete(api, stored())
    (left,) = api.created
    metadata = {"finalizers": left["metadata"]["finalizers"]}
    status = {"snapshotHandle": "h1"}
    api.add("volumesnapshotcontents", left["metadata"]["name"], metadata=metadata, spec=left["spec"], status=status)
    assert delete(api, stored()) == {}
    assert api.asked_to_delete == ["h1", "h1"]


SECRET = {NAME: "s", NAMESPACE: "ns"}
CASES = [
    pytest.param([], stored(), None, {}, id="no class"),
    pytest.param([snapshot_class("a")], stored(), "a", {}, id="8.4: a class of the driver"),
    pytest.param([snapshot_class("a", "other")], stored(), None, {}, id="a class of another driver"),
    pytest.param([snapshot_class("a"), snapshot_class("b")], stored(class_name="b"), "b", {}, id="its own class"),
    pytest.param([snapshot_class("a")], stored(class_name="gone"), "a", {}, id="its own is gone"),
    pytest.param([snapshot_class("a", name="s", namespace="ns")], stored(), "a", SECRET, id="secret of the class"),
    pytest.param(
        [snapshot_class("a", name="s", namespace="ns")],
        stored(**{NAME: "own", NAMESPACE: "x"}),
        "a",
        {NAME: "own", NAMESPACE: "x"},
        id="its own secret",
    ),
    pytest.param(
        [snapshot_class("a", name="${volumesnapshot.name}", namespace="ns")], stored(), "a", {}, id="a template"
    ),
]


@pytest.mark.parametrize(("classes", "snapshot", "class_name", "annotations"), CASES)
def test_credentials(
    api: DriverApi,
    classes: list[Object],
    snapshot: StoredSnapshot,
    class_name: str | None,
    annotations: dict[str, str],
) -> None:
    for each in classes:
        api.add_class(each)
    assert delete(api, snapshot) == {}
    (made,) = api.created
    assert made["spec"].get("volumeSnapshotClassName") == class_name
    assert made["metadata"].get("annotations", {}) == annotations


@pytest.mark.parametrize(
    ("classes", "needed"),
    [
        pytest.param([], True, id="no class"),
        pytest.param([snapshot_class("a")], False, id="no secrets"),
        pytest.param([snapshot_class("a", name="s", namespace="ns")], False, id="a plain secret"),
        pytest.param([snapshot_class("a", name="${volumesnapshotcontent.name}")], True, id="a template"),
        pytest.param([snapshot_class("a"), snapshot_class("b", name="${x}")], True, id="one of two"),
    ],
)
def test_needs_content(api: DriverApi, classes: list[Object], *, needed: bool) -> None:
    for each in classes:
        api.add_class(each)
    assert storage(api).needs_content(DRIVER) is needed


@pytest.mark.parametrize(
    "error",
    [
        pytest.param("can not find snapshot for snapshotID h1", id="csi-snapshotter"),
        pytest.param("rpc error: code = NotFound desc = no such snapshot", id="a driver"),
    ],
)
def test_one_that_is_gone_is_fine(api: DriverApi, error: str) -> None:
    api.react = lambda _content: {"error": {"message": error}}
    assert delete(api, stored()) == {}
    assert api.contents == []


@pytest.mark.parametrize(
    ("status", "refuse", "why"),
    [
        pytest.param({}, False, "no csi-snapshotter of its driver has looked at it", id="no driver"),
        pytest.param(
            {"error": {"message": "rpc error: code = Internal desc = broken"}},
            False,
            "the driver says: rpc error: code = Internal desc = broken",
            id="the driver refuses to look",
        ),
        pytest.param({"snapshotHandle": "h1"}, True, "the driver did not delete it within 0.01 s", id="in use"),
        pytest.param(
            {"snapshotHandle": "h1", "error": {"message": "it is in use"}},
            True,
            "the driver did not delete it within 0.01 s: it is in use",
            id="in use, and it says so",
        ),
    ],
)
def test_one_that_stays(api: DriverApi, status: Object, refuse: bool, why: str) -> None:
    """No object waits in the cluster for a deletion that somebody may not want any more."""
    api.react = lambda _content: copy.deepcopy(status)
    api.refuse_deletion = refuse
    assert delete(api, stored(), timeout=0.01) == {"h1": why}
    assert (api.contents, api.asked_to_delete) == ([], [])


def test_one_of_two(api: DriverApi) -> None:
    def react(content: Object) -> Object:
        handle = content["spec"]["source"]["snapshotHandle"]
        return {"snapshotHandle": handle} if handle == "h2" else {"error": {"message": "no"}}

    api.react = react
    assert delete(api, stored("h1"), stored("h2"), timeout=0.05) == {"h1": "the driver says: no"}
    assert api.asked_to_delete == ["h2"]


@pytest.mark.parametrize("verb", ["create", "get", "delete"])
def test_without_rights(api: DriverApi, verb: str) -> None:
    api.forbidden.add((verb, "volumesnapshotcontents"))
    (why,) = delete(api, stored(), timeout=0.01).values()
    assert why.startswith(f"You may not {verb} volumesnapshotcontents")
    assert ("may be left in the cluster" in why) == (verb == "delete")


def test_an_answer_that_is_lost(api: DriverApi) -> None:
    """The object is there, and the server is away until the object is to be removed: it is."""
    found = storage(api)
    answers = [KubeError("no answer"), KubeError("no answer")]

    def away(verb: str, path: str, dry_run: bool) -> KubeError | None:
        if len(answers) == 1 and verb == "GET" and "/arkive-delete-" in path:
            return answers.pop()
        return api._forbid(verb, path, dry_run)

    api.lose = lambda verb, _path: answers.pop() if verb == "POST" else None
    api.refuse = away
    (why,) = found.delete([stored()], timeout=1).values()
    assert why.startswith("Nobody knows whether VolumeSnapshotContent arkive-delete-")
    assert api.contents == []


def test_an_object_that_vanishes_is_no_deletion(api: DriverApi) -> None:
    """Somebody has taken it away before the driver knew of it."""
    found = storage(api)

    def take_away(verb: str, _path: str) -> None:
        if verb == "POST":
            for name in api.contents:
                api.kept.remove(("volumesnapshotcontents", "", name))

    api.lose = take_away
    (why,) = found.delete([stored()], timeout=1).values()
    assert why.startswith("somebody has deleted VolumeSnapshotContent arkive-delete-")
    assert len(api.created) == 2


def test_a_cancelled_run_leaves_nothing(api: DriverApi) -> None:
    cancel = CancelToken()

    def react(_content: Object) -> Object:
        cancel.cancel("SIGTERM")
        return {}

    api.react = react
    (why,) = storage(api, cancel).delete([stored()], timeout=60).values()
    assert "SIGTERM" in why
    assert api.contents == []


@pytest.mark.parametrize(
    ("drivers", "classes", "forbidden", "why"),
    [
        pytest.param([DRIVER], [], set(), "", id="there"),
        pytest.param([], [snapshot_class("a")], set(), "", id="it has a class"),
        pytest.param([], [], set(), "its driver disk.example is not in this cluster", id="not there"),
        pytest.param([], [], {("get", "csidrivers")}, "", id="nobody knows"),
        pytest.param([], [], {("get", "volumesnapshotclasses")}, "", id="nobody knows its classes"),
    ],
)
def test_why_not(
    api: DriverApi, drivers: list[str], classes: list[Object], forbidden: set[tuple[str, str]], why: str
) -> None:
    for driver in drivers:
        api.add("csidrivers", driver)
    for each in classes:
        api.add_class(each)
    api.forbidden = forbidden
    assert storage(api).why_not(DRIVER) == why


def test_a_driver_that_nobody_names(api: DriverApi) -> None:
    assert storage(api).why_not("") == "the backup does not say which driver made it"


def retained(name: str, handle: str = "h1", driver: str = DRIVER, **spec: t.Any) -> Object:
    reference = {"kind": "VolumeSnapshot", "namespace": "shop", "name": f"of-{name}", "uid": f"uid-{name}"}
    return {
        "metadata": {"name": name},
        "spec": {"deletionPolicy": "Retain", "driver": driver, "volumeSnapshotRef": reference, **spec},
        "status": {"snapshotHandle": handle},
    }


def add_retained(api: DriverApi, content: Object) -> None:
    more = {member: value for member, value in content.items() if member != "metadata"}
    api.add("volumesnapshotcontents", str(content["metadata"]["name"]), **more)


def test_what_outlived_its_namespace_goes_with_its_snapshot(api: DriverApi) -> None:
    """Found by the recorded handle alone, also before the driver has taken it on."""
    new = retained("new", source={"snapshotHandle": "h1"})
    new["status"] = {}
    others = (retained("other-handle", "h2"), retained("other-driver", driver="other.csi.test"))
    for content in (retained("old"), new, *others):
        add_retained(api, content)
    found = storage(api)
    assert found.delete([stored()], timeout=5.0) == {}
    assert sorted(api.contents) == ["other-driver", "other-handle"]
    assert (api.asked_to_delete, found.notes) == (["h1"], [])


def test_what_has_its_snapshot_object_still_is_told_and_left(api: DriverApi) -> None:
    add_retained(api, retained("used"))
    api.add("volumesnapshots", "of-used", "shop", metadata={"uid": "uid-used"})
    add_retained(api, retained("old"))
    api.add("volumesnapshots", "of-old", "shop", metadata={"uid": "another one of that name"})
    found = storage(api)
    assert found.delete([stored()], timeout=5.0) == {}
    assert sorted(api.contents) == ["used"]
    assert found.notes == [
        "The VolumeSnapshotContent used names a snapshot that is deleted now, and so does its VolumeSnapshot "
        "shop/of-used: nothing can be restored from them."
    ]


@pytest.mark.parametrize("refuse", [True, False])
def test_of_a_snapshot_that_stays_everything_stays(api: DriverApi, *, refuse: bool) -> None:
    add_retained(api, retained("old"))
    api.refuse_deletion = refuse
    if not refuse:
        api.forbidden = {("list", "volumesnapshotcontents")}
    failed = delete(api, stored(), timeout=0.05)
    assert bool(failed) is refuse
    assert sorted(api.contents) == ["old"]
