# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims: where their data is from, what needs them, whether they fit; names that fit nothing."""

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.volume_decisions import ClaimDecision
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.held_back import claims_named_by
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.object_quota import find_exceeding
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.volume_topology import (
    why_no_topology,
    why_out_of_reach,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.claim_origin import StoredClaim
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.sources import (
    CsiSource,
    is_made_from_snapshot,
    restored_name,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    config,
    plan,
    restore,
    write_backup,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.snapshot_objects import (
    CLAIM,
    NAME,
    VOLUME,
    put,
    without,
)

SOURCE = CsiSource(snapshot=NAME, restored_name="x", handle="snap-1", driver="d")
FROM_SNAPSHOT = ClaimDecision(keeps_volume=False, volume="pv1", snapshot=SOURCE)
KEPT = ClaimDecision(keeps_volume=True, volume="pv1")
ON_PURPOSE = ClaimDecision(keeps_volume=False, missing="skipped", on_purpose=True, volume="pv1")
STORED = put(CLAIM, "uid-1", "metadata", "uid")
STORED_VOLUME = put(VOLUME, "pv-uid-1", "metadata", "uid")


def live(labels: Object | None = None, source: str = "", *, uid: str = "uid-2", volume: str = "pvc-new") -> Object:
    """A claim of the cluster; ``source``: the VolumeSnapshot that it was made from."""
    spec: Object = {"volumeName": volume}
    if source:
        spec["dataSource"] = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": source}
    return {"metadata": {"name": "data", "namespace": "shop", "uid": uid, "labels": labels or {}}, "spec": spec}


LABELS = {"velero.io/backup-name": "b", "velero.io/restore-name": "r"}
VELERO = {**LABELS, "velero.io/volume-snapshot-name": NAME}
OURS = restored_name("r", "shop", NAME)


def made_from(found: Object, ours: bool) -> bool:
    return is_made_from_snapshot(STORED, "shop", found, ours=ours)


@pytest.mark.parametrize(
    ("found", "volume", "decision", "origin"),
    [
        pytest.param(live(uid="uid-1"), None, FROM_SNAPSHOT, "original", id="the claim that was backed up"),
        pytest.param(live(LABELS, OURS), None, FROM_SNAPSHOT, "restored", id="from our snapshot"),
        pytest.param(live(VELERO, "velero-9f2"), None, FROM_SNAPSHOT, "restored", id="from Velero's"),
        pytest.param(live(), None, FROM_SNAPSHOT, "foreign", id="made by a controller"),
        pytest.param(live(VELERO), None, FROM_SNAPSHOT, "foreign", id="our labels, and empty"),
        pytest.param(live(LABELS, "other"), None, FROM_SNAPSHOT, "foreign", id="of another snapshot"),
        pytest.param(
            live({**VELERO, "velero.io/backup-name": "c"}, "velero-9f2"),
            None,
            FROM_SNAPSHOT,
            "foreign",
            id="of another backup",
        ),
        pytest.param(live(volume="pv1"), STORED_VOLUME, KEPT, "original", id="its volume again"),
        pytest.param(live(volume="pv1"), STORED_VOLUME, FROM_SNAPSHOT, "original", id="its volume, in a new claim"),
        pytest.param(
            live(volume="pv1"),
            put(VOLUME, "u9", "metadata", "uid"),
            FROM_SNAPSHOT,
            "foreign",
            id="a namesake of its volume",
        ),
        pytest.param(live(), None, KEPT, "foreign", id="another volume than the kept one"),
        pytest.param(live(LABELS), None, ON_PURPOSE, "without data", id="left out on purpose, restored"),
        pytest.param(live(), None, ON_PURPOSE, "foreign", id="left out on purpose, somebody's"),
    ],
)
def test_origin_of_a_claim(found: Object, volume: Object | None, decision: ClaimDecision, origin: str) -> None:
    stored = StoredClaim(
        claim=STORED,
        namespace="shop",
        backup_name="b",
        decision=decision,
        made_from=made_from,
        volume=STORED_VOLUME,
        volume_name="pv1",
    )
    assert stored.origin_of(found, volume) == origin


def pod_spec(*volumes: Object) -> Object:
    return {"containers": [], "volumes": list(volumes)}


MOUNT: Object = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}
EPHEMERAL: Object = {"name": "tmp", "ephemeral": {"volumeClaimTemplate": {}}}
TEMPLATES: Object = {"volumeClaimTemplates": [{"metadata": {"name": "data"}}]}


def workload(kind: str, spec: Object, name: str = "db") -> tuple[str, Object]:
    return kind, {"metadata": {"name": name}, "spec": spec}


@pytest.mark.parametrize(
    ("kind", "body", "claims"),
    [
        pytest.param(*workload("pods", pod_spec(MOUNT)), ["data"], id="pod"),
        pytest.param(
            *workload("pods", pod_spec(EPHEMERAL)), ["db-tmp", "db-0-tmp", "db-x1-tmp"], id="ephemeral volume"
        ),
        pytest.param(*workload("deployments.apps", {"template": {"spec": pod_spec(MOUNT)}}), ["data"], id="deployment"),
        pytest.param(*workload("replicationcontrollers", {"template": {"spec": pod_spec(MOUNT)}}), ["data"], id="rc"),
        pytest.param(
            *workload("cronjobs.batch", {"jobTemplate": {"spec": {"template": {"spec": pod_spec(MOUNT)}}}}),
            ["data"],
            id="cron job",
        ),
        pytest.param(*workload("statefulsets.apps", TEMPLATES), ["data-db-0", "data-db-12"], id="stateful set"),
        pytest.param(*workload("statefulsets.apps", TEMPLATES, "db-es"), ["data-db-es-0"], id="another stateful set"),
        pytest.param(
            *workload("elasticsearches.example.org", {"nodeSets": [TEMPLATES]}),
            ["data-db-0", "data-db-12", "data-db-es-0"],
            id="custom resource with templates",
        ),
        pytest.param(
            *workload("tasks.example.org", {"storage": {"existingClaim": "data"}}), ["data"], id="custom resource"
        ),
        pytest.param(*workload("services", {"ports": [{"name": "data"}]}), [], id="service"),
        pytest.param(*workload("pods", {"volumes": None, "containers": 3}), [], id="odd shapes"),
    ],
)
def test_claims_that_are_needed(kind: str, body: Object, claims: list[str]) -> None:
    names = [
        "data",
        "db-tmp",
        "db-0-tmp",
        "db-x1-tmp",
        "data-db-0",
        "data-db-12",
        "data-db-es-0",
        "data-dbx-0",
        "data-db-a",
    ]
    assert claims_named_by(GroupResource.parse(kind), body, names) == claims


def quota(**more: t.Any) -> Object:
    return {"metadata": {"name": "q"}, **more}


@pytest.mark.parametrize(
    ("quotas", "exceeding"),
    [
        pytest.param([], [], id="none"),
        pytest.param([quota(status={"hard": {"requests.storage": "3Gi"}})], [], id="just enough"),
        pytest.param([quota(status={"hard": {"requests.storage": "2Gi"}})], ["c"], id="the last one is too much"),
        pytest.param(
            [quota(status={"hard": {"persistentvolumeclaims": "3"}, "used": {"persistentvolumeclaims": "1"}})],
            ["c"],
            id="used",
        ),
        pytest.param(
            [quota(status={"hard": {"fast.storageclass.storage.k8s.io/requests.storage": "1536Mi"}})],
            ["b", "c"],
            id="of a class",
        ),
        pytest.param(
            [quota(status={"hard": {"slow.storageclass.storage.k8s.io/persistentvolumeclaims": "0"}})], [], id="another"
        ),
        pytest.param(
            [quota(spec={"hard": {"count/persistentvolumeclaims": 0}})], ["a", "b", "c"], id="not counted yet"
        ),
        pytest.param(
            [quota(spec={"scopes": ["x"]}, status={"hard": {"persistentvolumeclaims": "0"}})], [], id="scopes"
        ),
        pytest.param([quota(status={"hard": {"requests.storage": "?"}})], [], id="no quantity"),
    ],
)
def test_claims_beyond_a_quota(quotas: list[Object], exceeding: list[str]) -> None:
    """Kubernetes, ResourceQuota: storage resources."""
    spec = {"storageClassName": "fast", "resources": {"requests": {"storage": "1Gi"}}}
    kind = GroupResource("persistentvolumeclaims")
    claims = [(kind, {"metadata": {"name": name}, "spec": spec}) for name in "abc"]
    assert sorted(find_exceeding(claims, quotas)) == [(kind, name) for name in exceeding]


@pytest.mark.parametrize(
    ("kind", "spec", "hard", "exceeding"),
    [
        pytest.param("configmaps", {}, {"configmaps": "1"}, ["b"], id="bare name"),
        pytest.param("deployments.apps", {}, {"count/deployments.apps": "1"}, ["b"], id="count"),
        pytest.param("deployments.apps", {}, {"count/deployments": "0"}, [], id="count of another group"),
        pytest.param("services", {"type": "LoadBalancer"}, {"services.loadbalancers": "0"}, ["a", "b"], id="balancers"),
        pytest.param("services", {"type": "ClusterIP"}, {"services.loadbalancers": "0"}, [], id="no balancer"),
        pytest.param(
            "pods", {"containers": [{"resources": {"requests": {"cpu": "600m"}}}]}, {"cpu": "1"}, ["b"], id="cpu"
        ),
        pytest.param(
            "pods",
            {"containers": [{"resources": {"limits": {"memory": "1Gi"}}}] * 2},
            {"limits.memory": "3Gi"},
            ["b"],
            id="limits of two containers",
        ),
        pytest.param("pods", {"containers": None}, {"pods": "2"}, [], id="odd shapes"),
    ],
)
def test_objects_beyond_a_quota(kind: str, spec: Object, hard: Object, exceeding: list[str]) -> None:
    """Kubernetes, ResourceQuota: compute resources and object counts."""
    found = GroupResource.parse(kind)
    objects = [(found, {"metadata": {"name": name}, "spec": spec}) for name in "ab"]
    assert sorted(find_exceeding(objects, [quota(status={"hard": hard})])) == [(found, name) for name in exceeding]


NODES = [{"zone": "a", "disk": "ssd"}, {"zone": "b"}]


@pytest.mark.parametrize(
    ("terms", "reached"),
    [
        pytest.param([], True, id="anywhere"),
        pytest.param([[("zone", "In", ["a"])]], True, id="a zone"),
        pytest.param([[("zone", "In", ["z"])]], False, id="a zone without nodes"),
        pytest.param([[("zone", "In", ["z"])], [("zone", "In", ["b"])]], True, id="one of two terms"),
        pytest.param([[("zone", "In", ["b"]), ("disk", "Exists", [])]], False, id="both on one node"),
        pytest.param([[("disk", "DoesNotExist", []), ("zone", "NotIn", ["a"])]], True, id="negations"),
        pytest.param([[("size", "Gt", ["3"])]], True, id="numbers are not judged"),
    ],
)
def test_volumes_out_of_reach(terms: list[list[tuple[str, str, list[str]]]], *, reached: bool) -> None:
    """Kubernetes, node selectors."""
    written = [
        {"matchExpressions": [{"key": key, "operator": operator, "values": values} for key, operator, values in term]}
        for term in terms
    ]
    volume = {"spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": written}}}}
    assert (why_out_of_reach(volume, NODES) == "") is reached
    assert why_out_of_reach(volume, []) == ""


