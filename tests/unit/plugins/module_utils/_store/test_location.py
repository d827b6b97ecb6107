# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store.kinds import make_location
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location


@pytest.mark.parametrize(
    ("options", "described"),
    [
        ({"path": "/srv/backups"}, "/srv/backups"),
        ({"path": "/srv/backups/", "prefix": "/a/b/"}, "/srv/backups/a/b"),
        ({"path": "/"}, "/"),
        ({"bucket": "b"}, "s3://b"),
        pytest.param({"bucket": "/b/", "prefix": "/p/q/"}, "s3://b/p/q", id="trimmed as Velero does"),
        ({"bucket": "arn:aws:s3:eu-west-1:1:accesspoint/x"}, "s3://arn:aws:s3:eu-west-1:1:accesspoint/x"),
    ],
)
def test_describe(options: dict[str, t.Any], described: str) -> None:
    assert make_location(options).describe == described


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "neither 'path' nor 'bucket'"),
        ({"path": "/a", "bucket": "b"}, "both 'path' and 'bucket'"),
        ({"bucket": "a/b"}, "has a '/' in it"),
        ({"bucket": "b", "prefix": "a//b"}, "is not a plain path"),
        ({"path": "/a", "prefix": "../b"}, "is not a plain path"),
        ({"path": "/a", "region": "x", "access_key": "y"}, "so region, access_key cannot apply"),
        ({"bucket": "b", "access_key": "x"}, "only one of 'access_key' and 'secret_key'"),
        ({"bucket": "b", "secret_key": "x"}, "only one of 'access_key' and 'secret_key'"),
        ({"bucket": "b", "access_key": "x", "secret_key": "y", "profile": "z"}, "both 'access_key' and 'profile'"),
        ({"bucket": "b", "addressing_style": "x"}, "addressing_style 'x' is unknown"),
        ({"bucket": "b", "kms_key_id": "x", "sse": "AES256"}, "'kms_key_id' cannot go with"),
    ],
)
def test_contradictions(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        make_location(options)


def test_secrets_are_not_printed() -> None:
    location = S3Location(bucket="b", access_key="AKID", secret_key="SECRET", session_token="TOKEN")
    assert not any(word in repr(location) for word in ("AKID", "SECRET", "TOKEN"))
