# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands that hold MongoDB, by its manual and sources: no server of it was asked.

``fsync.cpp`` of the server (7.0) for the lock, its count, and its errors; the manual for ``hello``, ``serverStatus``
and ``getCmdLineOpts``.
"""

from __future__ import annotations

import json
import os
import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._databases.container_lease import ROW, answer
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import (
    DatabaseError,
    LockBusy,
    SessionLost,
    StatementRefused,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import HoldOrder, Waves
from ansible_collections.arkive.k8s.plugins.module_utils._databases.mongodb import Mongodb, MongodbHold

PROCESS = {"topologyVersion": {"processId": {"$oid": "65f0"}}}
STANDALONE = {"isWritablePrimary": True, **PROCESS}
PRIMARY = {
    "setName": "rs0",
    "isWritablePrimary": True,
    "lastWrite": {"opTime": {"ts": {"$timestamp": {"t": 1795894354, "i": 3}}, "t": 5}},
    **PROCESS,
}
SECONDARY = PRIMARY | {"isWritablePrimary": False, "secondary": True}
WIRED = {"version": "7.0.14", "storageEngine": {"name": "wiredTiger", "persistent": True}}
LOCK = "db.adminCommand({fsync: 1, lock: true})"
UNLOCK = "db.adminCommand({fsyncUnlock"
PENDING = 'db.getSiblingDB("admin").aggregate([{$currentOp: {allUsers: true, localOps: true}}'
WRITERS = 'db.getSiblingDB("admin").aggregate([{$currentOp: {allUsers: true, localOps: true, idleSessions'
#: As the manual has the members of replSetGetConfig and replSetGetStatus, and authInfo of connectionStatus.
CONFIG = "db.adminCommand({replSetGetConfig"
STATUS = "db.adminCommand({replSetGetStatus"
PRIVILEGES = "db.adminCommand({connectionStatus"
REFUSED = ("fsyncUnlock called when not locked", "IllegalOperation")


class FakeServer:
    """Answers by a table; a pair is a refusal. ``several``: its claims."""

    def __init__(self, table: t.Mapping[str, t.Any] | None = None, *, several: bool = False) -> None:
        self.asked: list[str] = []
        self.table: dict[str, t.Any] = {
            "db.hello": STANDALONE,
            "db.adminCommand({serverStatus": WIRED,
            "db.adminCommand({getCmdLineOpts": {"storage": {"dbPath": "/data/db"}},
            "db.adminCommand({currentOp": False,
            "db.adminCommand({fsync: 1}).ok": 1,
            "db.adminCommand({ping": 1,
            WRITERS: [],
            PENDING: 0,
            LOCK: 1,
            UNLOCK: {"ok": 1},
            CONFIG: [{"_id": number, "votes": 1} for number in range(3)],
            STATUS: [
                {"_id": number, "stateStr": state, "self": state == "SECONDARY" and number == 1}
                for number, state in enumerate(("PRIMARY", "SECONDARY", "SECONDARY"))
            ],
            PRIVILEGES: {},
            "@arm": "armed",
            "@renew": "renewed",
            "@claim": "claimed",
            "@clear": "cleared",
            **(table or {}),
        }
        self.places: dict[str, str] = {}
        self._several = several

    def ask(self, statement: str) -> list[list[str]]:
        self.asked.append(statement)
        found = self.table[max((key for key in self.table if statement.startswith(key)), key=len)]
        if isinstance(found, tuple):
            raise StatementRefused(found[0], state=found[1])
        return [["admin> "], [f"{ROW}{json.dumps({'a': found})}"], [""]]

    def look(self, *argv: str) -> str | None:
        return None

    def real_path(self, path: str) -> str:
        return path

    def wait(self, seconds: float) -> None:
        self.asked.append("wait")

    def flush(self, path: str) -> bool:
        self.asked.append(f"sync {path}")
        return True

    def check_places(
        self, places: t.Mapping[str, str], *, unwritten: str = "", ranks: t.Mapping[str, int] | None = None
    ) -> Waves:
        self.places = dict(places)
        if self._several and ranks is None:
            raise DatabaseError("Its files are on several claims.")
        return ()

    def steps(self) -> list[str]:
        """What locks and lets go, and the disk, in their order."""
        words = {"@arm": "arm", "@renew": "renew", "@claim": "claim", "@clear": "clear", LOCK: "lock", UNLOCK: "unlock"}
        words |= {"sync": "sync", "db.adminCommand({fsync: 1}).ok": "write"}
        found = (next((word for key, word in words.items() if each.startswith(key)), "") for each in self.asked)
        return [word for word in found if word]


def begun(server: FakeServer, mode: str = "auto") -> MongodbHold:
    hold = MongodbHold(HoldOrder(mode=mode, label="arkive"))
    hold.begin(server)
    return hold


def test_a_journal_and_data_on_one_volume_need_no_lock() -> None:
    """The manual: back up with filesystem snapshots."""
    server = FakeServer({"db.hello": PRIMARY})
    hold = begun(server)
    assert (hold.known.mode, hold.known.role, hold.known.lease) == ("journal", "primary", "")
    assert hold.known.facts["last_write"] == "1795894354.3"
    assert server.steps() == ["sync", "write", "sync"]
    hold.keep(server)
    hold.end(server)
    assert server.steps() == ["sync", "write", "sync"]


@pytest.mark.parametrize(
    ("table", "several"),
    [
        ({}, True),
        ({"db.adminCommand({getCmdLineOpts": {"storage": {"journal": {"enabled": False}}}}, False),  # before 6.1
        ({"db.adminCommand({serverStatus": {"storageEngine": {"name": "mmapv1"}}}, False),
    ],
)
def test_others_are_locked_under_a_lease(table: dict[str, t.Any], several: bool) -> None:
    server = FakeServer(table, several=several)
    hold = begun(server)
    assert (hold.known.mode, hold.known.lease) == ("lock", "timer")
    assert hold.known.outlasts_until > 0
    assert server.steps() == ["sync", "arm", "renew", "lock", "renew", "sync"]
    hold.end(server)
    assert server.steps()[6:] == ["claim", "unlock", "clear"]
    assert hold.known.outlasts_until == 0


def test_each_database_may_have_a_volume() -> None:
    options = {"storage": {"dbPath": "/data/db/", "directoryPerDB": True}}
    names = [{"name": "admin"}, {"name": "shop"}]
    server = FakeServer({"db.adminCommand({getCmdLineOpts": options, "db.adminCommand({listDatabases": names})
    begun(server)
    assert server.places["the database shop"] == "/data/db/shop"
    assert server.places["the journal"] == "/data/db/journal"


@pytest.mark.parametrize(
    ("table", "mode", "why"),
    [
        ({"db.hello": {"msg": "isdbgrid"}}, "auto", "It is a router"),
        ({"db.hello": {"setName": "rs0", "secondary": False}}, "auto", "neither primary nor secondary"),
        ({"db.hello": {"isreplicaset": True}}, "auto", "neither primary nor secondary"),  # not initiated yet
        (
            {"db.adminCommand({serverStatus": {"storageEngine": {"name": "inMemory", "persistent": False}}},
            "auto",
            "keeps nothing on its disk",
        ),
        ({"db.adminCommand({currentOp": True}, "lock", "locked already"),
        ({WRITERS: [{"opid": 4711, "secs_running": 93}]}, "lock", "operation 4711 has written for more than"),
        ({"@arm": "unarmed"}, "lock", "Nothing in its container would unlock it"),
        ({"@renew": "lapsed"}, "lock", "its lease ran out before the lock"),  # this run stood still after it was armed
        ({"db.adminCommand({serverStatus": ("not authorized on admin", "Unauthorized")}, "auto", "clusterMonitor"),
        ({"db.adminCommand({fsync: 1}).ok": ("not authorized on admin", "Unauthorized")}, "auto", "hostManager"),
        ({"db.adminCommand({getCmdLineOpts": {"storage": {"journal": {"enabled": False}}}}, "journal", "no journal"),
    ],
)
def test_refused_before_anything_is_locked(table: dict[str, t.Any], mode: str, why: str) -> None:
    server = FakeServer(table)
    with pytest.raises(DatabaseError) as caught:
        begun(server, mode)
    assert why in caught.value.sentence
    assert "lock" not in server.steps()


@pytest.mark.parametrize(
    ("hello", "options", "warning"),
    [
        (PRIMARY, {}, "all writes to its replica set wait"),
        (SECONDARY, {"sharding": {"clusterRole": "shardsvr"}}, "shard"),
    ],
)
def test_what_a_lock_does_to_others_is_said(hello: t.Any, options: t.Any, warning: str) -> None:
    hold = begun(FakeServer({"db.hello": hello, "db.adminCommand({getCmdLineOpts": options}), "lock")
    assert warning in hold.known.warnings[0]


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({UNLOCK: REFUSED}, "It was not locked until the snapshot was cut"),
        ({"db.hello": STANDALONE | {"topologyVersion": {"processId": {"$oid": "65f1"}}}}, "started anew"),
        ({"db.hello": SECONDARY}, "became the primary, or a secondary"),
    ],
)
def test_the_end_is_the_proof(table: dict[str, t.Any], why: str) -> None:
    server = FakeServer()
    hold = begun(server, "lock")
    server.table |= table
    with pytest.raises(DatabaseError, match=why):
        hold.end(server)


@pytest.mark.parametrize("word", ["@claim", "@renew"])
def test_a_lease_that_ran_out_is_no_proof_and_unlocks_nothing_twice(word: str) -> None:
    server = FakeServer()
    hold = begun(server, "lock")
    server.table[word] = "lapsed"
    ask = hold.end if word == "@claim" else hold.keep
    with pytest.raises(SessionLost) as caught:
        ask(server)
    assert Mongodb().ended_by(caught.value.said) == "lease"
    assert "unlock" not in server.steps()


@pytest.mark.parametrize(
    ("table", "steps"),
    [
        ({}, ["claim", "unlock", "clear"]),
        ({UNLOCK: REFUSED}, ["claim", "unlock", "clear"]),
        ({"@claim": "lapsed"}, ["claim"]),  # the process beside the server has done it, or does
    ],
)
def test_what_outlives_the_session_is_undone(table: dict[str, t.Any], steps: list[str]) -> None:
    server = FakeServer()
    hold = begun(server, "lock")
    server.table |= table
    server.asked.clear()
    hold.undo(server)
    assert server.steps() == steps
    assert hold.known.outlasts_until == 0


def test_a_lock_that_may_be_granted_yet_leaves_the_lease_where_it_is() -> None:
    """``fsync.cpp``: the command waits for the thread that locks, and cannot be interrupted."""
    server = FakeServer()
    hold = begun(server, "lock")
    server.table |= {UNLOCK: REFUSED, PENDING: 1}
    with pytest.raises(StatementRefused):
        hold.undo(server)
    assert "clear" not in server.steps()
    assert hold.known.outlasts_until > 0


def test_what_the_client_prints_by_itself_is_no_answer() -> None:
    kind = Mongodb()
    assert answer([["admin> admin> "], ["switched"], [f'{ROW}{{"a":[1]}}'], [""]]) == [1]
    assert answer([["admin> "]]) is None
    assert kind.error_in([], ' {"e":"not authorized","c":"Unauthorized"}') == ("not authorized", "Unauthorized")
    assert kind.error_in([], " done") == ("", "")
    assert kind.framed("@claim x", "t-1") == "@claim x t-1\n"
    assert kind.framed("", "t-1") == 'print("\\nt-1 done")\n'


def test_no_password_is_on_a_command_line() -> None:
    (argv,) = Mongodb().clients(HoldOrder(mode="auto", label="arkive", user="backup"))
    assert argv[0] == "/bin/sh"
    assert not [word for word in argv if "--password" in word or "-p " in word]
    assert Mongodb().statements("lock") == ("fsync {lock: true}", "fsyncUnlock")


@pytest.mark.parametrize(
    ("environment", "user", "found"),
    [
        ({}, "", "root:"),
        (
            {"MONGO_INITDB_ROOT_USERNAME": "admin", "MONGO_INITDB_ROOT_PASSWORD": "one"},
            "",
            "admin:one",
        ),  # official image
        ({"MONGODB_ROOT_PASSWORD": "two"}, "", "root:two"),  # Bitnami
        ({"MONGODB_ROOT_PASSWORD_FILE": "{file}"}, "", "root:in a file"),
        ({"MONGODB_ROOT_PASSWORD": "two"}, "backup", "backup:"),
        ({"MONGODB_ROOT_PASSWORD": "two", "ARKIVE_PASSWORD": "given"}, "backup", "backup:given"),
    ],
)
def test_who_connects_is_known_by_the_container(
    environment: dict[str, str], user: str, found: str, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("in a file\n")
    client = tmp_path / "mongosh"
    client.write_text('#!/bin/sh\necho "$ARKIVE_USER:$ARKIVE_PASSWORD"\n')
    client.chmod(0o755)
    (argv,) = Mongodb().clients(HoldOrder(mode="auto", label="arkive", user=user))
    env = {name: value.format(file=file) for name, value in environment.items()}
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(argv, input="", capture_output=True, text=True, env={**env, "PATH": path}, check=False)
    assert done.stdout.strip() == found


def test_a_container_without_the_client_says_so_at_once() -> None:
    (argv,) = Mongodb().clients(HoldOrder(mode="auto", label="arkive"))
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env={"PATH": "/nowhere"}) as client:
        # Its input stays open, as that of a session does.
        assert client.wait(timeout=10) == 127
        assert client.stderr is not None
        assert client.stderr.read() == b"arkive: mongosh: not found\n"


def members(*states: str, own: int = 1, **votes: t.Any) -> dict[str, t.Any]:
    """A set with these members, of which ``own`` is asked; ``votes`` and ``arbiters`` by their numbers."""
    silent, arbiters = votes.get("silent", ()), votes.get("arbiters", ())
    return {
        CONFIG: [
            {"_id": number, "votes": int(number not in silent), "arbiterOnly": number in arbiters}
            for number in range(len(states))
        ],
        STATUS: [
            {"_id": number, "stateStr": state, **({"self": True} if number == own else {})}
            for number, state in enumerate(states)
        ],
        "db.hello": SECONDARY,
    }


@pytest.mark.parametrize(
    ("table", "waits"),
    [
        (members("PRIMARY", "SECONDARY"), True),
        (members("PRIMARY", "SECONDARY", "ARBITER", arbiters=(2,)), True),
        (members("PRIMARY", "SECONDARY", "SECONDARY"), False),
        (members("PRIMARY", "SECONDARY", "(not reachable/healthy)"), True),
        (members("PRIMARY", "SECONDARY", silent=(1,)), False),
        (members("PRIMARY", "SECONDARY", "SECONDARY", "SECONDARY", "SECONDARY"), False),
    ],
)
def test_writes_of_a_majority_do_not_wait_for_one_that_is_locked(table: dict[str, t.Any], waits: bool) -> None:
    """The write majority is the smaller of the voting majority and the voting members with data (manual, w)."""
    server = FakeServer(table)
    if not waits:
        begun(server, "lock")
        return
    with pytest.raises(DatabaseError, match=r"such writes would wait while it is locked") as caught:
        begun(server, "lock")
    assert not isinstance(caught.value, LockBusy)
    assert "lock" not in server.steps()
    # Without a lock nobody waits.
    assert begun(FakeServer(table)).known.mode == "journal"


def test_somebody_who_writes_for_long_may_be_done_soon() -> None:
    with pytest.raises(LockBusy, match="has written for more than"):
        begun(FakeServer({WRITERS: [{"opid": 7}]}), "lock")


@pytest.mark.parametrize(
    ("table", "mode", "why"),
    [
        ({}, "lock", ""),
        ({PRIVILEGES: {"authenticatedUsers": [{}], "authenticatedUserPrivileges": []}}, "auto", "may not do fsync on"),
        (
            {
                PRIVILEGES: {
                    "authenticatedUsers": [{}],
                    "authenticatedUserPrivileges": [{"resource": {"cluster": True}, "actions": ["fsync"]}],
                }
            },
            "lock",
            "may not do unlock on",
        ),
        (
            {
                PRIVILEGES: {
                    "authenticatedUsers": [{}],
                    "authenticatedUserPrivileges": [{"resource": {"anyResource": True}, "actions": ["anyAction"]}],
                }
            },
            "lock",
            "",
        ),
        (members("PRIMARY", "SECONDARY"), "lock", "such writes would wait"),
        ({"db.hello": {"setName": "rs0"}}, "auto", "neither primary nor secondary"),
    ],
)
def test_what_a_run_would_fail_of_is_told_by_reading_alone(table: dict[str, t.Any], mode: str, why: str) -> None:
    server = FakeServer(table)
    hold = MongodbHold(HoldOrder(mode=mode, label="arkive"))
    if why:
        with pytest.raises(DatabaseError, match=why):
            hold.foresee(server)
    else:
        hold.foresee(server)
    assert server.steps() == []


def test_somebody_in_the_way_is_a_warning_beforehand() -> None:
    hold = MongodbHold(HoldOrder(mode="lock", label="arkive"))
    hold.foresee(FakeServer({"db.adminCommand({currentOp": True}))
    assert "It is locked already" in hold.known.warnings[-1]
