# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands that lock a database, or have it saved, and what becomes of that when they end.

Sources: MySQL 8.4 Reference Manual, FLUSH and LOCK INSTANCE FOR BACKUP; MariaDB Server Documentation, BACKUP STAGE;
PostgreSQL 15, release notes (the exclusive backup mode is removed); MongoDB Manual, fsync; Redis, BGSAVE.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.kinds import find_kind
from ansible_collections.arkive.k8s.plugins.module_utils._lint.finding import Finding, Place
from ansible_collections.arkive.k8s.plugins.module_utils._lint.simple_commands import SimpleCommand

_SQL_CLIENTS = ("mysql", "mariadb", "psql")
_LOCK = re.compile(
    r"""\bFLUSH\s+(?:LOCAL\s+|NO_WRITE_TO_BINLOG\s+)?TABLES\b[^;]*?\b(?:WITH\s+READ\s+LOCK|FOR\s+EXPORT)
      | \bLOCK\s+(?:LOCAL\s+)?TABLES?\b | \bLOCK\s+INSTANCE\s+FOR\s+BACKUP | \bBACKUP\s+(?:STAGE|LOCK)\b
      | \bpg_(?:backup_start|start_backup)\s*\(""",
    re.IGNORECASE | re.VERBOSE,
)
_OLD_START = re.compile(r"\bpg_(start|stop)_backup\s*\(", re.IGNORECASE)
_FSYNC_LOCK = re.compile(r"\bfsyncLock\s*\(|\bfsync['\"]?\s*:\s*1\b[^}]*\block['\"]?\s*:\s*(?:true|1)\b", re.IGNORECASE)
_POSTGRES_TAG = re.compile(r"(?:^|/)(?:postgres|postgresql|postgis)(?::|@)v?(\d+)")
_REMOVED_IN = 15


def lock_findings(
    commands: t.Sequence[SimpleCommand], argv: t.Sequence[str], place: Place, image: str
) -> list[Finding]:
    """What the command of one hook does to a database. ``image``: of its container, empty where it is not known."""
    names = {command.name for command in commands}
    text = "\n".join(argv)
    found: list[Finding] = []
    if names.intersection(_SQL_CLIENTS):
        found += _sql(text, names, place, image)
    if names.intersection(("mongo", "mongosh")) and _FSYNC_LOCK.search(text):
        found.append(
            Finding.of(
                "lock-without-lease",
                place,
                "fsyncLock belongs to the server, not to the connection: when the run dies before the post hook, all "
                "writes stay blocked until somebody calls fsyncUnlock.",
                hint=f"{_declare('mongodb')} With its journal on the same volume, MongoDB needs no lock at all.",
            )
        )
    found += [_save(place) for command in commands if _begins_save(command)]
    return found


def _sql(text: str, names: set[str], place: Place, image: str) -> t.Iterator[Finding]:
    version = _POSTGRES_TAG.search(image)
    old = _OLD_START.search(text) if "psql" in names else None
    if old is not None and (version is None or int(version[1]) >= _REMOVED_IN):
        which = "this server" if version else f"PostgreSQL {_REMOVED_IN} and later"
        yield Finding.of(
            "removed-function",
            place,
            f"pg_{old[1].lower()}_backup does not exist in {which}: the command fails.",
            hint=f"pg_backup_{old[1].lower()} needs its session to stay open. {_declare('postgresql')}",
        )
        return
    lock = _LOCK.search(text)
    if lock is None:
        return
    if old is not None:
        yield Finding.of(
            "lock-without-lease",
            place,
            "The exclusive backup mode goes on when the run dies, and a server that ends in it does not start again "
            "by itself.",
            hint=_declare("postgresql"),
        )
        return
    kind = "postgresql" if "psql" in names else "mariadb" if "mariadb" in names else "mysql"
    words = " ".join(lock[0].split()).rstrip("( ")
    yield Finding.of(
        "lock-ends-with-command",
        place,
        f"'{words}' holds as long as its session. The client leaves when the command ends, so that nothing is locked "
        "when the snapshot is cut.",
        hint=_declare(kind),
    )


def _declare(kind: str) -> str:
    if find_kind(kind) is None:
        return "Use a client whose session stays open until the snapshot is cut."
    return f"Annotate the pod with arkive.k8s/database: {kind}, which holds one session open until the snapshot is cut."


def _begins_save(command: SimpleCommand) -> bool:
    return command.name in ("redis-cli", "valkey-cli") and any(word.text.upper() == "BGSAVE" for word in command.words)


def _save(place: Place) -> Finding:
    return Finding.of(
        "save-not-awaited",
        place,
        "BGSAVE answers when the save has begun. The snapshot may have the dump before it.",
        hint=_declare("redis"),
    )


__all__ = ("lock_findings",)
