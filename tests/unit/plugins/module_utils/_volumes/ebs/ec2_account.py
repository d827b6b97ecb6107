# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EC2 as moto plays it: an account with volumes, and the PersistentVolumes that are on them."""

from __future__ import annotations

import contextlib
import functools
import os
import typing as t
from unittest import mock

import boto3
import botocore.loaders
import botocore.session
from moto import mock_aws

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.ec2 import EbsSnapshotter
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.names import DRIVER
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation

REGION = "eu-central-1"
ZONE = "eu-central-1b"


class Ec2Account:
    """What the tests look at with boto3 itself."""

    def __init__(self) -> None:
        self.client = _client()

    def snapshotter(self, **options: t.Any) -> EbsSnapshotter:
        return EbsSnapshotter(SnapshotLocation(region=REGION, access_key="key", secret_key="secret", **options))

    def make_volume(self, *, tags: t.Mapping[str, str] | None = None, **options: t.Any) -> str:
        request: Object = {"Size": 1, "VolumeType": "gp3", "AvailabilityZone": ZONE, **options}
        if tags:
            request["TagSpecifications"] = [{"ResourceType": "volume", "Tags": tag_list(tags)}]
        return str(self.client.create_volume(**request)["VolumeId"])

    def make_snapshot(self, *, tags: t.Mapping[str, str] | None = None, **volume: t.Any) -> str:
        request: Object = {"VolumeId": self.make_volume(**volume)}
        if tags:
            request["TagSpecifications"] = [{"ResourceType": "snapshot", "Tags": tag_list(tags)}]
        return str(self.client.create_snapshot(**request)["SnapshotId"])

    def volume(self, volume_id: str) -> Object:
        (found,) = self.client.describe_volumes(VolumeIds=[volume_id])["Volumes"]
        return dict(found)

    def snapshot(self, snapshot_id: str) -> Object:
        (found,) = self.client.describe_snapshots(SnapshotIds=[snapshot_id])["Snapshots"]
        return dict(found)

    @property
    def volumes(self) -> set[str]:
        return {entry["VolumeId"] for entry in self.client.describe_volumes()["Volumes"]}

    @property
    def snapshots(self) -> set[str]:
        return {entry["SnapshotId"] for entry in self.client.describe_snapshots(OwnerIds=["self"])["Snapshots"]}


@functools.cache
def _client() -> t.Any:
    """Making one takes longer than most tests."""
    return boto3.client("ec2", region_name=REGION, aws_access_key_id="key", aws_secret_access_key="secret")


#: What makes a client reads EC2's description once: that takes most of a second.
_LOADER = functools.cache(botocore.loaders.create_loader)


@contextlib.contextmanager
def ec2_account() -> t.Iterator[Ec2Account]:
    # Without the images that moto else begins each account with: they take their time, and have snapshots.
    environment = mock.patch.dict(os.environ, MOTO_EC2_LOAD_DEFAULT_AMIS="false")
    with environment, mock.patch.object(botocore.session, "create_loader", _LOADER), mock_aws():
        yield Ec2Account()


def tag_list(tags: t.Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tags_of(entry: t.Mapping[str, t.Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in entry.get("Tags", ())}


def csi_volume(volume_id: str, name: str = "pv-1", **spec: t.Any) -> Object:
    """A PersistentVolume of the EBS driver."""
    source = {"driver": DRIVER, "volumeHandle": volume_id}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {"csi": source, "persistentVolumeReclaimPolicy": "Delete", **spec},
    }


__all__ = ("REGION", "ZONE", "Ec2Account", "csi_volume", "ec2_account", "tag_list", "tags_of")
