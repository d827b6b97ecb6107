# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MultiContainerRun: two commands side by side in one pod, with a folder in common (docs/compatibility 16.5)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall, Outputs, PlannedWork
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.arguments import Arguments
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.pod_arguments import pod_request
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.body import container
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.pod_run import plan_pod, run_pod
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.request import PodRequest

_SHARED = "shared"
_OUTPUT = "output"


class MultiContainerRun:
    """Outputs are those of the container ``output``; the pod fails when any of them fails."""

    def plan(self, call: FunctionCall) -> PlannedWork:
        arguments = Arguments(call)
        commands = (" ".join(arguments.texts(f"{name}Command"))[:100] for name in ("background", _OUTPUT))
        images = (arguments.text(f"{name}Image") for name in ("init", "background", _OUTPUT))
        return PlannedWork(
            does=f"run {' beside '.join(commands)}",
            namespace=plan_pod(call, _request(call)),
            image=", ".join(filter(None, images)),
        )

    def run(self, call: FunctionCall) -> Outputs:
        end = run_pod(call, _request(call))
        if end.failure:
            raise BlueprintError(end.failure)
        return end.outputs


def _request(call: FunctionCall) -> PodRequest:
    arguments = Arguments(call)
    mounts = [{"name": _SHARED, "mountPath": arguments.text("sharedVolumeDir") or "/tmp/"}]

    def part(name: str) -> Object:
        image, command = arguments.text(f"{name}Image"), arguments.texts(f"{name}Command")
        return container(name, image, command, volumeMounts=[dict(each) for each in mounts])

    folder = {
        "medium": arguments.text("sharedVolumeMedium"),
        "sizeLimit": arguments.text("sharedVolumeSizeLimit"),
    }
    volume = {"name": _SHARED, "emptyDir": {name: value for name, value in folder.items() if value}}
    spec: Object = {"containers": [part(_OUTPUT), part("background")], "volumes": [volume]}
    if arguments.text("initImage"):
        spec["initContainers"] = [part("init")]
    return pod_request(call, name_prefix="kanister-job-", spec=spec, main=_OUTPUT)


__all__ = ("MultiContainerRun",)
