# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MariaDB: held by its stages of a backup, in the last of which nobody commits; by a read lock before version 10.4."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import Hold, HoldOrder, Mode, Server
from ansible_collections.arkive.k8s.plugins.module_utils._databases.mysql_client import MysqlClient
from ansible_collections.arkive.k8s.plugins.module_utils._databases.mysql_family import READ_LOCK, MysqlFamilyHold

STAGES = "stages"
_STAGES_SINCE = (10, 4, 1)
_LOCKS = {
    STAGES: (
        "backup stage start",
        "backup stage flush",
        "backup stage block_ddl",
        "backup stage block_commit",
        "backup stage end",
    ),
    READ_LOCK: ("flush tables with read lock", "unlock tables"),
}
#: These are for everybody to read, as SHOW MASTER STATUS is not.
_STATUS = "show global status where variable_name in ('Binlog_snapshot_file', 'Binlog_snapshot_position')"
_GTIDS = "select @@global.gtid_binlog_pos, @@global.gtid_slave_pos"
_ROLE = "show global status like 'Slave_running'"
_READ_ONLY = "select @@global.read_only, @@global.gtid_slave_pos"


class Mariadb(MysqlClient):
    """The kind: see ``DatabaseKind``."""

    def statements(self, mode: Mode) -> tuple[str, ...]:
        return tuple(each.upper() for each in _LOCKS[READ_LOCK if mode == READ_LOCK else STAGES])

    def hold(self, order: HoldOrder) -> Hold:
        return MariadbHold(order)


class MariadbHold(MysqlFamilyHold):
    """One server, held once."""

    def locks(self) -> tuple[str, ...]:
        return _LOCKS[self.known.mode]

    def grants(self) -> str:
        return "RELOAD, PROCESS" if self.known.mode == READ_LOCK else "RELOAD"

    def _choose_mode(self, server: Server, version: str) -> None:
        if "mariadb" not in version.lower():
            raise DatabaseError(f"It is no MariaDB, but MySQL {version}.", hint="Its kind is mysql.")
        found = re.search(r"(\d+)\.(\d+)\.(\d+)-MariaDB", version, re.IGNORECASE)
        has_stages = found is None or tuple(map(int, found.groups())) >= _STAGES_SINCE
        if self.known.mode == "auto":
            self.known.mode = STAGES if has_stages else READ_LOCK
        if self.known.mode == STAGES and not has_stages:
            raise DatabaseError(f"MariaDB {version} has no BACKUP STAGE; 10.4.1 has.", hint="Use mode read_lock.")

    def _arm(self, server: Server) -> None:
        super()._arm(server)
        self._ask(server, f"set session max_statement_time = {self._order.longest_seconds:g}")

    def _role(self, server: Server) -> str:
        """One whose replication is stopped may not be written to still, and knows what it has applied."""
        if [row[1] for row in self._ask(server, _ROLE)] == ["ON"]:
            return "replica"
        read_only, applied = self._ask(server, _READ_ONLY)[0]
        return "replica" if applied and read_only not in ("0", "OFF") else "primary"

    def _position(self, server: Server) -> dict[str, t.Any]:
        written, applied = self._ask(server, _GTIDS)[0]
        status = {row[0]: row[1] for row in self._ask(server, _STATUS)}
        found: dict[str, t.Any] = {"gtid_binlog_pos": written, "gtid_slave_pos": applied}
        if status.get("Binlog_snapshot_file"):
            found |= {
                "binlog_file": status["Binlog_snapshot_file"],
                "binlog_position": int(status["Binlog_snapshot_position"]),
            }
        return found


__all__ = ("Mariadb", "MariadbHold")
