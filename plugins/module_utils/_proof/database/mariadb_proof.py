# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MariaDB or MySQL brought up from a copy of its files: by no option file, with no port, no events, no replica threads.

The tables of users are not read, so that nobody needs a password; only the socket inside the pod is open.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.row_counts import compare_counts
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.run_check import run_check, unavailable
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.server_proof import (
    Ask,
    Check,
    ProofOrder,
    ServerFacts,
)
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.shell import SERVE, SEVERAL, Said

_PROGRAMS = """
for b in /opt/bitnami/mariadb/sbin /opt/bitnami/mariadb/bin /opt/bitnami/mysql/bin /usr/sbin /usr/libexec; do
  if [ -d "$b" ]; then PATH=$PATH:$b; fi
done
"""
#: The binary log is told by its index: without it the server would undo what only the log knows to be committed.
#: RECORDED MOUNTS: the data directory that was recorded as it was held comes first, then where images have theirs. What
#: lies deeper may be a backup that somebody has made beside it.
_FIND = f"""{SEVERAL}
{_PROGRAMS}
r=$1 d=; shift
for each in "$r" "$@"; do
  for each in "$each" "$each/data"; do
    if [ -z "$d" ] && [ -e "$each/ibdata1" ] && [ -d "$each/mysql" ]; then d=$each; fi
  done
done
if [ -z "$d" ]; then
  f=$(find "$@" -maxdepth 4 -name ibdata1 2>/dev/null)
  if [ -z "$f" ]; then
    f=$(find "$@" -maxdepth 4 -path '*/mysql/db.frm' 2>/dev/null)
    if [ -z "$f" ]; then f=$(find "$@" -maxdepth 4 -path '*/mysql/db.MYD' 2>/dev/null); fi
    several "$f"
    f=${{f%/mysql/*}}/x
  fi
  several "$f"; d=${{f%/*}}
fi
if [ -z "$d" ] || [ ! -d "$d/mysql" ]; then echo "no directory with the database mysql" >&2; exit 3; fi
s=$(command -v mariadbd || command -v mysqld) || {{ echo "the image has no mariadbd" >&2; exit 5; }}
echo "data_directory: $d"
echo "server: $s"
for i in "$d"/*.index; do
  case $i in *relay*|*'*'*) continue;; esac
  if head -n 1 "$i" | grep -q '\\.[0-9][0-9][0-9][0-9][0-9][0-9]$'; then echo "binary_log: ${{i%.index}}"; break; fi
done
"$s" --no-defaults --version
"""
_START = f"""{SERVE}
{_PROGRAMS}
d=$1 s=$2 log=$3; shift 3
if [ -n "$log" ]; then set -- "$@" "--log-bin=$log"; fi
if [ "$(stat -c %u "$d")" = 0 ]; then set -- "$@" --user=root; fi
serve "$d" "$s" --no-defaults "$@" --datadir="$d" --socket=$w/server.sock --pid-file=$w/server.pid --tmpdir=$w \\
  --skip-networking --skip-grant-tables --skip-slave-start --event-scheduler=OFF --loose-ignore-db-dir=lost+found
"""
_ASK = f"""
{_PROGRAMS}
c=$(command -v mariadb || command -v mysql) || {{ echo "the image has no client" >&2; exit 127; }}
"$c" --no-defaults --socket=$w/server.sock -N -B -e "$1"
"""
#: Tables that are whole are not told: of many thousands the one that is not would be beyond what is read.
_MARIADB_CHECK = f"""
{_PROGRAMS}
c=$(command -v mariadb-check || command -v mysqlcheck) || exit 127
{{ "$c" --no-defaults --socket=$w/server.sock --all-databases --check 2>&1; echo $? >$w/check.rc; }} |
  while IFS= read -r line; do case $line in *' OK') ;; *) printf '%s\n' "$line" ;; esac; done
read -r r <$w/check.rc && exit "$r"
"""
_NO_FILES = 98
_INNOCHECKSUM = f"""
{_PROGRAMS}
command -v innochecksum >/dev/null 2>&1 || exit 127
find "$1" -name '*.ibd' | {{
  n=0 r=0
  while read -r f; do n=1; innochecksum "$f" 2>&1 || {{ echo "$f"; r=1; }}; done
  [ $n = 1 ] || exit {_NO_FILES}
  exit $r
}}
"""
_STOP = """
read -r p <$w/server.pid && kill -TERM "$p"
n=0; while [ ! -e $w/server.rc ] && [ $n -lt 600 ]; do sleep 0.2; n=$((n+1)); done
[ -e $w/server.rc ]
"""
#: Of a table that nobody has closed: of any that was in use, and no damage.
_IN_USE = re.compile(r"client is using or hasn't closed the table properly")
_COMPLAINT = re.compile(r"^\s*(warning|error|status\s*:(?!\s*OK))", re.IGNORECASE)
_STOP_SECONDS = 150.0


