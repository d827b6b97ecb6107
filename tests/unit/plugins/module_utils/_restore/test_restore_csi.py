# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which snapshot a claim's data comes from, what the target cluster makes of it, and the objects that are made."""

from __future__ import annotations

import copy
import hashlib
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, RuleContext
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.table import apply_item_rules
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.volume_decisions import (
    VolumeDecisions,
    VolumeTerms,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.metadata import strip_system_metadata
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.snapshot_objects import (
    BOUND,
    CLAIM,
    CONTENT,
    DRIVER,
    GROUP,
    NAME,
    SNAPSHOT,
    VOLUME,
    StoredSnapshots,
    TargetCluster,
    put,
    snapshot_class,
    storage_class,
    without,
)

RESTORED = hashlib.sha256(f"r/shop/{NAME}".encode()).hexdigest()
NOTED = put(
    SNAPSHOT,
    {
        "velero.io/csi-volumesnapshot-handle": "snap-2",
        "velero.io/csi-driver-name": "noted.example.com",
        "velero.io/csi-volumesnapshot-restore-size": "3Gi",
    },
    "metadata",
    "annotations",
)
NO_HANDLE = without(CONTENT, "status")
METHOD = {"pvName": "pv1", "backupMethod": "CSISnapshot"}


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        pytest.param({}, ("snap-1", DRIVER, "2147483648"), id="8.4: by the content"),
        pytest.param({"snapshot": NOTED}, ("snap-1", DRIVER, "2147483648"), id="the content comes first"),
        pytest.param(
            {"snapshot": NOTED, "content": without(NO_HANDLE, "spec", "driver")},
            ("snap-2", "noted.example.com", "3Gi"),
            id="8.6.2: by the annotations",
        ),
        pytest.param(
            {"content": put(NO_HANDLE, {"snapshotHandle": "snap-3"}, "spec", "source")},
            ("snap-3", DRIVER, ""),
            id="a content that was made by hand",
        ),
    ],
)
def test_usable_snapshots(stored: dict[str, Object], found: tuple[str, str, str]) -> None:
    source = StoredSnapshots(**stored).sources().of_claim(stored.get("claim", CLAIM), "shop")
    assert source is not None
    assert (source.handle, source.driver, source.size, source.missing) == (*found, "")
    assert (source.restored_name, source.content) == (RESTORED, BOUND)


@pytest.mark.parametrize(
    ("stored", "left_out", "missing"),
    [
        pytest.param({"snapshot": None}, False, f"does not hold its VolumeSnapshot '{NAME}'", id="no VolumeSnapshot"),
        pytest.param({"content": None}, False, f"does not hold its VolumeSnapshotContent '{BOUND}'", id="no content"),
        pytest.param(
            {"snapshot": without(SNAPSHOT, "status")}, False, "was not bound to a content", id="8.4: never bound"
        ),
        pytest.param({"content": NO_HANDLE}, False, f"VolumeSnapshotContent '{BOUND}' names no handle", id="8.4"),
        pytest.param({"content": without(CONTENT, "spec", "driver")}, False, "names no driver", id="no driver"),
        pytest.param({}, True, "filters leave the objects of snapshots out", id="excluded"),
    ],
)
def test_unusable_snapshots(stored: dict[str, t.Any], left_out: bool, missing: str) -> None:
    sources = StoredSnapshots(**stored).sources(left_out=left_out)
    source = sources.of_claim(CLAIM, "shop")
    assert source is not None
    assert missing in source.missing
    decided = decide(sources, info=[METHOD])
    assert (decided.keeps_volume, decided.on_purpose, decided.snapshot) == (False, False, None)
    assert missing in decided.missing


def test_claim_without_a_snapshot() -> None:
    assert StoredSnapshots().sources().of_claim(without(CLAIM, "metadata", "annotations"), "shop") is None


@pytest.mark.parametrize(
    ("snapshot", "claim", "restored"),
    [pytest.param(NAME, "data", RESTORED, id="of the backup"), pytest.param("weekly", "", "weekly", id="of a user")],
)
def test_names(snapshot: str, claim: str, restored: str) -> None:
    sources = StoredSnapshots().sources()
    assert sources.claim_of("shop", snapshot) == claim
    assert sources.restored_snapshot_name("shop", snapshot) == restored


