# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the engine is compared with: lists as they come, four at a time, through gzip, with nothing looked at.

``python -m benches.raw_run KUBECONFIG DIRECTORY PATH ...`` writes one file for each path, and prints one JSON object.
"""

from __future__ import annotations

import concurrent.futures
import http.client
import json
import pathlib
import re
import sys
import threading
import time
import typing as t
import urllib.parse
import zlib

from ansible_collections.arkive.k8s.plugins.module_utils._kube.access import ApiAccess, load_access
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth

AT_A_TIME = 4
PAGE_SIZE = 500
_LEVEL = 6
_TOKEN = re.compile(rb'"continue":"([^"]*)"')
#: The list's own metadata is at one of its ends.
_END_BYTES = 2048


class _Lists:
    def __init__(self, access: ApiAccess, directory: pathlib.Path) -> None:
        self._access = access
        self._directory = directory
        self._local = threading.local()

    def read(self, path: str) -> tuple[int, int, int]:
        """Bytes of JSON, bytes of gzip, pages."""
        packer = zlib.compressobj(_LEVEL, wbits=31)
        token, pages, size, packed = "", 0, 0, 0
        with (self._directory / f"{path.strip('/').replace('/', '_')}.gz").open("wb") as file:
            while token or not pages:
                data = self._get(
                    f"{path}?limit={PAGE_SIZE}" + (f"&continue={urllib.parse.quote(token)}" if token else "")
                )
                packed += file.write(packer.compress(data))
                size += len(data)
                pages += 1
                token = _continue_token(data)
            packed += file.write(packer.flush())
        return size, packed, pages

    def _get(self, target: str) -> bytes:
        connection = self._connection()
        connection.request("GET", target, headers={"Accept": "application/json", **dict(self._access.headers)})
        with connection.getresponse() as answer:
            data = answer.read()
        if answer.status != 200:
            raise SystemExit(f"The API server answered {answer.status} to GET {target}.")
        return data

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            host, port = self._access.host, self._access.port
            if self._access.tls is None:
                connection = http.client.HTTPConnection(host, port)
            else:
                connection = http.client.HTTPSConnection(host, port, context=self._access.tls)
            self._local.connection = connection
        return connection


def _continue_token(data: bytes) -> str:
    head = data[:_END_BYTES].partition(b'"items":[')[0]
    tail = data[-_END_BYTES:].rpartition(b"],")[2]
    found = _TOKEN.search(head) or _TOKEN.search(tail)
    return found[1].decode() if found else ""


def main() -> None:
    kubeconfig, directory, *paths = sys.argv[1:]
    access = load_access(KubeAuth(kubeconfig=kubeconfig))
    started, started_cpu = time.monotonic(), time.process_time()
    lists = _Lists(access, pathlib.Path(directory))
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        results: list[tuple[int, int, int]] = list(pool.map(lists.read, paths))
    totals: t.Iterable[int] = map(sum, zip(*results, strict=True))
    spent = {"seconds": time.monotonic() - started, "cpu_seconds": time.process_time() - started_cpu}
    print(json.dumps({**spent, **dict(zip(("json_bytes", "gzip_bytes", "pages"), totals, strict=True))}))


if __name__ == "__main__":
    main()
