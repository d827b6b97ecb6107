# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From one network namespace to another: from the host to the API server in the node, from pods to the S3 server.

The listening socket was made in the one namespace and handed over; connections on from here are made in the other.  So
the kubeconfig can name 127.0.0.1, and never an address that a route could take off the machine.  The S3 server, which
is the host's, also listens on a socket in the file system, which has no network namespace.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import typing as t
from pathlib import Path

from kubelab.model import API_PORT, NODE_ADDRESS, S3_PORT, S3_SOCKET

Connect: t.TypeAlias = "t.Callable[[], t.Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]"


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Who has said all may still be answered: only that end of the connection is closed."""
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()


async def _serve(listener: socket.socket, connect: Connect) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await connect()
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        finally:
            for each in (writer, far_writer):
                each.close()

    server = await asyncio.start_server(connected, sock=listener, backlog=256)
    await server.serve_forever()


def _to(host: str, port: int) -> Connect:
    return lambda: asyncio.open_connection(host, port)


async def _serve_all(served: list[tuple[socket.socket, Connect]]) -> None:
    await asyncio.gather(*(_serve(listener, connect) for listener, connect in served))


def forward(fd: int, state: Path) -> None:
    """In the node: the listening socket with this number leads to the API server, and one that is made here to S3.

    Does not return.
    """
    os.chdir(state)  # the path of a socket must be short
    for_pods = socket.create_server((str(NODE_ADDRESS.ip), S3_PORT), backlog=256)
    for_host = socket.socket(fileno=fd)
    served = [
        (for_host, _to(str(NODE_ADDRESS.ip), API_PORT)),
        (for_pods, lambda: asyncio.open_unix_connection(S3_SOCKET)),
    ]
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve_all(served))


def relay(fds: t.Sequence[int], servers: t.Sequence[str]) -> None:
    """Serve sockets that listen in another namespace, each for a server ``HOST:PORT`` of this one; does not return."""
    with contextlib.suppress(KeyboardInterrupt):
        listeners = [socket.socket(fileno=fd) for fd in fds]
        places = [server.rpartition(":") for server in servers]
        served = zip(listeners, places, strict=True)
        asyncio.run(_serve_all([(listener, _to(host, int(port))) for listener, (host, _colon, port) in served]))


__all__ = ["forward", "relay"]
