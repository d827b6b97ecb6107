# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import (
    BackupSpec,
    compared_spec,
    differing_fields,
    parse_ttl,
)

# docs/compatibility 3.2: what every spec holds that a server has accepted, with the agent's features switched off.
VS, VSC = "volumesnapshots.snapshot.storage.k8s.io", "volumesnapshotcontents.snapshot.storage.k8s.io"
DEFAULTS: dict[str, t.Any] = {
    "metadata": {},
    "includedNamespaces": ["*"],
    "excludedClusterScopedResources": [VSC],
    "excludedNamespaceScopedResources": [VS],
    "ttl": "720h0m0s",
    "hooks": {},
    "storageLocation": "default",
    "defaultVolumesToFsBackup": False,
    "csiSnapshotTimeout": "10m0s",
    "itemOperationTimeout": "4h0m0s",
    "snapshotMoveData": False,
    "volumeGroupSnapshotLabelKey": "velero.io/volume-group",
}


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        pytest.param({}, {}, id="defaults"),
        pytest.param({"included_namespaces": None, "ttl": None, "label_selector": None}, {}, id="none-is-absent"),
        pytest.param({"included_namespaces": ["a", "b"]}, {"includedNamespaces": ["a", "b"]}, id="namespaces"),
        pytest.param({"excluded_namespaces": ["a"]}, {"excludedNamespaces": ["a"]}, id="excluded-namespaces"),
        pytest.param(
            {"included_cluster_scoped_resources": ["pv"]}, {"includedClusterScopedResources": ["pv"]}, id="cluster"
        ),
        pytest.param(
            {"excluded_cluster_scoped_resources": ["sc"]}, {"excludedClusterScopedResources": ["sc", VSC]}, id="no-sc"
        ),
        pytest.param(
            {"included_namespace_scoped_resources": ["po"]}, {"includedNamespaceScopedResources": ["po"]}, id="scoped"
        ),
        pytest.param(
            {"excluded_namespace_scoped_resources": ["*"]}, {"excludedNamespaceScopedResources": ["*"]}, id="star-alone"
        ),
        pytest.param(
            {"or_label_selectors": [{"matchLabels": {"a": "1"}}, "b in (2,3)"]},
            {
                "orLabelSelectors": [
                    {"matchLabels": {"a": "1"}},
                    {"matchExpressions": [{"key": "b", "operator": "In", "values": ["2", "3"]}]},
                ]
            },
            id="or-selectors",
        ),
        pytest.param(
            {"ordered_resources": {"pods": ["shop/b", "shop/a"], "persistentvolumes": "pv2, pv1"}},
            {"orderedResources": {"pods": "shop/b,shop/a", "persistentvolumes": "pv2,pv1"}},
            id="ordered",
        ),
        pytest.param(
            {"hooks": [{"name": "h", "pre": [{"exec": {"command": ["a"], "onError": "Fail", "timeout": "5s"}}]}]},
            {
                "hooks": {
                    "resources": [
                        {"name": "h", "pre": [{"exec": {"command": ["a"], "onError": "Fail", "timeout": "5s"}}]}
                    ]
                }
            },
            id="hooks",
        ),
        pytest.param({"labels": {"team": "a"}}, {"metadata": {"labels": {"team": "a"}}}, id="labels"),
        pytest.param({"volume_snapshot_locations": ["aws"]}, {"volumeSnapshotLocations": ["aws"]}, id="vsl"),
        pytest.param({"csi_snapshot_timeout": "20m"}, {"csiSnapshotTimeout": "20m0s"}, id="csi-timeout"),
        pytest.param({"csi_snapshot_timeout": "0"}, {}, id="zero-is-the-default"),
        pytest.param({"item_operation_timeout": "1h"}, {"itemOperationTimeout": "1h0m0s"}, id="operation-timeout"),
        pytest.param(
            {"volume_group_snapshot_label_key": "x/group"}, {"volumeGroupSnapshotLabelKey": "x/group"}, id="group-label"
        ),
        pytest.param({"volume_group_snapshot_label_key": ""}, {}, id="empty-group-label"),
        pytest.param(
            {"resource_policy": {"kind": "configmap", "name": "p"}},
            {"resourcePolicy": {"kind": "configmap", "name": "p"}},
            id="policy",
        ),
        pytest.param({"datamover": "velero"}, {"datamover": "velero"}, id="data-mover-as-asked"),
        pytest.param(
            {"uploader_config": {"parallelFilesUpload": 4}}, {"uploaderConfig": {"parallelFilesUpload": 4}}, id="upload"
        ),
        # What is not done is never stored as done (docs/compatibility 12).
        pytest.param({"snapshot_volumes": True}, {"snapshotVolumes": True}, id="snapshots"),
        pytest.param({"snapshot_volumes": False}, {"snapshotVolumes": False}, id="no-snapshots"),
        pytest.param({"default_volumes_to_fs_backup": True}, {"defaultVolumesToFsBackup": True}, id="files"),
        pytest.param({"default_volumes_to_restic": True}, {"defaultVolumesToFsBackup": True}, id="files, old name"),
        pytest.param(
            {"default_volumes_to_fs_backup": False, "default_volumes_to_restic": True}, {}, id="today's name wins"
        ),
        pytest.param({"snapshot_move_data": True}, {"snapshotMoveData": True}, id="moved"),
        pytest.param({"storage_location": "minio"}, {"storageLocation": "minio"}, id="location"),
        pytest.param({"ttl": "24h"}, {"ttl": "24h0m0s"}, id="ttl"),
        pytest.param(
            {"label_selector": "app=web"}, {"labelSelector": {"matchLabels": {"app": "web"}}}, id="selector-text"
        ),
        pytest.param(
            {"label_selector": {"matchLabels": {"app": "web"}}},
            {"labelSelector": {"matchLabels": {"app": "web"}}},
            id="selector-mapping",
        ),
        pytest.param({"label_selector": {}}, {}, id="empty-selector"),
    ],
)
def test_what_is_stored(options: dict[str, t.Any], fields: dict[str, t.Any]) -> None:
    assert BackupSpec.from_options(options).to_dict() == DEFAULTS | fields


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        pytest.param({"included_resources": ["po"]}, {"includedResources": ["po"]}, id="resources-as-written"),
        pytest.param({"excluded_resources": ["secrets"]}, {"excludedResources": ["secrets", VS, VSC]}, id="excluded"),
        pytest.param({"include_cluster_resources": False}, {"includeClusterResources": False}, id="cluster-false"),
        pytest.param({"include_cluster_resources": True}, {"includeClusterResources": True}, id="cluster-true"),
    ],
)
def test_what_is_stored_with_old_filters(options: dict[str, t.Any], fields: dict[str, t.Any]) -> None:
    scoped = ("excludedClusterScopedResources", "excludedNamespaceScopedResources")
    expected = {name: value for name, value in DEFAULTS.items() if name not in scoped}
    assert BackupSpec.from_options(options).to_dict() == expected | {"excludedResources": [VS, VSC]} | fields


