# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A critical section with one pod's database, as a program that may be stopped and killed.

``held_section.py KUBECONFIG NAMESPACE POD KIND MODE LEASE``. It says ``held`` or ``not held``, goes on when a line
comes, and ends with what has become of it, as JSON.
"""

from __future__ import annotations

import json
import sys

from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import DatabaseDeclaration
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pod_database import DatabaseSettings, prepare_database
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_block import (
    CriticalSection,
    QuiescedPod,
    SectionSettings,
)


def main(kubeconfig: str, namespace: str, name: str, kind: str, mode: str, lease: str) -> None:
    client = connect(KubeAuth(kubeconfig=kubeconfig))
    policy = FreezePolicy(lease_seconds=float(lease), freeze_max_seconds=120.0)
    settings = SectionSettings(run=ClusterRun(client=client, run_id="held"), policy=policy)
    pod = client.get(f"/api/v1/namespaces/{namespace}/pods/{name}")
    declared = DatabaseDeclaration(kind=kind, mode=mode)
    database = prepare_database(settings.run, pod, declared, [], DatabaseSettings(policy=policy))
    section = CriticalSection([QuiescedPod(pod=pod, pre=[], post=[], database=database)], settings)
    with section:
        print("held" if database.held else f"not held: {database.record.error}", flush=True)
        sys.stdin.readline()
    found = {"quiesces": [record.to_return() for record in section.quiesces], "errors": section.errors}
    print(json.dumps(found | {"consistent": section.consistent}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
