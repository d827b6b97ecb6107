# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import itertools
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.json_patch import apply_merge_patch
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan import compare as comparing
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.compare import (
    compare,
    merge_patch,
    merge_service_account,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.diff_text import diff_entry

OURS = {"velero.io/backup-name": "b", "velero.io/restore-name": "r"}


def obj(labels: Object | None = None, annotations: Object | None = None, **rest: t.Any) -> Object:
    return {"metadata": {"name": "x", "labels": {**(labels or {}), **OURS}, "annotations": annotations or {}}, **rest}


def live(labels: Object | None = None, annotations: Object | None = None, **rest: t.Any) -> Object:
    metadata = {
        "name": "x",
        "uid": "u",
        "resourceVersion": "7",
        "generation": 3,
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "managedFields": [{"manager": "kubectl"}],
        "ownerReferences": [{"name": "o"}],
        "finalizers": ["kubernetes.io/x"],
        "labels": labels or {},
        "annotations": annotations or {},
    }
    return {"apiVersion": "v1", "kind": "X", "metadata": metadata, "status": {"phase": "Running"}, **rest}


SCALER = "autoscaling.alpha.kubernetes.io"
ACCESS = {"name": "kube-api-access-new", "projected": {"sources": [{"configMap": {"name": "kube-root-ca.crt"}}]}}
OLD_ACCESS = {"name": "kube-api-access-old", "projected": {"sources": [{"configMap": {"name": "kube-root-ca.crt"}}]}}


@pytest.mark.parametrize(
    ("kind", "there", "wanted"),
    [
        pytest.param("configmaps", live(data={"a": "1"}), obj(data={"a": "1"}), id="system metadata and our labels"),
        pytest.param(
            "configmaps",
            live(labels={"velero.io/backup-name": "other", "ark-restore": "z"}, data={"a": "1"}),
            obj(data={"a": "1"}),
            id="labels of another restore",
        ),
        pytest.param("configmaps", live(data={}), obj(), id="empty is absent"),
        pytest.param("configmaps", live(data={"a": "1"}, binaryData=None), obj(data={"a": "1"}), id="null is absent"),
        pytest.param(
            "deployments.apps",
            live(annotations={"deployment.kubernetes.io/revision": "2"}, spec={"replicas": 1}),
            obj(annotations={"deployment.kubernetes.io/revision": "1"}, spec={"replicas": 1}),
            id="annotations of controllers",
        ),
        pytest.param(
            "horizontalpodautoscalers.autoscaling",
            live(annotations={f"{SCALER}/conditions": "[2]", f"{SCALER}/metrics": "[]"}),
            obj(
                annotations={
                    f"{SCALER}/conditions": "[1]",
                    f"{SCALER}/current-metrics": "[]",
                    f"{SCALER}/metrics": "[]",
                }
            ),
            id="the status of an autoscaler of v1",
        ),
        pytest.param(
            "services",
            live(
                spec={
                    "clusterIP": "10.0.0.9",
                    "clusterIPs": ["10.0.0.9"],
                    "ipFamilies": ["IPv4"],
                    "ports": [{"port": 80, "protocol": "TCP", "nodePort": 30001}],
                }
            ),
            obj(spec={"ports": [{"port": 80, "protocol": "TCP"}]}),
            id="service",
        ),
        pytest.param(
            "pods",
            live(
                spec={
                    "nodeName": "n",
                    "priority": 0,
                    "tolerations": [{"key": "k"}],
                    "volumes": [{"name": "data"}, ACCESS],
                    "containers": [{"name": "c", "volumeMounts": [{"name": "kube-api-access-new", "mountPath": "/s"}]}],
                }
            ),
            obj(
                spec={
                    "volumes": [{"name": "data"}, OLD_ACCESS],
                    "containers": [{"name": "c", "volumeMounts": [{"name": "kube-api-access-old", "mountPath": "/s"}]}],
                }
            ),
            id="pod",
        ),
        pytest.param(
            "persistentvolumeclaims",
            live(
                annotations={"pv.kubernetes.io/bind-completed": "yes", "volume.kubernetes.io/selected-node": "n"},
                spec={"volumeName": "pv9", "storageClassName": "loop"},
            ),
            obj(spec={"storageClassName": "loop"}),
            id="claim",
        ),
        pytest.param(
            "jobs.batch",
            live(
                spec={
                    "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "n"}},
                    "template": {"metadata": {"labels": {"controller-uid": "n", "a": "b"}}},
                }
            ),
            obj(spec={"template": {"metadata": {"labels": {"a": "b"}}}}),
            id="job",
        ),
        pytest.param(
            "leases.coordination.k8s.io", live(spec={"renewTime": "2"}), obj(spec={"renewTime": "1"}), id="lease"
        ),
        pytest.param("serviceaccounts", live(), obj(), id="service account"),
        pytest.param(
            "serviceaccounts",
            live(labels={"more": "1"}, secrets=[{"name": "a"}, {"name": "b"}]),
            obj(secrets=[{"name": "a"}]),
            id="service account that has more",
        ),
        pytest.param(
            "secrets",
            live(type="kubernetes.io/service-account-token", data={"token": "x", "ca.crt": "y", "namespace": "z"}),
            obj(type="kubernetes.io/service-account-token", data={"namespace": "z"}),
            id="token",
        ),
    ],
)
def test_equal(kind: str, there: Object, wanted: Object) -> None:
    assert compare(GroupResource.parse(kind), there, wanted).equal


@pytest.mark.parametrize(
    ("kind", "there", "wanted", "patch"),
    [
        pytest.param(
            "configmaps",
            live(data={"a": "1", "b": "2"}),
            obj(data={"a": "3"}),
            {"data": {"a": "3", "b": None}},
            id="update removes what the backup does not have (5.7)",
        ),
        pytest.param(
            "configmaps",
            live(labels={"gone": "1", "velero.io/backup-name": "other"}),
            obj(labels={"new": "1"}),
            {"metadata": {"labels": {"gone": None, "new": "1"}}},
            id="labels",
        ),
        pytest.param(
            "services",
            live(spec={"clusterIP": "10.0.0.9", "ports": [{"port": 80, "nodePort": 30001}]}),
            obj(spec={"ports": [{"port": 80}, {"port": 443}]}),
            {"spec": {"ports": [{"port": 80, "nodePort": 30001}, {"port": 443}]}},
            id="service keeps its node port",
        ),
        pytest.param(
            "networkpolicies.networking.k8s.io",
            live(spec={"ingress": [{}]}),
            obj(spec={"ingress": []}),
            {"spec": {"ingress": []}},
            id="an empty rule is not no rule",
        ),
        pytest.param(
            "horizontalpodautoscalers.autoscaling",
            live(annotations={f"{SCALER}/metrics": "[2]", f"{SCALER}/behavior": "{}"}),
            obj(annotations={f"{SCALER}/metrics": "[1]"}),
            {"metadata": {"annotations": {f"{SCALER}/behavior": None, f"{SCALER}/metrics": "[1]"}}},
            id="what an autoscaler of v1 goes by",
        ),
    ],
)
def test_different(kind: str, there: Object, wanted: Object, patch: Object) -> None:
    found = compare(GroupResource.parse(kind), there, wanted)
    assert found.patch is not None
    labels = found.patch["metadata"]["labels"]
    assert {name: labels.pop(name) for name in OURS} == OURS
    if not labels:
        del found.patch["metadata"]["labels"]
    if not found.patch["metadata"]:
        del found.patch["metadata"]
    assert found.patch == patch
    assert not found.always


SIDES = list(
    itertools.product([{}, {"l": "1"}, {"l": "2"}], [{}, {"n": "1"}], [{}, {"data": {}}, {"data": {"a": "1"}}])
)


@pytest.mark.parametrize("kind", ["configmaps", "serviceaccounts"])
def test_the_quick_answer_is_that_of_the_close_look(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def answers() -> list[tuple[t.Any, bool]]:
        pairs = [(live(*there[:2], **there[2]), obj(*wanted[:2], **wanted[2])) for there in SIDES for wanted in SIDES]
        found = [compare(GroupResource.parse(kind), there, wanted) for there, wanted in pairs]
        return [(each.patch, each.always) for each in found]

    quick = answers()
    monkeypatch.setattr(comparing, "is_plainly_equal", lambda _live, _desired: False)
    assert quick == answers()
    assert 0 < sum(patch is None for patch, _always in quick) < len(quick)


def test_service_account_merge() -> None:
    """docs/compatibility 5.7: appended by name, existing keys win."""
    there = live(labels={"a": "live"}, secrets=[{"name": "s1"}])
    wanted = obj(
        labels={"a": "stored", "b": "1"}, secrets=[{"name": "s1"}, {"name": "s2"}], imagePullSecrets=[{"name": "i"}]
    )
    assert merge_service_account(there, wanted) == {
        "secrets": [{"name": "s1"}, {"name": "s2"}],
        "imagePullSecrets": [{"name": "i"}],
        "metadata": {"labels": {"b": "1"}},
    }
    assert compare(GroupResource("serviceaccounts"), there, wanted).always


def test_bound_volume_keeps_its_claim() -> None:
    there = live(spec={"claimRef": {"namespace": "shop", "name": "data", "uid": "u"}}) | {"status": {"phase": "Bound"}}
    wanted = obj(spec={"claimRef": {"namespace": "shop2", "name": "data"}})
    assert compare(GroupResource("persistentvolumes"), there, wanted).equal


def test_released_volume_is_given_back() -> None:
    there = live(spec={"claimRef": {"namespace": "shop", "name": "data", "uid": "u"}}) | {
        "status": {"phase": "Released"}
    }
    found = compare(
        GroupResource("persistentvolumes"), there, obj(spec={"claimRef": {"namespace": "shop", "name": "data"}})
    )
    assert found.always
    assert found.patch is not None
    assert found.patch["spec"] == {"claimRef": {"uid": None, "resourceVersion": None}}


@pytest.mark.parametrize(
    ("before", "after", "patch"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {}, {"a": None}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, {"a": {"c": None}}),
        ({"a": [1]}, {"a": [1, 2]}, {"a": [1, 2]}),
        ({"a": {"b": 1}}, {"a": "x"}, {"a": "x"}),
    ],
)
def test_merge_patch_round_trip(before: Object, after: Object, patch: Object) -> None:
    """RFC 7386."""
    assert merge_patch(before, after) == patch
    unchanged = copy.deepcopy(before)
    assert apply_merge_patch(before, patch) == after
    assert before == unchanged


SECRETS = GroupResource("secrets")


def test_secret_values_are_masked() -> None:
    before = {"metadata": {"name": "s"}, "data": {"same": "YQ==", "other": "Yg==", "gone": "Yw=="}}
    after = {"metadata": {"name": "s"}, "data": {"same": "YQ==", "other": "ZA==", "new": "ZQ=="}}
    entry = diff_entry(SECRETS, "secrets shop/s", before, after)
    text = entry["before"] + entry["after"]
    assert not any(value in text for value in ("YQ==", "Yg==", "Yw==", "ZA==", "ZQ=="))
    assert "other: '******** (before)'" in entry["before"]
    assert "other: '******** (after)'" in entry["after"]
    assert entry["before"].count("same: '********'\n") == entry["after"].count("same: '********'\n") == 1


def test_last_applied_secret_is_masked() -> None:
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": '{"data":{"p":"c2VjcmV0"}}'}
    entry = diff_entry(
        SECRETS, "s", None, {"metadata": {"name": "s", "annotations": annotations}, "stringData": {"p": "hush"}}
    )
    assert "c2VjcmV0" not in entry["after"]
    assert "hush" not in entry["after"]
    assert entry["before"] == ""
