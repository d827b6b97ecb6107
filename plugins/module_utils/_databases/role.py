# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server says of its place among others: primary or standby, of which database, and how far behind."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.container_lease import answer
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError

Role: t.TypeAlias = t.Literal["primary", "standby"]

#: How long a standby is given to replay what it had received when it was asked.
_REPLAY_SECONDS = 5.0
_POLL_SECONDS = 0.25


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ServerRole:
    """``lineage``: the same for a primary and what follows it. ``position``: how far its data are, in bytes of its log.

    ``lag_seconds``: how old its data may be; None where nobody knows. ``behind``: why, a clause. ``missed``: how much
    its set would miss it, 0 where nobody would; of standbys that may be held, one of the lowest is.
    """

    role: Role
    lineage: str
    position: int = 0
    lag_seconds: float | None = 0.0
    behind: str = ""
    missed: int = 0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RoleRule:
    """What is still to be so when it is held. ``expected`` empty: any role. ``max_lag_seconds`` None: any lag."""

    expected: Role | t.Literal[""] = ""
    max_lag_seconds: float | None = None

    def check(self, found: ServerRole) -> None:
        """Raises ``DatabaseError`` for a server that is not, or no more, what was chosen."""
        if self.expected and found.role != self.expected:
            raise DatabaseError(
                f"It was the {self.expected} when it was chosen, and is the {found.role} now.",
                hint="There was a failover. Run the task again.",
            )
        why = self.too_far(found)
        if why:
            raise DatabaseError(f"It {why}.", hint="Wait until it has caught up, or allow a longer max_lag.")

    def too_far(self, found: ServerRole) -> str:
        """Why its data are too old, a clause that follows its name; empty where they are not."""
        limit = self.max_lag_seconds
        if limit is None or found.role == "primary":
            return ""
        beside = f" ({found.behind})" if found.behind else ""
        if found.lag_seconds is None:
            return f"does not tell how far it lags behind its primary{beside}; max_lag is {limit:g} s"
        if found.lag_seconds > limit:
            return f"lags {found.lag_seconds:.1f} s behind its primary{beside}; max_lag is {limit:g} s"
        return ""


class AskedServer(t.Protocol):
    """A server that is asked: a part of ``Server``."""

    def ask(self, statement: str) -> list[list[str]]:
        """As ``Server`` has it."""

    def wait(self, seconds: float) -> None:
        """As ``Server`` has it."""


RoleQuestion: t.TypeAlias = t.Callable[[AskedServer], ServerRole]

_POSTGRESQL = (
    "select pg_catalog.pg_is_in_recovery(), (select system_identifier from pg_catalog.pg_control_system()), "
    "coalesce(pg_catalog.pg_wal_lsn_diff(case when pg_catalog.pg_is_in_recovery() "
    "then pg_catalog.pg_last_wal_replay_lsn() else pg_catalog.pg_current_wal_lsn() end, '0/0'), 0), "
    "coalesce(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_last_wal_receive_lsn(), '0/0'), 0), "
    "coalesce((select status from pg_catalog.pg_stat_wal_receiver), ''), "
    "coalesce(extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp()), -1)"
)


def ask_postgresql(server: AskedServer) -> ServerRole:
    """By its position in the log: the age of the last transaction grows while its primary is idle."""
    standby, lineage, position, received, status, age = server.ask(_POSTGRESQL)[0]
    if standby != "t":
        return ServerRole(role="primary", lineage=lineage, position=int(position))
    aim, waited = int(received), 0.0
    while int(position) < aim and waited < _REPLAY_SECONDS:
        server.wait(_POLL_SECONDS)
        waited += _POLL_SECONDS
        standby, lineage, position, _received, status, age = server.ask(_POSTGRESQL)[0]
        if standby != "t":
            return ServerRole(role="primary", lineage=lineage, position=int(position))
    old = float(age) if float(age) >= 0 else None
    if status == "streaming" and int(position) >= aim:
        return ServerRole(role="standby", lineage=lineage, position=int(position), lag_seconds=waited)
    behind = f"{aim - int(position)} bytes of WAL are not replayed" if aim > int(position) else ""
    if status != "streaming":
        behind = "it does not stream from its primary, or its user may not see that, which takes pg_read_all_stats"
    lag = None if old is None else max(old, waited)
    return ServerRole(role="standby", lineage=lineage, position=int(position), lag_seconds=lag, behind=behind)


#: How often a primary calls when it has nothing to say (repl-ping-replica-period).
_REDIS_PING_SECONDS = 10


