# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The statements that hold PostgreSQL, and what its answers mean.

The answers are those of PostgreSQL 15.20, seen over an exec stream; the names before version 15 are those of its
documentation ("Non-exclusive low-level backup", 14).
"""

from __future__ import annotations

import typing as t

import pytest
from fake_psql import DENIED, LOOK, POSITION, FakeContainer, FakePsql, answers

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.held import HeldDatabase
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import HoldOrder
from ansible_collections.arkive.k8s.plugins.module_utils._databases.postgresql import Postgresql
from ansible_collections.arkive.k8s.plugins.module_utils._databases.record import QuiesceRecord

LOOKED = "select current_setting('server_version_num')"
OLD = ["130009", "13.9", *LOOK[2:]]


def order(mode: str = "light", **more: t.Any) -> HoldOrder:
    given = {"lease_seconds": 60.0, "longest_seconds": 300.0, "label": "arkive run1", **more}
    return HoldOrder(mode=mode, **given)


def hold(psql: FakePsql, wanted: HoldOrder, **container: t.Any) -> tuple[QuiesceRecord, FakeContainer]:
    """Held and let go."""
    record = QuiesceRecord(namespace="shop", pod="db-0", container="postgres", kind="postgresql")
    place = FakeContainer(psql, **container)
    held = HeldDatabase(Postgresql(), wanted, place, record)
    held.begin(CancelToken())
    held.end()
    return record, place


def refusal(psql: FakePsql, wanted: HoldOrder, **container: t.Any) -> str:
    with pytest.raises(ArkiveError) as caught:
        hold(psql, wanted, **container)
    assert psql.ended == "aborted"
    return caught.value.sentence


def test_light_is_a_checkpoint_in_an_armed_session() -> None:
    psql = FakePsql(answers())
    record, place = hold(psql, order())
    asked = [statement for statement in psql.asked if statement.startswith(("set", "checkpoint"))]
    assert asked == [
        "set search_path = pg_catalog",
        "set idle_session_timeout = '60000ms'",
        "set application_name = 'arkive run1'",
        "set lock_timeout = '60000ms'",
        "set statement_timeout = '300000ms'",
        "checkpoint",
    ]
    after = psql.asked[psql.asked.index("checkpoint") + 1 :]
    assert [each for each in after if "set_config('statement_timeout', '60000ms', false)" in each] == after[:1]
    assert (record.consistent, record.ended_by, record.known.lease, record.known.role) == (
        True,
        "release",
        "server",
        "primary",
    )
    assert record.known.facts["start_position"] == "0/3000230"
    assert (place.flushed, psql.ended) == (["/data/pg"], "finished")


@pytest.mark.parametrize(
    ("look", "start", "stop"),
    [
        (LOOK, "select pg_backup_start('arkive run1', true)", "pg_backup_stop(false)"),
        (
            ["140010", "14.10", *LOOK[2:]],
            "select pg_start_backup('arkive run1', true, false)",
            "pg_stop_backup(false, false)",
        ),
    ],
)
def test_backup_mode_starts_at_once_and_waits_for_no_archiver(look: list[str], start: str, stop: str) -> None:
    psql = FakePsql(answers() | {LOOKED: [look]})
    record, _place = hold(psql, order("backup"))
    assert start in psql.asked
    assert any(statement.startswith("select lsn") and statement.endswith(f"from {stop}") for statement in psql.asked)
    assert record.known.facts["backup_label"] == "START"
    assert record.known.facts["stop_position"] == "0/4000100"
    assert record.consistent


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param({"checkpoint": (DENIED, "must be superuser")}, 'GRANT pg_checkpoint TO "postgres"', id="no right"),
        pytest.param({"checkpoint": ("57014", "canceling")}, "was not done within 300 s (freeze_max)", id="too long"),
        pytest.param({"checkpoint": ("XX000", "disk full")}, "disk full", id="another error"),
        pytest.param(
            {LOOKED: [[*LOOK[:3], "10.0.0.7", "f", *LOOK[5:]]]}, "reaches the server at 10.0.0.7", id="another server"
        ),
        pytest.param({"": (":SQLSTATE", "")}, "older than version 11", id="an old client"),
    ],
)
def test_refused(change: dict[str, t.Any], why: str) -> None:
    assert why in refusal(FakePsql(answers() | change), order())


def test_a_right_for_backup_mode_is_named_with_its_functions() -> None:
    psql = FakePsql(answers() | {"select pg_backup_start": (DENIED, "permission denied")})
    assert "GRANT EXECUTE ON FUNCTION pg_backup_start(text, boolean)" in refusal(psql, order("backup"))


def test_a_server_that_ends_no_idle_session_is_refused_where_a_lease_is_required() -> None:
    psql = FakePsql(answers() | {LOOKED: [OLD]})
    assert "cannot end an idle session" in refusal(psql, order(require_lease=True))
    record, _place = hold(FakePsql(answers() | {LOOKED: [OLD]}), order())
    assert record.known.lease == "stream"


def test_where_its_files_are_is_asked_with_links_followed() -> None:
    psql = FakePsql(answers() | {"select spcname": [["fast", "/fast/pg"]]})
    _record, place = hold(psql, order())
    assert place.places == {
        "the data directory": "/data/pg",
        "the WAL": "/wal/pg_wal",
        "the tablespace fast": "/fast/pg",
    }


def test_a_user_who_may_not_know_where_they_are_leaves_that_open() -> None:
    psql = FakePsql(answers() | {"select current_setting('data_directory')": (DENIED, "must be superuser")})
    record, place = hold(psql, order())
    assert place.places == {"the data directory": "", "the WAL": ""}
    assert (record.known.facts["flushed"], place.flushed) == (False, [])
    assert record.known.warnings[-1].endswith('GRANT pg_read_all_settings TO "postgres" shows it.')


def test_a_disk_that_cannot_be_synced_is_a_warning() -> None:
    record, _place = hold(FakePsql(answers()), order(), flushes=False)
    assert record.known.warnings[-1].endswith("the container could not sync them.")


def test_without_fsync_only_a_freeze_helps() -> None:
    _record, place = hold(FakePsql(answers() | {LOOKED: [[*LOOK[:10], "off", *LOOK[11:]]]}), order())
    assert place.unwritten == "its setting fsync is off"


def test_an_archiver_that_fails_is_a_warning() -> None:
    look = [*LOOK[:7], "on", "t", *LOOK[9:]]
    record, _place = hold(FakePsql(answers() | {LOOKED: [look]}), order())
    assert any("archiver fails" in text for text in record.known.warnings)


@pytest.mark.parametrize(
    ("mode", "statement", "answer", "why"),
    [
        ("light", "select case", [["0/5", "t", POSITION[2]]], "became the primary, or a standby"),
        ("light", "select case", [["0/5", "f", "1795890000.0"]], "was started anew"),
        ("backup", "select lsn", ("55000", "backup is not in progress"), "backup is not in progress"),
        ("backup", "select lsn", [], "gave no label"),
        ("backup", "select lsn", [["0/1", "%%", ""]], "gave no label"),
    ],
)
def test_the_answer_to_the_release_is_the_proof(mode: str, statement: str, answer: t.Any, why: str) -> None:
    psql = FakePsql(answers())
    record = QuiesceRecord(namespace="shop", pod="db-0", container="postgres", kind="postgresql")
    held = HeldDatabase(Postgresql(), order(mode), FakeContainer(psql), record)
    held.begin(CancelToken())
    psql.table[statement] = answer
    held.end()
    assert not record.consistent
    assert why in record.error


def test_no_name_ends_a_literal() -> None:
    psql = FakePsql(answers())
    hold(psql, order("backup", label="x'; drop table a; -- :v \\q"))
    assert "select pg_backup_start('x__ drop table a_ -- _v _q', true)" in psql.asked


def test_the_client_has_the_users_own_password_and_no_other() -> None:
    """Which the shell takes from the environment: the words of the command have none."""
    shell, plain = Postgresql().clients(order(user="backup"))
    assert shell[:2] == ("/bin/sh", "-c")
    assert shell[3:5] == ("arkive", "backup")
    assert plain[-2:] == ("-U", "backup")
    assert "-w" in plain


@pytest.mark.parametrize(
    ("said", "who"),
    [
        ("FATAL:  terminating connection due to idle-session timeout", "lease"),
        ("FATAL:  terminating connection due to administrator command", "server"),
        ("server closed the connection unexpectedly", "server"),
        ("", ""),
    ],
)
def test_who_ended_the_session(said: str, who: str) -> None:
    assert Postgresql().ended_by(said) == who


WAVES = (("shop/data",), ("shop/wal",))
SLOT = "select pg_create_physical_replication_slot"


def staged(change: dict[str, t.Any], mode: str = "auto", **more: t.Any) -> tuple[FakePsql, HeldDatabase]:
    """Begun, with the WAL on a claim of its own."""
    psql = FakePsql(answers() | {SLOT: [["x"]], "select wal_status": [["reserved"]]} | change)
    place = FakeContainer(psql)
    place.waves = WAVES
    record = QuiesceRecord(namespace="shop", pod="db-0", container="postgres", kind="postgresql")
    held = HeldDatabase(Postgresql(), order(mode, **more), place, record)
    held.begin(CancelToken())
    return psql, held


def test_the_wal_of_its_own_is_cut_after_the_end_of_backup_mode_and_kept_by_a_slot_until_then() -> None:
    psql, held = staged({})
    record = held.record
    assert (record.known.mode, record.waves, record.known.facts["write_label"]) == ("backup", WAVES, True)
    held.advance(1)
    assert record.known.facts["stop_position"] == "0/4000100"
    held.end()
    assert record.consistent
    steps = ("select pg_create", "select pg_backup_start", "select lsn", "select wal_status")
    assert [step for each in psql.asked for step in steps if each.startswith(step)] == list(steps)


def test_who_cuts_no_waves_proves_nothing_of_the_order() -> None:
    _psql, held = staged({})
    held.end()
    assert (held.record.consistent, "were not cut in their order" in held.record.error) == (False, True)


@pytest.mark.parametrize("rows", [[], [["lost"]]])
def test_wal_that_was_removed_meanwhile_spoils_it(rows: list[list[str]]) -> None:
    _psql, held = staged({"select wal_status": rows})
    held.advance(1)
    held.end()
    assert not held.record.consistent
    assert "It has removed WAL" in held.record.error


@pytest.mark.parametrize(
    "error",
    [
        (DENIED, "permission denied to use replication slots"),
        ("53400", "all replication slots are in use"),
        ("55000", 'replication slots can only be used if "max_replication_slots" > 0'),
    ],
)
def test_without_a_slot_the_order_is_refused(error: tuple[str, str]) -> None:
    with pytest.raises(ArkiveError) as caught:
        staged({SLOT: error})
    assert error[1] in caught.value.sentence
    assert 'ALTER ROLE "postgres" REPLICATION' in caught.value.sentence


@pytest.mark.parametrize(
    ("mode", "standby", "ranked"),
    [("auto", "f", True), ("backup", "f", True), ("light", "f", False), ("auto", "t", False), ("freeze", "f", False)],
)
def test_only_backup_mode_of_a_primary_has_an_order(mode: str, standby: str, ranked: bool) -> None:
    look = [*LOOK[:2], standby, *LOOK[3:]]
    psql = FakePsql(answers() | {LOOKED: [look], "select case": [["0/5", standby, POSITION[2]]]})
    _record, place = hold(psql, order(mode))
    assert (place.ranks is not None) is ranked
    if ranked:
        assert place.ranks == {"the data directory": 0, "the WAL": 2}


def test_a_freeze_takes_no_right_and_all_of_its_claims() -> None:
    psql = FakePsql(answers(checkpoint=(DENIED, "must be superuser")))
    record, place = hold(psql, order("freeze"))
    assert (record.consistent, record.known.facts["checkpoint"]) == (True, False)
    assert "it is to be frozen" in place.unwritten


def test_a_server_that_recovers_is_told_in_its_own_words() -> None:
    psql = FakePsql(answers() | {"": EOFError()})
    psql.stderr = "FATAL:  the database system is starting up"
    assert "the database system is starting up" in refusal(psql, order())


@pytest.mark.parametrize(("mode", "told"), [("light", True), ("auto", True), ("backup", False), ("freeze", False)])
def test_pages_that_may_be_torn_are_told_where_they_matter(mode: str, told: bool) -> None:
    """PostgreSQL 15, full_page_writes; the low-level backup API writes whole pages whatever it says."""
    look = [*LOOK[:11], "off", *LOOK[12:]]
    record, _place = hold(FakePsql(answers() | {LOOKED: [look]}), order(mode))
    assert any("full_page_writes is off" in text for text in record.known.warnings) is told


def foresee(psql: FakePsql, wanted: HoldOrder, **container: t.Any) -> QuiesceRecord:
    record = QuiesceRecord(namespace="shop", pod="db-0", container="postgres", kind="postgresql")
    place = FakeContainer(psql, **container)
    HeldDatabase(Postgresql(), wanted, place, record).foresee(CancelToken())
    assert (place.flushed, psql.ended) == ([], "finished")
    return record


SUPERUSER = "select current_setting('is_superuser')"
CHECKPOINTS = "select pg_has_role('pg_checkpoint', 'usage')"
FUNCTIONS = "select has_function_privilege"
LOGGING = "select current_setting('wal_level')"


@pytest.mark.parametrize(
    ("mode", "table", "why"),
    [
        ("light", {SUPERUSER: [["on"]]}, ""),
        ("light", {SUPERUSER: [["off"]], CHECKPOINTS: [["t"]]}, ""),
        ("light", {SUPERUSER: [["off"]], CHECKPOINTS: [["f"]]}, 'GRANT pg_checkpoint TO "postgres"'),
        ("light", {SUPERUSER: [["off"]], LOOKED: [OLD]}, "takes a superuser before PostgreSQL 15"),
        ("backup", {SUPERUSER: [["on"]], LOGGING: [["replica", "t", "t"]]}, ""),
        ("backup", {SUPERUSER: [["on"]], LOGGING: [["minimal", "t", "t"]]}, "wal_level is minimal"),
        ("backup", {SUPERUSER: [["off"]], FUNCTIONS: [["f"]]}, "GRANT EXECUTE ON FUNCTION pg_backup_start(text"),
        ("freeze", {}, ""),
    ],
)
def test_what_a_run_would_fail_of_is_told_by_reading_alone(mode: str, table: dict[str, t.Any], why: str) -> None:
    psql = FakePsql(answers() | table)
    if why:
        with pytest.raises(ArkiveError) as caught:
            foresee(psql, order(mode))
        assert why in caught.value.sentence
    else:
        assert foresee(psql, order(mode)).known.mode == mode
    changing = ("checkpoint", "select pg_backup_start", "set idle", "set application", "select pg_create")
    assert not [statement for statement in psql.asked if statement.startswith(changing)]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (["replica", "t", "t"], ""),
        (["replica", "f", "t"], "its user may not replicate"),
        (["replica", "t", "f"], "all replication slots are in use"),
    ],
)
def test_several_claims_take_a_slot_that_can_be_had(row: list[str], why: str) -> None:
    psql = FakePsql(answers() | {SUPERUSER: [["on"]], LOGGING: [row]})
    record = QuiesceRecord(namespace="shop", pod="db-0", container="postgres", kind="postgresql")
    place = FakeContainer(psql)
    place.waves = (("shop/data",), ("shop/wal",))
    held = HeldDatabase(Postgresql(), order("auto"), place, record)
    if why:
        with pytest.raises(ArkiveError, match=why):
            held.foresee(CancelToken())
    else:
        held.foresee(CancelToken())
        assert record.known.mode == "backup"


def test_a_server_that_cannot_let_go_by_itself_is_refused_beforehand() -> None:
    psql = FakePsql(answers() | {SUPERUSER: [["on"]], LOOKED: [OLD]})
    with pytest.raises(ArkiveError, match="cannot end an idle session by itself"):
        foresee(psql, order("light", require_lease=True))


def test_a_pooler_between_client_and_server_is_refused() -> None:
    """It has our session end, or hands it to somebody else: the label and the lease would be in another one."""
    said = refusal(FakePsql(answers() | {LOOKED: [[*LOOK[:13], "6432"]]}), order())
    assert "through port 6432, and it listens at 5432" in said


def test_the_server_is_the_one_with_the_files_of_its_container() -> None:
    """Two servers of one pod are reached by one address, and have the same paths."""
    pidfile = "1\n/data/pg\n1795894354\n{0}\n/var/run/postgresql\n*\n  16779  0\nready\n"
    record = QuiesceRecord(namespace="shop", pod="db-0", container="second", kind="postgresql")
    for port, is_own in (("5432", True), ("5433", False)):
        place = FakeContainer(FakePsql(answers()))
        place.looked["cat", "/data/pg/postmaster.pid"] = pidfile.format(port)
        held = HeldDatabase(Postgresql(), order(), place, record)
        if is_own:
            held.begin(CancelToken())
            held.end()
            continue
        with pytest.raises(DatabaseError, match="files in /data/pg of this container is at port 5433"):
            held.begin(CancelToken())
