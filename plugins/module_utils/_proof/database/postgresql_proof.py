# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PostgreSQL brought up from a copy of its files, by settings of ours alone.

None of the original's settings is read: not its postgresql.conf, not what ALTER SYSTEM has written, not the signal
files of a standby. So no archiver, no receiver of WAL, no subscription and no scheduler that is preloaded can start.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

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
major=$(cat "$d/PG_VERSION")
for b in /usr/lib/postgresql/$major/bin /opt/bitnami/postgresql/bin /usr/pgsql-$major/bin /usr/local/bin; do
  if [ -x "$b/postgres" ]; then PATH=$b:$PATH; fi
done
"""
#: RECORDED MOUNTS: the data directory that was recorded as it was held comes first.
_FIND = f"""{SEVERAL}
r=$1 d=; shift
for each in "$r" "${{PGDATA:-}}" "$@"; do
  if [ -n "$each" ] && [ -s "$each/global/pg_control" ]; then d=$each; break; fi
done
if [ -z "$d" ]; then
  f=$(find "$@" -maxdepth 5 -path '*/global/pg_control' 2>/dev/null); several "$f"; d=${{f%/global/pg_control}}
fi
if [ -z "$d" ] || [ ! -s "$d/PG_VERSION" ]; then echo "no PG_VERSION with a global/pg_control" >&2; exit 3; fi
real=$(cd "$d" && pwd -P) in=
for each in "$@"; do
  m=$(cd "$each" && pwd -P) && case $real/ in "${{m%/}}"/*) in=1 ;; esac
done
if [ -z "$in" ]; then echo "$d is in no volume that was made from a snapshot" >&2; exit 6; fi
if [ ! -d "$d/pg_wal/." ]; then echo "$d/pg_wal is not there: its volume has no snapshot" >&2; exit 4; fi
{_PROGRAMS}
if ! command -v postgres >/dev/null 2>&1; then echo "the image has no postgres of version $major" >&2; exit 5; fi
echo "data_directory: $d"
echo "server: $(postgres --version)"
echo "container_user: ${{POSTGRES_USER:-}}"
pg_controldata -D "$d" 2>/dev/null || true
"""
#: Everything that would make it act, listen, or need what is not here.
_SETTINGS: t.Mapping[str, str] = {
    "archive_mode": "off",
    "archive_command": "",
    "listen_addresses": "",
    "max_wal_senders": "0",
    "max_replication_slots": "0",
    "max_logical_replication_workers": "0",
    "primary_conninfo": "",
    "restore_command": "",
    "shared_preload_libraries": "",
    "session_preload_libraries": "",
    "local_preload_libraries": "",
    "synchronous_standby_names": "",
    "ssl": "off",
    "hot_standby": "off",
    "autovacuum": "off",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_min_messages": "log",
    "lc_messages": "C",
    "restart_after_crash": "off",
    "event_triggers": "off",
    "huge_pages": "off",
    "max_connections": "20",
    "jit": "off",
}
#: What the server is asked again before it is asked for anything else.
_ISOLATION = ("archive_mode", "listen_addresses", "max_wal_senders", "max_logical_replication_workers")
_START = f"""{SERVE}
d=$1; {_PROGRAMS}
rm -f "$d/postmaster.pid" "$d/standby.signal" "$d/recovery.signal" "$d/recovery.conf"
rm -rf "$d"/pg_replslot/*
: >"$d/postgresql.auto.conf"
if [ -n "$3" ]; then printf %s "$3" >"$d/backup_label"; fi
if [ -n "$4" ]; then printf %s "$4" >"$d/tablespace_map"; fi
printf %s "$2" >$w/postgresql.conf
printf 'local all all trust\\n' >$w/pg_hba.conf
: >$w/pg_ident.conf
chmod 644 $w/postgresql.conf $w/pg_hba.conf $w/pg_ident.conf
shift 4
serve "$d" postgres -D "$d" -c config_file=$w/postgresql.conf -c hba_file=$w/pg_hba.conf \\
  -c ident_file=$w/pg_ident.conf -c unix_socket_directories=$w "$@"
"""
_PSQL = f"""
d=$1; u=$2; q=$3; {_PROGRAMS}
psql -X -A -t -q -w -F '|' -v ON_ERROR_STOP=1 -h $w -d "${{4:-template1}}" -U "$u" -c "$q"
"""
_AMCHECK = f"""
d=$1; u=$2; {_PROGRAMS}
command -v pg_amcheck >/dev/null 2>&1 || exit 127
pg_amcheck -h $w -U "$u" --all --install-missing --heapallindexed --jobs=2 2>&1
"""
_DUMP = f"""
d=$1; u=$2; {_PROGRAMS}
command -v pg_dumpall >/dev/null 2>&1 || exit 127
pg_dumpall -h $w -U "$u" -w --database=template1 >/dev/null
"""
_CHECKSUMS = f"""
d=$1; {_PROGRAMS}
command -v pg_checksums >/dev/null 2>&1 || exit 127
as_owner "$d" pg_checksums --check -D "$d" 2>&1
"""
_STOP = f"""
d=$1; {_PROGRAMS}
read -r p <"$d/postmaster.pid" && kill -INT "$p"
n=0; while [ ! -e $w/server.rc ] && [ $n -lt 600 ]; do sleep 0.2; n=$((n+1)); done
[ -e $w/server.rc ]
"""
_LOOK = (
    "select current_setting('server_version'), pg_is_in_recovery(), pg_current_wal_lsn(), "
    "(select timeline_id from pg_control_checkpoint()), (select count(*) from pg_database where datallowconn)"
)
_LIVE = "select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end"
_LSN = r"([0-9A-F]{1,8}/[0-9A-F]{1,8})"
#: How the end of the WAL is told, by what is found behind it (xlogreader.c of PostgreSQL 11 to 18).
_WAL_END = re.compile(rf"LOG:\s+(?:invalid|incorrect|record with) .*\bat {_LSN}")
_REDO_DONE = re.compile(rf"redo done at {_LSN}")
_LAST_COMMIT = re.compile(r"last completed transaction was at log time (\S+ \S+ \S+)")
_STOP_SECONDS = 150.0


class PostgresqlProof:
    """A ``ServerProof``."""

    def __init__(self, order: ProofOrder) -> None:
        self._order = order
        self._shell = order.shell
        self._directory = ""
        self._control: dict[str, str] = {}
        self._user = ""
        self._end_of_wal = ""
        self.known = ServerFacts()

    def find(self) -> None:
        recorded = str(self._order.facts.get("data_directory") or "")
        what = "The copy has no files of PostgreSQL that can be started"
        said = self._shell.must(_FIND, recorded, *self._order.mounts, what=what)
        self._control = dict(_pair(line) for line in said.splitlines() if ":" in line)
        self._directory = self._control["data_directory"]
        self.known.version = self._control.get("server", "")
        facts = self.known.facts
        facts["data_directory"] = self._directory
        for name, key in (
            ("state_before", "Database cluster state"),
            ("system_identifier", "Database system identifier"),
        ):
            if self._control.get(key):
                facts[name] = self._control[key]
        facts["checksums"] = self._control.get("Data page checksum version", "0") != "0"

    def check_files(self) -> list[Check]:
        return []

    def start(self) -> None:
        label, spaces = self._label()
        what = "PostgreSQL could not be started"
        self._shell.must(_START, self._directory, self._settings(), label, spaces, *self._arguments(), what=what)

    def serves(self) -> bool:
        for user in self._users():
            said = self._shell.run(_PSQL, self._directory, user, "select pg_is_in_recovery()")
            if said.code == 0 and said.out.strip() == "f":
                self._user = user
                self._look()
                return True
            if said.code and "does not exist" in said.err and user == self._users()[-1]:
                raise ProofError(
                    f"PostgreSQL serves, and no user of {', '.join(self._users())} can look at it: {said.last(1)}.",
                    hint="Name a superuser of the database as user.",
                )
        return False

    def check_isolation(self) -> None:
        for name in _ISOLATION:
            value = self._ask(f"show {name}")
            if value != _SETTINGS[name]:
                raise ProofError(
                    f"PostgreSQL was stopped, as its setting {name} is '{value}', not '{_SETTINGS[name]}'."
                )

    def checks(self) -> t.Iterator[Check]:
        tool = "pg_amcheck --heapallindexed"
        seconds = self._order.check_seconds
        check, said = run_check(
            self._shell, "amcheck", _AMCHECK, self._directory, self._user, tool=self._tool(tool), seconds=seconds
        )
        if check.state == "failed" and "could not open extension control file" in "\n".join(said.lines):
            check = unavailable("amcheck", tool, "the image does not have the extension amcheck")
        yield check
        yield run_check(
            self._shell, "read", _DUMP, self._directory, self._user, tool=self._tool("pg_dumpall"), seconds=seconds
        )[0]
        yield from compare_counts("postgresql", self._order.facts.get("counts"), self.known, self._count)

    def _count(self, database: str, statement: str) -> Said:
        seconds = self._order.check_seconds
        return self._shell.run(_PSQL, self._directory, self._user, statement, database, seconds=seconds)

    def problems(self) -> list[str]:
        recorded = self._order.facts
        found = []
        start, end = str(recorded.get("start_position") or ""), self.known.position
        if start and end and _number(end) < _number(start):
            found.append(f"It recovered up to {end} only, and {start} was on the disk when it was held.")
        timeline, now = recorded.get("timeline"), self.known.facts.get("timeline")
        if isinstance(timeline, int) and isinstance(now, int) and now < timeline:
            found.append(f"It is on timeline {now}, and was on {timeline} when it was held.")
        return found

    def stop(self) -> None:
        self._shell.must(_STOP, self._directory, what="PostgreSQL did not stop", seconds=_STOP_SECONDS)

    def check_stopped(self) -> list[Check]:
        tool = self._tool("pg_checksums --check")
        if not self.known.facts["checksums"]:
            return [unavailable("checksums", tool, "its data have no checksums")]
        seconds = self._order.check_seconds
        return [run_check(self._shell, "checksums", _CHECKSUMS, self._directory, tool=tool, seconds=seconds)[0]]

    def lost_since(self, ask: Ask) -> dict[str, t.Any]:
        rows = ask(_LIVE)
        now = rows[0][0] if rows and rows[0] else ""
        behind = _number(now) - _number(self.known.position) if now and self.known.position else None
        return {"live_position": now, "bytes_of_wal": max(0, behind) if behind is not None else None}

    def _label(self) -> tuple[str, str]:
        """For files that were cut one after the other; of one moment, recovery begins at pg_control's checkpoint."""
        facts = self._order.facts
        if not facts.get("write_label"):
            return "", ""
        return str(facts.get("backup_label") or ""), str(facts.get("tablespace_map") or "")

    def _settings(self) -> str:
        settings = dict(_SETTINGS)
        for name, key in (
            ("max_prepared_transactions", "max_prepared_xacts setting"),
            ("max_locks_per_transaction", "max_locks_per_xact setting"),
        ):
            if self._control.get(key, "").isdecimal():
                settings[name] = self._control[key]
        known = {name: value for name, value in settings.items() if self._knows(name)}
        return "".join(f"{name} = '{value}'\n" for name, value in known.items())

    def _knows(self, name: str) -> bool:
        """A setting that a version does not know keeps it from starting."""
        major = _major(self.known.version)
        since = {"jit": 11, "primary_conninfo": 12, "restore_command": 12, "event_triggers": 17}
        return major >= since.get(name, 0)

    def _arguments(self) -> list[str]:
        """Before ours on no account: what is given once more later counts."""
        ours = [word for name in _ISOLATION for word in ("-c", f"{name}={_SETTINGS[name]}")]
        return [*self._order.arguments, *ours]

    def _users(self) -> list[str]:
        recorded, own = str(self._order.facts.get("user") or ""), self._control.get("container_user", "")
        named = (self._order.user, recorded, own, "postgres")
        return list(dict.fromkeys(filter(None, named)))

    def _look(self) -> None:
        version, _recovery, position, timeline, databases = self._ask(_LOOK).split("|")
        log = self._shell.server_log()
        end = [match[1] for match in _WAL_END.finditer(log)]
        done = _REDO_DONE.search(log)
        known = self.known
        known.version = version
        known.position = end[-1] if end else position
        known.facts |= {"timeline": int(timeline), "databases": int(databases), "replayed": done is not None}
        commit = _LAST_COMMIT.search(log)
        if commit:
            known.facts["last_commit"] = commit[1]

    def _ask(self, statement: str) -> str:
        return self._shell.must(
            _PSQL, self._directory, self._user, statement, what="PostgreSQL does not answer"
        ).strip()

    def _tool(self, name: str) -> str:
        return f"{name} ({self.known.version})"


def _pair(line: str) -> tuple[str, str]:
    name, _colon, value = line.partition(":")
    return name.strip(), value.strip()


def _major(version: str) -> int:
    found = re.search(r"(\d+)", version)
    return int(found[1]) if found else 0


def _number(lsn: str) -> int:
    high, _slash, low = lsn.partition("/")
    try:
        return (int(high, 16) << 32) + int(low, 16)
    except ValueError:
        return 0


__all__ = ("PostgresqlProof",)
