# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shell programs of the timer. POSIX sh: they run in dash, bash and busybox, in somebody else's container.

They are short because an exec carries them in its URL. All state of a timer is in ``/dev/shm/arkive-<id>``, memory
that no freeze can block, and that the containers of a pod share:

============  =====================================================================================
``timer``     ``<pid> <born>`` of the timer; another one that is written here has taken its place
``freezer``   ``<process group> <born> <born of pid 1>`` of the freezing command, written by itself before it starts
``at``        uptime when the freeze returned
``until``     when the timer ends (seconds of uptime); exists only once the freeze has returned 0
``token``     a directory: who makes it (timer or release) may thaw, and the other one knows
``winner``    who made the token
``fired``     the timer has thawed: ``<uptime> <1 when something was frozen>``
``thawed``    uptime when a release has thawed: for another one, where the answer of the first got lost
``released``  the release is proven, or nothing was ever frozen: the timer may go. The uptime when that was
============  =====================================================================================

``born`` is the start time of a process (field 22 of its ``stat``): a number may have gone to another process, and in a
container that was started again to any.

A timer ends only when the freezer is gone and a thaw worked after that, or found nothing frozen. A freeze that
arrives after its release refuses to start, because the release has made the directory.

Who starts a timer stays on as its parent, and starts it again when it was killed; its caller leaves when it has said
its last words. So the timer has somebody to reap it: pid 1 of a container often reaps nobody. Where the parent is
killed as well, the next renewal starts a new timer.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

MARKER = "arkive-lease"

_SHM = "/dev/shm/arkive-"
#: ``born PID``: its start time in ``b``, empty where it is gone, and its state in ``z``.
_BORN = 'born(){ b=;read -r s<"/proc/$1/stat"&&set -- ${s##*) }&&z=$1 b=${20};};'
#: ``alive GROUP BORN BORN_OF_1``: a process of the group lives (zombies are gone). Where the number went to somebody
#: else, nothing of the group is left; nor in a container that was started again. What is an hour younger is not of it.
_ALIVE = (
    'alive(){ born 1;[ "$b" = "$3" ]||return 1;born "$1";[ "${b:-$2}" = "$2" ]||return 1;'
    'for f in /proc/[0-9]*/stat;do read -r s<"$f"||continue;set -- "$1" "$2" ${s##*) };'
    '[ "$5" = "$1" ]&&[ $((${22}-$2)) -lt 360000 ]&&case $3 in Z|X);;*)return 0;;esac;done;return 1;} 2>/dev/null;'
)
#: ``slay GROUP``: kill it. Where process 1 is PostgreSQL those without children go first, so that their parents reap
#: them, and it is called again until nobody is left: see ``KILL`` of the hooks.
_SLAY = (
    'slay()(c=;read -r c</proc/1/comm;[ "$c" = postgres ]||{ kill -9 -$1;exit;};h=" " l= t=;'
    'for f in /proc/[0-9]*/stat;do read -r s<"$f"||continue;i=${s%% *};set -- "$1" ${s##*) };'
    '[ "$4" = "$1" ]||continue;h="$h$3 ";case $2 in Z|X);;*)l="$l $i";;esac;done;'
    'for i in $l;do case $h in *" $i "*);;*)t="$t $i";;esac;done;kill -9 ${t:--$1}) 2>/dev/null;'
)
#: ``timer``: true unless it is certain that the timer is dead.
_TIMER_LIVES = (
    'timer(){ read -r s x<"$d/timer"||return 0;born "$s";[ "$b" = "$x" ]||return 1;'
    "case $z in Z|X)return 1;;esac;return 0;} 2>/dev/null;"
)
_UPTIME = "now(){ read -r u x</proc/uptime;n=${u%%.*};};"
#: ``thaw``: sets ``t`` to 1 (thawed), 0 (nothing was frozen) or x (failed). ``$h`` holds the command, quoted for eval.
#: Where the tool is not there (127) and no freeze has returned 0, nothing was frozen.
_THAW = (
    'thaw(){ e=$(eval "$h" 2>&1 </dev/null);'
    'case $?$e in 0*)t=1;;*nvalid\\ arg*)t=0;;127*)t=0;[ -e "$d/at" ]&&t=x;;*)t=x;;esac;};'
)
#: Remove what is proven over, of whatever run. It is kept for a while: who comes to release a timer that has fired is
#: to be informed, and a freeze that comes late is to be refused.
_CLEAN = (
    f"now;for c in {_SHM}*;do for f in fired:60 released:600;do "
    '[ -f "$c/${f%:*}" ]&&read -r u x<"$c/${f%:*}"&&[ $((n-${u%%.*})) -gt ${f#*:} ]&&rm -rf "$c";done;done 2>/dev/null;'
)

