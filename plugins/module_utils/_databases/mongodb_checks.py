# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a MongoDB server can be held: what its user may do, who is in the way, who acknowledges writes meanwhile.

The commands are from the manual: this has not been run against a MongoDB server.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._databases.container_lease import answer
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import (
    DatabaseError,
    LockBusy,
    StatementRefused,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import HoldFacts, Mode, Server

JOURNAL, LOCK = "journal", "lock"
_LONG_SECONDS = 5
_IS_LOCKED = "db.adminCommand({currentOp: 1, $ownOps: true}).fsyncLock === true"
#: Whoever writes, and has for long: the lock waits for it, and everybody else behind the lock.
_WRITERS = (
    'db.getSiblingDB("admin").aggregate([{$currentOp: {allUsers: true, localOps: true, idleSessions: true}}, '
    f'{{$match: {{"locks.Global": {{$in: ["w", "W"]}}, $or: [{{secs_running: {{$gte: {_LONG_SECONDS}}}}}, '
    f'{{"transaction.timeOpenMicros": {{$gte: {_LONG_SECONDS * 1_000_000}}}}}]}}}}, '
    "{$project: {opid: 1, secs_running: 1}}, {$limit: 1}]).toArray()"
)
_PRIVILEGES = "db.adminCommand({connectionStatus: 1, showPrivileges: true}).authInfo"
#: On the cluster.
_ACTIONS = {JOURNAL: ("fsync",), LOCK: ("fsync", "unlock")}
_ROLES = (
    'Name a user with the roles clusterMonitor and hostManager: db.getSiblingDB("admin")'
    '.grantRolesToUser("<user>", ["clusterMonitor", "hostManager"]).'
)
_CONFIG = "db.adminCommand({replSetGetConfig: 1}).config.members"
_MEMBERS = "db.adminCommand({replSetGetStatus: 1}).members"
_UNAUTHORIZED = "Unauthorized"


def ask_for_right(server: Server, statement: str) -> list[list[str]]:
    """The answer; a right that is missing is a ``DatabaseError`` with what is to be granted."""
    try:
        return server.ask(statement)
    except StatementRefused as exc:
        if exc.state != _UNAUTHORIZED:
            raise
        raise DatabaseError(
            f"{exc.message.rstrip('.')}.",
            hint=_ROLES,
        ) from exc


def check_rights(server: Server, mode: Mode) -> None:
    """Of what ``begin`` would ask for. A server without users says of nobody what they may do."""
    info = answer(server.ask(_PRIVILEGES)) or {}
    if not info.get("authenticatedUsers"):
        return
    actions = {
        action
        for each in info.get("authenticatedUserPrivileges") or ()
        if {"cluster", "anyResource"} & set(each.get("resource") or {})
        for action in each.get("actions") or ()
    }
    missing = [action for action in _ACTIONS[mode] if action not in actions]
    if missing and "anyAction" not in actions:
        raise DatabaseError(
            f"Its user may not do {' and '.join(missing)} on the cluster, which takes it to hold it.", hint=_ROLES
        )


def check_lockable(server: Server, known: HoldFacts) -> None:
    """Raises ``LockBusy`` where the lock would have to wait, and everybody else behind it."""
    if known.role == "secondary":
        _check_voters(server)
    elif known.role == "primary":
        known.warnings.append("The primary is locked: all writes to its replica set wait. Take a secondary.")
    if answer(ask_for_right(server, _IS_LOCKED)):
        raise LockBusy(
            "It is locked already, by somebody else's fsync.",
            hint="Unlock it with db.fsyncUnlock(), or wait for it.",
        )
    for writer in answer(ask_for_right(server, _WRITERS)):
        raise LockBusy(
            f"Its operation {writer.get('opid')} has written for more than {_LONG_SECONDS} s. The lock would wait "
            "for it, and everybody else behind the lock.",
            hint="Make the backup when it is done. db.currentOp() shows it.",
        )


def _check_voters(server: Server) -> None:
    """Whether the others can acknowledge what is written with ``w: majority`` while this one is locked."""
    config = answer(ask_for_right(server, _CONFIG)) or ()
    states = {each.get("_id"): each for each in answer(ask_for_right(server, _MEMBERS)) or ()}
    voting = [each for each in config if each.get("votes", 1)]
    with_data = [each for each in voting if not each.get("arbiterOnly")]
    own = next((number for number, state in states.items() if state.get("self")), None)
    if own not in {each.get("_id") for each in with_data}:
        return
    needed = min(len(voting) // 2 + 1, len(with_data))
    others = [
        each
        for each in with_data
        if each.get("_id") != own and states.get(each.get("_id"), {}).get("stateStr") in ("PRIMARY", "SECONDARY")
    ]
    if len(others) < needed:
        raise DatabaseError(
            f"Of its replica set, {needed} voting members with data have to acknowledge each write of "
            f"w: majority, and {len(others)} besides this one can: such writes would wait while it is locked.",
            hint="Lock one that has no vote, such as a hidden member, or put its files on one claim, which takes "
            "no lock (mode journal).",
        )


__all__ = ("JOURNAL", "LOCK", "ask_for_right", "check_lockable", "check_rights")
