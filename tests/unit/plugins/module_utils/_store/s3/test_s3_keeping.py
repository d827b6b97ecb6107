# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What servers answer about versions and locks, whether or not they know of such things."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.store import S3Store
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Keeping
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_in_memory import MemoryS3
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_wire import (
    Reply,
    Request,
    S3Wire,
    failure,
)

_XML = {"Content-Type": "application/xml"}
_ENABLED = Reply(200, b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>", _XML)
_OFF = Reply(200, b"<VersioningConfiguration/>", _XML)
_LOCKED = Reply(
    200, b"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>", _XML
)
_NO_LOCK = failure(404, "ObjectLockConfigurationNotFoundError")


def keeping(versioning: Reply | None, lock: Reply | None) -> Keeping:
    server = MemoryS3()

    def answer(request: Request) -> Reply:
        given = {"versioning": versioning, "object-lock": lock}
        return next((reply for name, reply in given.items() if name in request.query and reply), None) or server(
            request
        )

    with S3Wire(answer) as wire:
        place: dict[str, t.Any] = {"endpoint_url": wire.url, "access_key": "k" * 16, "secret_key": "s" * 16}
        return S3Store(S3Location(bucket="b", **place)).keeping()


@pytest.mark.parametrize(
    ("versioning", "lock", "expected"),
    [
        pytest.param(_OFF, _NO_LOCK, Keeping(), id="neither"),
        pytest.param(_ENABLED, _NO_LOCK, Keeping(versions=True), id="versions"),
        pytest.param(_ENABLED, _LOCKED, Keeping(versions=True, locks=True), id="locks"),
        pytest.param(failure(403, "AccessDenied"), failure(403, "AccessDenied"), Keeping(locks=True), id="denied"),
        pytest.param(failure(501, "NotImplemented"), failure(501, "NotImplemented"), Keeping(), id="an older server"),
        pytest.param(None, None, Keeping(), id="a server that lists the bucket instead"),
    ],
)
def test_what_a_bucket_keeps(versioning: Reply | None, lock: Reply | None, expected: Keeping) -> None:
    assert keeping(versioning, lock) == expected


@pytest.mark.parametrize(
    ("versioning", "lock"), [(failure(503, "SlowDown"), _NO_LOCK), (_OFF, Reply(200, b"no XML", _XML))]
)
def test_a_server_that_fails_says_nothing(versioning: Reply, lock: Reply) -> None:
    with pytest.raises(StoreError):
        keeping(versioning, lock)
