# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs of a restored pod whose volumes are filled: what it waits with, what fills one, what lets it go on.

The pod waits in its first init container. Whatever fills a volume is a command that is run in that container: its input
is what it needs, lines ``NAME=<base64>`` and a dot, as in ``ephemeral_scripts``, and then stays open as long as the
controller is there. Its output is what a Job has in its log.

A container that is started again, as after a reboot of the node, knows by annotations of the pod whether all is there
(``restoring``): the node's own files of it are gone then, and nothing of this is in a volume.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.ephemeral_scripts import (
    EPHEMERAL_DIR,
    GIVEN_REPOSITORY,
    KILL_SECONDS,
    STOP,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.scripts import (
    DATA_DIR,
    WORK_DIR,
    script_of,
)

#: Where volumes are mounted, by their numbers. Not below the folder that the container's user makes.
_RESTORES_DIR = "/arkive-restores"

_WAIT = r"""
umask 077
export LC_ALL=C
said() {
  printf '%s\n' "$1"
  printf '%s\n' "$1" >/dev/termination-log || :
}
if [ -n "$ARKIVE_DATA_OF" ] && [ "$ARKIVE_DATA_OF" = "$ARKIVE_DATA_FILLED" ]; then
  said 'The volumes of this pod have got their data.'
  exit 0
fi
trap 'said "It was ended before the volumes of this pod had got their data."; exit 143' TERM INT
mkdir -p @DIR@
left=$ARKIVE_SECONDS
until [ -e @DIR@/filled ]; do
  if [ -e @DIR@/here ]; then # somebody is filling one
    rm -f @DIR@/here
    left=$ARKIVE_SECONDS
  fi
  left=$((left - 1))
  if [ "$left" -lt 0 ]; then
    said "Nobody has brought the data of the volumes of this pod ($ARKIVE_DATA_OF) for $ARKIVE_SECONDS s, and it does \
not start without. Run the restore '$ARKIVE_RESTORE' again, which brings it, or delete the pod."
    exit 1
  fi
  sleep 1 &
  wait "$!" || :
done
said 'The volumes of this pod have got their data.'
"""

#: What a run that died has begun ends by itself. It comes before anything is written.
_ALONE = r"""
others=0
while [ -f @DIR@/pid ] && kill -0 "$(cat @DIR@/pid)" 2>/dev/null; do
  others=$((others + 1))
  if [ "$others" -gt 300 ]; then
    echo 'arkive-mover> arkive-mover failed look 16'
    exit 1
  fi
  sleep 0.2
done
echo "$$" >@DIR@/pid
"""

_TAKE = r"""
# What is short of memory is this, and not the pod that waits.
echo 1000 2>/dev/null >/proc/self/oom_score_adj || :
step=wait
exec 3<&0
line=
while IFS= read -r line <&3 && [ "$line" != . ]; do
  value=$(printf '%s' "${line#*=}" | base64 -d && echo .) # a newline at its end would go
  export "${line%%=*}=${value%?}"
done
unset value
[ "$line" = . ] || fail 1
exec </dev/null
@STOP@
( cat <&3
  kill -TERM "$$"
  sleep @KILL@
  kill -TERM "$$" ) >/dev/null 2>&1 &
lifeline=$!
( while kill -0 "$$"; do : >@DIR@/here; sleep 1; done ) >/dev/null 2>&1 3<&- &
exec 3<&-
trap 'ended=$?; kill "$lifeline" 2>/dev/null; [ -n "$reported" ] || { rc=$ended; report failed; }
rm -rf /work @DIR@/pid' EXIT
@REPOSITORY@
"""

_LET_GO = r"""
: >@DIR@/filled
"""


def mount_path(number: int) -> str:
    """Where the volume of this number, from 0 on, is mounted while it is filled."""
    return f"{_RESTORES_DIR}/{number}"


def work_folder(number: int) -> str:
    """Where the command that fills it works: in the container's own layer, and gone when it ends."""
    return f"{EPHEMERAL_DIR}/{number}"


def wait_script() -> str:
    """The whole program of the init container."""
    return _WAIT.lstrip("\n").replace("@DIR@", EPHEMERAL_DIR)


def fill_script(number: int) -> str:
    """The command that fills a volume: what a Job would do, with what it is given by its input."""
    before = _TAKE.replace("@STOP@\n", STOP.lstrip("\n")).replace("@REPOSITORY@\n", GIVEN_REPOSITORY.lstrip("\n"))
    script = _ALONE.lstrip("\n") + script_of("download", before=before.replace("@KILL@", str(KILL_SECONDS)))
    script = script.replace(DATA_DIR, mount_path(number)).replace(WORK_DIR, work_folder(number))
    return script.replace("@DIR@", EPHEMERAL_DIR)


def let_go_script() -> str:
    """The command after which the pod goes on."""
    return _LET_GO.lstrip("\n").replace("@DIR@", EPHEMERAL_DIR)


__all__ = ("fill_script", "let_go_script", "mount_path", "wait_script", "work_folder")
