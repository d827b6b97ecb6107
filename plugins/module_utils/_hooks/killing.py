# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""End a command whose time is over: the end of an exec stream does not, the command runs on in its container."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import exec_command

_SHELL = ("/bin/sh", "-c")
_MARKER = re.compile(rb"arkive-hook pid=([0-9]+) born=([0-9]+)\n")
_KILL_SECONDS = 20.0

#: Says who it is, then becomes the command. ``born`` (ticks of uptime): a later owner of its number has another.
TRACK = (
    'b(){ read -r s<"/proc/$1/stat";set -- ${s##*) };shift 19;echo "$1";};'
    'echo "arkive-hook pid=$$ born=$(b $$)">&2;exec "$@"'
)

#: ``$1`` pid, ``$2`` born, ``$3`` the name of a process 1 that is hurt by children it does not know. The runtime makes
#: an exec the leader of a session: the number stands for all of it.
#: TERM, three seconds of patience, KILL, and then nothing of it may be left.
#: Where process 1 is PostgreSQL, those without children go first, so that their parents reap them: one that lost its
#: parent becomes a child of the server, which takes the signal for a crash of its own and ends all sessions (PostgreSQL
#: 15, CleanupBackend in postmaster.c). Parents go on with what they would have done next, until it is their turn.
KILL = (
    "p=$1 o=$2 n=${3:-postgres} c=;read -r c</proc/1/comm 2>/dev/null;"
    'all(){ l= h=" ";for f in /proc/[0-9]*/stat;do read -r s<"$f"||continue;i=${s%% *};set -- ${s##*) };'
    # A child that waits to be reaped is one still.
    '[ "$3" = "$p" ]||[ "$4" = "$p" ]&&h="$h$2 ";case $1 in Z|X)continue;;esac;'
    # A leader that was born later is somebody else: the number was free, so nothing of ours is left.
    '[ "$i" = "$p" ]&&{ shift 19;[ "$1" = "$o" ]||{ l=;return 1;};l="$l $i";continue;};'
    '{ [ "$3" = "$p" ]||[ "$4" = "$p" ];}&&l="$l $i";done 2>/dev/null;[ -n "$l" ];};'
    'leaves(){ t=;for i in $l;do case $h in *" $i "*);;*)t="$t $i";;esac;done;l=${t:-$l};};'
    'k=0;while all;do [ $k -gt 8 ]&&exit 1;[ "$c" = "$n" ]&&leaves;'
    "if [ $k -lt 3 ];then kill -15 $l;else kill -9 $l;fi 2>/dev/null;"
    "k=$((k+1));sleep 1;done;exit 0"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Tracked:
    """The process that a command became, in its container."""

    pid: str
    born: str


def tracked_argv(argv: t.Sequence[str]) -> list[str]:
    """``argv``, so that it says who it is before it starts."""
    return [*_SHELL, TRACK, "arkive-hook", *argv]


def take_tracked(stderr: bytes) -> tuple[bytes, Tracked | None]:
    """``stderr`` without the line that the command's process wrote first, and what it says."""
    found = _MARKER.search(stderr)
    if found is None:
        return stderr, None
    return stderr[: found.start()] + stderr[found.end() :], Tracked(found[1].decode(), found[2].decode())


def kill_tracked(client: KubeClient, tracked: Tracked, *, namespace: str, pod: str, container: str) -> str:
    """End the process with all of its session. Empty when it is proven that nothing of it is left, else why not."""
    never = CancelToken()
    try:
        result = exec_command(
            client.with_cancel(never),
            namespace=namespace,
            pod=pod,
            container=container,
            argv=[*_SHELL, KILL, "arkive-kill", tracked.pid, tracked.born],
            timeout=_KILL_SECONDS,
            cancel=never,
        )
    except KubeError as exc:
        return exc.message
    return "" if result.rc == 0 else f"process {tracked.pid} does not end"


__all__ = ("KILL", "TRACK", "Tracked", "kill_tracked", "take_tracked", "tracked_argv")