def test_never_expires() -> None:
    assert "ttl" not in BackupSpec.from_options({"ttl": "never"}).to_dict()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param(None, 2592000.0, id="default"),
        pytest.param("0", 2592000.0, id="zero-is-the-default"),
        pytest.param("0s", 2592000.0, id="zero-with-unit"),
        pytest.param("72h", 259200.0, id="hours"),
        pytest.param("never", None, id="never"),
    ],
)
def test_ttl(text: str | None, seconds: float | None) -> None:
    assert parse_ttl(text) == seconds


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"ttl": "-1h"}, "is in the past", id="negative-ttl"),
        pytest.param({"ttl": "30d"}, "ttl: '30d' is not a duration", id="days"),
        pytest.param({"includedNamespaces": ["a"]}, "A backup has no field 'includedNamespaces'", id="camel-case"),
        pytest.param({"ttl_seconds": 5}, "A backup has no field 'ttl_seconds'", id="inner-name"),
        pytest.param({"label_selector": {"app": "web"}}, "A label selector has no field 'app'", id="bare-labels"),
        pytest.param({"label_selector": "a in (b"}, "is not a term of a label selector", id="selector-text"),
        pytest.param({"or_label_selectors": ["a in (b"]}, "is not a term of a label selector", id="or-selector"),
        pytest.param({"csi_snapshot_timeout": "10"}, "csi_snapshot_timeout: '10' is not a duration", id="no-unit"),
        pytest.param({"item_operation_timeout": "-1h"}, "item_operation_timeout is '-1h'", id="negative-timeout"),
        pytest.param({"ordered_resources": {"pods": 5}}, "has no list of names for 'pods'", id="ordered"),
        pytest.param({"ordered_resources": {"pods": [5]}}, "has no list of names for 'pods'", id="ordered-names"),
        pytest.param({"hooks": [{}]}, "has no name", id="hooks"),
    ],
)
def test_wrong_options_get_a_sentence(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        BackupSpec.from_options(options)


@pytest.mark.parametrize(
    ("options", "count"),
    [
        pytest.param({}, 0, id="nothing"),
        pytest.param({"included_namespaces": ["*", "a"]}, 1, id="star-not-alone"),
        pytest.param({"included_namespaces": ["a"], "excluded_namespaces": ["a"]}, 1, id="in-both"),
        pytest.param({"excluded_namespaces": ["*"]}, 1, id="star-excluded"),
        pytest.param({"included_namespaces": ["{a,b}"]}, 1, id="namespace-pattern"),
        pytest.param({"included_resources": ["pods"], "excluded_resources": ["pods"]}, 1, id="resource-in-both"),
        pytest.param({"included_resources": ["*", "pods"]}, 1, id="resource-star"),
        pytest.param({"excluded_resources": ["*"]}, 0, id="star-in-excluded-resources-is-ignored"),
        pytest.param({"included_resources": ["{pods,secrets}"]}, 0, id="braces-in-resources"),
        pytest.param({"excluded_namespaces": ["*"], "included_resources": ["*", "x"]}, 2, id="both-are-told"),
        pytest.param({"included_cluster_scoped_resources": ["*", "a"]}, 1, id="cluster-star-not-alone"),
        pytest.param({"excluded_cluster_scoped_resources": ["*"]}, 0, id="cluster-star-excluded"),
        pytest.param(
            {"excluded_cluster_scoped_resources": ["*"], "included_cluster_scoped_resources": ["a"]}, 1, id="star-and-a"
        ),
        pytest.param({"excluded_namespace_scoped_resources": ["*"]}, 0, id="namespaced-star-excluded"),
        pytest.param({"excluded_namespace_scoped_resources": ["*", "a"]}, 1, id="namespaced-star-not-alone"),
        pytest.param(
            {"excluded_namespace_scoped_resources": ["a"], "included_namespace_scoped_resources": ["a"]}, 1, id="scoped"
        ),
    ],
)
def test_validation(options: dict[str, t.Any], count: int) -> None:
    spec = BackupSpec.from_options(options)
    assert len(spec.validation_errors()) == count
    if not count:
        spec.validate("nginx")
        return
    with pytest.raises(ValidationError, match="The spec of backup 'nginx' is not valid: Invalid") as caught:
        spec.validate("nginx")
    assert caught.value.details["validation_errors"] == spec.validation_errors()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param(
            {old: value, new: ["pods"]},
            "are old filters, which cannot be used with those",
            id=f"{old}-{new}",
        )
        for old, value in (
            ("included_resources", ["pods"]),
            ("excluded_resources", ["pods"]),
            ("include_cluster_resources", False),
        )
        for new in (
            "included_cluster_scoped_resources",
            "excluded_cluster_scoped_resources",
            "included_namespace_scoped_resources",
            "excluded_namespace_scoped_resources",
        )
    ]
    + [
        pytest.param(
            {"label_selector": "a", "or_label_selectors": ["b"]},
            "label_selector as well as or_label_selectors",
            id="both",
        ),
        pytest.param({"resource_policy": {"kind": "secret", "name": "p"}}, "its kind must be configmap", id="kind"),
        pytest.param({"resource_policy": {"kind": "configmap"}}, "it needs a name", id="no-name"),
    ],
)
def test_what_is_not_valid(options: dict[str, t.Any], words: str) -> None:  # docs/compatibility 3.3
    with pytest.raises(ValidationError, match=words) as caught:
        BackupSpec.from_options(options).validate("nginx")
    assert caught.value.details["phase"] == "FailedValidation"
    assert len(caught.value.details["validation_errors"]) == 1


