# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dumps of real servers: made under a writer, filled into others, and broken off in every way that can be had."""

from __future__ import annotations

import dataclasses
import os
import secrets
import signal
import subprocess
import typing as t
from pathlib import Path

import boto3
import pytest
from dump_runs import BACKUP, Breaking, Dumps, Midway, RefusingS3
from granted import Granted
from mariadb_app import TABLES, MariadbApp
from postgres_app import PostgresApp
from redis_app import RedisApp
from volume_lab import until

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import list_backups
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._dump.errors import DumpError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._proof.verify import verify_backup
from ansible_collections.arkive.k8s.plugins.module_utils._proof.verify_request import VerifyRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location

#: A server waits for further replicas before it sends what it has, and redis-cli is one.
AT_ONCE = ("--repl-diskless-sync-delay", "0")
PASSWORD = "p4ss'w\"o$rd \\x"
#: More than goes through the buffers on the way, and than one part of an upload, also when it is compressed.
_BIG = (
    "create table big as select i, md5(random()::text) || md5(random()::text) || md5(random()::text) || "
    "md5(random()::text) as v from generate_series(1, 300000) i"
)


@pytest.fixture(scope="module")
def postgres(kubectl: t.Any, module_namespace: str) -> PostgresApp:
    """One with a password, which local connections have to give."""
    app = PostgresApp(kubectl, module_namespace)
    app.create()
    app.sql(_BIG)
    return app


@pytest.fixture
def dumps(client: KubeClient, module_namespace: str, tmp_path: Path) -> Dumps:
    return Dumps(client, LocalLocation(path=str(tmp_path)), module_namespace)


@pytest.mark.usefixtures("postgres")
def test_postgresql_under_a_writer(kubectl: t.Any, postgres: PostgresApp, dumps: Dumps, module_namespace: str) -> None:
    planned = dumps.make(postgres, database="postgres", check_mode=True)
    assert "pg_dump would run in container postgres" in planned.planned
    assert dumps.files == []
    with postgres.written_to():
        before = postgres.acknowledged()
        made = dumps.make(postgres, database="postgres")
        after = postgres.rows()[0]
    assert made.changed
    assert made.record is not None
    assert made.record.size < made.record.dump_size
    assert dumps.files == [f"{BACKUP}-arkive-dump-{module_namespace}-db.json", made.record.file]
    assert made.record.file.startswith(f"{BACKUP}-arkive-dump-{module_namespace}-db.sql.")
    assert not dumps.make(postgres, database="postgres").changed
    with pytest.raises(ArkiveError, match="is one of database postgres of postgresql in pod"):
        dumps.make(postgres)
    other = PostgresApp(kubectl, module_namespace, name="other")
    other.create()
    name = made.record.name
    assert "is intact" in dumps.restore(other, dump=name, database="postgres", check_mode=True).planned
    dumps.restore(other, dump=name, database="postgres")
    newest, count = other.rows()
    assert newest == count
    assert before <= newest <= after
    assert other.check() == ""
    for check_mode in (True, False):
        with pytest.raises(DumpError, match="is not empty: it has 2 tables, views, sequences and functions"):
            dumps.restore(other, dump=name, database="postgres", check_mode=check_mode)
    with pytest.raises(DumpError, match=r"ended with code 3.*already exists.* Nothing of it was committed"):
        dumps.restore(other, dump=name, database="postgres", into_non_empty=True)
    assert other.rows() == (newest, count)
    verified = verify_backup(VerifyRequest(name=BACKUP, snapshots=False, record=False), store=dumps.store)
    assert (verified.sound, verified.files[-1].name, verified.files[-1].state) == (True, made.record.file, "intact")
    (entry,) = list_backups(dumps.store, sections=["dumps"]).backups
    assert [dump["sha256"] for dump in entry["dumps"]] == [made.record.sha256]
    delete_backup(BACKUP, store=dumps.store, providers=())
    assert Catalog(dumps.store).entries() == []