@pytest.mark.parametrize(("zones", "reached"), [(["a"], True), (["z"], False), (["z", "b"], True)])
def test_classes_out_of_reach(zones: list[str], *, reached: bool) -> None:
    topology = [{"matchLabelExpressions": [{"key": "zone", "values": zones}]}]
    storage_class = {"metadata": {"name": "fast"}, "allowedTopologies": topology}
    assert (why_no_topology(storage_class, NODES) == "") is reached


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param({"namespace_mapping": {"shopp": "x"}}, "the namespace 'shopp'", id="namespace"),
        pytest.param({"included_namespaces": ["shopp"]}, "the namespace 'shopp'", id="included namespace"),
        pytest.param({"included_resources": ["confimaps"]}, "the type 'confimaps'", id="type"),
        pytest.param({"storage_class_mapping": {"fst": "x"}}, "the class 'fst'", id="class"),
        pytest.param({"image_mapping": {"ngin": "x"}}, "the image 'ngin'", id="image"),
        pytest.param({"names": ("configmap/none",)}, "the object 'configmap/none'", id="name"),
        pytest.param({"included_namespaces": ["shopp*"]}, "", id="pattern of namespaces"),
        pytest.param({"included_resources": ["nothing*"]}, "", id="pattern of types"),
        pytest.param({"names": ("configmap/no*",)}, "", id="pattern of names"),
        pytest.param({"included_resources": ["secrets"]}, "", id="a type that the backup has none of"),
        pytest.param({"namespace_mapping": {"shop": "x"}, "image_mapping": {"nginx": "y"}}, "", id="what fits"),
    ],
)
def test_names_that_fit_nothing(api: RestoreApi, store: t.Any, options: Object, said: str) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"containers": [{"name": "c", "image": "nginx:1"}]},
    }
    write_backup(store, "b", config("a"), ("pods", pod))
    if not said:
        assert plan(api, store, fail_on_empty=False, **options).errors_list == []
        return
    for engine in (plan, restore):
        with pytest.raises(ValidationError, match=f"{said}, which the backup does not hold") as caught:
            engine(api, store, **copy.deepcopy(options))
        assert caught.value.details["phase"] == "FailedValidation"
    assert api.names("configmaps", "shop") == []
    spec_fields = frozenset(options) & {"namespace_mapping", "included_namespaces", "included_resources"}
    if spec_fields:
        told = plan(api, store, from_manifest=spec_fields, **copy.deepcopy(options)).warnings_list
        assert any(said in warning["message"] for warning in told)
        with pytest.raises(ValidationError, match=f"{said}, which the backup does not hold"):
            plan(api, store, from_manifest=spec_fields, strict_selection=True, **copy.deepcopy(options))


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        pytest.param({"included_resources": ["secrets"]}, True, id="a type of which there is none"),
        pytest.param({"included_namespaces": ["shopp*"]}, True, id="a pattern"),
        pytest.param({"label_selector": {"matchLabels": {"app": "wbe"}}}, True, id="labels"),
        pytest.param({"select": lambda obj: False}, True, id="expression"),
        pytest.param({"included_resources": ["secrets"], "fail_on_empty": False}, False, id="not to be refused"),
        pytest.param(
            {"included_resources": ["secrets"], "from_manifest": frozenset({"included_resources"})},
            False,
            id="in a manifest",
        ),
        pytest.param(
            {
                "included_resources": ["secrets"],
                "label_selector": {"matchLabels": {"app": "web"}},
                "from_manifest": frozenset({"included_resources"}),
            },
            True,
            id="beside a manifest",
        ),
        pytest.param(
            {
                "included_resources": ["secrets"],
                "from_manifest": frozenset({"included_resources"}),
                "strict_selection": True,
            },
            True,
            id="in a manifest, strictly",
        ),
        pytest.param(
            {
                "included_resources": ["secrets"],
                "from_manifest": frozenset({"included_resources"}),
                "fail_on_empty": True,
            },
            True,
            id="in a manifest, to be refused",
        ),
    ],
)
def test_an_empty_selection(api: RestoreApi, store: t.Any, options: Object, *, refused: bool) -> None:
    write_backup(store, "b", config("a"))
    for engine in (plan, restore):
        if refused:
            with pytest.raises(ValidationError, match="was not begun: nothing in it fits the filters") as caught:
                engine(api, store, **copy.copy(options))
            assert caught.value.details["phase"] == "FailedValidation"
        else:
            told = [warning["message"] for warning in engine(api, store, **copy.copy(options)).warnings_list]
            assert "Nothing in backup 'b' fits the filters: zero items to be restored." in told


def test_an_empty_backup_is_an_empty_selection(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b")
    with pytest.raises(ValidationError, match="nothing in it could be restored: it holds no object"):
        restore(api, store)
    assert restore(api, store, fail_on_empty=False).phase == "Completed"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("configmaps/shop/b", "Did you mean configmaps/shop/a?"),
        ("configmap/some-other-name-altogether", "It holds configmap/shop/a."),
        ("secret/shop/a", "It holds none of them."),
    ],
)
def test_an_object_that_is_not_stored_is_told_with_those_that_are(
    api: RestoreApi, store: t.Any, name: str, hint: str
) -> None:
    write_backup(store, "b", config("a"))
    with pytest.raises(ValidationError) as caught:
        plan(api, store, names=(name,))
    assert caught.value.hint == hint


def test_stored_claims_without_a_uid_are_known_by_their_volume() -> None:
    stored = StoredClaim(
        claim=without(STORED, "metadata", "uid"), namespace="shop", backup_name="b", decision=FROM_SNAPSHOT,
        made_from=made_from,
        volume=VOLUME, volume_name="pv1",
    )  # fmt: skip
    assert stored.origin_of(live(volume="pv1"), None) == "original"
    assert stored.origin_of(live(), None) == "foreign"
