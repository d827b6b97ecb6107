# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Redis or Valkey brought up from a copy of its files, without its configuration: no primary, no port, no modules."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.redis import keys_of
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.run_check import run_check
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.server_proof import (
    Ask,
    Check,
    ProofOrder,
    ServerFacts,
)
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.shell import SERVE

#: DIRECTORY FILE MOUNTS: the first two as they were recorded, or empty. What lies deeper than the server's own files
#: may be a copy that somebody has made beside them.
_FIND = """
r=$1 name=${2:-*.rdb}; shift 2
if [ -n "$r" ] && [ -d "$r" ]; then set -- "$r"; fi
s=$(command -v valkey-server || command -v redis-server) || { echo "the image has no redis-server" >&2; exit 5; }
echo "server: $s"
look() {
  what=$1 pattern=$2 but=$3; shift 3
  for n in 1 2 3 4; do
    f=$(find "$@" -mindepth "$n" -maxdepth "$n" -name "$pattern" ! -name "$but" ! -name 'temp*' 2>/dev/null)
    if [ -n "$f" ]; then echo "$f" | while IFS= read -r each; do echo "$what: $each"; done; break; fi
  done
}
look manifest '*.aof.manifest' '' "$@"
look dump "$name" '*.base.rdb' "$@"
look log '*.aof' '*.*.aof' "$@"
"$s" --version
"""
#: The server is its own checker, by the name that it is called by. The files of a manifest are looked at one by one:
#: valkey-check-aof of Valkey 9.1 takes a base whose format is VALKEY080 for a broken one, which valkey-check-rdb reads.
_CHECK = """
n=${2##*/}; n=${n%-server} s=$2 r=0
look() {
  ln -sf "$s" "$w/$n-check-$1" || exit 127
  as_owner "$2" "$w/$n-check-$1" "$2" 2>&1 || r=1
}
case $3 in
*.manifest)
  while read -r _ f _ _ _ t _; do
    [ "$t" != h ] || continue
    case $f in *.rdb) look rdb "${3%/*}/$f" ;; *) look aof "${3%/*}/$f" ;; esac
  done <"$3" ;;
*) look "$1" "$3" ;;
esac
exit $r
"""
_START = f"""{SERVE}
s=$1 of=$2; shift 2
serve "$of" "$s" "$@" --port 0 --unixsocket $w/server.sock --protected-mode yes --daemonize no --save '' \\
  --replicaof no one
"""
_ASK = """
c=$(command -v valkey-cli || command -v redis-cli) || { echo "the image has no redis-cli" >&2; exit 127; }
"$c" -s $w/server.sock $1
"""
_STOP = """
c=$(command -v valkey-cli || command -v redis-cli)
"$c" -s $w/server.sock shutdown nosave >/dev/null 2>&1
n=0; while [ ! -e $w/server.rc ] && [ $n -lt 150 ]; do sleep 0.2; n=$((n+1)); done
[ -e $w/server.rc ]
"""
_TRUNCATED = re.compile(r"Truncating the AOF|AOF loaded anyway|--fix option")
_STOP_SECONDS = 60.0


