# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs that run in pods that move data: constant, so that nothing in a name is ever read as shell.

Everything that varies comes in the environment as ``MV_...``, keys and password from a Secret. What a pod has to say
is in its termination message (4 KiB): a first line ``arkive-mover <outcome> <step> <exit code>``, then its lines.
Outcomes are ``done``, ``failed`` and ``cancelled``. The same goes to the log, as the message may be lost.

What kopia 0.22 does, and why it is called so (docs/compatibility 18.2): ``--no-auto-maintenance``, since any command
would maintain the repository beside Velero; a source, a pin and a policy by which nothing expires, before each
snapshot, since the last writer's policy stays; an exit code proves nothing.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.upkeep_scripts import (
    COPY,
    LOOK,
    MAINTAIN,
    VERIFY,
)

Action: t.TypeAlias = t.Literal["open", "create", "upload", "download", "forget", "look", "maintain", "verify", "copy"]

#: Where a pod says how it ended.
MESSAGE_PATH = "/dev/termination-log"
#: On a volume in memory: kopia's configuration holds the keys in clear.
SECRET_DIR = "/run/mover"
#: A restore wants its parent to be writable.
WORK_DIR = "/work"
DATA_DIR = f"{WORK_DIR}/data"
#: A volume that is being filled has this file, so that the next run may go on, and nobody takes it for whole.
PARTIAL_FILE = ".arkive-restoring"
#: Tells the snapshots of one pod apart.
JOB_TAG = "arkive-job"

_PRELUDE = r"""
umask 077
export LC_ALL=C
step=start rc=0 text=/work/text said=/work/said cancelled= reported=
mkdir -p /work/tmp
: >"$text"
: >"$said"
message() { # outcome
  printf 'arkive-mover %s %s %s\n' "$1" "$step" "$rc"
  head -c 3000 "$said"
  if [ "$1" != done ]; then
    tail -c 900 "$text" | tr '\r' '\n'
    # Programs lose their words then.
    [ "$(df -P /work 2>/dev/null | awk 'NR == 2 { print $4 }')" -ge 16 ] 2>/dev/null ||
      printf '\nno space left on device, in the folder in which the pod works\n'
  fi
}
report() { # outcome
  trap '' TERM
  reported=1
  message "$1" >/dev/termination-log || :
  message "$1" | sed 's/^/arkive-mover> /'
}
trap 'ended=$?; [ -n "$reported" ] || { rc=$ended; report failed; }' EXIT
fail() { rc=$1; report failed; exit 1; }
stopped() { rc=143; report cancelled; exit 1; }
k() { kopia --no-auto-maintenance --disable-file-logging --disable-color "$@"; }
trap 'cancelled=1; [ -z "${pid:-}" ] || kill -TERM "$pid" 2>/dev/null' TERM INT
run() { # a command that a cancelled pod ends; its output is in the files of the caller
  "$@" &
  pid=$!
  while :; do
    rc=0
    wait "$pid" || rc=$?
    kill -0 "$pid" 2>/dev/null || break
  done
  pid=
  return "$rc"
}
quiet() {
  code=0
  run "$@" >"$text" 2>&1 || code=$?
  [ -z "$cancelled" ] || stopped
  return "$code"
}
repository() { # connect or create, and more options
  step=$1
  verb=$1
  shift
  set -- "$@" --bucket="$MV_BUCKET" --prefix="$MV_PREFIX" --endpoint="$MV_ENDPOINT"
  [ -z "$MV_REGION" ] || set -- "$@" --region="$MV_REGION"
  [ "$MV_TLS" = true ] || set -- "$@" --disable-tls
  [ "$MV_VERIFY" = true ] || set -- "$@" --disable-tls-verification
  set -- "$@" --override-username=default --override-hostname=default --no-check-for-updates
  set -- "$@" --content-cache-size-mb=400 --content-cache-size-limit-mb=600
  set -- "$@" --metadata-cache-size-mb=400 --metadata-cache-size-limit-mb=600
  began=$(date +%s)
  quiet timeout -k 5 "$MV_CONNECT_SECONDS" \
    kopia --no-auto-maintenance --disable-file-logging --disable-color repository "$verb" s3 "$@" || {
    code=$?
    # It has not run out of time, so somebody else has killed it.
    [ "$code" != 137 ] || [ "$(($(date +%s) - began))" -ge "$MV_CONNECT_SECONDS" ] || code=9
    fail "$code"
  }
}
throttle() {
  [ "$MV_BANDWIDTH" = 0 ] || quiet k repository throttle set "--$1-bytes-per-second=$MV_BANDWIDTH" || fail $?
}
follow() { # the last line of kopia's progress, now and then
  while sleep 5; do tail -c 400 "$1" | tr '\r' '\n' | grep -v '^ *$' | tail -n 1 | sed 's/^/progress /'; done
}
"""

_OPEN = r"""
repository connect $MV_READONLY
report done
"""

_CREATE = r"""
repository create
report done
"""

