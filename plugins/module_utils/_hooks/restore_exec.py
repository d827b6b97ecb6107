# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which commands a restore runs in the pods that it created, and when a container is up for them (Velero 1.18)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.annotations import (
    parse_command,
    parse_hook_timeout,
    parse_on_error,
)
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import ANNOTATION_HOOK_NAME, Hook
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_hook_rules import RestoreHookRule

_PREFIX = "post.hook.restore.velero.io/"
_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("0", "f", "F", "FALSE", "false", "False")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoreExecHook:
    """A hook and how long its container may take to come up: ``wait_seconds`` None when it does not say."""

    hook: Hook
    wait_seconds: float | None = None
    wait_for_ready: bool = False

    @property
    def stops_all(self) -> bool:
        """Only ``Fail`` does; unset means Continue for restore hooks (Velero 1.18)."""
        return self.hook.on_error == "Fail"


def exec_hooks_of_pod(pod: ObjectView, rules: t.Iterable[RestoreHookRule]) -> tuple[list[RestoreExecHook], list[str]]:
    """The hook in the annotations of ``pod``, and only without one those of all rules that match, in their order.

    ``pod`` is the pod as it was created, in its target namespace. The second value are warnings about annotations.
    """
    declared, warnings = parse_restore_exec_hook(pod)
    if declared is not None:
        return [declared], warnings
    namespace, _name = pod_identity(pod)
    labels = (pod.get("metadata") or {}).get("labels")
    return [hook for rule in rules if rule.applies_to(namespace, labels) for hook in _hooks_of_rule(rule)], []


def parse_restore_exec_hook(pod: ObjectView) -> tuple[RestoreExecHook | None, list[str]]:
    """The exec hook in the annotations of ``pod``, and warnings about values that were left out."""
    annotations: t.Mapping[str, str] = (pod.get("metadata") or {}).get("annotations") or {}
    command = annotations.get(_PREFIX + "command", "")
    if not command:
        return None, []
    where = "pod " + "/".join(pod_identity(pod))
    warnings: list[str] = []
    timeout_key, wait_key, ready_key = (_PREFIX + key for key in ("exec-timeout", "wait-timeout", "wait-for-ready"))
    hook = Hook(
        source="annotation",
        name=ANNOTATION_HOOK_NAME,
        phase="post",
        argv=parse_command(command),
        container=annotations.get(_PREFIX + "container", ""),
        on_error=parse_on_error(annotations.get(_PREFIX + "on-error", "")),
        timeout_seconds=parse_hook_timeout(
            annotations.get(timeout_key, ""), key=timeout_key, where=where, warnings=warnings
        ),
    )
    return (
        RestoreExecHook(
            hook=hook,
            wait_seconds=_parse_wait(annotations.get(wait_key, ""), key=wait_key, where=where, warnings=warnings),
            wait_for_ready=_parse_bool(annotations.get(ready_key, ""), key=ready_key, where=where, warnings=warnings),
        ),
        warnings,
    )


def group_by_container(pod: ObjectView, hooks: t.Iterable[RestoreExecHook]) -> dict[str, list[RestoreExecHook]]:
    """Hooks by the name of their container, in their order; a hook without one goes to the pod's first container."""
    containers = (pod.get("spec") or {}).get("containers") or []
    default = str(containers[0]["name"]) if containers else ""
    grouped: dict[str, list[RestoreExecHook]] = {}
    for entry in hooks:
        grouped.setdefault(entry.hook.container or default, []).append(entry)
    return grouped


def wait_limit(hooks: t.Iterable[RestoreExecHook], longest_wait: float) -> float:
    """How long a pod is waited for, in seconds: the longest wait of its hooks.

    Where one of them does not say how long, Velero waits forever; here it is ``longest_wait``, or the longest wait of
    the others if that is more.
    """
    hooks = list(hooks)
    waits = [entry.wait_seconds for entry in hooks if entry.wait_seconds is not None]
    return max([*waits, *([longest_wait] if len(waits) < len(hooks) else [])], default=longest_wait)


def is_container_up(pod: ObjectView, container: str, hooks: t.Iterable[RestoreExecHook]) -> bool:
    """Running, or ready where any of the container's hooks wants to wait for that."""
    status = _container_status(pod, container)
    if any(hook.wait_for_ready for hook in hooks):
        return bool(status.get("ready"))
    return (status.get("state") or {}).get("running") is not None


def why_never_up(pod: ObjectView, container: str) -> str:
    """Why the container can never come up (again): it has ended, and the pod's policy is to leave it so. Or empty.

    Where all have ended, the pod itself is about to.
    """
    ended = (_container_status(pod, container).get("state") or {}).get("terminated")
    all_statuses = (pod.get("status") or {}).get("containerStatuses") or []
    if all((status.get("state") or {}).get("terminated") for status in all_statuses):
        return ""
    spec = pod.get("spec") or {}
    policy = spec.get("restartPolicy", "Always")
    sidecars = [entry["name"] for entry in spec.get("initContainers") or [] if entry.get("restartPolicy") == "Always"]
    if not ended or container in sidecars or policy == "Always":
        return ""
    code = ended.get("exitCode", 0)
    if policy == "OnFailure" and code != 0:
        return ""
    return f"the container ended with exit code {code} and is not started again (restartPolicy {policy})"


def container_names(pod: ObjectView) -> set[str]:
    """Containers that a hook may name: the pod's own, and native sidecars."""
    spec = pod.get("spec") or {}
    names = {str(container["name"]) for container in spec.get("containers") or []}
    return names | {str(c["name"]) for c in spec.get("initContainers") or [] if c.get("restartPolicy") == "Always"}


def _hooks_of_rule(rule: RestoreHookRule) -> t.Iterator[RestoreExecHook]:
    """``index`` is the place in the rule's list; entries with an init hook only have a place too."""
    for index, entry in enumerate(rule.post_hooks):
        command = entry.exec
        if command is None:
            continue
        hook = Hook(
            source="spec",
            name=rule.name,
            phase="post",
            argv=command.command,
            container=command.container,
            on_error=command.on_error,
            timeout_seconds=command.exec_timeout_seconds,
            index=index,
        )
        wait = command.wait_timeout_seconds
        yield RestoreExecHook(
            hook=hook, wait_seconds=wait if wait and wait > 0 else None, wait_for_ready=command.wait_for_ready
        )


def _container_status(pod: ObjectView, container: str) -> t.Mapping[str, t.Any]:
    status = pod.get("status") or {}
    for entry in [*(status.get("containerStatuses") or []), *(status.get("initContainerStatuses") or [])]:
        if entry.get("name") == container:
            return t.cast("t.Mapping[str, t.Any]", entry)
    return {}


def _parse_wait(text: str, *, key: str, where: str, warnings: list[str]) -> float | None:
    """Seconds; None for an absent, malformed, zero or negative value."""
    if not text:
        return None
    try:
        seconds = parse_duration(text)
    except ValidationError as exc:
        warnings.append(f"{where}: annotation {key}: {exc.sentence} The hook waits as one that does not say how long.")
        return None
    return seconds if seconds > 0 else None


def _parse_bool(text: str, *, key: str, where: str, warnings: list[str]) -> bool:
    if text and text not in _TRUE + _FALSE:
        warnings.append(
            f"{where}: annotation {key}: '{text}' is not true or false. The hook does not wait for readiness."
        )
    return text in _TRUE


__all__ = (
    "RestoreExecHook",
    "container_names",
    "exec_hooks_of_pod",
    "group_by_container",
    "is_container_up",
    "parse_restore_exec_hook",
    "wait_limit",
    "why_never_up",
)
