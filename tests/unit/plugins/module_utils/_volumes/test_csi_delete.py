# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a driver is asked when a backup's snapshots are deleted; that it then deletes them is tested on the cluster."""

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube import waits
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes import csi_delete
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi_delete import StorageSnapshots, StoredSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_api import GROUP, find_snapshot_api

Object = dict[str, t.Any]
DRIVER = "disk.example"
NAME = "snapshot.storage.kubernetes.io/deletion-secret-name"
NAMESPACE = "snapshot.storage.kubernetes.io/deletion-secret-namespace"


class DriverApi:
    """An API server with one csi-snapshotter, which does ``react`` to a new content and may ``refuse_deletion``."""

    server = "https://127.0.0.1:6443"

    def __init__(self) -> None:
        self.cancel = CancelToken()
        self.contents: dict[str, Object] = {}
        self.created: list[Object] = []
        self.asked_to_delete: list[str] = []
        self.classes: list[Object] = []
        self.drivers = [DRIVER]
        self.refuse_deletion = False
        self.react: t.Callable[[Object], Object] = lambda content: {
            "snapshotHandle": content["spec"]["source"]["snapshotHandle"]
        }
        self.forbidden: set[tuple[str, str]] = set()

    def with_cancel(self, cancel: CancelToken) -> DriverApi:
        view = copy.copy(self)
        view.cancel = cancel
        return view

    def discovery(self) -> Discovery:
        kinds = [
            (GROUP, "volumesnapshots", "VolumeSnapshot", True),
            (GROUP, "volumesnapshotcontents", "VolumeSnapshotContent", False),
            (GROUP, "volumesnapshotclasses", "VolumeSnapshotClass", False),
            ("storage.k8s.io", "csidrivers", "CSIDriver", False),
        ]
        # Without the verb watch, objects are read again and again.
        verbs = frozenset({"get", "list"})
        return Discovery(
            ApiResource(group, "v1", plural, kind.lower(), kind, namespaced, verbs, (), True)
            for group, plural, kind, namespaced in kinds
        )

    def get(self, path: str, **_more: t.Any) -> Object:
        plural, name = self._read("get", path)
        if plural == "volumesnapshotcontents" and name:
            if name not in self.contents:
                raise KubeError(f"{name} not found", status=404, reason="NotFound")
            return copy.deepcopy(self.contents[name])
        items = {
            "volumesnapshotclasses": self.classes,
            "csidrivers": [{"metadata": {"name": driver}} for driver in self.drivers],
        }[plural]
        return {"items": copy.deepcopy(items), "metadata": {}}

    def post(self, path: str, body: Object, **_more: t.Any) -> Object:
        self._read("create", path)
        name = body["metadata"]["name"]
        if name in self.contents:
            raise KubeError(f"{name} already exists", status=409, reason="AlreadyExists")
        content = copy.deepcopy(body)
        self.created.append(copy.deepcopy(body))
        content["status"] = self.react(content)
        self.contents[name] = content
        return copy.deepcopy(content)

    def patch(self, path: str, body: Object, **_more: t.Any) -> Object:
        _plural, name = self._read("patch", path)
        if name not in self.contents:
            raise KubeError(f"{name} not found", status=404, reason="NotFound")
        if "finalizers" in body["metadata"]:
            del self.contents[name]
        return {}

    def delete(self, path: str, **_more: t.Any) -> Object:
        _plural, name = self._read("delete", path)
        if name not in self.contents:
            raise KubeError(f"{name} not found", status=404, reason="NotFound")
        content = self.contents[name]
        if content["status"].get("snapshotHandle") and not self.refuse_deletion:
            assert content["metadata"]["finalizers"], "it would be gone before the driver sees that it is deleted"
            assert content["spec"]["deletionPolicy"] == "Delete"
            self.asked_to_delete.append(content["status"]["snapshotHandle"])
            del self.contents[name]
        return {}

    def _read(self, verb: str, path: str) -> tuple[str, str]:
        plural, _slash, name = (
            path.removeprefix(f"/apis/{GROUP}/v1/").removeprefix("/apis/storage.k8s.io/v1/").partition("/")
        )
        if (verb, plural) in self.forbidden:
            raise KubeError(f"You may not {verb} {plural}.", status=403, reason="Forbidden")
        return plural, name


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> DriverApi:
    monkeypatch.setattr(waits, "_PAUSE", 0.001)
    monkeypatch.setattr(csi_delete, "NUDGE_SECONDS", 0.002)
    monkeypatch.setattr(csi_delete, "_PATIENCE", 0.01)
    return DriverApi()


def storage(api: DriverApi, cancel: CancelToken | None = None) -> StorageSnapshots:
    discovery = api.discovery()
    found = find_snapshot_api(discovery)
    assert found is not None
    return StorageSnapshots(t.cast("t.Any", api), discovery, found, cancel=cancel or CancelToken())


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
    assert api.contents == {}
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
    api.contents[left["metadata"]["name"]] = {**left, "status": {"snapshotHandle": "h1"}}
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
    api.classes = classes
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
    api.classes = classes
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
    assert api.contents == {}


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
    assert (api.contents, api.asked_to_delete) == ({}, [])


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


def test_an_answer_that_is_lost(api: DriverApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """The object is there, and the server is away until the object is to be removed: it is."""
    answers = [KubeError("no answer"), KubeError("no answer")]
    made, read = DriverApi.post, DriverApi.get

    def lose(self: DriverApi, path: str, body: Object, **more: t.Any) -> Object:
        made(self, path, body, **more)
        raise answers.pop()

    def away(self: DriverApi, path: str, **more: t.Any) -> Object:
        if len(answers) == 1 and "/arkive-delete-" in path:
            raise answers.pop()
        return read(self, path, **more)

    found = storage(api)
    monkeypatch.setattr(DriverApi, "post", lose)
    monkeypatch.setattr(DriverApi, "get", away)
    (why,) = found.delete([stored()], timeout=1).values()
    assert why.startswith("Nobody knows whether VolumeSnapshotContent arkive-delete-")
    assert api.contents == {}


def test_an_object_that_vanishes_is_no_deletion(api: DriverApi) -> None:
    """Somebody has taken it away before the driver knew of it."""
    made = DriverApi.post

    def post(path: str, body: Object, **more: t.Any) -> Object:
        answer = made(api, path, body, **more)
        api.contents.clear()
        return answer

    found = storage(api)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(DriverApi, "post", lambda _self, path, body, **more: post(path, body, **more))
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
    assert api.contents == {}


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
    api.drivers, api.classes, api.forbidden = drivers, classes, forbidden
    assert storage(api).why_not(DRIVER) == why


def test_a_driver_that_nobody_names(api: DriverApi) -> None:
    assert storage(api).why_not("") == "the backup does not say which driver made it"
