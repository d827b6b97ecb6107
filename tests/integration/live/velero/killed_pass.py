# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One pass in a process of its own, which kills itself with a certain line of progress, as nobody could catch it."""

from __future__ import annotations

import os
import signal
import sys

from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import (
    OperationsRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_run import run_operations


def main(kubeconfig: str, namespace: str, line_part: str) -> None:
    def die(line: str) -> None:
        if line_part in line:
            os.kill(os.getpid(), signal.SIGKILL)

    run_operations(
        OperationsRequest(namespace=namespace), client=connect(KubeAuth(kubeconfig=kubeconfig)), progress=die
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