def test_a_whole_postgresql_server(kubectl: t.Any, dumps: Dumps, module_namespace: str) -> None:
    source = PostgresApp(kubectl, module_namespace, name="source")
    source.create()
    source.sql("create role clerk login password 'secret'", "create database shop owner clerk")
    source.sh("psql -U clerk -d shop -c 'create table t as select generate_series(1, 1000) i'")
    made = dumps.make(source)
    assert made.record is not None
    assert (made.record.program, made.record.database) == ("pg_dumpall", "")
    target = PostgresApp(kubectl, module_namespace, name="target")
    target.create()
    dumps.restore(target, dump=made.record.name)
    assert target.sh("psql -U clerk -d shop -XAtc 'select count(*) from t'") == "1000"
    with pytest.raises(DumpError, match="it has the databases shop"):
        dumps.restore(target, dump=made.record.name)


def test_the_client_is_killed(postgres: PostgresApp, dumps: Dumps) -> None:
    store = Midway(dumps.store, lambda: postgres.sh("pkill -9 -x pg_dump"))
    with pytest.raises(DumpError, match=r"pg_dump in container postgres of pod .* ended with code 137"):
        dumps.make(postgres, store=store, database="postgres")
    assert dumps.files == []


def test_whoever_makes_a_dump_is_killed(kubeconfig: str, postgres: PostgresApp, dumps: Dumps) -> None:
    before = len(postgres.log())
    child = os.fork()
    if not child:
        try:
            dumps.client = connect(KubeAuth(kubeconfig=kubeconfig))
            store = Midway(dumps.store, lambda: os.kill(os.getpid(), signal.SIGKILL))
            dumps.make(postgres, store=store, database="postgres")
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert not [name for name in dumps.files if "dump" in name]
    until(lambda: postgres.sh("pgrep -cx pg_dump || true") == "0", "its program has ended too", seconds=60)
    assert dumps.make(postgres, database="postgres").changed
    assert len(dumps.files) == 2
    # A child of nobody that was killed would be one of the server's, which is process 1.
    assert "terminated by signal" not in postgres.log()[before:]


def test_a_restore_that_breaks_off_leaves_nothing(kubectl: t.Any, postgres: PostgresApp, dumps: Dumps) -> None:
    made = dumps.make(postgres, database="postgres")
    assert made.record is not None
    postgres.sql("create database half")
    with pytest.raises(DumpError, match=r"Nothing of it was committed.* The store is gone\."):
        dumps.restore(postgres, store=Breaking(dumps.store), database="half", dump=made.record.name)
    tables = "psql -U postgres -d half -XAtc 'select count(*) from pg_stat_user_tables'"
    until(lambda: postgres.sh("pgrep -cx psql || true") == "0", "the client has ended", seconds=60)
    assert postgres.sh(tables) == "0"
    dumps.restore(postgres, database="half", dump=made.record.name)
    assert postgres.sh(tables) != "0"


def test_the_server_ends_the_session(postgres: PostgresApp, dumps: Dumps) -> None:
    end = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pg_dump'"
    store = Midway(dumps.store, lambda: postgres.sql(end))
    with pytest.raises(DumpError, match=r"pg_dump in container postgres of pod .* ended with code 1\."):
        dumps.make(postgres, store=store, database="postgres")
    assert dumps.files == []


