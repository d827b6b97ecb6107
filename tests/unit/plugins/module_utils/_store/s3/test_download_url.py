# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses of objects that are signed beforehand; no server is asked."""

from __future__ import annotations

import urllib.parse

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._store.kinds import kind_of, make_location
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.download_url import presign_download
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location

KEY = "production/backups/a/a-logs.gz"


@pytest.mark.parametrize(
    ("bucket", "endpoint", "public", "host", "path"),
    [
        ("backups", "http://10.0.0.1:9000", "", "10.0.0.1:9000", f"/backups/{KEY}"),
        ("backups", "http://10.0.0.1", "https://s3.example.com", "s3.example.com", f"/backups/{KEY}"),
        ("backups", None, "", "backups.s3.eu-west-1.amazonaws.com", f"/{KEY}"),
        ("a.b", None, "", "s3.eu-west-1.amazonaws.com", f"/a.b/{KEY}"),
    ],
)
def test_where_it_is(bucket: str, endpoint: str | None, public: str, host: str, path: str) -> None:
    location = S3Location(
        bucket=bucket,
        prefix="production",
        endpoint_url=endpoint,
        region="eu-west-1",
        access_key="AKIAEXAMPLE",
        secret_key="very secret",
    )
    url = presign_download(location, "backups/a/a-logs.gz", seconds=600, public_url=public, cancel=CancelToken())
    found = urllib.parse.urlsplit(url)
    assert (found.netloc, found.path) == (host, path)
    query = urllib.parse.parse_qs(found.query)
    assert query["X-Amz-Expires"] == ["600"]
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert "very secret" not in url


def test_a_directory_has_none() -> None:
    assert kind_of(make_location({"path": "/backups"})).download_url is None
