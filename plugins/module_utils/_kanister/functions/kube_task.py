# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""KubeTask: a command in a pod of its own (docs/compatibility 16.1)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall, Outputs, PlannedWork
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.arguments import Arguments
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.pod_arguments import pod_request
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.body import container
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.pod_run import plan_pod, run_pod
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.request import PodRequest


class KubeTask:
    """Outputs are what the command prints as such; none are an empty mapping."""

    def plan(self, call: FunctionCall) -> PlannedWork:
        return PlannedWork(
            does=f"run {' '.join(Arguments(call).texts('command'))}"[:200],
            namespace=plan_pod(call, _request(call)),
            image=Arguments(call).text("image"),
        )

    def run(self, call: FunctionCall) -> Outputs:
        end = run_pod(call, _request(call))
        if end.failure:
            raise BlueprintError(end.failure)
        return end.outputs


def _request(call: FunctionCall) -> PodRequest:
    arguments = Arguments(call)
    main = container("container", arguments.text("image"), arguments.texts("command"))
    return pod_request(call, name_prefix="kanister-job-", spec={"containers": [main]})


__all__ = ("KubeTask",)
