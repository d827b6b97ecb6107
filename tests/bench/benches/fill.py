# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bring a cluster to a number of objects: ``python -m benches.fill KUBECONFIG OBJECTS``.

0 removes all of them; ``count`` in place of a number prints how many there are.
"""

from __future__ import annotations

import concurrent.futures
import itertools
import sys
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from benches import objects

_THREADS = 8
_PATIENCE = 900.0
_PAUSE = 1.0
_CHUNK = 100


def fill(client: KubeClient, wanted: int) -> int:
    """Make what is missing; how many objects were made."""
    _make_definition(client)
    for namespace in objects.namespaces(wanted):
        _create(client, "/api/v1/namespaces", {"metadata": {"name": namespace, "labels": {objects.LABEL: "true"}}})
    present = _present(client)
    missing = [number for number in range(wanted) if _key(number) not in present]
    chunks = [missing[at : at + _CHUNK] for at in range(0, len(missing), _CHUNK)]
    with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
        for _done in pool.map(lambda chunk: _make_all(client, chunk), chunks):
            pass
    _wait("the Deployments to be seen by their controller", lambda: _deployments_are_seen(client))
    return len(missing)


def present_objects(client: KubeClient) -> int:
    """How many objects there are."""
    return len(_present(client))


def remove(client: KubeClient) -> None:
    """Remove everything that ``fill`` made, and wait until it is gone."""
    label = {"labelSelector": objects.LABEL}
    names = [item["metadata"]["name"] for item in client.get("/api/v1/namespaces", query=label)["items"]]
    for name in names:
        _delete(client, f"/api/v1/namespaces/{name}")
    _wait("the namespaces to go", lambda: not client.get("/api/v1/namespaces", query=label)["items"])
    definition = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{objects.DEFINITION['metadata']['name']}"
    _delete(client, definition)
    _wait("the definition to go", lambda: not _exists(client, definition))


def _key(number: int) -> tuple[str, int]:
    return objects.kind_of(number).plural, number


def _present(client: KubeClient) -> set[tuple[str, int]]:
    found: set[tuple[str, int]] = set()
    for kind in objects.KINDS:
        token = ""
        for page in itertools.count():
            query = {"limit": "500", "labelSelector": objects.LABEL}
            if page and not token:
                break
            try:
                answer = client.get(objects.path_of(kind), query=query | ({"continue": token} if token else {}))
            except KubeError as exc:
                if not exc.not_found:
                    raise
                break
            found |= {(kind.plural, int(item["metadata"]["name"].rpartition("-")[2])) for item in answer["items"]}
            token = answer["metadata"].get("continue") or ""
    return found


def _make_definition(client: KubeClient) -> None:
    _create(client, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", objects.DEFINITION)
    widget = next(kind for kind in objects.KINDS if kind.kind == "Widget")
    _wait("the Widgets to be served", lambda: _exists(client, objects.path_of(widget)))


def _make_all(client: KubeClient, numbers: t.Iterable[int]) -> None:
    for number in numbers:
        path = objects.path_of(objects.kind_of(number), objects.namespace_of(number))
        _create(client, path, objects.make(number))


def _create(client: KubeClient, path: str, document: dict[str, t.Any]) -> None:
    try:
        client.post(path, document, query={"fieldManager": "helm"})
    except KubeError as exc:
        if exc.status != 409:
            raise


def _delete(client: KubeClient, path: str) -> None:
    try:
        client.delete(path)
    except KubeError as exc:
        if not exc.not_found:
            raise


def _exists(client: KubeClient, path: str) -> bool:
    try:
        client.get(path, query={"limit": "1"})
    except KubeError as exc:
        if not exc.not_found:
            raise
        return False
    return True


def _deployments_are_seen(client: KubeClient) -> bool:
    kind = next(kind for kind in objects.KINDS if kind.kind == "Deployment")
    items = client.get(objects.path_of(kind), query={"labelSelector": objects.LABEL})["items"]
    return all(item.get("status", {}).get("observedGeneration") for item in items)


def _wait(what: str, is_done: t.Callable[[], bool]) -> None:
    last = time.monotonic() + _PATIENCE
    while not is_done():
        if time.monotonic() > last:
            raise SystemExit(f"Waited {_PATIENCE:.0f} s for {what} in vain.")
        time.sleep(_PAUSE)


def main() -> None:
    kubeconfig, wanted = sys.argv[1:]
    client = connect(KubeAuth(kubeconfig=kubeconfig), timeout=120.0)
    if wanted == "count":
        print(present_objects(client))
    elif int(wanted):
        fill(client, int(wanted))
    else:
        remove(client)


if __name__ == "__main__":
    main()
