# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""One restore at a time in a namespace: a Lease object in it says which, while it works."""

from __future__ import annotations

import concurrent.futures
import contextlib
import datetime as dt
import threading
import time
import types
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import create_object, get_object, replace_object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply.lease_holder import (
    RestoreProcess,
    holder_of,
    is_surely_gone,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.restore_mark import LEASE_NAME
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun

#: Without a renewal for so long a restore counts as dead, on whatever machine it ran.
_DURATION = 60
_RENEW_PAUSE = 15.0
_LOOK_PAUSE = 1.0

Lease: t.TypeAlias = "dict[str, t.Any]"


class NamespaceLeases:
    """The leases of one restore. Renewed by a thread while it is entered as a context manager, and removed at its end.

    A lease that may not be written is a warning, not a refusal. ``force`` takes over what others hold.
    """

    def __init__(self, run: RestoreRun, resource: ApiResource | None, holder: RestoreProcess) -> None:
        """``resource``: how the server serves leases, None where it does not. ``holder``: who this is."""
        self._client = run.client
        # Leases are given back after a cancel as well.
        self._last_client = run.client.with_cancel(CancelToken())
        self._resource = resource
        self._holder = holder
        self._force = run.request.force
        self._workers = run.workers
        self._issues = run.issues
        self._progress = run.progress
        self._cancel = run.cancel
        self._lock = threading.Lock()
        self._held: dict[str, Lease] = {}
        self._lost: dict[str, str] = {}
        self._told = False
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(self, namespaces: t.Collection[str]) -> None:
        """Before the first write. Raises ``RestoreError`` when another restore works in one of them."""
        if self._resource is None or not namespaces:
            return
        with concurrent.futures.ThreadPoolExecutor(max_workers=self._workers) as pool:
            found = list(pool.map(self._acquire, namespaces))
        refusal = _refusal(dict(zip(namespaces, found, strict=True)))
        if refusal is not None:
            raise refusal

    def find_refusal(self, namespaces: t.Collection[str]) -> RestoreError | None:
        """What ``acquire`` would raise, as far as a look can tell; nothing is written."""
        if self._resource is None or self._force or not namespaces:
            return None
        with concurrent.futures.ThreadPoolExecutor(max_workers=self._workers) as pool:
            found = list(pool.map(self._find_holder, namespaces))
        return _refusal(dict(zip(namespaces, found, strict=True)))

    def _find_holder(self, namespace: str) -> RestoreProcess | None:
        """Who is surely at work there. Whether an earlier run of the same restore is, only time would tell."""
        try:
            lease = get_object(self._client, t.cast(ApiResource, self._resource), LEASE_NAME, namespace)
        except KubeError as exc:
            if not exc.forbidden:
                raise
            return None
        if lease is None:
            return None
        holder = holder_of(lease)
        ended = is_surely_gone(holder.process) or holder.restore == self._holder.restore or not _looks_alive(lease)
        return None if ended else holder

    def acquire_new(self, namespace: str) -> str:
        """In a namespace that was just made: why nothing may be restored there, empty when it may."""
        if self._resource is None:
            return ""
        holder = self._acquire(namespace)
        return "" if holder is None else f"{_who(holder)} is at work in namespace '{namespace}'"

    def why_lost(self, namespace: str) -> str:
        """Why nothing more may be restored into ``namespace``; empty when it may."""
        return self._lost.get(namespace, "")

    def __enter__(self) -> NamespaceLeases:
        self._thread = threading.Thread(target=self._keep, name="restore leases", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: types.TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        with concurrent.futures.ThreadPoolExecutor(max_workers=self._workers) as pool:
            for done in [pool.submit(self._release, name, lease) for name, lease in self._held.items()]:
                done.result()

    def _acquire(self, namespace: str) -> RestoreProcess | None:
        """None when the lease is ours, or cannot be had by anybody like us; else who holds it."""
        resource = t.cast(ApiResource, self._resource)
        try:
            while (lease := self._take(resource, namespace)) is None:
                standing = get_object(self._client, resource, LEASE_NAME, namespace)
                if standing is None:
                    continue
                if not self._may_take_over(resource, namespace, standing):
                    return holder_of(standing)
                self._progress(f"taking over namespace {namespace} from {_who(holder_of(standing))}")
                self._delete(namespace, standing)
        except KubeError as exc:
            if not (exc.forbidden or exc.not_found):
                raise
            self._tell_unguarded(namespace, exc)
            return None
        with self._lock:
            self._held[namespace] = lease
        return None

    def _take(self, resource: ApiResource, namespace: str) -> Lease | None:
        """The new lease; None when there is one."""
        now = _micro_time()
        spec = {
            "holderIdentity": self._holder.identity,
            "leaseDurationSeconds": _DURATION,
            "acquireTime": now,
            "renewTime": now,
        }
        metadata = {"name": LEASE_NAME, "namespace": namespace, "annotations": self._holder.annotations}
        body = {"apiVersion": resource.api_version, "kind": "Lease", "metadata": metadata, "spec": spec}
        try:
            return create_object(self._client, resource, body, namespace=namespace)
        except KubeError as exc:
            if exc.already_exists:
                return None
            raise

    def _may_take_over(self, resource: ApiResource, namespace: str, lease: Lease) -> bool:
        """Whether its holder is dead; for an earlier run of the same restore this is worth waiting for."""
        holder = holder_of(lease)
        if self._force or is_surely_gone(holder.process):
            return True
        if holder.restore != self._holder.restore and _looks_alive(lease):
            return False
        # Clocks differ: what counts is that nothing changes for as long as the lease lasts.
        self._progress(f"watching the lease of {_who(holder)} in namespace {namespace}")
        deadline = time.monotonic() + float((lease.get("spec") or {}).get("leaseDurationSeconds") or _DURATION)
        while time.monotonic() < deadline:
            if self._cancel.wait(_LOOK_PAUSE):
                self._cancel.check()
            now = get_object(self._client, resource, LEASE_NAME, namespace)
            if now is None:
                return True
            if now["metadata"]["resourceVersion"] != lease["metadata"]["resourceVersion"]:
                return False
        return True

    def _keep(self) -> None:
        while not self._ended.wait(_RENEW_PAUSE):
            for namespace, lease in list(self._held.items()):
                if self._ended.is_set():
                    return
                self._renew(namespace, lease)

    def _renew(self, namespace: str, lease: Lease) -> None:
        lease["spec"]["renewTime"] = _micro_time()
        try:
            renewed = replace_object(
                self._last_client, t.cast(ApiResource, self._resource), LEASE_NAME, lease, namespace=namespace
            )
        except KubeError as exc:
            # What cannot be reached now is tried again.
            if exc.not_found or exc.status == 409:
                self._regain(namespace)
            return
        with self._lock:
            self._held[namespace] = renewed

    def _regain(self, namespace: str) -> None:
        """The lease was changed: by ourselves, when an answer was lost; or it was deleted; or somebody took it over."""
        resource = t.cast(ApiResource, self._resource)
        try:
            found = get_object(self._last_client, resource, LEASE_NAME, namespace) or self._take(resource, namespace)
        except KubeError:
            return
        with self._lock:
            if found is not None and holder_of(found).identity == self._holder.identity:
                self._held[namespace] = found
            else:
                self._held.pop(namespace, None)
                self._lost[namespace] = f"another restore took over namespace '{namespace}'"

    def _release(self, namespace: str, lease: Lease) -> None:
        # One that stays counts as dead after its time.
        with contextlib.suppress(KubeError):
            self._delete(namespace, lease)

    def _delete(self, namespace: str, lease: Lease) -> None:
        """Delete just this lease, as it was read."""
        resource = t.cast(ApiResource, self._resource)
        preconditions = {"uid": lease["metadata"]["uid"], "resourceVersion": lease["metadata"]["resourceVersion"]}
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions}
        try:
            self._last_client.delete(resource.path(namespace, LEASE_NAME), body=options)
        except KubeError as exc:
            if not exc.not_found and exc.status != 409:
                raise

    def _tell_unguarded(self, namespace: str, exc: KubeError) -> None:
        with self._lock:
            told, self._told = self._told, True
        if not told:
            self._issues.warning(
                f"Other restores into namespace '{namespace}' would not be noticed: {exc.message}",
                hint="Allow create, get, update and delete on leases.coordination.k8s.io in the namespaces.",
            )


def _refusal(holders: t.Mapping[str, RestoreProcess | None]) -> RestoreError | None:
    taken = {name: holder for name, holder in holders.items() if holder is not None}
    if not taken:
        return None
    name, holder = next(iter(taken.items()))
    return RestoreError(
        f"The restore was not begun: {_who(holder)} is at work in namespace '{name}'"
        f"{f' and {len(taken) - 1} more' if len(taken) > 1 else ''}.",
        hint="Wait until it has ended; force: true restores beside it.",
        details={"namespaces": sorted(taken)},
    )


def _who(holder: RestoreProcess) -> str:
    where = holder.identity.split("/")
    on = f" on {where[1]}" if len(where) > 1 else ""
    return f"restore '{holder.restore or holder.identity or 'unknown'}'{on}"


def _looks_alive(lease: Lease) -> bool:
    """By both clocks; a time that cannot be read is no sign of death."""
    spec = lease.get("spec") or {}
    try:
        renewed = parse_rfc3339(str(spec.get("renewTime") or ""))
    except ValidationError:
        return True
    return utc_now() < renewed + dt.timedelta(seconds=float(spec.get("leaseDurationSeconds") or _DURATION))


def _micro_time() -> str:
    return utc_now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")


__all__ = ("NamespaceLeases",)
