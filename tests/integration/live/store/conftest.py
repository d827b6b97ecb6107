# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A store for each kind: a directory of its own, and a bucket of its own with a prefix in it."""

from __future__ import annotations

import secrets
import typing as t
from pathlib import Path

import boto3
import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store


class S3Access(t.Protocol):
    """The fixture ``s3`` of the directory above."""

    @property
    def endpoint(self) -> str:
        """As the server has it."""

    @property
    def access_key(self) -> str:
        """As the server has it."""

    @property
    def secret_key(self) -> str:
        """As the server has it."""


@pytest.fixture
def s3_client(s3: S3Access) -> t.Any:
    """boto3 itself, to see what the store did."""
    return boto3.client(
        "s3",
        endpoint_url=s3.endpoint,
        aws_access_key_id=s3.access_key,
        aws_secret_access_key=s3.secret_key,
        region_name="us-east-1",
    )


@pytest.fixture
def bucket(s3_client: t.Any) -> t.Iterator[str]:
    """An empty bucket, gone afterwards."""
    name = f"arkive-test-{secrets.token_hex(6)}"
    s3_client.create_bucket(Bucket=name)
    yield name
    for page in s3_client.get_paginator("list_objects_v2").paginate(Bucket=name):
        for found in page.get("Contents", ()):
            s3_client.delete_object(Bucket=name, Key=found["Key"])
    s3_client.delete_bucket(Bucket=name)


@pytest.fixture
def s3_location(s3: S3Access, bucket: str) -> S3Location:
    return S3Location(
        bucket=bucket,
        prefix="team/a",
        endpoint_url=s3.endpoint,
        access_key=s3.access_key,
        secret_key=s3.secret_key,
    )


@pytest.fixture
def local_location(tmp_path: Path) -> LocalLocation:
    return LocalLocation(path=str(tmp_path), prefix="team/a")


@pytest.fixture(params=["local", "s3"])
def location(request: pytest.FixtureRequest) -> StorageLocation:
    found = request.getfixturevalue(f"{request.param}_location")
    assert isinstance(found, StorageLocation)
    return found


@pytest.fixture
def store(location: StorageLocation) -> Store:
    return open_store(location)
