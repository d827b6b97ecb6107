# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The local cluster's pods reach the S3 server, at the address that its status names."""

from __future__ import annotations

import secrets
import typing as t
import urllib.parse

import boto3
import pytest
from botocore.client import Config

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import ExecResult, exec_command

if t.TYPE_CHECKING:
    from cluster_access import S3Access
    from exec_target import Target

TEXT = "written by a pod"
#: busybox's wget sends no PUT.
PUT = r"""
{
  printf 'PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n' "$1" "$2" "${#3}"
  printf 'Connection: close\r\n\r\n%s' "$3"
} | nc "${2%:*}" "${2#*:}"
"""

pytestmark = pytest.mark.node


def s3_client(s3: S3Access, endpoint: str) -> t.Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=s3.access_key,
        aws_secret_access_key=s3.secret_key,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )


@pytest.fixture
def bucket(s3: S3Access) -> t.Iterator[str]:
    """A bucket for one test."""
    client, name = s3_client(s3, s3.endpoint), f"arkive-test-{secrets.token_hex(4)}"
    client.create_bucket(Bucket=name)
    yield name
    for entry in client.list_objects_v2(Bucket=name).get("Contents", []):
        client.delete_object(Bucket=name, Key=entry["Key"])
    client.delete_bucket(Bucket=name)


def test_a_pod_puts_and_gets_an_object(
    client: KubeClient, target: Target, s3: S3Access, pod_s3_url: str, bucket: str
) -> None:
    from_pod, from_host = s3_client(s3, pod_s3_url), s3_client(s3, s3.endpoint)
    place = {"Bucket": bucket, "Key": "folder/object"}

    def run(*argv: str) -> ExecResult:
        return exec_command(client, **target._asdict(), argv=list(argv), timeout=30.0)

    put = urllib.parse.urlsplit(from_pod.generate_presigned_url("put_object", Params=place))
    done = run("sh", "-c", PUT, "put", f"{put.path}?{put.query}", put.netloc, TEXT)
    assert done.stdout.splitlines()[0].split()[1] == b"200", done
    assert from_host.get_object(**place)["Body"].read() == TEXT.encode()

    from_host.put_object(**place, Body=TEXT.upper().encode())
    got = run("wget", "-q", "-O-", from_pod.generate_presigned_url("get_object", Params=place))
    assert (got.rc, got.stdout) == (0, TEXT.upper().encode())


def test_a_pod_without_a_signature_gets_nothing(
    client: KubeClient, target: Target, pod_s3_url: str, bucket: str
) -> None:
    """It is the S3 server that answers, not a relay that knows the keys."""
    argv = ["wget", "-q", "-O-", f"{pod_s3_url}/{bucket}/folder/object"]
    done = exec_command(client, **target._asdict(), argv=argv, timeout=30.0)
    assert (done.rc, b"403" in done.stderr) == (1, True)
