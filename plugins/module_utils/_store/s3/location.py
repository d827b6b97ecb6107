# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An S3 bucket as a storage location."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.arkive.k8s.plugins.module_utils._aws.access import AwsAccess
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store.bucket import BucketAccess
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation

_ADDRESSING_STYLES = ("auto", "path", "virtual")


@dataclass(frozen=True, kw_only=True)
class S3Location(StorageLocation, AwsAccess):
    """The bucket ``bucket``, or ``prefix`` in it.

    ``sse`` is the value of ``x-amz-server-side-encryption`` (``AES256`` or ``aws:kms``). ``object_lock`` sends a
    Content-MD5 with each upload, which buckets with a default retention demand.
    """

    bucket: str
    addressing_style: str | None = None
    sse: str | None = None
    kms_key_id: str | None = None
    object_lock: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        # Velero trims it.
        object.__setattr__(self, "bucket", self.bucket.strip("/"))
        self._check_bucket()
        self.check_credentials(f"storage location '{self.name}'")
        if self.addressing_style is not None and self.addressing_style not in _ADDRESSING_STYLES:
            raise ValidationError(
                f"The addressing_style '{self.addressing_style}' is unknown.",
                hint=f"Choose one of {', '.join(_ADDRESSING_STYLES)}.",
            )
        if self.kms_key_id and self.sse not in (None, "aws:kms", "aws:kms:dsse"):
            raise ValidationError(f"'kms_key_id' cannot go with sse '{self.sse}'.", hint="Use sse 'aws:kms'.")

    def _check_bucket(self) -> None:
        if not self.bucket:
            raise ValidationError(f"The storage location '{self.name}' has no bucket.", hint="Give the name of one.")
        if "/" in self.bucket and not self.bucket.startswith("arn:aws:s3:"):
            raise ValidationError(
                f"The bucket name '{self.bucket}' has a '/' in it.", hint="Put the rest into 'prefix'."
            )

    @property
    def describe(self) -> str:
        """``s3://bucket/prefix``."""
        return "/".join(filter(None, (f"s3://{self.bucket}", self.prefix)))

    @property
    def bucket_access(self) -> BucketAccess:
        """With the credentials that are given here; those that boto3 finds are not in it."""
        return BucketAccess(bucket=self.bucket, prefix=self.prefix, access=self)

    @property
    def velero_spec(self) -> dict[str, t.Any]:
        """In the words of Velero's plugin for AWS. A profile and a CA's file are of this machine only."""
        # boto3 takes this region where none is said, the plugin none.
        region = self.region or ("us-east-1" if self.endpoint_url else "")
        by_path = self.addressing_style == "path" or (self.endpoint_url and self.addressing_style != "virtual")
        config = {
            "region": region,
            "s3Url": self.endpoint_url or "",
            "s3ForcePathStyle": "true" if by_path else "",
            "insecureSkipTLSVerify": "" if self.validate_certs else "true",
            "serverSideEncryption": self.sse or "",
            "kmsKeyId": self.kms_key_id or "",
        }
        storage = {"bucket": self.bucket, "prefix": self.prefix}
        return {
            "provider": "aws",
            "objectStorage": {name: text for name, text in storage.items() if text},
            "config": {name: text for name, text in config.items() if text},
        }


__all__ = ("S3Location",)