def test_names_of_contents() -> None:
    """They have no namespace: the same snapshot of two namespaces has two."""
    sources = StoredSnapshots().sources()
    assert (sources.restored_content_name(BOUND), sources.restored_content_name("other")) == (RESTORED, "other")
    assert sources.of_snapshot("other", NAME).restored_name != RESTORED


def decide(
    sources: t.Any, *, info: t.Sequence[Object] = (), mapping: dict[str, str] | None = None, claim: Object | None = None
) -> t.Any:
    volumes = decisions(sources, info=info, mapping=mapping)
    return volumes.for_claim(claim or CLAIM, source_namespace="shop")


def decisions(
    sources: t.Any,
    *,
    info: t.Sequence[Object] = (),
    mapping: dict[str, str] | None = None,
    restore_data: bool = True,
    archive: StoredSnapshots | None = None,
) -> VolumeDecisions:
    return VolumeDecisions(
        archive=archive or StoredSnapshots(),
        volume_info=info,
        live={},
        providers=[sources],
        terms=VolumeTerms(namespace_mapping=mapping or {}, restore_data=restore_data, restore_name="r"),
    )


FAST = storage_class("fast")


@pytest.mark.parametrize(
    ("cluster", "classes", "claim", "missing"),
    [
        pytest.param({"classes": [FAST]}, {}, CLAIM, "", id="the same class"),
        pytest.param({"api": False}, {}, CLAIM, "the cluster has no CSI snapshots", id="no snapshot API"),
        pytest.param(
            {"classes": [storage_class("fast", "other.example.com")]},
            {},
            CLAIM,
            f"its snapshot is of driver {DRIVER}, and its storage class 'fast' of other.example.com",
            id="another driver",
        ),
        pytest.param(
            {"classes": [storage_class("fast", "other.example.com"), storage_class("new")]},
            {"fast": "new"},
            CLAIM,
            "",
            id="the mapping comes first",
        ),
        pytest.param({"classes": []}, {}, CLAIM, "its storage class 'fast' is not in the cluster", id="no class"),
        pytest.param(
            {"classes": [storage_class("std", default=True)]},
            {},
            without(CLAIM, "spec", "storageClassName"),
            "",
            id="the default class",
        ),
        pytest.param(
            {"classes": [FAST]}, {}, without(CLAIM, "spec", "storageClassName"), "it has no storage class", id="none"
        ),
        pytest.param({"forbidden": ["storageclasses"]}, {}, CLAIM, "", id="classes that may not be listed"),
        pytest.param(
            {"classes": [FAST], "forbidden": ["volumesnapshotcontents"]},
            {},
            CLAIM,
            f"does not let you create volumesnapshotcontents.{GROUP}",
            id="no rights on contents",
        ),
        pytest.param(
            {"classes": [FAST], "forbidden": ["volumesnapshots"]}, {}, CLAIM, "", id="rights in the namespace alone"
        ),
        pytest.param(
            {"classes": [FAST], "forbidden": ["volumesnapshots", "volumesnapshots@shop"]},
            {},
            CLAIM,
            f"does not let you create volumesnapshots.{GROUP} in namespace shop",
            id="no rights in the namespace",
        ),
    ],
)
def test_what_the_target_makes_of_it(
    cluster: dict[str, t.Any], classes: dict[str, str], claim: Object, missing: str
) -> None:
    """docs/compatibility 8.4, 14.13: a volume whose data cannot come back is reported by name."""
    sources = StoredSnapshots().sources(TargetCluster(**cluster), classes)
    found = decide(sources, info=[METHOD], claim=claim)
    assert missing in found.missing
    assert bool(found.missing) is bool(missing)
    assert (found.snapshot is None) is bool(missing)


def test_the_cluster_is_asked_once() -> None:
    cluster = TargetCluster(classes=[FAST], forbidden=["nothing"])
    sources = StoredSnapshots().sources(cluster)
    for _round in range(3):
        assert decide(sources, info=[METHOD]).snapshot is not None
    assert len(cluster.reviews) == len(set(cluster.reviews)) + 1  # whether it may do everything, for each of two types


