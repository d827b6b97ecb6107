# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client of MariaDB and MySQL.

It ends with the first statement that is refused, and with the session, and never connects anew: what is left of it is
the end of the stream, and the server's words.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import SessionLost, StatementRefused
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import HoldOrder, Server

_OPTIONS = ("-B", "-N", "-n", "-A", "--skip-reconnect", "--skip-force", "--default-character-set=utf8mb4")
#: The client of the image, and the password that the container was started with, which the official images and
#: Bitnami's may have in a file. It goes to the client by its environment: no command line shows it.
_WITH_OWN_PASSWORD = """
c=mysql
if command -v mariadb >/dev/null 2>&1; then c=mariadb; fi
root=${MARIADB_ROOT_USER:-${MYSQL_ROOT_USER:-root}}
user=${1:-$root} p= f=
shift
if [ "$user" = "$root" ]; then
  p=${MARIADB_ROOT_PASSWORD:-${MYSQL_ROOT_PASSWORD:-${MARIADB_MASTER_ROOT_PASSWORD:-${MYSQL_MASTER_ROOT_PASSWORD:-}}}}
  f=${MARIADB_ROOT_PASSWORD_FILE:-${MYSQL_ROOT_PASSWORD_FILE:-}}
  f=${f:-${MARIADB_MASTER_ROOT_PASSWORD_FILE:-${MYSQL_MASTER_ROOT_PASSWORD_FILE:-}}}
elif [ "$user" = "${MARIADB_USER:-${MYSQL_USER:-}}" ]; then
  p=${MARIADB_PASSWORD:-${MYSQL_PASSWORD:-}} f=${MARIADB_PASSWORD_FILE:-${MYSQL_PASSWORD_FILE:-}}
fi
if [ -z "${MYSQL_PWD:-}" ]; then
  if [ -z "$p" ] && [ -r "$f" ]; then p=$(cat "$f"); fi
  if [ -n "$p" ]; then export MYSQL_PWD="$p"; fi
fi
exec "$c" "$@" -u "$user"
"""
_REFUSED = re.compile(r"ERROR (\d+) \(\w+\) at line \d+(?: in file: '[^']*')?: (.*)", re.DOTALL)
#: The session is over: the server has gone, or was lost during a query; it is shut down, it has ended the session, or
#: has lost patience with it.
_GONE = frozenset({"2006", "2013", "1053", "1927", "4031"})
#: As the client prints them in a row.
_ESCAPED = re.compile(r"\\([ntr0\\])")
_MEANT = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\"}
#: Ours, for a session that was silent for longer than the server allows: MariaDB does not say why it is over.
SILENT = "silent for longer than wait_timeout"


class MysqlClient:
    """The part of a ``DatabaseKind`` that is about the client."""

    def clients(self, order: HoldOrder) -> tuple[tuple[str, ...], ...]:
        user = ("-u", order.user or "root")
        return (
            ("/bin/sh", "-c", _WITH_OWN_PASSWORD, "arkive", order.user, *_OPTIONS),
            ("mariadb", *_OPTIONS, *user),
            ("mysql", *_OPTIONS, *user),
        )

    def framed(self, statement: str, token: str) -> str:
        asked = f"{statement};\n" if statement else ""
        return f"{asked}select '{token} done';\n"

    def error_in(self, lines: t.Sequence[str], words: str) -> tuple[str, str]:
        """None: the client ends with an error. See ``ask``."""
        return "", ""

    def cells(self, line: str) -> list[str]:
        return [_ESCAPED.sub(lambda found: _MEANT[found[1]], cell) for cell in line.split("\t")]

    def ended_by(self, said: str) -> str:
        if SILENT in said or "ERROR 4031" in said:
            return "lease"
        return "server" if re.search(r"ERROR (1927|1053)|was killed|shutdown in progress", said) else ""


def ask(server: Server, statement: str) -> list[list[str]]:
    """As ``Server`` has it: what ended the client, because it was refused, is ``StatementRefused``."""
    try:
        return server.ask(statement)
    except SessionLost as exc:
        refused = refusal(exc)
        if refused is None:
            raise
        raise refused from exc


def refusal(lost: SessionLost) -> StatementRefused | None:
    """What the client said before it ended; None where it ended for another reason than a statement."""
    found = _REFUSED.search(lost.said)
    if found is None or found[1] in _GONE:
        return None
    return StatementRefused(" ".join(found[2].split()).rstrip("."), state=found[1])


__all__ = ("SILENT", "MysqlClient", "ask", "refusal")
