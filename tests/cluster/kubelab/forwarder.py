# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From one network namespace to another: from the host's 127.0.0.1 to the API server in the node, above all.

The listening socket was made in the one namespace and handed over; connections on from here are made in the other.  So
the kubeconfig can name 127.0.0.1, and never an address that a route could take off the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

from kubelab.model import API_PORT, NODE_ADDRESS


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def _serve(listener: socket.socket, host: str, port: int) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))

    server = await asyncio.start_server(connected, sock=listener, backlog=256)
    await server.serve_forever()


def forward(fd: int) -> None:
    """Serve the listening socket with this number for the API server; does not return."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(socket.socket(fileno=fd), str(NODE_ADDRESS.ip), API_PORT))


async def _serve_all(listeners: list[socket.socket]) -> None:
    await asyncio.gather(*(_serve(each, *each.getsockname()) for each in listeners))


def relay(fds: list[int]) -> None:
    """Serve sockets that listen in another namespace for what has the same address in this one; does not return."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve_all([socket.socket(fileno=fd) for fd in fds]))


__all__ = ["forward", "relay"]
