# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run one hook in one pod and say what became of it (Velero 1.18 ``defaultPodCommandExecutor``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.errors import HookError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.explanations import explain_cause, explain_exit
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.killing import kill_tracked, take_tracked, tracked_argv
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import (
    Hook,
    HookPolicy,
    HookResult,
    HookState,
    log_fields,
)
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.retries import run_with_retries
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.shell_words import shell_advice
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import (
    ExecError,
    ExecRefused,
    ExecResult,
    ExecStreamLost,
    ExecTimeout,
    exec_command,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_finished, pod_identity

#: No right, or no such pod: another try ends in the same way.
_FINAL_STATUS = (401, 403, 404)
#: What a runtime answers when the program is not there, as an exit code.
_NO_PROGRAM = (126, 127)


def resolve_container(pod: t.Mapping[str, t.Any], name: str) -> str:
    """The container a hook runs in: ``name``, or the first of ``spec.containers``.

    Native sidecars (init containers that restart always) may be named; ``kubectl.kubernetes.io/default-container``
    is ignored, as in Velero. Raises ``HookError``.
    """
    spec = pod.get("spec") or {}
    names = [container["name"] for container in spec.get("containers") or []]
    if not name:
        if not names:
            raise HookError("need at least 1 container")
        return str(names[0])
    sidecars = [c["name"] for c in spec.get("initContainers") or [] if c.get("restartPolicy") == "Always"]
    if name not in names and name not in sidecars:
        raise HookError(f'no such container: "{name}"')
    return name


def run_hook(run: ClusterRun, pod: t.Mapping[str, t.Any], hook: Hook, policy: HookPolicy) -> HookResult:
    """Run ``hook`` in ``pod``, again where it says so. Every failure is in the result, none is raised.

    A cancelled hook is not tried again.
    """
    execution = HookExecution(run, pod, hook, policy)
    return run_with_retries(
        hook,
        execution.attempt,
        run=run,
        policy=policy,
    )


class HookExecution:
    """One hook in one pod, to be tried once or more often."""

    def __init__(self, run: ClusterRun, pod: t.Mapping[str, t.Any], hook: Hook, policy: HookPolicy) -> None:
        self._client = run.client
        self._cancel = run.cancel
        self._pod = pod
        self._hook = hook
        self._issues = run.issues
        self._log_output = policy.log_output
        self._namespace, self._name = pod_identity(pod)
        self._fields = {"name": self._name, "namespace": self._namespace, **log_fields(hook, policy.default_on_error)}

    def attempt(
        self,
        *,
        argv: t.Sequence[str] | None = None,
        extra_seconds: float = 0.0,
        clean: t.Callable[[bytes], bytes] = bytes,
        last_words: str = "",
        cancel: CancelToken | None = None,
    ) -> HookResult:
        """One try; a failure is not logged yet. ``cancel``: in the place of the run's.

        ``argv`` replaces the command that is sent (a freeze under its timer) and ``extra_seconds`` is what it may take
        beyond the hook's own timeout; ``clean`` takes out of stdout, and out of what is logged of stderr, what the hook
        itself did not write. ``last_words`` are those of ``exec_command``. The hook is reported as written.
        """
        started, clock = utc_now(), time.monotonic()

        def finish(state: HookState, container: str, error: str = "", **more: t.Any) -> HookResult:
            return HookResult(
                hook=self._hook,
                namespace=self._namespace,
                pod=self._name,
                container=container,
                state=state,
                started=started,
                duration_seconds=time.monotonic() - clock,
                error=error,
                **more,
            )

        try:
            container = self._check()
        except HookError as exc:
            return finish("failed", self._hook.container, exc.message)
        self._fields["hookContainer"] = container
        if is_finished(self._pod):
            phase = (self._pod.get("status") or {}).get("phase")
            self._issues.info(f"Pod entered phase {phase} before some hooks ran, skipping hook", **self._fields)
            return finish("skipped", container, attempts=0)
        self._issues.info("running exec hook", **self._fields)
        limit = self._hook.timeout_seconds
        tracks = self._hook.kill_on_timeout and limit is not None and argv is None
        try:
            result = self._exec(
                container,
                list(argv or self._hook.argv),
                tracks=tracks,
                timeout=None if limit is None else limit + extra_seconds,
                last_words=last_words,
                cancel=cancel or self._cancel,
            )
        except ExecTimeout as exc:
            error = f"timed out after {format_duration(limit or 0)}"
            output: dict[str, t.Any] = {"stdout": exc.stdout, "stderr": exc.stderr}
            if tracks:
                output["stderr"], why = self._kill(container, exc.stderr)
                return finish("timed_out", container, f"{error}; {why or 'it was killed'}", killed=not why, **output)
            return finish("timed_out", container, error, **output)
        except ExecStreamLost as exc:
            stderr, _tracked = take_tracked(exc.stderr)
            return finish("lost", container, exc.message, stdout=exc.stdout, stderr=stderr)
        except ExecRefused as exc:
            cause = explain_cause(self._hook.argv, exc.message)
            return finish(
                "failed",
                container,
                f"{exc.message.rstrip('.')} ({cause})" if cause else exc.message,
                stdout=exc.stdout,
                stderr=exc.stderr,
                never_started=True,
                is_final=exc.status in _FINAL_STATUS,
            )
        except ExecError as exc:
            return finish("failed", container, exc.message, stdout=exc.stdout, stderr=exc.stderr)
        except KubeError as exc:
            return finish("failed", container, exc.sentence)
        except Cancelled as exc:
            return finish("lost", container, exc.message)
        stderr, _tracked = take_tracked(result.stderr)
        error = ""
        advice = shell_advice(self._hook.argv)
        if advice and not result.rc:
            self._issues.warning(f"A hook did less than was written: {advice}.", **self._fields)
        if result.rc:
            error = explain_exit(self._hook.argv, result.rc, clean(stderr), with_output=self._log_output)
        if self._log_output:
            self._issues.info(f"stdout: {clean(result.stdout).decode('utf-8', 'replace')}", **self._fields)
            self._issues.info(f"stderr: {clean(stderr).decode('utf-8', 'replace')}", **self._fields)
        return finish(
            "failed" if result.rc else "ok",
            container,
            error,
            rc=result.rc,
            stdout=clean(result.stdout),
            stderr=stderr,
            output_truncated=result.stdout_truncated or result.stderr_truncated,
        )

    def _check(self) -> str:
        """The container; raises ``HookError`` for what cannot run, in Velero's words."""
        wanted = (
            ("item", self._pod),
            ("namespace", self._namespace),
            ("name", self._name),
            ("hookName", self._hook.name),
        )
        for what, value in wanted:
            if not value:
                raise HookError(f"{what} is required")
        container = resolve_container(self._pod, self._hook.container)
        if not self._hook.argv:
            raise HookError("command is required")
        return container

    def _exec(
        self,
        container: str,
        argv: list[str],
        *,
        tracks: bool,
        timeout: float | None,
        last_words: str,
        cancel: CancelToken,
    ) -> ExecResult:
        def send(command: list[str]) -> ExecResult:
            return exec_command(
                self._client,
                namespace=self._namespace,
                pod=self._name,
                container=container,
                argv=command,
                timeout=timeout,
                cancel=cancel,
                last_words=last_words,
            )

        if not tracks:
            return send(argv)
        try:
            result = send(tracked_argv(argv))
        except ExecRefused as exc:
            if "/bin/sh" not in exc.message:
                raise
        else:
            if result.rc not in _NO_PROGRAM or take_tracked(result.stderr)[1] is not None:
                return result
        self._issues.warning(
            f"kill_on_timeout has no effect in container {container} of pod {self._namespace}/{self._name}: "
            "it has no /bin/sh",
            **self._fields,
        )
        return send(argv)

    def _kill(self, container: str, stderr: bytes) -> tuple[bytes, str]:
        """``stderr`` without our line; empty when it is proven that the command is gone, else why it is not."""
        rest, tracked = take_tracked(stderr)
        if tracked is None:
            return rest, "it could not be killed: its process is not known"
        why = kill_tracked(self._client, tracked, namespace=self._namespace, pod=self._name, container=container)
        return rest, f"it could not be killed: {why}" if why else ""


__all__ = ("HookExecution", "resolve_container", "run_hook")