_UPLOAD = r"""
tagged() { # ids of the snapshots that a pod of this name has made
  k snapshot list --all --incomplete --json --tags="arkive-job:$1" 2>>"$text" |
    sed -n 's/^[[ ]*{"id":"\([0-9a-f]*\)".*/\1/p'
}
discard() { # by the name of the pod that made them
  for id in $(tagged "$1"); do k snapshot delete --delete "$id" >>"$text" 2>&1 || return 1; done
}
scan() {
  find /work/data ! -type d \( -type f -links +1 -printf 'hardlink %P\n' , -type p -printf 'fifo %P\n' , \
    -type s -printf 'socket %P\n' , \( -type b -o -type c \) -printf 'device %P\n' , \
    -name '*.kopia-entry' -printf 'entry %P\n' \) 2>/dev/null
  if tar --help 2>/dev/null | grep -q -- --xattrs-include; then
    tar --xattrs "--xattrs-include=*" --acls --numeric-owner -cvvf /dev/null -C /work/data . 2>/dev/null |
      sed -n 's/^[^ ]\{10\}\([+*]\) .*[0-9][0-9]:[0-9][0-9]  *\(\.\/.*\)$/\1 \2/p' |
      sed 's/^+ \.\//acl /; s/^\* \.\//xattr /'
  else
    echo 'unseen xattr'
  fi
}
repository connect
throttle upload
for job in $MV_DISCARD; do step=discard; discard "$job" || fail $?; done
step=policy
source="default@default:$MV_SOURCE"
most=2147483647
quiet k policy set "$source" --ignore-cache-dirs=false --remove-dot-ignore=.kopiaignore --add-dot-ignore=.arkive-none \
  --clear-ignore --compression=none --manual --ignore-unknown-types=true --ignore-file-errors=false \
  --ignore-dir-errors=false --ignore-identical-snapshots=false \
  --keep-latest=$most --keep-hourly=$most --keep-daily=$most --keep-weekly=$most --keep-monthly=$most \
  --keep-annual=$most || fail $?
unread= # only root reads it; without what it has found, there is nothing in it
[ ! -d /work/data/lost+found ] || [ -r /work/data/lost+found ] || unread=yes
[ -z "$unread" ] || quiet k policy set "$source" --add-ignore=/lost+found || fail $?
step=upload
scan >/work/losses 2>/dev/null &
scanner=$!
set -- --override-source="$source" --description="$MV_DESCRIPTION" --pin="$MV_PIN" --fail-fast --json
[ "$MV_PARALLEL" = 0 ] || set -- "$@" --parallel="$MV_PARALLEL"
IFS='
'
for tag in $MV_TAGS; do set -- "$@" --tags="$tag"; done
unset IFS
set -- "$@" --tags="arkive-job:$MV_JOB" --no-send-snapshot-report
follow "$text" &
follower=$!
run kopia --no-auto-maintenance --disable-file-logging --disable-color --progress-update-interval=5s \
  snapshot create /work/data "$@" >/work/out.json 2>"$text" || rc=$?
kill "$follower" 2>/dev/null || :
if [ -n "$cancelled" ]; then
  kill "$scanner" 2>/dev/null || :
  discard "$MV_JOB" || step=discard
  stopped
fi
if [ "$rc" != 0 ] || ! grep -q '^{"id":"' /work/out.json || grep -q '"incomplete":"' /work/out.json; then
  cp "$text" /work/kept
  sed -n 's/.*"errors":\[\(.\{0,1500\}\).*/errors \1/p' /work/out.json | head -n 1 >"$said"
  code=$rc
  discard "$MV_JOB" || printf 'left %s\n' "$MV_JOB" >>"$said"
  cat /work/kept >"$text"
  fail "$code"
fi
step=scan
wait "$scanner" || :
[ -z "$unread" ] || echo 'unread lost+found' >>/work/losses
{
  printf 'manifest '; head -c 2200 /work/out.json | tr -d '\n'; echo
  printf 'uploaded %s\n' "$(tr '\r' '\n' <"$text" | sed -n 's/.* uploaded \([0-9.]* *[A-Za-z]*\).*/\1/p' | tail -n 1)"
  for kind in hardlink fifo socket device acl xattr unseen unread; do
    sed -n "s/^$kind //p" /work/losses >/work/one
    [ ! -s /work/one ] || printf 'loss %s %s %s\n' "$kind" "$(wc -l </work/one)" "$(head -n 1 /work/one | head -c 80)"
  done
} >"$said"
step=upload
# Nobody waits for it any more, so nobody would name it.
if [ -n "$cancelled" ]; then
  discard "$MV_JOB" || step=discard
  stopped
fi
report done
"""

