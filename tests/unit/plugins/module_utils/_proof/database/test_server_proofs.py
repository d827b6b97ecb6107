# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is made of the answers of servers that were brought up. Real servers are for live tests."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._proof.database import (
    mariadb_proof,
    postgresql_proof,
    redis_proof,
)
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.kinds import PROOFS, find_proof
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.mariadb_proof import MariadbProof
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.postgresql_proof import PostgresqlProof
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.redis_proof import RedisProof
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.run_check import NOT_THERE
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._proof.database.stub_shell import (
    Answer,
    StubShell,
    order,
)

CONTROL = "\n".join(
    [
        "data_directory: /data/pg",
        "server: postgres (PostgreSQL) 15.8",
        "container_user: app",
        "Database cluster state:               in production",
        "max_prepared_xacts setting:           7",
        "max_locks_per_xact setting:           64",
        "Data page checksum version:           1",
    ]
)
LOOKED = "15.8|f|0/3000148|2|3"
# src/backend/access/transam/xlogreader.c of PostgreSQL 15 and 17, and xlogrecovery.c.
WAL_ENDS = [
    ("LOG:  invalid record length at 0/15E0A98: wanted 24, got 0", "0/15E0A98"),
    ("LOG:  invalid record length at A/15E0A98: expected at least 24, got 0", "A/15E0A98"),
    ("LOG:  record with incorrect prev-link 0/10000B8 at 0/15E0AD0", "0/15E0AD0"),
    ("LOG:  invalid resource manager ID 101 at 0/15E0AD0", "0/15E0AD0"),
    ("LOG:  incorrect resource manager data checksum in record at 0/15E0AD0", "0/15E0AD0"),
    ("LOG:  redo starts at 0/15E0A28", "0/3000148"),
]


def postgresql(*answers: Answer, log: str = "", **options: t.Any) -> tuple[PostgresqlProof, StubShell]:
    shell = StubShell(
        *answers, ("pg_controldata", CONTROL), ("select pg_is_in_recovery()", "f\n"), ("timeline_id", LOOKED), log=log
    )
    proof = PostgresqlProof(order(shell, **options))
    proof.find()
    return proof, shell


@pytest.mark.parametrize(("line", "position"), WAL_ENDS)
def test_postgresql_tells_up_to_where_it_recovered(line: str, position: str) -> None:
    proof, _shell = postgresql(log=f"{line}\nLOG:  redo done at 0/15E0A28 system usage: CPU: user: 0.00 s\n")
    assert proof.serves()
    assert proof.known.position == position


@pytest.mark.parametrize(
    ("facts", "problems"),
    [
        ({"start_position": "0/15E0A98", "timeline": 2}, 0),
        ({"start_position": "0/15E0A99"}, 1),
        ({"start_position": "1/0"}, 1),
        ({"timeline": 3}, 1),
        ({"start_position": "nonsense"}, 0),
        ({}, 0),
    ],
)
def test_postgresql_may_not_fall_short_of_its_record(facts: dict[str, t.Any], problems: int) -> None:
    proof, _shell = postgresql(log=WAL_ENDS[0][0], facts=facts)
    assert proof.serves()
    assert len(proof.problems()) == problems


def test_postgresql_is_started_by_our_settings_alone() -> None:
    proof, shell = postgresql(arguments=("-c", "archive_mode=on"))
    proof.start()
    script, directory, settings, label, spaces, *arguments = shell.asked[-1]
    assert (directory, label, spaces) == ("/data/pg", "", "")
    for line in (
        "archive_mode = 'off'",
        "listen_addresses = ''",
        "shared_preload_libraries = ''",
        "primary_conninfo = ''",
        "max_logical_replication_workers = '0'",
        "max_prepared_transactions = '7'",
    ):
        assert line in settings.splitlines()
    # What is given later counts.
    assert arguments.index("archive_mode=on") < arguments.index("archive_mode=off")
    for words in ("standby.signal", "recovery.signal", "postgresql.auto.conf", "pg_replslot"):
        assert words in script


def test_postgresql_that_is_not_cut_off_is_not_asked_any_further() -> None:
    proof, _shell = postgresql(("show archive_mode", "on\n"))
    assert proof.serves()
    with pytest.raises(ProofError, match="its setting archive_mode is 'on', not 'off'"):
        proof.check_isolation()


