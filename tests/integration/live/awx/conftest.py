# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The image for job pods, made once, and what AWX knows of the cluster and the bucket."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from awx_jobs import JobBucket, StubCredential, execution_environment
from cluster_access import Kubectl, S3Access


@pytest.fixture(scope="session")
def image(state: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return execution_environment(state, tmp_path_factory.mktemp("ee"))


@pytest.fixture
def credentials(kubectl: Kubectl, s3: S3Access, namespace: str) -> t.Iterator[dict[str, StubCredential]]:
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
def bucket(state: Path) -> t.Iterator[JobBucket]:
    with JobBucket(state) as made:
        yield made


@pytest.fixture
def location(bucket: JobBucket) -> dict[str, t.Any]:
    """As the variables of a template have it: keys come by the credential."""
    return bucket.location
