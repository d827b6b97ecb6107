# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A namespace with a few ConfigMaps: ``python -m benches.small_objects KUBECONFIG make|remove NUMBER``."""

from __future__ import annotations

import sys
import time

from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

#: Not among the namespaces of the other benchmarks.
NAMESPACE = "arkive-small"
_PATIENCE = 120.0


def make(client: KubeClient, number: int) -> None:
    """Make the namespace anew, with this many ConfigMaps in it."""
    remove(client)
    client.post("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    for index in range(number):
        data = {f"key-{line}": f"value {line} of {index}" for line in range(10)}
        document = {"metadata": {"name": f"small-{index}"}, "data": data}
        client.post(f"/api/v1/namespaces/{NAMESPACE}/configmaps", document)


def remove(client: KubeClient) -> None:
    """Remove it, and wait until it is gone."""
    last = time.monotonic() + _PATIENCE
    path = f"/api/v1/namespaces/{NAMESPACE}"
    try:
        client.delete(path)
        while time.monotonic() < last:
            client.get(path)
            time.sleep(0.5)
    except KubeError as exc:
        if not exc.not_found:
            raise
        return
    raise SystemExit(f"Namespace {NAMESPACE} is still there after {_PATIENCE:.0f} s.")


def main() -> None:
    kubeconfig, action, number = sys.argv[1:]
    client = connect(KubeAuth(kubeconfig=kubeconfig))
    if action == "make":
        make(client, int(number))
    else:
        remove(client)


if __name__ == "__main__":
    main()