@pytest.mark.parametrize(
    ("info", "stored", "found"),
    [
        pytest.param([], {}, "snapshot", id="5.8: no records, a snapshot that is there"),
        pytest.param([], {"content": None}, "kept", id="no records, no snapshot: the retained volume"),
        pytest.param([METHOD], {}, "snapshot", id="8.6.4"),
        pytest.param([{**METHOD, "result": "failed"}], {}, "the snapshot of its volume failed", id="1.5: failed"),
        pytest.param([{"pvName": "pv1", "skipped": True}], {}, "kept", id="1.5: skipped, retained"),
        pytest.param(
            [{"pvName": "pv1", "backupMethod": "PodVolumeBackup"}], {}, "saved as PodVolumeBackup", id="another method"
        ),
        pytest.param(
            [{**METHOD, "snapshotDataMoved": True}],
            {"claim": without(CLAIM, "metadata", "annotations")},
            "moved into a repository, and the backup has no record",
            id="8.3: moved data",
        ),
        pytest.param(
            [METHOD],
            {"claim": without(CLAIM, "metadata", "annotations")},
            "the stored claim names no snapshot",
            id="no annotation",
        ),
    ],
)
def test_what_the_records_say(info: list[Object], stored: dict[str, t.Any], found: str) -> None:
    archive = StoredSnapshots(**stored)
    volumes = decisions(archive.sources(), info=info, archive=archive)
    decided = volumes.for_claim(stored.get("claim", CLAIM), source_namespace="shop")
    if found == "kept":
        assert (decided.keeps_volume, decided.missing) == (True, "")
        assert volumes.why_not_restored(VOLUME) == ""
        assert volumes.traits_of("pv1") is None
        return
    assert (decided.keeps_volume, decided.snapshot is not None) == (False, found == "snapshot")
    assert decided.missing == "" if found == "snapshot" else found in decided.missing
    assert volumes.why_not_restored(VOLUME)


@pytest.mark.parametrize(
    ("info", "policy", "labels"),
    [
        pytest.param({**METHOD, "pvInfo": {"reclaimPolicy": "Delete", "labels": {"a": "b"}}}, "Delete", {"a": "b"},
                     id="1.5: pvInfo"),
        pytest.param({**METHOD, "pvInfo": {"reclaimPolicy": "Delete"}}, "Delete", {}, id="no labels"),
        pytest.param(METHOD, "Retain", {"tier": "gold"}, id="the stored volume"),
    ],
)  # fmt: skip
def test_traits(info: Object, policy: str, labels: dict[str, str]) -> None:
    """docs/compatibility 5.8, the end."""
    traits = decisions(StoredSnapshots().sources(), info=[info]).traits_of("pv1")
    assert traits is not None
    assert (traits.reclaim_policy, dict(traits.labels)) == (policy, labels)


@pytest.mark.parametrize(("info", "found"), [({}, False), ({"pvInfo": {"reclaimPolicy": "Retain"}}, True)])
def test_traits_of_an_empty_volume(info: Object, found: bool) -> None:
    """docs/compatibility 5.8, the end: by ``pvInfo`` alone."""
    entry = {"pvName": "pv1", "backupMethod": "PodVolumeBackup", **info}
    assert (decisions(StoredSnapshots().sources(), info=[entry]).traits_of("pv1") is not None) is found


def run_rules(
    kind: str,
    obj: Object,
    *,
    cluster: TargetCluster | None = None,
    mapping: dict[str, str] | None = None,
    restore_data: bool = True,
    archive: StoredSnapshots | None = None,
) -> Draft:
    archive = archive or StoredSnapshots()
    cluster = cluster or TargetCluster(classes=[FAST, snapshot_class("any")])
    volumes = decisions(
        archive.sources(cluster), info=[METHOD], mapping=mapping, restore_data=restore_data, archive=archive
    )
    context = RuleContext(
        archive=archive, volumes=volumes, namespace_mapping=mapping or {}, restore_volume_data=restore_data
    )
    body = copy.deepcopy(obj)
    namespace = body["metadata"].get("namespace", "")
    stored_metadata, status = dict(body["metadata"]), body.get("status") or {}
    strip_system_metadata(body)
    draft = Draft(
        body=body,
        stored_metadata=stored_metadata,
        stored_status=status,
        source_namespace=namespace,
        target_namespace=(mapping or {}).get(namespace, namespace),
    )
    apply_item_rules(GroupResource.parse(kind), draft, context)
    return draft


SOURCE = {"apiGroup": GROUP, "kind": "VolumeSnapshot", "name": RESTORED}
OWN = {"apiGroup": GROUP, "kind": "VolumeSnapshot", "name": "seed"}


