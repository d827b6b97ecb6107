# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resource policies: docs/compatibility 3.13, and the policies of docs/compatibility 10.3."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_policy import (
    IncludeExcludePolicy,
    VolumeAction,
    parse_policy,
    policy_of_config_map,
)


def volume(size: str = "10Gi", storage_class: str = "fast", **source: t.Any) -> dict[str, t.Any]:
    spec = {"capacity": {"storage": size}, "storageClassName": storage_class, "claimRef": {"name": "c"}}
    return {"metadata": {"name": "pv"}, "spec": {**spec, **(source or {"hostPath": {"path": "/x"}})}}


def claim(phase: str = "Bound", **labels: str) -> dict[str, t.Any]:
    return {"metadata": {"name": "c", "labels": labels}, "status": {"phase": phase}}


def matches(conditions: t.Any, *objects: t.Any) -> bool:
    rule = {"conditions": conditions, "action": {"type": "skip"}}
    return parse_policy({"version": "v1", "volumePolicies": [rule]}).volume_action(*objects) is not None


NFS = volume(nfs={"server": "10.0.0.1", "path": "/srv"})
CSI = volume(csi={"driver": "ebs.csi.aws.com", "volumeAttributes": {"a": "1", "b": "2"}})


@pytest.mark.parametrize(
    ("conditions", "objects", "matched"),
    [
        pytest.param({}, (claim(), volume()), True, id="empty-always-matches"),
        pytest.param(None, (claim(), volume()), True, id="null-always-matches"),
        pytest.param({}, (), True, id="empty-matches-even-nothing"),
        *(
            pytest.param({"capacity": text}, (claim(), volume("10Gi")), matched, id=f"capacity {text}")
            for text, matched in (
                ("10Gi,10Gi", True),
                ("1Gi,20Gi", True),
                (" 1Gi , 20Gi ", True),
                ("11Gi,", False),
                ("10Gi,", True),
                (",10Gi", True),
                (",9.9Gi", False),
                ("0,10Gi", True),
                (",", True),
                ("10G,10G", False),
            )
        ),
        pytest.param({"capacity": ",10Gi"}, (None, None, {"name": "v", "emptyDir": {}}), True, id="no-capacity-is-0"),
        pytest.param({"capacity": "1,10Gi"}, (None, None, {"name": "v", "emptyDir": {}}), False, id="0-is-too-small"),
        pytest.param({"storageClass": ["slow", "fast"]}, (claim(), volume()), True, id="class"),
        pytest.param({"storageClass": ["slow"]}, (claim(), volume()), False, id="other-class"),
        pytest.param({"storageClass": ["fast"]}, (claim("Pending"), None), False, id="class-of-no-volume"),
        pytest.param({"nfs": {}}, (claim(), NFS), True, id="any-nfs"),
        pytest.param({"nfs": {}}, (claim(), CSI), False, id="no-nfs"),
        pytest.param({"nfs": {"server": "10.0.0.1"}}, (claim(), NFS), True, id="nfs-server"),
        pytest.param({"nfs": {"server": "10.0.0.2"}}, (claim(), NFS), False, id="other-nfs-server"),
        pytest.param({"nfs": {"path": "/srv"}}, (claim(), NFS), True, id="nfs-path"),
        pytest.param({"nfs": {"server": "10.0.0.1", "path": "/"}}, (claim(), NFS), False, id="other-nfs-path"),
        pytest.param({"nfs": {"server": "s", "path": ""}}, (None, None, {"nfs": {"server": "s"}}), True, id="pod-nfs"),
        pytest.param({"csi": {}}, (claim(), CSI), True, id="any-csi"),
        pytest.param({"csi": {}}, (claim(), NFS), False, id="no-csi"),
        pytest.param({"csi": {"driver": "ebs.csi.aws.com"}}, (claim(), CSI), True, id="driver"),
        pytest.param({"csi": {"driver": "efs.csi.aws.com"}}, (claim(), CSI), False, id="other-driver"),
        pytest.param(
            {"csi": {"driver": "ebs.csi.aws.com", "volumeAttributes": {"a": "1"}}}, (claim(), CSI), True, id="attribute"
        ),
        pytest.param(
            {"csi": {"driver": "ebs.csi.aws.com", "volumeAttributes": {"a": "2"}}}, (claim(), CSI), False, id="other"
        ),
        pytest.param({"volumeTypes": ["csi", "nfs"]}, (claim(), NFS), True, id="type"),
        pytest.param({"volumeTypes": ["hostPath"]}, (claim(), NFS), False, id="other-type"),
        pytest.param({"volumeTypes": ["emptyDir"]}, (None, None, {"name": "v", "emptyDir": {}}), True, id="pod-type"),
        pytest.param(
            {"volumeTypes": ["configMap"]}, (None, None, {"name": "v", "emptyDir": {}}), False, id="pod-other"
        ),
        pytest.param({"pvcLabels": {"a": "1"}}, (claim(a="1", b="2"), volume()), True, id="labels-are-a-subset"),
        pytest.param({"pvcLabels": {"a": "1", "c": "3"}}, (claim(a="1"), volume()), False, id="a-label-is-missing"),
        pytest.param({"pvcLabels": {"a": "1"}}, (None, volume()), False, id="labels-of-no-claim"),
        pytest.param({"pvcPhase": ["Pending", "Lost"]}, (claim("Pending"), None), True, id="phase"),
        pytest.param({"pvcPhase": ["Pending"]}, (claim(), volume()), False, id="other-phase"),
        pytest.param({"nfs": {}, "capacity": "1Ti,"}, (claim(), NFS), False, id="all-must-hold"),
    ],
)
def test_conditions(conditions: t.Any, objects: tuple[t.Any, ...], matched: bool) -> None:
    assert matches(conditions, *objects) is matched


