# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The statements that hold MariaDB, and what its answers mean. The answers are those of MariaDB 10.11.19."""

from __future__ import annotations

import os
import subprocess
import typing as t
from pathlib import Path

import pytest
from fake_mysql import Answer, FakeServer, order, refused

from ansible_collections.arkive.k8s.plugins.module_utils._databases import mysql_family
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import (
    DatabaseError,
    SessionLost,
    StatementRefused,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.mariadb import Mariadb, MariadbHold

VERSION = "10.11.19-MariaDB-0+deb12u1-log"
STAGES = ["backup stage start", "backup stage flush", "backup stage block_ddl", "backup stage block_commit"]


def server(*, version: str = VERSION, client: str = "root@localhost", table: t.Any = None, **more: str) -> FakeServer:
    answers: dict[str, Answer] = {
        "": [],
        "select @@version": [[version, client, "root@localhost", "18", "db-0"]],
        "show global status like 'Slave_running'": [["Slave_running", "OFF"]],
        "select @@global.read_only": [["0", ""]],
        "select @@global.gtid_binlog_pos": [["0-1-471", ""]],
        "show global status where variable_name in ('Binlog": [
            ["Binlog_snapshot_file", "binlog.000001"],
            ["Binlog_snapshot_position", "325"],
        ],
    }
    return FakeServer(answers | (table or {}), **more)


def begun(found: FakeServer, mode: str = "auto", **more: t.Any) -> MariadbHold:
    hold = MariadbHold(order(mode, **more))
    hold.begin(found)
    return hold


def test_the_stages_are_held_and_all_of_it_is_on_the_disk_before_anything_is_cut() -> None:
    found = server()
    hold = begun(found, lease_seconds=60.0)
    assert (hold.known.mode, hold.known.role, hold.known.version, hold.known.lease) == (
        "stages",
        "primary",
        VERSION,
        "server",
    )
    assert found.between("set session wait_timeout = 60", STAGES[0]) == [
        "set session wait_timeout = 60",
        "set session lock_wait_timeout = 5",
        "set session autocommit = 1",
        "set session max_statement_time = 300",
        STAGES[0],
    ]
    held = found.between(STAGES[0], "sync /var/lib/mysql")
    assert held[:5] == [*STAGES, "flush no_write_to_binlog engine logs"]
    assert hold.known.facts["gtid_binlog_pos"] == "0-1-471"
    assert (hold.known.facts["binlog_file"], hold.known.facts["binlog_position"]) == ("binlog.000001", 325)
    hold.keep(found)
    hold.end(found)
    assert found.asked[-1] == "backup stage end"


def test_the_read_lock_waits_for_no_long_statement() -> None:
    found = server()
    begun(found, "read_lock").end(found)
    assert found.asked[-1] == "unlock tables"
    assert "flush tables with read lock" in found.asked
    with pytest.raises(DatabaseError, match="number 7 has run for 93 s"):
        begun(server(table={"select id, time": [["7", "93"]]}), "read_lock")


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ("10.4.1-MariaDB", "stages"),  # the release notes of 10.4.1: BACKUP STAGE
        ("10.4.0-MariaDB", "read_lock"),
        ("10.3.39-MariaDB-0+deb10u2", "read_lock"),
        ("11.8.3-MariaDB-ubu2404", "stages"),
        ("12.0.2-MariaDB", "stages"),
    ],
)
def test_the_stages_are_as_old_as_10_4_1(version: str, mode: str) -> None:
    assert begun(server(version=version)).known.mode == mode


@pytest.mark.parametrize(
    ("more", "mode", "why"),
    [
        ({"version": "8.0.36"}, "auto", "It is no MariaDB"),
        ({"version": "10.3.39-MariaDB"}, "stages", "has no BACKUP STAGE"),
        ({"client": "root@10.0.0.9"}, "auto", "reaches the server db-0 over the network"),
    ],
)
def test_refused_before_anything_is_held(more: dict[str, str], mode: str, why: str) -> None:
    found = server(**more)
    with pytest.raises(DatabaseError, match=why):
        begun(found, mode)
    assert not set(STAGES) & set(found.asked)