def test_claim() -> None:
    """docs/compatibility 8.4: no volumeName, the snapshot as its source; as large as the snapshot needs."""
    claim = put(put(CLAIM, OWN, "spec", "dataSourceRef"), OWN, "spec", "dataSource")
    draft = run_rules("persistentvolumeclaims", claim)
    assert draft.body["spec"] == {
        "storageClassName": "fast",
        "resources": {"requests": {"storage": "2147483648"}},
        "dataSource": SOURCE,
    }
    assert draft.body["metadata"]["annotations"] == {}


@pytest.mark.parametrize(
    ("size", "request_after"), [("1Gi", "2147483648"), ("2Gi", "2Gi"), ("2.5G", "2.5G"), (None, "2147483648")]
)
def test_size_of_the_claim(size: str | None, request_after: str) -> None:
    claim = put(CLAIM, {"storage": size} if size else {}, "spec", "resources", "requests")
    assert run_rules("persistentvolumeclaims", claim).body["spec"]["resources"]["requests"]["storage"] == request_after


@pytest.mark.parametrize(
    ("kind", "restore_data", "kept"),
    [("VolumeSnapshot", True, False), ("PersistentVolumeClaim", True, False), ("Image", True, True),
     ("Image", False, False)],
)  # fmt: skip
def test_claim_that_stays_empty(kind: str, restore_data: bool, kept: bool) -> None:
    """docs/compatibility 8.4: ``restorePVs: false`` clears every source; else what fills a volume anew stays."""
    claim = without(put(CLAIM, {"kind": kind, "name": "x"}, "spec", "dataSource"), "metadata", "annotations")
    draft = run_rules("persistentvolumeclaims", claim, restore_data=restore_data)
    assert ("dataSource" in draft.body["spec"]) is kept
    assert draft.volume is not None
    assert draft.volume.missing


@pytest.mark.parametrize(("mapping", "namespace"), [({}, "shop"), ({"shop": "shop2"}, "shop2")])
def test_snapshot_of_the_backup(mapping: dict[str, str], namespace: str) -> None:
    """docs/compatibility 8.4."""
    snapshot = run_rules(f"volumesnapshots.{GROUP}", SNAPSHOT, mapping=mapping)
    assert snapshot.skip == ""
    assert snapshot.body["spec"] == {"source": {"volumeSnapshotContentName": RESTORED}}
    assert snapshot.body["metadata"] == {
        "name": RESTORED,
        "namespace": "shop",
        "finalizers": ["example.com/own"],
        "annotations": {"velero.io/csi-vsc-deletion-policy": "Retain"},
    }
    content = run_rules(f"volumesnapshotcontents.{GROUP}", CONTENT, mapping=mapping)
    assert content.skip == ""
    assert content.body["metadata"] == {"name": RESTORED, "annotations": {}}
    assert content.body["spec"] == {
        "deletionPolicy": "Retain",
        "driver": DRIVER,
        "source": {"snapshotHandle": "snap-1"},
        "sourceVolumeMode": "Filesystem",
        "volumeSnapshotClassName": "any",
        "volumeSnapshotRef": {
            "apiVersion": f"{GROUP}/v1",
            "kind": "VolumeSnapshot",
            "name": RESTORED,
            "namespace": namespace,
        },
    }


def test_old_version_of_the_api() -> None:
    """``v1beta1`` has the same fields, and is served nowhere any more."""
    for kind, obj in (("volumesnapshots", SNAPSHOT), ("volumesnapshotcontents", CONTENT)):
        body = run_rules(f"{kind}.{GROUP}", {**obj, "apiVersion": f"{GROUP}/v1beta1"}).body
        assert body["apiVersion"] == f"{GROUP}/v1"


@pytest.mark.parametrize(
    ("classes", "chosen"),
    [
        pytest.param([snapshot_class("old"), snapshot_class("new", default=True)], "old", id="the stored one"),
        pytest.param([snapshot_class("b"), snapshot_class("c", default=True)], "c", id="the default one"),
        pytest.param([snapshot_class("b"), snapshot_class("a")], "a", id="any"),
        pytest.param([snapshot_class("old", "other.example.com")], None, id="another driver"),
        pytest.param([], None, id="none"),
    ],
)
def test_snapshot_class(classes: list[Object], chosen: str | None) -> None:
    """docs/compatibility 8.4: any class of the cluster with the same driver, else none."""
    draft = run_rules(f"volumesnapshotcontents.{GROUP}", CONTENT, cluster=TargetCluster(classes=[FAST, *classes]))
    assert draft.body["spec"].get("volumeSnapshotClassName") == chosen


