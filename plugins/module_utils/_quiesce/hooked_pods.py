# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pods with their hooks, as a critical section takes them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import posixpath
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import (
    NO_DATABASES,
    DatabaseChoice,
    DatabaseDeclaration,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kinds import FREEZE_MODE
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.errors import HookError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, OnError, Phase
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.spec_hooks import (
    PodHooks,
    ResolvedRule,
    hooks_of_pod,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import (
    is_finished,
    is_running,
    mounted_claims,
    pod_identity,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.errors import QuiesceError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_commands import freeze_command, thaw_command
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import recognise_hook
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import HookRule

#: The name of the hook by which a database's claims are frozen.
_FREEZE_NAME = "database"


class PodWork(t.NamedTuple):
    """What is done in pods around something, beside what they say themselves. ``quiesces`` False: nothing at all."""

    rules: tuple[ResolvedRule, ...] = ()
    databases: DatabaseChoice = DatabaseChoice()
    quiesces: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class HookedPod:
    """A pod and its hooks. ``pod`` holds metadata, spec, and of the status the phase and whether it is ready.

    ``claims``: the names of the PersistentVolumeClaims that it mounts, those of its ephemeral volumes among them.
    ``database``: the one in it that is held around the snapshots.
    """

    pod: dict[str, t.Any]
    pre: tuple[Hook, ...] = ()
    post: tuple[Hook, ...] = ()
    warnings: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    database: DatabaseDeclaration | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name."""
        return pod_identity(self.pod)

    @property
    def is_running(self) -> bool:
        return is_running(self.pod)

    @property
    def is_ready(self) -> bool:
        conditions = self.pod["status"]["conditions"]
        return self.is_running and any(entry.get("status") == "True" for entry in conditions)


def find_hooks(
    pod: t.Mapping[str, t.Any], rules: t.Sequence[ResolvedRule], databases: DatabaseChoice = NO_DATABASES
) -> HookedPod | None:
    """``pod`` with its hooks and its database; None when it has none and nothing to say about them."""
    found = give_hooks(pod, hooks_of_pod(pod, rules), databases)
    return found if found.pre or found.post or found.warnings or found.database else None


def give_hooks(pod: t.Mapping[str, t.Any], hooks: PodHooks, databases: DatabaseChoice = NO_DATABASES) -> HookedPod:
    """``pod`` with these hooks, and its database, if it runs: nothing is written to that of another one.

    A database whose mode is a freeze has all claims of its container frozen, after those hooks.
    """
    running = is_running(pod)
    database, passed_by = (databases.of_pod(pod), databases.passed_by(pod)) if running else (None, "")
    warnings = (*hooks.warnings, passed_by) if passed_by else hooks.warnings
    found = HookedPod(_slim(pod), hooks.pre, hooks.post, warnings, mounted_claims(pod), database)
    if database is None or database.mode != FREEZE_MODE or database.refusal:
        return found
    # Few pods are frozen by the mode of a database.
    from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import resolve_container

    try:
        container = resolve_container(pod, database.container)
    except HookError:
        return found  # which is told when it is to be held
    paths = _unfrozen_paths(found, container)
    return freeze_after(found, container, paths, name=_FREEZE_NAME) if paths else found


def freeze_after(hooked: HookedPod, container: str, paths: t.Sequence[str], *, name: str) -> HookedPod:
    """``hooked`` with a freeze of ``paths`` as its last pre hook, and its end as its first post hook."""

    def hook(phase: Phase, argv: tuple[str, ...], on_error: OnError) -> Hook:
        return Hook(source="task", name=name, phase=phase, argv=argv, container=container, on_error=on_error)

    freeze = hook("pre", freeze_command(paths), "Fail")
    # Whatever becomes of it: the release proves that it is thawed, and the pod's own hooks are owed.
    thaw = hook("post", thaw_command(paths), "Continue")
    return dataclasses.replace(hooked, pre=(*hooked.pre, freeze), post=(thaw, *hooked.post))


def without_freeze(hooked: HookedPod) -> HookedPod:
    """``hooked`` without the freeze that goes with the mode of its database."""

    def is_its_freeze(hook: Hook) -> bool:
        return (hook.source, hook.name) == ("task", _FREEZE_NAME)

    return dataclasses.replace(
        hooked,
        pre=tuple(hook for hook in hooked.pre if not is_its_freeze(hook)),
        post=tuple(hook for hook in hooked.post if not is_its_freeze(hook)),
    )


def claims_at(pod: ObjectView, container: str) -> dict[str, str]:
    """The claims that ``container`` mounts, as namespace/name, with the best of its paths for each."""
    spec = pod.get("spec") or {}
    entries = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    mounts = [mount for entry in entries if entry["name"] == container for mount in entry.get("volumeMounts") or ()]
    from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import find_volume_mount

    found: dict[str, str] = {}
    # A whole file system rather than a part of it.
    for mount in sorted(mounts, key=lambda mount: bool(mount.get("subPath") or mount.get("subPathExpr"))):
        with contextlib.suppress(QuiesceError):  # no claim
            found.setdefault(find_volume_mount(pod, container, mount["mountPath"]).claim, str(mount["mountPath"]))
    return found


def frozen_claims(pod: ObjectView, hooks: t.Iterable[Hook]) -> set[str]:
    """The claims that ``hooks`` freeze, as far as their text tells."""
    from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import resolve_container
    from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import find_volume_mount

    found = set()
    for hook in hooks:
        for freeze in recognise_hook(hook).freezes:
            with contextlib.suppress(QuiesceError, HookError):
                container = resolve_container(pod, hook.container)
                found.add(find_volume_mount(pod, container, posixpath.normpath(freeze.path)).claim)
    return found


def _unfrozen_paths(hooked: HookedPod, container: str) -> list[str]:
    frozen = frozen_claims(hooked.pod, hooked.pre)
    return [path for claim, path in claims_at(hooked.pod, container).items() if claim not in frozen]


def run_on_one(pods: t.Sequence[HookedPod]) -> list[HookedPod]:
    """Take the hooks of rules with ``run_on: one`` from all pods but one in each namespace.

    It is the first one by name that is running and ready. Where none is, it is the first that could still run a
    command, so that a missing pod is seen as a hook that fails.
    """
    chosen: dict[tuple[HookRule, str], HookedPod] = {}
    for hooked in sorted(pods, key=lambda hooked: (not hooked.is_ready, is_finished(hooked.pod), hooked.key)):
        for rule in rules_of(hooked):
            if rule.run_on == "one":
                chosen.setdefault((rule, hooked.key[0]), hooked)

    def keeps(hooked: HookedPod, hook: Hook) -> bool:
        rule = hook.rule
        return rule is None or rule.run_on != "one" or chosen[rule, hooked.key[0]] is hooked

    return [
        dataclasses.replace(
            hooked,
            pre=tuple(hook for hook in hooked.pre if keeps(hooked, hook)),
            post=tuple(hook for hook in hooked.post if keeps(hooked, hook)),
        )
        for hooked in pods
    ]


def rules_of(hooked: HookedPod) -> list[HookRule]:
    """The rules that gave the pod its hooks, in their order."""
    return list(dict.fromkeys(hook.rule for hook in (*hooked.pre, *hooked.post) if hook.rule is not None))


def _slim(pod: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    status = pod.get("status") or {}
    ready = [entry for entry in status.get("conditions") or [] if entry.get("type") == "Ready"]
    metadata = {name: value for name, value in pod["metadata"].items() if name != "managedFields"}
    return {
        "metadata": metadata,
        "spec": pod.get("spec") or {},
        "status": {"phase": status.get("phase", ""), "conditions": ready},
    }


__all__ = (
    "HookedPod",
    "PodWork",
    "claims_at",
    "find_hooks",
    "freeze_after",
    "frozen_claims",
    "give_hooks",
    "rules_of",
    "run_on_one",
    "without_freeze",
)
