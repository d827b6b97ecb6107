# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets of CSI snapshots: classes, names, rights, what is there, and how it goes."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import SnapshotRequest
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.listing import list_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.sets import CsiSet
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_listing import SnapshotQuery
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_names import snapshot_name
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.csi.snapshot_cluster import (
    DRIVER,
    SnapshotCluster,
)


@pytest.fixture
def api() -> SnapshotCluster:
    return SnapshotCluster()


@pytest.fixture
def missing(api: SnapshotCluster) -> list[str]:
    """The rights that the caller lacks, as ``get volumesnapshots``."""
    return api.missing


def provider_of(api: SnapshotCluster, **more: t.Any) -> CsiSet:
    request = SnapshotRequest(**{"name": "s", "namespace": "shop", **more})
    return CsiSet(api.client, request, cancel=CancelToken())


def claim(name: str = "data", *, driver: str | None = DRIVER, **metadata: t.Any) -> ClaimVolume:
    body = {"metadata": {"namespace": "shop", "name": name, **metadata}, "spec": {"volumeName": "pv"}}
    volume = None if driver is None else {"spec": {"csi": {"driver": driver}} if driver else {"hostPath": {}}}
    return ClaimVolume(claim=body, volume=volume)


def test_a_plan(api: SnapshotCluster) -> None:
    """docs/compatibility 8.3: what is chosen, and why; the labels and annotations that make it a set."""
    api.add_class("slow")
    api.add_class("fast", annotations={"snapshot.storage.kubernetes.io/is-default-class": "true"})
    named = claim("named", annotations={"velero.io/csi-volumesnapshot-class": "slow"})
    first, second = provider_of(api, labels={"team": "shop"}).plan([claim(), named])
    assert (first.spec.class_name, first.why) == ("fast", "it is the driver's default class")
    assert (second.spec.class_name, second.spec.name) == ("slow", "s-named")
    assert first.spec.labels == {"team": "shop", "arkive.k8s/snapshot": "s"}
    run = first.spec.annotations["arkive.k8s/snapshot-run"]
    assert first.spec.annotations == {
        "arkive.k8s/snapshot-name": "s",
        "arkive.k8s/snapshot-state": "unfinished",
        "arkive.k8s/snapshot-run": run,
    }
    assert provider_of(api).plan([claim()])[0].spec.annotations["arkive.k8s/snapshot-run"] != run


@pytest.mark.parametrize(
    ("driver", "wanted", "expected"),
    [(DRIVER, "fast", "fast"), (DRIVER, "", "fast"), (None, "any", "any"), (None, "", "")],
    ids=["given", "only one", "driver unknown, given", "driver unknown"],
)
def test_the_class(api: SnapshotCluster, driver: str | None, wanted: str, expected: str) -> None:
    api.add_class("fast")
    (plan,) = provider_of(api, snapshot_class=wanted).plan([claim(driver=driver)])
    assert plan.spec.class_name == expected


def test_classes_that_may_not_be_listed(api: SnapshotCluster) -> None:
    api.forbidden = {"volumesnapshotclasses"}
    (plan,) = provider_of(api).plan([claim()])
    assert (plan.spec.class_name, plan.why) == ("", "left to the snapshot controller")


@pytest.mark.parametrize(
    ("wanted", "driver", "why"),
    [
        ("none", DRIVER, "The VolumeSnapshotClass none does not exist"),
        ("fast", "other.example", "The VolumeSnapshotClass fast is of the driver disk.example"),
        ("", "other.example", "other.example has no VolumeSnapshotClass"),
        ("", "", "of kind hostPath, which no CSI driver can snapshot"),
    ],
)
def test_claims_that_cannot_be_snapshotted(api: SnapshotCluster, wanted: str, driver: str, why: str) -> None:
    api.add_class("fast")
    with pytest.raises(SnapshotError, match=why):
        provider_of(api, snapshot_class=wanted).plan([claim(driver=driver)])


