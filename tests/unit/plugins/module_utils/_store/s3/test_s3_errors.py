# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys
import typing as t

import botocore.exceptions
import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.errors import store_error
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.store import S3Store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.upload import part_size

LOCATION = S3Location(name="eu", bucket="b", prefix="p", region="eu-west-1", endpoint_url="https://s3.test")
_MIB = 1 << 20


class ClientError(Exception):
    """Shaped as botocore's."""

    def __init__(self, code: str, status: int = 400, message: str = "", **error: str) -> None:
        super().__init__(f"An error occurred ({code}) when calling the X operation: {message}")
        self.response: dict[str, t.Any] = {
            "Error": {"Code": code, "Message": message, **error},
            "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {"x-amz-bucket-region": "eu-north-1"}},
        }


def _named(name: str, text: str = "it failed") -> Exception:
    error: Exception = type(name, (Exception,), {})(text)
    return error


@pytest.mark.parametrize(
    ("error", "failure", "words"),
    [
        (ClientError("NoSuchBucket", 404), "no_location", ["bucket 'b' does not exist at https://s3.test"]),
        (ClientError("NoSuchKey", 404), "not_found", ["does not exist"]),
        pytest.param(ClientError("404", 404), "not_found", ["does not exist"], id="HEAD has no code"),
        (ClientError("InvalidAccessKeyId", 403), "credentials", ["does not know the access key"]),
        (ClientError("SignatureDoesNotMatch", 403), "credentials", ["secret key does not belong"]),
        (ClientError("ExpiredToken"), "credentials", ["token has expired"]),
        (ClientError("RequestTimeTooSkewed", 403), "credentials", ["clock"]),
        (ClientError("AccessDenied", 403), "denied", ["denies it"]),
        pytest.param(ClientError("403", 403), "denied", ["denies it"], id="HEAD denied"),
        (ClientError("PermanentRedirect", 301), "no_location", ["in the region 'eu-north-1', not in 'eu-west-1'"]),
        (
            ClientError("AuthorizationHeaderMalformed", 400, Region="us-west-2"),
            "no_location",
            ["in the region 'us-west-2', not in 'eu-west-1'"],
        ),
        pytest.param(ClientError("301", 301), "no_location", ["in the region 'eu-north-1'"], id="HEAD redirected"),
        (ClientError("SlowDown", 503, "Reduce your request rate."), "other", ["Reduce your request rate (SlowDown)."]),
        (_named("EndpointConnectionError"), "unreachable", ["https://s3.test cannot be reached: no connection."]),
        (_named("ConnectTimeoutError"), "unreachable", ["cannot be reached"]),
        (_named("SSLError", "certificate verify failed"), "unreachable", ["TLS failed: certificate verify failed"]),
        pytest.param(
            botocore.exceptions.SSLError(endpoint_url="https://s3.test", error="[SSL: WRONG_VERSION_NUMBER] wrong"),
            "unreachable",
            ["what answers there speaks no TLS.", "Check 'endpoint_url', which says https, and its port."],
            id="https to a server of HTTP",
        ),
        pytest.param(
            botocore.exceptions.SSLError(
                endpoint_url="https://10.0.0.1", error="certificate verify failed: IP address mismatch"
            ),
            "unreachable",
            ["IP address mismatch", "Name the server in 'endpoint_url' as its certificate does."],
            id="another name than the certificate's",
        ),
        pytest.param(
            botocore.exceptions.EndpointConnectionError(
                endpoint_url="https://s3.test",
                error="Failed to resolve 's3.test' ([Errno -2] Name or service not known)",
            ),
            "unreachable",
            ["https://s3.test cannot be reached: its name cannot be resolved."],
            id="no such host",
        ),
        pytest.param(
            botocore.exceptions.EndpointConnectionError(endpoint_url="https://s3.test", error="Connection refused"),
            "unreachable",
            ["https://s3.test cannot be reached: it refuses the connection."],
            id="nobody at the port",
        ),
        (_named("NoCredentialsError"), "credentials", ["there are no credentials"]),
        (_named("ProfileNotFound"), "credentials", ["profile does not exist"]),
        pytest.param(
            botocore.exceptions.ProfileNotFound(profile="prod"),
            "credentials",
            ["the AWS profile 'prod' does not exist.", "Check 'profile'."],
            id="the profile by its name",
        ),
        (_named("Strange", "line one.\nline two"), "other", ["line one. line two."]),
    ],
)
def test_sentences(error: Exception, failure: str, words: list[str]) -> None:
    found = store_error(LOCATION, error, verb="write", key="backups/n/n.tar.gz")
    assert found.failure == failure
    assert found.not_found == (failure == "not_found")
    for word in [*words, "write backups/n/n.tar.gz", "'eu'", "s3://b/p"]:
        assert word in found.sentence
    assert found.message.endswith(".")
    assert ".." not in found.message
    assert "\n" not in found.message


def test_a_missing_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(StoreError, match="boto3 is missing") as caught:
        S3Store(LOCATION)
    assert sys.executable in caught.value.message
    assert "pip install boto3" in caught.value.sentence


@pytest.mark.parametrize(
    ("size", "part"),
    [
        pytest.param(None, 16 * _MIB, id="unknown"),
        (0, 8 * _MIB),
        (80_000 * _MIB, 8 * _MIB),
        (80_001 * _MIB, 9 * _MIB),
        pytest.param(5 << 40, 525 * _MIB, id="the largest object of S3"),
    ],
)
def test_part_size(size: int | None, part: int) -> None:
    """At most 10,000 parts."""
    assert part_size(size) == part
    assert size is None or -(-size // part) <= 10_000