def test_postgresql_without_a_user_who_may_look() -> None:
    refused = (2, 'FATAL:  role "postgres" does not exist')
    proof, _shell = postgresql(('-c "$q"', refused))
    with pytest.raises(ProofError, match="no user of app, postgres can look at it"):
        proof.serves()


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("", "passed"),
        ((NOT_THERE, ""), "unavailable"),
        ((1, 'could not open extension control file "/usr/share/amcheck.control"'), "unavailable"),
        ((2, "heap table ticks: item pointer (0,1): bad"), "failed"),
        ((2, ""), "failed"),
    ],
)
def test_amcheck(answer: t.Any, state: str) -> None:
    proof, _shell = postgresql(("--heapallindexed", answer))
    assert proof.serves()
    checks = list(proof.checks())
    assert [check.state for check in checks] == [state, "passed"]
    assert state == "passed" or checks[0].found


REDIS = (
    "server: /usr/bin/redis-server\nmanifest: /data/appendonlydir/appendonly.aof.manifest\ndump: \nlog: \nv=7.0.15\n"
)
PERSISTENCE = "loading:0\r\naof_enabled:1\r\n"
KEYSPACE = "# Keyspace\r\ndb0:keys=5,expires=2,avg_ttl=0\r\n"


def redis(*answers: Answer, log: str = "", **options: t.Any) -> tuple[RedisProof, StubShell]:
    shell = StubShell(
        *answers,
        ("aof.manifest'", REDIS),
        ("INFO persistence", PERSISTENCE),
        ("INFO keyspace", KEYSPACE),
        ("INFO replication", "role:master\r\nmaster_repl_offset:42\r\n"),
        log=log,
    )
    proof = RedisProof(order(shell, **options))
    proof.find()
    return proof, shell


def test_redis_is_started_without_its_configuration() -> None:
    proof, shell = redis()
    proof.start()
    script, server, _owned, *arguments = shell.asked[-1]
    assert server == "/usr/bin/redis-server"
    assert arguments[:2] == ["--appenddirname", "appendonlydir"]
    assert arguments[arguments.index("--appendfilename") + 1] == "appendonly.aof"
    assert arguments[arguments.index("--dir") + 1] == "/data"
    for words in ("--port 0", "--replicaof no one", "--save ''"):
        assert words in script


@pytest.mark.parametrize(
    ("recorded", "problems"),
    [
        ({"db0": {"keys": 5, "expires": 0}}, 0),
        ({"db0": {"keys": 7, "expires": 2}}, 0),
        ({"db0": {"keys": 8, "expires": 2}}, 1),
        ({"db0": {"keys": 1}, "db3": {"keys": 1}}, 1),
    ],
)
def test_redis_may_not_have_fewer_keys_than_its_record(recorded: dict[str, t.Any], problems: int) -> None:
    proof, _shell = redis(facts={"keys": recorded})
    assert proof.serves()
    assert len(proof.problems()) == problems


def test_an_end_that_is_cut_off_is_a_problem_where_it_was_held_only() -> None:
    cut = ("ln -sf", (1, "AOF is not valid. Use the --fix option to try fixing it."))
    proof, _shell = redis(cut)
    assert [check.state for check in proof.check_files()] == ["passed"]
    assert "cut off" in proof.known.warnings[0]
    proof, _shell = redis(cut, facts={"append_only": True}, log="# !!! Truncating the AOF at offset 12 !!!")
    assert [check.state for check in proof.check_files()] == ["failed"]
    assert "although it was held" in proof.problems()[0]


def test_redis_that_would_follow_a_primary_is_stopped() -> None:
    proof, _shell = redis(("INFO replication", "role:slave\r\n"))
    with pytest.raises(ProofError, match="its role is slave"):
        proof.check_isolation()


@pytest.mark.parametrize(
    ("facts", "found", "why"),
    [
        ({"append_only": False}, REDIS, "there is no dump"),
        ({}, "server: /usr/bin/redis-server\nmanifest: \ndump: \nlog: \n", "there is no"),
    ],
)
def test_an_empty_redis_proves_nothing(facts: dict[str, t.Any], found: str, why: str) -> None:
    shell = StubShell(("aof.manifest'", found))
    with pytest.raises(ProofError, match=why):
        RedisProof(order(shell, facts=facts)).find()


MARIADB = (
    "data_directory: /data\nserver: /usr/sbin/mariadbd\nbinary_log: /data/mysql-bin\n"
    "/usr/sbin/mariadbd  Ver 10.11.19-MariaDB for debian-linux-gnu\n"
)
CHECKED = [
    ("shop.orders                                        OK\n", "passed", 0),
    # A table whose status is OK in spite of what it warns of.
    ("shop.m\nwarning  : Size of indexfile is: 1, should be: 349\nstatus   : OK\n", "failed", 0),
    ("shop.m\nError    : Incorrect file format 'm'\nerror    : Corrupt\n", "failed", 0),
    ("shop.m\nwarning  : 1 client is using or hasn't closed the table properly\nstatus   : OK\n", "passed", 1),
    ("shop.c\nnote     : The storage engine for the table doesn't support check\n", "passed", 0),
]


