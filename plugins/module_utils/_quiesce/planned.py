# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a hook would do, for check mode: read from the command and the API, nothing is executed."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.errors import HookError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import resolve_container
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, OnError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.errors import QuiesceError, unclear_freeze
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import (
    ApiObjectReader,
    check_pod_spec,
    find_volume_mount,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.other_freezes import who_holds
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import asked_for, recognise_hook


def plan_hook(pod: t.Mapping[str, t.Any], hook: Hook, *, client: KubeClient, policy: FreezePolicy) -> dict[str, t.Any]:
    """The entry of a check mode's ``hooks`` list. ``refused``: why the guard's first check says no."""
    namespace, name = pod_identity(pod)
    found = recognise_hook(hook)
    entry: dict[str, t.Any] = {
        "namespace": namespace,
        "pod": name,
        "container": hook.container,
        "phase": hook.phase,
        "source": hook.source,
        "name": hook.name,
        "argv": list(hook.argv),
        "timeout_seconds": hook.timeout_seconds,
        "state": "planned",
        "freezes": [freeze.path for freeze in found.freezes],
        "thaws": [thaw.path for thaw in found.thaws],
        "refused": "",
    }
    try:
        entry["container"] = resolve_container(pod, hook.container)
        if not policy.allow_shared_freeze:
            reader = ApiObjectReader(client)
            if found.unclear:
                raise unclear_freeze(asked_for(hook), entry["container"], f"{namespace}/{name}")
            for freeze in found.freezes:
                check_pod_spec(reader, pod, container=entry["container"], path=freeze.path)
        entry["refused"] = frozen_by_others(client, pod, entry["container"], entry["freezes"])
    except (QuiesceError, HookError) as exc:
        entry["refused"] = exc.sentence
    return entry


def frozen_by_others(client: KubeClient, pod: t.Mapping[str, t.Any], container: str, paths: t.Iterable[str]) -> str:
    """What the run would say of a freeze of ``paths`` that a live run has frozen by now; empty where none has."""
    for path in paths:
        try:
            claim = find_volume_mount(pod, container, path).claim
        except QuiesceError:
            claim = ""
        holder = who_holds(client, pod, [claim] if claim else [], own_run="")
        if holder:
            where = f"{path} in container {container} of pod {'/'.join(pod_identity(pod))}"
            return f"{where} is already frozen by someone else; it is left alone: {holder}."
    return ""


def plan_pod_hooks(
    pod: t.Mapping[str, t.Any],
    pre: t.Iterable[Hook],
    post: t.Iterable[Hook],
    *,
    client: KubeClient,
    policy: FreezePolicy,
    default_on_error: OnError,
) -> PlannedPod:
    """What becomes of the hooks of one pod, as far as it is known without running any."""
    planned = PlannedPod()
    owed = False
    for hook in pre:
        entry = plan_hook(pod, hook, client=client, policy=policy)
        planned.pre.append(entry | {"on_error": hook.resolved_on_error(default_on_error)})
        if not planned.stored:
            _skip(planned.pre[-1])
        elif entry["refused"]:
            planned.note_failed(hook, entry)
            planned.stored = hook.resolved_on_error(default_on_error) != "Fail"
            owed = owed or (planned.stored and not is_freeze(hook))
        else:
            owed = True
    owed = owed or not planned.pre
    for hook in post:
        entry = plan_hook(pod, hook, client=client, policy=policy)
        planned.post.append(entry | {"on_error": hook.resolved_on_error(default_on_error)})
        if not owed:
            _skip(planned.post[-1])
        elif entry["refused"]:
            planned.note_failed(hook, entry)
            owed = hook.resolved_on_error(default_on_error) != "Fail"
    return planned


@dataclasses.dataclass(slots=True)
class PlannedPod:
    """``pre`` and ``post`` are entries of a check mode's ``hooks``; ``failed`` are hooks that cannot run, and why.

    ``stored`` is False for a pod that a failing pre hook keeps out of the backup.
    """

    pre: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    post: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    failed: list[tuple[Hook, str]] = dataclasses.field(default_factory=list)
    stored: bool = True

    @property
    def freezes(self) -> bool:
        """Whether one of its pre hooks would freeze something."""
        return any(entry["freezes"] and entry["state"] == "planned" and not entry["refused"] for entry in self.pre)

    def note_failed(self, hook: Hook, entry: t.Mapping[str, t.Any]) -> None:
        self.failed.append((hook, str(entry["refused"])))


def is_freeze(hook: Hook) -> bool:
    """True for a hook that is examined before it may run: what freezes, or may."""
    found = recognise_hook(hook)
    return bool(found.freezes or found.unclear)


def _skip(entry: dict[str, t.Any]) -> None:
    entry["state"], entry["refused"] = "skipped", ""


__all__ = ("PlannedPod", "frozen_by_others", "is_freeze", "plan_hook", "plan_pod_hooks")
