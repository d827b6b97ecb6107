# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""At which port the server of a container is: a client reaches those of all containers of the pod.

Redis and Valkey show it in the name of their process (``proc-title-template``). Where none is to be seen, as in a
sidecar that has the client alone, the port is the one that the container is told by its environment.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

#: Sets ``port``, with the client ``$c``, its password in the environment, and ``$user``. A server with TLS is named
#: after that port, and may have another one beside it.
OWN_PORT = """
port=${REDIS_PORT_NUMBER:-${VALKEY_PORT_NUMBER:-6379}} own=
for t in /proc/[0-9]*/cmdline; do
  l=
  IFS= read -r l <"$t" || [ -n "$l" ] || continue
  case ${l%% *} in *redis-server|*valkey-server) ;; *) continue ;; esac
  case $l in *:[0-9]*) l=${l##*:} l=${l%%[!0-9]*} ;; *) continue ;; esac
  case "$own " in *" $l "*) ;; *) own="$own $l" ;; esac
done 2>/dev/null
case "$own " in
  ' '|*" $port "*) ;;
  *)
    if [ -n "$user" ]; then t=$("$c" -p "$port" --user "$user" CONFIG GET tls-port </dev/null 2>/dev/null | sed -n 2p)
    else t=$("$c" -p "$port" CONFIG GET tls-port </dev/null 2>/dev/null | sed -n 2p); fi
    case $t in ''|0) t=none ;; esac
    case "$own " in
      *" $t "*) ;;
      ' '*' '*' ')
        echo "arkive: the servers of this container are at the ports$own, and none is at $port" >&2
        exit 65 ;;
      *) port=${own# } ;;
    esac ;;
esac
"""

__all__ = ("OWN_PORT",)
