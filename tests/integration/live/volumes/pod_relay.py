# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A second S3 server for the local cluster's pods: its socket in the file system, served at the node's own address.

Run in the network namespace of the node, with the socket's folder and name. It prints the URL.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys

#: The node's, as its pods see it.
_NODE = "198.18.0.1"


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()


async def _serve(listener: socket.socket, name: str) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(name)
        try:
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        finally:
            for each in (writer, far_writer):
                each.close()

    await (await asyncio.start_server(connected, sock=listener, backlog=256)).serve_forever()


def main() -> None:
    folder, name = sys.argv[1:]
    # The path of a socket must be short.
    os.chdir(folder)
    listener = socket.create_server((_NODE, 0), backlog=256)
    print(f"http://{_NODE}:{listener.getsockname()[1]}", flush=True)
    asyncio.run(_serve(listener, name))


if __name__ == "__main__":
    main()
