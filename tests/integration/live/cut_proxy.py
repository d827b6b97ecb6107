# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A TCP proxy, in threads, that a test can cut and mend: on loopback, or on a socket that listens elsewhere."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
import typing as t


class CutProxy:
    """Forwards to one address. ``cut()`` resets what is open and refuses what comes, until ``mend()``.

    ``stall()``: nothing comes through any more, and nobody is told so, until ``mend()``. ``rate``: bytes that come
    through in a second, of each connection and each way; 0 for no limit.
    """

    def __init__(self, host: str, port: int, *, listener: socket.socket | None = None) -> None:
        self._target = (host, port)
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._is_cut = False
        self._flows = threading.Event()
        self._flows.set()
        self.refused = 0
        self.rate = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, *, stay: bool = True) -> int:
        """Reset every connection. ``stay``: new ones are reset too. Returns how many were open."""
        with self._lock:
            self._is_cut = stay
            doomed, self._open = self._open, []
        for sock in doomed:
            _reset(sock)
        return len(doomed) // 2

    def stall(self) -> None:
        self._flows.clear()

    def lead_to(self, host: str, port: int) -> None:
        """Whoever connects from now on is led there; who is connected is reset."""
        self._target = (host, port)
        self.cut(stay=False)

    def mend(self) -> None:
        with self._lock:
            self._is_cut = False
        self._flows.set()

    def close(self) -> None:
        self._listener.close()
        self.cut()
        # What waits there finds its sockets closed.
        self._flows.set()

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self._is_cut:
                    self.refused += 1
                    _reset(near)
                    continue
            try:
                far = socket.create_connection(self._target, timeout=10)
            except OSError:
                _reset(near)
                continue
            far.settimeout(None)
            with self._lock:
                self._open += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                if self.rate:
                    time.sleep(len(data) / self.rate)
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


def _reset(sock: socket.socket) -> None:
    """Close with a reset, and wake the threads that read from it."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()


def through(kubeconfig: dict[str, t.Any], port: int) -> dict[str, t.Any]:
    """``kubeconfig`` by way of the proxy."""
    clusters = [
        entry | {"cluster": entry["cluster"] | {"server": f"https://127.0.0.1:{port}"}}
        for entry in kubeconfig["clusters"]
    ]
    return kubeconfig | {"clusters": clusters}
