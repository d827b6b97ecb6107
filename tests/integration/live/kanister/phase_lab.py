# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of functions of blueprints in one namespace of the cluster, and what is left there afterwards."""

from __future__ import annotations

import json
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import (
    FunctionCall,
    PhaseContext,
    PhasePlace,
    PodDefaults,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function_table import load_function
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.parameters import TemplateParameters
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun

IMAGE = "busybox:1"


def shell(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


def output(key: str, value: str) -> str:
    """A line of a script that says an output."""
    document = json.dumps({"key": key, "value": value})
    return f"echo '###Phase-output###: {document}'"


class PhaseLab:
    """Runs functions in ``namespace``; ``log`` and ``warnings`` are those of all of them."""

    def __init__(self, client: KubeClient, kubectl: t.Callable[..., str], namespace: str) -> None:
        self.client = client
        self.namespace = namespace
        self.log: list[str] = []
        self.cancel = CancelToken()
        self.issues = Issues(lambda _level, line, _fields: self.log.append(line))
        self._kubectl = kubectl

    def call(
        self,
        function: str,
        arguments: t.Mapping[str, t.Any],
        *,
        seconds: float = 180.0,
        parameters: TemplateParameters | None = None,
        client: KubeClient | None = None,
    ) -> FunctionCall:
        run = ClusterRun(client=client or self.client, run_id="live", issues=self.issues, cancel=self.cancel)
        return FunctionCall(
            context=PhaseContext(
                run=run,
                parameters=parameters or TemplateParameters(object={}, time="2026-06-01T02:00:00Z"),
                render=lambda value: value,
                pods=PodDefaults(namespace=self.namespace),
            ),
            place=PhasePlace(blueprint="lab", action="try", phase="one", function=function),
            arguments=arguments,
            deadline=time.monotonic() + seconds,
        )

    def run(self, function: str, arguments: t.Mapping[str, t.Any], **more: t.Any) -> t.Any:
        return load_function(function).run(self.call(function, arguments, **more))

    def task(self, script: str, **more: t.Any) -> t.Any:
        """KubeTask with a script."""
        arguments = {"image": IMAGE, "command": shell(script), **more.pop("arguments", {})}
        return self.run("KubeTask", arguments, **more)

    @property
    def warnings(self) -> list[str]:
        return [issue.message for issue in self.issues.warnings]

    def temporary_pods(self) -> list[str]:
        query = {"labelSelector": "arkive.k8s/temporary-pod"}
        found = self.client.get(f"/api/v1/namespaces/{self.namespace}/pods", query=query)["items"]
        return [str(pod["metadata"]["name"]) for pod in found]

    def await_running(self, seconds: float = 150.0) -> str:
        """The name of the one temporary pod, once its container runs."""
        end = time.monotonic() + seconds
        query = {"labelSelector": "arkive.k8s/temporary-pod"}
        while time.monotonic() < end:
            found = self.client.get(f"/api/v1/namespaces/{self.namespace}/pods", query=query)["items"]
            statuses = ((found[0].get("status") or {}).get("containerStatuses") or [{}]) if found else [{}]
            if "running" in (statuses[0].get("state") or {}):
                return str(found[0]["metadata"]["name"])
            time.sleep(0.1)
        raise AssertionError("no temporary pod runs")

    def await_process(self, pod: str, command: str, seconds: float = 60.0) -> None:
        """Until a process of ``pod`` has exactly the words of ``command``; no script that has them in it is meant."""
        words = "\0" + "\0".join(command.split()) + "\0"
        end = time.monotonic() + seconds
        while words not in "\0" + self.kubectl("exec", pod, "--", "sh", "-c", "cat /proc/[0-9]*/cmdline; :"):
            assert time.monotonic() < end, f"no process {command} runs in {pod}"
            time.sleep(0.05)

    def apply(self, *objects: Object) -> None:
        document = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        self._kubectl("-n", self.namespace, "apply", "-f", "-", stdin=document)

    def kubectl(self, *arguments: str) -> str:
        return self._kubectl("-n", self.namespace, *arguments)


def sleeping_pod(name: str, *containers: str, **metadata: t.Any) -> Object:
    """A pod whose containers do nothing."""
    command = shell("trap exit TERM; while :; do sleep 1; done")
    spec = {
        "terminationGracePeriodSeconds": 0,
        "containers": [{"name": each, "image": IMAGE, "command": command} for each in containers or ("main",)],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **metadata}, "spec": spec}


__all__ = ("IMAGE", "PhaseLab", "output", "shell", "sleeping_pod")
