# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Redis and Valkey: writes are paused while the append-only file is cut, or a dump is made right before the snapshots.

There is no lock, and no session to bind one to: a pause ends by itself, in the server, after the time that was asked.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError, StatementRefused
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import Hold, HoldFacts, HoldOrder, Mode, Server
from ansible_collections.arkive.k8s.plugins.module_utils._databases.redis_port import OWN_PORT

#: The client of the image, and the password that the container was started with (the official images have none;
#: Bitnami's may have it in a file). It goes to the client by its environment.
_WITH_OWN_PASSWORD = f"""
c=redis-cli
if command -v valkey-cli >/dev/null 2>&1; then c=valkey-cli; fi
p=${{REDIS_PASSWORD:-${{VALKEY_PASSWORD:-}}}} f=${{REDIS_PASSWORD_FILE:-${{VALKEY_PASSWORD_FILE:-}}}}
if [ -z "$p" ] && [ -r "$f" ]; then p=$(cat "$f"); fi
if [ -z "${{REDISCLI_AUTH:-}}" ] && [ -n "$p" ]; then export REDISCLI_AUTH="$p" VALKEYCLI_AUTH="$p"; fi
user=$1
# Without a password the client would not say who it is; one that is needless is taken.
if [ -n "$user" ]; then export REDISCLI_AUTH="${{REDISCLI_AUTH:-none}}" VALKEYCLI_AUTH="${{VALKEYCLI_AUTH:-none}}"; fi
{OWN_PORT}
set -- -p "$port"
if [ -n "$user" ]; then set -- "$@" --user "$user"; fi
# A client that is not let in answers nothing that is asked for, and stays.
said=$("$c" "$@" PING 2>&1 </dev/null)
case $said in *NOAUTH*) printf '%s\n' "$said" >&2; exit 1;; esac
exec "$c" "$@"
"""
#: As in ``NOAUTH Authentication required.``; answers that are awaited begin with lower case, a number, or ``#``.
_ERROR = re.compile(r"([A-Z][A-Z0-9]+) (.+)")
_IN_PROGRESS = re.compile(r"already in progress|can't be|Can't BGSAVE")
_POLL_SECONDS = 0.2
#: How long the append-only file may take to be written once writes are paused.
_SETTLE_SECONDS = 10.0


class Redis:
    """The kind: see ``DatabaseKind``."""

    def clients(self, order: HoldOrder) -> tuple[tuple[str, ...], ...]:
        by_shell = ("/bin/sh", "-c", _WITH_OWN_PASSWORD, "arkive", order.user)
        # Without a shell it has no password, and says nobody's name without one.
        return (by_shell,) if order.user else (by_shell, ("redis-cli",), ("valkey-cli",))

    def framed(self, statement: str, token: str) -> str:
        asked = f"{statement}\n" if statement else ""
        return f'{asked}ECHO "{token} done"\n'

    def error_in(self, lines: t.Sequence[str], words: str) -> tuple[str, str]:
        found = _ERROR.fullmatch(lines[0]) if lines else None
        return (found[0], found[1]) if found else ("", "")

    def cells(self, line: str) -> list[str]:
        return [line.rstrip("\r")]

    def ended_by(self, said: str) -> str:
        return ""

    def statements(self, mode: Mode) -> tuple[str, ...]:
        pause = ("CLIENT PAUSE <freeze_lease> WRITE", "CLIENT UNPAUSE")
        return {"pause": pause, "bgsave": ("BGSAVE",)}.get(mode, (*pause, "or BGSAVE where there is no AOF"))

    def hold(self, order: HoldOrder) -> Hold:
        return RedisHold(order)