def mariadb(*answers: Answer, **options: t.Any) -> tuple[MariadbProof, StubShell]:
    shell = StubShell(
        *answers,
        ("ibdata1", MARIADB),
        ("select version()", "10.11.19-MariaDB\n"),
        ("@@gtid_binlog_pos", "0-1-13663,5-1-7\n"),
        ("@@skip_networking", "1\tDISABLED\n"),
    )
    proof = MariadbProof(order(shell, **options))
    proof.find()
    return proof, shell


@pytest.mark.parametrize(("said", "state", "warnings"), CHECKED)
def test_the_warnings_of_mariadb_check_are_read(said: str, state: str, warnings: int) -> None:
    proof, _shell = mariadb(("--check 2>&1", said))
    proof.check_isolation()
    assert [check.state for check in proof.checks()] == [state]
    assert len(proof.known.warnings) == warnings


@pytest.mark.parametrize(
    ("place", "link", "code"),
    [
        ("volume/pgdata", "", 0),
        ("volume/pgdata", "pgdata", 0),
        # Built into the image, beside the volume.
        ("image/pgdata", "image/pgdata", 6),
        ("volume-of-another/pgdata", "volume-of-another/pgdata", 6),
    ],
)
def test_only_the_data_of_a_snapshot_are_proven(place: str, link: str, code: int, tmp_path: Path) -> None:
    data, volume = tmp_path / place, tmp_path / "volume"
    for folder in (data / "global", data / "pg_wal", volume):
        folder.mkdir(parents=True, exist_ok=True)
    (data / "global" / "pg_control").write_text("x")
    (data / "PG_VERSION").write_text("15")
    if link and link != place:
        (tmp_path / link).symlink_to(data)
    script = f"PGDATA={tmp_path / link if link else ''}\n{postgresql_proof._FIND}"
    said = run_script(script, tmp_path, "", str(volume), postgres="echo postgres")
    assert said.returncode == code, said.stderr


def _make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("15" if name.endswith("PG_VERSION") else "x")


def _cluster(name: str) -> tuple[str, ...]:
    return f"{name}/global/pg_control", f"{name}/PG_VERSION", f"{name}/pg_wal/0"


def _tables(name: str) -> tuple[str, ...]:
    return f"{name}/ibdata1", f"{name}/mysql/db.frm"


@pytest.mark.parametrize(
    ("script", "files", "recorded", "found"),
    [
        (postgresql_proof._FIND, _cluster("15/data"), "", "15/data"),
        # The one that was left by an upgrade is whole as well.
        (postgresql_proof._FIND, (*_cluster("14/data"), *_cluster("15/data")), "15/data", "15/data"),
        (postgresql_proof._FIND, (*_cluster("14/data"), *_cluster("15/data")), "", None),
        (postgresql_proof._FIND, (*_cluster("14/data"), *_cluster("15/data")), "gone", None),
        (mariadb_proof._FIND, (*_tables("."), *_tables("backup/full")), "", "."),
        (mariadb_proof._FIND, (*_tables("data"), *_tables("backup/full")), "", "data"),
        (mariadb_proof._FIND, (*_tables("a"), *_tables("b")), "b", "b"),
        (mariadb_proof._FIND, (*_tables("a"), *_tables("b")), "", None),
        (mariadb_proof._FIND, _tables("a"), "", "a"),
    ],
)
def test_of_several_data_directories_the_recorded_one_is_proven_or_none(
    script: str, files: tuple[str, ...], recorded: str, found: str | None, tmp_path: Path
) -> None:
    volume = tmp_path / "volume"
    _make(volume, *files)
    directory = str(volume / recorded) if recorded else ""
    programs = {"postgres": "echo postgres", "mariadbd": "echo Ver 10.11"}
    said = run_script(script, tmp_path, directory, str(volume), **programs)
    if found is None:
        assert said.returncode == 7
        assert "nothing says which of these is the server's" in said.stderr
        return
    place = next(line for line in said.stdout.splitlines() if line.startswith("data_directory: "))
    assert Path(place.removeprefix("data_directory: ")) == volume / found


AOF_FILES = ("appendonlydir/appendonly.aof.manifest", "appendonlydir/appendonly.aof.1.base.rdb")


