# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MongoDB: written to its journal and cut at one moment, or locked by ``fsync`` under a lease.

The lock belongs to the server, not to the session that took it: it outlives its client and has no end. It is counted,
and it may be granted long after it was asked for. A journal and data that are cut at one moment need none.

The commands are from the manual and the sources of the server: this has not been run against a MongoDB server.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import math
import secrets
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.container_lease import (
    READY,
    ROW,
    SESSION,
    TIMER,
    UNLOCKED,
    ContainerLease,
    answer,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import (
    DatabaseError,
    LockBusy,
    SessionLost,
    StatementRefused,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import Hold, HoldFacts, HoldOrder, Mode, Server
from ansible_collections.arkive.k8s.plugins.module_utils._databases.mongodb_checks import (
    JOURNAL,
    LOCK,
    ask_for_right,
    check_lockable,
    check_rights,
)

#: How much later than asked the process in the container has it unlocked.
_LEASE_MARGIN_SECONDS = 10.0
#: The user and the password that the container was started with (the official image, and Bitnami's, which may have it
#: in a file). They go to the client by its environment.
_WITH_OWN_PASSWORD = """
root=${MONGO_INITDB_ROOT_USERNAME:-${MONGODB_ROOT_USER:-}}
rf=${MONGO_INITDB_ROOT_USERNAME_FILE:-}
if [ -z "$root" ] && [ -r "$rf" ]; then root=$(cat "$rf"); fi
ARKIVE_USER=${1:-${root:-root}} p=${ARKIVE_PASSWORD:-}
if [ -z "$p" ] && [ "$ARKIVE_USER" = "${root:-root}" ]; then
  p=${MONGO_INITDB_ROOT_PASSWORD:-${MONGODB_ROOT_PASSWORD:-}}
  f=${MONGO_INITDB_ROOT_PASSWORD_FILE:-${MONGODB_ROOT_PASSWORD_FILE:-}}
  if [ -z "$p" ] && [ -r "$f" ]; then p=$(cat "$f"); fi
fi
ARKIVE_PASSWORD=$p
export ARKIVE_USER ARKIVE_PASSWORD
shift
command -v mongosh >/dev/null 2>&1 || { echo "arkive: mongosh: not found" >&2; exit 127; }
"""
_CLIENT = (
    'exec mongosh --quiet --norc "mongodb://127.0.0.1:${MONGODB_PORT_NUMBER:-27017}/admin'
    '?directConnection=true&appName=arkive"'
)
_GREETING = (
    'if (process.env.ARKIVE_PASSWORD) db.getSiblingDB("admin").auth(process.env.ARKIVE_USER, '
    f'process.env.ARKIVE_PASSWORD); print("\\n{READY}")'
)
_UNLOCK = "db.adminCommand({fsyncUnlock: 1})"
#: A lock that was asked for, and may be granted yet: the server does not give up.
_PENDING = (
    'db.getSiblingDB("admin").aggregate([{$currentOp: {allUsers: true, localOps: true}}, '
    '{$match: {"command.fsync": {$exists: true}, "command.lock": true}}]).toArray().length'
)
_NOT_LOCKED = "not locked"
#: Once: another one may have locked it as well, and counts on that.
_LEASE_UNLOCK = (
    f"try {{ if (!globalThis.arkiveUnlocked) {{ {_UNLOCK}; globalThis.arkiveUnlocked = true }} "
    f'print("\\n{UNLOCKED}") }} catch (e) {{ if (String(e.message).includes("{_NOT_LOCKED}") && !{_PENDING}) '
    f'print("\\n{UNLOCKED}") }}'
)
_HELLO = "db.hello()"
_STATUS = "db.adminCommand({serverStatus: 1, metrics: 0, repl: 0, locks: 0, wiredTiger: 0, tcmalloc: 0})"
_OPTIONS = "db.adminCommand({getCmdLineOpts: 1}).parsed"
_NAMES = "db.adminCommand({listDatabases: 1, nameOnly: true}).databases"
_FLUSH = "db.adminCommand({fsync: 1}).ok"
_LOCK = "db.adminCommand({fsync: 1, lock: true}).lockCount"
_PING = "db.adminCommand({ping: 1}).ok"
_LAPSED = "arkive: the lease ran out"


class Mongodb:
    """The kind: see ``DatabaseKind``. There is no client without a shell: the lease needs one."""

    def clients(self, order: HoldOrder) -> tuple[tuple[str, ...], ...]:
        script = f"{_WITH_OWN_PASSWORD}{SESSION}"
        return (("/bin/sh", "-c", script, "arkive", order.user, _CLIENT, _GREETING, _LEASE_UNLOCK, TIMER),)

    def framed(self, statement: str, token: str) -> str:
        if statement.startswith("@"):
            return f"{statement} {token}\n"
        if not statement:
            return f'print("\\n{token} done")\n'
        return (
            f'try {{ print("\\n{ROW}" + EJSON.stringify({{a: ({statement})}})); print("\\n{token} done") }} '
            f'catch (e) {{ print("\\n{token} " + EJSON.stringify({{e: String(e.message), c: String(e.codeName)}})) }}\n'
        )

    def error_in(self, lines: t.Sequence[str], words: str) -> tuple[str, str]:
        if not words.lstrip().startswith("{"):
            return "", ""
        found = json.loads(words)
        return str(found["e"]), str(found["c"])

    def cells(self, line: str) -> list[str]:
        return [line.rstrip("\r")]

    def ended_by(self, said: str) -> str:
        return "lease" if _LAPSED in said else ""

    def statements(self, mode: Mode) -> tuple[str, ...]:
        locked = ("fsync {lock: true}", "fsyncUnlock")
        if mode == LOCK:
            return locked
        flushed = ("fsync",)
        return flushed if mode == JOURNAL else (*flushed, "or, with files on several volumes:", *locked)

    def hold(self, order: HoldOrder) -> Hold:
        return MongodbHold(order)


class MongodbHold:
    """One server, held once."""

    def __init__(self, order: HoldOrder) -> None:
        self._order = order
        self._lease = ContainerLease(name=secrets.token_hex(8), seconds=max(1, math.floor(order.lease_seconds)))
        self._armed = False
        self._asked = False
        self._process = ""
        self._directory = ""
        self.known = HoldFacts(mode=order.mode)

    def foresee(self, server: Server) -> None:
        self._choose_mode(server, self._look(server))
        check_rights(server, self.known.mode)
        if self.known.mode == LOCK:
            try:
                check_lockable(server, self.known)
            except LockBusy as exc:
                self.known.warnings.append(exc.sentence)

    def begin(self, server: Server) -> None:
        """Look; then have the journal written, or lock it under a lease; and sync what the kernel has of it."""
        options = self._look(server)
        self._choose_mode(server, options)
        # Once before: what is left to sync while writers wait is little then.
        self._flush(server)
        if self.known.mode == LOCK:
            self._lock(server)
        else:
            ask_for_right(server, _FLUSH)
        self._flush(server)

    def keep(self, server: Server) -> None:
        if self.known.mode == LOCK:
            if not self._lease.renew(server):
                raise SessionLost("Its lease ran out.", said=_LAPSED)
            self._lasts()
        server.ask(_PING)

    def undo(self, server: Server) -> None:
        """Raises unless it is certain that nothing is locked by us, nor will be."""
        if not self._armed:
            return
        if self._asked and self._lease.claim(server):
            try:
                server.ask(_UNLOCK)
            except StatementRefused as exc:
                # While it may be granted yet, the process beside the server stays, and unlocks it at the lease.
                if _NOT_LOCKED not in exc.message or answer(server.ask(_PENDING)):
                    raise
        elif self._asked:
            self.known.outlasts_until = 0.0
            return
        self._lease.clear(server)
        self._armed, self._asked, self.known.outlasts_until = False, False, 0.0

    def end(self, server: Server) -> None:
        """Raises unless it was locked, or the same server, until now."""
        if self.known.mode == LOCK:
            if not self._lease.claim(server):
                self.known.outlasts_until = 0.0
                raise SessionLost("Its lease ran out.", said=_LAPSED)
            try:
                server.ask(_UNLOCK)
            except StatementRefused as exc:
                raise DatabaseError(
                    f"It was not locked until the snapshot was cut: {exc.message.rstrip('.')}."
                ) from exc
            self._lease.clear(server)
            self._armed, self._asked, self.known.outlasts_until = False, False, 0.0
        found = answer(server.ask(_HELLO))
        if _process_of(found) != self._process:
            raise DatabaseError("It was started anew before the snapshot was cut.")
        if _role_of(found) != self.known.role:
            raise DatabaseError("It became the primary, or a secondary, before the snapshot was cut.")

    def _look(self, server: Server) -> dict[str, t.Any]:
        hello = answer(server.ask(_HELLO))
        if hello.get("msg") == "isdbgrid":
            raise DatabaseError(
                "It is a router (mongos), which has no data.", hint="Hold its shards and config servers."
            )
        known = self.known
        known.role, self._process = _role_of(hello), _process_of(hello)
        if not known.role:
            raise DatabaseError("It is neither primary nor secondary: it starts, recovers, or is an arbiter.")
        status = answer(ask_for_right(server, _STATUS))
        known.version = f"MongoDB {status.get('version', '')}"
        engine = status.get("storageEngine") or {}
        if engine.get("persistent") is False:
            raise DatabaseError(
                f"It keeps nothing on its disk: its storage engine is {engine.get('name')}.",
                hint="There is nothing to snapshot. Leave it out.",
            )
        options: dict[str, t.Any] = answer(ask_for_right(server, _OPTIONS)) or {}
        known.facts |= {"replica_set": hello.get("setName", ""), "storage_engine": engine.get("name", "")}
        written = ((hello.get("lastWrite") or {}).get("opTime") or {}).get("ts", {}).get("$timestamp")
        if written:
            known.facts["last_write"] = f"{written['t']}.{written['i']}"
        if (options.get("sharding") or {}).get("clusterRole"):
            known.warnings.append(
                "It is a member of a sharded cluster: snapshots of its shards and config servers at different moments "
                "do not fit together. Stop the balancer, and hold all of them in one task."
            )
        return options

    def _choose_mode(self, server: Server, options: t.Mapping[str, t.Any]) -> None:
        """No lock where journal and data are cut at one moment."""
        known = self.known
        places = self._places(server, options)
        storage = options.get("storage") or {}
        journaled = (storage.get("journal") or {}).get("enabled", True) is not False
        wired = known.facts["storage_engine"] == "wiredTiger"
        if known.mode != LOCK and wired and journaled:
            try:
                server.check_places(places)
            except DatabaseError:
                if known.mode == JOURNAL:
                    raise
            else:
                known.mode = JOURNAL
                return
        if known.mode == JOURNAL:
            raise DatabaseError("It has no journal, or is no WiredTiger.", hint="Use mode lock.")
        server.check_places(places, ranks={})
        known.mode = LOCK

    def _places(self, server: Server, options: t.Mapping[str, t.Any]) -> dict[str, str]:
        storage = options.get("storage") or {}
        path = str(storage.get("dbPath") or "/data/db").rstrip("/")
        self._directory = server.real_path(path) or path
        journal = f"{path}/journal"
        places = {"the data directory": self._directory, "the journal": server.real_path(journal) or journal}
        if storage.get("directoryPerDB"):
            for entry in answer(ask_for_right(server, _NAMES)):
                below = f"{path}/{entry['name']}"
                places[f"the database {entry['name']}"] = server.real_path(below) or below
        return places

    def _lock(self, server: Server) -> None:
        """Not before the process that would unlock it is there, and not behind somebody who writes for long."""
        check_lockable(server, self.known)
        self._armed = True
        self._lease.arm(server)
        self.known.lease = "timer"
        if not self._lease.renew(server):
            raise DatabaseError(
                "Nothing in its container would unlock it if this run died: its lease ran out before the lock."
            )
        self._asked = True
        self._lasts()
        if not answer(ask_for_right(server, _LOCK)):
            raise DatabaseError("It does not say that it is locked.")
        if not self._lease.renew(server):
            raise SessionLost("Its lease ran out before it was locked.", said=_LAPSED)
        self._lasts()

    def _lasts(self) -> None:
        self.known.outlasts_until = time.monotonic() + self._lease.seconds + _LEASE_MARGIN_SECONDS

    def _flush(self, server: Server) -> None:
        done = server.flush(self._directory)
        self.known.facts["flushed"] = done
        if not done:
            raise DatabaseError(
                "What it has written could not be synced to the disk.", hint="The container needs the program sync."
            )


def _role_of(hello: t.Mapping[str, t.Any]) -> str:
    """Empty: none that has data to be relied on."""
    if not hello.get("setName"):
        return "" if hello.get("isreplicaset") else "standalone"
    if hello.get("isWritablePrimary") or hello.get("ismaster"):
        return "primary"
    return "secondary" if hello.get("secondary") else ""


def _process_of(hello: t.Mapping[str, t.Any]) -> str:
    """Of its process, anew with each start."""
    return str((hello.get("topologyVersion") or {}).get("processId", ""))


__all__ = ("Mongodb", "MongodbHold")
