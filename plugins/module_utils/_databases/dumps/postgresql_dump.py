# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dumps of PostgreSQL: ``pg_dump`` of one database, ``pg_dumpall`` of the server; ``psql`` fills them again.

The dumps are SQL. What ``pg_dump`` wrote is filled in one transaction whose ``COMMIT`` is sent last, when all of it was
read and has the right digest. psql's own ``--single-transaction`` would commit where its input ends too early.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.dump_kind import (
    MISSING,
    NO_PROGRAM,
    RUN,
    RUN_FILL,
    DumpOrder,
    Ending,
    Target,
    TextEnding,
    run_dump,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError

#: The user and the password that the container was started with, or those that were given: the password by standard
#: input, and to the program by its environment, so that no command line shows it.
_SCRIPT = f"""
u=${{POSTGRES_USER:-postgres}} p=${{POSTGRES_PASSWORD:-}} f=${{POSTGRES_PASSWORD_FILE:-}}
if [ -n "${{POSTGRES_POSTGRES_PASSWORD:-}}${{POSTGRES_POSTGRES_PASSWORD_FILE:-}}" ]; then
  u=postgres p=${{POSTGRES_POSTGRES_PASSWORD:-}} f=${{POSTGRES_POSTGRES_PASSWORD_FILE:-}}
fi
user=${{1:-$u}}
if [ "$2" = given ]; then
  IFS= read -r PGPASSWORD
  export PGPASSWORD
elif [ "$user" = "$u" ] && [ -z "${{PGPASSWORD:-}}" ]; then
  if [ -z "$p" ] && [ -r "$f" ]; then p=$(cat "$f"); fi
  if [ -n "$p" ]; then export PGPASSWORD="$p"; fi
fi
shift 2
command -v "$1" >/dev/null 2>&1 || {{ echo "{MISSING} $1" >&2; exit {NO_PROGRAM}; }}
run "$@" -U "$user"
"""
_PSQL = ("psql", "-X", "-q", "-w", "-v", "ON_ERROR_STOP=1")
#: A table that somebody changes the definition of is not waited for without end.
_LOCK_WAIT = "60s"
#: What anybody has made: tables, views, sequences and functions that are of no extension.
_OF_NOBODY = "not exists (select 1 from pg_depend d where d.objid = {0}.oid and d.deptype = 'e')"
_NOT_OF_SYSTEM = "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"
_OBJECTS = (
    "select (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = any "
    f"('{{r,p,v,m,S,f}}') and {_NOT_OF_SYSTEM} and {_OF_NOBODY.format('c')}) + (select count(*) from pg_proc p join "
    f"pg_namespace n on n.oid = p.pronamespace where {_NOT_OF_SYSTEM} and {_OF_NOBODY.format('p')})"
)
_NAMES = (
    "select 'role ' || quote_ident(rolname) from pg_roles union all "
    "select 'database ' || quote_ident(datname) from pg_database"
)
_MADE_WITH_SERVER = frozenset({"postgres", "template0", "template1"})
#: Of ``pg_dumpall``: what cannot be made where it is there already. The rest of the dump sets what it is to be.
_CREATE = re.compile(rb'CREATE (ROLE|DATABASE) ("(?:[^"]|"")+"|[^\s;]+)[^\n]*;')
_DATABASE_HEADER = re.compile(rb"-- Name: .*; Type: DATABASE; .*")
_LINES_TO_HEADER = 3
#: A line of data may be longer than memory should be; no header or statement that is looked for is.
_LONGEST_LINE = 1 << 20


class PostgresqlDump:
    """The kind: see ``DumpKind``."""

    def program(self, order: DumpOrder) -> str:
        return "pg_dump" if order.database else "pg_dumpall"

    def extension(self, order: DumpOrder) -> str:
        return "sql"

    def dump_command(self, order: DumpOrder) -> tuple[str, ...]:
        what = (self.program(order), "-w", f"--lock-wait-timeout={_LOCK_WAIT}")
        return _shell(order, *what, *(("-d", order.database) if order.database else ()), run=run_dump(order))

    def ending(self, order: DumpOrder) -> Ending:
        which = "database" if order.database else "database cluster"
        return TextEnding(f"-- PostgreSQL {which} dump complete", after="\\unrestrict")

    def look_command(self, order: DumpOrder) -> tuple[str, ...]:
        statements = ("-A", "-t", "-c", _OBJECTS, "-c", _NAMES)
        return _shell(order, *_PSQL, *statements, "-d", order.database or "postgres")

    def look(self, order: DumpOrder, answer: str) -> Target:
        count, *names = answer.splitlines() or [""]
        if not count.isdigit():
            raise DatabaseError("What is in the database already could not be found out.")
        others = [word.removeprefix("database ") for word in names if word.startswith("database ")]
        others = [name for name in others if name not in _MADE_WITH_SERVER]
        found = f"{count} tables, views, sequences and functions" if int(count) else ""
        if not order.database and others:
            found = f"the databases {', '.join(sorted(others))}"
        return Target(found=found, known=frozenset(names))

    def fill_command(self, order: DumpOrder, size: int, target: Target) -> tuple[str, ...]:
        return _shell(order, *_PSQL, "-o", "/dev/null", "-d", order.database or "postgres", run=RUN_FILL)

    def filling(self, order: DumpOrder, target: Target, pieces: t.Iterable[bytes]) -> t.Iterator[bytes]:
        if not order.database:
            yield from _without_known(pieces, target.known)
            return
        yield b"BEGIN;\n"
        yield from pieces
        yield b"\nCOMMIT;\n"


def _shell(order: DumpOrder, *words: str, run: str = RUN) -> tuple[str, ...]:
    return ("/bin/sh", "-c", f"{run}\n{_SCRIPT}", "arkive", *order.words, *words)


def _without_known(pieces: t.Iterable[bytes], known: frozenset[str]) -> t.Iterator[bytes]:
    """The dump of a server without the lines that make roles and databases which are there."""
    sieve, rest, inside = _Sieve(known), b"", False
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        kept = []
        for line in lines:
            if inside or sieve.keeps(line):
                kept.append(line + b"\n")
            inside = False
        if len(rest) > _LONGEST_LINE:
            kept.append(rest)
            rest, inside = b"", True
        yield b"".join(kept)
    yield rest


class _Sieve:
    """Looks at one line after the other: roles are made before the first connect, a database behind its header."""

    def __init__(self, known: frozenset[str]) -> None:
        self._known = known
        self._connected = False
        self._copying = False
        self._since_header = _LINES_TO_HEADER + 1

    def keeps(self, line: bytes) -> bool:
        if self._copying:
            self._copying = line != b"\\."
            return True
        self._since_header += 1
        if _DATABASE_HEADER.fullmatch(line):
            self._since_header = 0
        self._connected = self._connected or line.startswith(b"\\connect ")
        self._copying = line.startswith(b"COPY ") and line.endswith(b" FROM stdin;")
        found = _CREATE.fullmatch(line)
        if found is None or f"{found[1].decode().lower()} {found[2].decode('utf-8', 'replace')}" not in self._known:
            return True
        return self._connected if found[1] == b"ROLE" else self._since_header > _LINES_TO_HEADER


__all__ = ("PostgresqlDump",)
