# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a command ran, and what it has printed there."""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.phase_output import PhaseOutput

#: Of each stream, in an error (Kanister's number).
_TAIL_LINES = 10
_LONGEST_LINE = 500


class Place(t.NamedTuple):
    """A container."""

    namespace: str
    pod: str
    container: str

    def __str__(self) -> str:
        return f"container {self.container} of pod {self.namespace}/{self.pod}"


class Printed:
    """What a command has printed: into the log, the last of it for an error, and the outputs among it."""

    def __init__(self, call: FunctionCall, place: Place, stdout: bytes, stderr: bytes) -> None:
        self._call = call
        self._fields = {"pod": place.pod, "namespace": place.namespace, "container": place.container}
        self._lines: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self._error: BlueprintError | None = None
        self._reader = PhaseOutput(functools.partial(self._log, "stdout"))
        try:
            self._reader.feed(stdout)
            self._reader.finish()
        except BlueprintError as exc:
            # The exit code counts first.
            self._error = exc
        for line in stderr.decode("utf-8", "replace").splitlines():
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
            self._lines[stream].append(self._call.mask(line)[:_LONGEST_LINE])


__all__ = ("Place", "Printed")
