# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs of pods that look after a repository (see ``scripts``, whose beginning they have in common).

What is too long for a termination message goes to the log, packed: lines ``arkive-told <name> <base64>``, and in the
message how many bytes it was (``told <name> <bytes>``), since a log may have lost its beginning.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

_TELL = r"""
export KOPIA_SEND_ERROR_NOTIFICATIONS=never
tell() { # name, file: to the log
  gzip -c "$2" | base64 -w 8000 | sed "s/^/arkive-told $1 /"
  printf 'told %s %s\n' "$1" "$(wc -c <"$2" | tr -d ' ')" >>"$said"
}
list() {
  step=list
  run k snapshot list --all --incomplete --json >/work/list.json 2>"$text" || fail $?
  [ -z "$cancelled" ] || stopped
}
state() {
  step=state
  run k maintenance info --json >/work/state.json 2>"$text" || fail $?
  [ -z "$cancelled" ] || stopped
}
verify() { # percent of the files that are read; 0: only whether all is there
  run kopia --no-auto-maintenance --disable-file-logging --disable-color snapshot verify --json \
    --verify-files-percent="$1" --max-errors=1000 >/work/verified.json 2>"$text"
}
shorten() { # to the last thing that is wrong: the end is their number
  grep '^error processing ' "$text" | tail -n 1 | cut -c 1-800 >/work/one || :
  [ ! -s /work/one ] || cat /work/one >"$text"
}
"""

_LOOK = r"""
repository connect --readonly
list
state
tell snapshots /work/list.json
tell state /work/state.json
report done
"""

#: A run that fails has written already when the next one is due; what it has done by then counts.
_MAINTAIN = r"""
repository connect
step=maintain
set --
[ -z "$MV_FULL" ] || set -- --full
quiet k maintenance run "$@" || fail $?
state
tell state /work/state.json
report done
"""

#: kopia reads each object once, and names the first file with it. So the files of all snapshots are looked through for
#: the bad ones.
_VERIFY = r"""
repository connect --readonly
throttle download
list
step=verify
follow "$text" &
follower=$!
verify "$MV_PERCENT" || rc=$?
kill "$follower" 2>/dev/null || :
[ -z "$cancelled" ] || stopped
if ! grep -q '"errorCount"' /work/verified.json; then
  [ "$rc" != 0 ] || rc=1
  fail "$rc"
fi
: >/work/damage
if [ "$rc" != 0 ]; then
  code=$rc
  grep '^error processing ' "$text" | cut -c 1-1000 >/work/errors || :
  sed -n 's/.*object \(I*[a-z]*[0-9a-f]\{32,\}\).*/\1/p' /work/errors | sort -u >/work/bad
  step=name
  for id in $(sed -n 's/^[[ ]*{"id":"\([0-9a-f]*\)".*/\1/p' /work/list.json); do
    [ -z "$cancelled" ] || stopped
    if ! run k list -r -o "$id" >/work/files 2>/work/one; then
      printf 'unread %s %s\n' "$id" "$(tail -n 1 /work/one | cut -c 1-500)" >>/work/damage
    fi
    [ ! -s /work/bad ] ||
      awk -v id="$id" 'NR == FNR { bad[$1] = 1; next } $1 in bad && n++ < 100 { print "bad " id " " $0 }' \
        /work/bad /work/files >>/work/damage
  done
  sed 's/^/error /' /work/errors >>/work/damage
  step=verify
  # It has failed, and names nothing that is damaged: that is no proof.
  [ -s /work/damage ] || grep -q '"errorCount": *[1-9]' /work/verified.json || fail "$code"
fi
cat /work/verified.json >/work/stats
tell snapshots /work/list.json
tell stats /work/stats
tell damage /work/damage
rc=0
report done
"""

#: The keys of the source are in kopia's configuration by then, so the environment is that of the copy. What is written
#: meanwhile may be listed in parts: until what was copied proves to be whole.
_COPY = r"""
repository connect --readonly
if [ -n "$MV_DELETE" ]; then
  step=whole
  verify 0 || rc=$?
  [ -z "$cancelled" ] || stopped
  [ "$rc" = 0 ] || { shorten; fail "$rc"; }
fi
MV_BUCKET=$MV_TO_BUCKET MV_PREFIX=$MV_TO_PREFIX MV_ENDPOINT=$MV_TO_ENDPOINT MV_REGION=$MV_TO_REGION
MV_TLS=$MV_TO_TLS MV_VERIFY=$MV_TO_VERIFY
export AWS_ACCESS_KEY_ID="$MV_TO_ACCESS_KEY_ID" AWS_SECRET_ACCESS_KEY="$MV_TO_SECRET_ACCESS_KEY"
unset AWS_SESSION_TOKEN ROOT_CA_PEM_BASE64
[ -z "${MV_TO_SESSION_TOKEN:-}" ] || export AWS_SESSION_TOKEN="$MV_TO_SESSION_TOKEN"
[ -z "$MV_TO_CA" ] || export ROOT_CA_PEM_BASE64="$MV_TO_CA"
copy() {
  step=copy
  set -- --bucket="$MV_BUCKET" --prefix="$MV_PREFIX" --endpoint="$MV_ENDPOINT"
  [ -z "$MV_REGION" ] || set -- "$@" --region="$MV_REGION"
  [ "$MV_TLS" = true ] || set -- "$@" --disable-tls
  [ "$MV_VERIFY" = true ] || set -- "$@" --disable-tls-verification
  [ "$MV_BANDWIDTH" = 0 ] || set -- "$@" --max-upload-speed="$MV_BANDWIDTH"
  follow "$text" &
  follower=$!
  run k repository sync-to --parallel=8 $MV_DELETE s3 "$@" >"$text" 2>&1 || rc=$?
  kill "$follower" 2>/dev/null || :
  [ -z "$cancelled" ] || stopped
  [ "$rc" = 0 ] || fail "$rc"
}
config=$KOPIA_CONFIG_PATH cache=$KOPIA_CACHE_DIRECTORY
proved() { # by one that has cached nothing of it
  export KOPIA_CONFIG_PATH="$config.copy$1" KOPIA_CACHE_DIRECTORY="$cache.copy$1"
  repository connect --readonly
  step=prove
  verify 0
}
printf 'at copy\n' >"$said"
for try in 1 2 3; do
  rc=0
  copy
  proved "$try" || rc=$?
  [ -z "$cancelled" ] || stopped
  [ "$rc" != 0 ] || { report done; exit 0; }
  rm -rf "$KOPIA_CACHE_DIRECTORY"
  export KOPIA_CONFIG_PATH="$config" KOPIA_CACHE_DIRECTORY="$cache"
done
shorten
fail 1
"""

LOOK = _TELL + _LOOK
MAINTAIN = _TELL + _MAINTAIN
VERIFY = _TELL + _VERIFY
COPY = _TELL + _COPY

__all__ = ("COPY", "LOOK", "MAINTAIN", "VERIFY")
