# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands that hold Redis and Valkey, and what their answers mean.

The answers are those of Redis 7.0.15 and Valkey 9.1.2, as redis-cli prints them.
"""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._databases import redis
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError, StatementRefused
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import HoldOrder, Waves
from ansible_collections.arkive.k8s.plugins.module_utils._databases.redis import Redis, RedisHold

SERVER = ["# Server", "redis_version:7.0.15", "run_id:5061260f418e"]
AOF = ["# Persistence", "loading:0", "aof_enabled:1", "aof_last_write_status:ok", "aof_buffer_length:0"]
SAVED = [
    "rdb_bgsave_in_progress:0",
    "rdb_last_bgsave_status:ok",
    "rdb_changes_since_last_save:7",
    "rdb_last_save_time:9",
]
PERSISTENCE = [*AOF, "aof_pending_bio_fsync:0", *SAVED]
RDB = [line.replace("aof_enabled:1", "aof_enabled:0") for line in PERSISTENCE]
MASTER = ["master", "0", ""]
REPLICA = ["slave", "10.0.0.1", "6379", "connected", "14"]


class FakeServer:
    """Answers by a table; a list of answers is used up one by one, its last one stays."""

    def __init__(self, **table: t.Any) -> None:
        self.asked: list[str] = []
        self.table: dict[str, t.Any] = {
            "INFO server": SERVER,
            "INFO persistence": PERSISTENCE,
            "INFO keyspace": ["# Keyspace", "db0:keys=12,expires=3,avg_ttl=0"],
            "ROLE": MASTER,
            "CONFIG GET dir": ["dir", "/data"],
            "CONFIG GET save": ["save", "3600 1"],
            "CONFIG GET dbfilename": ["dbfilename", "dump.rdb"],
            "CLIENT": ["OK"],
            "BGSAVE": ["Background saving started"],
            "PING": ["PONG"],
            **{name.replace("_", " "): answer for name, answer in table.items()},
        }
        self.flushes = True

    def ask(self, statement: str) -> list[list[str]]:
        self.asked.append(statement)
        key = max((key for key in self.table if statement.startswith(key)), key=len)
        answer = self.table[key]
        if answer and isinstance(answer[0], list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        message, state = Redis().error_in(answer, "")
        if message:
            raise StatementRefused(message, state=state)
        return [Redis().cells(line) for line in answer]

    def look(self, *argv: str) -> str | None:
        return None

    def real_path(self, path: str) -> str:
        return path

    def wait(self, seconds: float) -> None:
        self.asked.append("wait")

    def flush(self, path: str) -> bool:
        self.asked.append(f"sync {path}")
        return self.flushes

    def check_places(
        self, places: t.Mapping[str, str], *, unwritten: str = "", ranks: t.Mapping[str, int] | None = None
    ) -> Waves:
        self.places = dict(places)
        return ()


def order(mode: str = "auto", **more: t.Any) -> HoldOrder:
    return HoldOrder(mode=mode, label="arkive", **more)


def begun(server: FakeServer, mode: str = "auto", **more: t.Any) -> RedisHold:
    hold = RedisHold(order(mode, **more))
    hold.begin(server)
    return hold


def test_a_primary_with_an_append_only_file_is_paused_and_its_file_system_synced() -> None:
    server = FakeServer()
    hold = begun(server)
    assert (hold.known.mode, hold.known.role, hold.known.version) == ("pause", "primary", "Redis 7.0.15")
    steps = [each for each in server.asked if each.startswith(("CLIENT", "sync"))]
    assert steps == ["sync /data", "CLIENT PAUSE 60000 WRITE", "sync /data", "CLIENT PAUSE 60000 WRITE"]
    hold.keep(server)
    hold.end(server)
    assert server.asked[-1] == "CLIENT UNPAUSE"


def test_what_was_acknowledged_is_awaited_in_the_append_only_file() -> None:
    pending = [*AOF, "aof_pending_bio_fsync:1", *SAVED]
    buffered = [*(line.replace("length:0", "length:12") for line in AOF), *SAVED]
    server = FakeServer(INFO_persistence=[PERSISTENCE, buffered, pending, PERSISTENCE])
    begun(server)
    assert server.asked.count("wait") == 2


@pytest.mark.parametrize(
    ("table", "mode"),
    [({"INFO_persistence": RDB}, "auto"), ({"ROLE": REPLICA}, "auto"), ({}, "bgsave")],
)
def test_a_dump_that_was_begun_after_we_asked(table: dict[str, t.Any], mode: str) -> None:
    busy = ["ERR Background save already in progress"]
    server = FakeServer(BGSAVE=[busy, ["Background saving started"]], **table)
    hold = begun(server, mode)
    assert hold.known.mode == "bgsave"
    assert server.asked.count("BGSAVE") == 2
    assert server.asked[-1] == "sync /data"
    hold.end(server)
    assert "CLIENT UNPAUSE" not in server.asked


@pytest.mark.parametrize(
    ("table", "mode", "why"),
    [
        ({"INFO_persistence": RDB, "CONFIG_GET_save": ["save", ""]}, "auto", "keeps nothing on its disk"),
        ({"INFO_persistence": RDB}, "pause", "It has no append-only file"),
        ({"ROLE": REPLICA}, "pause", "It is a replica, whose writes no pause holds up"),
        ({"ROLE": ["slave", "10.0.0.1", "6379", "sync", "-1"]}, "auto", "not in step with its primary"),
        ({"INFO_persistence": ["loading:1"]}, "auto", "still loading"),
        ({"INFO_persistence": [RDB, [*RDB, "rdb_last_bgsave_status:err"]]}, "auto", "Its dump failed"),
        ({"INFO_server": ["NOAUTH Authentication required."]}, "auto", "NOAUTH"),
        (
            {"CONFIG": ["NOPERM User x has no permissions to run the 'config|get' command"]},
            "auto",
            "does not say where its files are",
        ),
    ],
)
def test_refused(table: dict[str, t.Any], mode: str, why: str) -> None:
    if "CONFIG" in table:
        table = {"CONFIG_GET_dir": table["CONFIG"]}
    server = FakeServer(**table)
    with pytest.raises(DatabaseError, match=why):
        begun(server, mode)
    assert not any(each.startswith("CLIENT PAUSE") for each in server.asked)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"INFO server": ["redis_version:7.0.15", "run_id:other"]}, "started anew"),
        ({"ROLE": REPLICA}, "became the primary, or a replica"),
        (
            {"INFO persistence": [line.replace("save:7", "save:8") for line in PERSISTENCE]},
            "somebody has ended its pause",
        ),
    ],
)
def test_the_end_is_the_proof_and_lets_go_in_any_case(table: dict[str, t.Any], why: str) -> None:
    server = FakeServer()
    hold = begun(server)
    server.table |= table
    with pytest.raises(DatabaseError, match=why):
        hold.end(server)
    assert server.asked[-1] == "CLIENT UNPAUSE"


def test_a_dump_meanwhile_is_no_write() -> None:
    server = FakeServer()
    hold = begun(server)
    server.table["INFO persistence"] = [*AOF, "rdb_changes_since_last_save:0", "rdb_last_save_time:10"]
    hold.end(server)


def test_a_pause_that_ran_out_by_our_clock_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(redis.time, "monotonic", lambda: now[0])
    server = FakeServer()
    hold = begun(server, lease_seconds=10.0)
    now[0] = 109.0
    hold.keep(server)
    now[0] = 118.0
    hold.end(server)
    hold = begun(server, lease_seconds=10.0)
    now[0] = 129.0
    with pytest.raises(DatabaseError, match="Its pause ran out"):
        hold.end(server)


def test_a_pause_that_was_renewed_too_late_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """The new one does not hold what was written before it."""
    now = [100.0]
    monkeypatch.setattr(redis.time, "monotonic", lambda: now[0])
    server = FakeServer()
    hold = begun(server, lease_seconds=10.0)
    now[0] = 111.0
    hold.keep(server)
    now[0] = 112.0
    with pytest.raises(DatabaseError, match="Its pause ran out"):
        hold.end(server)


def test_a_renewal_that_came_late_to_the_server_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was sent in time, by a client that stood still for a while."""
    now = [100.0]
    monkeypatch.setattr(redis.time, "monotonic", lambda: now[0])
    server = FakeServer()
    hold = begun(server, lease_seconds=10.0)
    now[0] = 109.0
    answer = server.ask

    def answer_late(statement: str) -> list[list[str]]:
        now[0] = 110.5
        return answer(statement)

    server.ask = answer_late  # type: ignore[method-assign]
    hold.keep(server)
    with pytest.raises(DatabaseError, match="Its pause ran out"):
        hold.end(server)


