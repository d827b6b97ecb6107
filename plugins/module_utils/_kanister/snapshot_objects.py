# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""VolumeSnapshots that blueprints make: written, awaited, removed (snapshot.storage.k8s.io/v1)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.waiting import ask_patiently, await_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import delete_object, get_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import wait_gone
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import SnapshotApi, find_snapshot_api
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.nudge import NUDGE_SECONDS, nudge

#: What a controller says went wrong may pass with its next try; what stays this long is final. In seconds.
_ERROR_SECONDS = 30.0
_LOOK_SECONDS = 5.0
_AWAY_SECONDS = 120.0


def read_snapshot_api(call: FunctionCall) -> SnapshotApi:
    """The types of snapshots that the cluster serves. Raises ``BlueprintError`` where it serves none."""
    try:
        found = find_snapshot_api(Discovery.read(call.client))
    except KubeError as exc:
        raise BlueprintError(f"What the cluster serves cannot be read: {exc.message}", hint=exc.hint) from exc
    if found is None:
        raise BlueprintError(
            f"The cluster does not serve VolumeSnapshots, which {call.place.words} needs.",
            hint="Install the CSI snapshot controller and its types.",
        )
    return found


def await_ready(call: FunctionCall, resource: ApiResource, namespace: str, name: str) -> Object:
    """The VolumeSnapshot when volumes can be made from it. Raises ``BlueprintError`` for one that never will be."""
    return _ReadyWait(call, resource, namespace, name).result()


class _ReadyWait:
    def __init__(self, call: FunctionCall, resource: ApiResource, namespace: str, name: str) -> None:
        self._call = call
        self._resource = resource
        self._namespace = namespace
        self._name = name
        self._last: Object | None = None
        self._failing_since: float | None = None

    @property
    def _where(self) -> str:
        return f"VolumeSnapshot {self._namespace}/{self._name}"

    def result(self) -> Object:
        call = self._call
        allowed = call.seconds_left
        end = time.monotonic() + allowed
        call.run.progress(f"{self._where}: waiting until it is ready")
        while True:
            try:
                limit = max(0.1, min(_LOOK_SECONDS, end - time.monotonic()))
                found = await_object(
                    call.client, self._resource, self._name, self._namespace, self._is_ready, timeout=limit
                )
                return found or {}
            except KubeError as exc:
                if not exc.may_pass:
                    raise BlueprintError(f"{self._where} cannot be waited for: {exc.message}", hint=exc.hint) from exc
                self._judge()
            if time.monotonic() >= end:
                raise BlueprintError(
                    f"{self._where} was not ready within the {allowed:.0f} s that its phase had left; last seen: "
                    f"{self._seen()}. It is left as it is."
                )

    def _is_ready(self, snapshot: Object | None) -> bool:
        if snapshot is None:
            raise BlueprintError(f"{self._where} was deleted by somebody before it was ready.")
        self._last = snapshot
        self._judge()
        status = snapshot.get("status") or {}
        return bool(status.get("readyToUse") and status.get("creationTime"))

    def _judge(self) -> None:
        error = _stated_error(self._last or {})
        if not error:
            self._failing_since = None
            return
        self._failing_since = self._failing_since or time.monotonic()
        if time.monotonic() - self._failing_since >= _ERROR_SECONDS:
            raise BlueprintError(f"{self._where} failed: {error.rstrip('.')}. It is left as it is.")

    def _seen(self) -> str:
        status = (self._last or {}).get("status") or {}
        error = _stated_error(self._last or {})
        if error:
            return error.rstrip(".")
        if not status:
            return "no status; is the snapshot controller running"
        ready, created = str(status.get("readyToUse", False)).lower(), status.get("creationTime") or "not set"
        return f"readyToUse {ready}, creationTime {created}"


def remove(call: FunctionCall, resource: ApiResource, namespace: str | None, name: str, *, wait: bool) -> bool:
    """Delete an object of the snapshot types, and see it gone; False where there was none."""
    where = f"{resource.kind} {namespace + '/' if namespace else ''}{name}"
    try:
        found = get_object(call.client, resource, name, namespace)
        if found is None:
            call.log(f"{where} is not there, so that there is nothing to delete")
            return False
        uid = str(found["metadata"]["uid"])
        ask_patiently(
            call.client, lambda: delete_object(call.client, resource, name, namespace, uid=uid), timeout=_AWAY_SECONDS
        )
        if wait:
            _await_gone(call, resource, namespace, name, uid)
    except KubeTimeout as exc:
        raise BlueprintError(
            f"{where} is to be deleted, and was still there when the time of its phase was over: {exc.message}"
        ) from exc
    except KubeError as exc:
        raise BlueprintError(f"{where} could not be deleted: {exc.message}", hint=exc.hint) from exc
    return True


def _await_gone(call: FunctionCall, resource: ApiResource, namespace: str | None, name: str, uid: str) -> None:
    def is_gone(obj: Object | None) -> bool:
        return obj is None or obj["metadata"].get("uid") != uid

    wait_gone(
        call.client,
        resource,
        name,
        namespace,
        timeout=max(1.0, call.seconds_left),
        every=NUDGE_SECONDS,
        look_again=lambda: nudge(call.client, resource, name, namespace),
        is_gone=is_gone,
    )


def snapshot_outputs(namespace: str, snapshot: ObjectView) -> dict[str, t.Any]:
    """What both functions that make a snapshot say of it; the size as the quantity that it is."""
    status = snapshot.get("status") or {}
    return {
        "name": snapshot["metadata"]["name"],
        "namespace": namespace,
        "restoreSize": str(status.get("restoreSize") or ""),
        "snapshotContent": str(status.get("boundVolumeSnapshotContentName") or ""),
    }


def _stated_error(snapshot: ObjectView) -> str:
    return str(((snapshot.get("status") or {}).get("error") or {}).get("message") or "").strip()


__all__ = ("await_ready", "read_snapshot_api", "remove", "snapshot_outputs")