class RedisHold:
    """One server, held once."""

    def __init__(self, order: HoldOrder) -> None:
        self._order = order
        self._run = ""
        self._directory = ""
        self._pause_sent = False
        self._paused_until = 0.0
        self._lapsed = False
        self._changes: tuple[str, str] = ("", "")
        self.known = HoldFacts(mode=order.mode, lease="server")

    def foresee(self, server: Server) -> None:
        self._look_at_place(server, self._look(server))
        self._check_rights(server)

    def begin(self, server: Server) -> None:
        """Look, then pause writes and let the append-only file settle, or make a dump."""
        persistence = self._look(server)
        self._look_at_place(server, persistence)
        # Once before: what cannot be synced is not held at all, and what is left to sync then is little.
        self._flush(server)
        if self.known.mode == "pause":
            self._pause(server)
            self._settle(server)
        else:
            self._save(server)
        self._flush(server)
        if self.known.mode == "pause":
            # The disk may have taken as long as the pause.
            self._pause(server)
            self._changes = _changes(_info(server, "persistence"))
            self.known.facts["keys"] = keys_of(_info(server, "keyspace"))

    def keep(self, server: Server) -> None:
        if self.known.mode == "pause":
            self._pause(server)
        else:
            server.ask("PING")

    def undo(self, server: Server) -> None:
        if self._pause_sent:
            server.ask("CLIENT UNPAUSE")
            self._pause_sent, self.known.outlasts_until = False, 0.0

    def end(self, server: Server) -> None:
        """Raises unless writes were paused all the time, by this server."""
        try:
            over = self._lapsed or self._is_over(time.monotonic())
            found = _info(server, "server")
            if found.get("run_id") != self._run:
                raise DatabaseError("It was started anew before the snapshot was cut.")
            if _role(server)[0] != self.known.role:
                raise DatabaseError("It became the primary, or a replica, before the snapshot was cut.")
            if over:
                raise DatabaseError("Its pause ran out before the snapshot was cut.")
            if self.known.mode == "pause":
                self._check_changes(_changes(_info(server, "persistence")))
        finally:
            self.undo(server)

    def _look(self, server: Server) -> dict[str, str]:
        found = _info(server, "server")
        name, version = ("Valkey", found.get("valkey_version")) if "valkey_version" in found else ("Redis", "")
        known = self.known
        known.version = f"{name} {version or found.get('redis_version', '')}"
        self._run = found.get("run_id", "")
        known.role, ready = _role(server)
        if not ready:
            raise DatabaseError("It is a replica that is not in step with its primary.")
        persistence = _info(server, "persistence")
        with_aof = persistence.get("aof_enabled") == "1"
        if persistence.get("loading") == "1":
            raise DatabaseError("It is still loading its data.")
        if known.mode == "auto":
            known.mode = "pause" if with_aof and known.role == "primary" else "bgsave"
        if known.mode == "pause" and not with_aof:
            raise DatabaseError("It has no append-only file, so that a pause saves nothing.", hint="Use mode bgsave.")
        if known.mode == "pause" and known.role != "primary":
            raise DatabaseError("It is a replica, whose writes no pause holds up.", hint="Use mode bgsave.")
        known.facts |= {"append_only": with_aof}
        return persistence

    def _look_at_place(self, server: Server, persistence: t.Mapping[str, str]) -> None:
        try:
            pairs = [row[0] for row in server.ask("CONFIG GET dir")]
            saves = [row[0] for row in server.ask("CONFIG GET save")]
            names = [row[0] for row in server.ask("CONFIG GET dbfilename")]
        except StatementRefused as exc:
            raise DatabaseError(
                f"It does not say where its files are: {exc.message.rstrip('.')}.",
                hint="Give the user the right to CONFIG GET (+config|get).",
            ) from exc
        if persistence.get("aof_enabled") != "1" and not "".join(saves[1:]):
            raise DatabaseError(
                "It keeps nothing on its disk: it has no save points and no append-only file.",
                hint="There is nothing to snapshot. Leave it out, or switch persistence on.",
            )
        directory = pairs[1] if len(pairs) > 1 else ""
        self._directory = server.real_path(directory) or directory
        self.known.facts |= {"data_directory": self._directory, "dump_file": "".join(names[1:])}
        server.check_places({"the data directory": self._directory})

    def _check_rights(self, server: Server) -> None:
        """Whoever may ask that, which is so since 7.0, is told what its user may do."""
        wanted = ("CLIENT PAUSE 1000 WRITE", "CLIENT UNPAUSE") if self.known.mode == "pause" else ("BGSAVE",)
        try:
            user = server.ask("ACL WHOAMI")[0][0]
            answers = [server.ask(f"ACL DRYRUN {user} {command}")[0][0] for command in wanted]
        except StatementRefused:
            self.known.warnings.append(f"Whether its user may do {' and '.join(wanted)} cannot be asked.")
            return
        for command, answer in zip(wanted, answers, strict=True):
            if answer != "OK":
                rights = "+client|pause +client|unpause" if self.known.mode == "pause" else "+bgsave"
                raise DatabaseError(f"{command}: {answer.rstrip('.')}.", hint=f"Run: ACL SETUSER {user} {rights}")

    def _pause(self, server: Server) -> None:
        """Anew: a pause is never shortened by another one."""
        seconds = self._order.lease_seconds
        asked = time.monotonic()
        self._pause_sent = True
        # As long as the answer may be under way, it may begin later.
        self.known.outlasts_until = asked + 2 * seconds
        server.ask(f"CLIENT PAUSE {max(1, round(seconds * 1000))} WRITE")
        answered = time.monotonic()
        # Once it ran out, a new one does not mend what was written in between; only the answer tells when that began.
        self._lapsed = self._lapsed or self._is_over(answered)
        self._paused_until = asked + seconds
        self.known.outlasts_until = answered + seconds

    def _is_over(self, now: float) -> bool:
        return bool(self._paused_until) and now >= self._paused_until

    def _settle(self, server: Server) -> None:
        """Until what was acknowledged has gone to the append-only file, and no sync of it is under way."""
        end = time.monotonic() + min(_SETTLE_SECONDS, self._order.lease_seconds / 2)
        while True:
            found = _info(server, "persistence")
            if found.get("aof_last_write_status", "ok") != "ok":
                raise DatabaseError("It cannot write its append-only file.")
            if found.get("aof_buffer_length", "0") == "0" and found.get("aof_pending_bio_fsync", "0") == "0":
                return
            if time.monotonic() >= end:
                raise DatabaseError("Its append-only file was not written in time.")
            server.wait(_POLL_SECONDS)

    def _save(self, server: Server) -> None:
        """A dump that was begun after we asked."""
        end = time.monotonic() + self._order.longest_seconds
        started = False
        while True:
            if not started:
                started = _begin_dump(server)
            found = _info(server, "persistence")
            if started and found.get("rdb_bgsave_in_progress") == "0":
                if found.get("rdb_last_bgsave_status") != "ok":
                    raise DatabaseError("Its dump failed; its log says why.")
                return
            if time.monotonic() >= end:
                raise DatabaseError(f"Its dump was not done within {self._order.longest_seconds:g} s (freeze_max).")
            server.wait(_POLL_SECONDS)

    def _flush(self, server: Server) -> None:
        """The server does not sync by itself what it writes, or once a second only."""
        done = bool(self._directory) and server.flush(self._directory)
        self.known.facts["flushed"] = done
        if not done:
            raise DatabaseError(
                "What it has written could not be synced to the disk.",
                hint="The container needs the program sync.",
            )

    def _check_changes(self, now: tuple[str, str]) -> None:
        """A dump meanwhile counts its changes anew, and is no write."""
        before = self._changes
        if now[1] == before[1] and now[0] != before[0]:
            raise DatabaseError("It was written to before the snapshot was cut: somebody has ended its pause.")


