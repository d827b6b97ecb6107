# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One restore at a time in a namespace: a Lease object in it says which, while it works."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import contextlib
import datetime as dt
import threading
import time
import types
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import find_forbidden
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object, replace_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rights import rights_text
from ansible_collections.arkive.k8s.plugins.module_utils._kube.sure_creates import CreateUnknown, create_surely
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply.lock_holder import (
    RestoreProcess,
    holder_of,
    is_surely_gone,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.restore_mark import LEASE_NAME
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.rights import lock_needs
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun

#: Without a renewal for this long a restore counts as dead, on whatever machine it ran.
_DURATION = 60
_RENEW_PAUSE = 15.0
_LOOK_PAUSE = 1.0


class NamespaceLocks:
    """The locks of one restore: a Lease object in each namespace.

    Renewed by a thread while it is entered as a context manager, and removed at its end.
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
        self._looking = threading.Lock()
        self._held: dict[str, Object] = {}
        self._lost: dict[str, str] = {}
        #: When each was last known to be ours.
        self._known: dict[str, float] = {}
        #: Where nobody knows whether a lease of ours was made.
        self._doubtful: set[str] = set()
        self._warned = False
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
        """What ``acquire`` would raise, as far as a look can show; nothing is written."""
        if self._resource is None or self._force or not namespaces:
            return None
        with concurrent.futures.ThreadPoolExecutor(max_workers=self._workers) as pool:
            found = list(pool.map(self._find_holder, namespaces))
        return _refusal(dict(zip(namespaces, found, strict=True)))

    def _find_holder(self, namespace: str) -> RestoreProcess | None:
        """Who is surely at work there. Whether an earlier run of the same restore is, only time would show."""
        try:
            lease = get_object(self._client, t.cast(ApiResource, self._resource), LEASE_NAME, namespace)
        except KubeError as exc:
            if not exc.forbidden:
                raise
            return None
        if lease is None:
            return None
        holder = holder_of(lease)
        if is_surely_gone(holder.process) or holder.restore == self._holder.restore:
            return None
        return holder if self._looks_alive(lease) else None

    def acquire_new(self, namespace: str) -> str:
        """In a namespace that was just made: why nothing may be restored there, empty when it may."""
        if self._resource is None:
            return ""
        holder = self._acquire(namespace)
        return "" if holder is None else f"{_who(holder)} is at work in namespace '{namespace}'"

    def why_lost(self, namespace: str) -> str:
        """Why nothing more may be restored into ``namespace``; empty when it may.

        Whoever did not renew a lease in time, such as a process that was stopped, has to look whose it is by now.
        """
        if namespace in self._held and self._is_overdue(namespace):
            with self._looking:
                if self._is_overdue(namespace) and (lease := self._held.get(namespace)) is not None:
                    self._renew(namespace, lease)
                if self._is_overdue(namespace) and namespace in self._held:
                    return f"nobody knows whether another restore took over namespace '{namespace}'"
        return self._lost.get(namespace, "")

    def _is_overdue(self, namespace: str) -> bool:
        return _awake_or_not() - self._known.get(namespace, 0.0) >= _DURATION

    def __enter__(self) -> NamespaceLocks:
        self._thread = threading.Thread(target=self._keep, name="restore locks", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: types.TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        with concurrent.futures.ThreadPoolExecutor(max_workers=self._workers) as pool:
            tasks = [pool.submit(self._release, name, lease) for name, lease in self._held.items()]
            tasks += [pool.submit(self._release_doubtful, name) for name in self._doubtful]
            for done in tasks:
                done.result()

    def _acquire(self, namespace: str) -> RestoreProcess | None:
        """None when the lease is ours, or cannot be had by this user; else who holds it."""
        resource = t.cast(ApiResource, self._resource)
        missing = find_forbidden(self._client, lock_needs(namespace), workers=1)
        if missing:
            holder = None if self._force else self._find_holder(namespace)
            if holder is None:
                self._warn_unguarded(namespace, f"The API server does not let you {rights_text(missing)}.")
            return holder
        try:
            while (lease := self._take(resource, namespace)) is None:
                standing = get_object(self._client, resource, LEASE_NAME, namespace)
                if standing is None:
                    continue
                if not self._may_take_over(resource, namespace, standing):
                    return holder_of(standing)
                self._progress(f"taking over namespace {namespace} from {_who(holder_of(standing))}")
                self._delete(namespace, standing)
                self._warn_broken_off(namespace, holder_of(standing).restore)
        except CreateUnknown:
            self._doubtful.add(namespace)
            raise
        except KubeError as exc:
            if not (exc.forbidden or exc.not_found):
                raise
            self._warn_unguarded(namespace, exc.message)
            return None
        self._note(namespace, lease)
        return None

    def _note(self, namespace: str, lease: Object, *, asked: float | None = None) -> None:
        """It is ours, since it was ``asked`` for at the latest."""
        with self._lock:
            self._held[namespace] = lease
            self._known[namespace] = _awake_or_not() if asked is None else asked

    def _take(self, resource: ApiResource, namespace: str) -> Object | None:
        """The new lease; None when there is one."""
        now = self._micro_time()
        spec = {
            "holderIdentity": self._holder.identity,
            "leaseDurationSeconds": _DURATION,
            "acquireTime": now,
            "renewTime": now,
        }
        metadata = {"name": LEASE_NAME, "namespace": namespace, "annotations": self._holder.annotations}
        body = {"apiVersion": resource.api_version, "kind": "Lease", "metadata": metadata, "spec": spec}
        try:
            return create_surely(self._client, resource, body, namespace=namespace, is_ours=self._is_ours)
        except KubeError as exc:
            if exc.already_exists:
                return None
            raise

    def _may_take_over(self, resource: ApiResource, namespace: str, lease: Object) -> bool:
        """Whether its holder is dead; for an earlier run of the same restore this is worth waiting for."""
        holder = holder_of(lease)
        if self._force or is_surely_gone(holder.process):
            return True
        if holder.restore != self._holder.restore and self._looks_alive(lease):
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

    def _renew(self, namespace: str, lease: Object) -> None:
        asked = _awake_or_not()
        lease["spec"]["renewTime"] = self._micro_time()
        try:
            renewed = replace_object(
                self._last_client, t.cast(ApiResource, self._resource), LEASE_NAME, lease, namespace=namespace
            )
        except KubeError as exc:
            # What cannot be reached now is tried again.
            if exc.not_found or exc.status == 409:
                self._regain(namespace, asked)
            return
        self._note(namespace, renewed, asked=asked)

    def _regain(self, namespace: str, asked: float) -> None:
        """The lease was changed: by ourselves, when an answer was lost; or it was deleted; or somebody took it over."""
        resource = t.cast(ApiResource, self._resource)
        try:
            found = get_object(self._last_client, resource, LEASE_NAME, namespace) or self._take(resource, namespace)
        except KubeError:
            return
        if found is not None and self._is_ours(found):
            self._note(namespace, found, asked=asked)
            return
        with self._lock:
            self._held.pop(namespace, None)
            self._lost[namespace] = f"another restore took over namespace '{namespace}'"

    def _release(self, namespace: str, lease: Object) -> None:
        # One that stays counts as dead after its time.
        with contextlib.suppress(KubeError):
            self._delete(namespace, lease)

    def _release_doubtful(self, namespace: str) -> None:
        with contextlib.suppress(KubeError):
            resource = t.cast(ApiResource, self._resource)
            found = get_object(self._last_client, resource, LEASE_NAME, namespace)
            if found is not None and self._is_ours(found):
                self._delete(namespace, found)

    def _is_ours(self, lease: Object) -> bool:
        return holder_of(lease).identity == self._holder.identity

    def _micro_time(self) -> str:
        return self._client.server_now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def _looks_alive(self, lease: Object) -> bool:
        """By the API server's clock, which all share; a time that cannot be read is no sign of death."""
        spec = lease.get("spec") or {}
        try:
            renewed = parse_rfc3339(str(spec.get("renewTime") or ""))
        except ValidationError:
            return True
        seconds = float(spec.get("leaseDurationSeconds") or _DURATION)
        return self._client.server_now() < renewed + dt.timedelta(seconds=seconds)

    def _delete(self, namespace: str, lease: Object) -> None:
        """Delete just this lease, as it was read."""
        resource = t.cast(ApiResource, self._resource)
        preconditions = {"uid": lease["metadata"]["uid"], "resourceVersion": lease["metadata"]["resourceVersion"]}
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions}
        try:
            self._last_client.delete(resource.path(namespace, LEASE_NAME), body=options)
        except KubeError as exc:
            if not exc.not_found and exc.status != 409:
                raise

    def _warn_broken_off(self, namespace: str, restore: str) -> None:
        if restore and restore != self._holder.restore:
            self._issues.warning(
                f"Restore '{restore}' was broken off while it worked in namespace '{namespace}'; what it has left there"
                " may not be whole.",
                namespace=namespace,
                hint=f"Run it again with name: {restore} to finish it.",
            )

    def _warn_unguarded(self, namespace: str, why: str) -> None:
        with self._lock:
            warned, self._warned = self._warned, True
        if not warned:
            self._issues.warning(
                f"Other restores into namespace '{namespace}' would not be noticed: {why}",
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


def _awake_or_not() -> float:
    """Seconds that go on while the process, or the machine, is stopped."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


__all__ = ("NamespaceLocks",)