_DOWNLOAD = r"""
entries() { find /work/data -mindepth 1 -maxdepth 1 ! -name lost+found ! -name .arkive-restoring; }
count() { # files, their bytes, links, folders
  find /work/data -mindepth 1 ! -path /work/data/lost+found ! -path /work/data/.arkive-restoring -printf '%y %s\n' |
    awk '{ n[$1]++; s[$1] += $2 } END { printf "%.0f %.0f %.0f %.0f\n", n["f"], s["f"], n["l"], n["d"] }'
}
of() { sed -n "s/.*\"summ\":{[^}]*\"$1\":\([0-9]*\).*/\1/p" /work/manifest.json; } # of its summary
occupied() {
  step=look
  entries | head -n 1 | sed 's/^.*\///' >"$text"
  fail 17
}
step=look
mark=/work/data/.arkive-restoring
filled=
if [ -f "$mark" ]; then
  [ "$(cat "$mark")" = "$MV_SNAPSHOT" ] || fail 18
elif [ -n "$(entries | head -n 1)" ]; then
  # An earlier pod may have filled it, and whoever waited for that one has not heard it.
  [ "$MV_AGAIN" = true ] || occupied
  filled=maybe
fi
repository connect --readonly
throttle download
step=snapshot
run k snapshot list --all --incomplete --json >/work/list.json 2>"$text" || fail $?
[ -z "$cancelled" ] || stopped
grep "^[[ ]*{\"id\":\"$MV_SNAPSHOT\"" /work/list.json | head -n 1 | sed 's/^[[ ]*//; s/,$//' >/work/manifest.json
rm -f /work/list.json
[ -s /work/manifest.json ] || { : >"$text"; fail 2; }
! grep -q '"incomplete":"' /work/manifest.json || { : >"$text"; fail 3; }
root=$(sed -n 's/.*"rootEntry":{[^{]*"obj":"\([^"]*\)".*/\1/p' /work/manifest.json)
size=$(of size)
if [ -n "$filled" ]; then # what is not that is nobody's to overwrite
  set -- $(count)
  folders=$(($(of dirs) - $4)) # the root, and perhaps lost+found
  [ "$1 $2 $3" = "$(of files) $(of size) $(of symlinks)" ] && [ "$folders" -ge 1 ] && [ "$folders" -le 2 ] || occupied
  MV_SKIP="$MV_SKIP --skip-existing"
fi
step=space
printf '%s\n' "$MV_SNAPSHOT" 2>"$text" >"$mark" || fail $?
room=$(df -P -B1 /work/data | awk 'NR == 2 { print $2 }')
if [ -n "$size" ] && [ -z "$MV_SPARSE" ] && [ "$size" -gt "${room:-$size}" ]; then
  printf 'it has %s bytes, and the snapshot %s\n' "$room" "$size" >"$text"
  fail 28
fi
step=download
set -- --parallel="$MV_PARALLEL" $MV_SPARSE $MV_SKIP
follow "$text" &
follower=$!
run kopia --no-auto-maintenance --disable-file-logging --disable-color --progress-update-interval=5s \
  restore "$MV_SNAPSHOT" /work/data "$@" >"$text" 2>&1 || rc=$?
kill "$follower" 2>/dev/null || :
[ -z "$cancelled" ] || stopped
[ "$rc" = 0 ] || fail "$rc"
step=sync
sync -f /work/data 2>"$text" || fail $?
step=compare
{
  printf 'manifest '; head -c 2200 /work/manifest.json | tr -d '\n'; echo
  printf 'counted %s\n' "$(count)"
} >"$said"
# Owners and modes of some folders, which the controller compares: the root, and others by chance.
find /work/data -mindepth 1 -type d ! -path /work/data/lost+found -printf '%P\n' | grep -v '[[:cntrl:]\\]' |
  shuf -n "$MV_SAMPLES" >/work/folders || :
{ echo; cat /work/folders; } | while IFS= read -r folder; do
  k show "$root${folder:+/$folder}" >/work/show 2>/work/tmp/show.err || continue
  printf 'sample 1 %s ' "$(head -c 150000 /work/show | base64 | tr -d '\n')"
  find "/work/data/$folder" -mindepth 1 -maxdepth 1 -printf '%U %G %m %y %f\0' | head -c 150000 | base64 | tr -d '\n'
  echo
done
rm -f "$mark"
sync -f /work/data
report done
"""

_FORGET = r"""
repository connect
step=forget
row=0 # of those that failed one after the other: of more the next would fail as well
for id in $MV_IDS; do
  if quiet k snapshot delete --delete "$id"; then
    printf 'forgot %s\n' "$id" >>"$said"
    row=0
  elif grep -q 'no snapshots matched' "$text"; then
    printf 'missing %s\n' "$id" >>"$said"
  else
    [ -e /work/kept ] || cp "$text" /work/kept
    row=$((row + 1))
    [ "$row" -lt 3 ] || break
  fi
done
if [ -e /work/kept ]; then
  cat /work/kept >"$text"
  fail 1
fi
report done
"""

_BODIES: t.Mapping[Action, str] = {
    "open": _OPEN,
    "create": _CREATE,
    "upload": _UPLOAD,
    "download": _DOWNLOAD,
    "forget": _FORGET,
    "look": LOOK,
    "maintain": MAINTAIN,
    "verify": VERIFY,
    "copy": COPY,
}


def script_of(action: Action, *, before: str = "") -> str:
    """The whole program; ``before``: what it does first."""
    return _PRELUDE.lstrip("\n") + before + _BODIES[action]


__all__ = (
    "DATA_DIR",
    "JOB_TAG",
    "MESSAGE_PATH",
    "PARTIAL_FILE",
    "SECRET_DIR",
    "WORK_DIR",
    "Action",
    "script_of",
)