#: The dead-man timer: DIR LEASE_SECONDS ARM_SECONDS THAW.
TIMER = (
    "d=$1 h=$4;"
    + _BORN
    + _ALIVE
    + _SLAY
    + _UPTIME
    + _THAW
    + 'born $$;me="$$ $b";echo "$me">"$d/timer";'
    + 'end(){ [ -e "$d/released" ]&&{ rm -rf "$d";exit;};x=;read -r x<"$d/timer";'
    # Where nothing can be read it goes on: somebody may have emptied /dev/shm.
    + 'case $x in ""|"$me");;*)exit;;esac;};'
    # One more: n is rounded down.
    + "now;l=$((n+$3+$2+1));"
    + 'while end;now;[ -e "$d/until" ]&&read -r l<"$d/until";[ $n -lt $l ];do sleep 1;done;'
    # The release holds the token: it is at work, or it died at it. Give it two seconds.
    + 'if mkdir "$d/token" 2>/dev/null;then echo lease>"$d/winner";else i=0;'
    + "while [ $i -lt 2 ];do sleep 1;end;i=$((i+1));done;fi;"
    + "w=0;"
    + 'while :;do g=1;if [ ! -e "$d/until" ]&&read -r p q o<"$d/freezer"&&alive "$p" "$q" "$o";'
    + "then g=0;slay $p;fi;"
    + 'thaw;[ $t = 1 ]&&w=1;now;echo "$u $w">"$d/f";[ $g$t = 11 ]&&break;[ $g$t = 10 ]&&break;sleep 1;end;done;'
    + 'mv "$d/f" "$d/fired"'
)

#: ``tend``: start the timer, ``$m``. ``stay WORDS``: say the last words, and be the timer's parent until the timer is
#: over, with closed streams.
_STAY = (
    'tend(){ setsid /bin/sh -c "$m" arkive-timer "$d" "$l" "$a" "$h" </dev/null >/dev/null 2>&1 & k=$!;};'
    f'stay(){{ echo "{MARKER} $i $*";echo "{MARKER} $i $*">&2;exec </dev/null >/dev/null 2>&1;'
    'while wait $k;[ -d "$d" ]&&[ ! -e "$d/fired" ];do timer||tend;sleep 1;done;};'
)

#: Freeze under a timer: ID LEASE_SECONDS ARM_SECONDS PLAIN THAW TIMER ARGV...
FREEZE = (
    f'i=$1 l=$2 a=$3 p=$4 h=$5 m=$6;d={_SHM}$i;umask 077;mkdir "$d" 2>/dev/null||{{ echo "'
    + MARKER
    + ' $i refused=1">&2;exit 125;};'
    + _UPTIME
    + _BORN
    + _TIMER_LIVES
    + _STAY
    + "shift 6;tend;"
    # Where the directory is gone, its release was there already.
    + "setsid /bin/sh -c '"
    + _BORN
    + 'born 1;o=$b;born $$;{ echo "$$ $b $o">"$0/freezer";} 2>/dev/null||exit 125;'
    + '[ -d "$0/token" ]&&exit 125;exec "$@"\' "$d" "$@" &\n'
    + "wait $!;r=$?;now;"
    + 'if [ $r = 0 ];then echo $u>"$d/at";echo $((n+l+1))>"$d/u"&&mv "$d/u" "$d/until";'
    # The tool said no, or is not there, so nothing of ours is frozen. Killed (128 and more) says nothing.
    + 'elif [ $p = 1 ]&&[ $r -lt 128 ];then echo $u>"$d/released";fi 2>/dev/null;'
    + "stay rc=$r up=$u;exit $r"
)

