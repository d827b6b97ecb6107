# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volume group snapshots: which class, when they are cut, what becomes of them."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi import groups
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.groups import (
    GROUP,
    GroupApi,
    GroupSnapshots,
    TakenGroup,
    choose_group_class,
    find_group_api,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_objects import Key
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import ApiType, types_named

MARK = "velero.io/csi-volumegroupsnapshot-class"
NAMED = "velero.io/csi-volume-group-snapshot-class"


def entry(name: str, driver: str = "a.csi", mark: str = "") -> Object:
    return {"metadata": {"name": name, "labels": {MARK: mark} if mark else {}}, "driver": driver}


@pytest.mark.parametrize(
    ("classes", "annotations", "chosen"),
    [
        pytest.param([entry("x"), entry("y", mark="true")], [{}, {NAMED: "x"}], "x", id="8.5: annotation of a claim"),
        pytest.param([entry("x"), entry("y", mark="true")], [{NAMED: "gone"}], "y", id="8.5: unknown class"),
        pytest.param([entry("x"), entry("y", mark="true")], [], "y", id="8.5: marked"),
        pytest.param([entry("x", mark="true"), entry("y", "b.csi", "true")], [], "x", id="8.5: of the driver"),
        pytest.param([entry("x")], [], "x", id="the only one"),
    ],
)
def test_the_class(classes: list[Object], annotations: list[dict[str, str]], chosen: str) -> None:
    assert choose_group_class("a.csi", classes, annotations=annotations).name == chosen


@pytest.mark.parametrize(
    ("classes", "why"),
    [
        ([], "has no VolumeGroupSnapshotClass"),
        ([entry("x", "b.csi")], "has no VolumeGroupSnapshotClass"),
        ([entry("x"), entry("y")], r"has 2 VolumeGroupSnapshotClasses \(x, y\), and none of them are marked"),
        ([entry("x", mark="true"), entry("y", mark="true")], "and 2 of them are marked"),
    ],
)
def test_no_class(classes: list[Object], why: str) -> None:
    with pytest.raises(SnapshotError, match=why):
        choose_group_class("a.csi", classes)


def resource(plural: str, *, namespaced: bool = True, group: str = GROUP) -> ApiResource:
    return ApiResource(
        group=group,
        version="v1",
        plural=plural,
        singular=plural[:-1],
        kind=plural[:-1],
        namespaced=namespaced,
        verbs=frozenset(),
        preferred=True,
    )


SNAPSHOTS = resource("volumesnapshots", group="snapshot.storage.k8s.io")
TYPES = [
    resource("volumegroupsnapshots"),
    *(resource(f"volumegroupsnapshot{what}", namespaced=False) for what in ("contents", "classes")),
]
API = GroupApi(groups=TYPES[0], contents=TYPES[1], classes=TYPES[2], snapshots=SNAPSHOTS)
THE_GROUP = ("volumegroupsnapshots", "shop", "g")
ITS_CONTENT = ("volumegroupsnapshotcontents", "", "c")
CONTENT = f"/apis/{GROUP}/v1/volumegroupsnapshotcontents/c"
GUARD = "snapshot.storage.kubernetes.io/volumesnapshot-in-group-protection"
COMPLETE = {"boundVolumeGroupSnapshotContentName": "c", "readyToUse": True}


def test_the_api() -> None:
    assert find_group_api(Discovery(TYPES), SNAPSHOTS) == API
    assert find_group_api(Discovery(TYPES[:2]), SNAPSHOTS) is None


class Cluster(MemoryApi):
    """A group that is deleted takes its members with it, if ``obedient``, and its content, by policy.

    Members that are ``stuck`` stay until their guard is taken away. The content goes at once, or once anything about it
    is changed if ``sleepy``. ``forbidden``: paths.
    """

    def __init__(self) -> None:
        served = [
            ApiType(group=GROUP, plural=each.plural, kind=each.kind, namespaced=each.namespaced, custom=True)
            for each in TYPES
        ]
        super().__init__([*types_named("namespaces", "volumesnapshots"), *served])
        self.refusals: list[KubeError] = []
        self.forbidden: set[str] = set()
        self.obedient = True
        self.sleepy = False
        self.stuck: set[str] = set()
        #: Those that had an effect.
        self.patches: list[tuple[str, Object]] = []
        self.refuse, self.lose = self._refuse, self._note
        self.kept.controllers.append(self._follow)
        self.add("namespaces", "shop", status={"phase": "Active"})

    @property
    def left(self) -> list[str]:
        return [name for plural, _namespace, name in self.objects if plural != "namespaces"]

    def _refuse(self, verb: str, path: str, _dry_run: bool) -> KubeError | None:
        if verb == "POST" and self.refusals:
            return self.refusals[0]
        return KubeError("No.", status=403) if path in self.forbidden else None

    def _note(self, verb: str, path: str) -> None:
        if verb == "PATCH":
            self.patches.append((path.rpartition("/")[2], self.seen[-1].body))

    def _follow(self, change: str, key: Key, obj: Object) -> None:
        """What the snapshot controller does."""
        metadata = obj["metadata"]
        if change == "ADDED" and key == THE_GROUP:
            self.kept.put(key, {**obj, "metadata": {**metadata, "finalizers": ["its controller"]}})
        elif change == "MODIFIED" and key == THE_GROUP and metadata.get("deletionTimestamp") and self.obedient:
            for member in self.names("volumesnapshots", "shop"):
                if member not in self.stuck:
                    self.kept.remove(("volumesnapshots", "shop", member))
            self.kept.remove(THE_GROUP)
            self._take_content()
        elif change == "MODIFIED" and key[0] == "volumesnapshots" and GUARD not in metadata["finalizers"]:
            if not metadata.get("annotations"):
                self.kept.remove(key)
        elif change == "MODIFIED" and key == ITS_CONTENT and metadata.get("annotations"):
            self.sleepy = False
            self._take_content()

    def _take_content(self) -> None:
        policy = self.objects.get(ITS_CONTENT, {}).get("spec", {}).get("deletionPolicy")
        if policy == "Delete" and THE_GROUP not in self.objects and not self.sleepy:
            self.kept.remove(ITS_CONTENT)

    def add_content(self, policy: str) -> None:
        self.add("volumegroupsnapshotcontents", "c", spec={"deletionPolicy": policy})

    def add_member(self, claim: str, *, owner: str = "", taken: bool = True) -> None:
        group = {"apiVersion": f"{GROUP}/v1", "kind": "VolumeGroupSnapshot", "name": "g"}
        uid = owner or self.objects[THE_GROUP]["metadata"]["uid"]
        self.add(
            "volumesnapshots",
            f"m-{claim}",
            "shop",
            metadata={"ownerReferences": [{**group, "uid": uid}], "finalizers": [GUARD, "other"]},
            spec={"source": {"persistentVolumeClaimName": claim}},
            status={"creationTime": "2026-06-01T02:00:00Z"} if taken else {},
        )


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Token(CancelToken):
    """Waits by the clock; ``after`` is called with each wait."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.after: t.Callable[[], None] = lambda: None

    def wait(self, seconds: float) -> bool:
        self.clock.sleep(seconds)
        self.after()
        return False


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> Token:
    clock = Clock()
    monkeypatch.setattr(groups, "time", clock)
    return Token(clock)


def begin(cluster: Cluster, token: Token) -> tuple[GroupSnapshots, TakenGroup]:
    maker = GroupSnapshots(cluster.client, API, cancel=token)
    group = TakenGroup(name="g", namespace="shop", claims=frozenset({"a", "b"}))
    maker.begin(group, label=("key", "value"), class_name="fast", metadata={"labels": {"x": "y"}})
    return maker, group


def test_what_is_asked_for(cluster: Cluster, token: Token) -> None:
    begin(cluster, token)
    assert cluster.objects[THE_GROUP]["metadata"]["labels"] == {"x": "y"}
    assert cluster.objects[THE_GROUP]["spec"] == {
        "source": {"selector": {"matchLabels": {"key": "value"}}},
        "volumeGroupSnapshotClassName": "fast",
    }


def test_one_that_is_refused(cluster: Cluster, token: Token) -> None:
    cluster.refusals.append(KubeError("exceeded quota", status=403))
    maker, group = begin(cluster, token)
    assert group.error == "The VolumeGroupSnapshot shop/g was not made: exceeded quota"
    maker.await_taken([group], timeout=5.0)
    assert token.clock.now == 0


@pytest.mark.parametrize(
    ("status", "is_taken", "error", "seconds"),
    [
        ({"creationTime": "2026-06-01T02:00:00Z"}, True, "", 0),
        ({}, False, "was not cut within 30 s", 30),
        ({"error": {"message": "no space"}}, False, "failed: no space", 10),
        (None, False, "is gone", 0),
    ],
    ids=["cut", "late", "an error that stays", "deleted"],
)
def test_the_wait(
    cluster: Cluster, token: Token, status: Object | None, is_taken: bool, error: str, seconds: int
) -> None:
    maker, group = begin(cluster, token)
    if status is None:
        del cluster.objects[THE_GROUP]
    else:
        cluster.objects[THE_GROUP]["status"] = status
    maker.await_taken([group], timeout=30.0)
    assert group.is_taken == is_taken
    assert error in group.error
    assert token.clock.now == pytest.approx(seconds, abs=0.3)


def test_an_error_that_passes(cluster: Cluster, token: Token) -> None:
    maker, group = begin(cluster, token)
    cluster.objects[THE_GROUP]["status"] = {"error": {"message": "try again"}}

    def succeed() -> None:
        if token.clock.now > 5:
            cluster.objects[THE_GROUP]["status"] = {"creationTime": "2026-06-01T02:00:00Z"}

    token.after = succeed
    maker.await_taken([group], timeout=30.0)
    assert (group.is_taken, group.error) == (True, "")


def test_a_run_that_is_cancelled(cluster: Cluster, token: Token) -> None:
    maker, group = begin(cluster, token)
    token.after = lambda: token.cancel("SIGTERM")
    with pytest.raises(Cancelled):
        maker.await_taken([group], timeout=30.0)


def test_members(cluster: Cluster, token: Token) -> None:
    maker, group = begin(cluster, token)
    cluster.add_member("a")
    cluster.add_member("b", taken=False)
    cluster.add_member("other", owner="uid-x")

    def take() -> None:
        if token.clock.now > 3:
            cluster.add_member("b")

    token.after = take
    found = maker.members(group, timeout=30.0)
    assert sorted(member["metadata"]["name"] for member in found) == ["m-a", "m-b"]


def test_members_that_do_not_come(cluster: Cluster, token: Token) -> None:
    maker, group = begin(cluster, token)
    cluster.add_member("a")
    with pytest.raises(SnapshotError, match="shop/g has no members for b after 30 s"):
        maker.members(group, timeout=30.0)


@pytest.mark.parametrize(
    ("policy", "retain", "patched"),
    [("Delete", False, []), ("Retain", False, ["Delete"]), ("Delete", True, ["Retain"]), ("Retain", True, [])],
)
def test_the_end(cluster: Cluster, token: Token, policy: str, retain: bool, patched: list[str]) -> None:
    """With Delete, the content goes with the group by the controller's hand."""
    maker, group = begin(cluster, token)
    cluster.add_member("a")
    cluster.objects[THE_GROUP]["status"] = COMPLETE
    cluster.add_content(policy)
    assert maker.remove(group, retain=retain) == ""
    assert [body["spec"]["deletionPolicy"] for _name, body in cluster.patches] == patched
    assert cluster.left == []
    assert token.clock.now == 0


def test_a_controller_that_overlooks_the_deletion(cluster: Cluster, token: Token) -> None:
    maker, group = begin(cluster, token)
    cluster.objects[THE_GROUP]["status"] = COMPLETE
    cluster.add_content("Delete")
    cluster.sleepy = True
    assert maker.remove(group, retain=False) == ""
    assert [name for name, _body in cluster.patches] == ["c"]
    assert cluster.left == []
    assert token.clock.now < 5


def test_the_end_of_one_that_was_just_begun(cluster: Cluster, token: Token) -> None:
    """The controller would forget a content that is not bound yet."""
    maker, group = begin(cluster, token)
    cluster.add_content("Retain")

    def bind(seconds: float) -> None:
        token.clock.now += seconds
        if token.clock.now > 3 and THE_GROUP in cluster.objects:
            cluster.objects[THE_GROUP]["status"] = COMPLETE
            cluster.add_member("a", taken=token.clock.now > 5)

    token.clock.sleep = bind  # type: ignore[method-assign]
    assert maker.remove(group, retain=False) == ""
    assert cluster.left == []
    assert token.clock.now > 5


def test_a_member_that_keeps_its_finalizer(cluster: Cluster, token: Token) -> None:
    """It was deleted before it named its group."""
    maker, group = begin(cluster, token)
    cluster.objects[THE_GROUP]["status"] = COMPLETE
    cluster.stuck = {"m-a"}
    cluster.add_member("a")
    assert maker.remove(group, retain=False) == ""
    assert [body["metadata"]["finalizers"] for _name, body in cluster.patches] == [["other"]]
    assert cluster.left == []


def test_a_member_that_waits_for_its_own_content(cluster: Cluster, token: Token) -> None:
    """It keeps its other finalizers, and its controller is made to look again."""
    maker, group = begin(cluster, token)
    cluster.objects[THE_GROUP]["status"] = COMPLETE
    cluster.stuck = {"m-a"}
    cluster.add_member("a")
    cluster.objects["volumesnapshots", "shop", "m-a"]["metadata"]["finalizers"] = ["other"]
    assert "is still there" in maker.remove(group, retain=False)
    changed = [body["metadata"].keys() for name, body in cluster.patches if name == "m-a"]
    assert len(changed) > 10
    assert set(map(frozenset, changed)) == {frozenset({"annotations"})}


def test_the_end_without_rights_on_contents(cluster: Cluster, token: Token) -> None:
    maker, group = begin(cluster, token)
    cluster.objects[THE_GROUP]["status"] = COMPLETE
    cluster.forbidden.add(CONTENT)
    assert "could not be removed: No." in maker.remove(group, retain=True)
    assert maker.remove(group, retain=False) == ""
    assert cluster.left == []


def test_one_that_does_not_go(cluster: Cluster, token: Token) -> None:
    maker, group = begin(cluster, token)
    cluster.obedient = False
    assert maker.remove(group, retain=False) == "The VolumeGroupSnapshot shop/g is being removed, and is still there."
