# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a BackupStorageLocation to the options of a location. Source: velero-plugin-for-aws, ``object_store.go``."""

from __future__ import annotations

import base64
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import known_secrets
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.location_options import (
    ca_certificate,
    location_options,
    public_url,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.kinds import make_location
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location

KEYS = "[default]\naws_access_key_id=AKIAOFDEFAULT\naws_secret_access_key=secret of default\n"
MORE = "[other]\naws_access_key_id = AKIAOFOTHER\naws_secret_access_key = secret of other\naws_session_token = token\n"


def _bsl(config: t.Mapping[str, str] | None = None, **spec: t.Any) -> dict[str, t.Any]:
    storage = {"bucket": "backups", "prefix": "production"}
    full = {"provider": "aws", "objectStorage": storage, "config": dict(config or {}), **spec}
    return {"kind": "BackupStorageLocation", "metadata": {"name": "default"}, "spec": full}


def _location(bsl: dict[str, t.Any], credentials: str = "") -> S3Location:
    found = make_location(location_options(bsl, credentials=credentials, ca_bundle=None))
    assert isinstance(found, S3Location)
    return found


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, {"bucket": "backups", "prefix": "production", "validate_certs": True}),
        ({"region": "eu-west-1"}, {"region": "eu-west-1"}),
        ({"s3Url": "http://s3:9000"}, {"endpoint_url": "http://s3:9000"}),
        ({"s3ForcePathStyle": "true"}, {"addressing_style": "path"}),
        ({"s3ForcePathStyle": "false"}, {"addressing_style": None}),
        ({"insecureSkipTLSVerify": "true"}, {"validate_certs": False}),
        ({"serverSideEncryption": "AES256"}, {"sse": "AES256"}),
        ({"kmsKeyId": "k"}, {"sse": "aws:kms", "kms_key_id": "k"}),
        ({"checksumAlgorithm": "", "signatureVersion": "4", "publicUrl": "http://p"}, {"endpoint_url": None}),
    ],
)
def test_config(config: dict[str, str], expected: dict[str, t.Any]) -> None:
    location = _location(_bsl(config))
    assert {name: getattr(location, name) for name in expected} == expected


def test_keys_of_the_secret() -> None:
    location = _location(_bsl(), KEYS + MORE)
    assert (location.access_key, location.secret_key) == ("AKIAOFDEFAULT", "secret of default")
    other = _location(_bsl({"profile": "other"}), KEYS + MORE)
    assert (other.access_key, other.session_token) == ("AKIAOFOTHER", "token")
    assert {"secret of default", "secret of other"} <= known_secrets()


@pytest.mark.parametrize(
    ("bsl", "credentials", "said"),
    [
        (_bsl(provider="gcp"), "", "has the provider 'gcp', which is not AWS's"),
        (_bsl({"customerKeyEncryptionFile": "/key", "tagging": "a=b"}), "", "customerKeyEncryptionFile, tagging"),
        (_bsl({"profile": "third"}), KEYS, "have no profile 'third'"),
        (_bsl(), "no section", "are not a credentials file of AWS"),
        (_bsl(objectStorage={}), "", "neither 'path' nor 'bucket'"),
    ],
)
def test_what_cannot_be_followed(bsl: dict[str, t.Any], credentials: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        _location(bsl, credentials)


def test_what_is_wrong_in_a_secret_is_not_shown() -> None:
    with pytest.raises(ValidationError) as raised:
        _location(_bsl(), "aws_secret_access_key=hush")
    assert "hush" not in raised.value.sentence


def test_certificates_and_addresses() -> None:
    pem = base64.b64encode(b"-----BEGIN").decode()
    assert ca_certificate(_bsl(objectStorage={"bucket": "b", "caCert": pem})) == b"-----BEGIN"
    assert ca_certificate(_bsl()) == b""
    with pytest.raises(ValidationError, match="is not base64"):
        ca_certificate(_bsl(objectStorage={"caCert": "%"}))
    assert public_url(_bsl({"publicUrl": "https://p"})) == "https://p"
