# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables of AWS that are empty are not set; half a credential is told, and not passed over."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._aws.access import AwsAccess
from ansible_collections.arkive.k8s.plugins.module_utils._aws.client import make_client
from ansible_collections.arkive.k8s.plugins.module_utils._aws.environment import check_keys, forget_empty
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError

KEY, SECRET = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
#: boto3 1.35 to 1.44 refuse these when they are empty.
REFUSED_WHEN_EMPTY = ("AWS_PROFILE", "AWS_CA_BUNDLE", "AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE")


def test_what_is_empty_is_not_set() -> None:
    environ = {KEY: "", SECRET: " ", "AWS_REGION": "eu-west-1", "AWS_PROFILE": "", "HOME": ""}
    forget_empty(environ)
    assert environ == {"AWS_REGION": "eu-west-1", "HOME": ""}


@pytest.mark.parametrize(
    ("environ", "access", "missing"),
    [
        ({}, AwsAccess(), ""),
        ({KEY: "a", SECRET: "b"}, AwsAccess(), ""),
        ({KEY: "a"}, AwsAccess(), SECRET),
        ({SECRET: "b"}, AwsAccess(), KEY),
        ({SECRET: "b"}, AwsAccess(access_key="x", secret_key="y"), ""),
        ({SECRET: "b"}, AwsAccess(profile="p"), ""),
        ({SECRET: "b", "AWS_PROFILE": "p"}, AwsAccess(), ""),
    ],
)
def test_half_a_credential(environ: dict[str, str], access: AwsAccess, missing: str) -> None:
    if not missing:
        check_keys(environ, access, what="S3", error=StoreError)
        return
    with pytest.raises(StoreError, match=f"not {missing}"):
        check_keys(environ, access, what="S3", error=StoreError)


@pytest.mark.parametrize("name", REFUSED_WHEN_EMPTY)
def test_a_client_is_made_in_spite_of_empty_variables(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "a")
    monkeypatch.setenv(SECRET, "b")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv(name, "")
    client, _errors = make_client(
        "s3",
        AwsAccess(),
        what="S3",
        error=StoreError,
        explain=lambda exc: StoreError(str(exc)),
        max_connections=1,
        cancel=CancelToken(),
    )
    assert client is not None