class RedisProof:
    """A ``ServerProof``."""

    def __init__(self, order: ProofOrder) -> None:
        self._order = order
        self._shell = order.shell
        self._found: dict[str, str] = {}
        self._with_log = False
        self.known = ServerFacts()

    def find(self) -> None:
        what = "The copy has no files of Redis that can be started"
        directory, file = (str(self._order.facts.get(name) or "") for name in ("data_directory", "dump_file"))
        said = self._shell.must(_FIND, directory, file, *self._order.mounts, what=what)
        lines = [line.partition(": ") for line in said.splitlines()]
        self._found = {name: value for name, colon, value in lines if colon}
        version = re.search(r"v=([0-9.]+)", said)
        name = "Valkey" if self._found["server"].endswith("valkey-server") else "Redis"
        self.known.version = f"{name} {version[1] if version else ''}".strip()
        log, dump = self._found.get("manifest") or self._found.get("log"), self._found.get("dump")
        recorded = self._order.facts.get("append_only")
        self._with_log = bool(log) if recorded is None else bool(recorded)
        if not (log if self._with_log else dump):
            wanted = "append-only file" if self._with_log else "dump"
            raise ProofError(f"The copy has no files of Redis that can be started: there is no {wanted}.")
        name = "manifest" if self._found.get("manifest") else "log"
        several = [value for kind, _colon, value in lines if kind == (name if self._with_log else "dump")]
        if len(several) > 1:
            raise ProofError(
                f"Nothing says which of {', '.join(several)} is the server's.",
                hint="Hold the database in the backup: then its directory is recorded.",
            )
        self.known.facts["append_only"] = self._with_log

    def check_files(self) -> list[Check]:
        file, kind = (self._log_file, "aof") if self._with_log else (self._found["dump"], "rdb")
        tool = f"redis-check-{kind} ({self.known.version})"
        check, said = run_check(
            self._shell,
            f"check-{kind}",
            _CHECK,
            kind,
            self._found["server"],
            file,
            tool=tool,
            seconds=self._order.check_seconds,
        )
        if check.state == "failed" and not self._order.facts and _TRUNCATED.search("\n".join(said.lines)):
            self.known.warnings.append(
                "The end of the append-only file is cut off, as it may be where the server was not held: what was "
                "written last is not in the copy."
            )
            check = dataclasses.replace(check, state="passed")
        return [check]

    def start(self) -> None:
        options = [*self._order.arguments]
        if self._with_log:
            directory, _slash, name = self._log_file.rpartition("/")
            if self._found.get("manifest"):
                directory, _slash, folder = directory.rpartition("/")
                options += ["--appenddirname", folder]
                name = name.removesuffix(".manifest")
            options += ["--appendonly", "yes", "--appendfilename", name, "--auto-aof-rewrite-percentage", "0"]
        else:
            directory, _slash, name = self._found["dump"].rpartition("/")
            options += ["--appendonly", "no", "--dbfilename", name]
        options += ["--dir", directory]
        owned = self._log_file if self._with_log else self._found["dump"]
        self._shell.must(_START, self._found["server"], owned, *options, what="Redis could not be started")

    def serves(self) -> bool:
        said = self._shell.run(_ASK, "INFO persistence")
        if said.code or not re.search(r"^loading:0\s*$", said.out, re.MULTILINE):
            return False
        self._look()
        return True

    def check_isolation(self) -> None:
        found = self._info("replication")
        if found.get("role") != "master":
            raise ProofError(f"Redis was stopped, as its role is {found.get('role')}: it would follow a primary.")

    def checks(self) -> t.Iterator[Check]:
        """Its files are all there is to check."""
        yield from ()

    def problems(self) -> list[str]:
        found = []
        if self._order.facts and _TRUNCATED.search(self._shell.server_log()):
            found.append("The end of its append-only file was cut off, although it was held.")
        recorded = self._order.facts.get("keys")
        if isinstance(recorded, dict):
            found += self._too_few(recorded)
        return found

    def stop(self) -> None:
        self._shell.must(_STOP, what="Redis did not stop", seconds=_STOP_SECONDS)

    def check_stopped(self) -> list[Check]:
        return []

    def lost_since(self, ask: Ask) -> dict[str, t.Any]:
        found = _members(row[0] for row in ask("INFO replication"))
        keys = keys_of(_members(row[0] for row in ask("INFO keyspace")))
        return {"live_position": found.get("master_repl_offset", ""), "live_keys": keys}

    @property
    def _log_file(self) -> str:
        return self._found.get("manifest") or self._found.get("log", "")

    def _look(self) -> None:
        self.known.position = self._info("replication").get("master_repl_offset", "")
        self.known.facts["keys"] = keys_of(self._info("keyspace"))

    def _too_few(self, recorded: t.Mapping[str, t.Any]) -> t.Iterator[str]:
        """Keys that expire may have gone since."""
        now = self.known.facts["keys"]
        for name, counts in recorded.items():
            if not isinstance(counts, dict):
                continue
            least = int(counts.get("keys", 0)) - int(counts.get("expires", 0))
            there = int(now.get(name, {}).get("keys", 0))
            if there < least:
                yield f"Its {name} has {there} keys, and had {counts.get('keys')} when it was held."

    def _info(self, section: str) -> dict[str, str]:
        said = self._shell.must(_ASK, f"INFO {section}", what="Redis does not answer")
        return _members(said.splitlines())


def _members(lines: t.Iterable[str]) -> dict[str, str]:
    rows = (line.strip().partition(":") for line in lines)
    return {name: value for name, colon, value in rows if colon}


__all__ = ("RedisProof",)
