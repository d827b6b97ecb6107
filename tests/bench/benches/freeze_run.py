# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One set of snapshots by the engine, all file systems frozen: ``python -m benches.freeze_run KUBECONFIG LAYOUT``.

Prints one JSON object. The set is removed again.
"""

from __future__ import annotations

import json
import sys

import urllib3

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import (
    ClaimChoice,
    Quiescing,
    SnapshotRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.task import remove_snapshots, take_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.sets import CsiSet
from benches import freeze_objects

#: The client imports it late, and imports are not what is measured.
IMPORTED = (urllib3.PoolManager,)


def main() -> None:
    kubeconfig, layout = sys.argv[1:]
    client = connect(KubeAuth(kubeconfig=kubeconfig))
    namespace = freeze_objects.namespace_of(layout)
    items = client.get(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims")["items"]
    claims = tuple(item["metadata"]["name"] for item in items)
    paths = [freeze_objects.path_of(layout, int(name.rpartition("-")[2])) for name in claims]
    request = SnapshotRequest(
        name="bench",
        namespace=namespace,
        choice=ClaimChoice(claims=claims),
        quiescing=Quiescing(freeze_paths=tuple(dict.fromkeys(paths)), container=freeze_objects.CONTAINER),
        snapshot_class=freeze_objects.CLASS,
        run_id="bench",
    )
    cancel = CancelToken()
    outcome = take_snapshots(request, client=client, provider=CsiSet(client, request, cancel=cancel))
    removed = remove_snapshots(request, provider=CsiSet(client, request, cancel=cancel))
    result = {
        "freeze_seconds": outcome.freeze_window_seconds,
        "longest_of_one_seconds": max(record.seconds or 0.0 for record in outcome.freezes),
        "frozen": sum(record.consistent for record in outcome.freezes),
        "snapshots": sum(bool(entry["handle"] and entry["ready"]) for entry in outcome.snapshots),
        "timings": {name: round(seconds, 3) for name, seconds in outcome.timings.items()},
        "errors": outcome.errors + removed.errors,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