@pytest.mark.parametrize(
    ("lacking", "options", "why"),
    [
        (["create volumesnapshots", "patch volumesnapshots"], {}, "does not let you create and patch volumesnapshots"),
        (
            ["patch volumesnapshotcontents"],
            {"retain": True},
            "For retain, the API server does not let you patch volumesnapshotcontents",
        ),
    ],
)
def test_rights_that_are_missing(
    api: SnapshotCluster, missing: list[str], lacking: list[str], options: dict[str, t.Any], why: str
) -> None:
    missing += lacking
    with pytest.raises(SnapshotError, match=why):
        provider_of(api, **options).check()


def test_rights_that_can_be_done_without(api: SnapshotCluster, missing: list[str]) -> None:
    missing += ["get volumesnapshotcontents", "watch volumesnapshotcontents", "create volumesnapshots"]
    provider = provider_of(api)
    provider.check(removing=True)
    assert (provider.with_contents, provider.warnings) == (False, [])
    missing.remove("create volumesnapshots")
    provider = provider_of(api)
    provider.check()
    assert "creationTime" in provider.warnings[0]


def test_what_is_there(api: SnapshotCluster) -> None:
    api.add_snapshot("b", policy="Retain")
    api.add_snapshot("a", state="unfinished", deletionTimestamp="2026-06-01T02:00:00Z")
    api.add_snapshot("c", status={"error": {"message": "no space"}})
    api.add_snapshot("data", set_name="other")
    found = provider_of(api).find()
    assert [(one.snapshot.spec.claim, one.complete, one.policy, one.leaving, one.snapshot.error) for one in found] == [
        ("a", False, "Delete", True, ""),
        ("b", True, "Retain", False, ""),
        ("c", True, "", False, "no space"),
    ]
    assert (found[1].snapshot.handle, found[1].snapshot.ready, found[1].snapshot.size_bytes) == ("snap-b", True, 1024)


def test_long_names_of_sets_are_told_apart(api: SnapshotCluster) -> None:
    """A label has room for 63 characters; the annotation has the name in full."""
    long = "x" * 60 + ".y"
    api.add_snapshot("a", set_name=long)
    assert len(provider_of(api, name=long).find()) == 1
    api.objects["volumesnapshots", "shop", f"{long}-a"]["metadata"]["annotations"]["arkive.k8s/snapshot-name"] = (
        f"{long}.z"
    )
    assert provider_of(api, name=long).find() == []


def test_retain(api: SnapshotCluster) -> None:
    api.add_snapshot("a")
    api.add_snapshot("b", policy="Retain")
    provider = provider_of(api, retain=True)
    snapshots = [member.snapshot for member in provider.find()]
    assert provider.retain(snapshots)
    assert api.patches == [("content-s-a", {"spec": {"deletionPolicy": "Retain"}})]
    assert not provider.retain(snapshots)


def test_seal(api: SnapshotCluster) -> None:
    api.add_snapshot("a", state="unfinished")
    provider = provider_of(api)
    provider.seal([member.snapshot for member in provider.find()])
    assert [member.complete for member in provider.find()] == [True]


@pytest.mark.parametrize("status", [404, 409, 422], ids=["gone", "a conflict", "a type that is not Kubernetes' own"])
def test_seal_of_one_that_was_made_anew(api: SnapshotCluster, status: int) -> None:
    """A live cluster answers 422 to another uid of a custom resource."""
    api.add_snapshot("a", state="unfinished")
    provider = provider_of(api)
    members = provider.find()
    api.refuse = lambda verb, path, _dry_run: KubeError(f"No {path}.", status=status) if verb == "PATCH" else None
    with pytest.raises(SnapshotError, match="was deleted by somebody before it was done"):
        provider.seal([member.snapshot for member in members])


@pytest.mark.parametrize(
    ("policy", "retain", "stays"),
    [("Delete", False, False), ("Retain", False, True), ("Delete", True, True)],
)
def test_remove(api: SnapshotCluster, policy: str, retain: bool, stays: bool) -> None:
    api.add_snapshot("a", policy=policy)
    provider = provider_of(api, retain=retain)
    assert provider.remove(provider.find()) == []
    assert api.objects == {}
    assert ("the storage's s-a" in api.deleted) is not stays
    assert ("The storage snapshot snap-a of claim shop/a stays (driver disk.example)." in provider.warnings) == stays


