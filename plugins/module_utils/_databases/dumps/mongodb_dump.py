# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dumps of MongoDB: ``mongodump --archive`` and ``mongorestore --archive``. Not run against a real server.

An archive begins with its magic number and ends with a terminator, as the tools' own source has them
(mongodb/mongo-tools, ``common/archive/archive.go``).
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.dump_kind import (
    MISSING,
    NO_PROGRAM,
    RUN,
    RUN_FILL,
    DumpOrder,
    Ending,
    Target,
    run_dump,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError

MAGIC = (0x8199E26D).to_bytes(4, "little")
TERMINATOR = b"\xff\xff\xff\xff"
#: The tools read the password from a file of their own format, which is a pipe here: no command line shows it. The
#: shell has it by an environment variable.
_SCRIPT = f"""
r=${{MONGO_INITDB_ROOT_USERNAME:-${{MONGODB_ROOT_USER:-}}}}
p=${{MONGO_INITDB_ROOT_PASSWORD:-${{MONGODB_ROOT_PASSWORD:-}}}}
f=${{MONGO_INITDB_ROOT_PASSWORD_FILE:-${{MONGODB_ROOT_PASSWORD_FILE:-}}}}
user=${{1:-$r}}
if [ "$2" = given ]; then
  IFS= read -r p
elif [ "$user" = "$r" ]; then
  if [ -z "$p" ] && [ -r "$f" ]; then p=$(cat "$f"); fi
else
  p=
fi
shift 2
command -v "$1" >/dev/null 2>&1 || {{ echo "{MISSING} $1" >&2; exit {NO_PROGRAM}; }}
if [ "$1" = mongosh ]; then
  if [ -n "$user" ]; then
    export ARKIVE_USER="$user" ARKIVE_PASSWORD="$p"
  fi
  exec "$@"
fi
c=$1
shift
if [ -z "$user" ]; then run "$c" "$@"; exit; fi
q=$(printf %s "$p" | sed "s/'/''/g")
run "$c" --username="$user" --authenticationDatabase=admin --config=/dev/fd/3 "$@" 3<<ARKIVE
password: '$q'
ARKIVE
"""
_LOOK = (
    "if (process.env.ARKIVE_USER) db.getSiblingDB('admin').auth(process.env.ARKIVE_USER, process.env.ARKIVE_PASSWORD); "
    "print(db.getMongo().getDBNames().filter(n => {0}).map(n => db.getSiblingDB(n).getCollectionNames().filter(c => "
    "!c.startsWith('system.')).length).reduce((a, b) => a + b, 0))"
)


class MongodbDump:
    """The kind: see ``DumpKind``."""

    def program(self, order: DumpOrder) -> str:
        return "mongodump"

    def extension(self, order: DumpOrder) -> str:
        return "archive"

    def dump_command(self, order: DumpOrder) -> tuple[str, ...]:
        chosen = [f"--db={order.database}"] if order.database else []
        return _shell(order, "mongodump", "--archive", *chosen, run=run_dump(order))

    def ending(self, order: DumpOrder) -> Ending:
        return ArchiveEnding()

    def look_command(self, order: DumpOrder) -> tuple[str, ...]:
        wanted = f"n == '{order.database}'" if order.database else "!['admin', 'config', 'local'].includes(n)"
        return _shell(order, "mongosh", "--quiet", "--norc", "--eval", _LOOK.format(wanted))

    def look(self, order: DumpOrder, answer: str) -> Target:
        count = (answer.split() or [""])[-1]
        if not count.isdigit():
            raise DatabaseError("What is in the database already could not be found out.")
        return Target(found=f"{count} collections" if int(count) else "")

    def fill_command(self, order: DumpOrder, size: int, target: Target) -> tuple[str, ...]:
        chosen = [f"--nsInclude={order.database}.*"] if order.database else []
        return _shell(order, "mongorestore", "--archive", "--stopOnError", *chosen, run=RUN_FILL)

    def filling(self, order: DumpOrder, target: Target, pieces: t.Iterable[bytes]) -> t.Iterator[bytes]:
        yield from pieces


class ArchiveEnding:
    """An archive of ``mongodump``."""

    def __init__(self) -> None:
        self._start = b""
        self._end = b""

    def feed(self, data: bytes) -> bytes:
        self._start = (self._start + data[:4])[:4]
        self._end = (self._end + data)[-4:]
        return data

    def finish(self) -> bytes:
        if self._start != MAGIC:
            raise DatabaseError("The dump does not begin as an archive of mongodump does.")
        if self._end != TERMINATOR:
            raise DatabaseError("The dump does not end with the terminator of an archive: it is not whole.")
        return b""


def _shell(order: DumpOrder, *words: str, run: str = RUN) -> tuple[str, ...]:
    return ("/bin/sh", "-c", f"{run}\n{_SCRIPT}", "arkive", *order.words, *words)


__all__ = ("MAGIC", "TERMINATOR", "ArchiveEnding", "MongodbDump")