@pytest.mark.parametrize("kind", ["configmap", "ConfigMap", "CONFIGMAP"])
def test_the_kind_of_a_policy_is_not_case_sensitive(kind: str) -> None:  # docs/compatibility 3.13
    BackupSpec.from_options({"resource_policy": {"kind": kind, "name": "p"}}).validate("nginx")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"snapshot_volumes": False, "default_volumes_to_fs_backup": False}, [], id="false"),
        pytest.param({"snapshot_volumes": True}, [], id="snapshots"),
        pytest.param({"default_volumes_to_fs_backup": True}, ["node agent"], id="files"),
        pytest.param({"default_volumes_to_restic": True}, ["node agent"], id="restic"),
        pytest.param({"snapshot_move_data": True}, ["k8s_backup alone"], id="moved"),
        pytest.param({"datamover": "velero"}, ["snapshot_move_data only"], id="data-mover"),
        pytest.param({"uploader_config": {"parallelFilesUpload": 2}}, ["k8s_backup alone"], id="uploader"),
        pytest.param({"uploader_config": {"a": 1}, "snapshot_move_data": True}, ["k8s_backup alone", "dump"], id="two"),
    ],
)
def test_unsupported_fields(options: dict[str, t.Any], words: list[str]) -> None:
    spec = BackupSpec.from_options(options)
    said = spec.unsupported_fields()
    assert len(said) == len(words)
    assert all(word in sentence and "leave it out" in sentence for word, sentence in zip(words, said, strict=True))
    assert spec.validation_errors() == []


