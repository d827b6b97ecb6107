# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sync in a process of its own, so that a test can kill it. stdin: kubeconfig, namespace and storage location."""

from __future__ import annotations

import json
import sys

from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_request import SyncRequest
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_run import sync_backups
from ansible_collections.arkive.k8s.plugins.module_utils._store.kinds import make_location
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store


def main() -> None:
    asked = json.load(sys.stdin)
    outcome = sync_backups(
        SyncRequest(namespace=asked["namespace"], create_location=True),
        client=connect(KubeAuth(kubeconfig=asked["kubeconfig"])),
        store=open_store(make_location(asked["location"])),
    )
    print(json.dumps(outcome.to_return()))


if __name__ == "__main__":
    main()