@pytest.mark.parametrize(
    ("files", "directory", "file", "found"),
    [
        (("dump.rdb", "old/dump.rdb", "temp-7.rdb"), "", "", {"dump": ["dump.rdb"]}),
        (("dump.rdb", "copy.rdb"), "", "", {"dump": ["copy.rdb", "dump.rdb"]}),
        (("dump.rdb", "copy.rdb"), ".", "copy.rdb", {"dump": ["copy.rdb"]}),
        (AOF_FILES, "", "", {"manifest": [AOF_FILES[0]]}),
        (
            (*(f"a/{name}" for name in AOF_FILES), *(f"b/{name}" for name in AOF_FILES)),
            "b",
            "",
            {"manifest": [f"b/{AOF_FILES[0]}"]},
        ),
    ],
)
def test_the_files_of_redis_are_its_own(
    files: tuple[str, ...], directory: str, file: str, found: dict[str, list[str]], tmp_path: Path
) -> None:
    volume = tmp_path / "volume"
    _make(volume, *files)
    recorded = str(volume / directory) if directory else ""
    said = run_script(redis_proof._FIND, tmp_path, recorded, file, str(volume), redis_server="echo v=7.0.15")
    for kind, names in found.items():
        lines = [line for line in said.stdout.splitlines() if line.startswith(f"{kind}: ")]
        assert sorted(str(Path(line.partition(": ")[2]).relative_to(volume)) for line in lines) == names


def test_of_several_dumps_none_is_proven() -> None:
    found = "server: /usr/bin/redis-server\ndump: /data/copy.rdb\ndump: /data/dump.rdb\n"
    with pytest.raises(ProofError, match=r"which of /data/copy\.rdb, /data/dump\.rdb is the server's"):
        RedisProof(order(StubShell(("aof.manifest'", found)))).find()


def run_script(script: str, folder: Path, *arguments: str, **programs: str) -> subprocess.CompletedProcess[str]:
    """As in the container, with ``programs`` of these names."""
    for name, text in programs.items():
        program = folder / name.replace("_", "-")
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    return subprocess.run(
        ["/bin/sh", "-c", f"w={folder}\n{script}", "arkive", *arguments],
        env={"PATH": f"{folder}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_of_many_tables_the_one_that_is_broken_is_told(tmp_path: Path) -> None:
    many = "seq -f 'shop.t%-60g OK' 1 9000; echo shop.m; echo 'error    : Corrupt'; exit 3"
    said = run_script(mariadb_proof._MARIADB_CHECK, tmp_path, mariadb_check=many)
    assert (said.returncode, said.stdout) == (3, "shop.m\nerror    : Corrupt\n")
    assert run_script(mariadb_proof._MARIADB_CHECK, tmp_path, mariadb_check="echo 'shop.t   OK'").returncode == 0


def test_checksums_that_nobody_looked_at_did_not_pass(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    script = mariadb_proof._INNOCHECKSUM
    assert run_script(script, tmp_path, str(data), innochecksum="exit 0").returncode == mariadb_proof._NO_FILES
    proof, _shell = mariadb(("name '*.ibd'", (mariadb_proof._NO_FILES, "")))
    (check,) = proof.check_stopped()
    assert (check.state, check.found) == ("unavailable", ("no table is in a file of its own",))
    (data / "t.ibd").touch()
    assert run_script(script, tmp_path, str(data), innochecksum="exit 0").returncode == 0
    assert run_script(script, tmp_path, str(data), innochecksum="exit 1").returncode == 1


@pytest.mark.parametrize(
    ("recorded", "problems"),
    [("0-1-13663", 0), ("0-1-13664", 1), ("0-1-13000,5-1-8", 1), ("9-1-1", 1), ("", 0)],
)
def test_mariadb_may_not_fall_short_of_its_record(recorded: str, problems: int) -> None:
    proof, _shell = mariadb(facts={"gtid_binlog_pos": recorded})
    assert proof.serves()
    assert len(proof.problems()) == problems


def test_mariadb_is_started_cut_off_and_with_its_binary_log() -> None:
    proof, shell = mariadb()
    proof.start()
    script, _directory, _server, log, *_arguments = shell.asked[-1]
    assert log == "/data/mysql-bin"
    for words in ("--no-defaults", "--skip-networking", "--skip-slave-start", "--event-scheduler=OFF"):
        assert words in script


def test_kinds() -> None:
    assert [row.name for row in PROOFS] == ["postgresql", "redis", "valkey", "mariadb", "mysql"]
    with pytest.raises(ProofError, match="of the kind 'db2' cannot be proven"):
        find_proof("db2")