class MariadbProof:
    """A ``ServerProof``."""

    def __init__(self, order: ProofOrder) -> None:
        self._order = order
        self._shell = order.shell
        self._found: dict[str, str] = {}
        self.known = ServerFacts()

    def find(self) -> None:
        what = "The copy has no files of MariaDB or MySQL that can be started"
        recorded = str(self._order.facts.get("data_directory") or "")
        said = self._shell.must(_FIND, recorded, *self._order.mounts, what=what)
        lines = [line.partition(": ") for line in said.splitlines()]
        self._found = {name: value for name, colon, value in lines if colon}
        version = re.search(r"Ver ([^ ]+)", said)
        self.known.version = version[1] if version else ""
        self.known.facts["data_directory"] = self._found["data_directory"]
        self.known.facts["binary_log"] = "binary_log" in self._found

    def check_files(self) -> list[Check]:
        return []

    def start(self) -> None:
        found = self._found
        log = found.get("binary_log", "")
        arguments = list(self._order.arguments)
        if log and not self._is_mariadb:
            arguments.append("--server-id=1")
        what = "The server could not be started"
        self._shell.must(_START, found["data_directory"], found["server"], log, *arguments, what=what)

    def serves(self) -> bool:
        said = self._shell.run(_ASK, "select version()")
        if said.code:
            return False
        self.known.version = said.out.strip()
        self.known.position = self._ask(self._position_statement) if self.known.facts["binary_log"] else ""
        return True

    def check_isolation(self) -> None:
        value = self._ask("select @@skip_networking, @@event_scheduler")
        networking, scheduler = [*value.split(), "", ""][:2]
        if networking not in ("1", "ON") or scheduler not in ("OFF", "DISABLED"):
            raise ProofError(f"The server was stopped, as it listens or has its event scheduler on ({value}).")

    def checks(self) -> t.Iterator[Check]:
        check, said = run_check(
            self._shell,
            "tables",
            _MARIADB_CHECK,
            tool=f"mariadb-check --all-databases ({self.known.version})",
            seconds=self._order.check_seconds,
        )
        complaints = [line.strip() for line in said.lines if _COMPLAINT.search(line)]
        in_use = [line for line in complaints if _IN_USE.search(line)]
        if in_use:
            self.known.warnings.append(f"{len(in_use)} of its tables were open as they were cut.")
        serious = tuple(line for line in complaints if line not in in_use)
        if check.state == "passed" and serious:
            check = dataclasses.replace(check, state="failed", found=_with_tables(said.lines, serious))
        yield check
        kind = "mariadb" if self._is_mariadb else "mysql"
        yield from compare_counts(kind, self._order.facts.get("counts"), self.known, self._count)

    def _count(self, _database: str, statement: str) -> Said:
        return self._shell.run(_ASK, statement, seconds=self._order.check_seconds)

    def problems(self) -> list[str]:
        recorded = str(self._order.facts.get("gtid_binlog_pos") or "")
        if not self.known.facts["binary_log"]:
            return []
        if not self._is_mariadb:
            return self._lacking_of_mysql(str(self._order.facts.get("gtid_executed") or ""))
        if not recorded:
            return []
        now = _gtids(self.known.position)
        missing = [f"{domain}-{number}" for domain, number in _gtids(recorded).items() if now.get(domain, -1) < number]
        if not missing:
            return []
        return [
            f"It recovered up to {self.known.position or 'no GTID'}, and {recorded} was committed when it was held."
        ]

    def _lacking_of_mysql(self, recorded: str) -> list[str]:
        if not re.fullmatch(r"[0-9a-fA-F:,\n -]+", recorded):
            return []
        if self._ask(f"select gtid_subset('{recorded}', @@global.gtid_executed)") == "1":
            return []
        return [f"It recovered {self.known.position}, and {recorded} was executed when it was held."]

    def stop(self) -> None:
        self._shell.must(_STOP, what="The server did not stop", seconds=_STOP_SECONDS)

    def check_stopped(self) -> list[Check]:
        directory, seconds = self._found["data_directory"], self._order.check_seconds
        tool = f"innochecksum ({self.known.version})"
        check, said = run_check(self._shell, "checksums", _INNOCHECKSUM, directory, tool=tool, seconds=seconds)
        if said.code == _NO_FILES:
            check = unavailable("checksums", tool, "no table is in a file of its own")
        return [check]

    def lost_since(self, ask: Ask) -> dict[str, t.Any]:
        rows = ask(self._position_statement)
        live = rows[0][0] if rows and rows[0] else ""
        now = _gtids(self.known.position)
        behind = sum(max(0, number - now.get(domain, 0)) for domain, number in _gtids(live).items())
        return {"live_position": live, "transactions": behind if self._is_mariadb and now else None}

    @property
    def _is_mariadb(self) -> bool:
        return "mariadb" in self.known.version.lower()

    @property
    def _position_statement(self) -> str:
        return "select @@gtid_binlog_pos" if self._is_mariadb else "select @@global.gtid_executed"

    def _ask(self, statement: str) -> str:
        return self._shell.must(_ASK, statement, what="The server does not answer").strip()


def _gtids(text: str) -> dict[str, int]:
    """The newest number of each domain, of MariaDB's ``domain-server-number``."""
    found: dict[str, int] = {}
    for domain, number in re.findall(r"\b(\d+)-\d+-(\d+)\b", text):
        found[domain] = max(found.get(domain, 0), int(number))
    return found


def _with_tables(lines: t.Sequence[str], complaints: t.Collection[str]) -> tuple[str, ...]:
    """Each complaint after the table that it is about, which is on a line of its own."""
    found: list[str] = []
    table = ""
    for line in lines:
        if line.strip() in complaints:
            found.append(f"{table}: {line.strip()}" if table else line.strip())
        elif not re.match(r"^\s*(note|status)", line, re.IGNORECASE):
            table = line.split()[0]
    return tuple(found[:20])


__all__ = ("MariadbProof",)
