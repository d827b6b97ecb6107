# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What servers say of their role and lag, and which of them is held."""

from __future__ import annotations

import dataclasses
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._databases.choice import Member, choose
from ansible_collections.arkive.k8s.plugins.module_utils._databases.container_lease import ROW
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declaration import DatabaseDeclaration
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.role import (
    RoleRule,
    ServerRole,
    ask_mongodb,
    ask_mysql,
    ask_postgresql,
    ask_redis,
)


class Asked:
    """A server with these answers, one after the other; the last one stays."""

    def __init__(self, *answers: t.Any) -> None:
        self._answers = list(answers)
        self.waited = 0.0
        self.asked: list[str] = []

    def ask(self, statement: str) -> list[list[str]]:
        self.asked.append(statement)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return t.cast("list[list[str]]", answer)

    def wait(self, seconds: float) -> None:
        self.waited += seconds


def row(standby: str, at: int, received: int, status: str, age: str) -> list[list[str]]:
    return [[standby, "7391", str(at), str(received), status, age]]


@pytest.mark.parametrize(
    ("answers", "role", "lag", "waited"),
    [
        # Measured on PostgreSQL 15.
        ([row("f", 500, 0, "", "-1")], "primary", 0.0, 0.0),
        # All that came is replayed: the age of the last transaction says nothing, as its primary may be idle.
        ([row("t", 500, 500, "streaming", "3600.5")], "standby", 0.0, 0.0),
        ([row("t", 400, 500, "streaming", "3600.5"), row("t", 600, 700, "streaming", "0.1")], "standby", 0.25, 0.25),
        # Paused, or with recovery_min_apply_delay.
        ([row("t", 400, 500, "streaming", "75.0")], "standby", 75.0, 5.0),
        ([row("t", 400, 500, "streaming", "0.5")], "standby", 5.0, 5.0),
        ([row("t", 500, 500, "", "75.0")], "standby", 75.0, 0.0),
        ([row("t", 500, 500, "", "-1")], "standby", None, 0.0),
        # Promoted while it is looked at.
        ([row("t", 400, 500, "streaming", "1"), row("f", 600, 0, "", "-1")], "primary", 0.0, 0.25),
    ],
)
def test_postgresql(answers: list[t.Any], role: str, lag: float | None, waited: float) -> None:
    server = Asked(*answers)
    found = ask_postgresql(server)
    assert (found.role, found.lineage, found.lag_seconds, server.waited) == (role, "7391", lag, waited)


def info(**fields: t.Any) -> list[list[str]]:
    return [["# Replication"], *([f"{name}:{value}"] for name, value in fields.items())]


LINKED = {"role": "slave", "master_replid": "ab", "slave_repl_offset": 70, "master_sync_in_progress": 0}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (info(role="master", master_replid="ab", master_repl_offset=70), ("primary", 0.0, 70)),
        (info(**LINKED, master_link_status="up", master_last_io_seconds_ago=3), ("standby", 0.0, 70)),
        (info(**LINKED, master_link_status="up", master_last_io_seconds_ago=40), ("standby", 40.0, 70)),
        (info(**LINKED, master_link_status="down", master_link_down_since_seconds=8), ("standby", 8.0, 70)),
        (info(**LINKED, master_link_status="down", master_link_down_since_seconds=-1), ("standby", None, 70)),
        (info(**{**LINKED, "master_sync_in_progress": 1}, master_link_status="down"), ("standby", None, 70)),
    ],
)
def test_redis(answer: t.Any, expected: tuple[str, float | None, int]) -> None:
    found = ask_redis(Asked(answer))
    assert (found.role, found.lag_seconds, found.position, found.lineage) == (*expected, "ab")


MARIADB = [["1", "10.11.19-MariaDB-0+deb12u2"]]


