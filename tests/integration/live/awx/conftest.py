# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The image for job pods, made once, and what AWX knows of the cluster and the bucket."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import typing as t
from pathlib import Path

import boto3
import pytest
from awx_jobs import StubCredential, execution_environment
from cluster_access import Kubectl, S3Access
from volume_lab import LAB



@pytest.fixture(scope="session")
def image(state: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return execution_environment(state, tmp_path_factory.mktemp("ee"))


@pytest.fixture(scope="session")
def pod_s3(state: Path) -> str:
    """The S3 server as pods reach it."""
    shown = subprocess.run([sys.executable, LAB, "status", "--json", "--state", state], capture_output=True, check=False)
    return str(json.loads(shown.stdout)["s3"]["pod_endpoint"])


@pytest.fixture
def credentials(
    kubectl: Kubectl, s3: S3Access, namespace: str
) -> t.Iterator[dict[str, StubCredential]]:
    """Credentials of the types "OpenShift or Kubernetes API Bearer Token" and "Amazon Web Services"."""
    name = f"{namespace}-awx"
    account = f"{namespace}:awx"
    kubectl("-n", namespace, "create", "serviceaccount", "awx")
    kubectl("create", "clusterrolebinding", name, "--clusterrole=cluster-admin", f"--serviceaccount={account}")
    address = kubectl("get", "service", "kubernetes", "-n", "default", "-o", "jsonpath={.spec.clusterIP}")
    authority = kubectl("get", "configmap", "kube-root-ca.crt", "-n", namespace, "-o", "jsonpath={.data.ca\\.crt}")
    token = kubectl("-n", namespace, "create", "token", "awx").strip()
    cluster = {"host": f"https://{address}", "bearer_token": token, "verify_ssl": True, "ssl_ca_cert": authority}
    yield {
        "kubernetes_bearer_token": StubCredential(**cluster),
        "aws": StubCredential(username=s3.access_key, password=s3.secret_key),
    }
    kubectl("delete", "clusterrolebinding", name)


@pytest.fixture
def location(s3: S3Access, pod_s3: str) -> t.Iterator[dict[str, t.Any]]:
    """A storage location in a bucket of its own, as a template's variables have it: keys come by the credential."""
    keys = {"aws_access_key_id": s3.access_key, "aws_secret_access_key": s3.secret_key}
    plain = boto3.client("s3", endpoint_url=s3.endpoint, region_name="us-east-1", **keys)
    bucket = f"arkive-test-{secrets.token_hex(6)}"
    plain.create_bucket(Bucket=bucket)
    yield {"bucket": bucket, "endpoint_url": pod_s3, "region": "us-east-1"}
    for page in plain.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for found in page.get("Contents", ()):
            plain.delete_object(Bucket=bucket, Key=found["Key"])
    plain.delete_bucket(Bucket=bucket)
