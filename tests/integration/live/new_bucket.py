# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bucket that is there for a test, and locations in it."""

from __future__ import annotations

import contextlib
import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location

if t.TYPE_CHECKING:
    from cluster_access import S3Access

_REGION = "us-east-1"


@contextlib.contextmanager
def new_bucket(s3: S3Access) -> t.Iterator[t.Any]:
    """boto3's own. It goes with all that is in it: the S3 server of the local cluster has room for a few only."""
    import boto3

    keys = {"aws_access_key_id": s3.access_key, "aws_secret_access_key": s3.secret_key, "region_name": _REGION}
    bucket = boto3.resource("s3", endpoint_url=s3.endpoint, **keys).Bucket("arkive-test-" + secrets.token_hex(6))
    bucket.create()
    try:
        yield bucket
    finally:
        if bucket.creation_date:  # a test may have taken it away
            bucket.objects.all().delete()
            bucket.delete()


def location_in(bucket: t.Any, s3: S3Access, *, prefix: str = "") -> S3Location:
    """With the server's own keys."""
    return S3Location(
        bucket=bucket.name,
        prefix=prefix,
        endpoint_url=s3.endpoint,
        access_key=s3.access_key,
        secret_key=s3.secret_key,
        region=_REGION,
    )


__all__ = ("location_in", "new_bucket")
