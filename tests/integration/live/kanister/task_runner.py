# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One KubeTask in a process of its own, so that a test can kill it: ``KUBECONFIG NAMESPACE SCRIPT``."""

from __future__ import annotations

import sys

from phase_lab import PhaseLab

from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect

if __name__ == "__main__":
    kubeconfig, namespace, script = sys.argv[1:]
    client = connect(KubeAuth(kubeconfig=kubeconfig))
    print(PhaseLab(client, lambda *_arguments: "", namespace).task(script))
