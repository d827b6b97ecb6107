# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One object or one file out of a backup: the right one, whole, and nothing beside it."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_files import STORED_FILES
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.errors import CatalogError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.extract import (
    ObjectName,
    extract_file,
    extract_object,
    mask_secret,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import obj, tar_gz
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.written_backups import backup_files

HOSTILE = "a\x1b[2J\u202eb\u2028c\ud83d\ude00\U000e0041"


def deployment(group_version: str, name: str, namespace: str = "shop") -> bytes:
    return json.dumps(
        {"apiVersion": group_version, "kind": "Deployment", "metadata": {"name": name, "namespace": namespace}}
    ).encode()


SECRET: dict[str, t.Any] = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {
        "name": "db",
        "namespace": "shop",
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "cGFzcw==", "team": "x"},
    },
    "data": {"password": "cGFzcw=="},
    "stringData": {"more": "pass"},
}
CONFIG = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "odd", "namespace": "shop"},
    "data": {"z": "1", "a": HOSTILE.encode("utf-16", "surrogatepass").decode("utf-16")},
}
CLUSTER_ROLE = "resources/clusterroles.rbac.authorization.k8s.io/cluster/system:node.json"
MEMBERS: dict[str, t.Any] = {
    "resources/deployments.apps/namespaces/shop/web.json": deployment("apps/v1", "web"),
    "resources/deployments.apps/v1-preferredversion/namespaces/shop/web.json": deployment("apps/v1", "web"),
    "resources/deployments.apps/namespaces/other/web.json": deployment("apps/v1", "web", "other"),
    "resources/widgets.a.example.org/namespaces/shop/w.json": obj("Widget", "w", "shop", "a.example.org/v1"),
    "resources/widgets.b.example.org/namespaces/shop/w.json": obj("Widget", "w", "shop", "b.example.org/v1"),
    CLUSTER_ROLE: obj("ClusterRole", "system:node", None, "rbac.authorization.k8s.io/v1"),
    "resources/secrets/namespaces/shop/db.json": json.dumps(SECRET).encode(),
    "resources/configmaps/namespaces/shop/odd.json": json.dumps(CONFIG).encode(),
    "resources/configmaps/namespaces/shop/bad.json": b'{"apiVersion": "v1", "kind": "ConfigMap"',
}


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    store = LocalStore(LocalLocation(path=str(tmp_path)))
    store.put("backups/b/velero-backup.json", b'{"metadata": {"name": "b"}}')
    store.put("backups/b/b.tar.gz", tar_gz(*MEMBERS.items()))
    return store


def take(store: LocalStore, text: str, *, masked: bool = False) -> str:
    """``take(store, "configmaps shop/odd")``."""
    resource, _blank, name = text.partition(" ")
    namespace, _slash, name = name.rpartition("/")
    wanted = ObjectName(resource=resource, namespace=namespace, name=name)
    return extract_object(Catalog(store).files("b"), wanted, masked=masked)


@pytest.mark.parametrize(
    ("wanted", "kind", "name", "namespace"),
    [
        ("deployments.apps shop/web", "Deployment", "web", "shop"),
        ("deployments shop/web", "Deployment", "web", "shop"),
        ("Deployments.apps other/web", "Deployment", "web", "other"),
        ("widgets.b.example.org shop/w", "Widget", "w", "shop"),
        ("clusterroles system:node", "ClusterRole", "system:node", None),
    ],
)
def test_one_object(store: LocalStore, wanted: str, kind: str, name: str, namespace: str | None) -> None:
    found = yaml.safe_load(take(store, wanted))
    assert (found["kind"], found["metadata"]["name"], found["metadata"].get("namespace")) == (kind, name, namespace)


def test_an_object_comes_out_as_it_was_stored(store: LocalStore) -> None:
    """Its members in their order; what would steer a terminal is escaped, and means the same."""
    text = take(store, "configmaps shop/odd")
    assert list(yaml.safe_load(text)) == list(CONFIG)
    assert yaml.safe_load(text) == CONFIG
    assert text.isascii()
    assert all(char == "\n" or char.isprintable() for char in text)


