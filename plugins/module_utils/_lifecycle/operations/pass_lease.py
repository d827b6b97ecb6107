# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run at a time over the objects of a namespace: a Lease object says which."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import threading
import time
import types
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.process_identity import has_ended, identify_process
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object, replace_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.sure_creates import create_surely

LEASE_NAME = "arkive-operations"
_PROCESS_ANNOTATION = "arkive.k8s/process"
#: Without a renewal for this long its holder counts as dead, on whatever machine it was.
_DURATION = 60.0
_RENEW_PAUSE = 15.0
#: No process has a number of so many digits.
_LONGEST_NUMBER = 20
_LEASES = ApiResource("coordination.k8s.io", "v1", "leases", "lease", "Lease", True, frozenset())


class PassLease:
    """Held while it is entered as a context manager, and renewed by a thread; ``taken`` says whether it is ours.

    ``cancel`` is set when another run has taken it over.
    """

    def __init__(self, client: KubeClient, namespace: str, cancel: CancelToken) -> None:
        self._client = client.with_cancel(CancelToken())
        self._namespace = namespace
        self._cancel = cancel
        self._identity = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
        self._lease: Object | None = None
        self._known = 0.0
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def holder(self) -> str:
        """Who holds it now, without taking it; empty for nobody. Raises ``KubeError``."""
        standing = get_object(self._client, _LEASES, LEASE_NAME, self._namespace)
        return _holder(standing) if standing is not None and self._is_held(standing) else ""

    def acquire(self) -> str:
        """Who holds it; empty when it is ours from now on. Raises ``KubeError``."""
        for _attempt in range(3):
            standing = get_object(self._client, _LEASES, LEASE_NAME, self._namespace)
            if standing is not None and self._is_held(standing):
                return _holder(standing)
            taken = self._take(standing)
            if taken is not None:
                self._lease, self._known = taken, time.monotonic()
                return ""
        return "another run"

    def __enter__(self) -> PassLease:
        self._thread = threading.Thread(target=self._keep, name="operations lease", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: types.TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        if self._lease is None:
            return
        metadata = self._lease["metadata"]
        preconditions = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions}
        # One that stays counts as dead after its time.
        with contextlib.suppress(KubeError):
            self._client.delete(_LEASES.path(self._namespace, LEASE_NAME), body=options)

    def _take(self, standing: Object | None) -> Object | None:
        """The lease as it is ours; None when another was quicker."""
        now = self._micro_time()
        spec = {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": int(_DURATION),
            "acquireTime": now,
            "renewTime": now,
        }
        metadata = {"name": LEASE_NAME, "namespace": self._namespace, "annotations": {_PROCESS_ANNOTATION: _process()}}
        body: Object = {"apiVersion": _LEASES.api_version, "kind": "Lease", "metadata": metadata, "spec": spec}
        try:
            if standing is None:
                return create_surely(self._client, _LEASES, body, namespace=self._namespace, is_ours=self._is_ours)
            metadata["resourceVersion"] = standing["metadata"]["resourceVersion"]
            return replace_object(self._client, _LEASES, LEASE_NAME, body, namespace=self._namespace)
        except KubeError as exc:
            # A lease that is gone may be made; a namespace that is not there may not.
            if exc.already_exists or exc.conflict or (exc.not_found and standing is not None):
                return None
            raise

    def _is_ours(self, lease: ObjectView) -> bool:
        return (lease.get("spec") or {}).get("holderIdentity") == self._identity

    def _is_held(self, lease: ObjectView) -> bool:
        """By the API server's clock, which all share. A dead process of this machine holds nothing."""
        spec = lease.get("spec") or {}
        number, _space, identity = str(
            (lease["metadata"].get("annotations") or {}).get(_PROCESS_ANNOTATION, "")
        ).partition(" ")
        if number.isdecimal() and len(number) < _LONGEST_NUMBER and has_ended(int(number), identity):
            return False
        renewed = read_moment(spec.get("renewTime"))
        if renewed is None:
            return False
        seconds = float(spec.get("leaseDurationSeconds") or _DURATION)
        left = seconds - (self._client.server_now() - renewed).total_seconds()
        # The clock of the API server was ahead then, and whoever is alive has written the lease again since.
        return 0 < left <= 2 * seconds or (left > 0 and self._is_renewed(lease))

    def _is_renewed(self, lease: ObjectView) -> bool:
        self._cancel.wait(_RENEW_PAUSE * 1.5)
        self._cancel.check()
        found = get_object(self._client, _LEASES, LEASE_NAME, self._namespace)
        return found is not None and found["metadata"]["resourceVersion"] != lease["metadata"]["resourceVersion"]

    def _keep(self) -> None:
        while not self._ended.wait(_RENEW_PAUSE):
            self._renew()
            if time.monotonic() - self._known >= _DURATION:
                self._give_up("nobody knows whether another run has taken over")

    def _renew(self) -> None:
        lease = t.cast(Object, self._lease)
        asked = time.monotonic()
        lease["spec"]["renewTime"] = self._micro_time()
        try:
            self._lease = replace_object(self._client, _LEASES, LEASE_NAME, lease, namespace=self._namespace)
        except KubeError as exc:
            if not (exc.conflict or exc.not_found):
                return  # what cannot be reached now is tried again
            with contextlib.suppress(KubeError):
                found = get_object(self._client, _LEASES, LEASE_NAME, self._namespace) or self._take(None)
                if found is None or not self._is_ours(found):
                    self._give_up("another run has taken over")
                    return
                self._lease, self._known = found, asked
            return
        self._known = asked

    def _give_up(self, why: str) -> None:
        self._cancel.cancel(f"{why} in namespace '{self._namespace}'")

    def _micro_time(self) -> str:
        return self._client.server_now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _holder(lease: ObjectView) -> str:
    return str((lease.get("spec") or {}).get("holderIdentity") or "unknown")


def _process() -> str:
    return f"{os.getpid()} {identify_process()}"


__all__ = ("LEASE_NAME", "PassLease")
