# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the freeze is compared with: ``python -m benches.freeze_raw KUBECONFIG LAYOUT CLAIMS``.

As many VolumeSnapshots, begun at once, of volumes that are not frozen: the seconds until the last of them has its
handle. And the seconds of one exec that does nothing. Prints one JSON object; the snapshots are removed again.
"""

from __future__ import annotations

import concurrent.futures
import http.client
import json
import statistics
import sys
import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.access import ApiAccess, load_access
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import exec_command
from benches import freeze_objects

_API = "/apis/snapshot.storage.k8s.io/v1"
_EXECS = 7
_PATIENCE = 300.0
_PAUSE = 0.5
_CREATED = 201


class Handles:
    """Follows VolumeSnapshotContents from now on: which snapshots have a handle, and since when."""

    def __init__(self, access: ApiAccess, namespace: str) -> None:
        self._namespace = namespace
        self._changed = threading.Condition()
        self.seen: dict[str, float] = {}
        self._answer = _request(access, "GET", f"{_API}/volumesnapshotcontents?watch=1")
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        for line in self._answer:
            item = json.loads(line)["object"]
            reference = item["spec"]["volumeSnapshotRef"]
            if (item.get("status") or {}).get("snapshotHandle") and reference["namespace"] == self._namespace:
                with self._changed:
                    self.seen.setdefault(reference["name"], time.monotonic())
                    self._changed.notify_all()

    def wait_for(self, names: t.Collection[str]) -> float:
        """When the last of them had its handle."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.seen.keys() >= set(names), _PATIENCE):
                raise SystemExit(f"{len(set(names) - self.seen.keys())} snapshots had no handle in time.")
            return max(self.seen[name] for name in names)


def _request(access: ApiAccess, verb: str, path: str, body: object = None) -> http.client.HTTPResponse:
    if access.tls is None:
        connection = http.client.HTTPConnection(access.host, access.port)
    else:
        connection = http.client.HTTPSConnection(access.host, access.port, context=access.tls)
    headers = {"Accept": "application/json", "Content-Type": "application/json", **dict(access.headers)}
    connection.request(verb, path, body=None if body is None else json.dumps(body), headers=headers)
    return connection.getresponse()


def _begin(access: ApiAccess, namespace: str, number: int) -> str:
    """The name of the VolumeSnapshot."""
    name = f"raw-{number}"
    source = {"persistentVolumeClaimName": freeze_objects.claim_of(number)}
    body = {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshot",
        "metadata": {"name": name},
        "spec": {"source": source, "volumeSnapshotClassName": freeze_objects.CLASS},
    }
    answer = _request(access, "POST", f"{_API}/namespaces/{namespace}/volumesnapshots", body)
    if answer.status != _CREATED:
        raise SystemExit(f"The API server answered {answer.status}: {answer.read()[:300]!r}")
    return name


def _slowest_handle(access: ApiAccess, namespace: str, wanted: int) -> float:
    handles = Handles(access, namespace)
    with concurrent.futures.ThreadPoolExecutor(wanted) as pool:
        started = time.monotonic()
        names = list(pool.map(lambda number: _begin(access, namespace, number), range(wanted)))
    return handles.wait_for(names) - started


def _exec_round_trip(client: KubeClient, namespace: str) -> float:
    spent = []
    for _number in range(_EXECS):
        started = time.monotonic()
        result = exec_command(
            client,
            namespace=namespace,
            pod="app-0",
            container=freeze_objects.CONTAINER,
            argv=["/bin/true"],
            timeout=30.0,
        )
        if result.rc != 0:
            raise SystemExit(f"The exec failed: {result}")
        spent.append(time.monotonic() - started)
    return statistics.median(spent)


def _remove(client: KubeClient, namespace: str) -> None:
    path = f"{_API}/namespaces/{namespace}/volumesnapshots"
    for item in client.get(path)["items"]:
        client.delete(f"{path}/{item['metadata']['name']}")
    last = time.monotonic() + _PATIENCE
    while not _is_empty(client, path, namespace):
        if time.monotonic() > last:
            raise SystemExit("The snapshots do not go.")
        time.sleep(_PAUSE)


def _is_empty(client: KubeClient, path: str, namespace: str) -> bool:
    contents = client.get(f"{_API}/volumesnapshotcontents")["items"]
    left = [item for item in contents if item["spec"]["volumeSnapshotRef"]["namespace"] == namespace]
    return not left and not client.get(path)["items"]


def main() -> None:
    kubeconfig, layout, wanted = sys.argv[1:]
    auth = KubeAuth(kubeconfig=kubeconfig)
    client, access = connect(auth), load_access(auth)
    namespace = freeze_objects.namespace_of(layout)
    trip = _exec_round_trip(client, namespace)
    try:
        slowest = _slowest_handle(access, namespace, int(wanted))
    finally:
        _remove(client, namespace)
    print(json.dumps({"slowest_handle_seconds": slowest, "exec_round_trip_seconds": trip}))


if __name__ == "__main__":
    main()
