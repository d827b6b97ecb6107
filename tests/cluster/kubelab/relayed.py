# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Others' servers as processes of the host, in a network namespace of their own.

They serve ports on every address, which no option changes. A relay brings them to the API server and the S3 server, at
the addresses that these have on the host or for pods, and nowhere else.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import typing as t
import urllib.parse
from pathlib import Path

from kubelab.commands import LabError, processes_started_as, wait_until
from kubelab.model import CODE
from kubelab.netns import own_network


class Relayed:
    """The processes of one ``name`` that belong to a state directory; ``pids`` finds those that it is there for."""

    def __init__(self, state: Path, name: str, pids: t.Callable[[], list[int]]) -> None:
        self._state = state
        self._name = name
        self._pids = pids

    @contextlib.contextmanager
    def network(self, servers: t.Mapping[str, str], log: Path) -> t.Iterator[None]:
        """What is started in here is in the new namespace, and reaches these servers only.

        ``servers``: the URL that it has for each, and the one at which the server is outside. Most have the same twice.
        """
        addresses = [urllib.parse.urlsplit(url) for url in servers]
        with contextlib.ExitStack() as listening:
            with own_network([str(each.hostname) for each in addresses]):
                listeners = [
                    listening.enter_context(socket.create_server((str(each.hostname), each.port or 0), backlog=256))
                    for each in addresses
                ]
                yield
            self._start_relay({x.fileno(): url for x, url in zip(listeners, servers.values(), strict=True)}, log)

    def _start_relay(self, urls: t.Mapping[int, str], log: Path) -> None:
        """Have sockets served that listen in there, whose numbers are the keys."""
        argv = [sys.executable, str(CODE / "lab.py"), "_relay", "--fd", *map(str, urls)]
        argv += ["--server", *(urllib.parse.urlsplit(url).netloc for url in urls.values())]
        start_session([*argv, *self._mark], log, list(urls))

    @property
    def _mark(self) -> tuple[str, ...]:
        return "--state", str(self._state), "--for", self._name

    def _all_pids(self) -> list[int]:
        return [*self._pids(), *processes_started_as(*self._mark, having="_relay")]

    def kill(self) -> None:
        """End them and their relay, each of a session; nothing happens when there is none."""
        for pid in self._all_pids():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        if not wait_until(lambda: not self._all_pids(), 10):
            raise LabError(f"The processes of {self._name} do not end.")


def start_session(
    argv: t.Sequence[str],
    log: Path,
    fds: t.Sequence[int] = (),
    *,
    folder: Path = Path("/"),
    environment: t.Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, without waiting; what it writes is added to the log."""
    with log.open("ab") as out:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            cwd=folder,
            env=environment,
            pass_fds=fds,
        )


def log_tail(log: Path) -> str:
    """The end of a log, for an error."""
    return log.read_text(encoding="utf-8", errors="replace")[-4000:] if log.exists() else ""


__all__ = ["Relayed", "log_tail", "start_session"]