def test_a_pause_whose_answer_was_lost_is_undone() -> None:
    server = FakeServer(CLIENT_PAUSE=["ERR gone"])
    hold = RedisHold(order())
    with pytest.raises(StatementRefused):
        hold.begin(server)
    hold.undo(server)
    assert server.asked[-1] == "CLIENT UNPAUSE"


def test_what_cannot_be_synced_is_not_paused() -> None:
    server = FakeServer()
    server.flushes = False
    hold = RedisHold(order())
    with pytest.raises(DatabaseError, match="could not be synced"):
        hold.begin(server)
    hold.undo(server)
    assert not any(each.startswith("CLIENT") for each in server.asked)


def test_what_begin_has_paused_is_undone() -> None:
    """It outlasts the session until then."""
    server = FakeServer(INFO_persistence=[PERSISTENCE, ["aof_enabled:1", "aof_last_write_status:err"]])
    hold = RedisHold(order())
    with pytest.raises(DatabaseError, match="cannot write its append-only file"):
        hold.begin(server)
    assert hold.known.outlasts_until > redis.time.monotonic() + 50
    hold.undo(server)
    assert (server.asked[-1], hold.known.outlasts_until) == ("CLIENT UNPAUSE", 0.0)


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (["OK"], False),
        (["# Persistence", "loading:0"], False),
        (["Background saving started"], False),
        ([], False),
        (["master"], False),
        (["ERR unknown command 'FOO'"], True),
        (["NOPERM this user has no permissions"], True),
        (["LOADING Redis is loading the dataset in memory"], True),
    ],
)
def test_errors_are_told_from_answers(lines: list[str], error: bool) -> None:
    assert bool(Redis().error_in(lines, "done")[0]) is error


