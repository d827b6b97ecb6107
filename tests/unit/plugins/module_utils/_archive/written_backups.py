# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a small backup, and a store that notes what becomes of them."""

from __future__ import annotations

import gzip
import io
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.arkive_record import ArkiveRecord
from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import BackupFiles
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_writer import TarballWriter
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import obj

FILES = [
    "b1-arkive.json.gz",
    "b1-itemoperations.json.gz",
    "b1-logs.gz",
    "b1-podvolumebackups.json.gz",
    "b1-resource-list.json.gz",
    "b1-results.gz",
    "b1-volumeinfo.json.gz",
    "b1-volumesnapshots.json.gz",
    "b1.tar.gz",
    "velero-backup.json",
]


def backup_files(name: str = "b1", phase: str = "Completed") -> BackupFiles:
    tarball = io.BytesIO()
    writer = TarballWriter(tarball, mtime=0)
    writer.add_items(GroupResource("pods"), [(obj("Pod", "web", "app"), None)], preferred_version="v1")
    summary = writer.close()
    tarball.seek(0)
    return BackupFiles(
        metadata={
            "apiVersion": "velero.io/v1",
            "kind": "Backup",
            "metadata": {"name": name},
            "spec": {},
            "status": {"phase": phase},
        },
        tarball=tarball,
        tarball_summary=summary,
        logs=gzip.compress(b"level=info msg=done\n"),
        results={"errors": {}, "warnings": {"velero": [" message: /careful"]}},
        resource_list={"v1/Pod": ["app/web"]},
        record=ArkiveRecord(run_id="run-1", tool="arkive.k8s 0.1.0", beside={"backup_hooks": "0123456789abcdef"}),
    )


class Watched:
    """A store that notes what is written and deleted, and fails at one key."""

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self.acts: list[str] = []
        self.fail_at = ""
        self.fail_after = False

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._store, name)

    def put_file(self, key: str, fileobj: t.Any, **options: t.Any) -> t.Any:
        if self.fail_at and key.endswith(self.fail_at):
            if self.fail_after:
                self._store.put_file(key, fileobj, **options)
            raise StoreError(f"Cannot write {key}: refused.")
        self.acts.append(key.rpartition("/")[2])
        return self._store.put_file(key, fileobj, **options)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        if self.fail_at and key.endswith(self.fail_at):
            if self.fail_after:
                self._store.put_if_absent(key, data)
            raise StoreError(f"Cannot write {key}: refused.")
        self.acts.append(key.rpartition("/")[2])
        return self._store.put_if_absent(key, data)

    def delete_many(self, keys: t.Iterable[str]) -> None:
        doomed = list(keys)
        self.acts.append(f"delete {' '.join(key.rpartition('/')[2] for key in doomed)}")
        self._store.delete_many(doomed)


def all_keys(store: Watched) -> list[str]:
    return [info.key for info in store.list().objects]