DOCUMENT = """
version: v1
volumePolicies:
- conditions:
    storageClass: [fast]
  action:
    type: skip
- conditions:
    capacity: "0,100Gi"
  action:
    type: fs-backup
    parameters: {depth: 3}
- action:
    type: custom
includeExcludePolicy:
  includedNamespaceScopedResources: [pods]
  excludedClusterScopedResources: [storageclasses]
"""


def test_the_first_match_wins() -> None:
    policy = parse_policy(DOCUMENT)
    assert policy.volume_action(claim(), volume()) == VolumeAction("skip")
    assert policy.volume_action(claim(), volume(storage_class="slow")) == VolumeAction("fs-backup", {"depth": 3})
    assert policy.volume_action(claim(), volume("1Ti", "slow")) == VolumeAction("custom")
    assert policy.include_exclude == IncludeExcludePolicy(
        included_namespace_scoped_resources=("pods",), excluded_cluster_scoped_resources=("storageclasses",)
    )


def test_no_match_is_no_action() -> None:
    policy = parse_policy("{version: v1, volumePolicies: [{conditions: {nfs: {}}, action: {type: skip}}]}")
    assert policy.volume_action(claim(), CSI) is None
    assert policy.include_exclude is None


def test_a_mapping_may_be_written_in_snake_case() -> None:
    policy = parse_policy(
        {
            "version": "v1",
            "volume_policies": [{"conditions": {"storage_class": ["fast"]}, "action": {"type": "skip"}}],
            "include_exclude_policy": {"included_cluster_scoped_resources": ["nodes"]},
        }
    )
    assert policy.volume_action(claim(), volume()) == VolumeAction("skip")
    assert policy.include_exclude == IncludeExcludePolicy(included_cluster_scoped_resources=("nodes",))


