# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hooks and what became of them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import ExecHook, HookRule

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
    ``timeout_seconds`` is None for a hook without limit (a negative duration, Velero 1.18). ``index`` is the place in
    the list that it comes from, ``rule`` the spec hook's rule. ``freezes`` are paths that the command freezes (a pre
    hook) or thaws (a post hook) without saying so in its text.
    """

    source: t.Literal["annotation", "spec", "task", "backup"]
    name: str
    phase: Phase
    argv: tuple[str, ...]
    container: str = ""
    on_error: OnError | t.Literal[""] = ""
    timeout_seconds: float | None = DEFAULT_TIMEOUT_SECONDS
    index: int = 0
    retries: int = 0
    retry_backoff_seconds: float = 1.0
    kill_on_timeout: bool = False
    freezes: tuple[str, ...] = ()
    rule: HookRule | None = dataclasses.field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        entry: ExecHook,
        *,
        source: t.Literal["spec", "backup"],
        name: str,
        phase: Phase,
        index: int,
        rule: HookRule | None = None,
    ) -> Hook:
        """The command of an entry as written: the ``index``-th of its list."""
        return cls(
            source=source,
            name=name,
            phase=phase,
            argv=entry.command,
            container=entry.container,
            on_error=entry.on_error,
            timeout_seconds=entry.timeout_seconds,
            index=index,
            retries=entry.retries,
            retry_backoff_seconds=entry.retry_backoff_seconds,
            kill_on_timeout=entry.kill_on_timeout,
            freezes=entry.freezes,
            rule=rule,
        )

    def resolved_on_error(self, default: OnError) -> OnError:
        """What a failure does, with the run's default for a hook that does not say."""
        return self.on_error or default


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HookPolicy:
    """How the hooks of a run are taken: what a failure does where the hook does not say so itself.

    ``log_output`` False keeps what commands print out of the log and of errors.
    """

    default_on_error: OnError = "Fail"
    log_output: bool = True

    def is_fatal(self, result: HookResult) -> bool:
        """The hook has failed, and that is not to be passed over."""
        return result.failed and result.hook.resolved_on_error(self.default_on_error) == "Fail"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HookResult:
    """What became of one hook in one pod. ``error`` is empty when it went well.

    ``attempts``: how often it was tried, 0 for a hook that was skipped. ``killed``: after its time was over the
    command was ended, and it is proven that nothing of it runs any more.
    """

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
    attempts: int = 1
    killed: bool = False
    #: It is certain that nothing was started.
    never_started: bool = False
    #: Another try would end in the same way.
    is_final: bool = False

    @property
    def may_be_repeated(self) -> bool:
        """True when it is certain that the command does not run any more, and another try may fare better."""
        return not self.is_final and (self.rc is not None or self.killed or self.never_started)

    @classmethod
    def not_run(cls, hook: Hook, pod: tuple[str, str], state: t.Literal["failed", "skipped"], why: str) -> HookResult:
        """A hook that was never started in ``pod`` (namespace and name), and why."""
        return cls(
            hook=hook,
            namespace=pod[0],
            pod=pod[1],
            container=hook.container,
            state=state,
            started=utc_now(),
            error=why,
            attempts=0,
        )

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
            "attempts": self.attempts,
            "killed": self.killed,
            "error": self.error,
        }
        if with_output:
            for stream, data in (("stdout", self.stdout), ("stderr", self.stderr)):
                entry[stream] = data[:RETURNED_OUTPUT_LIMIT].decode("utf-8", "replace")
                entry[f"{stream}_truncated"] = self.output_truncated or len(data) > RETURNED_OUTPUT_LIMIT
        return entry


def log_fields(hook: Hook, default_on_error: OnError) -> dict[str, str]:
    """The fields of a hook's log lines; ``hookCommand`` is what the Velero and Ark pages have people grep for."""
    timeout = hook.timeout_seconds
    return {
        "hookSource": hook.source,
        "hookType": "exec",
        "hookPhase": hook.phase,
        "hookName": hook.name,
        "hookContainer": hook.container,
        "hookCommand": f"[{' '.join(hook.argv)}]",
        "hookOnError": hook.resolved_on_error(default_on_error),
        "hookTimeout": "{-1s}" if timeout is None else f"{{{format_duration(timeout)}}}",
    }


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
    "HookPolicy",
    "HookResult",
    "HookState",
    "OnError",
    "Phase",
    "hook_status",
    "log_fields",
)