#: Release: ID PURE THAW [ARGV...]. PURE is 1 when ARGV is the recognised thaw of exactly this freeze.
RELEASE = (
    f"i=$1 p=$2 h=$3;shift 3;d={_SHM}$i;umask 077;"
    + _BORN
    + _ALIVE
    + _SLAY
    + _TIMER_LIVES
    + _UPTIME
    + _THAW
    + 'mkdir "$d" 2>/dev/null;s=;mkdir "$d/token" 2>/dev/null&&s=1&&echo release>"$d/winner";'
    + 'k=0;while [ ! -s "$d/winner" ]&&[ $k -lt 5 ];do sleep 1;k=$((k+1));done;w=lost;read -r w<"$d/winner";'
    # The timer got there first: let it finish.
    + 'if [ "$w" = lease ];then k=0;while [ ! -e "$d/fired" ]&&[ $k -lt 10 ]&&timer;do sleep 1;k=$((k+1));done;fi;'
    + 'g=1;if [ ! -e "$d/until" ]&&read -r q y o<"$d/freezer";then k=0;'
    + 'while alive "$q" "$y" "$o";do slay $q;k=$((k+1));[ $k -gt 8 ]&&{ g=0;break;};sleep 1;done;fi 2>/dev/null;'
    + "r=0 t=p;"
    + 'if [ $# -gt 0 ]&&{ [ "$w" = release ]||[ $p = 0 ];};then "$@";r=$?;'
    + "[ $p$r = 10 ]||thaw;else thaw;fi;"
    # Another release was here before, or still is.
    + '[ $t = 0 ]&&[ "$s$w" = release ]&&{ [ -s "$d/thawed" ]||sleep 1;};'
    + 'now;a=-;[ -e "$d/at" ]&&read -r a<"$d/at";v="- -";[ -e "$d/fired" ]&&read -r v<"$d/fired";'
    + 'case $t in 1|p)echo $u>"$d/thawed";;0)[ -s "$d/thawed" ]&&read -r u x<"$d/thawed"&&t=1;;esac;'
    # A timer that lives takes the directory away. Without one it stays only for a freeze that may still come.
    + 'case $g$t in 1p|1[01])echo $u>"$d/released";{ [ -e "$d/fired" ]||! timer;}&&rm -rf "$d";;esac;'
    + '[ $t = x ]&&echo "$e">&2;echo "'
    + MARKER
    + ' $i winner=$w gone=$g thaw=$t rc=$r at=$a up=$u fired=$v">&2;'
    + _CLEAN
    + "exit $r"
)

#: Renew: ID LEASE_SECONDS THAW TIMER. Ends with 3 when the timer is over, with 4 when there is none, and with 6 when
#: its timer was dead: then a new one runs.
RENEW = (
    f'i=$1 l=$2 a=1 h=$3 m=$4;d={_SHM}$i;umask 077;[ -e "$d/until" ]||exit 4;[ -d "$d/token" ]&&exit 3;'
    + _UPTIME
    + _BORN
    + _TIMER_LIVES
    + _STAY
    + 'now;echo $((n+l+1))>"$d/v"&&mv "$d/v" "$d/until";[ -d "$d/token" ]&&exit 3;timer&&exit 0;tend;stay rc=6'
)

#: Disarm without a thaw, for a freeze that is someone else's: ID.
DISARM = f'd={_SHM}$1;[ ! -d "$d" ]||{{ read -r u x</proc/uptime;echo $u>"$d/released";}}'

#: What the container can do, where the paths lead, and its mounts: PATH...
PROBE = (
    "for c in setsid sleep mkdir mv rm;do command -v $c >/dev/null||echo missing=$c;done;"
    f'd={_SHM}probe-$$;mkdir -p "$d" 2>/dev/null||echo missing=/dev/shm;rmdir {_SHM}probe-* 2>/dev/null;'
    + _UPTIME
    + _CLEAN
    # Its time is over for a minute, and no thaw is proven: its timer is dead, or cannot thaw.
    + f"for d in {_SHM}*;do l=;"
    + '[ -e "$d/fired" ]||[ -e "$d/released" ]||{ [ -f "$d/until" ]&&read -r l<"$d/until";};'
    + f'[ $((n-${{l:-$n}})) -gt 60 ]&&echo "left=${{d#{_SHM}}}";done;'
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
