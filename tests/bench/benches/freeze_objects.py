# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pods and claims that are frozen: ``python -m benches.freeze_objects KUBECONFIG make|remove CLAIMS``."""

from __future__ import annotations

import functools
import sys
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

#: Namespaces, one for each layout.
LAYOUTS = {"one-pod": "one pod with all volumes", "many-pods": "one pod for each volume"}
CLASS = "arkive-bench-freeze"
CONTAINER = "fsfreeze"
_DRIVER = "loopfile.csi.test"
_DELAY = "2s"
_PATIENCE = 600.0
_PAUSE = 1.0


def namespace_of(layout: str) -> str:
    return f"arkive-bench-freeze-{layout}"


def claim_of(number: int) -> str:
    return f"data-{number}"


def path_of(layout: str, number: int) -> str:
    """Where a volume is mounted."""
    return f"/data/{number}" if layout == "one-pod" else "/data"


def make(client: KubeClient, wanted: int) -> None:
    """Make what is missing, and wait until every pod is ready."""
    _create(
        client,
        "/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses",
        {
            "apiVersion": "snapshot.storage.k8s.io/v1",
            "kind": "VolumeSnapshotClass",
            "metadata": {"name": CLASS},
            "driver": _DRIVER,
            "deletionPolicy": "Delete",
            "parameters": {"snapshotDelay": _DELAY},
        },
    )
    for layout in LAYOUTS:
        namespace = namespace_of(layout)
        _create(client, "/api/v1/namespaces", {"metadata": {"name": namespace}})
        account = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
        _wait("the service account", functools.partial(_exists, client, account))
        for number in range(wanted):
            _create(client, f"/api/v1/namespaces/{namespace}/persistentvolumeclaims", _claim(number))
        groups = [range(wanted)] if layout == "one-pod" else [range(number, number + 1) for number in range(wanted)]
        for numbers in groups:
            _create(client, f"/api/v1/namespaces/{namespace}/pods", _pod(layout, numbers))
    for layout in LAYOUTS:
        _wait(f"the pods of layout {layout}", functools.partial(_are_ready, client, layout))


def remove(client: KubeClient) -> None:
    """Remove all of it, and wait until it is gone."""
    paths = [f"/api/v1/namespaces/{namespace_of(layout)}" for layout in LAYOUTS]
    for path in [*paths, f"/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses/{CLASS}"]:
        try:
            client.delete(path)
        except KubeError as exc:
            if not exc.not_found:
                raise
    _wait("the namespaces to go", lambda: not any(_exists(client, path) for path in paths))


def _claim(number: int) -> Object:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "32Mi"}}}
    return {"metadata": {"name": claim_of(number)}, "spec": spec}


def _pod(layout: str, numbers: t.Sequence[int]) -> Object:
    mounts = [{"name": claim_of(number), "mountPath": path_of(layout, number)} for number in numbers]
    volumes = [{"name": claim_of(n), "persistentVolumeClaim": {"claimName": claim_of(n)}} for n in numbers]
    container = {
        "name": CONTAINER,
        "image": "ubuntu:bionic",
        "command": ["/bin/sleep", "infinity"],
        "securityContext": {"privileged": True},
        "volumeMounts": mounts,
    }
    spec = {"terminationGracePeriodSeconds": 1, "containers": [container], "volumes": volumes}
    return {"metadata": {"name": f"app-{numbers[0]}", "labels": {"app": "bench"}}, "spec": spec}


def _create(client: KubeClient, path: str, document: Object) -> None:
    try:
        client.post(path, document)
    except KubeError as exc:
        if not exc.already_exists:
            raise


def _exists(client: KubeClient, path: str) -> bool:
    try:
        client.get(path)
    except KubeError as exc:
        if not exc.not_found:
            raise
        return False
    return True


def _are_ready(client: KubeClient, layout: str) -> bool:
    pods = client.get(f"/api/v1/namespaces/{namespace_of(layout)}/pods")["items"]
    conditions = [pod["status"].get("conditions") or [] for pod in pods]
    return all(any(entry["type"] == "Ready" and entry["status"] == "True" for entry in each) for each in conditions)


def _wait(what: str, is_done: t.Callable[[], bool]) -> None:
    last = time.monotonic() + _PATIENCE
    while not is_done():
        if time.monotonic() > last:
            raise SystemExit(f"Waited {_PATIENCE:.0f} s for {what} in vain.")
        time.sleep(_PAUSE)


def main() -> None:
    kubeconfig, action, wanted = sys.argv[1:]
    client = connect(KubeAuth(kubeconfig=kubeconfig), timeout=120.0)
    if action == "make":
        make(client, int(wanted))
    else:
        remove(client)


if __name__ == "__main__":
    main()