def rule(**members: t.Any) -> dict[str, t.Any]:
    return {"version": "v1", "volumePolicies": [{"action": {"type": "skip"}, **members}]}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param("version: v1\nversion: v1", "the key 'version' is written twice", id="duplicate-key"),
        pytest.param("version: v1\nvolumePolices: []", "has no field 'volumePolices'", id="unknown-key"),
        pytest.param("version: v1\nvolume_policies: []", "has no field 'volume_policies'", id="snake-case-in-text"),
        pytest.param("version: v2", "The version of the resource policy is 'v2'", id="version"),
        pytest.param("volumePolicies: []", "The version of the resource policy is None", id="no-version"),
        pytest.param("version: v1\n---\nversion: v1", "has 2 documents", id="two-documents"),
        pytest.param("", "has 0 documents", id="no-document"),
        pytest.param("[a]", "is not a mapping", id="a-list"),
        pytest.param("version: v1\nvolumePolicies: {}", "are not a list", id="policies-of-another-type"),
        pytest.param(rule(action=None), "is None", id="no-action"),
        pytest.param(rule(action={"type": "Skip"}), "is 'Skip'", id="action"),
        pytest.param(rule(action={"type": "skip", "params": {}}), "has no field 'params'", id="unknown-in-action"),
        pytest.param(rule(conditions={"storageclass": ["a"]}), "has no field 'storageclass'", id="condition"),
        pytest.param(rule(conditions={"storageClass": "a"}), "is not a list", id="class-of-another-type"),
        pytest.param(rule(conditions={"storageClass": [1]}), "is not text", id="class-of-numbers"),
        pytest.param(rule(conditions={"capacity": "10Gi"}), "Write least and most|is '10Gi'", id="one-capacity"),
        pytest.param(rule(conditions={"capacity": "a,b"}), "'a' is not a quantity", id="no-quantity"),
        pytest.param(rule(conditions={"capacity": 10}), "is not text", id="a-number-for-capacity"),
        pytest.param(rule(conditions={"capacity": "2Gi,1Gi"}), "least is more than its most", id="wrong-way-round"),
        pytest.param(rule(conditions={"nfs": {"host": "a"}}), "has no field 'host'", id="nfs"),
        pytest.param(rule(conditions={"csi": {"volumeAttributes": {"a": "b"}}}), "no driver", id="no-driver"),
        pytest.param(rule(conditions={"pvcLabels": {"a": True}}), "is not text", id="label"),
        pytest.param(rule(conditions={"pvcPhase": ["bound"]}), "'bound', which no claim is in", id="phase"),
        pytest.param(rule(conditions={"pvc_phase": [], "pvcPhase": []}), "in two spellings", id="two-spellings"),
        pytest.param(
            {"version": "v1", "includeExcludePolicy": {"includedClusterScopedResources": ["*"]}},
            "a list with",
            id="star",
        ),
        pytest.param({"version": "v1", "includeExcludePolicy": {"included": []}}, "no field 'included'", id="list"),
    ],
)
def test_what_is_refused(document: t.Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        parse_policy(document)


def test_a_typo_gets_the_near_name() -> None:
    with pytest.raises(ValidationError) as caught:
        parse_policy("version: v1\nvolumePolices: []")
    assert caught.value.hint == "Did you mean volumePolicies?"


@pytest.mark.parametrize("data", [None, {}, {"a": "version: v1", "b": "version: v1"}])
def test_a_config_map_has_one_key(data: t.Any) -> None:
    found = {"metadata": {"namespace": "velero", "name": "rules"}, "data": data}
    with pytest.raises(ValidationError, match="the resource policy in ConfigMap velero/rules has"):
        policy_of_config_map(found)


def test_a_config_map() -> None:
    found = policy_of_config_map({"metadata": {"namespace": "velero", "name": "rules"}, "data": {"x.yml": DOCUMENT}})
    assert found == parse_policy(DOCUMENT)


@pytest.mark.parametrize(
    ("action", "words"),
    [("skip", []), ("custom", []), ("fs-backup", ["node agent"]), ("snapshot", [])],
)
def test_actions_that_cannot_be_done(action: str, words: list[str]) -> None:
    said = parse_policy(rule(action={"type": action})).unsupported_actions()
    assert len(said) == len(words)
    assert all(word in sentence for word, sentence in zip(words, said, strict=True))