def status(io: str, sql: str, seconds: str) -> list[list[str]]:
    """``SHOW REPLICA STATUS`` of MariaDB 10.11, whose columns have MySQL's places."""
    cells = [""] * 57
    cells[10], cells[11], cells[32], cells[39] = io, sql, seconds, "1"
    return [cells]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((MARIADB, []), ("primary", "1", 0.0)),
        ((MARIADB, status("Yes", "Yes", "0")), ("standby", "1", 0.0)),
        ((MARIADB, status("Yes", "Yes", "75")), ("standby", "1", 75.0)),
        ((MARIADB, status("Connecting", "Yes", "NULL")), ("standby", "1", None)),
        ((MARIADB, status("Yes", "No", "0")), ("standby", "1", None)),
    ],
)
def test_mysql_and_mariadb(answers: t.Any, expected: tuple[str, str, float | None]) -> None:
    found = ask_mysql(Asked(*answers))
    assert (found.role, found.lineage, found.lag_seconds) == expected


def said(value: t.Any) -> list[list[str]]:
    """As the client of MongoDB answers, with its prompts."""
    return [["rs0 [direct: secondary] admin> "], [f"{ROW}{json.dumps({'a': value})}"]]


def member(seconds: int, state: str, **more: t.Any) -> dict[str, t.Any]:
    """Of replSetGetStatus, by the manual of MongoDB 7.0."""
    return {"stateStr": state, "optime": {"ts": {"$timestamp": {"t": seconds, "i": 1}}, "t": 5}, **more}


SECONDARY = {"setName": "rs0", "secondary": True}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (({"setName": "rs0", "isWritablePrimary": True},), ("primary", "rs0", 0.0)),
        ((SECONDARY, [member(100, "PRIMARY"), member(97, "SECONDARY", self=True)]), ("standby", "rs0", 3.0)),
        ((SECONDARY, [member(100, "PRIMARY"), member(100, "SECONDARY", self=True)]), ("standby", "rs0", 0.0)),
        ((SECONDARY, [member(97, "SECONDARY", self=True)]), ("standby", "rs0", None)),
        (({"setName": "rs0", "secondary": False},), ("standby", "rs0", None)),  # it recovers
    ],
)
def test_mongodb(answers: t.Any, expected: tuple[str, str, float | None]) -> None:
    found = ask_mongodb(Asked(*map(said, answers)))
    assert (found.role, found.lineage, found.lag_seconds) == expected


def test_of_secondaries_of_mongodb_one_that_serves_nobody_is_held() -> None:
    """``hidden`` and ``passive`` of hello, as its manual has them."""
    lags = [member(100, "PRIMARY"), member(99, "SECONDARY", self=True)]
    members = [
        Member(
            namespace="shop",
            pod=name,
            declared=DatabaseDeclaration(kind="mongodb", standby="prefer", max_lag_seconds=60.0),
            found=ask_mongodb(Asked(said(SECONDARY | more), said(lags))),
        )
        for name, more in (("a", {}), ("b", {"passive": True}), ("c", {"hidden": True, "passive": True}))
    ]
    assert [declared.expected for declared in choose(members)] == ["", "", "standby"]
    assert [declared.expected for declared in choose(members[:2])] == ["", "standby"]


@pytest.mark.parametrize(
    ("version", "statement"),
    [
        ("10.11.19-MariaDB-0+deb12u2", "show slave status"),
        ("8.0.21", "show slave status"),
        ("8.0.36", "show replica status"),
        ("8.4.3", "show replica status"),
        ("5.7.44-log", "show slave status"),
    ],
)
def test_no_statement_is_tried_out(version: str, statement: str) -> None:
    """The client of MySQL ends with one that is refused."""
    server = Asked([["1", version]], [])
    ask_mysql(server)
    assert server.asked[1:] == [statement]


def test_a_failover_and_a_lag_are_refused() -> None:
    rule = RoleRule(expected="standby", max_lag_seconds=10.0)
    rule.check(ServerRole(role="standby", lineage="1", lag_seconds=3.0))
    with pytest.raises(DatabaseError, match="was the standby when it was chosen, and is the primary now"):
        rule.check(ServerRole(role="primary", lineage="1"))
    with pytest.raises(DatabaseError, match=r"lags 11\.0 s behind its primary; max_lag is 10 s"):
        rule.check(ServerRole(role="standby", lineage="1", lag_seconds=11.0))
    with pytest.raises(DatabaseError, match="does not tell how far it lags"):
        rule.check(ServerRole(role="standby", lineage="1", lag_seconds=None))


def primary(pod: str, *, lineage: str = "1", position: int = 0) -> Member:
    return Member(
        namespace="shop",
        pod=pod,
        declared=DatabaseDeclaration(kind="postgresql"),
        found=ServerRole(role="primary", lineage=lineage, position=position),
        group="g",
    )


