# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that is to be killed: ``take_slowly.py KUBECONFIG NAMESPACE CLAIM CLASS``. It says ``cutting`` when it does."""

from __future__ import annotations

import sys

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import (
    ClaimChoice,
    Quiescing,
    SnapshotRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.task import take_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.sets import CsiSet

if __name__ == "__main__":
    kubeconfig, namespace, claim, class_name = sys.argv[1:]
    client = connect(KubeAuth(kubeconfig=kubeconfig))
    request = SnapshotRequest(
        name="one",
        namespace=namespace,
        choice=ClaimChoice(claims=(claim,)),
        quiescing=Quiescing(policy=FreezePolicy(lease_seconds=5.0, freeze_max_seconds=60.0)),
        snapshot_class=class_name,
        run_id="killed",
    )
    provider = CsiSet(client, request, cancel=CancelToken())
    take_snapshots(request, client=client, provider=provider, progress=lambda line: print(line, flush=True))
