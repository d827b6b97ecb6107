# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the end of a dump is known, and what a database is given for its bytes."""

from __future__ import annotations

import random
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.crc64 import Crc64
from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.dump_kind import DumpOrder, Target
from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.dump_kinds import find_dump_kind
from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.mongodb_dump import MAGIC, TERMINATOR
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError

ONE, ALL = DumpOrder(database="shop"), DumpOrder()
PG_DUMP = b"--\n-- PostgreSQL database dump\n--\nselect 1;\n--\n-- PostgreSQL database dump complete\n--\n\n"
PG_ALL = PG_DUMP + b"--\n-- PostgreSQL database cluster dump complete\n--\n\n"
MARIA = b"-- MariaDB dump 10.19\ninsert;\n-- Dump completed on 2026-06-01  2:00:00\n"
MARK = b"0123456789abcdef0123456789abcdef01234567"


def rdb(size: int = 100_000, *, with_checksum: bool = True) -> bytes:
    text = b"REDIS0010" + random.Random(1).randbytes(size) + b"\xff"
    found = Crc64()
    found.update(text)
    return text + (found.after() if with_checksum else 0).to_bytes(8, "little")


def ended(kind: str, order: DumpOrder, data: bytes, size: int = 7000) -> bytes:
    ending = find_dump_kind(kind).load().ending(order)
    found = b"".join(ending.feed(data[start : start + size]) for start in range(0, len(data), size))
    return found + ending.finish()


@pytest.mark.parametrize(
    ("kind", "order", "data"),
    [
        ("postgresql", ONE, PG_DUMP),
        # Since the releases of August 2025.
        ("postgresql", ONE, PG_DUMP + b"\\unrestrict abcDEF\n\n"),
        ("postgresql", ALL, PG_ALL),
        ("mariadb", ALL, MARIA),
        ("mysql", ONE, b"-- MySQL dump 10.13\n-- Dump completed\n"),
        ("mongodb", ALL, MAGIC + b"x" * 50 + TERMINATOR),
        ("redis", ALL, rdb()),
        ("redis", ALL, rdb(0)),
        ("redis", ALL, rdb(with_checksum=False)),
        ("valkey", ALL, b"VALKEY080" + bytes(20) + b"\xff" + bytes(8)),
    ],
)
@pytest.mark.parametrize("size", [1, 40, 7000])
def test_whole_dumps(kind: str, order: DumpOrder, data: bytes, size: int) -> None:
    assert ended(kind, order, data, size if len(data) < 5000 else 7000) == data


def test_what_redis_cli_leaves_behind_a_dump_is_no_part_of_it() -> None:
    assert ended("redis", ALL, rdb() + MARK) == rdb()


@pytest.mark.parametrize(
    ("kind", "order", "data"),
    [
        ("postgresql", ONE, b""),
        ("postgresql", ONE, PG_DUMP[:-30]),
        ("postgresql", ONE, PG_DUMP + b"insert into t values (1);\n"),
        # Each database of a server has this mark; the server has one of its own.
        ("postgresql", ALL, PG_DUMP),
        ("postgresql", ONE, PG_ALL),
        ("mariadb", ALL, MARIA[:-1]),
        ("mariadb", ALL, MARIA + b"ERROR 2013: Lost connection\n"),
        ("mariadb", ALL, b"insert;\n"),
        ("mongodb", ALL, TERMINATOR),
        ("mongodb", ALL, MAGIC + b"x" * 50),
        ("redis", ALL, b""),
        ("redis", ALL, b"ERR unknown command\n"),
        ("redis", ALL, rdb()[:-1]),
        ("redis", ALL, rdb()[:-9] + b"\xff" + bytes(7) + b"\x01"),
        ("redis", ALL, rdb()[:-50] + rdb()[-49:]),
        ("redis", ALL, rdb() + MARK[:-1]),
        ("redis", ALL, b"REDIS0010" + bytes(100_000)),
    ],
)
def test_dumps_that_are_not_whole(kind: str, order: DumpOrder, data: bytes) -> None:
    with pytest.raises(DatabaseError):
        ended(kind, order, data)


def test_a_changed_bit_of_a_dump_of_redis_is_seen() -> None:
    data = bytearray(rdb())
    data[50_000] ^= 4
    with pytest.raises(DatabaseError, match="checksum"):
        ended("redis", ALL, bytes(data))


def test_the_checksum() -> None:
    """``crc64.c`` of Redis: its own test."""
    found = Crc64()
    found.update(b"123456789")
    assert found.after() == 0xE9C6D914C4B8D9CA
    assert Crc64().after() == 0


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 32767, 32768, 32769, 65536, 100_001])
def test_the_checksum_of_blocks_is_that_of_bytes(size: int) -> None:
    data = random.Random(size).randbytes(size)
    found = Crc64()
    for start in range(0, size, 9999):
        found.update(data[start : start + 9999])
    assert found.after() == Crc64().after(data)


def filled(kind: str, order: DumpOrder, pieces: t.Sequence[bytes], *known: str) -> bytes:
    target = Target(known=frozenset(known))
    return b"".join(find_dump_kind(kind).load().filling(order, target, iter(pieces)))


def test_a_dump_of_a_database_is_committed_when_it_is_whole() -> None:
    assert filled("postgresql", ONE, [PG_DUMP]) == b"BEGIN;\n" + PG_DUMP + b"\nCOMMIT;\n"

    def broken() -> t.Iterator[bytes]:
        yield PG_DUMP[:20]
        raise DatabaseError("It is damaged.")

    given: list[bytes] = []
    with pytest.raises(DatabaseError):
        given.extend(find_dump_kind("postgresql").load().filling(ONE, Target(), broken()))
    assert not any(b"COMMIT" in piece for piece in given)


SERVER = b"""CREATE ROLE postgres;
CREATE ROLE "the clerk";
CREATE ROLE other;
\\connect template1
--
-- Name: shop; Type: DATABASE; Schema: -; Owner: postgres
--

CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8';
\\connect shop
CREATE FUNCTION f() RETURNS text AS $$
CREATE ROLE postgres;
CREATE DATABASE shop WITH x;
$$;
COPY public.t (v) FROM stdin;
CREATE ROLE postgres;
\\.
-- PostgreSQL database cluster dump complete
"""


@pytest.mark.parametrize("size", [1, 10, 10_000])
def test_roles_and_databases_that_are_there_are_not_made_again(size: int) -> None:
    pieces = [SERVER[start : start + size] for start in range(0, len(SERVER), size)]
    expected = SERVER.replace(b'CREATE ROLE postgres;\nCREATE ROLE "the clerk";\n', b"", 1)
    expected = expected.replace(b"CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8';\n", b"")
    assert filled("postgresql", ALL, pieces, "role postgres", 'role "the clerk"', "database shop") == expected
    assert filled("postgresql", ALL, pieces) == SERVER


def test_lines_of_any_length_go_by() -> None:
    row = b"x" * 700_000
    pieces = [b"COPY t (v) FROM stdin;\n", row, row, row, b"\n\\.\nCREATE ROLE postgres;\n"]
    assert filled("postgresql", ALL, pieces, "role postgres") == b"".join(pieces[:-1]) + b"\n\\.\n"