def standby(pod: str, lag: float | None = 0.0, *, lineage: str = "1", position: int = 0) -> Member:
    found = ServerRole(role="standby", lineage=lineage, lag_seconds=lag, position=position)
    return dataclasses.replace(primary(pod), found=found)


def silent(pod: str, group: str = "g") -> Member:
    return dataclasses.replace(primary(pod), found=None, error="There is no client.", group=group)


def several(member: Member) -> Member:
    return dataclasses.replace(member, several=True)


def test_snapshots_that_are_no_copy_of_one_moment_are_told() -> None:
    declared = DatabaseDeclaration(kind="postgresql", standby="prefer", max_lag_seconds=60.0)
    members = [dataclasses.replace(each, declared=declared, several=True) for each in (primary("a"), standby("b"))]
    _held, passed = choose(members)
    assert passed.torn is True
    assert "which on a standby no order of snapshots makes whole" in passed.passed_over
    assert "do not restore it from them" in passed.passed_over


def verdicts(wanted: t.Any, *members: Member) -> str:
    """``+`` held, ``-`` passed over, ``!`` refused."""
    asked = [
        dataclasses.replace(member, declared=dataclasses.replace(member.declared, standby=wanted, max_lag_seconds=60.0))
        for member in members
    ]
    signs = {(False, False): "+", (True, False): "-", (False, True): "!"}
    return "".join(signs[bool(found.passed_over), bool(found.refusal)] for found in choose(asked))


@pytest.mark.parametrize(
    ("wanted", "members", "expected"),
    [
        ("prefer", [primary("a"), standby("b"), standby("c", 2.0)], "-+-"),
        ("prefer", [primary("a"), standby("b", 5.0), standby("c", 2.0)], "--+"),
        ("prefer", [primary("a"), standby("b", 75.0), standby("c", None)], "+--"),
        # It has all that the primary had when it was asked: how old its last transaction is does not matter.
        ("prefer", [primary("a", position=500), standby("b", 75.0, position=500)], "-+"),
        ("prefer", [primary("a", position=500), standby("b", 75.0, position=499)], "+-"),
        ("prefer", [primary("a")], "+"),
        ("prefer", [standby("b", 75.0)], "!"),
        ("prefer", [standby("b")], "+"),
        # Two databases, and two that both say to be the first server of one: nobody knows which the standby follows.
        ("prefer", [primary("a"), standby("b"), primary("x", lineage="2")], "-++"),
        ("prefer", [primary("a"), primary("x"), standby("b")], "+++"),
        ("require", [primary("a"), primary("x"), standby("b")], "!!+"),
        ("require", [primary("a"), standby("b")], "-+"),
        ("require", [primary("a")], "!"),
        ("require", [primary("a"), standby("b", 75.0)], "!!"),
        ("never", [primary("a"), standby("b"), standby("c")], "+--"),
        ("never", [standby("b")], "!"),
        ("prefer", [primary("a"), silent("b")], "+-"),
        ("prefer", [primary("a"), silent("b", "other")], "+!"),
        ("require", [primary("a"), silent("b")], "!!"),
        ("prefer", [silent("a"), silent("b")], "!!"),
        # Of a standby with several claims there is no copy of one moment; of a primary only one that is held.
        ("prefer", [several(primary("a")), several(standby("b"))], "+-"),
        ("prefer", [several(primary("a")), standby("b")], "++"),
        ("require", [several(primary("a")), several(standby("b"))], "-+"),
    ],
)
def test_who_is_held(wanted: str, members: list[Member], expected: str) -> None:
    assert verdicts(wanted, *members) == expected


def test_it_is_said_who_is_held_in_whose_place_and_why() -> None:
    declared = DatabaseDeclaration(kind="postgresql", standby="prefer", max_lag_seconds=60.0)
    members = [dataclasses.replace(member, declared=declared) for member in (primary("a"), standby("b", 75.0))]
    held, passed = choose(members)
    assert held.expected == "primary"
    assert passed.passed_over.startswith("It is a standby, and lags 75.0 s behind its primary; max_lag is 60 s. ")
    assert "The primary in pod shop/a is held in its place" in passed.passed_over
