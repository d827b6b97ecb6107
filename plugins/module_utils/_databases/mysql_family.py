# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holding MariaDB and holding MySQL have in common: the order of things, the lease, the places, the proof.

A lock is not enough: tables that are in no transaction log are in the kernel's memory when the server has written them.
All of it goes to the disk while the lock is held.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import abc
import math
import posixpath
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases import mysql_client
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import (
    DatabaseError,
    LockBusy,
    SessionLost,
    StatementRefused,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import HoldFacts, HoldOrder, Server

READ_LOCK = "read_lock"
#: Writers queue behind a lock that waits, so it does not wait for long.
_LONGEST_LOCK_WAIT_SECONDS = 5
#: A statement that has run for as long may go on for hours.
_LONG_SECONDS = 5
_OWN_HOSTS = ("localhost", "127.0.0.1", "::1", "::ffff:127.0.0.1")
_LOOK = "select @@version, user(), current_user(), connection_id(), @@hostname"
#: Variables with the places of files, as they are named in sentences.
_PLACES = {
    "datadir": "the data directory",
    "innodb_data_home_dir": "the InnoDB tablespace",
    "innodb_log_group_home_dir": "the InnoDB log",
    "innodb_undo_directory": "the InnoDB undo log",
    "innodb_doublewrite_dir": "the InnoDB doublewrite buffer",
    "aria_log_dir_path": "the Aria log",
    "log_bin_basename": "the binary log",
    "relay_log_basename": "the relay log",
}
_FILES = ("log_bin_basename", "relay_log_basename")
#: More than one path each: directories of tablespaces (MySQL 8.0.21 on), and the files of the system's own.
_DIRECTORIES, _DATA_FILES = "innodb_directories", "innodb_data_file_path"
_SETTINGS = (
    *_PLACES,
    _DIRECTORIES,
    _DATA_FILES,
    "innodb_flush_method",
    "innodb_flush_log_at_trx_commit",
    "wsrep_on",
    "read_only",
)
_VARIABLES = f"show global variables where variable_name in ({', '.join(map(repr, _SETTINGS))})"
#: DIRECTORY. Where tables are that were made elsewhere (DATA DIRECTORY, INDEX DIRECTORY), or moved and linked. What
#: else is linked, such as a log or a socket, is no table.
_FAR_FILES = """
find "$1" -mindepth 1 -maxdepth 2 -type l | while IFS= read -r l; do
  case $l in
    *.MY[DI]|*.MA[DI]|*.ibd|*.frm|*.CS[VM]|*.ARZ|*/ibdata*|*/ib_logfile*|*/undo*|*/aria_log*) readlink -f "$l" ;;
    *) if [ -d "$l/." ]; then echo "$(readlink -f "$l")/"; fi ;;
  esac
done
find "$1" -mindepth 1 -maxdepth 2 -name '*.isl' -exec grep -h '' {} ';'
"""
#: Of ``innodb_flush_method``: the server leaves it to the kernel when its files are written.
_UNSYNCED = ("nosync", "littlesync")
#: Each user may read its own.
RIGHTS = "select privilege_type from information_schema.user_privileges where grantee = '{}'"
#: Refused without the right PROCESS, without which others' statements are not in the list of processes either.
_MAY_SEE_OTHERS = "select count(*) from information_schema.innodb_trx"
_LONG = (
    "select id, time from information_schema.processlist where command in ('Query', 'Execute') "
    f"and time >= {_LONG_SECONDS} and id <> connection_id() order by time desc limit 1"
)
_ENGINE_LOGS = "flush no_write_to_binlog engine logs"
#: How far the log of InnoDB goes, and how far it is on the disk: MariaDB's names, and those of MySQL since 8.0.30.
_WRITTEN = ("Innodb_lsn_current", "Innodb_redo_log_current_lsn")
_ON_DISK = ("Innodb_lsn_flushed", "Innodb_redo_log_flushed_to_disk_lsn")
_LOG = f"show global status where variable_name in ({', '.join(map(repr, (*_WRITTEN, *_ON_DISK)))})"
_SETTLE_SECONDS, _POLL_SECONDS = 10.0, 0.2
_LOCK_WAIT, _DENIED, _TIMED_OUT = "1205", ("1044", "1142", "1227"), ("1969", "3024")


class MysqlFamilyHold(abc.ABC):
    """One server, held once. What is different is what a kind adds."""

    def __init__(self, order: HoldOrder) -> None:
        self._order = order
        self._answered = 0.0
        self._connection = ""
        self._user = ""
        self._settings: dict[str, str] = {}
        self._directory = ""
        self.known = HoldFacts(mode=order.mode)

    @abc.abstractmethod
    def locks(self) -> tuple[str, ...]:
        """The statements that hold it in this mode, and the one that lets go."""

    @abc.abstractmethod
    def grants(self) -> str:
        """The rights that this mode takes, as GRANT names them."""

    @abc.abstractmethod
    def _choose_mode(self, server: Server, version: str) -> None:
        """One that this server can. Raises ``DatabaseError`` where there is none, or it is of another kind."""

    @abc.abstractmethod
    def _role(self, server: Server) -> str:
        """``primary`` or ``replica``."""

    @abc.abstractmethod
    def _position(self, server: Server) -> dict[str, t.Any]:
        """How far it has written, as far as the user may know that: a statement that is refused ends the session."""

    def foresee(self, server: Server) -> None:
        self._look(server)
        self._look_at_places(server)
        self._check_rights(server)
        if self.known.mode == READ_LOCK:
            try:
                self._check_long_statements(server)
            except LockBusy as exc:
                self.known.warnings.append(exc.sentence)

    def begin(self, server: Server) -> None:
        """Look, arm, hold, and have all of it written to the disk."""
        self._look(server)
        self._look_at_places(server)
        # Once before: what is left to sync while everybody waits is little then.
        self._flush(server)
        # After all that is asked elsewhere, while the session is silent.
        self._arm(server)
        *holding, _release = self.locks()
        if self.known.mode == READ_LOCK:
            self._check_long_statements(server)
        for statement in (*holding, _ENGINE_LOGS):
            self._ask_for_right(server, statement)
        if self._settings.get("innodb_flush_log_at_trx_commit") != "1":
            self._settle(server)
        self.known.facts |= self._position(server)
        self._flush(server)

    def keep(self, server: Server) -> None:
        self._ask(server, "select connection_id()")

    def undo(self, server: Server) -> None:
        """All of it ends with the session."""
        del server

    def end(self, server: Server) -> None:
        """Raises unless this session has held it until now, and it is what it was."""
        ((connection,),) = self._ask(server, "select connection_id()")
        role = self._role(server)
        try:
            self._ask(server, self.locks()[-1])
        except StatementRefused as exc:
            raise DatabaseError(f"It was not held until the snapshot was cut: {exc.message}.") from exc
        if connection != self._connection:
            raise DatabaseError("The session was not the one that has held it.")
        if role != self.known.role:
            raise DatabaseError("It became the primary, or a replica, before the snapshot was cut.")

    def _ask(self, server: Server, statement: str) -> list[list[str]]:
        try:
            rows = mysql_client.ask(server, statement)
        except SessionLost as exc:
            if self._answered and time.monotonic() - self._answered >= self._lease_seconds:
                raise SessionLost(exc.message, said=f"{exc.said} ({mysql_client.SILENT})") from exc
            raise
        self._answered = time.monotonic()
        return rows

    def _ask_for_right(self, server: Server, statement: str) -> list[list[str]]:
        """A statement that takes a right, or a lock: its refusal with the remedy."""
        try:
            return self._ask(server, statement)
        except StatementRefused as exc:
            raise self._explained(exc, statement) from exc

    def _explained(self, exc: StatementRefused, statement: str) -> DatabaseError:
        words = statement.upper()
        if exc.state == _LOCK_WAIT:
            return LockBusy(
                f"{words} was not granted within {self._lock_wait_seconds} s, and was given up so that writers do not "
                "queue behind it: a statement, or a LOCK TABLES, that began before holds it up.",
                hint="SHOW FULL PROCESSLIST names it. Make the backup when it is done.",
            )
        if exc.state in _DENIED:
            return DatabaseError(f"{exc.message}.", hint=f"Run: GRANT {self.grants()} ON *.* TO {self._account}")
        if exc.state in _TIMED_OUT:
            return DatabaseError(f"{words} was not done within {self._order.longest_seconds:g} s (freeze_max).")
        return exc

    @property
    def _account(self) -> str:
        """As GRANT takes it."""
        name, _at, host = self._user.rpartition("@")
        return f"'{name}'@'{host}'"

    @property
    def _lease_seconds(self) -> int:
        """The server counts whole seconds."""
        return max(1, math.floor(self._order.lease_seconds))

    @property
    def _lock_wait_seconds(self) -> int:
        return min(_LONGEST_LOCK_WAIT_SECONDS, self._lease_seconds)

    def _look(self, server: Server) -> None:
        version, client, user, connection, host = self._ask(server, _LOOK)[0]
        if client.rpartition("@")[2] not in _OWN_HOSTS:
            raise DatabaseError(
                f"The client in the container reaches the server {host} over the network: it is not the one of its "
                "own container.",
                hint="Name the container of the server, or unset MYSQL_HOST there.",
            )
        self._user, self._connection = user, connection
        self._choose_mode(server, version)
        self._settings = {row[0]: row[1] for row in self._ask(server, _VARIABLES)}
        known = self.known
        known.version = version
        known.facts |= {"user": user, "read_only": self._settings.get("read_only") not in (None, "OFF", "0")}
        known.role = self._role(server)
        if self._settings.get("wsrep_on") == "ON":
            known.warnings.append(
                "It is a node of a Galera cluster: while it is held for long, writes of the whole cluster may wait for "
                "it. SET GLOBAL wsrep_desync=ON on this node before, and OFF after, keeps them flowing."
            )

    def _check_rights(self, server: Server) -> None:
        """Of what ``begin`` would ask for. Those that come by a role are not shown."""
        found = {row[0] for row in self._ask(server, RIGHTS.format(self._account.replace("'", "''")))}
        missing = [right for right in self.grants().split(", ") if right not in found]
        if not found or not missing:
            return
        words = f"its user {self._user} has {'no right' if len(missing) == 1 else 'none of the rights'} "
        if self._ask(server, "select current_role()")[0][0] not in ("NULL", "NONE", ""):
            self.known.warnings.append(f"Unless its role gives it, {words}{', '.join(missing)}, which it takes.")
            return
        raise DatabaseError(
            f"{words[:1].upper()}{words[1:]}{', '.join(missing)}, which it takes to hold it.",
            hint=f"Run: GRANT {self.grants()} ON *.* TO {self._account}",
        )

    def _arm(self, server: Server) -> None:
        """The server itself ends a session that is silent, and a lock that is not granted."""
        self._ask(server, f"set session wait_timeout = {self._lease_seconds}")
        self._ask(server, f"set session lock_wait_timeout = {self._lock_wait_seconds}")
        self._ask(server, "set session autocommit = 1")
        self.known.lease = "server"

    def _look_at_places(self, server: Server) -> None:
        """Where its files are, so that all of them are in the snapshots, of one moment: it never stands quite still."""
        settings = self._settings
        directory = posixpath.normpath(settings["datadir"])
        self._directory = server.real_path(directory) or directory
        self.known.facts["data_directory"] = self._directory
        places, real = {}, {directory: self._directory}
        for name, title in _PLACES.items():
            path = settings.get(name, "")
            if path or name == "innodb_data_home_dir":
                path = posixpath.normpath(posixpath.join(directory, path))
                path = posixpath.dirname(path) if name in _FILES else path
                if path not in real:
                    real[path] = server.real_path(path) or path
                places[title] = real[path]
        places |= self._far_places(server)
        method = settings.get("innodb_flush_method", "")
        unwritten = f"its setting innodb_flush_method is {method}" if method.lower() in _UNSYNCED else ""
        server.check_places(places, unwritten=unwritten)

    def _far_places(self, server: Server) -> dict[str, str]:
        """What is neither in the data directory nor where a variable with one path says."""
        said = server.look("/bin/sh", "-c", _FAR_FILES, "arkive", self._directory)
        if said is None:
            self.known.warnings.append(
                "Whether tables of it are outside of its data directory could not be seen: the container lacks a shell "
                "or find. It is not certain that tables with a DATA DIRECTORY are in the snapshots."
            )
        settings = self._settings
        found = {posixpath.dirname(line) for line in (said or "").splitlines() if line.startswith("/")}
        found |= {path for path in settings.get(_DIRECTORIES, "").split(";") if path.startswith("/")}
        files = (entry.partition(":")[0] for entry in settings.get(_DATA_FILES, "").split(";"))
        found |= {posixpath.dirname(path) for path in files if path.startswith("/")}
        inside = f"{self._directory}/"
        return {f"the tables in {path}": path for path in sorted(found) if not f"{path}/".startswith(inside)}

    def _check_long_statements(self, server: Server) -> None:
        """A read lock that waits for one holds up all others, in MySQL even after it was given up."""
        self._ask_for_right(server, _MAY_SEE_OTHERS)
        for number, seconds in self._ask(server, _LONG):
            raise LockBusy(
                f"Its statement number {number} has run for {seconds} s. A read lock would wait for it, and everybody "
                "else behind the lock.",
                hint="Make the backup when it is done. SHOW FULL PROCESSLIST shows it.",
            )

    def _settle(self, server: Server) -> None:
        """Until the log of all that was committed is on the disk: FLUSH ENGINE LOGS does nothing for the value 0."""
        end = time.monotonic() + min(_SETTLE_SECONDS, self._lease_seconds / 2)
        goal = 0
        while True:
            found = {name: int(value) for name, value in self._ask(server, _LOG)}
            written = next((found[name] for name in _WRITTEN if name in found), 0)
            on_disk = next((found[name] for name in _ON_DISK if name in found), -1)
            goal = goal or written
            if goal and on_disk >= goal:
                return
            if time.monotonic() >= end:
                raise DatabaseError(
                    "What was committed is not on the disk: its log is not written at each commit.",
                    hint="SET GLOBAL innodb_flush_log_at_trx_commit=1 while backups are made.",
                )
            server.wait(_POLL_SECONDS)

    def _flush(self, server: Server) -> None:
        done = server.flush(self._directory)
        self.known.facts["flushed"] = done
        if not done:
            raise DatabaseError(
                "What it has written could not be synced to the disk, without which tables of other engines than "
                "InnoDB come back broken.",
                hint="The container needs the program sync.",
            )


__all__ = ("READ_LOCK", "RIGHTS", "MysqlFamilyHold")
