# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""The shell programs of the lease. POSIX sh: they run in dash, bash and busybox, in somebody else's container.

They are short because an exec carries them in its URL. All state of a lease is in ``/dev/shm/arkive-<id>``, memory
that no freeze can block:

============  =====================================================================================
``freezer``   process group of the freezing command, written by itself before it starts
``at``        uptime when the freeze returned
``until``     when the lease ends (seconds of uptime); exists only once the freeze has returned 0
``token``     a directory: who makes it (lease or release) may thaw, and the other one knows
``winner``    who made the token
``fired``     the lease has thawed: ``<uptime> <1 when something was frozen>``
``released``  the release is proven, or nothing was ever frozen: the timer may go
============  =====================================================================================

A lease ends only when the freezer is gone and a thaw worked after that, or found nothing frozen. A freeze that
arrives after its release refuses to start, because the release has made the directory.
"""

from __future__ import annotations

MARKER = "arkive-lease"


#: ``alive GROUP``: a process of the group lives (zombies are gone: pid 1 of a container often reaps nobody).
_ALIVE = (
    'alive(){ for f in /proc/[0-9]*/stat;do read -r s<"$f"||continue;s=${s##*) };set -- "$1" $s;'
    '[ "$4" = "$1" ]&&case $2 in Z|X);;*)return 0;;esac;done 2>/dev/null;return 1;};'
)
_UPTIME = "now(){ read -r u x</proc/uptime;n=${u%%.*};};"
#: ``thaw``: sets ``t`` to 1 (thawed), 0 (nothing was frozen) or x (failed). ``$h`` holds the command, quoted for eval.
#: Where the tool is not there (127) and no freeze has returned 0, nothing was frozen.
_THAW = (
    'thaw(){ e=$(eval "$h" 2>&1 </dev/null);'
    'case $?$e in 0*)t=1;;*nvalid\\ arg*)t=0;;127*)t=0;[ -e "$d/at" ]&&t=x;;*)t=x;;esac;};'
)

#: The dead-man timer: DIR LEASE_SECONDS ARM_SECONDS THAW.
TIMER = (
    "d=$1 h=$4;"
    + _ALIVE
    + _UPTIME
    + _THAW
    + 'end(){ [ -e "$d/released" ]&&{ rm -rf "$d";exit;};};'
    # One more: n is rounded down.
    + "now;l=$((n+$3+$2+1));"
    + 'while end;now;[ -e "$d/until" ]&&read -r l<"$d/until";[ $n -lt $l ];do sleep 1;done;'
    # The release holds the token: it is at work, or it died at it. Give it two seconds.
    + 'if mkdir "$d/token" 2>/dev/null;then echo lease>"$d/winner";else i=0;'
    + "while [ $i -lt 2 ];do sleep 1;end;i=$((i+1));done;fi;"
    + "w=0;"
    + 'while :;do g=1;if [ ! -e "$d/until" ]&&[ -e "$d/freezer" ]&&read -r p<"$d/freezer"&&alive "$p";'
    + "then g=0;kill -9 -$p;fi;"
    + 'thaw;[ $t = 1 ]&&w=1;now;echo "$u $w">"$d/f";[ $g$t = 11 ]&&break;[ $g$t = 10 ]&&break;sleep 1;end;done;'
    + 'mv "$d/f" "$d/fired"'
)

#: Freeze under a lease: ID LEASE_SECONDS ARM_SECONDS PLAIN THAW TIMER ARGV...
FREEZE = (
    'i=$1 l=$2 p=$4;d=/dev/shm/arkive-$i;umask 077;mkdir "$d" 2>/dev/null||{ echo "'
    + MARKER
    + ' $i refused=1">&2;exit 125;};'
    + _UPTIME
    + 'setsid /bin/sh -c "$6" arkive-timer "$d" "$2" "$3" "$5" </dev/null >/dev/null 2>&1 &\n'
    + "shift 6;"
    + 'setsid /bin/sh -c \'echo $$>"$0/freezer";[ -d "$0/token" ]&&exit 125;exec "$@"\' "$d" "$@" &\n'
    + "wait $!;r=$?;now;"
    + 'if [ $r = 0 ];then echo $u>"$d/at";echo $((n+l+1))>"$d/u"&&mv "$d/u" "$d/until";'
    # The tool said no, or is not there, so nothing of ours is frozen. Killed (128 and more) says nothing.
    + 'elif [ $p = 1 ]&&[ $r -lt 128 ];then :>"$d/released";fi 2>/dev/null;'
    + 'echo "'
    + MARKER
    + ' $i rc=$r up=$u">&2;exit $r'
)

#: Release: ID PURE THAW [ARGV...]. PURE is 1 when ARGV is the recognised thaw of exactly this freeze.
RELEASE = (
    "i=$1 p=$2 h=$3;shift 3;d=/dev/shm/arkive-$i;umask 077;"
    + _ALIVE
    + _UPTIME
    + _THAW
    + 'mkdir "$d" 2>/dev/null;mkdir "$d/token" 2>/dev/null&&echo release>"$d/winner";'
    + 'k=0;while [ ! -s "$d/winner" ]&&[ $k -lt 5 ];do sleep 1;k=$((k+1));done;w=lost;read -r w<"$d/winner";'
    # The lease got there first: let it finish.
    + 'if [ "$w" = lease ];then k=0;while [ ! -e "$d/fired" ]&&[ $k -lt 10 ];do sleep 1;k=$((k+1));done;fi;'
    + 'g=1;if [ ! -e "$d/until" ]&&[ -e "$d/freezer" ]&&read -r q<"$d/freezer";then k=0;'
    + 'while alive "$q";do kill -9 -$q;k=$((k+1));[ $k -gt 8 ]&&{ g=0;break;};sleep 1;done;fi 2>/dev/null;'
    + "r=0 t=p;"
    + 'if [ $# -gt 0 ]&&{ [ "$w" = release ]||[ $p = 0 ];};then "$@";r=$?;'
    + "[ $p$r = 10 ]||thaw;else thaw;fi;"
    + 'now;a=-;[ -e "$d/at" ]&&read -r a<"$d/at";f="- -";[ -e "$d/fired" ]&&read -r f<"$d/fired";'
    + 'case $g$t in 1p|1[01]):>"$d/released";[ -e "$d/fired" ]&&rm -rf "$d";;esac;'
    + 'echo "'
    + MARKER
    + ' $i winner=$w gone=$g thaw=$t rc=$r at=$a up=$u fired=$f">&2;exit $r'
)

#: Renew: ID LEASE_SECONDS.
RENEW = (
    'd=/dev/shm/arkive-$1;[ -e "$d/until" ]||exit 4;[ -d "$d/token" ]&&exit 3;'
    + _UPTIME
    + 'now;echo $((n+$2+1))>"$d/v"&&mv "$d/v" "$d/until";[ -d "$d/token" ]&&exit 3;exit 0'
)

#: Disarm without a thaw, for a freeze that is someone else's: ID.
DISARM = 'd=/dev/shm/arkive-$1;[ ! -d "$d" ]||:>"$d/released"'

#: What the container can do, where the paths lead, and its mounts: PATH...
PROBE = (
    "for c in setsid sleep mkdir mv rm;do command -v $c >/dev/null||echo missing=$c;done;"
    'd=/dev/shm/arkive-probe-$$;mkdir "$d" 2>/dev/null&&rmdir "$d"||echo missing=/dev/shm;'
    # printf, because the echo of some shells reads the \\040 of a blank.
    # readlink resolves a path whose last part is missing, too.
    'for p;do case $p in tool=*)command -v "${p#*=}" >/dev/null||echo "missing=${p#*=}";continue;;esac;'
    'printf "path=%s\\n" "$([ -e "$p" ]&&readlink -f -- "$p")";done;'
    'echo mountinfo;while read -r l;do printf "%s\\n" "$l";done</proc/self/mountinfo'
)

#: ``$p`` is thawed by whatever tool there is; the last exit code counts.
_ANY_TOOL = (
    'for c in /sbin/fsfreeze /usr/sbin/fsfreeze fsfreeze;do command -v $c >/dev/null&&exec $c --unfreeze "$p";done;'
    'command -v xfs_freeze >/dev/null&&exec xfs_freeze -u "$p";exit 127'
)
#: Thaw what is mounted at PATH, unless it is of another device than DEVICE (empty: whatever it is): DEVICE PATH.
#: It ends with 3 where it is, and with 4 where PATH is no mount.
THAW_MOUNT = (
    'w=$1;cd "$2"||exit 4;p=$(pwd -P);cd /;m=;'
    'while read -r a b c e f g;do case $f in *\\\\*)f=$(printf %b "$f");;esac;[ "$f" = "$p" ]&&m=$c;'
    "done</proc/self/mountinfo;"
    '[ -n "$m" ]||{ echo "$p is no mount">&2;exit 4;};'
    '[ -z "$w" ]||[ "$w" = "$m" ]||{ echo "device=$m">&2;exit 3;};'
) + _ANY_TOOL
#: The same for the mount that the kubelet made of a PersistentVolume, seen below /frozen: DEVICE VOLUME.
THAW_ON_NODE = (
    "w=$1 p= m=;while read -r a b c e f g;do case $f in "
    '/frozen/*/volumes/kubernetes.io~*/"$2"/mount|/frozen/*/volumes/kubernetes.io~*/"$2")p=$f m=$c;;esac;'
    "done</proc/self/mountinfo;"
    '[ -n "$p" ]||{ echo "volume $2 is not mounted on this node">&2;exit 4;};'
    '[ -z "$w" ]||[ "$w" = "$m" ]||{ echo "device=$m">&2;exit 3;};'
) + _ANY_TOOL

__all__ = ("DISARM", "FREEZE", "MARKER", "PROBE", "RELEASE", "RENEW", "THAW_MOUNT", "THAW_ON_NODE", "TIMER")
