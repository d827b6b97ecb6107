# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the user of a session needs of a PostgreSQL server so that it can be held, and how it is granted."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import Mode, Server

NEW_NAMES_SINCE = 150000
_CHECKPOINT_ROLE_SINCE = 150000
#: What backup mode takes, and a replication slot.
_LOGGING = (
    "select current_setting('wal_level'), "
    "(select rolreplication or rolsuper from pg_roles where rolname = current_user), "
    "(select count(*) from pg_replication_slots) < current_setting('max_replication_slots')::int"
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlRights:
    """Those of ``user``. ``version`` as in ``server_version_num``; ``several``: claims that are cut in their order."""

    version: int
    user: str
    mode: Mode
    several: bool

    def check(self, server: Server) -> None:
        """Of what holds it, without asking for that. Raises ``DatabaseError``."""
        if self.mode == "freeze":
            return
        if server.ask("select current_setting('is_superuser')")[0][0] == "on":
            may = True
        elif self.mode == "backup":
            named = (f"has_function_privilege('{name}', 'execute')" for name in self._backup_functions)
            may = server.ask(f"select {' and '.join(named)}")[0][0] == "t"
        elif self.version >= _CHECKPOINT_ROLE_SINCE:
            may = server.ask("select pg_has_role('pg_checkpoint', 'usage')")[0][0] == "t"
        else:
            may = False
        if not may:
            raise self.lacks(f"Its user {self.user} may not hold it in mode {self.mode}.")
        if self.mode == "backup":
            self._check_logging(server)

    def keeps_no_wal(self, why: str) -> DatabaseError:
        return DatabaseError(
            f"Its WAL is on a claim of its own, and nothing keeps it until that is cut: {why}.",
            hint=f'It takes a free replication slot (max_replication_slots), and ALTER ROLE "{self.user}" '
            "REPLICATION. Or freeze all of its claims.",
        )

    def lacks(self, said: str) -> DatabaseError:
        """With what is to be granted."""
        grant = f'GRANT pg_checkpoint TO "{self.user}"'
        if self.mode == "backup":
            grant = f'GRANT EXECUTE ON FUNCTION {", ".join(self._backup_functions)} TO "{self.user}"'
        elif self.version < _CHECKPOINT_ROLE_SINCE:
            return DatabaseError(said, hint="A checkpoint takes a superuser before PostgreSQL 15.")
        return DatabaseError(said, hint=f"Name a superuser, or run: {grant}")

    def _check_logging(self, server: Server) -> None:
        level, replicates, free = server.ask(_LOGGING)[0]
        if level == "minimal":
            raise DatabaseError("Its wal_level is minimal, so that it has no backup mode.", hint="Use mode light.")
        if self.several and not (replicates == "t" and free == "t"):
            why = "its user may not replicate" if replicates != "t" else "all replication slots are in use"
            raise self.keeps_no_wal(why)

    @property
    def _backup_functions(self) -> tuple[str, str]:
        if self.version < NEW_NAMES_SINCE:
            return "pg_start_backup(text, boolean, boolean)", "pg_stop_backup(boolean, boolean)"
        return "pg_backup_start(text, boolean)", "pg_backup_stop(boolean)"


__all__ = ("NEW_NAMES_SINCE", "PostgresqlRights")
