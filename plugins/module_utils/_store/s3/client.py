# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""boto3's client for an S3 location."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._aws.answers import GuardedClient
from ansible_collections.arkive.k8s.plugins.module_utils._aws.client import Errors, make_client
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.deletion import as_older_servers_take_it
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.errors import store_error
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import MAX_CONNECTIONS

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location


def make_s3_client(location: S3Location, cancel: CancelToken, **config: t.Any) -> tuple[GuardedClient, Errors]:
    """boto3's client for ``location``, and the exceptions that it raises. ``config``: more of botocore's ``Config``."""
    client, errors = make_client(
        "s3",
        location,
        what="S3",
        error=StoreError,
        explain=lambda exc: store_error(location, exc, verb="use"),
        max_connections=MAX_CONNECTIONS,
        cancel=cancel,
        # Servers other than Amazon's seldom have regions, but a signature always names one.
        default_region="us-east-1" if location.endpoint_url else None,
        # Virtual-host addressing needs DNS for each bucket, which servers other than Amazon's seldom have.
        s3={"addressing_style": location.addressing_style or ("path" if location.endpoint_url else "auto")},
        **config,
    )
    client.before_signing("s3.DeleteObjects", as_older_servers_take_it)
    return client, errors


__all__ = ("make_s3_client",)
