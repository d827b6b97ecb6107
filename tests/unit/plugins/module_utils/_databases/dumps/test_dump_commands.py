# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scripts that run in containers, run here by a shell with programs that tell what they were given."""

from __future__ import annotations

import os
import signal
import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.dump_kind import (
    DumpOrder,
    Target,
    WholeOutput,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.dump_kinds import (
    DUMP_KINDS,
    find_dump_kind,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError

#: What the look at a server finds that may be filled.
REDIS = "dir\n/data\ndbfilename\ndump.rdb\nappendonly\nno\nrole\nmaster\nloading\n0\nkeys\n0\n"
PASSWORD = "p4ss'w\"o$rd `x` \\n"
#: What a program is given, a line each; file descriptor 3 where it is open.
_TELL = """#!/bin/sh
echo "program ${0##*/}"
for word in "$@"; do echo "word $word"; done
for name in PGPASSWORD MYSQL_PWD REDISCLI_AUTH ARKIVE_USER ARKIVE_PASSWORD; do
  eval "value=\\${$name-unset}"
  [ "$value" = unset ] || printf '%s=%s\\n' "$name" "$value"
done
case "$*" in *--version*) echo "$VERSION" ;; *--print-defaults*) echo "$DEFAULTS" ;; esac
case "$*" in *fd/3*) sed 's/^/file /' <&3 ;; esac
"""


class Container:
    """``programs``: those that there are, beside the system's own."""

    def __init__(self, folder: Path, programs: t.Sequence[str]) -> None:
        self.folder = folder
        for name in programs:
            path = folder / name
            path.write_text(_TELL)
            path.chmod(0o755)
        for name in ("cat", "sed", "grep", "head"):
            (folder / name).symlink_to(f"/usr/bin/{name}")

    def run(self, argv: t.Sequence[str], stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        """Its standard input is open until it has ended, or has said that a dump is whole.

        The processes of this machine are none of its own.
        """
        pipe = subprocess.PIPE
        argv = [word.replace("/proc/", f"{self.folder}/proc/") for word in argv]
        env = {"PATH": str(self.folder), **environment}
        with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=env) as process:
            assert process.stdin
            assert process.stdout
            assert process.stderr
            process.stdin.write(stdin)
            process.stdin.flush()
            out = ""
            for line in process.stdout:
                if line.strip() and f"echo {line.strip()}\n" in argv[2]:
                    process.stdin.close()
                    out = out.removesuffix("\n")
                else:
                    out += line
            err = process.stderr.read()
            code = process.wait(timeout=30)
        return subprocess.CompletedProcess(argv, code, out, err)


COMMANDS = [
    (
        "postgresql",
        DumpOrder(database="shop"),
        {},
        "",
        [
            "program pg_dump",
            "word -w",
            "word --lock-wait-timeout=60s",
            "word -d",
            "word shop",
            "word -U",
            "word postgres",
        ],
    ),
    (
        "postgresql",
        DumpOrder(),
        {"POSTGRES_USER": "app", "POSTGRES_PASSWORD": PASSWORD},
        "",
        [
            "program pg_dumpall",
            "word -w",
            "word --lock-wait-timeout=60s",
            "word -U",
            "word app",
            f"PGPASSWORD={PASSWORD}",
        ],
    ),
    (
        "postgresql",
        DumpOrder(database="shop", user="dumper", with_password=True),
        {"POSTGRES_PASSWORD": "of another user"},
        f"{PASSWORD}\n",
        [
            "program pg_dump",
            "word -w",
            "word --lock-wait-timeout=60s",
            "word -d",
            "word shop",
            "word -U",
            "word dumper",
            f"PGPASSWORD={PASSWORD}",
        ],
    ),
    (
        "mariadb",
        DumpOrder(database="shop"),
        {"MARIADB_ROOT_PASSWORD": PASSWORD, "VERSION": "mysqldump  Ver 10.19 Distrib 10.11.19-MariaDB"},
        "",
        [
            "program mariadb-dump",
            "word --user=root",
            "word --opt",
            "word --single-transaction",
            "word --quick",
            "word --routines",
            "word --events",
            "word --triggers",
            "word --hex-blob",
            "word --no-tablespaces",
            "word --default-character-set=utf8mb4",
            "word --comments",
            "word shop",
            f"MYSQL_PWD={PASSWORD}",
        ],
    ),
    (
        "mongodb",
        DumpOrder(),
        {"MONGO_INITDB_ROOT_USERNAME": "root", "MONGO_INITDB_ROOT_PASSWORD": PASSWORD},
        "",
        [
            "program mongodump",
            "word --username=root",
            "word --authenticationDatabase=admin",
            "word --config=/dev/fd/3",
            "word --archive",
            "file password: '" + PASSWORD.replace("'", "''") + "'",
        ],
    ),
    ("mongodb", DumpOrder(database="shop"), {}, "", ["program mongodump", "word --archive", "word --db=shop"]),
    (
        "redis",
        DumpOrder(user="dumper", with_password=True),
        {},
        f"{PASSWORD}\n",
        [
            "program redis-cli",
            "word -p",
            "word 6379",
            "word --user",
            "word dumper",
            "word --rdb",
            "word -",
            f"REDISCLI_AUTH={PASSWORD}",
        ],
    ),
]


@pytest.mark.parametrize(("kind", "order", "environment", "stdin", "expected"), COMMANDS)
def test_what_a_program_is_given(
    tmp_path: Path, kind: str, order: DumpOrder, environment: dict[str, str], stdin: str, expected: list[str]
) -> None:
    container = Container(tmp_path, ["pg_dump", "pg_dumpall", "mariadb-dump", "mongodump", "redis-cli"])
    argv = find_dump_kind(kind).load().dump_command(order)
    done = container.run(argv, stdin, **environment)
    assert done.stderr == ""
    assert done.stdout.splitlines() == expected
    assert not any(PASSWORD in word for word in argv)


@pytest.mark.parametrize(
    ("version", "has_option"),
    [
        # Of the server's own programs: only MySQL's know the option.
        ("mysqldump  Ver 10.19 Distrib 10.6.12-MariaDB, for debian-linux-gnu (x86_64)", False),
        ("mysqldump  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)", True),
        ("mysqldump  Ver 8.4.0 for Linux on x86_64 (MySQL Community Server - GPL)", True),
    ],
)
def test_a_dump_of_mysql_sets_no_gtids(tmp_path: Path, version: str, has_option: bool) -> None:
    argv = find_dump_kind("mysql").load().dump_command(DumpOrder())
    done = Container(tmp_path, ["mysqldump"]).run(argv, VERSION=version)
    words = done.stdout.splitlines()
    assert words[:2] == ["program mysqldump", "word --user=root"]
    assert ("word --set-gtid-purged=OFF" in words) is has_option
    assert "word --all-databases" in words


@pytest.mark.parametrize(
    ("given", "named"),
    [
        # Measured with mariadb-dump 10.11.19: it ends with 0 and "Dump completed", without the data.
        ("--no-data", "no-data"),
        ("--no_data", "no_data"),
        ("--loose-no-data", "loose-no-data"),
        ("--socket=/run/x.sock --where=1=0", "where"),
        ("--ignore-table=shop.orders", "ignore-table"),
        ("--ignore_database=shop", "ignore_database"),
        ("--no-create-info", "no-create-info"),
        ("--xml", "xml"),
        ("--socket=/run/x.sock --max-allowed-packet=1G --no-tablespaces --quick --port=3306 --password=where", ""),
        ("", ""),
    ],
)
def test_an_option_file_leaves_nothing_out(tmp_path: Path, given: str, named: str) -> None:
    argv = find_dump_kind("mariadb").load().dump_command(DumpOrder())
    said = f"mariadb-dump would have been started with the following arguments:\n{given}"
    done = Container(tmp_path, ["mariadb-dump"]).run(argv, DEFAULTS=said, VERSION="MariaDB")
    if named:
        assert (done.returncode, done.stdout) == (65, "")
        assert f"has {named} for mariadb-dump, with which the dump would not be whole" in done.stderr
    else:
        assert "word --all-databases" in done.stdout.splitlines()


def test_a_fill_ends_at_the_first_error_whatever_an_option_file_says() -> None:
    """Measured: with ``force`` there, the client ends with 0 after statements that were refused."""
    argv = find_dump_kind("mariadb").load().fill_command(DumpOrder(), 1, Target())
    assert "--skip-force" in argv


@pytest.mark.parametrize("kind", [row.name for row in DUMP_KINDS])
def test_a_program_that_is_not_there(tmp_path: Path, kind: str) -> None:
    dump = find_dump_kind(kind).load()
    order = DumpOrder()
    for argv in (
        dump.dump_command(order),
        dump.look_command(order),
        dump.fill_command(order, 1, Target(place="/data/dump.rdb")),
    ):
        result = _empty(tmp_path).run(argv)
        assert result.returncode == 127
        assert result.stderr.startswith("arkive: there is no program ")


def _empty(folder: Path) -> Container:
    inner = folder / os.urandom(4).hex()
    inner.mkdir()
    return Container(inner, [])


@pytest.mark.parametrize(
    "fields",
    [
        {"database": "-d"},
        {"database": "host=elsewhere"},
        {"database": "postgresql://elsewhere/x"},
        {"database": "a'b"},
        {"database": "a b"},
        {"user": "a\nb"},
        {"user": "--help"},
    ],
)
def test_names_that_a_program_would_misread(fields: dict[str, t.Any]) -> None:
    with pytest.raises(ValidationError, match="cannot be given to the database's programs"):
        DumpOrder(**fields).validate()


@pytest.mark.parametrize(
    ("kind", "order", "answer", "found"),
    [
        ("postgresql", DumpOrder(database="shop"), "0\nrole postgres\ndatabase postgres\ndatabase shop\n", ""),
        ("postgresql", DumpOrder(database="shop"), "7\nrole postgres\n", "7 tables, views, sequences and functions"),
        ("postgresql", DumpOrder(), "0\nrole postgres\ndatabase postgres\ndatabase template1\n", ""),
        ("postgresql", DumpOrder(), "0\ndatabase postgres\ndatabase shop\n", "the databases shop"),
        ("mariadb", DumpOrder(), "0\n", ""),
        ("mysql", DumpOrder(), "3\n", "3 tables and views"),
        ("mongodb", DumpOrder(), "Current Mongosh Log ID\n4\n", "4 collections"),
        ("redis", DumpOrder(), REDIS, ""),
        ("valkey", DumpOrder(), REDIS.replace("keys\n0", "keys\n2"), "keys"),
    ],
)
def test_what_is_there_already(kind: str, order: DumpOrder, answer: str, found: str) -> None:
    assert find_dump_kind(kind).load().look(order, answer).found == found


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("loading\n0", "loading\n1", "still loading its data"),
        # INFO is refused.
        ("loading\n0\n", "loading\n", "could not be found out"),
        ("dir\n/data", "dir\n", "could not be found out"),
        ("appendonly\nno", "appendonly\nyes", "has an append-only file"),
        ("role\nmaster", "role\nslave", "is a replica"),
    ],
)
def test_a_redis_that_cannot_be_filled(old: str, new: str, said: str) -> None:
    with pytest.raises(DatabaseError, match=said):
        find_dump_kind("redis").load().look(DumpOrder(), REDIS.replace(old, new))


