# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One snapshot of a database's volume: ``python -m benches.databases_run KUBECONFIG make|light|freeze|plain|remove``.

Prints one JSON object. ``window_seconds``: of light from the checkpoint's answer to the last handle, of freeze from the
freeze's answer to the last handle, of plain (nothing is held) from the request to the last handle; ``asked_seconds``:
how much of it had gone by when the snapshot was asked for. ``frozen_seconds``: how long the file system was frozen.
"""

from __future__ import annotations

import json
import sys
import time
import typing as t

import urllib3

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import parse_databases
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import Server
from ansible_collections.arkive.k8s.plugins.module_utils._databases.postgresql import PostgresqlHold
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_pod import PodWindow
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import (
    ClaimChoice,
    Quiescing,
    SnapshotRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.task import remove_snapshots, take_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.sets import CsiSet
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import PlannedSnapshot
from benches.in_cluster import create, delete, make_namespace, wait

#: The client imports it late, and imports are not what is measured.
IMPORTED = (urllib3.PoolManager,)
NAMESPACE = "arkive-bench-databases"
_DATA = "/var/lib/postgresql/data"
_WRITER = """
until psql -U postgres -XAtqc 'create table if not exists ticks (id bigserial, at timestamptz default now())'
do sleep 1; done
while echo 'insert into ticks default values;'; do :; done | psql -U postgres -XAtq
"""


class Clock:
    """When it was held, when its snapshots were asked for, and when the last handle was there."""

    held = asked = last = 0.0


class TimedSet(CsiSet):
    """Notes when its snapshots are cut."""

    def take(self, plans: t.Sequence[PlannedSnapshot], *, timeout: float) -> None:
        Clock.asked = time.monotonic()
        super().take(plans, timeout=timeout)
        Clock.last = time.monotonic()


_checkpoint = PostgresqlHold._checkpoint


def _timed_checkpoint(hold: PostgresqlHold, server: Server, look: str) -> str:
    position = _checkpoint(hold, server, look)
    Clock.held = time.monotonic()
    return position


_quiesce = PodWindow.quiesce


def _timed_quiesce(window: PodWindow) -> None:
    _quiesce(window)
    Clock.held = time.monotonic()


def measure(client: KubeClient, mode: str) -> Object:
    """``light`` is as the engine does it; ``freeze`` by the path alone; in ``plain`` nothing is held."""
    entry = {"label_selector": "app=db", "kind": "postgresql", "mode": "light"}
    if mode == "light":
        PostgresqlHold._checkpoint = _timed_checkpoint  # type: ignore[method-assign, assignment]
    elif mode == "freeze":
        PodWindow.quiesce = _timed_quiesce  # type: ignore[method-assign, assignment]
    request = SnapshotRequest(
        name="bench",
        namespace=NAMESPACE,
        choice=ClaimChoice(claims=("db",)),
        quiescing=Quiescing(
            databases=parse_databases([entry] if mode == "light" else "none"),
            freeze_paths=(_DATA,) if mode == "freeze" else (),
        ),
        run_id="bench",
    )
    cancel = CancelToken()
    outcome = take_snapshots(request, client=client, provider=TimedSet(client, request, cancel=cancel))
    removed = remove_snapshots(request, provider=CsiSet(client, request, cancel=cancel))
    proofs = [entry["consistent"] for entry in outcome.quiesces] or [each.consistent for each in outcome.freezes]
    held = Clock.held or Clock.asked
    return {
        "window_seconds": Clock.last - held,
        "asked_seconds": Clock.asked - held,
        "frozen_seconds": max((each.seconds or 0.0 for each in outcome.freezes), default=0.0),
        "consistent": proofs == ([] if mode == "plain" else [True]),
        "errors": outcome.errors + removed.errors,
    }


def make(client: KubeClient) -> None:
    """Make what is missing, and wait until it serves."""
    root = f"/api/v1/namespaces/{NAMESPACE}"
    make_namespace(client, NAMESPACE)
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    create(client, f"{root}/persistentvolumeclaims", {"metadata": {"name": "db"}, "spec": spec})
    mounts = [{"name": "data", "mountPath": _DATA}]
    server: Object = {
        "name": "postgres",
        "image": "postgres:15",
        "env": [
            {"name": "PGDATA", "value": f"{_DATA}/pgdata"},
            {"name": "POSTGRES_HOST_AUTH_METHOD", "value": "trust"},
        ],
        "command": ["/bin/bash", "-c", f"({_WRITER}) </dev/null >/dev/null 2>&1 & exec docker-entrypoint.sh postgres"],
        "volumeMounts": mounts,
        "securityContext": {"privileged": True},
        "readinessProbe": {"exec": {"command": ["pg_isready", "-U", "postgres"]}, "periodSeconds": 1},
    }
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "db"}}]
    pod = {"terminationGracePeriodSeconds": 1, "containers": [server], "volumes": volumes}
    create(client, f"{root}/pods", {"metadata": {"name": "db", "labels": {"app": "db"}}, "spec": pod})
    wait(client, f"{root}/pods/db", _is_ready)


def remove(client: KubeClient) -> None:
    delete(client, f"/api/v1/namespaces/{NAMESPACE}")


def _is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)


def main() -> None:
    kubeconfig, action = sys.argv[1:]
    client = connect(KubeAuth(kubeconfig=kubeconfig))
    if action in ("make", "remove"):
        make(client) if action == "make" else remove(client)
        print("{}")
    else:
        print(json.dumps(measure(client, action)))


if __name__ == "__main__":
    main()