@pytest.mark.parametrize(
    ("wanted", "message", "hint"),
    [
        pytest.param("deployments shop/wep", "has no deployments shop/wep", "Did you mean shop/web?", id="misspelt"),
        pytest.param("deployments web", "has no deployments web", "other/web, shop/web", id="no namespace"),
        pytest.param("deployment.app shop/web", "no objects of the type", "deployments.apps", id="type"),
        pytest.param("widgets shop/w", "may be one of widgets.a.example.org, widgets.b", "with its group", id="two"),
        pytest.param("secrets ../../etc/passwd", "has no secrets ../../etc/passwd", "", id="a path"),
        pytest.param("../secrets shop/db", "no objects of the type", "", id="a path for a type"),
        pytest.param("pods shop/\x1b[2J", "no objects of the type 'pods'", "", id="control characters"),
    ],
)
def test_what_is_not_there(store: LocalStore, wanted: str, message: str, hint: str) -> None:
    with pytest.raises(CatalogError) as caught:
        take(store, wanted)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


def test_a_damaged_object_is_an_error_and_the_others_come_out(store: LocalStore) -> None:
    with pytest.raises(ArchiveError, match=r"configmaps/namespaces/shop/bad.json"):
        take(store, "configmaps shop/bad")
    assert take(store, "deployments shop/web")


def test_a_secret(store: LocalStore) -> None:
    assert yaml.safe_load(take(store, "secrets shop/db")) == SECRET
    text = take(store, "secrets shop/db", masked=True)
    assert "cGFzcw==" not in text
    assert ": pass" not in text
    masked = yaml.safe_load(text)
    assert masked["data"] == {"password": "********"}
    assert masked["metadata"]["annotations"] == {"team": "x"}


@pytest.mark.parametrize("odd", [{"data": None}, {"data": ["x"]}, {"metadata": None}, {"metadata": {"annotations": 7}}])
def test_odd_secrets_are_masked_without_an_error(odd: dict[str, t.Any]) -> None:
    assert isinstance(mask_secret({"kind": "Secret", **odd}), dict)


def test_files(tmp_path: Path) -> None:
    store = LocalStore(LocalLocation(path=str(tmp_path)))
    BackupWriter(store).publish(backup_files())
    files = Catalog(store).files("b1")
    found = {}
    for file in STORED_FILES:
        with contextlib.suppress(CatalogError):
            found[file] = b"".join(extract_file(files, file))
    assert json.loads(found["metadata"])["metadata"]["name"] == "b1"
    assert found["logs"] == b"level=info msg=done\n"
    assert json.loads(found["resource_list"]) == {"v1/Pod": ["app/web"]}
    assert json.loads(found["arkive_record"])["runID"] == "run-1"
    assert found["tarball"] == store.get("backups/b1/b1.tar.gz")
    assert set(STORED_FILES) - set(found) == {"result", "csi_volumesnapshots", "csi_volumesnapshotcontents"}


@pytest.mark.parametrize("file", ["../velero-backup.json", "write_lock", "/etc/passwd", ""])
def test_only_files_of_a_backup(store: LocalStore, file: str) -> None:
    with pytest.raises(CatalogError, match="No backup has a file"):
        extract_file(Catalog(store).files("b"), t.cast("t.Any", file))


def test_a_tarball_that_was_changed_is_not_taken_for_the_one_that_was_written(tmp_path: Path) -> None:
    store = LocalStore(LocalLocation(path=str(tmp_path)))
    BackupWriter(store).publish(backup_files())
    store.put("backups/b1/b1.tar.gz", store.get("backups/b1/b1.tar.gz") + b"x")
    with pytest.raises(ArchiveError, match="is not the one that was written"):
        b"".join(extract_file(Catalog(store).files("b1"), "tarball"))


def test_a_damaged_file(store: LocalStore) -> None:
    store.put("backups/b/b-logs.gz", gzip.compress(base64.b64encode(bytes(range(256)) * 99))[:-9])
    with pytest.raises(ArchiveError, match=r"b-logs\.gz"):
        b"".join(extract_file(Catalog(store).files("b"), "logs"))
