# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys that a real server lends: they open one repository, and pods work with them (SeaweedFS's STS)."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t
import urllib.parse
from pathlib import Path

import boto3
import pytest
from cluster_access import S3Access
from mover_lab import MoverLab

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import Probe
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.credentials import KeySource
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.place import repository_place

if t.TYPE_CHECKING:
    from cluster_access import Kubectl

    from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

pytestmark = pytest.mark.node

LAB = Path(__file__).parents[3] / "cluster" / "lab.py"
#: What keys for one repository may do: at a place, with keys to write, with keys to read.
_ALLOWED = [
    ("list", "own", True, True),
    ("list", "", False, False),
    ("list", "other", False, False),
    ("get", "own", True, True),
    ("get", "other", False, False),
    ("get", "backups", False, False),
    ("put", "own", True, False),
    ("put", "other", False, False),
    ("delete", "other", False, False),
    ("delete", "own", True, False),
]


class Lending(t.NamedTuple):
    """``pod_url``: as the local cluster's pods reach it."""

    s3: S3Access
    pod_url: str


@pytest.fixture(scope="module")
def lending(tmp_path_factory: pytest.TempPathFactory, state: Path) -> t.Iterator[Lending]:
    """A server of its own, which is an STS, too."""
    home = tmp_path_factory.mktemp("lending")
    place = ["--state", str(home)]
    started = json.loads(_lab("s3", "start", "--lends-keys", *place))
    server = urllib.parse.urlsplit(started["endpoint"]).netloc
    relay = subprocess.Popen(
        [sys.executable, str(LAB), "expose", "--server", server, "--state", str(state)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        with relay:
            assert relay.stdout is not None
            url = relay.stdout.readline().strip()
            yield Lending(S3Access(started["endpoint"], started["access_key"], started["secret_key"]), url)
            relay.kill()
    finally:
        relay.kill()
        _lab("s3", "stop", *place)


@pytest.fixture(scope="module")
def lab(
    client: KubeClient, kubectl: Kubectl, lending: Lending, module_namespace: str, kopia_image: str
) -> t.Iterator[MoverLab]:
    found = MoverLab(client, kubectl, lending.s3, namespace=module_namespace, pod_s3_url=lending.pod_url)
    assert kopia_image
    with found.with_bucket():
        yield found


def test_they_open_one_repository(lab: MoverLab, lending: Lending) -> None:
    place = repository_place(lab.location, "shop")
    paths = {"own": place.prefix, "other": "moved/kopia/other/", "backups": "moved/backups/", "": ""}
    own = _client(lending, lending.s3.access_key, lending.s3.secret_key)
    for path in filter(None, paths.values()):
        own.put_object(Bucket=lab.bucket, Key=f"{path}x", Body=b"1")
    for write in (True, False):
        source = KeySource(lab.location.bucket_access.access, "sts", location="l", cancel=CancelToken(), now=utc_now)
        lent = source.keys(place, write=write, seconds=14400)
        assert (lent.bound, lent.warning) == (True, "")
        assert lent.keys.expires is not None
        assert 14400 < (lent.keys.expires - utc_now()).total_seconds() < 15000
        client = _client(lending, lent.keys.access_key, lent.keys.secret_key, lent.keys.session_token)
        found = [(doing, where, _may(client, doing, lab.bucket, paths[where])) for doing, where, *_may_it in _ALLOWED]
        wanted = [(doing, where, to_write if write else to_read) for doing, where, to_write, to_read in _ALLOWED]
        assert found == wanted, write
        own.put_object(Bucket=lab.bucket, Key=f"{place.prefix}x", Body=b"1")


def test_pods_work_with_them(lab: MoverLab) -> None:
    """A repository is made, opened and written to; nobody was told of keys that do not end."""
    lab.claim("files")
    issues = Issues()
    run, _lines = lab.run(issues=issues)
    mover = lab.mover(run, credentials="sts")
    [probed] = mover.probe([Probe(namespace=lab.namespace, source_namespace=lab.namespace)])
    assert (probed.error, probed.created) == ("", True)
    [up] = mover.upload([lab.upload("files")])
    assert (up.error, bool(up.snapshot_id)) == ("", True)
    assert [issue.message for issue in issues.warnings] == []
    assert lab.objects() == []


def _client(lending: Lending, access_key: str, secret_key: str, session_token: str = "") -> t.Any:
    return boto3.client(
        "s3",
        endpoint_url=lending.s3.endpoint,
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        aws_session_token=session_token or None,
    )


def _may(client: t.Any, doing: str, bucket: str, path: str) -> bool:
    calls: dict[str, t.Callable[[], object]] = {
        "list": lambda: client.list_objects_v2(Bucket=bucket, **({"Prefix": path} if path else {})),
        "get": lambda: client.get_object(Bucket=bucket, Key=f"{path}x"),
        "put": lambda: client.put_object(Bucket=bucket, Key=f"{path}y", Body=b"1"),
        "delete": lambda: client.delete_object(Bucket=bucket, Key=f"{path}x"),
    }
    try:
        calls[doing]()
    except client.exceptions.ClientError as exc:
        if exc.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True


def _lab(*arguments: str) -> str:
    done = subprocess.run([sys.executable, str(LAB), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()
