# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands in the container of a proof, and how the server of a database is started there and watched."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import printable
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import mask
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import exec_command
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.scratch_pod import WORK

_STEP_SECONDS = 30.0
_MAX_OUTPUT = 256 << 10
_LOG_LINES = 40
#: Who may write the files of the database runs what works with them, also where the container is root's.
PRELUDE = f"""
w={WORK}; export HOME=$w TMPDIR=$w LC_ALL=C; umask 077
as_owner() {{
  of=$1; shift
  if [ "$(id -u)" != 0 ]; then "$@"; return $?; fi
  u=$(stat -c %u "$of") g=$(stat -c %g "$of")
  if [ "$u" = 0 ]; then "$@"; return $?; fi
  chown "$u:$g" $w; chown -R "$u:$g" $w/* 2>/dev/null
  if setpriv --reuid="$u" --regid="$g" --clear-groups true 2>/dev/null; then
    setpriv --reuid="$u" --regid="$g" --clear-groups "$@"
  elif command -v gosu >/dev/null 2>&1; then gosu "$u:$g" "$@"
  elif command -v su-exec >/dev/null 2>&1; then su-exec "$u:$g" "$@"
  elif chroot --userspec="$u:$g" / true 2>/dev/null; then chroot --userspec="$u:$g" / "$@"
  else echo "nothing in the image runs a program as another user" >&2; return 96
  fi
}}
"""
#: ``serve OWNED COMMAND...``: in the background, its end noted; it lives on when the stream of the command is gone.
SERVE = """
serve() {
  rm -f $w/server.rc $w/server.log; : >$w/server.log
  (as_owner "$@" >>$w/server.log 2>&1 </dev/null; echo $? >$w/server.rc) </dev/null >/dev/null 2>&1 &
}
"""
#: ``several FOUND``: ends the script where it is more than one line. Of two copies of a server's files the wrong one
#: may be whole, and that proves nothing.
SEVERAL = """
several() {
  case $1 in
    *"
"*) echo "nothing says which of these is the server's: $(echo $1)" >&2; exit 7 ;;
  esac
}
"""
_ENDED = f"[ ! -e {WORK}/server.rc ] || cat {WORK}/server.rc"
_LOG = f"tail -c {_MAX_OUTPUT} {WORK}/server.log 2>/dev/null"


class Said(t.NamedTuple):
    """How a command ended. The texts may be shown: without secrets, and without what steers a terminal."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return [line for line in f"{self.out}\n{self.err}".splitlines() if line.strip()]

    def last(self, count: int = 3) -> str:
        return " | ".join(line.strip() for line in self.lines[-count:])[:600]


class Shell:
    """The container's shell. ``client``: whose cancel token ends what is under way."""

    def __init__(self, client: KubeClient, namespace: str, pod: str, container: str) -> None:
        self._client = client
        self._namespace = namespace
        self._pod = pod
        self._container = container

    def run(self, script: str, *arguments: str, seconds: float = _STEP_SECONDS) -> Said:
        """Raises ``KubeError`` where it could not be run, or did not end in time."""
        found = exec_command(
            self._client,
            namespace=self._namespace,
            pod=self._pod,
            container=self._container,
            argv=["/bin/sh", "-c", f"{PRELUDE}{script}", "arkive", *arguments],
            timeout=seconds,
            max_output=_MAX_OUTPUT,
        )
        return Said(found.rc, _shown(found.stdout), _shown(found.stderr))

    def must(self, script: str, *arguments: str, what: str, seconds: float = _STEP_SECONDS) -> str:
        """What it prints. Raises ``ProofError`` unless it ends well; ``what``: the beginning of the sentence."""
        said = self.run(script, *arguments, seconds=seconds)
        if said.code:
            raise ProofError(f"{what}: {said.last() or f'exit code {said.code}'}.")
        return said.out

    def server_ended(self) -> str:
        """The exit code of the server, empty while it runs."""
        return self.run(_ENDED).out.strip()

    def server_log(self) -> str:
        return self.run(_LOG).out

    def log_end(self) -> list[str]:
        """The last lines that the server wrote."""
        return self.server_log().splitlines()[-_LOG_LINES:]


def _shown(data: bytes) -> str:
    """Lines that end as Redis ends them are lines."""
    return printable(mask(data.decode("utf-8", "replace").replace("\r\n", "\n")))


__all__ = ("PRELUDE", "SERVE", "SEVERAL", "Said", "Shell")
