# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows that are counted around a hold, and what becomes of a count that does not work."""

from __future__ import annotations

import re
import typing as t

import pytest
from fake_psql import FakeContainer, FakePsql, answers

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._databases.held import HeldDatabase
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import HoldFacts, HoldOrder
from ansible_collections.arkive.k8s.plugins.module_utils._databases.mariadb import Mariadb
from ansible_collections.arkive.k8s.plugins.module_utils._databases.mysql import Mysql
from ansible_collections.arkive.k8s.plugins.module_utils._databases.postgresql import Postgresql
from ansible_collections.arkive.k8s.plugins.module_utils._databases.record import QuiesceRecord
from ansible_collections.arkive.k8s.plugins.module_utils._databases.table_counts import (
    TableCounts,
    check_table,
    count_question,
)

ORDERS = 'select count(*) from "public"."orders"'


@pytest.mark.parametrize(
    ("kind", "name", "asked"),
    [
        ("postgresql", "shop.orders", ("shop", ORDERS)),
        ("postgresql", "shop.sales.orders", ("shop", 'select count(*) from "sales"."orders"')),
        ("mariadb", "shop.orders", ("", "select count(*) from `shop`.`orders`")),
        ("mysql", "shop.orders", ("", "select count(*) from `shop`.`orders`")),
    ],
)
def test_names_of_tables(kind: str, name: str, asked: tuple[str, str]) -> None:
    assert check_table(kind, name) == ""
    assert count_question(kind, name) == asked


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("postgresql", "orders"),
        ("postgresql", 'shop.or"ders'),
        ("postgresql", "a=b.orders"),
        ("postgresql", "a.b.c.d"),
        ("mariadb", "shop.`x`"),
        ("mariadb", "a.b.c"),
        ("mysql", "shop.or ders"),
        ("redis", "a.b"),
    ],
)
def test_what_is_no_name_of_a_table(kind: str, name: str) -> None:
    assert check_table(kind, name)


def held(psql: FakePsql, *tables: str) -> tuple[QuiesceRecord, FakeContainer]:
    """Held and let go; two rows more afterwards."""
    order = HoldOrder(mode="light", label="arkive", counts=tables)
    record = QuiesceRecord(namespace="shop", pod="db-0", container="db", kind="postgresql")
    place = FakeContainer(psql)
    counts = TableCounts(Postgresql(), order, place, name="postgresql", where=record.where)
    database = HeldDatabase(Postgresql(), order, place, record, counts)
    database.begin(CancelToken())
    if ORDERS in psql.table:
        psql.table[ORDERS] = [["12"]]
    database.end()
    return record, place


def test_where_others_write_it_is_counted_before_and_after() -> None:
    psql = FakePsql(answers() | {ORDERS: [["10"]]})
    record, place = held(psql, "shop.orders")
    assert (record.consistent, record.known.warnings) == (True, [])
    assert record.known.facts["counts"] == {"shop.orders": {"before": 10, "after": 12}}
    assert [argv[-2:] for argv in place.opened] == [("-d", "shop"), ("-d", "postgres"), ("-d", "shop")]
    assert psql.asked.index(ORDERS) < psql.asked.index("checkpoint")
    assert "set default_transaction_read_only = on" in psql.asked
    assert any(re.fullmatch(r"set statement_timeout = \d+", statement) for statement in psql.asked)


def test_what_cannot_be_counted_is_a_warning_and_the_hold_goes_on() -> None:
    psql = FakePsql(answers() | {ORDERS: ("42P01", 'relation "orders" does not exist')})
    record, _place = held(psql, "shop.orders")
    assert record.consistent
    assert record.known.facts["counts"] == {"shop.orders": {"error": 'relation "orders" does not exist'}}
    assert "The rows of shop.orders are not counted" in record.known.warnings[-1]