def test_a_program_that_dumps_ends_when_nobody_is_there(tmp_path: Path) -> None:
    container = Container(tmp_path, [])
    (tmp_path / "pg_dump").write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    (tmp_path / "pg_dump").chmod(0o755)
    argv = find_dump_kind("postgresql").load().dump_command(DumpOrder(database="shop"))
    env = {"PATH": str(container.folder)}
    with subprocess.Popen(argv, stdin=subprocess.PIPE, env=env) as process:
        assert process.stdin
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        process.stdin.close()
        assert process.wait(timeout=20) == 128 + signal.SIGTERM


def test_a_whole_dump_is_held_until_it_has_come(tmp_path: Path) -> None:
    """What an API server has not passed on by the end of a command is lost (kubernetes/kubernetes#124571)."""
    order = DumpOrder(database="shop")
    Container(tmp_path, ["pg_dump"])
    argv = find_dump_kind("postgresql").load().dump_command(order)
    env = {"PATH": str(tmp_path)}
    whole, data = WholeOutput(order.mark), b""
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env) as process:
        assert process.stdin
        assert process.stdout
        while not whole.is_whole:
            data += whole.feed(process.stdout.read(1))
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        process.stdin.close()
        assert process.wait(timeout=20) == 0
    assert data.startswith(b"program pg_dump\n")
    assert order.mark.encode() not in data


@pytest.mark.parametrize("size", [1, 2, 7, 33, 34, 35, 1000])
def test_a_mark_within_a_dump_is_none_at_its_end(size: int) -> None:
    mark = "0123456789abcdef" * 2
    dump = b"a " + mark.encode() + b"\n" + b"b" * 100
    written = dump + f"\n{mark}\n".encode()
    whole, got = WholeOutput(mark), b""
    for start in range(0, len(written), size):
        assert not whole.is_whole
        got += whole.feed(written[start : start + size])
    assert (whole.is_whole, got) == (True, dump)
    assert WholeOutput(mark).feed(dump) == dump[:-34]


def test_a_look_needs_nobody_to_be_there(tmp_path: Path) -> None:
    """Its standard input is empty, or ends behind the password."""
    Container(tmp_path, ["psql", "mariadb", "mongosh"])
    for kind in ("postgresql", "mariadb", "mongodb"):
        argv = find_dump_kind(kind).load().look_command(DumpOrder(database="shop"))
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, env={"PATH": str(tmp_path)}, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("program ")
