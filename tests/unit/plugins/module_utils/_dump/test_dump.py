# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is refused before a program runs in a pod, and what check mode says; real servers are for live tests."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._archive.dump_record import DumpRecord
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._dump.errors import DumpError
from ansible_collections.arkive.k8s.plugins.module_utils._dump.make import make_dump
from ansible_collections.arkive.k8s.plugins.module_utils._dump.pod_database import find_database, shown_words
from ansible_collections.arkive.k8s.plugins.module_utils._dump.request import DumpOutcome, DumpRequest
from ansible_collections.arkive.k8s.plugins.module_utils._dump.restarting import require_lasting
from ansible_collections.arkive.k8s.plugins.module_utils._dump.restore import restore_dump
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._store.wrapper import StoreWrapper
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.written_backups import backup_files


class OnePod:
    """A client that knows one pod, and can run nothing."""

    def __init__(self, **more: t.Any) -> None:
        self.pod = {
            "metadata": {"namespace": "shop", "name": "db-0", "annotations": more.pop("annotations", {})},
            "spec": {
                "containers": [
                    {"name": "server", "volumeMounts": [{"name": "data", "mountPath": "/data"}]},
                    {"name": "tools"},
                ],
                **more.pop("spec", {}),
            },
            "status": {"phase": more.pop("phase", "Running")},
        }

    def get(self, path: str) -> dict[str, t.Any]:
        assert path == "/api/v1/namespaces/shop/pods/db-0"
        return self.pod


def client(**more: t.Any) -> t.Any:
    return OnePod(**more)


def request(**fields: t.Any) -> DumpRequest:
    return DumpRequest(**{"backup": "b", "namespace": "shop", "pod": "db-0", "kind": "postgresql", **fields})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = open_store(LocalLocation(path=str(tmp_path)))
    BackupWriter(store).publish(backup_files("b"))
    return store


def make(store: Store, **fields: t.Any) -> DumpOutcome:
    return make_dump(request(**fields), run=ClusterRun(client=client(), run_id="r"), store=store, check_mode=True)


def put_record(store: Store, **fields: t.Any) -> DumpRecord:
    values = {
        "name": "shop-db-0",
        "file": "b-arkive-dump-shop-db-0.sql.gz",
        "namespace": "shop",
        "pod": "db-0",
        "container": "server",
        "kind": "postgresql",
        "program": "pg_dump",
        "compression": "gzip",
        "size": 1,
        "sha256": "",
        "dump_size": 1,
        "dump_sha256": "",
        "started": "",
        "completed": "",
        **fields,
    }
    record = DumpRecord(**values)
    store.put(f"backups/b/b-arkive-dump-{record.name}.json", record.to_bytes())
    return record


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"dump": "Shop"}, "cannot be the name of a dump"),
        ({"dump": "../other"}, "cannot be the name of a dump"),
        ({"pod": "p" * 240}, "more than 255 characters"),
        ({"password": ""}, "The password is empty"),
        ({"password": "a\nb"}, "a line break"),
    ],
)
def test_requests_that_are_refused(fields: dict[str, t.Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        request(**fields).validate()


def test_a_password_is_in_no_text_of_a_request() -> None:
    assert "s3cret" not in repr(request(password="s3cret"))


@pytest.mark.parametrize(
    ("pod", "fields", "said"),
    [
        ({"phase": "Pending"}, {}, "does not run"),
        ({}, {"kind": ""}, "Of which kind the database"),
        ({"annotations": {"arkive.k8s/database": "oracle"}}, {"kind": ""}, "of no kind that can be dumped"),
        ({}, {"kind": "redis", "database": "0"}, "dumped as a whole"),
        ({}, {"database": "host=x"}, "cannot be given"),
        ({}, {"container": "web"}, "no such container"),
    ],
)
def test_pods_whose_database_is_not_known(pod: dict[str, t.Any], fields: dict[str, t.Any], said: str) -> None:
    with pytest.raises(ArkiveError, match=said):
        find_database(client(**pod), request(**fields))


def test_a_pod_that_is_not_there_is_told_with_what_to_do() -> None:
    class NoPod:
        def get(self, _path: str) -> t.NoReturn:
            raise KubeError("not found", status=404, reason="NotFound")

    with pytest.raises(DumpError, match="There is no pod shop/db-0") as caught:
        find_database(t.cast("t.Any", NoPod()), request())
    assert caught.value.hint == "Check its name and its namespace."


class Ended(t.NamedTuple):
    """In the place of a pipe."""

    rc: int
    said: str


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        # As PostgreSQL 15, MariaDB 10.11 and Redis 7.0 have said it, and as MySQL's and MongoDB's manuals have it.
        ('FATAL:  password authentication failed for user "b"', "Set user and password"),
        ("fe_sendauth: no password supplied", "Set user and password"),
        ("Got error: 1045: Access denied for user 'b'@'localhost' (using password: YES)", "Set user and password"),
        ("NOAUTH Authentication required.", "Set user and password"),
        ("WRONGPASS invalid username-password pair", "Set user and password"),
        ("connection() error: Authentication failed.", "Set user and password"),
        ("ERROR:  permission denied for table orders", "more rights"),
        ("Got error: 1044: Access denied for user 'b'@'%' to database 'shop'", "more rights"),
        ("NOPERM this user has no permissions to run the 'psync' command", "more rights"),
        ("not authorized on admin to execute command", "more rights"),
        ('FATAL:  database "nodb" does not exist', "Name a database that is there"),
        ("Got error: 1049: Unknown database 'nodb'", "Name a database that is there"),
        ("No space left on device", ""),
    ],
)
def test_what_a_program_says_comes_with_what_to_do(said: str, hint: str) -> None:
    found = find_database(client(), request())
    with pytest.raises(DumpError, match="ended with code 1") as caught:
        found.require_success(t.cast("t.Any", Ended(1, said)), "pg_dump")
    assert hint in (caught.value.hint or "")
    assert bool(hint) is bool(caught.value.hint)


