# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A network namespace of its own for a process of the host that would serve ports on every address of the machine."""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import os
import socket
import typing as t
from pathlib import Path

from kubelab.commands import LabError, run

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET; os.unshare and os.setns came with Python 3.12
_LISTENING = "0A"


@contextlib.contextmanager
def own_network(addresses: t.Sequence[str] = ()) -> t.Iterator[None]:
    """What is started and listened on in here is in a new namespace, which has a loopback interface only.

    That has these IPv4 addresses, besides its own.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net", "rb") as outside:
        _must(libc.unshare(_NEW_NETWORK))
        try:
            run("ip", "link", "set", "lo", "up")
            for address in addresses:
                if not ipaddress.IPv4Address(address).is_loopback:
                    run("ip", "addr", "add", f"{address}/32", "dev", "lo")
            yield
        finally:
            _must(libc.setns(outside.fileno(), _NEW_NETWORK))


def listen_beside(pid: int, address: str) -> socket.socket:
    """A socket that listens on a free port of ``address`` in the network namespace of a process; who has it serves."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net", "rb") as own, open(f"/proc/{pid}/ns/net", "rb") as other:
        _must(libc.setns(other.fileno(), _NEW_NETWORK))
        try:
            return socket.create_server((address, 0), backlog=256)
        finally:
            _must(libc.setns(own.fileno(), _NEW_NETWORK))


def _must(result: int) -> None:
    if result != 0:
        raise LabError(f"A network namespace could not be made, or entered: {os.strerror(ctypes.get_errno())}.")


def listens(pid: int, port: int) -> bool:
    """Whether somebody listens on this port in the network namespace of a process."""
    for name in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/{pid}/net/{name}").read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            if int(fields[1].rpartition(":")[2], 16) == port and fields[3] == _LISTENING:
                return True
    return False


__all__ = ["listen_beside", "listens", "own_network"]
