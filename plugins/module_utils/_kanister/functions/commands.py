# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands in containers that are there already, and what is said of those that fail."""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.phase_output import PhaseOutput
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import (
    ExecError,
    ExecRefused,
    ExecResult,
    ExecTimeout,
    exec_command,
)

#: Of each stream, in an error (Kanister's number).
_TAIL_LINES = 10
_LONGEST_LINE = 500
#: Bytes of stdout that are searched for outputs.
_MOST_OUTPUT = 16 << 20


class Place(t.NamedTuple):
    """A container."""

    namespace: str
    pod: str
    container: str

    def __str__(self) -> str:
        return f"container {self.container} of pod {self.namespace}/{self.pod}"


def run_command(call: FunctionCall, place: Place, argv: t.Sequence[str]) -> dict[str, str]:
    """The outputs on its stdout. Raises ``BlueprintError`` for one that fails, or whose end nobody knows."""
    if not argv:
        raise BlueprintError(f"There is no command to run in {place}.")
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
            f"{_interrupted(call, place, exc)}"
        ) from exc
    except ExecError as exc:
        may = " It may still run there." if "may still run" not in exc.message else ""
        raise BlueprintError(f"{exc.message}{may}{_interrupted(call, place, exc)}", hint=exc.hint) from exc
    except KubeError as exc:
        raise BlueprintError(f"The command in {place} could not be run: {exc.message}", hint=exc.hint) from exc
    printed = _Printed(call, place, result)
    if result.rc:
        raise BlueprintError(f"The command in {place} ended with exit code {result.rc}.{printed.last}")
    if result.stdout_truncated:
        call.run.issues.warning(
            f"The command in {place} printed more than {_MOST_OUTPUT >> 20} MiB; only those were searched for outputs."
        )
    return printed.outputs()


def find_container(call: FunctionCall, namespace: str, pod_name: str, name: str) -> Place:
    """``name``, or the only container of the pod. Raises ``BlueprintError`` where there are more, as Kanister."""
    if name:
        return Place(namespace, pod_name, name)
    try:
        pod = call.client.get(f"/api/v1/namespaces/{namespace}/pods/{pod_name}")
    except KubeError as exc:
        raise BlueprintError(f"Pod {namespace}/{pod_name} cannot be read: {exc.message}", hint=exc.hint) from exc
    names = [str(each["name"]) for each in (pod.get("spec") or {}).get("containers") or []]
    if len(names) != 1:
        raise BlueprintError(
            f"Pod {namespace}/{pod_name} has {len(names)} containers ({', '.join(names)}), and it is not said in which "
            "of them the command is to run.",
            hint="Set the argument container.",
        )
    return Place(namespace, pod_name, names[0])


class _Printed:
    """What a command has printed: into the log, the last of it for an error, and the outputs among it."""

    def __init__(self, call: FunctionCall, place: Place, result: ExecResult) -> None:
        self._call = call
        self._fields = {"pod": place.pod, "namespace": place.namespace, "container": place.container}
        self._lines: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self._error: BlueprintError | None = None
        self._reader = PhaseOutput(functools.partial(self._log, "stdout"))
        try:
            self._reader.feed(result.stdout)
            self._reader.finish()
        except BlueprintError as exc:
            # The exit code counts first.
            self._error = exc
        for line in result.stderr.decode("utf-8", "replace").splitlines():
            self._log("stderr", line)

    @property
    def last(self) -> str:
        parts = []
        for stream, lines in self._lines.items():
            if lines:
                parts.append(f" The last of its {stream}: {' | '.join(lines[-_TAIL_LINES:])}")
        return self._call.mask("".join(parts))

    def outputs(self) -> dict[str, str]:
        if self._error is not None:
            raise self._error
        return dict(self._reader.outputs)

    def _log(self, stream: str, line: str) -> None:
        self._call.log(line, stream=stream, **self._fields)
        if line.strip():
            self._lines[stream].append(line[:_LONGEST_LINE])


def _interrupted(call: FunctionCall, place: Place, exc: ExecError) -> str:
    """The last that was printed by a command of which nobody knows how it ended."""
    result = ExecResult(
        rc=-1,
        stdout=exc.stdout,
        stderr=exc.stderr,
        stdout_truncated=False,
        stderr_truncated=False,
        duration_seconds=0.0,
    )
    return _Printed(call, place, result).last


__all__ = ("Place", "find_container", "run_command")