def ask_redis(server: AskedServer) -> ServerRole:
    """By its link to the primary, and when it was last heard there."""
    rows = (row[0].partition(":") for row in server.ask("INFO replication"))
    found = {name: value for name, colon, value in rows if colon}
    lineage = found.get("master_replid", "")
    if found.get("role") == "master":
        return ServerRole(role="primary", lineage=lineage, position=int(found.get("master_repl_offset", "0")))
    position = int(found.get("slave_repl_offset", "0"))
    silent = int(found.get("master_last_io_seconds_ago", "-1"))
    lag: float | None = 0.0 if silent <= _REDIS_PING_SECONDS else float(silent)
    behind = ""
    if found.get("master_sync_in_progress") == "1":
        lag, behind = None, "it is being given a copy of all data"
    elif found.get("master_link_status") != "up":
        down = int(found.get("master_link_down_since_seconds", "-1"))
        lag, behind = (None if down < 0 else float(down)), "its link to the primary is down"
    return ServerRole(role="standby", lineage=lineage, position=position, lag_seconds=lag, behind=behind)


#: In the status of a replica, the same in MySQL 5.7 and 8 and in MariaDB.
_IO_RUNNING, _SQL_RUNNING, _SECONDS_BEHIND, _PRIMARY_ID = 10, 11, 32, 39
#: From here on MySQL says replica, and later not slave any more. MariaDB knows both.
_REPLICA_SINCE = (8, 0, 22)


def ask_mysql(server: AskedServer) -> ServerRole:
    """By its replication threads. Of several primaries the first one is looked at.

    Its client ends with a statement that is refused, so that none is tried out.
    """
    own, version = server.ask("select @@server_id, version()")[0]
    parts = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
    word = "replica" if "mariadb" not in version.lower() and parts >= _REPLICA_SINCE else "slave"
    rows = server.ask(f"show {word} status")
    if not rows:
        return ServerRole(role="primary", lineage=own)
    row = rows[0]
    threads = {"its IO thread": row[_IO_RUNNING], "its SQL thread": row[_SQL_RUNNING]}
    stopped = [name for name, state in threads.items() if state != "Yes"]
    seconds = row[_SECONDS_BEHIND]
    lag = float(seconds) if seconds.isdecimal() and not stopped else None
    behind = f"{' and '.join(stopped)} does not run" if stopped else ""
    return ServerRole(role="standby", lineage=row[_PRIMARY_ID], lag_seconds=lag, behind=behind)


#: Of the members of a replica set, as MongoDB's manual has replSetGetStatus.
_MONGODB_MEMBERS = "db.adminCommand({replSetGetStatus: 1}).members"


def ask_mongodb(server: AskedServer) -> ServerRole:
    """By its place in the replica set, and how far it and the primary have come in the log of operations."""
    hello = answer(server.ask("db.hello()"))
    lineage = hello.get("setName") or ""
    if not lineage or hello.get("isWritablePrimary"):
        return ServerRole(role="primary", lineage=lineage or str(hello.get("topologyVersion")))
    if not hello.get("secondary"):
        return ServerRole(role="standby", lineage=lineage, lag_seconds=None, behind="it is no secondary yet")
    members = answer(server.ask(_MONGODB_MEMBERS))
    own = next((_seconds_of(member) for member in members if member.get("self")), 0)
    newest = next((_seconds_of(member) for member in members if member.get("stateStr") == "PRIMARY"), 0)
    if not own or not newest:
        behind = "its replica set has no primary"
        return ServerRole(role="standby", lineage=lineage, lag_seconds=None, behind=behind)
    # A hidden one serves nobody, and a passive one (of priority 0) is never elected.
    missed = 0 if hello.get("hidden") else 1 if hello.get("passive") else 2
    return ServerRole(role="standby", lineage=lineage, lag_seconds=float(max(0, newest - own)), missed=missed)


def _seconds_of(member: t.Mapping[str, t.Any]) -> int:
    return int(((member.get("optime") or {}).get("ts") or {}).get("$timestamp", {}).get("t", 0))


#: By kind. One that is not here does not tell, and ``standby`` and ``max_lag`` are refused for it.
ROLE_QUESTIONS: t.Mapping[str, RoleQuestion] = {
    "postgresql": ask_postgresql,
    "redis": ask_redis,
    "valkey": ask_redis,
    "mariadb": ask_mysql,
    "mysql": ask_mysql,
    "mongodb": ask_mongodb,
}

__all__ = (
    "ROLE_QUESTIONS",
    "AskedServer",
    "Role",
    "RoleQuestion",
    "RoleRule",
    "ServerRole",
    "ask_mongodb",
    "ask_mysql",
    "ask_postgresql",
    "ask_redis",
)
