# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The statements that hold MySQL, by its reference manual: no server of it was asked.

Sections of the manual of MySQL 8.4: 15.3.5 LOCK INSTANCE FOR BACKUP, 15.7.8.3 FLUSH, 15.7.7 SHOW, and 29.12.21.5 for
the table log_status.
"""

from __future__ import annotations

import typing as t

import pytest
from fake_mysql import Answer, FakeServer, order, refused

from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError, LockBusy
from ansible_collections.arkive.k8s.plugins.module_utils._databases.mysql import Mysql, MysqlHold

ALL_RIGHTS = ("SELECT", "RELOAD", "PROCESS", "REPLICATION CLIENT", "BACKUP_ADMIN")
#: JSON in each column; the client escapes a line break in it.
LOG_STATUS = [
    '{"gtid_executed": "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5", "binary_log_file": "binlog.000042", '
    '"binary_log_position": 13663}',
    '{"channels": []}',
    '{"InnoDB": {"LSN": 19471, "LSN_checkpoint": 19471}}',
]


def server(
    *,
    version: str = "8.0.36",
    rights: t.Iterable[str] = ALL_RIGHTS,
    others: str = "0",
    table: dict[str, Answer] | None = None,
    **more: str,
) -> FakeServer:
    answers: dict[str, Answer] = {
        "": [],
        "select @@version": [[version, "root@localhost", "root@%", "18", "db-0"]],
        "select privilege_type": [[right] for right in rights],
        "select count(*) from information_schema.tables": [[others]],
        "select local": [LOG_STATUS],
        "select @@global.gtid_executed": [["a:1-5,\nb:1-3", "1"]],
        "select @@global.read_only": [["0"]],
        "show master status": [["binlog.000042", "471", "", "", ""]],
        "show binary log status": [["binlog.000043", "472", "", "", ""]],
    }
    return FakeServer(answers | (table or {}), **more)


def begun(found: FakeServer, mode: str = "auto") -> MysqlHold:
    hold = MysqlHold(order(mode))
    hold.begin(found)
    return hold


def test_where_all_tables_are_innodbs_the_instance_is_locked() -> None:
    found = server()
    hold = begun(found)
    assert (hold.known.mode, hold.known.role, hold.known.lease) == ("instance", "primary", "server")
    assert found.between("set session wait_timeout = 60", "sync /var/lib/mysql") == [
        "set session wait_timeout = 60",
        "set session lock_wait_timeout = 5",
        "set session autocommit = 1",
        "lock instance for backup",
        "flush no_write_to_binlog engine logs",
        "select local, replication, storage_engines from performance_schema.log_status",
        "sync /var/lib/mysql",
    ]
    facts = hold.known.facts
    assert (facts["binlog_file"], facts["binlog_position"], facts["innodb_lsn"]) == ("binlog.000042", 13663, 19471)
    hold.end(found)
    assert found.asked[-1] == "unlock instance"


@pytest.mark.parametrize(
    ("more", "mode"),
    [
        ({}, "instance"),
        ({"others": "3"}, "read_lock"),  # MyISAM: written to while the instance is locked
        ({"rights": ("RELOAD", "PROCESS", "BACKUP_ADMIN")}, "read_lock"),  # sees no tables: information_schema.tables
        ({"version": "5.7.44-log"}, "read_lock"),  # LOCK INSTANCE FOR BACKUP is of 8.0
        ({"version": "8.4.3"}, "instance"),
        ({"version": "9.1.0"}, "instance"),
    ],
)
def test_the_mode_that_is_chosen(more: dict[str, t.Any], mode: str) -> None:
    assert begun(server(**more)).known.mode == mode


def test_the_read_lock_comes_behind_a_look_at_long_statements() -> None:
    found = server()
    hold = begun(found, "read_lock")
    asked = found.asked
    guard = next(at for at, each in enumerate(asked) if each.startswith("select id, time"))
    lock = asked.index("flush tables with read lock")
    assert guard < lock < asked.index("sync /var/lib/mysql", lock)
    assert (hold.known.facts["gtid_executed"], hold.known.facts["binlog_file"]) == ("a:1-5,b:1-3", "binlog.000042")
    hold.end(found)
    assert asked[-1] == "unlock tables"
    with pytest.raises(DatabaseError, match="number 7 has run for 93 s"):
        begun(server(table={"select id, time": [["7", "93"]]}), "read_lock")


@pytest.mark.parametrize(
    ("version", "replica", "binary_log"),
    [
        ("5.7.44", "show slave status", "show master status"),
        ("8.0.21", "show slave status", "show master status"),
        ("8.0.22", "show replica status", "show master status"),  # the new words, since 8.0.22
        ("8.2.0", "show replica status", "show binary log status"),  # since 8.2.0; the old ones went with 8.4
        ("8.4.0", "show replica status", "show binary log status"),
    ],
)
def test_the_words_of_each_version(version: str, replica: str, binary_log: str) -> None:
    found = server(version=version)
    begun(found, "read_lock")
    shown = [each for each in found.asked if each.startswith("show") and "variable" not in each]
    assert shown == [replica, binary_log]


def test_nothing_is_asked_that_the_user_may_not_see() -> None:
    """A refusal would end the session."""
    found = server(rights=("RELOAD", "PROCESS"), table={"select @@global.read_only": [["1"]]})
    hold = begun(found, "read_lock")
    assert not [each for each in found.asked if each.startswith("show") and "variables" not in each]
    assert hold.known.role == "replica"
    assert "binlog_file" not in hold.known.facts


def test_a_replica_is_one_by_its_replication() -> None:
    hold = begun(server(table={"show replica status": [["Waiting for source to send event", "db-1"]]}))
    assert hold.known.role == "replica"


@pytest.mark.parametrize(
    ("more", "mode", "why"),
    [
        ({"version": "10.11.19-MariaDB"}, "auto", "Its kind is mariadb"),
        ({"version": "5.7.44"}, "instance", "Use mode read_lock"),
        ({"others": "3"}, "instance", "3 of its tables are of other engines"),
        ({"rights": ("BACKUP_ADMIN",)}, "instance", "GRANT BACKUP_ADMIN, RELOAD, SELECT ON *.* TO 'root'@'%'"),
        (
            {"table": {"lock instance": refused(1227, "Access denied; you need the BACKUP_ADMIN privilege(s)")}},
            "instance",
            "GRANT BACKUP_ADMIN, RELOAD, SELECT",
        ),
        (
            {"table": {"flush tables": refused(1227, "Access denied; you need the RELOAD privilege(s)")}},
            "read_lock",
            "GRANT RELOAD, PROCESS",
        ),
        (
            {"table": {"flush tables": refused(1205, "Lock wait timeout exceeded")}},
            "read_lock",
            "FLUSH TABLES WITH READ LOCK was not granted within 5 s",
        ),
    ],
)
def test_what_is_refused_is_said_with_its_remedy(more: dict[str, t.Any], mode: str, why: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        begun(server(**more), mode)
    assert why in caught.value.sentence


def test_a_log_that_is_not_written_at_each_commit_is_awaited() -> None:
    """The names of the status variables since 8.0.30."""
    table: dict[str, Answer] = {
        "show global status where variable_name in ('Innodb": [
            ["Innodb_redo_log_current_lsn", "100"],
            ["Innodb_redo_log_flushed_to_disk_lsn", "100"],
        ]
    }
    begun(server(table=table, innodb_flush_log_at_trx_commit="2"))


def test_what_a_plan_says() -> None:
    assert Mysql().statements("instance") == ("LOCK INSTANCE FOR BACKUP", "UNLOCK INSTANCE")
    assert Mysql().statements("read_lock") == ("FLUSH TABLES WITH READ LOCK", "UNLOCK TABLES")
    assert Mysql().statements("auto")[0] == "LOCK INSTANCE FOR BACKUP"


CHANGING = ("lock", "flush", "set session", "sync")


@pytest.mark.parametrize(
    ("more", "mode", "why"),
    [
        ({}, "auto", ""),
        ({"rights": ["USAGE"]}, "auto", "no right RELOAD, PROCESS|none of the rights RELOAD, PROCESS"),
        ({"rights": ["SELECT", "RELOAD"]}, "instance", "has no right BACKUP_ADMIN"),
        ({"rights": ["SELECT", "RELOAD"]}, "read_lock", "has no right PROCESS"),
        ({"version": "5.7.44"}, "instance", "has no LOCK INSTANCE"),
    ],
)
def test_what_a_run_would_fail_of_is_told_by_reading_alone(more: dict[str, t.Any], mode: str, why: str) -> None:
    found = server(table={"select current_role()": [["NONE"]]}, **more)
    hold = MysqlHold(order(mode))
    if why:
        with pytest.raises(DatabaseError, match=why):
            hold.foresee(found)
    else:
        hold.foresee(found)
        assert hold.known.mode == "instance"
    assert not [each for each in found.asked if each.startswith(CHANGING)]


def test_rights_that_a_role_may_give_are_no_error_beforehand() -> None:
    hold = MysqlHold(order("read_lock"))
    hold.foresee(server(rights=["RELOAD"], table={"select current_role()": [["`dba`@`%`"]]}))
    assert "Unless its role gives it" in hold.known.warnings[0]


def test_a_long_statement_may_be_over_soon() -> None:
    long = {"select id, time": [["8", "600"]]}
    with pytest.raises(LockBusy, match="has run for 600 s"):
        begun(server(table=dict(long)), "read_lock")
    hold = MysqlHold(order("read_lock"))
    hold.foresee(server(table=dict(long)))
    assert "has run for 600 s" in hold.known.warnings[0]
