# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dumps of MariaDB and MySQL: ``mariadb-dump`` or ``mysqldump``, and ``mariadb`` or ``mysql``, whichever there is.

``--single-transaction`` makes the dump one moment of all InnoDB tables, without a lock that anybody notices.
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
    TextEnding,
    run_dump,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError

#: Options, as far as their names are told apart, that a dump is made without: a command line cannot take them back.
#: A dash there may be an underscore too.
_LEAVE_OUT = """
      ignore?*|no?d|no?da|no?dat|no?data|no?data=*|no?create*|wh*|tables*|tab|tab=*|xml*|as?of*|compat*|skip?q*|\\
      skip?set*|skip?create*|skip?tz*|quote?n*=*|set?char*=*|create?o*=*|tz?u*=*)""".strip("\n")
#: The password of root that the container was started with (official images, and Bitnami's, which may have it in a
#: file), or the one that was given. It goes to the program by its environment, so that no command line shows it.
#: A dump of MySQL's program by GTID could not be filled into a server that has any; MariaDB's has no such option.
#: Of its option files nothing may be taken that leaves data out, or writes them so that they are not read again.
_SCRIPT = f"""
r=${{MARIADB_ROOT_USER:-${{MYSQL_ROOT_USER:-root}}}} p=${{MARIADB_ROOT_PASSWORD:-${{MYSQL_ROOT_PASSWORD:-}}}}
f=${{MARIADB_ROOT_PASSWORD_FILE:-${{MYSQL_ROOT_PASSWORD_FILE:-}}}}
user=${{1:-$r}}
if [ "$2" = given ]; then
  IFS= read -r MYSQL_PWD
  export MYSQL_PWD
elif [ "$user" = "$r" ] && [ -z "${{MYSQL_PWD:-}}" ]; then
  if [ -z "$p" ] && [ -r "$f" ]; then p=$(cat "$f"); fi
  if [ -n "$p" ]; then export MYSQL_PWD="$p"; fi
fi
first=$3 second=$4
shift 4
c=$first
command -v "$c" >/dev/null 2>&1 || c=$second
command -v "$c" >/dev/null 2>&1 || {{ echo "{MISSING} $first or $second" >&2; exit {NO_PROGRAM}; }}
if [ "$second" = mysqldump ]; then
  set -f
  for each in $("$c" --print-defaults 2>/dev/null); do
    case $each in --*) each=${{each#--}} ;; *) continue ;; esac
    case ${{each#loose?}} in
{_LEAVE_OUT}
        echo "an option file in the container has ${{each%%=*}} for $c, with which the dump would not be whole" >&2
        exit 65 ;;
    esac
  done
  set +f
  case "$("$c" --version)" in *MariaDB*) ;; *) set -- --set-gtid-purged=OFF "$@" ;; esac
fi
run "$c" --user="$user" "$@"
"""
_DUMP_PROGRAMS = ("mariadb-dump", "mysqldump")
_CLIENTS = ("mariadb", "mysql")
_OPTIONS = (
    "--opt",
    "--single-transaction",
    "--quick",
    "--routines",
    "--events",
    "--triggers",
    "--hex-blob",
    "--no-tablespaces",
    "--default-character-set=utf8mb4",
    "--comments",
)
_SYSTEM = "'mysql', 'information_schema', 'performance_schema', 'sys'"


class MysqlDump:
    """The kind, of both families: see ``DumpKind``."""

    def program(self, order: DumpOrder) -> str:
        return " or ".join(_DUMP_PROGRAMS)

    def extension(self, order: DumpOrder) -> str:
        return "sql"

    def dump_command(self, order: DumpOrder) -> tuple[str, ...]:
        what = order.database or "--all-databases"
        return _shell(order, _DUMP_PROGRAMS, *_OPTIONS, what, run=run_dump(order))

    def ending(self, order: DumpOrder) -> Ending:
        return TextEnding("-- Dump completed")

    def look_command(self, order: DumpOrder) -> tuple[str, ...]:
        where = f"= '{order.database}'" if order.database else f"not in ({_SYSTEM})"
        statement = f"select count(*) from information_schema.tables where table_schema {where}"
        return _shell(order, _CLIENTS, "-N", "-B", "-e", statement, *filter(None, [order.database]))

    def look(self, order: DumpOrder, answer: str) -> Target:
        count = answer.strip()
        if not count.isdigit():
            raise DatabaseError("What is in the database already could not be found out.")
        return Target(found=f"{count} tables and views" if int(count) else "")

    def fill_command(self, order: DumpOrder, size: int, target: Target) -> tuple[str, ...]:
        options = ("-B", "--skip-force", "--default-character-set=utf8mb4")
        return _shell(order, _CLIENTS, *options, *filter(None, [order.database]), run=RUN_FILL)

    def filling(self, order: DumpOrder, target: Target, pieces: t.Iterable[bytes]) -> t.Iterator[bytes]:
        yield from pieces


def _shell(order: DumpOrder, programs: tuple[str, str], *words: str, run: str = RUN) -> tuple[str, ...]:
    return ("/bin/sh", "-c", f"{run}\n{_SCRIPT}", "arkive", *order.words, *programs, *words)


__all__ = ("MysqlDump",)
