# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs of an upload inside of the application's pod: what ``scripts`` has, and who hands over and who waits.

The container waits for a command that is run in it (``hand_over``), whose input is what it needs: lines
``NAME=<base64>``, then a dot. They pass by a FIFO into the environment of its processes, and are written nowhere. That
command then stays as long as its input is open: when it is gone, so is the controller, and the container gives up.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import re

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.scripts import WORK_DIR, script_of

#: No volume can be added to a pod: its own files lie in the container's own layer. No key is among them.
EPHEMERAL_DIR = "/tmp/arkive-mover"
#: Until somebody hands over what it needs; the container ends after that, in seconds.
_WAIT_SECONDS = 120
#: From the signal to end until what has not ended is killed, in seconds.
KILL_SECONDS = 30

#: Parts of programs that nobody but the controller tells to end, and that were given their configuration.
STOP = r"""
stop() { # at the second time what does not end is killed: nobody else would do it
  how=${cancelled:+KILL}
  cancelled=1
  [ -z "${pid:-}" ] || kill "-${how:-TERM}" "$pid" 2>/dev/null || :
}
trap stop TERM INT
"""
GIVEN_REPOSITORY = r"""
repository() { # its configuration was given, without keys, which kopia finds in its environment
  step=connect
  printf '%s' "$MV_CONFIG" >"$KOPIA_CONFIG_PATH"
  quiet timeout -k 5 "$MV_CONNECT_SECONDS" \
    kopia --no-auto-maintenance --disable-file-logging --disable-color repository status || fail $?
}
"""

_AWAIT = r"""
# Where the memory of the pod ends, it is this that goes, and not the application.
echo 1000 2>/dev/null >/proc/self/oom_score_adj || :
step=wait
mkfifo /work/in
tries=0
until [ -s /work/here ]; do
  [ -z "$cancelled" ] || stopped
  tries=$((tries + 1))
  [ "$tries" -le @TRIES@ ] || fail 1
  sleep 0.2
done
read -r lifeline </work/here
given=$(timeout 60 cat /work/in) || fail 1
case $given in *.) ;; *) fail 1 ;; esac
set -f
IFS='
'
for line in $given; do
  [ "$line" != . ] || break
  value=$(printf '%s' "${line#*=}" | base64 -d && echo .) # a newline at its end would go
  export "${line%%=*}=${value%?}"
done
unset IFS given line value
set +f
@STOP@
# Two dollars in a row are one to Kubernetes.
read -r main more </proc/self/stat
( while [ ! -e /work/gone ] && kill -0 "$lifeline" && kill -0 "$main"; do sleep 1; done
  kill -TERM "$main"
  sleep @KILL@
  kill -TERM "$main" ) 2>/dev/null &
@REPOSITORY@
"""

_HAND_OVER = r"""
umask 077
tries=0
until [ -p /work/in ]; do
  tries=$((tries + 1))
  [ "$tries" -le 150 ] || exit 3
  sleep 0.2
done
[ ! -e /work/here ] || exit 4
echo "$$" >/work/here.new
mv /work/here.new /work/here
while IFS= read -r line; do
  printf '%s\n' "$line"
  [ "$line" != . ] || break
done >/work/in
cat >/dev/null
: >/work/gone
"""


def ephemeral_script() -> str:
    """The whole program of the container."""
    before = _AWAIT.replace("@TRIES@", str(_WAIT_SECONDS * 5)).replace("@KILL@", str(KILL_SECONDS))
    before = before.replace("@STOP@\n", STOP.lstrip("\n")).replace("@REPOSITORY@\n", GIVEN_REPOSITORY.lstrip("\n"))
    return _placed(script_of("upload", before=before))


def hand_over_script() -> str:
    """The command that gives it what it needs, and shows that somebody is there."""
    return _placed(_HAND_OVER.lstrip("\n"))


def _placed(script: str) -> str:
    """Whoever the container runs as may write there; the volume is mounted where it is for a Job."""
    return re.sub(rf"{WORK_DIR}(?!/data)\b", EPHEMERAL_DIR, script)


__all__ = (
    "EPHEMERAL_DIR",
    "GIVEN_REPOSITORY",
    "KILL_SECONDS",
    "STOP",
    "ephemeral_script",
    "hand_over_script",
)