@pytest.mark.parametrize(
    ("options", "labels", "selected"),
    [
        ({}, None, True),
        ({"label_selector": "a=1"}, {"a": "1"}, True),
        ({"label_selector": "a=1"}, {}, False),
        ({"or_label_selectors": ["a=1", "b"]}, {"b": "x"}, True),
        ({"or_label_selectors": ["a=1", "b"]}, {"a": "2"}, False),
    ],
)
def test_selectors(options: dict[str, t.Any], labels: t.Any, selected: bool) -> None:
    assert BackupSpec.from_options(options).selects_labels(labels) is selected


@pytest.mark.parametrize(
    ("stored", "fields"),
    [
        pytest.param({}, ["ttl"], id="a-server-stores-a-ttl"),
        pytest.param({"ttl": "720h0m0s"}, [], id="unset-lists-are-the-defaults"),
        pytest.param({"ttl": "720h0m0s", "excludedResources": [VS, VSC]}, [], id="always-excluded"),
        pytest.param({"ttl": "720h0m0s", "snapshotMoveData": True}, ["snapshotMoveData"], id="moved"),
        pytest.param({"ttl": "720h0m0s", "snapshotMoveData": False}, [], id="not-moved"),
        pytest.param({"ttl": "720h0m0s", "csiSnapshotTimeout": "1m0s"}, [], id="not-compared"),
        pytest.param({"ttl": "720h0m0s", "snapshotVolumes": False}, ["snapshotVolumes"], id="snapshots"),
        pytest.param({"ttl": "720h0m0s", "orderedResources": {"pods": "a/b"}}, ["orderedResources"], id="ordered"),
        pytest.param({"ttl": "720h0m0s", "hooks": {"resources": [{"name": "x"}]}}, ["hooks"], id="hooks"),
        pytest.param({"ttl": "720h0m0s", "orLabelSelectors": [{}]}, ["orLabelSelectors"], id="or-selectors"),
        pytest.param(
            {"ttl": "720h0m0s", "includedClusterScopedResources": ["pv"]}, ["includedClusterScopedResources"], id="new"
        ),
        pytest.param({"ttl": "720h0m0s", "metadata": {"labels": {"a": "b"}}}, ["metadata"], id="labels"),
        pytest.param({"ttl": "720h0m0s", "resourcePolicy": {"name": "p"}}, ["resourcePolicy"], id="policy"),
    ],
)
def test_what_is_compared_with_the_defaults(stored: dict[str, t.Any], fields: list[str]) -> None:
    assert differing_fields(compared_spec(BackupSpec().to_dict()), compared_spec(stored)) == fields


@pytest.mark.parametrize("name", ["", "Nginx", "a_b", "../x", "a/b", "x" * 221])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="cannot name a backup"):
        BackupSpec().validate(name)


@pytest.mark.parametrize(
    ("asked", "stored", "fields"),
    [
        pytest.param({"a": ["x"]}, {"a": ["x"]}, [], id="equal"),
        pytest.param({"a": ["x"]}, {"a": ["y"]}, ["a"], id="value"),
        pytest.param({"a": []}, {}, [], id="empty-is-absent"),
        pytest.param({"a": None, "b": {}, "c": ""}, {}, [], id="all-kinds-of-empty"),
        pytest.param({"a": False}, {}, ["a"], id="false-is-not-unset"),
        pytest.param({"a": False}, {"a": True}, ["a"], id="false-is-not-true"),
        pytest.param({"a": ["x", "y"]}, {"a": ["y", "x"]}, [], id="order-does-not-matter"),
        pytest.param({"b": 1, "a": 1}, {}, ["a", "b"], id="sorted"),
        pytest.param({}, {"z": 1}, ["z"], id="only-stored"),
    ],
)
def test_differing_fields(asked: dict[str, t.Any], stored: dict[str, t.Any], fields: list[str]) -> None:
    assert differing_fields(asked, stored) == fields
