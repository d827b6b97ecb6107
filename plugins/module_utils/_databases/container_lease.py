# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lease for a lock that is not bound to a session: a process beside the server unlocks it when we are silent.

It is started before the lock, with a client of its own that is connected by then, and is detached from our stream. Its
state is in memory, in ``/dev/shm/arkive-db-<id>``: ``until``, when it ends, in seconds of uptime; ``asked``, once it
may be locked; ``won``, a directory that the one makes who unlocks, the process or the release; ``client``, by number
and start the process that is our client. Where the release has made ``won``, and the lease has ended for a while, the
release died at its work, and the process unlocks. It ends our client first: a lock that this is slow to ask for, as it
or the run stood still, would be granted when nobody is left who unlocks. It goes on until its own client says that
nothing is locked by us.

Lines that begin with ``@`` are for the shell around our client, all others for the client.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import Server

#: What the client prints once it is connected, and once nothing is locked by us any more.
READY, UNLOCKED = "arkive-ready", "arkive-unlocked"
#: Before a line with an answer.
ROW = "arkive-row "
_SHM = "/dev/shm/arkive-db-"
_UPTIME = "now(){ read -r n x </proc/uptime;n=${n%%.*};}"
#: DIRECTORY CLIENT GREETING UNLOCK. It sends the unlocking statement until that says that nothing is locked.
TIMER = f"""
d=$1 c=$2 g=$3 u=$4
{_UPTIME}
ended() {{
  read -r p b <"$d/client" && read -r x <"/proc/$p/stat" || return 0
  set -- ${{x##*) }}
  [ "${{20}}" = "$b" ] && kill -9 "$p"
}}
said() {{ case $(cat "$d/said" 2>/dev/null) in *"$1"*) return 0;; esac; return 1; }}
tend() {{
  printf '%s\\n' "$g"
  until said {READY}; do [ -d "$d" ] || exit 0; sleep 1; done
  echo >"$d/ready"
  while [ ! -e "$d/fired" ]; do
    [ -d "$d" ] || exit 0
    now; l=; read -r l <"$d/until"
    if [ -n "$l" ] && [ "$n" -ge "$l" ]; then
      [ -e "$d/asked" ] || {{ rm -rf "$d"; exit 0; }}
      if mkdir "$d/won" 2>/dev/null || [ "$n" -ge $((l+5)) ]; then echo >"$d/fired"; fi
    fi
    sleep 1
  done
  ended 2>/dev/null
  # What it has sent has come to the server by then.
  sleep 1
  until said {UNLOCKED}; do [ -d "$d" ] || exit 0; printf '%s\\n' "$u"; sleep 1; done
  rm -rf "$d"
}}
echo $$ >"$d/timer"
while [ -d "$d" ]; do echo >"$d/said"; tend | eval "$c" >>"$d/said" 2>&1; [ ! -d "$d" ] || sleep 1; done
"""
#: CLIENT GREETING UNLOCK TIMER. The shell around our client. It stays on as the parent of the process that unlocks:
#: pid 1 of a container often reaps nobody, and each that is dead takes a number of those that the pod may have.
SESSION = f"""
c=$1 g=$2 u=$3 m=$4
k=/dev/shm/arkive-client-$$
umask 077
{_UPTIME}
lasts() {{ now; echo $((n+$1+1)) >"$d/until.new" && mv "$d/until.new" "$d/until"; }}
tell() {{ printf '\\n{ROW}{{"a":"%s"}}\\n%s done\\n' "$1" "$2" >&4; }}
tend() {{ setsid /bin/sh -c "$m" arkive-timer "$d" "$c" "$g" "$u" </dev/null >/dev/null 2>&1 4>&- & }}
lives() {{ read -r p <"$d/timer" && kill -0 "$p"; }}
arm() {{
  [ -s "$k" ] || sleep 1  # it has only just been started
  mkdir "$d" && mv "$k" "$d/client" && lasts 40 || {{ rm -rf "$d"; return 1; }}
  tend
  i=0
  until [ -e "$d/ready" ]; do
    sleep 1; i=$((i+1))
    [ $i -lt 20 ] || {{ rm -rf "$d"; return 1; }}
  done
}}
renew() {{ echo >"$d/asked" && lasts "$1" && [ ! -d "$d/won" ] && {{ lives || tend; }}; }}
exec 4>&1
{{
  # A client that was ended is found by what is written to it.
  trap : PIPE
  printf '%s\\n' "$g"
  while IFS= read -r line; do
    case $line in
      @*) ;;
      *) printf '%s\\n' "$line" 2>/dev/null || break; continue;;
    esac
    set -- $line
    d={_SHM}$2
    case $1 in
      @arm) if arm 2>/dev/null; then tell armed "$3"; else tell unarmed "$3"; fi;;
      @renew) if renew "$3" 2>/dev/null; then tell renewed "$4"; else tell lapsed "$4"; fi;;
      @claim)
        if mkdir "$d/won" 2>/dev/null; then echo >"$d/won/release"; tell claimed "$3"
        elif [ -e "$d/won/release" ]; then tell claimed "$3"
        else tell lapsed "$3"; fi;;
      @clear) rm -rf "$d"; tell cleared "$3";;
    esac
  done
  exec >&- 4>&-
  wait
}} | /bin/sh -c '
  f=$0 c=$1
  read -r x </proc/$$/stat
  set -- ${{x##*) }}
  echo "$$ ${{20}}" 2>/dev/null >"$f"
  eval "$c"
' "$k" "$c"
r=$?
rm -f "$k"
exit $r
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ContainerLease:
    """``name``: of this lease, in its container."""

    name: str
    seconds: int

    def arm(self, server: Server) -> None:
        """Before the lock. Raises ``DatabaseError`` where nobody would unlock it but us."""
        if answer(server.ask(f"@arm {self.name}")) != "armed":
            raise DatabaseError(
                "Nothing in its container would unlock it if this run died: the process that does that did not start.",
                hint="It takes the programs sh, setsid, sleep, mkdir, mv, cat and rm, and /dev/shm.",
            )

    def renew(self, server: Server) -> bool:
        """From now on, once before the lock is asked for. False where the lease has run out."""
        return bool(answer(server.ask(f"@renew {self.name} {self.seconds}")) == "renewed")

    def claim(self, server: Server) -> bool:
        """It is ours to unlock. False where the lease has run out, or was none."""
        return bool(answer(server.ask(f"@claim {self.name}")) == "claimed")

    def clear(self, server: Server) -> None:
        """It is unlocked: nobody needs to any more."""
        server.ask(f"@clear {self.name}")


def answer(rows: t.Sequence[t.Sequence[str]]) -> t.Any:
    """What is in the last row that has an answer; other lines are what the client prints by itself."""
    found = [row[0].removeprefix(ROW) for row in rows if row and row[0].startswith(ROW)]
    return json.loads(found[-1]).get("a") if found else None


__all__ = ("READY", "ROW", "SESSION", "TIMER", "UNLOCKED", "ContainerLease", "answer")