def _info(server: Server, section: str) -> dict[str, str]:
    rows = (row[0].partition(":") for row in server.ask(f"INFO {section}"))
    return {name: value for name, colon, value in rows if colon}


def keys_of(keyspace: t.Mapping[str, str]) -> dict[str, dict[str, int]]:
    """How many keys each database has, and how many of these expire: of ``db0:keys=12,expires=3,avg_ttl=0``."""
    found = {}
    for name, text in keyspace.items():
        pairs = [pair.partition("=") for pair in text.split(",")]
        found[name] = {key: int(number) for key, _equals, number in pairs if key in ("keys", "expires")}
    return found


def _role(server: Server) -> tuple[str, bool]:
    """Primary or replica, and whether a replica has all that its primary has sent."""
    words = [row[0] for row in server.ask("ROLE")]
    if words[:1] == ["master"]:
        return "primary", True
    return "replica", "connected" in words


def _changes(persistence: t.Mapping[str, str]) -> tuple[str, str]:
    """How many there were since the last dump, and when that was."""
    return persistence.get("rdb_changes_since_last_save", ""), persistence.get("rdb_last_save_time", "")


def _begin_dump(server: Server) -> bool:
    """False while another one is under way, which may have begun before what is to be in it was written."""
    try:
        server.ask("BGSAVE")
    except StatementRefused as exc:
        if _IN_PROGRESS.search(exc.message):
            return False
        raise
    return True


__all__ = ("Redis", "RedisHold", "keys_of")