def test_what_a_pod_says_of_its_database() -> None:
    said = {"arkive.k8s/database": "valkey", "arkive.k8s/database-container": "tools", "arkive.k8s/database-user": "u"}
    found = find_database(client(annotations=said), request(kind=""))
    assert (found.kind_name, found.target, found.order.user) == ("valkey", ("shop", "db-0", "tools"), "u")


def test_check_mode_says_what_would_be_done(store: Store) -> None:
    outcome = make(store, database="orders", compression="gzip")
    assert outcome.changed
    assert outcome.planned == (
        "pg_dump would run in container server of pod shop/db-0, and b-arkive-dump-shop-db-0.sql.gz be written beside "
        "backup 'b'."
    )
    assert not [info.key for info in store.list("backups/b/").objects if "dump" in info.key or "claim" in info.key]


def test_a_dump_that_is_there(store: Store) -> None:
    record = put_record(store)
    assert make(store).warnings[0].endswith("is missing: it is made anew.")
    store.put(f"backups/b/{record.file}", b"x")
    outcome = make(store)
    assert (outcome.changed, outcome.record) == (False, record)
    for other in (
        {"database": "orders"},
        {"kind": "mariadb"},
        {"namespace": "shop", "container": "tools", "database": "x"},
    ):
        with pytest.raises(ValidationError, match="is one of postgresql in pod shop/db-0") as caught:
            make(store, **other)
        assert caught.value.hint == "Give this one another name with dump_name."
    assert make(store, database="orders", dump="orders").changed


class BehindAnother(StoreWrapper):
    """Another run has the lock first, and makes the dump."""

    def put_if_absent(self, key: str, data: bytes) -> bool:
        self.put(f"backups/b/{put_record(self.inner).file}", b"x")
        return super().put_if_absent(key, data)


def test_another_dump_of_this_name_that_another_run_makes_meanwhile(store: Store) -> None:
    run = ClusterRun(client=client(), run_id="r")
    with pytest.raises(ValidationError, match="is one of postgresql in pod shop/db-0"):
        make_dump(request(database="x"), run=run, store=BehindAnother(store))


def test_a_dump_that_another_run_makes_meanwhile(store: Store) -> None:
    outcome = make_dump(request(), run=ClusterRun(client=client(), run_id="r"), store=BehindAnother(store))
    assert (outcome.changed, outcome.warnings) == (False, ())
    assert outcome.record is not None
    assert store.get(f"backups/b/{outcome.record.file}") == b"x"


@pytest.mark.parametrize("phase", ["Failed", "InProgress", ""])
def test_backups_that_take_no_dumps(store: Store, phase: str) -> None:
    key = "backups/b/velero-backup.json"
    backup = json.loads(store.get(key))
    store.put(key, json.dumps(backup | {"status": {**backup["status"], "phase": phase}}).encode())
    with pytest.raises(ArkiveError, match=r"takes no dumps|cannot be trusted"):
        make(store)


def test_a_location_that_must_not_be_written(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ArkiveError, match="is read-only"):
        make(open_store(LocalLocation(path=str(tmp_path), read_only=True)))


@pytest.mark.parametrize(
    ("record", "fields", "said"),
    [
        ({"name": "other"}, {}, r"has no dump 'shop-db-0'\."),
        ({"kind": "mariadb"}, {}, "and no postgresql takes it"),
        ({"database": "orders"}, {}, "of the database orders alone"),
        ({}, {"database": "orders"}, "of a whole server"),
        ({}, {}, "b-arkive-dump-shop-db-0.sql.gz"),
    ],
)
def test_dumps_that_are_not_restored(
    store: Store, record: dict[str, t.Any], fields: dict[str, t.Any], said: str
) -> None:
    put_record(store, **record)
    with pytest.raises(ArkiveError, match=said):
        restore_dump(request(**fields), run=ClusterRun(client=client(), run_id="r"), store=store)


@pytest.mark.parametrize(
    ("spec", "path", "said"),
    [
        ({}, "/data/dump.rdb", ""),
        ({}, "/data2/dump.rdb", "on no volume"),
        ({}, "/var/lib/redis/dump.rdb", "on no volume"),
        ({"restartPolicy": "Never"}, "/data/dump.rdb", "would not be started again"),
    ],
)
def test_where_a_dump_outlives_its_container(spec: dict[str, t.Any], path: str, said: str) -> None:
    database = find_database(client(spec=spec), request(kind="redis"))
    if not said:
        require_lasting(database, path)
        return
    with pytest.raises(DumpError, match=said):
        require_lasting(database, path)


def test_what_a_program_said_is_one_line_without_controls() -> None:
    assert shown_words("pg_dump: error\x1b[2J\nhint: x\r\n") == "It said: pg_dump: error\\x1b[2J hint: x"
    assert shown_words(" \n") == ""
