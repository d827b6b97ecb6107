# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""VolumeSnapshotLocations of backups: Velero's rules (docs/compatibility 3.2, 3.3), and where snapshots of AWS are."""

from __future__ import annotations

import base64
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.location_book import LocationBook
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import OperationObjects
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.snapshot_locations import find_location
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import VELERO
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.operations.operations_lab import (
    NAMESPACE,
    OperationsLab,
)

AWS = {"provider": "aws", "config": {"region": "eu-central-1"}}
NOT_FOUND = 'VolumeSnapshotLocation.velero.io "no" not found'


@pytest.fixture
def lab(tmp_path: Path) -> OperationsLab:
    found = OperationsLab(tmp_path)
    found.add_location(default=True)
    return found


@pytest.mark.parametrize(
    ("there", "named", "chosen", "said"),
    [
        ({}, [], [], ""),
        ({"east": "aws"}, [], ["east"], ""),
        ({"east": "aws", "west": "aws"}, ["west"], ["west"], ""),
        ({"east": "aws", "disk": "gcp"}, ["east"], ["disk", "east"], ""),
        ({}, ["no"], [], NOT_FOUND),
        ({"east": "aws", "west": "aws"}, [], [], "provider aws has more than one possible volume snapshot location"),
        (
            {"east": "aws", "west": "aws"},
            ["east", "west"],
            [],
            "more than one VolumeSnapshotLocation name specified for provider aws: west; unexpected name was east",
        ),
    ],
)
def test_which_a_backup_uses(
    lab: OperationsLab, there: dict[str, str], named: list[str], chosen: list[str], said: str
) -> None:
    for name, provider in there.items():
        lab.api.add("volumesnapshotlocations", name, NAMESPACE, spec={"provider": provider})
    lab.add("backups", "one", {"includedNamespaces": ["shop"], "volumeSnapshotLocations": named})
    lab.pass_once()
    backup = lab.get("backups", "one")
    if said:
        assert backup["status"]["phase"] == "FailedValidation"
        assert said in backup["status"]["validationErrors"][0]
    else:
        assert backup["status"]["phase"] == "Completed"
        assert list(backup["spec"].get("volumeSnapshotLocations") or ()) == chosen


def _found(lab: OperationsLab, **spec: t.Any) -> SnapshotLocation | None:
    lab.api.add("volumesnapshotlocations", "east", NAMESPACE, spec=spec)
    client: KubeClient = lab.api.client
    objects = OperationObjects(client, VELERO, NAMESPACE)
    book = LocationBook(objects, client, given={}, restore_only=False, cancel=CancelToken())
    return find_location({"spec": {"volumeSnapshotLocations": ["east"]}}, objects, book)


def test_where_snapshots_of_aws_are(lab: OperationsLab) -> None:
    keys = "[default]\naws_access_key_id=server\naws_secret_access_key=a\n"
    lab.api.add("secrets", "cloud-credentials", NAMESPACE, data={"cloud": base64.b64encode(keys.encode()).decode()})
    found = _found(lab, **{**AWS, "config": {"region": "eu-central-1", "ebsKmsKeyId": "k"}})
    assert found == SnapshotLocation(
        name="east", region="eu-central-1", access_key="server", secret_key="a", kms_key_id="k"
    )


@pytest.mark.parametrize("spec", [{"provider": "gcp"}, {"provider": "aws"}, {**AWS, "config": {"region": ""}}])
def test_locations_that_are_none_of_aws(lab: OperationsLab, spec: dict[str, t.Any]) -> None:
    assert _found(lab, **spec) is None


def test_a_location_without_its_secret_makes_no_backup_fail(lab: OperationsLab) -> None:
    """It may have no volume of that kind at all."""
    spec = {**AWS, "credential": {"name": "no", "key": "cloud"}}
    lab.api.add("volumesnapshotlocations", "east", NAMESPACE, spec=spec)
    lab.add("backups", "one", {"includedNamespaces": ["shop"]})
    outcome = lab.pass_once()
    assert lab.status("backups", "one")["phase"] == "Completed"
    assert "VolumeSnapshotLocation 'east' names the Secret 'no', which is not there" in " ".join(
        issue.message for issue in outcome.issues.warnings
    )


def test_what_is_not_valid_has_the_defaults_of_a_server_and_expires(lab: OperationsLab) -> None:
    lab.add("backups", "one", {"includedNamespaces": ["a"], "excludedNamespaces": ["a"], "storageLocation": "no"})
    lab.pass_once()
    backup = lab.get("backups", "one")
    errors = backup["status"]["validationErrors"]
    assert [error.partition(" ")[0] for error in errors] == ["an", "Invalid"]
    assert errors[0].endswith('Error: BackupStorageLocation.velero.io "no" not found')
    assert backup["status"]["expiration"]
    assert backup["spec"]["ttl"] == "720h0m0s"
    assert backup["metadata"]["labels"]["velero.io/storage-location"] == "no"
