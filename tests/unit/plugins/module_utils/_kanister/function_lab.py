# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Functions of blueprints against the API server in memory, with a node that does what a test says."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import (
    FunctionCall,
    PhaseContext,
    PhasePlace,
    PodDefaults,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.parameters import TemplateParameters
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_answers import Request
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import Object

NAMESPACE = "shop"


def ended(code: int = 0, name: str = "container", **more: t.Any) -> Object:
    """The status of a pod whose container has ended."""
    terminated = {"exitCode": code, "reason": "Error" if code else "Completed", **more}
    statuses = [{"name": name, "state": {"terminated": terminated}}]
    return {"phase": "Failed" if code else "Succeeded", "containerStatuses": statuses}


def waiting(reason: str, message: str = "") -> Object:
    """The status of a pod whose container does not start."""
    state = {"waiting": {"reason": reason, "message": message}}
    return {"phase": "Pending", "containerStatuses": [{"name": "container", "image": "shop/tool:1", "state": state}]}


class Node:
    """What becomes of each pod that is made: its status, once it is there, and what it prints.

    ``made`` keeps the pods as they were sent; ``removed`` the names of those that are gone.
    """

    def __init__(self, api: MemoryApi) -> None:
        self.status: Object | None = ended()
        self.prints: list[str] = []
        self.made: list[Object] = []
        self.removed: list[str] = []
        self._api = api
        api.kept.controllers.append(self._notice)
        api.logs = self._log

    def _notice(self, kind: str, key: tuple[str, str, str], obj: Object) -> None:
        if key[0] != "pods":
            return
        if kind == "DELETED":
            self.removed.append(key[2])
        if kind == "ADDED":
            self.made.append(obj)
            if self.status is not None:
                self._api.kept.put(key, {**obj, "status": self.status})

    def _log(self, _request: Request) -> t.Iterator[bytes]:
        for number, line in enumerate(self.prints):
            yield f"2026-06-01T02:00:00.{number + 1:09}Z {line}\n".encode()


class FunctionLab:
    """One cluster with a namespace, and calls of functions in it."""

    def __init__(self) -> None:
        self.api = MemoryApi()
        self.api.add("namespaces", NAMESPACE)
        self.node = Node(self.api)
        self.logged: list[str] = []
        self.run = ClusterRun(
            client=self.api.client,
            run_id="run-1",
            issues=Issues(lambda _level, line, _fields: self.logged.append(line)),
        )

    @property
    def warnings(self) -> list[str]:
        return [issue.message for issue in self.run.issues.warnings]

    def call(self, function: str, arguments: t.Mapping[str, t.Any], **more: t.Any) -> FunctionCall:
        """A phase with ``seconds`` to go."""
        parameters = more.pop("parameters", None) or TemplateParameters(
            object=more.pop("subject", {}), time="2026-06-01T02:00:00Z"
        )
        deadline = time.monotonic() + more.pop("seconds", 20.0)
        return FunctionCall(
            context=PhaseContext(
                run=self.run,
                parameters=parameters,
                render=more.pop("render", lambda value: value),
                pods=more.pop("pods", PodDefaults(namespace=NAMESPACE)),
                **more,
            ),
            place=PhasePlace(blueprint="shop-hooks", action="before", phase="one", function=function),
            arguments=arguments,
            deadline=deadline,
        )


__all__ = ("NAMESPACE", "FunctionLab", "Node", "ended", "waiting")
