# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PrepareData: a command in a pod that mounts claims (docs/compatibility 16.5)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError, NotThere
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall, Outputs, PlannedWork
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.arguments import Arguments
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.pod_arguments import pod_request
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.body import container
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.pod_run import plan_pod, run_pod
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.request import PodRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import namespaced_path

_MOUNTS = "/mnt/prepare_data"
_READ_ONLY = "ReadOnlyMany"


class PrepareData:
    """How the command ends counts only with ``failOnError: true``."""

    def plan(self, call: FunctionCall) -> PlannedWork:
        arguments = Arguments(call)
        claims = ", ".join(_volumes(call))
        return PlannedWork(
            does=f"run {' '.join(arguments.texts('command'))}"[:200] + f" with the claims {claims}",
            namespace=plan_pod(call, _request(call)),
            image=arguments.text("image"),
        )

    def run(self, call: FunctionCall) -> Outputs:
        end = run_pod(call, _request(call))
        if end.failure and (Arguments(call).flag("failOnError") or end.exit_code is None):
            raise BlueprintError(end.failure)
        if end.failure:
            call.warn(f"{end.failure} The phase goes on all the same: failOnError is not set.")
        return end.outputs


def _request(call: FunctionCall) -> PodRequest:
    arguments = Arguments(call)
    mounts: list[Object] = []
    volumes: list[Object] = []
    for number, (claim, path) in enumerate(_volumes(call).items()):
        read_only = _is_read_only(call, arguments.text("namespace"), claim)
        source: Object = {"claimName": claim, **({"readOnly": True} if read_only else {})}
        volumes.append({"name": f"volume-{number}", "persistentVolumeClaim": source})
        mounts.append({"name": f"volume-{number}", "mountPath": path, **({"readOnly": True} if read_only else {})})
    main = container("container", arguments.text("image"), arguments.texts("command"), volumeMounts=mounts)
    spec: Object = {"containers": [main], "volumes": volumes}
    if arguments.text("serviceaccount"):
        spec["serviceAccountName"] = arguments.text("serviceaccount")
    return pod_request(call, name_prefix="prepare-data-job-", spec=spec)


def _volumes(call: FunctionCall) -> dict[str, str]:
    """Paths by claim: those of the argument, else all claims of the subject."""
    given = Arguments(call).text_mapping("volumes")
    if given:
        return given
    workload = call.parameters.workload
    if workload is None:
        raise Arguments(call).incomplete(
            "does not say which claims its pod is to mount, and the subject is no workload",
            "Set the argument volumes: a path for each claim.",
        )
    claims = {claim: f"{_MOUNTS}/{claim}" for mounted in workload.claims.values() for claim in mounted}
    if not claims:
        raise BlueprintError(f"The pods of {workload.kind} {workload.namespace}/{workload.name} mount no claims.")
    return claims


def _is_read_only(call: FunctionCall, namespace: str, claim: str) -> bool:
    """Whether the claim can be mounted for reading only. Raises ``BlueprintError`` where there is none."""
    try:
        found = call.client.get(namespaced_path("v1", namespace, "persistentvolumeclaims", claim))
    except KubeError as exc:
        if exc.not_found:
            raise NotThere(f"Claim {namespace}/{claim}, which PrepareData mounts, is not there.", name=claim) from exc
        raise BlueprintError(f"Claim {namespace}/{claim} cannot be read: {exc.message}", hint=exc.hint) from exc
    return list((found.get("spec") or {}).get("accessModes") or ()) == [_READ_ONLY]


__all__ = ("PrepareData",)
