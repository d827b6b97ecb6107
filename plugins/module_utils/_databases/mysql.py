# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MySQL: its instance is locked where all tables are InnoDB's, which recover by themselves; else a read lock holds it.

The statements are from the reference manual: this has not been run against a MySQL server.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import Hold, HoldOrder, Mode, Server
from ansible_collections.arkive.k8s.plugins.module_utils._databases.mysql_client import MysqlClient
from ansible_collections.arkive.k8s.plugins.module_utils._databases.mysql_family import (
    READ_LOCK,
    RIGHTS,
    MysqlFamilyHold,
)

INSTANCE = "instance"
_INSTANCE_SINCE = (8, 0, 0)
_REPLICA_WORDS_SINCE = (8, 0, 22)
_BINARY_LOG_WORDS_SINCE = (8, 2, 0)
_LOCKS = {
    INSTANCE: ("lock instance for backup", "unlock instance"),
    READ_LOCK: ("flush tables with read lock", "unlock tables"),
}
_GRANTS = {INSTANCE: "BACKUP_ADMIN, RELOAD, SELECT", READ_LOCK: "RELOAD, PROCESS"}
#: Tables that do not recover by themselves. The user sees those only of which it has a right.
_OTHERS = (
    "select count(*) from information_schema.tables where table_type = 'BASE TABLE' "
    "and table_schema not in ('mysql', 'sys', 'performance_schema', 'information_schema') "
    "and engine not in ('InnoDB', 'MEMORY', 'BLACKHOLE', 'PERFORMANCE_SCHEMA')"
)
_LOG_STATUS = "select local, replication, storage_engines from performance_schema.log_status"
_READ_ONLY = "select @@global.read_only"
_GTIDS = "select @@global.gtid_executed, @@global.log_bin"
_MAY_SEE_REPLICATION = frozenset({"REPLICATION CLIENT", "SUPER"})


class Mysql(MysqlClient):
    """The kind: see ``DatabaseKind``."""

    def statements(self, mode: Mode) -> tuple[str, ...]:
        if mode == "auto":
            words = "where there are tables of other engines than InnoDB"
            return (*_upper(INSTANCE), f"or, {words}:", *_upper(READ_LOCK))
        return _upper(mode)

    def hold(self, order: HoldOrder) -> Hold:
        return MysqlHold(order)


class MysqlHold(MysqlFamilyHold):
    """One server, held once."""

    def __init__(self, order: HoldOrder) -> None:
        super().__init__(order)
        self._version: tuple[int, ...] = ()
        self._rights: frozenset[str] = frozenset()

    def locks(self) -> tuple[str, ...]:
        return _LOCKS[self.known.mode]

    def grants(self) -> str:
        return _GRANTS[self.known.mode]

    def _choose_mode(self, server: Server, version: str) -> None:
        if "mariadb" in version.lower():
            raise DatabaseError(f"It is no MySQL, but MariaDB {version}.", hint="Its kind is mariadb.")
        self._version = tuple(int(number) for number in re.findall(r"\d+", version)[:3])
        rights = self._ask(server, RIGHTS.format(self._account.replace("'", "''")))
        self._rights = frozenset(row[0] for row in rights)
        known = self.known
        has_instance = self._version >= _INSTANCE_SINCE
        if known.mode == "auto" and not has_instance:
            known.mode = READ_LOCK
        if known.mode == INSTANCE and not has_instance:
            raise DatabaseError(
                f"MySQL {version} has no LOCK INSTANCE FOR BACKUP; 8.0 has.", hint="Use mode read_lock."
            )
        if known.mode != READ_LOCK:
            self._choose_by_engines(server)

    def _choose_by_engines(self, server: Server) -> None:
        """A user that does not see all tables does not know their engines."""
        known = self.known
        others = self._ask(server, _OTHERS)[0][0] if "SELECT" in self._rights else ""
        if known.mode == "auto":
            known.mode = INSTANCE if others == "0" else READ_LOCK
        elif not others:
            raise DatabaseError(
                "Whether all of its tables are InnoDB's cannot be seen without the right SELECT on all of them.",
                hint=f"Run: GRANT {self.grants()} ON *.* TO {self._account}",
            )
        elif others != "0":
            raise DatabaseError(
                f"{others} of its tables are of other engines than InnoDB, and are written to while only the instance "
                "is locked.",
                hint="Use mode read_lock.",
            )

    def _role(self, server: Server) -> str:
        """Where the user may not see its replication, what is read-only is taken for a replica."""
        if self._rights & _MAY_SEE_REPLICATION:
            words = "show replica status" if self._version >= _REPLICA_WORDS_SINCE else "show slave status"
            return "replica" if self._ask(server, words) else "primary"
        return "replica" if self._ask(server, _READ_ONLY)[0][0] in ("1", "ON") else "primary"

    def _position(self, server: Server) -> dict[str, t.Any]:
        """With the instance locked it is that of the lock: commits go on, and the snapshot may have more."""
        if self.known.mode == INSTANCE:
            local, replication, engines = map(json.loads, self._ask_for_right(server, _LOG_STATUS)[0])
            return {
                "gtid_executed": local.get("gtid_executed", ""),
                "binlog_file": local.get("binary_log_file", ""),
                "binlog_position": local.get("binary_log_position"),
                "channels": replication.get("channels", []),
                "innodb_lsn": (engines.get("InnoDB") or {}).get("LSN"),
            }
        executed, logging = self._ask(server, _GTIDS)[0]
        found: dict[str, t.Any] = {"gtid_executed": executed.replace("\n", "")}
        if logging in ("1", "ON") and self._rights & _MAY_SEE_REPLICATION:
            words = "show binary log status" if self._version >= _BINARY_LOG_WORDS_SINCE else "show master status"
            for row in self._ask(server, words):
                found |= {"binlog_file": row[0], "binlog_position": int(row[1])}
        return found


def _upper(mode: str) -> tuple[str, ...]:
    return tuple(each.upper() for each in _LOCKS[mode])


__all__ = ("Mysql", "MysqlHold")