def test_the_store_refuses_midway(client: KubeClient, s3: t.Any, postgres: PostgresApp, module_namespace: str) -> None:
    plain = boto3.client(
        "s3",
        endpoint_url=s3.endpoint,
        aws_access_key_id=s3.access_key,
        aws_secret_access_key=s3.secret_key,
        region_name="us-east-1",
    )
    bucket = f"arkive-test-{secrets.token_hex(6)}"
    plain.create_bucket(Bucket=bucket)
    location = S3Location(bucket=bucket, endpoint_url=s3.endpoint, access_key=s3.access_key, secret_key=s3.secret_key)
    dumps = Dumps(client, location, module_namespace)
    proxy = RefusingS3(s3.endpoint)
    try:
        refusing = open_store(dataclasses.replace(location, endpoint_url=proxy.endpoint))
        with pytest.raises(StoreError, match="the server denies it"):
            dumps.make(postgres, store=refusing, database="postgres")
        assert proxy.refused
        assert dumps.files == []
        assert dumps.store.unfinished("") == []
        made = dumps.make(postgres, database="postgres")
        assert made.record is not None
        assert made.record.size > 16 << 20
        assert verify_backup(VerifyRequest(name=BACKUP, record=False), store=dumps.store).sound
    finally:
        proxy.close()
        dumps.store.delete_many([info.key for info in dumps.store.list().objects])
        plain.delete_bucket(Bucket=bucket)


def test_the_disk_of_the_location_is_full(
    client: KubeClient, postgres: PostgresApp, module_namespace: str, tmp_path: Path
) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "arkive-test", str(tmp_path)], check=True)
    try:
        dumps = Dumps(client, LocalLocation(path=str(tmp_path)), module_namespace)
        with pytest.raises(StoreError, match="No space left on device"):
            dumps.make(postgres, database="postgres")
        assert dumps.files == []
        assert [path.name for path in tmp_path.rglob(".arkive-tmp*")] == []
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "mariadb"}, "There is no program mariadb-dump or mysqldump in container postgres"),
        ({"kind": "redis"}, "There is no program redis-cli"),
        ({"database": "nothing"}, 'database "nothing" does not exist'),
        ({"database": "postgres", "user": "nobody"}, 'role "nobody" does not exist'),
        ({"database": "postgres", "container": "other"}, 'no such container: "other"'),
        ({"database": "postgres", "seconds": 1.0}, "timed out after 1s"),
        ({"backup": "two"}, "There is no backup 'two'"),
        ({"pod": "web"}, "There is no pod arkive-test-"),
    ],
)
def test_what_cannot_be_dumped(postgres: PostgresApp, dumps: Dumps, given: dict[str, t.Any], said: str) -> None:
    with pytest.raises(ArkiveError) as caught:
        dumps.make(postgres, **given)
    assert said in caught.value.message
    assert dumps.files == []


