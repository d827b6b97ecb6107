# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A storage location that pods reach, and how data is moved there."""

from __future__ import annotations

import contextlib
import secrets
import typing as t

import boto3

from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings, Moving

if t.TYPE_CHECKING:
    from cluster_access import S3Access

PASSWORD = "of-the-repository"


class PodLocation:
    """``bucket``: boto3's own. ``settings``: with keys that do not end."""

    def __init__(self, s3: S3Access, bucket: t.Any, settings: MoverSettings) -> None:
        self.bucket = bucket
        self.settings = settings
        self.store: Store = open_store(
            S3Location(
                bucket=bucket.name,
                prefix="p",
                endpoint_url=s3.endpoint,
                access_key=s3.access_key,
                secret_key=s3.secret_key,
                region="us-east-1",
            )
        )

    def request(self, name: str, namespace: str, **spec: t.Any) -> BackupRequest:
        """A backup of a namespace with what ``spec`` wants of its volumes."""
        return BackupRequest(
            name=name,
            spec=BackupSpec.from_options({"included_namespaces": [namespace], **spec}),
            mover=self.settings,
            repository_password=PASSWORD,
        )

    def moving(self) -> Moving:
        """For a task that makes no backup."""
        run = RunContext(run_id=secrets.token_hex(8))
        return Moving(settings=self.settings, store=self.store, password=PASSWORD, run=run)

    def keys(self) -> list[str]:
        return [found.key for found in self.bucket.objects.all()]


@contextlib.contextmanager
def make_location(s3: S3Access, *, pod_s3_url: str, image: str) -> t.Iterator[PodLocation]:
    """It goes with all that is in it."""
    keys = {"aws_access_key_id": s3.access_key, "aws_secret_access_key": s3.secret_key, "region_name": "us-east-1"}
    bucket = boto3.resource("s3", endpoint_url=s3.endpoint, **keys).Bucket("arkive-test-" + secrets.token_hex(6))
    bucket.create()
    settings = MoverSettings(image=image, s3_url=pod_s3_url, credentials="static")
    try:
        yield PodLocation(s3, bucket, settings)
    finally:
        bucket.objects.all().delete()
        bucket.delete()


__all__ = ("PASSWORD", "PodLocation", "make_location")
