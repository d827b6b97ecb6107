# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Target namespaces: made when they are missing, waited for when they are on their way out (docs/compatibility 5.5)."""

from __future__ import annotations

import contextlib
import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.sure_creates import create_surely
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import wait_for_object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.live_state import LiveState, namespace_state
from ansible_collections.arkive.k8s.plugins.module_utils._restore.namespace_leases import NamespaceLeases
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan import PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.prepare import Preparer
from ansible_collections.arkive.k8s.plugins.module_utils._restore.results import RestoreIssues
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_object import RESTORE_NAME_LABEL
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi_nudge import nudge_leaving

_ACCOUNT_SECONDS = 15.0
_NUDGE_SECONDS = 5.0


class NamespaceMaker:
    """Makes each namespace once. One that could not be made fails all of its objects at once, without another wait."""

    def __init__(
        self,
        client: KubeClient,
        *,
        preparer: Preparer,
        live: LiveState,
        leases: NamespaceLeases,
        sources: t.Mapping[str, str],
        accounts: ApiResource | None,
        snapshots: ApiResource | None,
        terminating_timeout: float,
        issues: RestoreIssues,
        progress: ProgressSink,
        cancel: CancelToken,
    ) -> None:
        self._client = client
        self._preparer = preparer
        self._live = live
        self._leases = leases
        self._sources = sources
        self._accounts = accounts
        self._snapshots = snapshots
        self._timeout = terminating_timeout
        self._issues = issues
        self._progress = progress
        self._cancel = cancel
        self._lock = threading.Lock()
        self._missing: dict[str, str] = {}

    def make(self, item: PlanItem) -> None:
        """Create the Namespace of ``item``; a failure is an error of the whole restore, not of the namespace."""
        if item.resource is None:
            raise KubeError("The API server serves no namespaces.", status=404)
        try:
            if self._live.namespaces.get(item.name) == "terminating":
                self._wait_gone(item.name, item.resource)
            body = self._preparer.prepare_namespace(item.name, self._sources[item.name])
            create_surely(self._client, item.resource, body, is_ours=lambda found: _has_labels(found, body))
        except KubeError as exc:
            if not exc.already_exists:
                item.state, why = "failed", exc.message.partition("\n")[0]
                with self._lock:
                    self._missing[item.name] = why_not_made(item.name, why)
                self._issues.error(namespace_error(item.name, why), reason=exc.reason, hint=exc.hint or "")
                return
            item.state = "skipped"
        else:
            item.state = "created"
        self._reserve(item.name)

    def _reserve(self, namespace: str) -> None:
        """A namespace that is new may be new to two restores."""
        try:
            held = self._leases.acquire_new(namespace)
        except KubeError as exc:
            held = f"nobody knows whether another restore is at work in it: {exc.message.rstrip('.')}"
        if held:
            with self._lock:
                self._missing[namespace] = held
            self._issues.error(f"Nothing was restored into namespace {namespace}: {held}.", namespace=namespace)

    def why_missing(self, namespace: str) -> str:
        """Why objects cannot go into ``namespace``; empty when they can."""
        return self._missing.get(namespace, "") or self._leases.why_lost(namespace)

    def wait_for_account(self, namespace: str, name: str) -> None:
        """Wait shortly for a service account that a controller makes in a new namespace; in vain is no error here."""
        if self._accounts is None:
            return
        with contextlib.suppress(KubeTimeout):
            wait_for_object(
                self._client,
                self._accounts,
                name,
                namespace,
                lambda account: account is not None,
                timeout=_ACCOUNT_SECONDS,
                cancel=self._cancel,
            )

    def _wait_gone(self, name: str, resource: ApiResource) -> None:
        self._progress(f"waiting for the old namespace {name} to be gone")
        end = time.monotonic() + self._timeout
        while (left := end - time.monotonic()) > 0:
            try:
                wait_for_object(
                    self._client,
                    resource,
                    name,
                    None,
                    lambda namespace: namespace_state(namespace) != "terminating",
                    timeout=min(_NUDGE_SECONDS, left),
                    cancel=self._cancel,
                )
            except KubeError as exc:
                if not (isinstance(exc, KubeTimeout) or exc.may_pass):
                    raise
            else:
                return
            self._nudge(name)
        raise KubeTimeout(
            f"it is still being deleted after {self._timeout:g} s",
            hint="See the conditions in its status for what holds it, or give a longer terminating_timeout.",
        )

    def _nudge(self, namespace: str) -> None:
        """What a restore that was broken off has left there may hold it."""
        if self._snapshots is not None:
            with contextlib.suppress(KubeError):
                nudge_leaving(self._client, self._snapshots, namespace, label_selector=RESTORE_NAME_LABEL)


def _has_labels(namespace: t.Mapping[str, t.Any], body: t.Mapping[str, t.Any]) -> bool:
    """By the labels of the restore among them, that it was made by it."""
    wanted, found = ((obj.get("metadata") or {}).get("labels") or {} for obj in (body, namespace))
    return bool(wanted.items() <= found.items())


def namespace_error(name: str, why: str) -> str:
    """The sentence for a namespace that the server refuses."""
    return f"Namespace {name} could not be created: {why}"


def why_not_made(name: str, why: str) -> str:
    """The reason of everything that was to go into it."""
    return f"namespace '{name}' could not be created: {why}"


__all__ = ("NamespaceMaker", "namespace_error", "why_not_made")
