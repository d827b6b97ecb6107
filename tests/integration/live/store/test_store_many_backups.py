# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Thousands of backups: all of them are listed, and it takes one listing and one read for each."""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import gzip
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.backup_filter import BackupFilter
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import list_backups
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import obj, tar_gz
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.wrappers import MeasuredStore

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

PAGE = 1000
#: Several pages for the directory; more than one for the server, where each costs two requests to make.
MANY = {"local": 3000, "s3": 1200}
TAR = tar_gz(("resources/pods/namespaces/app/web.json", obj("Pod", "web", "app")))


def metadata(
    name: str, *, phase: str = "Completed", schedule: str = "", started: str = "2026-06-01T02:00:00Z"
) -> bytes:
    labels = {"velero.io/schedule-name": schedule} if schedule else {}
    document = {
        "apiVersion": "velero.io/v1",
        "kind": "Backup",
        "metadata": {"name": name, "labels": labels},
        "spec": {"includedNamespaces": [f"ns-{int(name[1:]) % 10}"]},
        "status": {"phase": phase, "startTimestamp": started},
    }
    return json.dumps(document).encode()


def fill(store: Store, many: int) -> None:
    """b0000 and so on: every tenth Failed, every third of a schedule; b0007 is damaged, b0008 has no tarball."""

    def put(number: int) -> None:
        name = f"b{number:04}"
        data = metadata(
            name, phase="Failed" if number % 10 == 0 else "Completed", schedule="" if number % 3 else "daily"
        )
        store.put(f"backups/{name}/velero-backup.json", b"{" if number == 7 else data)
        if number != 8:
            store.put(f"backups/{name}/{name}.tar.gz", TAR)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(put, range(many)))
    store.put("backups/dead/dead-logs.gz", b"x")


def test_thousands_of_backups(store: Store, request: pytest.FixtureRequest) -> None:
    many = MANY[request.node.callspec.params["location"]]
    fill(store, many)
    counted = MeasuredStore(store)
    listing = list_backups(t.cast("t.Any", counted))
    assert [entry["name"] for entry in listing.backups] == [f"b{number:04}" for number in range(many)]
    assert listing.incomplete == [{"name": "dead", "in_progress": False, "interrupted": False}]
    assert [entry["name"] for entry in listing.backups if entry["problems"]] == ["b0007", "b0008"]
    assert sum(entry["phase"] == "Failed" for entry in listing.backups) == many // 10
    assert counted.requests == {"check": 1, "list": 2, "get": many}

    found = list_backups(store, BackupFilter(schedule="daily", phases=frozenset({"Failed"}), namespace="ns-0"))
    assert [entry["name"] for entry in found.backups] == [f"b{number:04}" for number in range(0, many, 30)]

    one = MeasuredStore(store)
    (entry,) = list_backups(t.cast("t.Any", one), BackupFilter(name="b0009"), sections=("items",)).backups
    assert (entry["items"], entry["problems"]) == ({"pods": 1}, [])
    assert one.requests.total() <= 8

    later = MeasuredStore(store)
    tomorrow = dt.datetime.now(tz=dt.UTC) + dt.timedelta(days=2)
    assert list_backups(t.cast("t.Any", later), BackupFilter(started_after=tomorrow)).backups == []
    assert later.requests["get"] == 0
    store.delete_many([info.key for info in store.list().objects])


def test_requests_on_the_wire(s3_location: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of 1,000 keys, and a read for each backup; nothing asks twice."""
    from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.store import S3Store

    store = S3Store(s3_location)
    backups = 1100
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(
            pool.map(
                lambda number: store.put(f"backups/b{number:04}/velero-backup.json", metadata(f"b{number:04}")),
                range(backups),
            )
        )
    sent: list[str] = []
    store._client._client.meta.events.register("before-send.s3", lambda request, **_more: sent.append(request.method))
    assert len(list_backups(store).backups) == backups
    pages = -(-backups // PAGE)
    assert len(sent) == 1 + 1 + pages + backups
    store.delete_many([info.key for info in store.list().objects])


def put_foreign(store: Store, directory: str, file: str, tarball: bytes) -> None:
    document = {
        "apiVersion": "ark.heptio.com/v1",
        "kind": "Backup",
        "metadata": {"name": "old", "labels": {"ark-schedule": "daily"}},
        "status": {"phase": "Completed", "volumeBackups": {"pv-1": {"snapshotID": "snap-1", "type": "gp2"}}},
    }
    store.put(f"{directory}old/{file}", json.dumps(document).encode())
    store.put(f"{directory}old/old.tar.gz", tarball)
    store.put(f"{directory}old/old-logs.gz", gzip.compress(b"level=info msg=done\n"))


OLD_TAR = tar_gz(("namespaces/app/pods/web.json", obj("Pod", "web", "app")))


@pytest.mark.parametrize(
    ("directory", "tarball"),
    [pytest.param("", OLD_TAR, id="Ark 0.3, at the root"), pytest.param("backups/", TAR, id="Ark 0.10")],
)
def test_backups_of_ark(store: Store, directory: str, tarball: bytes) -> None:
    put_foreign(store, directory, "ark-backup.json", tarball)
    (found,) = list_backups(store, sections=("items", "volumes", "logs")).backups
    assert (found["schedule"], found["items"], found["problems"]) == ("daily", {"pods": 1}, [])
    assert found["volumes"][0]["nativeSnapshotInfo"]["snapshotHandle"] == "snap-1"
    assert found["logs"] == "level=info msg=done\n"
    with pytest.raises(ValidationError, match="snap-1" if directory else "at the root of the location"):
        delete_backup("old", store=store, providers=())


def put_backup(store: Store, name: str) -> None:
    store.put(f"backups/{name}/velero-backup.json", metadata(name))
    store.put(f"backups/{name}/{name}.tar.gz", TAR)
    store.put(f"restores/of-{name}/of-{name}-arkive.json.gz", gzip_json({"restore": {"spec": {"backupName": name}}}))
    line = f'level=info msg="Starting restore of backup velero/{name}"\n'
    store.put(f"restores/by-velero-{name}/restore-by-velero-{name}-logs.gz", gzip.compress(line.encode()))


def test_deletion(store: Store) -> None:
    for name in ("b1", "b10"):
        put_backup(store, name)
    before = {info.key for info in store.list().objects}
    planned = delete_backup("b1", store=store, providers=(), check_mode=True)
    assert {info.key for info in store.list().objects} == before
    done = delete_backup("b1", store=store, providers=())
    assert sorted(done.deleted) == sorted(planned.deleted)
    assert {info.key for info in store.list().objects} == before - set(done.deleted)
    assert sorted(done.deleted) == sorted(
        [
            "backups/b1/b1.tar.gz",
            "backups/b1/velero-backup.json",
            "restores/by-velero-b1/restore-by-velero-b1-logs.gz",
            "restores/of-b1/of-b1-arkive.json.gz",
        ]
    )
    assert not delete_backup("b1", store=store, providers=()).changed


def test_deletion_while_a_run_works_on_it(store: Store) -> None:
    put_backup(store, "b1")
    lock = WriteLock.acquire(store, BackupKeys("b1").write_lock, run_id="r1")
    with pytest.raises(ValidationError, match="is in progress: run r1"):
        delete_backup("b1", store=store, providers=())
    assert delete_backup("b1", store=store, providers=(), force=True).changed
    assert store.list().objects == []
    lock.release()
    assert store.list().objects == []
