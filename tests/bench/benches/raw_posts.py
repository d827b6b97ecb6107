# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the restore is compared with: bodies that are ready, sent over 16 connections, with nothing looked at.

``python -m benches.raw_posts KUBECONFIG FILE`` takes the lines that ``benches.restore_source`` wrote, and prints one
JSON object.
"""

from __future__ import annotations

import collections
import concurrent.futures
import http.client
import json
import pathlib
import sys
import time

from ansible_collections.arkive.k8s.plugins.module_utils._kube.access import ApiAccess, load_access
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth

CONNECTIONS = 16
_CREATED = 201


def _connect(access: ApiAccess) -> http.client.HTTPConnection:
    if access.tls is None:
        return http.client.HTTPConnection(access.host, access.port)
    return http.client.HTTPSConnection(access.host, access.port, context=access.tls)


def _send(access: ApiAccess, waiting: collections.deque[tuple[str, bytes]]) -> int:
    """Send until nothing waits; how many were sent."""
    connection = _connect(access)
    headers = {"Accept": "application/json", "Content-Type": "application/json", **dict(access.headers)}
    sent = 0
    while True:
        try:
            path, body = waiting.popleft()
        except IndexError:
            connection.close()
            return sent
        connection.request("POST", path, body=body, headers=headers)
        with connection.getresponse() as answer:
            data = answer.read()
        if answer.status != _CREATED:
            raise SystemExit(f"The API server answered {answer.status} to POST {path}: {data[:300]!r}")
        sent += 1


def main() -> None:
    kubeconfig, file = sys.argv[1:]
    access = load_access(KubeAuth(kubeconfig=kubeconfig))
    bodies: collections.deque[tuple[str, bytes]] = collections.deque()
    namespaces: collections.deque[tuple[str, bytes]] = collections.deque()
    for line in pathlib.Path(file).read_bytes().splitlines():
        path, _tab, body = line.partition(b"\t")
        (namespaces if path == b"/api/v1/namespaces" else bodies).append((path.decode(), body))
    started, started_cpu = time.monotonic(), time.process_time()
    sent = _send(access, namespaces)
    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        sent += sum(done.result() for done in [pool.submit(_send, access, bodies) for _thread in range(CONNECTIONS)])
    spent = {"seconds": time.monotonic() - started, "cpu_seconds": time.process_time() - started_cpu}
    print(json.dumps({**spent, "requests": sent}))


if __name__ == "__main__":
    main()
