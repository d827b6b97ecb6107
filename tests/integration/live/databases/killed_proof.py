# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proof of a set's Redis as a program that may be killed: ``killed_proof.py KUBECONFIG NAMESPACE SET POD``."""

from __future__ import annotations

import sys

from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.prove import prove_database
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.request import ProofLimits, ProofRequest


def main(kubeconfig: str, namespace: str, name: str, pod: str) -> None:
    limits = ProofLimits(volumes=60.0, network=60.0)
    request = ProofRequest(name=name, from_set=True, namespace=namespace, pod=pod, kind="redis", limits=limits)
    client = connect(KubeAuth(kubeconfig=kubeconfig))
    prove_database(
        request, run=ClusterRun(client=client, run_id="killed", progress=lambda line: print(line, flush=True))
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
