# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PostgreSQL: held by a checkpoint right before the snapshots, or in its backup mode.

One volume, cut at one moment, comes back with every row that was committed before, with or without us: what a
checkpoint buys is a short recovery and a position that is known. Several volumes that are cut one after the other may
come back with wrong data that starts without a complaint, so these are refused unless a freeze holds all of them.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import binascii
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError, StatementRefused
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import Hold, HoldFacts, HoldOrder, Mode, Server

_SEPARATOR = "\x1f"
_PSQL = ("psql", "-X", "-A", "-t", "-q", "-w", "-F", _SEPARATOR, "-v", "ON_ERROR_STOP=0", "-d", "postgres")
#: The user and the password that the container itself was started with (the official image, and Bitnami's, which may
#: have them in files). It stays in the environment of the client: no command line shows it.
_WITH_OWN_USER = """
u=${POSTGRES_USER:-postgres} p=${POSTGRES_PASSWORD:-} f=${POSTGRES_PASSWORD_FILE:-}
if [ -n "${POSTGRES_POSTGRES_PASSWORD:-}${POSTGRES_POSTGRES_PASSWORD_FILE:-}" ]; then
  u=postgres p=${POSTGRES_POSTGRES_PASSWORD:-} f=${POSTGRES_POSTGRES_PASSWORD_FILE:-}
fi
user=${1:-$u}
shift
if [ "$user" = "$u" ] && [ -z "${PGPASSWORD:-}" ]; then
  if [ -z "$p" ] && [ -r "$f" ]; then p=$(cat "$f"); fi
  if [ -n "$p" ]; then export PGPASSWORD="$p"; fi
fi
exec "$@" -U "$user"
"""
_LEASE_SINCE = 140000
_NEW_NAMES_SINCE = 150000
_CHECKPOINT_ROLE_SINCE = 150000

_LOOK = (
    "select current_setting('server_version_num'), current_setting('server_version'), pg_is_in_recovery(), "
    "coalesce(host(inet_server_addr()), ''), coalesce(inet_server_addr() = inet_client_addr(), true), "
    "extract(epoch from pg_postmaster_start_time()), (select timeline_id from pg_control_checkpoint()), "
    "current_setting('archive_mode'), coalesce((select last_failed_time > coalesce(last_archived_time, '-infinity') "
    "from pg_stat_archiver), false), current_user, current_setting('fsync')"
)
_DATA_DIRECTORY = "select current_setting('data_directory')"
_TABLESPACES = "select spcname, pg_tablespace_location(oid) from pg_tablespace where pg_tablespace_location(oid) <> ''"
_POSITION = (
    "select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, "
    "pg_is_in_recovery(), extract(epoch from pg_postmaster_start_time())"
)
_BASE64 = "translate(encode(convert_to(coalesce({0}, ''), 'UTF8'), 'base64'), E'\\n', '')"
_STOP = f"select lsn, {_BASE64.format('labelfile')}, {_BASE64.format('spcmapfile')} from {{}}"
_ALIVE = "select 1"
_DENIED = "42501"


class Postgresql:
    """The kind: see ``DatabaseKind``."""

    def clients(self, order: HoldOrder) -> tuple[tuple[str, ...], ...]:
        return (
            ("/bin/sh", "-c", _WITH_OWN_USER, "arkive", order.user, *_PSQL),
            (*_PSQL, "-U", order.user or "postgres"),
        )

    def framed(self, statement: str, token: str) -> str:
        asked = f"{statement};\n" if statement else "select;\n"
        return f"{asked}\\echo {token} :SQLSTATE :LAST_ERROR_MESSAGE\n"

    def error_in(self, lines: t.Sequence[str], words: str) -> tuple[str, str]:
        state, _space, message = words.strip().partition(" ")
        if state == "00000":
            return "", ""
        if state.startswith(":"):
            return "The psql in the container is older than version 11, and does not tell errors from answers", "client"
        return message or "unknown error", state

    def cells(self, line: str) -> list[str]:
        return line.split(_SEPARATOR)

    def ended_by(self, said: str) -> str:
        if "idle-session timeout" in said:
            return "lease"
        return "server" if re.search(r"terminating connection|server closed the connection", said) else ""

    def statements(self, mode: Mode) -> tuple[str, ...]:
        if mode == "backup":
            return ("SELECT pg_backup_start('arkive', true)", "SELECT * FROM pg_backup_stop(false)")
        return ("CHECKPOINT",)

    def hold(self, order: HoldOrder) -> Hold:
        return PostgresqlHold(order)


