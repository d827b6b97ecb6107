# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP to servers on this machine, whatever proxy the environment names."""

from __future__ import annotations

import socket
import ssl
import typing as t
import urllib.request


def fetch(url: str, *, timeout: float, context: ssl.SSLContext | None = None) -> bytes:
    """GET; the body.  Raises OSError, of which urllib's errors are a kind, when there is no good answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    with opener.open(url, timeout=timeout) as answer:
        body: bytes = answer.read()
    return body


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nothing listens on now."""
    sockets: list[socket.socket] = []
    try:
        for _number in range(count):
            sockets.append(socket.create_server(("127.0.0.1", 0)))
        return [t.cast(int, s.getsockname()[1]) for s in sockets]
    finally:
        for s in sockets:
            s.close()


__all__ = ["fetch", "free_ports"]
