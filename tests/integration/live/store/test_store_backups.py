# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole backups in both kinds of store."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.removal import remove_files
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.written_backups import backup_files

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store


def contents(store: Store) -> dict[str, bytes]:
    return {info.key: store.get(info.key) for info in store.list().objects}


def test_a_backup_from_publish_to_delete(store: Store) -> None:
    catalog, writer = Catalog(store), BackupWriter(store)
    catalog.validate()
    files = backup_files()
    with WriteLock.acquire(store, BackupKeys("b1").write_lock, run_id="r1") as lock:
        writer.publish(files, lock=lock)
    assert catalog.names() == ["b1"]
    assert catalog.read_backup("b1") == files.metadata
    with catalog.files("b1").open_tarball() as reader:
        reader.verify()
        assert [ref.path for ref in reader.items] == ["resources/pods/namespaces/app/web.json"]
    with pytest.raises(ArchiveError, match="already exists"):
        writer.publish(backup_files())
    catalog.validate()
    assert remove_files(store, "b1")
    assert contents(store) == {}


def test_both_stores_hold_the_same(local_location: StorageLocation, s3_location: StorageLocation) -> None:
    stores = open_store(local_location), open_store(s3_location)
    for store in stores:
        BackupWriter(store).publish(backup_files())
    assert contents(stores[0]) == contents(stores[1]) != {}


def test_a_refused_commit_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_key: str, _data: bytes) -> bool:
        raise StoreError("refused", failure="denied")

    monkeypatch.setattr(store, "put_if_absent", refuse)  # the commit's own way to write
    with pytest.raises(StoreError, match="refused"):
        BackupWriter(store).publish(backup_files())
    assert contents(store) == {}


_UPLOAD = """
import json, os, resource, sys
from ansible_collections.arkive.k8s.plugins.module_utils._store.kinds import make_location
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
store = open_store(make_location(json.loads(sys.argv[1])))
store.put("small", b"x")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
size = 200 << 20
piece = os.urandom(1 << 20)
store.put_stream("big", (piece for _ in range(200)), size=size)
with store.open("big") as stream:
    total = 0
    while data := stream.read(1 << 20):
        total += len(data)
assert total == size
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_memory_stays_flat(location: StorageLocation, store: Store) -> None:
    """200 MiB up and down; what is in memory is a few parts."""
    options = json.dumps({name: value for name, value in dataclasses.asdict(location).items() if value})
    done = subprocess.run(
        [sys.executable, "-c", _UPLOAD, options],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 80
    store.delete_many(["small", "big"])