def test_check_mode_says_what_could_not_be_counted_and_counts_nothing() -> None:
    psql = FakePsql(answers() | {"select 1 from": ("42P01", 'relation "orders" does not exist')})
    psql.table |= {"select current_setting('is_superuser')": [["on"]]}
    order = HoldOrder(mode="light", label="arkive", counts=("shop.orders",))
    record, place = QuiesceRecord(namespace="shop", pod="db-0", container="db", kind="postgresql"), FakeContainer(psql)
    counts = TableCounts(Postgresql(), order, place, name="postgresql", where=record.where)
    HeldDatabase(Postgresql(), order, place, record, counts).foresee(CancelToken())
    assert record.known.warnings == ['The rows of shop.orders are not counted: relation "orders" does not exist.']
    assert not [statement for statement in psql.asked if "count(*)" in statement]


class Client(FakePsql):
    """Of MariaDB: the framing is another one."""

    def send(self, text: str) -> None:
        statement, _semicolon, rest = text.rstrip().rstrip(";").rpartition(";\n")
        found = re.fullmatch(r"select '(\S+) done'", rest)
        assert found
        self._statements, self._token = [statement], found[1]
        self.asked.append(statement)


@pytest.mark.parametrize(
    ("kind", "name", "mode", "still"),
    [
        (Mariadb(), "mariadb", "stages", True),
        (Mysql(), "mysql", "read_lock", True),
        (Mysql(), "mysql", "instance", False),
    ],
)
def test_where_nobody_commits_it_is_counted_once_while_it_is_held(
    kind: t.Any, name: str, mode: str, still: bool
) -> None:
    count = "select count(*) from `shop`.`orders`"
    client = Client({"": [], count: [["7"]]})
    order = HoldOrder(mode="auto", label="arkive", counts=("shop.orders",))
    place = FakeContainer(client)
    counts = TableCounts(kind, order, place, name=name, where="it")
    known = HoldFacts(mode=mode)
    counts.before(CancelToken())
    client.asked.clear()
    counts.held(known, CancelToken())
    assert (count in client.asked) is still
    counts.after(known, CancelToken())
    assert known.facts["counts"] == {"shop.orders": {"before": 7, "after": 7}}
    # A session that is opened while everybody waits would make them wait longer.
    assert len(place.opened) == (1 if still else 2)


def test_a_session_that_is_lost_before_is_not_opened_while_everybody_waits() -> None:
    client = Client({"": [], "select 1 from": EOFError()})
    client.stderr = "ERROR 1146 (42S02) at line 3: Table 'shop.orders' doesn't exist"
    order = HoldOrder(mode="stages", label="arkive", counts=("shop.orders",))
    place = FakeContainer(client)
    counts = TableCounts(Mariadb(), order, place, name="mariadb", where="it")
    known = HoldFacts(mode="stages")
    counts.before(CancelToken())
    counts.held(known, CancelToken())
    assert known.facts["counts"] == {"shop.orders": {"error": "Table 'shop.orders' doesn't exist"}}
    assert len(place.opened) == 1


@pytest.mark.parametrize("names", [("shop.orders", "shop.none"), ("shop.none", "shop.orders")])
@pytest.mark.parametrize(("kind", "name"), [(Mariadb(), "mariadb"), (Mysql(), "mysql")])
def test_a_table_that_is_not_there_costs_the_others_no_count(kind: t.Any, name: str, names: tuple[str, ...]) -> None:
    """The client ends with what is refused, and with it the session that all tables have."""
    lost = EOFError()
    client = Client({"": [], "select count(*) from `shop`.`orders`": [["7"]]})
    client.table |= {"select 1 from `shop`.`none`": lost, "select count(*) from `shop`.`none`": lost}
    client.stderr = "ERROR 1146 (42S02) at line 3: Table 'shop.none' doesn't exist"
    place = FakeContainer(client)
    counts = TableCounts(kind, HoldOrder(mode="auto", label="arkive", counts=names), place, name=name, where="it")
    known = HoldFacts(mode="read_lock")
    counts.before(CancelToken())
    opened = len(place.opened)
    counts.held(known, CancelToken())
    assert known.facts["counts"] == {
        "shop.orders": {"before": 7, "after": 7},
        "shop.none": {"error": "Table 'shop.none' doesn't exist"},
    }
    assert len(place.opened) == opened  # none while everybody waits