@pytest.mark.parametrize(
    ("statement", "said", "mode", "why"),
    [
        # Measured: an UPDATE of a MyISAM table, and LOCK TABLES ... WRITE, that began before.
        (
            "backup stage block_ddl",
            refused(1205, "Lock wait timeout exceeded; try restarting transaction"),
            "auto",
            "BACKUP STAGE BLOCK_DDL was not granted within 5 s",
        ),
        (
            "backup stage start",
            refused(1227, "Access denied; you need (at least one of) the RELOAD privilege(s) for this operation"),
            "auto",
            "GRANT RELOAD ON",
        ),
        (
            "select count(*) from information_schema.innodb_trx",
            refused(1227, "Access denied; you need (at least one of) the PROCESS privilege(s) for this operation"),
            "read_lock",
            "GRANT RELOAD, PROCESS ON",
        ),
        (
            "backup stage flush",
            refused(1969, "Query execution was interrupted (max_statement_time exceeded)"),
            "auto",
            "was not done within 300 s",
        ),
    ],
)
def test_what_is_refused_is_said_with_its_remedy(statement: str, said: str, mode: str, why: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        begun(server(table={statement: said}), mode)
    assert why in caught.value.sentence


def test_a_lock_waits_no_longer_than_the_lease() -> None:
    found = server()
    begun(found, lease_seconds=2.5)
    assert "set session wait_timeout = 2" in found.asked
    assert "set session lock_wait_timeout = 2" in found.asked


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"backup stage end": refused(4146, "You must start backup")}, "was not held until the snapshot was cut"),
        ({"select connection_id()": [["19"]]}, "not the one that has held it"),
        ({"show global status like 'Slave_running'": [["Slave_running", "ON"]]}, "became the primary, or a replica"),
    ],
)
def test_the_end_is_the_proof(table: dict[str, Answer], why: str) -> None:
    found = server()
    hold = begun(found)
    found.table |= table
    with pytest.raises(DatabaseError, match=why):
        hold.end(found)
    assert "backup stage end" in found.asked