def test_a_damaged_dump_is_not_used(postgres: PostgresApp, dumps: Dumps) -> None:
    postgres.sql("create database small")
    postgres.sh("psql -U postgres -d small -qc 'create table t as select generate_series(1, 1000) i'")
    made = dumps.make(postgres, database="small")
    assert made.record is not None
    key = f"backups/{BACKUP}/{made.record.file}"
    data = bytearray(dumps.store.get(key))
    data[len(data) // 2] ^= 1
    dumps.store.put(key, bytes(data))
    postgres.sh("psql -U postgres -d small -qc 'drop table t'")
    with pytest.raises(ArkiveError, match=r"is not a sound gzip file|SHA-256 is another one|is not a sound zstd file"):
        dumps.restore(postgres, database="small")
    tables = "psql -U postgres -d small -XAtc 'select count(*) from pg_stat_user_tables'"
    assert postgres.sh(tables) == "0"
    verified = verify_backup(VerifyRequest(name=BACKUP, snapshots=False, record=False), store=dumps.store)
    assert not verified.sound


def test_mariadb_under_a_writer_and_whole(kubectl: t.Any, dumps: Dumps, module_namespace: str) -> None:
    innodb = next(table for table, engine in TABLES.items() if engine.lower() == "innodb")
    source = MariadbApp(kubectl, module_namespace, name="maria")
    source.create()
    with source.written_to():
        before = source.acknowledged()
        made = dumps.make(source, database="app")
        after = source.counts()[innodb][0]
    assert made.record is not None
    target = MariadbApp(kubectl, module_namespace, name="mirror")
    target.create()
    target.sql("create database copy")
    dumps.restore(target, dump=made.record.name, database="copy")
    newest, count = (int(word) for word in target.sql(f"select max(id), count(*) from copy.{innodb}").split())
    assert newest == count
    assert before <= newest <= after
    with pytest.raises(DumpError, match="is not empty: it has"):
        dumps.restore(target, dump=made.record.name, database="copy")
    target.sql("drop database copy", "drop database probe")
    _fill_from_a_whole_server(kubectl, dumps, source, target)


def _fill_from_a_whole_server(kubectl: t.Any, dumps: Dumps, source: MariadbApp, target: MariadbApp) -> None:
    """By a user whose password every shell and every option file would read as something else."""
    source.sql("create database shop; create table shop.t as select seq from shop.seq_1_to_1000")
    source.sql("create user 'dumper'@'localhost'; grant all on *.* to 'dumper'@'localhost'")
    quoted = PASSWORD.replace("\\", "\\\\").replace("'", "''")
    kubectl(
        "-n", source.namespace, "exec", "-i", source.name, "--", "mariadb",
        stdin=f"alter user 'dumper'@'localhost' identified by '{quoted}';",
    )  # fmt: skip
    with pytest.raises(DumpError, match="Access denied for user 'dumper'") as caught:
        dumps.make(source, user="dumper", password="another one", dump="whole")
    assert "another one" not in caught.value.sentence
    made = dumps.make(source, user="dumper", password=PASSWORD, dump="whole")
    assert made.record is not None
    assert not any(PASSWORD in line for line in dumps.lines)
    dumps.restore(target, dump="whole")
    assert target.sql("select count(*) from shop.t") == "1000"


def test_redis_under_a_writer_into_a_valkey_that_loads_slowly(
    kubectl: t.Any, dumps: Dumps, module_namespace: str
) -> None:
    """A server answers while it loads, without its keys: it has come back when it has them."""
    source = RedisApp(kubectl, module_namespace, name="redis", settings=(*AT_ONCE, "--rdbcompression", "no"))
    source.create()
    source.ask("SET text 'a b'")
    source.ask("EVAL \"for i = 1, 250 do redis.call('SET', 'k' .. i, string.rep('v', 2000)) end\" 0")
    with source.written_to():
        before = source.acknowledged()
        made = dumps.make(source)
        after = source.count()
    assert made.record is not None
    assert made.record.file.endswith((".rdb.gz", ".rdb.zst"))
    saves = ("--save", "3600 1 300 100")
    # In microseconds. It looks at its clients once in 1024 bytes, so once a key.
    slow = ("--key-load-delay", "20000", "--loading-process-events-interval-bytes", "1024")
    target = RedisApp(kubectl, module_namespace, kind="valkey", name="valkey", settings=(*saves, *slow))
    target.create()
    dumps.restore(target, dump=made.record.name)
    assert before <= target.count() <= after
    assert target.ask("GET text") == "a b"
    assert target.ask("CONFIG GET save").splitlines()[-1] == saves[1]
    with pytest.raises(DumpError, match="is not empty: it has keys"):
        dumps.restore(target, dump=made.record.name)


def test_a_valkey_that_would_not_read_a_dump(
    client: KubeClient, kubectl: t.Any, kubeconfig: str, dumps: Dumps, module_namespace: str
) -> None:
    """By somebody who has just the rights that are documented."""
    app = RedisApp(kubectl, module_namespace, kind="valkey", name="aof", settings=("--appendonly", "yes", *AT_ONCE))
    app.create()
    granted = Granted(client, kubeconfig, module_namespace, module_namespace)
    try:
        dumps.client = granted.caller("dump")
        assert dumps.make(app).changed
        with pytest.raises(DumpError, match="It has an append-only file"):
            dumps.restore(app)
        with pytest.raises(ArkiveError, match="forbidden"):
            dumps.client.get(f"/api/v1/namespaces/{module_namespace}/secrets")
    finally:
        granted.remove()
