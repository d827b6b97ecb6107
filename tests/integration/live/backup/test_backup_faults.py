# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What breaks in the middle of a backup: it ends in a true phase, and no partial backup is to be seen."""

from __future__ import annotations

import base64
import concurrent.futures
import os
import secrets
import subprocess
import tempfile
import typing as t
from pathlib import Path

import boto3
import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_fates import Fate, LosingProxy

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

pytestmark = pytest.mark.fault

COUNT = 1200
API = "kube-apiserver"


class Tripwire:
    """The client, but ``act`` is called once, before the second page of ConfigMaps is asked for."""

    def __init__(self, client: KubeClient, act: t.Callable[[], object]) -> None:
        self._client = client
        self._act: t.Callable[[], object] | None = act

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._client, name)

    def get_bytes(self, path: str, *, query: t.Mapping[str, str] | None = None, **more: t.Any) -> bytes:
        if self._act and path.endswith("/configmaps") and "continue" in (query or {}):
            act, self._act = self._act, None
            act()
        return self._client.get_bytes(path, query=query, **more)

    @property
    def was_met(self) -> bool:
        return self._act is None


def fill(client: KubeClient, namespace: str, count: int, data: t.Callable[[int], dict[str, str]]) -> None:
    def make(number: int) -> None:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c-{number:04}"}, "data": data(number)}
        client.post(f"/api/v1/namespaces/{namespace}/configmaps", body)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(count)))


@pytest.fixture(scope="module")
def filled(client: KubeClient, module_namespace: str) -> str:
    """A namespace whose ConfigMaps need three pages."""
    fill(client, module_namespace, COUNT, lambda number: {"number": str(number)})
    return module_namespace


def back_up(client: t.Any, store: Store, namespace: str, **spec: t.Any) -> BackupOutcome:
    asked = BackupSpec.from_options({"included_namespaces": [namespace], **spec})
    return run_backup(BackupRequest(name="fault", spec=asked), client=client, store=store)


def stored_maps(store: Store) -> int:
    with Catalog(store).files("fault").open_tarball() as tarball:
        return sum(str(item.group_resource) == "configmaps" and item.name.startswith("c-") for item in tarball.items)


def files_of(path: Path) -> list[Path]:
    return [found for found in path.rglob("*") if found.is_file()]


def test_the_api_server_restarts_in_the_middle_of_a_list(
    client: KubeClient, filled: str, tmp_path: Path, component: t.Callable[[str, str], None]
) -> None:
    store = open_store(LocalLocation(path=str(tmp_path)))
    wire = Tripwire(client, lambda: component("kill", API))
    outcome = back_up(wire, store, filled)
    assert wire.was_met
    # The rest of the list was asked for again: it is whole, and nothing is in it twice.
    assert (outcome.phase, outcome.errors_list) == ("Completed", [])
    assert stored_maps(store) == COUNT


def test_the_api_server_goes_away_in_the_middle_of_a_list(
    client: KubeClient, filled: str, tmp_path: Path, component: t.Callable[[str, str], None]
) -> None:
    store = open_store(LocalLocation(path=str(tmp_path)))
    wire = Tripwire(client, lambda: component("down", API))
    outcome = back_up(wire, store, filled, included_resources=["configmaps"])
    assert wire.was_met
    assert outcome.phase == "PartiallyFailed"
    assert [error["resource"] for error in outcome.errors_list] == ["configmaps"]
    assert 0 < stored_maps(store) < COUNT


def test_s3_refuses_the_third_part(client: KubeClient, namespace: str, s3: t.Any) -> None:
    # Random text is stored twice and hardly shrinks: four parts of 8 MiB.
    fill(client, namespace, 24, lambda _number: {"noise": base64.b64encode(os.urandom(600_000)).decode()})
    keys = {"access_key": s3.access_key, "secret_key": s3.secret_key}
    plain = boto3.client(
        "s3", endpoint_url=s3.endpoint, aws_access_key_id=s3.access_key, aws_secret_access_key=s3.secret_key,
        region_name="us-east-1",
    )  # fmt: skip
    bucket = f"arkive-test-{secrets.token_hex(6)}"
    plain.create_bucket(Bucket=bucket)

    def third_part(method: str, target: str) -> Fate:
        return "refuse" if method == "PUT" and "partNumber=3&" in f"{target}&" else "pass"

    proxy = LosingProxy(s3.endpoint, third_part)
    try:
        store = open_store(S3Location(bucket=bucket, endpoint_url=proxy.endpoint, **keys))
        with pytest.raises(StoreError) as caught:
            back_up(client, store, namespace)
        assert proxy.met
        assert caught.value.details["phase"] == "Failed"
        assert "Contents" not in plain.list_objects_v2(Bucket=bucket)
        assert "Uploads" not in plain.list_multipart_uploads(Bucket=bucket)
    finally:
        proxy.close()
        plain.delete_bucket(Bucket=bucket)


@pytest.mark.node
def test_the_disk_of_the_spool_is_full(
    client: KubeClient, filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, shop = tmp_path / "spool", tmp_path / "store"
    small.mkdir()
    shop.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=72m", "arkive-test", str(small)], check=True)
    try:
        monkeypatch.setattr(tempfile, "tempdir", str(small))
        store = open_store(LocalLocation(path=str(shop)))

        def fill_disk() -> None:
            with (small / "filler").open("wb", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(65536))
                except OSError:
                    return

        with pytest.raises(ArchiveError, match="There is not enough space") as caught:
            back_up(Tripwire(client, fill_disk), store, filled)
        assert "TMPDIR" in (caught.value.hint or "")
        assert caught.value.details["phase"] == "Failed"
        assert files_of(shop) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)
