# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys that pods get: borrowed where there are such, else the given ones, with a warning; and the password."""

from __future__ import annotations

import base64
import datetime as dt
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._aws.access import AwsAccess
from ansible_collections.arkive.k8s.plugins.module_utils._aws.client import AwsKeys
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import mask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import CredentialsKind, RepositoryPlace
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository import credentials
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.credentials import KeySource
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.password import find_password
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi

NOW = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)
PLACE = RepositoryPlace(namespace="shop", bucket="b", prefix="kopia/shop/", region="r", endpoint="e")
HOUR = 3600.0


class Refused(Exception):
    """What botocore would raise."""

    response: t.ClassVar = {"Error": {"Code": "AccessDenied", "Message": "no"}}


class Sts:
    """Lends keys for as long as ``lasts``, or refuses."""

    def __init__(self, *, refuses: bool = False, lasts: float = 2 * HOUR) -> None:
        self.asked: list[tuple[str, dict[str, t.Any]]] = []
        self._refuses = refuses
        self._lasts = lasts

    def __getattr__(self, method: str) -> t.Callable[..., t.Any]:
        def ask(**arguments: t.Any) -> t.Any:
            self.asked.append((method, arguments))
            if self._refuses:
                raise Refused
            keys = {"AccessKeyId": "LENTID", "SecretAccessKey": "LENTSECRET", "SessionToken": "LENTTOKEN"}
            return {"Credentials": {**keys, "Expiration": NOW + dt.timedelta(seconds=self._lasts)}}

        return ask


def source(
    monkeypatch: pytest.MonkeyPatch, kind: CredentialsKind, sts: Sts, *, url: str = "http://minio", **own: t.Any
) -> KeySource:
    keys = AwsKeys(access_key="OWNID", secret_key="OWNSECRET", **own)
    monkeypatch.setattr(credentials, "find_keys", lambda *_args, **_more: keys)
    monkeypatch.setattr(credentials, "make_client", lambda *_args, **_more: (sts, (Refused,)))
    access = AwsAccess(endpoint_url=url or None)
    return KeySource(access, kind, location="default", cancel=CancelToken(), now=lambda: NOW)


@pytest.mark.parametrize(("url", "method"), [("http://minio", "assume_role"), ("", "get_federation_token")])
def test_keys_are_borrowed_for_one_repository(monkeypatch: pytest.MonkeyPatch, url: str, method: str) -> None:
    sts = Sts()
    found = source(monkeypatch, "auto", sts, url=url).keys(PLACE, write=True, seconds=HOUR)
    assert (found.keys.access_key, found.bound, found.warning) == ("LENTID", True, "")
    [(asked, arguments)] = sts.asked
    assert asked == method
    assert arguments["DurationSeconds"] == HOUR + 300, "until a pod has them, and for clocks that differ"
    assert "kopia/shop/*" in arguments["Policy"]
    assert found.secret_data("word")["AWS_SESSION_TOKEN"] == "LENTTOKEN"
    assert "LENT" not in mask("LENTSECRET LENTTOKEN")


def test_where_there_are_none_the_given_ones_are_taken_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    sts = Sts(refuses=True)
    keys = source(monkeypatch, "auto", sts)
    for _time in range(2):
        found = keys.keys(PLACE, write=True, seconds=HOUR)
        assert (found.keys.access_key, found.bound) == ("OWNID", False)
        assert "do not end by themselves" in found.warning
        assert "no (AccessDenied)" in found.warning
    # It is asked once.
    assert len(sts.asked) == 1
    assert "AWS_SESSION_TOKEN" not in found.secret_data("word")


def test_static_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    sts = Sts()
    assert not source(monkeypatch, "static", sts).keys(PLACE, write=True, seconds=HOUR).bound
    assert sts.asked == []


@pytest.mark.parametrize(
    ("kind", "url", "sts", "own", "seconds", "part"),
    [
        ("sts", "http://minio", Sts(refuses=True), {}, HOUR, "Cannot borrow keys of STS"),
        # AWS: GetFederationToken is for users alone, and for 36 hours at most.
        ("sts", "", Sts(), {"session_token": "x"}, HOUR, "lends no bound keys to a role or a session"),
        ("sts", "", Sts(), {}, 40 * HOUR, "for 129600 s at most"),
        # A running kopia cannot get new ones.
        ("sts", "http://minio", Sts(lasts=HOUR / 2), {}, HOUR, "end at 2026-11-29T12:30:00Z"),
        ("static", "", Sts(), {"expires": NOW + dt.timedelta(minutes=5)}, HOUR, "end at 2026-11-29T12:05:00Z"),
    ],
)
def test_keys_that_do_not_do_are_refused(
    monkeypatch: pytest.MonkeyPatch, kind: CredentialsKind, url: str, sts: Sts, own: t.Any, seconds: float, part: str
) -> None:
    with pytest.raises(MoverError, match=r"storage location|AWS lends") as caught:
        source(monkeypatch, kind, sts, url=url, **own).keys(PLACE, write=True, seconds=seconds)
    assert part in caught.value.message


def secret(text: bytes, key: str = "repository-password") -> dict[str, t.Any]:
    return {"data": {key: base64.b64encode(text).decode()}}


@pytest.mark.parametrize(
    ("given", "stored", "found"),
    [
        ("given", None, "given"),
        ("given", secret(b"stored"), "given"),
        # docs/compatibility 18.1: without the blanks around it.
        ("", secret(b" stored\n"), "stored"),
    ],
)
def test_the_password_is_the_given_one_or_that_of_velero(given: str, stored: t.Any, found: str) -> None:
    api = MemoryApi()
    if stored:
        api.add("secrets", "velero-repo-credentials", "velero", **stored)
    assert find_password(api.client, given) == found
    assert found not in mask(f"it is {found}")


@pytest.mark.parametrize(
    ("stored", "part"),
    [
        (None, "none is given, and no Secret velero/velero-repo-credentials"),
        (secret(b"  "), "has no password under"),
        (secret(b"x", "other"), "has no password under"),
        ({"data": {"repository-password": "no base64!"}}, "has no password under"),
    ],
)
def test_nobody_gets_a_password_that_everybody_knows(stored: t.Any, part: str) -> None:
    """Velero makes one; here it has to be asked for."""
    api = MemoryApi()
    if stored:
        api.add("secrets", "velero-repo-credentials", "velero", **stored)
    with pytest.raises(MoverError) as caught:
        find_password(api.client, "")
    assert part in caught.value.message
    assert "repository_password" in (caught.value.hint or "")
