# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses of objects in a bucket that anybody can read from for a while."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._store.keys import KEY_BYTES, check_key
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.client import make_s3_client
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.errors import store_error
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location


def presign_download(location: S3Location, key: str, *, seconds: int, public_url: str, cancel: CancelToken) -> str:
    """Signed with the location's credentials, and good for ``seconds``; nothing is asked of the server.

    ``public_url``: the endpoint by which others reach the bucket, empty when it is the location's own.
    """
    endpoint = public_url or location.endpoint_url
    reached = dataclasses.replace(location, endpoint_url=endpoint, addressing_style=_style(location, endpoint))
    client, errors = make_s3_client(reached, cancel, signature_version="s3v4")
    full = "/".join(filter(None, (location.prefix, check_key(key, segment_bytes=KEY_BYTES))))
    try:
        return client.presigned("get_object", seconds=seconds, Bucket=location.bucket, Key=full)
    except errors as exc:
        raise store_error(location, exc, verb="sign a download from", key=key) from exc


def _style(location: S3Location, endpoint: str | None) -> str | None:
    """With ``auto`` botocore signs for a host of all regions, which sends those who ask it elsewhere.

    The certificates of Amazon's hosts have no buckets with dots.
    """
    if location.addressing_style not in (None, "auto") or endpoint:
        return location.addressing_style
    return "path" if "." in location.bucket else "virtual"


__all__ = ("presign_download",)
