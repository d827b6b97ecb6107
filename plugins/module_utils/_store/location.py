# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Where backups are kept, as the ``storage_location`` option says."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ansible_collections.arkive.k8s.plugins.module_utils._aws.access import AwsAccess
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError

_S3_ONLY = (
    "region",
    "endpoint_url",
    "access_key",
    "secret_key",
    "session_token",
    "profile",
    "ca_bundle",
    "addressing_style",
    "sse",
    "kms_key_id",
)
_ADDRESSING_STYLES = ("auto", "path", "virtual")


@dataclass(frozen=True, kw_only=True)
class StorageLocation(AwsAccess):
    """A local directory (``path``) or an S3 bucket (``bucket``), each with an optional ``prefix`` below it.

    Credentials that are None are looked up by boto3's own chain. ``sse`` is the value of
    ``x-amz-server-side-encryption`` (``AES256`` or ``aws:kms``). ``object_lock`` sends a Content-MD5 with each upload,
    which buckets with a default retention demand. Raises ``ValidationError`` when the options contradict each other.
    """

    name: str = "default"
    path: str | None = None
    bucket: str | None = None
    prefix: str = ""
    addressing_style: str | None = None
    sse: str | None = None
    kms_key_id: str | None = None
    object_lock: bool = False
    read_only: bool = False

    def __post_init__(self) -> None:
        # Velero trims both; a frozen dataclass is set through object.
        object.__setattr__(self, "prefix", (self.prefix or "").strip("/"))
        if self.bucket is not None:
            object.__setattr__(self, "bucket", self.bucket.strip("/"))
        self._check_kind()
        self._check_prefix()
        if self.bucket:
            self._check_s3()
        else:
            self._check_local()

    def _check_kind(self) -> None:
        if bool(self.path) == bool(self.bucket):
            what = "both 'path' and 'bucket'" if self.path else "neither 'path' nor 'bucket'"
            raise ValidationError(
                f"The storage location '{self.name}' has {what}.",
                hint="Give 'path' for a local directory or 'bucket' for S3.",
            )

    def _check_prefix(self) -> None:
        segments = self.prefix.split("/") if self.prefix else []
        if any(segment in ("", ".", "..") or "\0" in segment for segment in segments):
            raise ValidationError(
                f"The prefix '{self.prefix}' of the storage location '{self.name}' is not a plain path.",
                hint="Write it as segments joined by '/', without '.', '..' or empty ones.",
            )

    def _check_local(self) -> None:
        given = [option for option in _S3_ONLY if getattr(self, option) is not None]
        if given:
            raise ValidationError(
                f"The storage location '{self.name}' is a local directory, so {', '.join(given)} cannot apply.",
                hint="Those options belong to a location with 'bucket'.",
            )

    def _check_s3(self) -> None:
        bucket = self.bucket or ""
        if "/" in bucket and not bucket.startswith("arn:aws:s3:"):
            raise ValidationError(f"The bucket name '{bucket}' has a '/' in it.", hint="Put the rest into 'prefix'.")
        self.check_credentials(f"storage location '{self.name}'")
        if self.addressing_style is not None and self.addressing_style not in _ADDRESSING_STYLES:
            raise ValidationError(
                f"The addressing_style '{self.addressing_style}' is unknown.",
                hint=f"Choose one of {', '.join(_ADDRESSING_STYLES)}.",
            )
        if self.kms_key_id and self.sse not in (None, "aws:kms", "aws:kms:dsse"):
            raise ValidationError(f"'kms_key_id' cannot go with sse '{self.sse}'.", hint="Use sse 'aws:kms'.")

    @property
    def describe(self) -> str:
        """``s3://bucket/prefix`` or ``/directory/prefix``, for people."""
        if self.bucket:
            return "/".join(filter(None, (f"s3://{self.bucket}", self.prefix)))
        return os.path.join(self.path or "", self.prefix).rstrip("/") or "/"


__all__ = ("StorageLocation",)
