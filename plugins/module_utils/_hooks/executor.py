# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Run one hook in one pod and say what became of it (Velero 1.18 ``defaultPodCommandExecutor``)."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.errors import HookError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookResult, HookState, OnError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import (
    ExecError,
    ExecResult,
    ExecStreamLost,
    ExecTimeout,
    exec_command,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import RunLog

_FINISHED_PHASES = ("Succeeded", "Failed")


def pod_identity(pod: t.Mapping[str, t.Any]) -> tuple[str, str]:
    """Namespace and name."""
    metadata = pod.get("metadata") or {}
    return str(metadata.get("namespace", "")), str(metadata.get("name", ""))


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


def is_finished(pod: t.Mapping[str, t.Any]) -> bool:
    """True for a pod that has run to its end: its hooks are skipped."""
    return (pod.get("status") or {}).get("phase") in _FINISHED_PHASES


def run_hook(
    client: KubeClient,
    pod: t.Mapping[str, t.Any],
    hook: Hook,
    *,
    log: RunLog,
    default_on_error: OnError = "Fail",
    argv: t.Sequence[str] | None = None,
    extra_seconds: float = 0.0,
    clean_stderr: t.Callable[[bytes], bytes] = bytes,
    log_output: bool = True,
    cancel: CancelToken | None = None,
) -> HookResult:
    """Run ``hook`` in ``pod``. Every failure is in the result, none is raised.

    ``argv`` replaces the command that is sent (a freeze under its lease) and ``extra_seconds`` is what it may take
    beyond the hook's own timeout; ``clean_stderr`` takes out of the log what the hook itself did not write, and
    ``log_output`` False keeps its output out of the log. The hook is reported as written.
    """
    namespace, name = pod_identity(pod)
    started, clock = utc_now(), time.monotonic()
    fields = log_fields(hook, default_on_error)

    def finish(state: HookState, error: str = "", exec_result: ExecResult | None = None, **more: t.Any) -> HookResult:
        if exec_result is not None:
            more |= {
                "rc": exec_result.rc,
                "stdout": exec_result.stdout,
                "stderr": exec_result.stderr,
                "output_truncated": exec_result.stdout_truncated or exec_result.stderr_truncated,
            }
        return HookResult(
            hook=hook,
            namespace=namespace,
            pod=name,
            state=state,
            started=started,
            duration_seconds=time.monotonic() - clock,
            error=error,
            **more,
        )

    try:
        container = resolve_container(pod, hook.container)
        if not hook.argv:
            raise HookError("command is required")
    except HookError as exc:
        log.error("Error executing hook", error=exc.message, name=name, namespace=namespace, **fields)
        return finish("failed", exc.message, container=hook.container)
    fields["hookContainer"] = container
    if is_finished(pod):
        phase = (pod.get("status") or {}).get("phase")
        log.info(
            f"Pod entered phase {phase} before some hooks ran, skipping hook", name=name, namespace=namespace, **fields
        )
        return finish("skipped", container=container)
    log.info("running exec hook", name=name, namespace=namespace, **fields)
    try:
        result = exec_command(
            client,
            namespace=namespace,
            pod=name,
            container=container,
            argv=list(argv or hook.argv),
            timeout=None if hook.timeout_seconds is None else hook.timeout_seconds + extra_seconds,
            cancel=cancel,
        )
    except ExecTimeout as exc:
        limit = format_duration(hook.timeout_seconds or 0)
        outcome = finish(
            "timed_out", f"timed out after {limit}", container=container, stdout=exc.stdout, stderr=exc.stderr
        )
    except ExecStreamLost as exc:
        outcome = finish("lost", exc.message, container=container, stdout=exc.stdout, stderr=exc.stderr)
    except ExecError as exc:
        outcome = finish("failed", exc.message, container=container, stdout=exc.stdout, stderr=exc.stderr)
    except KubeError as exc:
        outcome = finish("failed", exc.sentence, container=container)
    except Cancelled as exc:
        outcome = finish("lost", exc.message, container=container)
    else:
        if log_output:
            log.info(f"stdout: {result.stdout.decode('utf-8', 'replace')}", name=name, namespace=namespace, **fields)
            log.info(
                f"stderr: {clean_stderr(result.stderr).decode('utf-8', 'replace')}",
                name=name,
                namespace=namespace,
                **fields,
            )
        if result.rc == 0:
            return finish("ok", exec_result=result, container=container)
        outcome = finish(
            "failed", f"command terminated with exit code {result.rc}", exec_result=result, container=container
        )
    log.error("Error executing hook", error=outcome.error, name=name, namespace=namespace, **fields)
    return outcome


def log_fields(hook: Hook, default_on_error: OnError) -> dict[str, str]:
    """The fields of a hook's log lines; ``hookCommand`` is what the Velero and Ark pages tell people to grep for."""
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


__all__ = ("is_finished", "log_fields", "pod_identity", "resolve_container", "run_hook")
