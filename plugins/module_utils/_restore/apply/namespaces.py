# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Target namespaces: made when they are missing, waited for when they are on their way out (docs/compatibility 5.5)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.sure_creates import create_surely
from ansible_collections.arkive.k8s.plugins.module_utils._kube.terminating import what_holds
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import wait_gone
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply.namespace_locks import NamespaceLocks
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import namespace_state
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.applied import Applied, State
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.unmade_namespaces import (
    namespace_error,
    why_not_made,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun

_NUDGE_SECONDS = 5.0


class NamespaceMaker:
    """Makes each namespace once. One that could not be made fails all of its objects at once, without another wait."""

    def __init__(self, run: RestoreRun, findings: Findings, locks: NamespaceLocks) -> None:
        self._run = run
        self._live = findings.live
        self._objects = findings.objects
        self._snapshots = findings.volumes.objects
        self._locks = locks
        self._lock = threading.Lock()
        self._missing: dict[str, str] = {}

    def make(self, item: PlanItem) -> Applied:
        """Create the Namespace of ``item``; a failure is an error of the whole restore, not of the namespace."""
        if item.resource is None or item.body is None:
            raise KubeError("The API server serves no namespaces.", status=404)
        state: State = "created"
        try:
            if self._live.namespaces.get(item.name) == "terminating":
                self._wait_gone(item.name, item.resource)
            body = self._objects.load(item.body)
            create_surely(
                self._run.client_for(item), item.resource, body, is_ours=lambda found: _has_labels(found, body)
            )
        except KubeError as exc:
            if not exc.already_exists:
                why = exc.message.partition("\n")[0]
                with self._lock:
                    self._missing[item.name] = why_not_made(item.name, why)
                self._run.issues.error(namespace_error(item.name, why), reason=exc.reason, hint=exc.hint or "")
                return Applied(item.decided("conflict", why, hint=exc.hint or "", cause=exc.reason), "failed", why)
            state = "skipped"
        self._reserve(item.name)
        return Applied(item, state)

    def _reserve(self, namespace: str) -> None:
        """A namespace that is new may be new to two restores."""
        try:
            held = self._locks.acquire_new(namespace)
        except KubeError as exc:
            held = f"nobody knows whether another restore is at work in it: {exc.message.rstrip('.')}"
        if held:
            with self._lock:
                self._missing[namespace] = held
            self._run.issues.error(f"Nothing was restored into namespace {namespace}: {held}.", namespace=namespace)

    def why_missing(self, namespace: str) -> str:
        """Why objects cannot go into ``namespace``; empty when they can."""
        return self._missing.get(namespace, "") or self._locks.why_lost(namespace)

    def _wait_gone(self, name: str, resource: ApiResource) -> None:
        self._run.progress(f"waiting for the old namespace {name} to be gone")
        timeout, told = self._run.request.terminating_timeout, ""

        def look_again() -> None:
            nonlocal told
            self._nudge(name)
            told = self._tell(name, resource, told)

        try:
            wait_gone(
                self._run.client,
                resource,
                name,
                None,
                timeout=timeout,
                every=_NUDGE_SECONDS,
                look_again=look_again,
                is_gone=lambda namespace: namespace_state(namespace) != "terminating",
                cancel=self._run.cancel,
            )
        except KubeTimeout as exc:
            told = self._tell(name, resource, told)
            raise KubeTimeout(
                f"it is still being deleted after {timeout:g} s" + (f", and waits for this: {told}" if told else ""),
                hint="See to it that this can go, or give a longer terminating_resource_timeout.",
            ) from exc

    def _tell(self, name: str, resource: ApiResource, told: str) -> str:
        """What the namespace waits for, once for each time that it is something else; ``told`` is the last."""
        with contextlib.suppress(KubeError):
            held = what_holds(get_object(self._run.client, resource, name))
            if held and held != told:
                self._run.progress(f"the old namespace {name} waits for this: {held}")
            return held or told
        return told

    def _nudge(self, namespace: str) -> None:
        """What a restore that was broken off has left there may hold it."""
        if self._snapshots is not None:
            with contextlib.suppress(KubeError):
                self._snapshots.nudge_leaving(namespace)


def _has_labels(namespace: t.Mapping[str, t.Any], body: t.Mapping[str, t.Any]) -> bool:
    """By the labels of the restore among them, that it was made by it."""
    wanted, found = ((obj.get("metadata") or {}).get("labels") or {} for obj in (body, namespace))
    return bool(wanted.items() <= found.items())


__all__ = ("NamespaceMaker",)