def test_a_session_that_was_silent_for_longer_than_the_server_allows_ended_by_its_lease(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The server says the same when it was killed."""
    now = [100.0]
    monkeypatch.setattr(mysql_family.time, "monotonic", lambda: now[0])
    found = server()
    hold = begun(found, lease_seconds=10.0)
    found.table["select connection_id()"] = refused(2006, "Server has gone away")
    for silent, ended_by in ((9.0, ""), (11.0, "lease")):
        now[0] = 100.0 + silent
        with pytest.raises(SessionLost) as caught:
            hold.keep(found)
        assert Mariadb().ended_by(caught.value.said) == ended_by


@pytest.mark.parametrize(
    ("words", "ended_by"),
    [
        (refused(1927, "Connection was killed"), "server"),
        (refused(1053, "Server shutdown in progress"), "server"),
        # MySQL since 8.0.24: ER_CLIENT_INTERACTION_TIMEOUT.
        (refused(4031, "The client was disconnected by the server because of inactivity."), "lease"),
        (refused(2006, "Server has gone away"), ""),
        ("", ""),
    ],
)
def test_who_ended_the_session(words: str, ended_by: str) -> None:
    assert Mariadb().ended_by(words) == ended_by


@pytest.mark.parametrize(
    ("running", "read_only", "applied", "role"),
    [
        ("OFF", "0", "", "primary"),
        ("ON", "0", "", "replica"),
        ("OFF", "1", "0-1-9", "replica"),
        ("OFF", "1", "", "primary"),
    ],
)
def test_a_replica_whose_threads_stand_still_is_one(running: str, read_only: str, applied: str, role: str) -> None:
    table: dict[str, Answer] = {
        "show global status like 'Slave_running'": [["Slave_running", running]],
        "select @@global.read_only": [[read_only, applied]],
        "select @@global.gtid_binlog_pos": [["", applied]],
    }
    known = begun(server(table=table)).known
    assert (known.role, known.facts["gtid_slave_pos"]) == (role, applied)


def test_a_log_that_is_not_written_at_each_commit_is_awaited() -> None:
    """Measured: FLUSH ENGINE LOGS does nothing where the setting is 0."""
    found = server(innodb_flush_log_at_trx_commit="0")
    answers = iter([("100", "90"), ("140", "95"), ("150", "100")])

    def ask(statement: str) -> list[list[str]]:
        if "Innodb_lsn_current" in statement:
            written, on_disk = next(answers)
            return [["Innodb_lsn_current", written], ["Innodb_lsn_flushed", on_disk]]
        return FakeServer.ask(found, statement)

    found.ask = ask  # type: ignore[method-assign]
    begun(found)
    assert found.asked.count("wait") == 2


def test_a_log_that_is_never_written_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(100, 200))
    monkeypatch.setattr(mysql_family.time, "monotonic", lambda: float(next(now)))
    with pytest.raises(DatabaseError, match="What was committed is not on the disk"):
        begun(server(innodb_flush_log_at_trx_commit="0"))


def test_all_places_are_looked_at() -> None:
    found = server(innodb_log_group_home_dir="/redo", log_bin_basename="/binlogs/bin", aria_log_dir_path="aria")
    found.links = {"/var/lib/mysql": "/data", "/redo": "/fast/redo"}
    begun(found)
    assert found.places == {
        "the data directory": "/data",
        "the InnoDB tablespace": "/data",
        "the InnoDB log": "/fast/redo",
        "the InnoDB undo log": "/data",
        "the Aria log": "/var/lib/mysql/aria",
        "the binary log": "/binlogs",
    }
    assert found.unwritten == ""
    found = server(innodb_flush_method="nosync")
    begun(found)
    assert found.unwritten == "its setting innodb_flush_method is nosync"


def test_what_cannot_be_synced_is_refused() -> None:
    found = server()
    found.flushes = False
    with pytest.raises(DatabaseError, match="come back broken"):
        begun(found)


def test_a_node_of_a_galera_cluster_is_warned_of() -> None:
    (warning,) = begun(server(wsrep_on="ON")).known.warnings
    assert "wsrep_desync" in warning


def test_the_client_ends_with_an_error_and_says_where_an_answer_ends() -> None:
    kind = Mariadb()
    assert kind.framed("select 1", "arkive-1") == "select 1;\nselect 'arkive-1 done';\n"
    shell, *plain = kind.clients(order())
    assert shell[0] == "/bin/sh"
    assert [each[0] for each in plain] == ["mariadb", "mysql"]
    assert all("--skip-reconnect" in each and "-n" in each for each in plain)
    assert kind.cells("a\\tb\tc\\\\n") == ["a\tb", "c\\n"]
    assert kind.statements("auto")[0] == "BACKUP STAGE START"
    with pytest.raises(StatementRefused) as caught:
        mysql_family.mysql_client.ask(server(table={"foo": refused(1064, "You have\nan error.")}), "foo")
    assert (caught.value.message, caught.value.state) == ("You have an error", "1064")


@pytest.mark.parametrize(
    ("environment", "user", "found"),
    [
        ({}, "", "root:"),
        ({"MARIADB_ROOT_PASSWORD": "one"}, "", "root:one"),  # official images and Bitnami's
        ({"MYSQL_ROOT_PASSWORD": "one"}, "", "root:one"),
        ({"MARIADB_ROOT_PASSWORD_FILE": "{file}"}, "", "root:in a file"),
        ({"MARIADB_ROOT_USER": "admin", "MARIADB_ROOT_PASSWORD": "two"}, "", "admin:two"),  # Bitnami
        ({"MYSQL_MASTER_ROOT_PASSWORD": "three"}, "", "root:three"),  # replicas of Bitnami's
        ({"MARIADB_ROOT_PASSWORD": "one"}, "backup", "backup:"),
        ({"MARIADB_USER": "app", "MARIADB_PASSWORD": "four"}, "app", "app:four"),
        ({"MYSQL_PWD": "given", "MARIADB_ROOT_PASSWORD": "one"}, "", "root:given"),
    ],
)
def test_who_connects_is_known_by_the_container(
    environment: dict[str, str], user: str, found: str, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("in a file\n")
    client = tmp_path / "mariadb"
    client.write_text('#!/bin/sh\nfor last; do :; done\necho "$last:$MYSQL_PWD"\n')
    client.chmod(0o755)
    argv = Mariadb().clients(order(user=user))[0]
    env = {name: value.format(file=file) for name, value in environment.items()}
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(argv, input="", capture_output=True, text=True, env={**env, "PATH": path}, check=False)
    assert done.stdout.strip() == found


@pytest.mark.parametrize(
    ("rights", "role", "why"),
    [
        ([["RELOAD"]], "NULL", ""),
        ([], "NULL", ""),  # nobody has looked at rights as the server was started
        ([["USAGE"]], "NULL", "Its user root@localhost has no right RELOAD"),
        ([["USAGE"]], "dba", ""),
    ],
)
def test_what_a_run_would_fail_of_is_told_by_reading_alone(rights: t.Any, role: str, why: str) -> None:
    found = server(table={"select privilege_type": rights, "select current_role()": [[role]]})
    hold = MariadbHold(order())
    if why:
        with pytest.raises(DatabaseError, match=why) as caught:
            hold.foresee(found)
        assert "GRANT RELOAD ON *.* TO 'root'@'localhost'" in caught.value.sentence
    else:
        hold.foresee(found)
        assert len(hold.known.warnings) == (1 if role == "dba" else 0)
    assert not [each for each in found.asked if each.startswith(("backup", "set session", "flush", "sync"))]


@pytest.mark.parametrize(
    ("far", "variables", "places"),
    [
        # Measured: CREATE TABLE ... DATA DIRECTORY, of InnoDB (an .isl file) and of MyISAM (a link to a file); a
        # database that was moved and linked. All of it was "held", and in no snapshot.
        ("/far/d/probe/far.ibd\n", {}, {"/far/d/probe"}),
        ("/far/d/myi.MYD\n/far/i/myi.MYI\n/moved/shop/\n", {}, {"/far/d", "/far/i", "/moved/shop"}),
        ("/var/lib/mysql/.archive/t.ibd\n", {}, set()),
        ("", {"innodb_directories": "/a;relative;/b"}, {"/a", "/b"}),
        ("", {"innodb_data_file_path": "/disk/ibdata1:10M;/disk2/ibdata2:10M:autoextend"}, {"/disk", "/disk2"}),
        ("", {"innodb_data_file_path": "ibdata1:12M:autoextend"}, set()),
    ],
)
def test_tables_that_are_elsewhere_are_looked_for(far: str, variables: dict[str, str], places: set[str]) -> None:
    found = server(**variables)
    found.far_files = far
    begun(found)
    assert {path for name, path in found.places.items() if name.startswith("the tables in")} == places


def test_where_it_cannot_be_seen_it_is_said() -> None:
    found = server()
    found.far_files = None
    assert "outside of its data directory could not be seen" in begun(found).known.warnings[0]


def test_the_script_that_looks_for_them(tmp_path: Path) -> None:
    data, far = tmp_path / "data", tmp_path / "far"
    (data / "shop").mkdir(parents=True)
    (far / "moved").mkdir(parents=True)
    (far / "t.MYD").write_text("")
    for name, aim in (
        ("shop/t.MYD", far / "t.MYD"),
        ("moved", far / "moved"),
        ("error.log", Path("/dev/null")),
        ("mysql.sock", far / "gone"),
    ):
        (data / name).symlink_to(aim)
    (data / "shop" / "a b.isl").write_text("/x/shop/a b.ibd")
    (data / "shop" / "c.isl").write_text("/y/shop/c.ibd")
    argv = ["/bin/sh", "-c", mysql_family._FAR_FILES, "arkive", str(data)]
    found = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert sorted(found.stdout.splitlines()) == sorted(
        [f"{far}/t.MYD", f"{far}/moved/", "/x/shop/a b.ibd", "/y/shop/c.ibd"]
    )
