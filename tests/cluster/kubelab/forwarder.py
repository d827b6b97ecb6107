# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the host's 127.0.0.1 to the API server in the node.

The listening socket was made in the host's network namespace and handed over; connections on from here are made in the
node's.  So the kubeconfig can name 127.0.0.1, and never an address that a route could take off the machine.
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


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        api_reader, api_writer = await asyncio.open_connection(str(NODE_ADDRESS.ip), API_PORT)
    except OSError:
        writer.close()
        return
    await asyncio.gather(_copy(reader, api_writer), _copy(api_reader, writer))


async def _main(listener: socket.socket) -> None:
    server = await asyncio.start_server(_serve, sock=listener, backlog=256)
    await server.serve_forever()


def forward(fd: int) -> None:
    """Serve the listening socket with this number; does not return."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(socket.socket(fileno=fd)))


__all__ = ["forward"]
