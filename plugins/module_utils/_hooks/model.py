# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Hooks and what became of them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339

Phase: t.TypeAlias = t.Literal["pre", "post"]
OnError: t.TypeAlias = t.Literal["Fail", "Continue"]
HookState: t.TypeAlias = t.Literal["ok", "failed", "timed_out", "lost", "skipped"]

DEFAULT_TIMEOUT_SECONDS = 30.0
ANNOTATION_HOOK_NAME = "<from-annotation>"
#: Bytes of each output stream that a task result carries; the log keeps all that was read.
RETURNED_OUTPUT_LIMIT = 64 * 1024


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One command for one pod.

    ``container`` is as written: empty means the first container. ``on_error`` is empty when unset.
    ``timeout_seconds`` is None for a hook without limit (a negative duration, Velero 1.18).
    """

    source: t.Literal["annotation", "spec", "task"]
    name: str
    phase: Phase
    argv: tuple[str, ...]
    container: str = ""
    on_error: OnError | t.Literal[""] = ""
    timeout_seconds: float | None = DEFAULT_TIMEOUT_SECONDS
    index: int = 0

    def resolved_on_error(self, default: OnError) -> OnError:
        """What a failure does, with the run's default for a hook that does not say."""
        return self.on_error or default


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HookResult:
    """What became of one hook in one pod. ``error`` is empty when it went well."""

    hook: Hook
    namespace: str
    pod: str
    container: str
    state: HookState
    started: dt.datetime
    duration_seconds: float = 0.0
    rc: int | None = None
    stdout: bytes = b""
    stderr: bytes = b""
    output_truncated: bool = False
    error: str = ""

    @property
    def failed(self) -> bool:
        return self.state in ("failed", "timed_out", "lost")

    @property
    def may_have_run(self) -> bool:
        """True when the command returned 0, or when nobody can say whether it did."""
        return self.state in ("ok", "timed_out", "lost")

    def identity(self) -> tuple[str, str, str, str, str, str, int]:
        """What Velero counts as one hook in ``hookStatus`` (Velero 1.18: container as written, index in its rule)."""
        hook = self.hook
        return (self.namespace, self.pod, hook.source, hook.container, hook.phase, hook.name, hook.index)

    def to_return(self, *, default_on_error: OnError, with_output: bool = True) -> dict[str, t.Any]:
        """The entry of a task's ``hooks`` list."""
        entry: dict[str, t.Any] = {
            "namespace": self.namespace,
            "pod": self.pod,
            "container": self.container,
            "phase": self.hook.phase,
            "source": self.hook.source,
            "name": self.hook.name,
            "argv": list(self.hook.argv),
            "on_error": self.hook.resolved_on_error(default_on_error),
            "timeout_seconds": self.hook.timeout_seconds,
            "started": rfc3339(self.started),
            "duration_seconds": round(self.duration_seconds, 3),
            "rc": self.rc,
            "state": self.state,
            "error": self.error,
        }
        if with_output:
            for stream, data in (("stdout", self.stdout), ("stderr", self.stderr)):
                entry[stream] = data[:RETURNED_OUTPUT_LIMIT].decode("utf-8", "replace")
                entry[f"{stream}_truncated"] = self.output_truncated or len(data) > RETURNED_OUTPUT_LIMIT
        return entry


def hook_status(results: t.Iterable[HookResult]) -> dict[str, int]:
    """Velero's ``status.hookStatus``: distinct hooks, and those whose first result failed (omitted at 0)."""
    first: dict[tuple[str, ...], bool] = {}
    for result in results:
        first.setdefault(t.cast("tuple[str, ...]", result.identity()), result.failed)
    status = {"hooksAttempted": len(first), "hooksFailed": sum(first.values())}
    return {name: count for name, count in status.items() if count}


__all__ = (
    "ANNOTATION_HOOK_NAME",
    "DEFAULT_TIMEOUT_SECONDS",
    "Hook",
    "HookResult",
    "HookState",
    "OnError",
    "Phase",
    "hook_status",
)
