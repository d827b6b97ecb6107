# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands in containers that are there already, and what is said of those that fail."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError, NotThere
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.freeze_checks import concerns_freezes
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.printed import Place, Printed
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import (
    ExecError,
    ExecRefused,
    ExecTimeout,
    exec_command,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import namespaced_path

#: Bytes of stdout that are searched for outputs.
_MOST_OUTPUT = 16 << 20


def run_command(call: FunctionCall, place: Place, argv: t.Sequence[str]) -> dict[str, str]:
    """The outputs on its stdout. Raises ``BlueprintError`` for one that fails, or whose end nobody knows."""
    if not argv:
        raise BlueprintError(f"There is no command to run in {place}.")
    found = concerns_freezes(argv)
    if found is not None:
        # Most blueprints freeze nothing, and need nothing of what guards.
        from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.guarded_commands import run_guarded

        return run_guarded(call, place, argv, found)
    try:
        result = exec_command(
            call.client,
            namespace=place.namespace,
            pod=place.pod,
            container=place.container,
            argv=argv,
            timeout=max(0.1, call.seconds_left),
            max_output=_MOST_OUTPUT,
        )
    except ExecRefused as exc:
        raise BlueprintError(exc.message, hint=exc.hint) from exc
    except ExecTimeout as exc:
        raise BlueprintError(
            f"The command in {place} did not end before the time of its phase was over; it may still run there."
            f"{Printed(call, place, exc.stdout, exc.stderr).last}"
        ) from exc
    except ExecError as exc:
        may = " It may still run there." if "may still run" not in exc.message else ""
        raise BlueprintError(
            f"{exc.message}{may}{Printed(call, place, exc.stdout, exc.stderr).last}", hint=exc.hint
        ) from exc
    except KubeError as exc:
        raise BlueprintError(f"The command in {place} could not be run: {exc.message}", hint=exc.hint) from exc
    printed = Printed(call, place, result.stdout, result.stderr)
    if result.rc:
        raise BlueprintError(f"The command in {place} ended with exit code {result.rc}.{printed.last}")
    if result.stdout_truncated:
        call.run.issues.warning(
            f"The command in {place} printed more than {_MOST_OUTPUT >> 20} MiB; only those were searched for outputs."
        )
    return printed.outputs()


def foresee_command(call: FunctionCall, place: Place, argv: t.Sequence[str]) -> None:
    """Raise ``BlueprintError`` where it could not be run, as far as is known without running it."""
    try:
        pod = _read_pod(call, place.namespace, place.pod)
    except NotThere:
        raise
    except BlueprintError:
        # Who may run commands in pods may not have to read them.
        return
    if concerns_freezes(argv) is not None:
        from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.guarded_commands import (
            foresee_guarded,
        )

        foresee_guarded(call, pod, place, argv)


def find_container(call: FunctionCall, namespace: str, pod_name: str, name: str) -> Place:
    """``name``, or the only container of the pod. Raises ``BlueprintError`` where there are more, as Kanister."""
    if name:
        return Place(namespace, pod_name, name)
    pod = _read_pod(call, namespace, pod_name)
    names = [str(each["name"]) for each in (pod.get("spec") or {}).get("containers") or []]
    if len(names) != 1:
        raise BlueprintError(
            f"Pod {namespace}/{pod_name} has {len(names)} containers ({', '.join(names)}), and it is not said in which "
            "of them the command is to run.",
            hint="Set the argument container.",
        )
    return Place(namespace, pod_name, names[0])


def _read_pod(call: FunctionCall, namespace: str, name: str) -> Object:
    try:
        found: Object = call.client.get(namespaced_path("v1", namespace, "pods", name))
    except KubeError as exc:
        message = f"Pod {namespace}/{name} cannot be read: {exc.message}"
        if exc.not_found:
            raise NotThere(message, name="", hint=exc.hint) from exc
        raise BlueprintError(message, hint=exc.hint) from exc
    return found


__all__ = ("find_container", "foresee_command", "run_command")
