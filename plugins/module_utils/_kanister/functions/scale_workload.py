# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ScaleWorkload: another number of replicas, and the old one as an output (docs/compatibility 16.4)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall, Outputs, PlannedWork
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.arguments import Arguments
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.waiting import ask_patiently
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.workloads import (
    WORKLOAD_KINDS,
    WorkloadKind,
    problem_of,
    wanted_replicas,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object, patch_object

_PAUSE_SECONDS = 1.0
#: An API server that is away is waited for this long each time, in seconds.
_AWAY_SECONDS = 120.0


class _Target(t.NamedTuple):
    kind: WorkloadKind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.resource.kind} {self.namespace}/{self.name}"


class ScaleWorkload:
    """Without ``waitForReady: false`` it waits until all pods are as they should be, or gone."""

    def plan(self, call: FunctionCall) -> PlannedWork:
        target = _target(call)
        return PlannedWork(does=f"scale {target} to {_replicas(call)}", namespace=target.namespace)

    def run(self, call: FunctionCall) -> Outputs:
        target, replicas = _target(call), _replicas(call)
        waits = Arguments(call).flag("waitForReady", default=True)
        before = wanted_replicas(_read(call, target))
        try:
            ask_patiently(
                call.client,
                lambda: patch_object(
                    call.client,
                    target.kind.resource,
                    target.name,
                    {"spec": {"replicas": replicas}},
                    namespace=target.namespace,
                ),
                timeout=min(_AWAY_SECONDS, call.seconds_left),
            )
        except KubeError as exc:
            raise BlueprintError(f"{target} could not be scaled to {replicas}: {exc.message}", hint=exc.hint) from exc
        call.log(f"{target} scaled from {before} to {replicas}")
        if waits:
            _await_ready(call, target, replicas)
        return {"originalReplicaCount": before}


def _await_ready(call: FunctionCall, target: _Target, replicas: int) -> None:
    allowed = call.seconds_left
    end = time.monotonic() + allowed
    problem = "it was not looked at"
    call.run.progress(f"{target}: waiting for {replicas} replicas")
    while True:
        try:
            workload = _read(call, target)
            if wanted_replicas(workload) != replicas:
                other = wanted_replicas(workload)
                raise BlueprintError(f"{target} was scaled to {replicas}, and to {other} by somebody else since.")
            problem = problem_of(call.client, target.kind, workload)
        except KubeError as exc:
            if not exc.may_pass:
                raise BlueprintError(f"{target} cannot be waited for: {exc.message}", hint=exc.hint) from exc
            problem = exc.message
        if not problem:
            return
        if time.monotonic() >= end:
            raise BlueprintError(
                f"{target} was scaled to {replicas}, and was not ready within the {allowed:.0f} s that its phase had "
                f"left; last seen: {problem.rstrip('.')}.",
                hint="waitForReady: false goes on without waiting.",
            )
        if call.run.cancel.wait(_PAUSE_SECONDS):
            call.run.cancel.check()


def _read(call: FunctionCall, target: _Target) -> Object:
    """Raises ``KubeError``, and ``BlueprintError`` where it is not there."""
    found = get_object(call.client, target.kind.resource, target.name, target.namespace)
    if found is None:
        raise BlueprintError(f"{target}, which ScaleWorkload is to scale, is not there.")
    return found


def _replicas(call: FunctionCall) -> int:
    """An int, or a text of digits, as templates give it."""
    value = call.arguments.get("replicas")
    text = str(value).strip()
    if isinstance(value, (bool, float)) or not text.isascii() or not text.isdigit():
        raise Arguments(call).wrong("replicas", f"is '{text}', and no number of replicas")
    return int(text)


def _target(call: FunctionCall) -> _Target:
    """What the arguments name, and where they do not say all of it the subject."""
    arguments, workload = Arguments(call), call.parameters.workload
    kind = arguments.text("kind") or (workload.kind if workload else "")
    namespace = arguments.text("namespace") or (workload.namespace if workload else "")
    name = arguments.text("name") or (workload.name if workload else "")
    missing = [word for word, value in (("kind", kind), ("namespace", namespace), ("name", name)) if not value]
    if missing:
        raise arguments.incomplete(
            f"does not say {' and '.join(missing)} of what it scales, and the subject is no workload",
            "Set the arguments kind, namespace and name.",
        )
    found = WORKLOAD_KINDS.get(kind.lower())
    if found is None:
        raise arguments.wrong("kind", f"is '{kind}', and not one of {', '.join(WORKLOAD_KINDS)}")
    return _Target(found, namespace, name)


__all__ = ("ScaleWorkload",)
