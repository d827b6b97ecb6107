# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import (
    BackupSpec,
    differing_fields,
    parse_ttl,
)

# What every spec holds that a Velero 1.18 server has accepted (spec 3.2), with the agent's features switched off.
DEFAULTS: dict[str, t.Any] = {
    "metadata": {},
    "includedNamespaces": ["*"],
    "snapshotVolumes": False,
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
        pytest.param({"included_resources": ["po"]}, {"includedResources": ["po"]}, id="resources-as-written"),
        pytest.param({"excluded_resources": ["secrets"]}, {"excludedResources": ["secrets"]}, id="excluded-resources"),
        pytest.param({"include_cluster_resources": False}, {"includeClusterResources": False}, id="cluster-false"),
        pytest.param({"include_cluster_resources": True}, {"includeClusterResources": True}, id="cluster-true"),
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
        pytest.param({"ttl": "30d"}, "is not a duration", id="days"),
        pytest.param({"includedNamespaces": ["a"]}, "A backup has no field 'includedNamespaces'", id="camel-case"),
        pytest.param({"ttl_seconds": 5}, "A backup has no field 'ttl_seconds'", id="inner-name"),
        pytest.param({"label_selector": {"app": "web"}}, "A label selector has no field 'app'", id="bare-labels"),
        pytest.param({"label_selector": "a in (b"}, "is not a term of a label selector", id="selector-text"),
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


@pytest.mark.parametrize("name", ["", "Nginx", "a_b", "../x", "a/b", "x" * 254])
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