class PostgresqlHold:
    """One server, held once."""

    def __init__(self, order: HoldOrder) -> None:
        self._order = order
        self._version = 0
        self._standby = False
        self._started = ""
        self._user = ""
        self._unwritten = ""
        self._directory = ""
        mode = "light" if order.mode == "auto" else order.mode
        self.known = HoldFacts(mode=mode)

    def begin(self, server: Server) -> None:
        """Look, arm, hold; in backup mode the label is ours until ``end``."""
        server.ask("set search_path = pg_catalog")
        self._look(server)
        self._look_at_places(server)
        self._arm(server)
        try:
            if self.known.mode == "backup":
                self._start_backup(server)
            else:
                server.ask("checkpoint")
                position = server.ask(_POSITION)[0]
                self.known.facts["start_position"] = position[0]
        except StatementRefused as exc:
            raise self._explained(exc) from exc
        _set(server, "statement_timeout", f"{_milliseconds(self._order.lease_seconds)}ms")
        self._flush(server)

    def keep(self, server: Server) -> None:
        server.ask(_ALIVE)

    def undo(self, server: Server) -> None:
        """All of it ends with the session."""

    def end(self, server: Server) -> None:
        """Raises unless this is the server, in the role, that was held."""
        if self.known.mode == "backup":
            self._stop_backup(server)
        position, standby, started = server.ask(_POSITION)[0]
        self.known.facts.setdefault("stop_position", position)
        if (standby == "t") != self._standby:
            raise DatabaseError("It became the primary, or a standby, before the snapshot was cut.")
        if started != self._started:
            raise DatabaseError("It was started anew before the snapshot was cut.")

    def _look(self, server: Server) -> None:
        row = server.ask(_LOOK)[0]
        version, shown, standby, address, own, started, timeline, archiving, failing, user, fsync = row
        if own != "t":
            raise DatabaseError(
                f"The client in the container reaches the server at {address}, which is not the one of its own pod.",
                hint="Name the container of the server, or unset PGHOST there.",
            )
        self._version, self._standby, self._started, self._user = int(version), standby == "t", started, user
        self._unwritten = "" if fsync == "on" else "its setting fsync is off"
        known = self.known
        known.version, known.role = shown, "standby" if self._standby else "primary"
        known.facts |= {"timeline": int(timeline), "archive_mode": archiving, "user": user}
        if archiving != "off" and failing == "t":
            known.warnings.append("Its archiver fails: WAL is kept on the volume until it succeeds again.")

    def _look_at_places(self, server: Server) -> None:
        """Where its files are, so that all of them are in the snapshots, of one moment."""
        try:
            directory = server.ask(_DATA_DIRECTORY)[0][0]
        except StatementRefused as exc:
            if exc.state != _DENIED:
                raise
            directory = ""
        self._directory = directory
        places = {"the data directory": server.real_path(directory) or directory if directory else ""}
        places["the WAL"] = server.real_path(f"{directory}/pg_wal") if directory else ""
        for name, path in server.ask(_TABLESPACES):
            places[f"the tablespace {name}"] = server.real_path(path) or path
        server.check_places(places, unwritten=self._unwritten)

    def _arm(self, server: Server) -> None:
        order = self._order
        if self._version >= _LEASE_SINCE:
            _set(server, "idle_session_timeout", f"{_milliseconds(order.lease_seconds)}ms")
            self.known.lease = "server"
        elif order.require_lease:
            raise DatabaseError(
                f"PostgreSQL {self.known.version} cannot end an idle session by itself; version 14 can.",
                hint="Set require_lease: false to rely on the stream to the client alone.",
            )
        else:
            self.known.lease = "stream"
        _set(server, "application_name", _quoted(order.label))
        _set(server, "lock_timeout", f"{_milliseconds(order.lease_seconds)}ms")
        _set(server, "statement_timeout", f"{_milliseconds(order.longest_seconds)}ms")

    def _start_backup(self, server: Server) -> None:
        label = _quoted(self._order.label)
        start = f"pg_backup_start('{label}', true)"
        if self._version < _NEW_NAMES_SINCE:
            start = f"pg_start_backup('{label}', true, false)"
        self.known.facts |= {"label": self._order.label, "start_position": server.ask(f"select {start}")[0][0]}

    def _stop_backup(self, server: Server) -> None:
        stop = "pg_backup_stop(false)" if self._version >= _NEW_NAMES_SINCE else "pg_stop_backup(false, false)"
        try:
            position, label, spaces = server.ask(_STOP.format(stop))[0]
            files = {"backup_label": _decoded(label), "tablespace_map": _decoded(spaces)}
        except (StatementRefused, ValueError, IndexError) as exc:
            said = exc.message if isinstance(exc, StatementRefused) else "it gave no label"
            raise DatabaseError(f"It was not in backup mode until the snapshot was cut: {said}.") from exc
        self.known.facts |= {"stop_position": position, **files}

    def _flush(self, server: Server) -> None:
        """The server syncs what it has written, but not what others have: its configuration, or what made its files."""
        done = bool(self._directory) and server.flush(self._directory)
        self.known.facts["flushed"] = done
        if not done:
            self.known.warnings.append(
                "Files that others have written beside it, such as its configuration, may not be on the disk yet: "
                "the container could not sync them."
            )

    def _explained(self, exc: StatementRefused) -> DatabaseError:
        """The refusal of what holds, with what is to be granted."""
        if exc.state == "57014":
            seconds = f"{self._order.longest_seconds:g} s"
            return DatabaseError(f"Its checkpoint was not done within {seconds} (freeze_max).")
        if exc.state != _DENIED:
            return exc
        grant = f'GRANT pg_checkpoint TO "{self._user}"'
        if self.known.mode == "backup":
            functions = "pg_backup_start(text, boolean), pg_backup_stop(boolean)"
            if self._version < _NEW_NAMES_SINCE:
                functions = "pg_start_backup(text, boolean, boolean), pg_stop_backup(boolean, boolean)"
            grant = f'GRANT EXECUTE ON FUNCTION {functions} TO "{self._user}"'
        elif self._version < _CHECKPOINT_ROLE_SINCE:
            return DatabaseError(f"{exc.message}.", hint="A checkpoint takes a superuser before PostgreSQL 15.")
        return DatabaseError(f"{exc.message.rstrip('.')}.", hint=f"Name a superuser, or run: {grant}")


def _set(server: Server, name: str, value: str) -> None:
    server.ask(f"set {name} = '{value}'")


def _quoted(text: str) -> str:
    """Without what would end a literal, or begin a variable of psql."""
    return re.sub(r"[^A-Za-z0-9 ._/-]", "_", text)


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as exc:
        raise ValueError("no base64") from exc


__all__ = ("Postgresql", "PostgresqlHold")