WEEKLY = put(put(NOTED, "weekly", "metadata", "name"), {}, "metadata", "labels")
OF_WEEKLY = put(CONTENT, {"name": "weekly", "namespace": "shop"}, "spec", "volumeSnapshotRef")


def test_snapshot_of_somebody_else() -> None:
    """It keeps its name, and what the backup noted of it goes."""
    archive = StoredSnapshots(snapshot=WEEKLY, content=OF_WEEKLY)
    draft = run_rules(f"volumesnapshots.{GROUP}", WEEKLY, archive=archive)
    name = hashlib.sha256(b"r/shop/weekly").hexdigest()
    assert (draft.skip, draft.refusal, draft.name) == ("", "", "weekly")
    assert draft.body["spec"] == {"source": {"volumeSnapshotContentName": name}}
    assert draft.body["metadata"]["annotations"] == {}
    content = run_rules(f"volumesnapshotcontents.{GROUP}", OF_WEEKLY, archive=archive)
    assert content.name == name
    assert content.body["spec"]["volumeSnapshotRef"]["name"] == "weekly"


def test_snapshot_of_somebody_else_that_cannot_come_back() -> None:
    archive = StoredSnapshots(snapshot=WEEKLY, content=OF_WEEKLY)
    cluster = TargetCluster(forbidden=["volumesnapshotcontents"])
    draft = run_rules(f"volumesnapshots.{GROUP}", WEEKLY, archive=archive, cluster=cluster)
    assert "does not let you create volumesnapshotcontents" in draft.refusal
    archive = StoredSnapshots(snapshot=without(WEEKLY, "status"), content=None)
    assert "was not bound" in run_rules(f"volumesnapshots.{GROUP}", WEEKLY, archive=archive).skip


@pytest.mark.parametrize(
    ("kind", "obj", "stored", "api", "skip"),
    [
        pytest.param("volumesnapshots", SNAPSHOT, {"content": None}, True, "no volume is made from it for claim 'data'",
                     id="its claim stays empty"),
        pytest.param("volumesnapshotcontents", CONTENT, {"snapshot": None}, True,
                     "no volume is made from it for claim 'data'", id="no VolumeSnapshot"),
        pytest.param("volumesnapshotcontents", without(CONTENT, "spec", "volumeSnapshotRef"),
                     {"content": without(CONTENT, "spec", "volumeSnapshotRef")}, True,
                     "does not hold its VolumeSnapshot", id="no reference"),
        pytest.param("volumesnapshotcontents", put(CONTENT, "snapcontent-2", "metadata", "name"),
                     {"content": put(CONTENT, "snapcontent-2", "metadata", "name"),
                      "snapshot": put(SNAPSHOT, "elsewhere", "status", "boundVolumeSnapshotContentName")}, True,
                     "no volume is made from it", id="bound to another content"),
        pytest.param("volumesnapshotclasses", {"metadata": {"name": "c"}}, {}, False,
                     "the cluster has no CSI snapshots", id="a class where there are no snapshots"),
        pytest.param("volumesnapshotclasses", {"metadata": {"name": "c"}}, {}, True, "", id="a class"),
    ],
)  # fmt: skip
def test_what_is_left_out(kind: str, obj: Object, stored: dict[str, t.Any], api: bool, skip: str) -> None:
    cluster = TargetCluster(classes=[FAST], api=api)
    draft = run_rules(f"{kind}.{GROUP}", obj, archive=StoredSnapshots(**stored), cluster=cluster)
    assert skip in draft.skip
    assert bool(draft.skip) is bool(skip)


LATE = storage_class("late", volumeBindingMode="WaitForFirstConsumer")
CHOSEN = {"volume.kubernetes.io/selected-node": "n"}


@pytest.mark.parametrize(
    ("name", "annotations", "why"),
    [
        ("fast", {}, ""),
        ("late", {}, "its volume is made once a pod uses it"),
        ("late", CHOSEN, ""),
        ("gone", {}, "its storage class 'gone' is not in the cluster"),
    ],
)
def test_claims_that_wait(name: str, annotations: dict[str, str], why: str) -> None:
    """docs/compatibility 5.8, the end: WaitForFirstConsumer."""
    claim = {"metadata": {"annotations": annotations}, "spec": {"storageClassName": name}}
    assert TargetCluster(classes=[FAST, LATE]).storage_classes().why_not_bound_yet(claim) == why