def test_the_client_is_told_when_an_answer_ends() -> None:
    assert Redis().framed("ROLE", "arkive-1") == 'ROLE\nECHO "arkive-1 done"\n'
    shell, *plain = Redis().clients(order())
    assert shell[0] == "/bin/sh"
    assert plain == [("redis-cli",), ("valkey-cli",)]


@pytest.mark.parametrize(
    ("answer", "user", "code", "said"),
    [
        # As redis-cli 7.0 says them: with a password that is wrong, with none, and to one who is let in.
        ("AUTH failed: WRONGPASS invalid username-password pair\nNOAUTH Authentication required.", "b", 1, "WRONGPASS"),
        ("NOAUTH Authentication required.", "", 1, "NOAUTH"),
        ("PONG", "", 0, "ran -p 6379\n"),
        ("PONG", "b", 0, "ran -p 6379 --user b\n"),
        ("LOADING Redis is loading the dataset in memory", "", 0, "ran -p 6379\n"),
    ],
)
def test_a_client_that_is_not_let_in_ends_at_once(tmp_path: Path, answer: str, user: str, code: int, said: str) -> None:
    client = tmp_path / "redis-cli"
    client.write_text('#!/bin/sh\nfor w; do :; done; if [ "$w" = PING ]; then echo "$ANSWER"; else echo "ran $*"; fi\n')
    client.chmod(0o755)
    shell, *_plain = Redis().clients(HoldOrder(mode="auto", label="arkive", user=user))
    script = shell[2].replace("/proc/", f"{tmp_path}/proc/")
    path = f"{tmp_path}:/usr/bin:/bin"
    done = subprocess.run(
        [*shell[:2], script, *shell[3:]],
        env={"PATH": path, "ANSWER": answer},
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True)


MAY, MAY_NOT = ["OK"], ["User backup has no permissions to run the 'client|pause' command"]


@pytest.mark.parametrize(
    ("table", "mode", "why"),
    [
        ({"ACL_DRYRUN": MAY}, "pause", ""),
        ({"ACL_DRYRUN": MAY_NOT}, "pause", "ACL SETUSER backup +client|pause +client|unpause"),
        ({"ACL_DRYRUN": ["OK"], "INFO_persistence": RDB}, "bgsave", ""),
        ({"CONFIG_GET_save": ["save", ""], "INFO_persistence": RDB}, "bgsave", "nothing on its disk"),
        ({"ROLE": ["slave", "10.0.0.1", "6379", "sync", "0"]}, "bgsave", "not in step"),
    ],
)
def test_what_a_run_would_fail_of_is_told_by_reading_alone(table: dict[str, t.Any], mode: str, why: str) -> None:
    server = FakeServer(**{"ACL_WHOAMI": ["backup"], **table})
    hold = RedisHold(order())
    if why:
        with pytest.raises(DatabaseError) as caught:
            hold.foresee(server)
        assert why in caught.value.sentence
    else:
        hold.foresee(server)
        assert (hold.known.mode, hold.known.warnings) == (mode, [])
    assert not [each for each in server.asked if each.startswith(("CLIENT", "BGSAVE", "sync"))]


@pytest.mark.parametrize("said", ["NOPERM this user has no permissions", "ERR unknown subcommand 'DRYRUN'"])
def test_rights_that_cannot_be_asked_are_no_error(said: str) -> None:
    hold = RedisHold(order())
    hold.foresee(FakeServer(ACL_WHOAMI=["backup"], ACL_DRYRUN=[said]))
    assert "Whether its user may do CLIENT PAUSE" in hold.known.warnings[0]