def test_remove_without_rights_on_contents(api: SnapshotCluster, missing: list[str]) -> None:
    missing.append("get volumesnapshotcontents")
    api.add_snapshot("a")
    provider = provider_of(api)
    assert provider.remove(provider.find()) == []
    assert api.deleted == ["s-a", "the storage's s-a"]
    assert "deletionPolicy Retain stays in the storage" in provider.warnings[0]


def test_remove_what_never_got_a_content(api: SnapshotCluster) -> None:
    api.add_snapshot("a", status={}, state="unfinished")
    del api.objects["volumesnapshotcontents", "", "content-s-a"]
    provider = provider_of(api)
    assert provider.remove(provider.find()) == []
    assert api.deleted == ["s-a"]


@pytest.mark.parametrize(
    ("name", "claim_name", "expected"),
    [
        ("s", "data", "s-data"),
        ("s" * 100, "c" * 152, f"{'s' * 100}-{'c' * 152}"),
        ("s" * 100, "c" * 153, f"{'s' * 100}-{'c' * 143}-029633c5"),
    ],
)
def test_names(name: str, claim_name: str, expected: str) -> None:
    assert snapshot_name(name, claim_name) == expected
    assert len(expected) <= 253


def test_names_that_are_cut_stay_different() -> None:
    assert snapshot_name("s", "c" * 300) != snapshot_name("s", "c" * 301)


def test_groups_where_the_cluster_has_none(api: SnapshotCluster) -> None:
    """docs/compatibility 8.5: only where the API is served; claims without the label do without it."""
    api.add_class("fast")
    provider = provider_of(api, group_label="velero.io/volume-group")
    assert [plan.group for plan in provider.plan([claim()])] == [""]
    with pytest.raises(SnapshotError, match=r"does not serve groupsnapshot\.storage\.k8s\.io"):
        provider.plan([claim(labels={"velero.io/volume-group": "one"})])


# The list


def test_the_list(api: SnapshotCluster) -> None:
    api.add_snapshot("b")
    api.add_snapshot("a", policy="Retain")
    api.add("volumesnapshots", "manual", "shop", spec={"source": {"persistentVolumeClaimName": "b"}})
    found = list_snapshots(SnapshotQuery(namespace="shop"), client=api.client)
    assert [(one["name"], one["set"], one["state"], one["complete"]) for one in found.snapshots] == [
        ("manual", "", "pending", False),
        ("s-a", "s", "ready", True),
        ("s-b", "s", "ready", True),
    ]
    assert [one["deletion_policy"] for one in found.snapshots] == [None, "Retain", "Delete"]
    assert found.warnings == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"name": "s"}, ["s-a", "s-b"]),
        ({"claims": ("b",)}, ["other-b", "s-b"]),
        ({"label_selector": "arkive.k8s/snapshot=other"}, ["other-b"]),
        ({"name": "none"}, []),
    ],
)
def test_the_list_narrowed(api: SnapshotCluster, query: dict[str, t.Any], expected: list[str]) -> None:
    api.add_snapshot("a")
    api.add_snapshot("b")
    api.add_snapshot("b", set_name="other")
    found = list_snapshots(SnapshotQuery(**query), client=api.client)
    assert [one["name"] for one in found.snapshots] == expected


@pytest.mark.parametrize("count", [1, 40])
def test_the_list_without_rights_on_contents(api: SnapshotCluster, count: int) -> None:
    for number in range(count):
        api.add_snapshot(f"c{number:02}")
    api.forbidden = {"volumesnapshotcontents"}
    found = list_snapshots(SnapshotQuery(), client=api.client)
    assert [one["handle"] for one in found.snapshots] == [""] * count
    assert [one["ready"] for one in found.snapshots] == [True] * count
    assert found.warnings == [
        "The handles are unknown, because VolumeSnapshotContents may not be read: "
        + found.warnings[0].rpartition("read: ")[2]
    ]


def test_a_long_list_reads_the_contents_at_once(api: SnapshotCluster) -> None:
    for number in range(40):
        api.add_snapshot(f"c{number:02}")
    found = list_snapshots(SnapshotQuery(), client=api.client)
    assert [one["handle"] for one in found.snapshots] == [f"snap-c{number:02}" for number in range(40)]
