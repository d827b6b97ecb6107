# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PostgreSQL: held by a checkpoint right before the snapshots, in its backup mode, or while its volumes are frozen.

One volume, cut at one moment, comes back with every row that was committed before, with or without us: what a
checkpoint buys is a short recovery and a position that is known. Several volumes that are cut one after the other may
come back with wrong data that starts without a complaint. There is one order that is right: the data directory, then
tablespaces, and the WAL after the end of backup mode, with a replication slot that keeps what was written since its
start. Recovery then begins at the checkpoint that the data directory names, with no tablespace older than that, and
with all of the WAL since: with the label of the backup or without it.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import binascii
import re
import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import (
    DatabaseError,
    LockBusy,
    StatementRefused,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import (
    LOST,
    Hold,
    HoldFacts,
    HoldOrder,
    Mode,
    Server,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.postgresql_rights import (
    NEW_NAMES_SINCE,
    PostgresqlRights,
)

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

_LOOK = (
    "select current_setting('server_version_num'), current_setting('server_version'), pg_is_in_recovery(), "
    "coalesce(host(inet_server_addr()), ''), coalesce(inet_server_addr() = inet_client_addr(), true), "
    "extract(epoch from pg_postmaster_start_time()), (select timeline_id from pg_control_checkpoint()), "
    "current_setting('archive_mode'), coalesce((select last_failed_time > coalesce(last_archived_time, '-infinity') "
    "from pg_stat_archiver), false), current_user, current_setting('fsync'), "
    "current_setting('full_page_writes'), current_setting('port'), :'PORT'"
)
_DATA_DIRECTORY = "select current_setting('data_directory')"
_TABLESPACES = "select spcname, pg_tablespace_location(oid) from pg_tablespace where pg_tablespace_location(oid) <> ''"
_POSITION = (
    "select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, "
    "pg_is_in_recovery(), extract(epoch from pg_postmaster_start_time())"
)
_BASE64 = "translate(encode(convert_to(coalesce({0}, ''), 'UTF8'), 'base64'), E'\\n', '')"
_STOP = f"select lsn, {_BASE64.format('labelfile')}, {_BASE64.format('spcmapfile')} from {{}}"
#: psql sends it with what follows its separator as one message, which is one answer to wait for.
_CHECKPOINT = "checkpoint"
_ALIVE = "select 1"
_DENIED, _LOCK_TIMEOUT = "42501", "55P03"
#: A connection that failed, and one that the server ends: for an administrator, after a crash, or as it is idle.
_GONE = re.compile(r"08|57P0[1-5]")
_SLOT_STATES_SINCE = 130000
#: What is cut first, and what last.
_DATA, _WAL, _TABLESPACE = "the data directory", "the WAL", "the tablespace {0}"
_FIRST, _BETWEEN, _LAST = range(3)


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
        if not state or _GONE.match(state):
            return message or "its connection to the server is gone", LOST
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
        self._port = ""
        self._unwritten = ""
        self._whole_pages = True
        self._directory = ""
        self._wal = ""
        self._slot = ""
        self._stopped = False
        self.known = HoldFacts(mode=order.mode)

    def foresee(self, server: Server) -> None:
        self._look(server)
        self._look_at_places(server)
        self._choose_lease()
        self._rights.check(server)

    def begin(self, server: Server) -> None:
        """Look, arm, hold; in backup mode the label is ours until ``end``."""
        self._look(server)
        self._look_at_places(server)
        self._arm(server)
        # Before: afterwards it would only make the window longer, as the server syncs what it writes itself.
        self._flush(server)
        # With the limit for what is asked from here on: each answer that is awaited makes the window longer.
        limit = f"{_milliseconds(self._order.lease_seconds)}ms"
        look = f"{_POSITION}, set_config('statement_timeout', '{limit}', false)"
        try:
            if self.known.mode == "backup":
                self._start_backup(server)
                position = server.ask(look)[0][0]
            else:
                position = self._checkpoint(server, look)
        except StatementRefused as exc:
            raise self._explained(exc) from exc
        self.known.facts.setdefault("start_position", position)

    def keep(self, server: Server) -> None:
        server.ask(_ALIVE)

    def undo(self, server: Server) -> None:
        """All of it ends with the session."""

    def advance(self, server: Server, wave: int) -> None:
        """Backup mode ends when all but the WAL is cut: what is in the WAL by then makes the rest whole."""
        if wave == len(self.known.waves) - 1:
            self._stop_backup(server)
            self._stopped = True
            server.flush(self._wal)

    def end(self, server: Server) -> None:
        """Raises unless this is the server, in the role, that was held."""
        if self._slot:
            self._check_slot(server)
        if len(self.known.waves) > 1 and not self._stopped:
            raise DatabaseError("Its claims were not cut in their order.")
        if self.known.mode == "backup" and not self._stopped:
            self._stop_backup(server)
        position, standby, started = server.ask(_POSITION)[0]
        self.known.facts.setdefault("stop_position", position)
        if (standby == "t") != self._standby:
            raise DatabaseError("It became the primary, or a standby, before the snapshot was cut.")
        if started != self._started:
            raise DatabaseError("It was started anew before the snapshot was cut.")

    def _look(self, server: Server) -> None:
        server.ask("set search_path = pg_catalog")
        row = server.ask(_LOOK)[0]
        version, shown, standby, address, own, started, timeline, archiving, failing, user, *settings = row
        fsync, whole_pages, port, called = settings
        if own != "t":
            raise DatabaseError(
                f"The client in the container reaches the server at {address}, which is not the one of its own pod.",
                hint="Name the container of the server, or unset PGHOST there.",
            )
        if called not in (port, ""):
            raise DatabaseError(
                f"The client in the container reaches the server through port {called}, and it listens at {port}: what "
                "is between them, such as PgBouncer, gives a session to others, or ends it, as it likes.",
                hint="Unset PGPORT and PGHOST in the container, or name the container of the server.",
            )
        self._port = port
        self._version, self._standby, self._started, self._user = int(version), standby == "t", started, user
        self._unwritten = "" if fsync == "on" else "its setting fsync is off"
        self._whole_pages = whole_pages == "on"
        known = self.known
        known.version, known.role = shown, "standby" if self._standby else "primary"
        known.facts |= {"timeline": int(timeline), "archive_mode": archiving, "user": user}
        if archiving != "off" and failing == "t":
            known.warnings.append("Its archiver fails: WAL is kept on the volume until it succeeds again.")

    def _look_at_places(self, server: Server) -> None:
        """Where its files are, so that all of them are in the snapshots, of one moment or in their order."""
        try:
            directory = server.ask(_DATA_DIRECTORY)[0][0]
        except StatementRefused as exc:
            if exc.state != _DENIED:
                raise
            directory = ""
        self._directory = directory
        if directory:
            self.known.facts["data_directory"] = directory
            self._check_own(server)
        self._wal = server.real_path(f"{directory}/pg_wal") if directory else ""
        places = {_DATA: server.real_path(directory) or directory if directory else "", _WAL: self._wal}
        for name, path in server.ask(_TABLESPACES):
            places[_TABLESPACE.format(name)] = server.real_path(path) or path
        known = self.known
        if known.mode == "freeze":
            self._unwritten = "it is to be frozen (mode freeze), and not all of its claims are"
        known.waves = server.check_places(places, unwritten=self._unwritten, ranks=self._ranks(places))
        if known.mode == "auto":
            known.mode = "backup" if len(known.waves) > 1 else "light"
        if known.mode == "light" and not self._whole_pages:
            # A frozen file system has no write half done, and backup mode writes whole pages to the WAL meanwhile.
            known.warnings.append(
                "Its setting full_page_writes is off: a page that is being written as the snapshot is taken is whole "
                "in it only where the storage writes 8 KiB at once. Use mode backup or freeze where it does not."
            )
        if len(known.waves) > 1:
            known.facts["cut_order"] = [list(wave) for wave in known.waves]

    def _check_own(self, server: Server) -> None:
        """Several servers of one pod have its addresses, and may have the same paths, each in its container."""
        said = (server.look("cat", f"{self._directory}/postmaster.pid") or "").splitlines()
        # The fourth line is the port (pidfile.h).
        if len(said) > 3 and said[3].strip() != self._port:
            raise DatabaseError(
                f"The client in the container reaches a server at port {self._port}, and the one with the files in "
                f"{self._directory} of this container is at port {said[3].strip()}.",
                hint="Set PGPORT in the container, or name the container of the other one.",
            )

    def _ranks(self, places: t.Iterable[str]) -> dict[str, int] | None:
        """None: in this mode, or on this server, there is no order of them."""
        if self._standby or self.known.mode not in ("auto", "backup"):
            # A standby's pg_control would have to be the last of all its files.
            return None
        return {name: {_DATA: _FIRST, _WAL: _LAST}.get(name, _BETWEEN) for name in places}

    def _choose_lease(self) -> None:
        self.known.lease = "server" if self._version >= _LEASE_SINCE else "stream"
        if self.known.lease == "stream" and self._order.require_lease:
            raise DatabaseError(
                f"PostgreSQL {self.known.version} cannot end an idle session by itself; version 14 can.",
                hint="Set require_lease: false to rely on the stream to the client alone.",
            )

    def _arm(self, server: Server) -> None:
        order = self._order
        self._choose_lease()
        if self.known.lease == "server":
            _set(server, "idle_session_timeout", f"{_milliseconds(order.lease_seconds)}ms")
        _set(server, "application_name", _quoted(order.label))
        _set(server, "lock_timeout", f"{_milliseconds(order.lease_seconds)}ms")
        _set(server, "statement_timeout", f"{_milliseconds(order.longest_seconds)}ms")

    def _start_backup(self, server: Server) -> None:
        label = _quoted(self._order.label)
        several = len(self.known.waves) > 1
        if several:
            # Temporary: it goes with the session.
            self._slot = f"arkive_{secrets.token_hex(6)}"
            server.ask(f"select pg_create_physical_replication_slot('{self._slot}', true, true)")
        start = f"pg_backup_start('{label}', true)"
        if self._version < NEW_NAMES_SINCE:
            start = f"pg_start_backup('{label}', true, false)"
        position = server.ask(f"select {start}")[0][0]
        self.known.facts |= {"label": self._order.label, "start_position": position, "write_label": several}

    def _stop_backup(self, server: Server) -> None:
        stop = "pg_backup_stop(false)" if self._version >= NEW_NAMES_SINCE else "pg_stop_backup(false, false)"
        try:
            position, label, spaces = server.ask(_STOP.format(stop))[0]
            files = {"backup_label": _decoded(label), "tablespace_map": _decoded(spaces)}
        except (StatementRefused, ValueError, IndexError) as exc:
            said = exc.message if isinstance(exc, StatementRefused) else "it gave no label"
            raise DatabaseError(f"It was not in backup mode until the snapshot was cut: {said}.") from exc
        self.known.facts |= {"stop_position": position, **files}

    def _checkpoint(self, server: Server, look: str) -> str:
        """Returns the position after it, which ``look`` asks for in the same message.

        In mode freeze it only makes the freeze and the recovery shorter, so that nobody needs the right to it.
        """
        try:
            return server.ask(f"{_CHECKPOINT}\\; {look}")[0][0]
        except StatementRefused as exc:
            if self.known.mode != "freeze" or exc.state != _DENIED:
                raise
            self.known.facts["checkpoint"] = False
            return server.ask(look)[0][0]

    def _check_slot(self, server: Server) -> None:
        """What was written since the start of backup mode is there still: the snapshot of the WAL has it."""
        state = "wal_status" if self._version >= _SLOT_STATES_SINCE else "'reserved'"
        rows = server.ask(f"select {state} from pg_replication_slots where slot_name = '{self._slot}'")
        if not rows or rows[0][0] == "lost":
            raise DatabaseError(
                "It has removed WAL that was written while it was in backup mode, before that was cut.",
                hint="Raise max_slot_wal_keep_size.",
            )

    def _flush(self, server: Server) -> None:
        """The server syncs what it has written, but not what others have: its configuration, or what made its files."""
        done = bool(self._directory) and server.flush(self._directory)
        self.known.facts["flushed"] = done
        if not done:
            why = "the container could not sync them."
            if not self._directory:
                why = f'its user may not see where they are. GRANT pg_read_all_settings TO "{self._user}" shows it.'
            self.known.warnings.append(
                "Files that others have written beside it, such as its configuration, may not be on the disk yet: "
                + why
            )

    def _explained(self, exc: StatementRefused) -> DatabaseError:
        """The refusal of what holds, with what is to be granted."""
        if exc.state == "57014":
            seconds = f"{self._order.longest_seconds:g} s"
            return DatabaseError(f"Its checkpoint was not done within {seconds} (freeze_max).")
        if exc.state == _LOCK_TIMEOUT:
            return LockBusy(f"{exc.message.rstrip('.')}.")
        if self._slot and "start_position" not in self.known.facts and "slot" in exc.message:
            return self._rights.keeps_no_wal(exc.message.rstrip("."))
        return self._rights.lacks(f"{exc.message.rstrip('.')}.") if exc.state == _DENIED else exc

    @property
    def _rights(self) -> PostgresqlRights:
        return PostgresqlRights(
            version=self._version, user=self._user, mode=self.known.mode, several=len(self.known.waves) > 1
        )


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
