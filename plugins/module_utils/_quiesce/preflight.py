# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known about every freeze before the first one: the guard, the timer, the credential."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.errors import HookError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import resolve_container
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_finished, pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.errors import QuiesceError, unclear_freeze
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import (
    ObjectReader,
    Probe,
    check_pod_spec,
    guard_freeze,
    lies_on_volume,
    probe_container,
    unguarded_target,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy, FreezeTarget
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import (
    THAW_TOOL,
    Recognition,
    asked_for,
    recognise,
    recognise_hook,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.rights import mark_needs


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HookPlan:
    """One pre hook, examined: what it freezes, and why it must not run (``refusal``) or has no timer.

    ``freeze`` is for people: ``none``, ``leased``, ``unleased`` or ``unrecognised``.
    """

    hook: Hook
    targets: tuple[FreezeTarget, ...] = ()
    thaws: tuple[tuple[str, ...], ...] = ()
    plain: bool = False
    timer_available: bool = False
    refusal: str = ""
    notes: tuple[str, ...] = ()

    @property
    def freeze(self) -> t.Literal["none", "leased", "unleased", "unrecognised"]:
        if self.targets:
            return "leased" if self.timer_available else "unleased"
        return "unrecognised" if self.notes else "none"


class Preflight:
    """Examines hooks one by one; remembers what it learnt about each namespace and container."""

    def __init__(self, client: KubeClient, reader: ObjectReader, *, policy: FreezePolicy) -> None:
        self._client = client
        self._reader = reader
        self._policy = policy
        self._rights: dict[tuple[str, str, str, str], bool] = {}

    def examine(self, pod: t.Mapping[str, t.Any], hook: Hook) -> HookPlan:
        """See one hook through. A refusal is in the plan, nothing is raised; the only commands run are probes."""
        found = recognise_hook(hook)
        if not found.freezes and not found.unclear:
            return HookPlan(hook=hook)
        try:
            if is_finished(pod):
                return HookPlan(hook=hook)
            container = resolve_container(pod, hook.container)
            if found.unclear and not self._policy.allow_shared_freeze:
                raise unclear_freeze(asked_for(hook), container, "/".join(pod_identity(pod)))
            if not found.freezes:
                return HookPlan(hook=hook, notes=("freeze: unrecognised, no lease guards it",))
            return self._examine_freeze(pod, hook, container, found)
        except (QuiesceError, HookError) as exc:
            return HookPlan(hook=hook, refusal=exc.sentence)

    def _examine_freeze(self, pod: t.Mapping[str, t.Any], hook: Hook, container: str, found: Recognition) -> HookPlan:
        namespace, name = pod_identity(pod)
        if not self._policy.allow_shared_freeze:
            for freeze in found.freezes:
                # A path on no volume may be a link into one: only the container knows. A relative one is refused
                # at once: the script around the freeze may have changed the directory that it starts from.
                if not freeze.path.startswith("/") or lies_on_volume(pod, container, freeze.path):
                    check_pod_spec(self._reader, pod, container=container, path=freeze.path)
        self._check_credential()
        for verb in ("get", "create"):
            if not self._may(namespace, verb, "pods", "exec"):
                raise QuiesceError(
                    f"The freeze in pod {namespace}/{name} is refused: the caller may not {verb} pods/exec in "
                    f"namespace {namespace}, so it could not be released.",
                    hint="Grant get and create on pods/exec.",
                )
        targets: tuple[FreezeTarget, ...]
        notes: tuple[str, ...] = ()
        try:
            probe = self._probe(hook, namespace, name, container, found)
            timer_available = not probe.missing
            if probe.missing:
                notes = (f"lease: unavailable, the container lacks {', '.join(probe.missing)}",)
            if probe.left:
                notes += (
                    f"container {container} has leases of earlier runs that are over without proof of a thaw: "
                    f"{', '.join(probe.left)}; what they froze is thawed by state: swept, where it is marked",
                )
        except QuiesceError as exc:
            if not self._policy.allow_shared_freeze:
                raise
            probe, timer_available = None, False
            notes = (f"lease: unavailable, {exc.message}",)
        if self._policy.allow_shared_freeze or probe is None:
            targets = tuple(
                unguarded_target(pod, container=container, path=freeze.path, probe=probe, resolved=resolved)
                for freeze, resolved in zip(
                    found.freezes, probe.paths if probe is not None else [""] * len(found.freezes), strict=True
                )
            )
        else:
            targets = tuple(
                guard_freeze(self._reader, pod, container=container, path=freeze.path, probe=probe, resolved=resolved)
                for freeze, resolved in zip(found.freezes, probe.paths, strict=True)
            )
        if self._policy.require_lease:
            if not timer_available:
                raise QuiesceError(
                    f"The freeze in container {container} of pod {namespace}/{name} is refused, because "
                    f"require_lease is set: {'; '.join(notes)}."
                )
            for need in mark_needs(namespace, with_claim=any(target.claim for target in targets)):
                if not self._may(namespace, need.verb, need.resource):
                    raise QuiesceError(
                        f"The freeze in pod {namespace}/{name} is refused, because require_lease is set: the caller "
                        f"may not {need.verb} {need.resource} in namespace {namespace}, so the freeze could not be "
                        "marked.",
                        hint="Grant get and patch on pods and persistentvolumeclaims.",
                    )
        return HookPlan(
            hook=hook,
            targets=targets,
            thaws=tuple(freeze.thaw_argv for freeze in found.freezes),
            plain=found.plain,
            timer_available=timer_available,
            notes=notes,
        )

    def _probe(self, hook: Hook, namespace: str, pod: str, container: str, found: Recognition) -> Probe:
        paths = [freeze.path for freeze in found.freezes]
        # The tool of a freeze that is written out is there, or the freeze fails.
        tools = (THAW_TOOL,) if len(found.freezes) > len(recognise(hook.argv).freezes) else ()
        probe = probe_container(
            self._client, namespace=namespace, pod=pod, container=container, paths=paths, tools=tools
        )
        for tool in tools:
            if tool in probe.missing:
                raise QuiesceError(
                    f"The freeze of {', '.join(hook.freezes)} in container {container} of pod {namespace}/{pod} is "
                    f"refused: the container has no {tool}, so nothing but the hooks themselves could thaw it.",
                    hint=f"Use a container whose image has {tool}, or set allow_shared_freeze: true.",
                )
        return probe

    def _may(self, namespace: str, verb: str, resource: str, subresource: str = "") -> bool:
        key = (namespace, verb, resource, subresource)
        if key not in self._rights:
            try:
                self._rights[key] = self._client.can_i(
                    verb, resource=resource, subresource=subresource, namespace=namespace
                )
            except KubeError:
                # A server that does not answer the question decides at the request itself.
                self._rights[key] = True
        return self._rights[key]

    def _check_credential(self) -> None:
        """The credential outlasts the timer, or can be renewed now."""
        needed = utc_now() + dt.timedelta(seconds=self._policy.lease_seconds)
        expires = self._client.credential_expires_at()
        if expires is not None and expires < needed:
            self._client.refresh_credentials()
            expires = self._client.credential_expires_at()
        if expires is not None and expires < needed:
            raise QuiesceError(
                f"The freeze is refused: the credential for {self._client.server} ends at {rfc3339(expires)}, before "
                "the lease would.",
                hint="Use a credential that lasts longer, or that can be renewed.",
            )


__all__ = ("HookPlan", "Preflight")
