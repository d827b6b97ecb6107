# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volumes that are recreated from native snapshots (Velero 1.18, docs/compatibility 5.8.1)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import copy
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS, NAMESPACES
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import create_object, get_object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.ec2 import EbsSnapshotter
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.names import PROVIDER
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.native_records import METHOD, NativeSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restore_kinds import RemadeVolumes
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import DataSource, MadeVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.zones import zone_of

_POLL_SECONDS = 1.0
_REMINDER_SECONDS = 15.0


class EbsRestore(RemadeVolumes):
    """A ``RestoreVolumes``: the native snapshots of a backup, and the volumes that are made from them."""

    name = PROVIDER
    method = METHOD

    def __init__(
        self,
        snapshots: t.Mapping[str, NativeSnapshot],
        ebs: EbsSnapshotter | None,
        *,
        client: KubeClient,
        discovery: Discovery,
    ) -> None:
        """``snapshots`` by the name of the stored volume. Without ``ebs`` none of them can be used."""
        self._snapshots = snapshots
        self._ebs = ebs
        self._client = client
        self._claims = discovery.find(CLAIMS)
        self._namespaces = discovery.find(NAMESPACES)

    def of_volume(self, volume: ObjectView) -> NativeSnapshot | None:
        """The snapshot that a stored PersistentVolume is recreated from; None where there is none to be used."""
        found = self._snapshots.get(str(volume["metadata"]["name"]))
        return None if found is None or self._why_not(volume) else found

    def _why_not(self, volume: ObjectView) -> str:
        """Why the volume cannot be made from its snapshot here; empty when it can, or has none."""
        found = self._snapshots.get(str(volume["metadata"]["name"]))
        if found is None:
            return ""
        if found.failed:
            return "the snapshot of its volume failed"
        where = f"its data is in the native snapshot {found.snapshot_id}"
        if self._ebs is None:
            return f"{where}, and no snapshot_location is given"
        ours = self._ebs.location.name
        if found.location and found.location != ours:
            return f"{where} of the snapshot location '{found.location}', and snapshot_location is '{ours}'"
        return "" if self._ebs.volume_id(volume) else f"{where}, which is none of EBS"

    def why_unreadable(self, volume: ObjectView, entry: ObjectView) -> str:
        return self._why_not(volume)

    def adopt_volume(self, desired: ObjectView, live: ObjectView) -> dict[str, t.Any]:
        """``desired`` with the EBS volume of ``live``: that of one made from a snapshot is another one each time."""
        adopted = copy.deepcopy(dict(desired))
        for kind, member in (("csi", "volumeHandle"), ("awsElasticBlockStore", "volumeID")):
            wanted, there = ((volume.get("spec") or {}).get(kind) or {} for volume in (adopted, live))
            if member in wanted and member in there:
                wanted[member] = there[member]
        return adopted

    def why_leaving(self, live: ObjectView) -> str:
        """Why a volume in the cluster is about to be gone; empty when it is healthy. What may not be read is there."""
        if live["metadata"].get("deletionTimestamp"):
            return "it is being deleted"
        if (live.get("status") or {}).get("phase") == "Released":
            return "it is released"
        reference = (live.get("spec") or {}).get("claimRef") or {}
        if not reference:
            return ""
        namespace, name = str(reference.get("namespace", "")), str(reference.get("name", ""))
        claim = self._read(self._claims, name, namespace)
        if claim is None or claim["metadata"].get("deletionTimestamp"):
            return f"its claim {namespace}/{name} is {'gone' if claim is None else 'being deleted'}"
        owner = self._read(self._namespaces, namespace, None)
        if owner is None or _is_terminating(owner):
            return f"its namespace {namespace} is {'gone' if owner is None else 'being deleted'}"
        return ""

    def make(
        self,
        resource: ApiResource,
        body: ObjectView,
        source: DataSource,
        *,
        terminating_timeout: float,
        volume_timeout: float,
        progress: ProgressSink,
        cancel: CancelToken,
    ) -> MadeVolume:
        """Make a volume from ``source`` and the PersistentVolume ``body`` with it.

        One of that name that is about to be gone is waited for. What was made is removed again when the object is not
        created. Raises ``SnapshotError``, also after ``terminating_timeout``, ``KubeError``, ``Cancelled``.
        """
        name = str(body["metadata"]["name"])
        existing = self._await_free(resource, name, terminating_timeout, progress, cancel)
        if existing is not None:
            return MadeVolume(existing=existing)
        if self._ebs is None or not isinstance(source, NativeSnapshot):
            raise SnapshotError(f"The volume of {name} cannot be made: no snapshot_location is given.")
        zone = source.zone or zone_of(body)
        volume_id = self._ebs.create_volume(source.snapshot_id, source.volume_type, zone, source.iops)
        progress(f"volume {name}: {volume_id} is made from {source.snapshot_id}")
        try:
            self._ebs.wait_available(volume_id, timeout=volume_timeout, cancel=cancel)
            return MadeVolume(created=self._create(resource, self._ebs.set_volume_id(body, volume_id), volume_id))
        except ArkiveError as exc:
            if isinstance(exc, KubeError) and exc.unreachable:
                left = "it is kept, as the object may be there"
            else:
                left = _try_delete(self._ebs, volume_id)
            if not left:
                raise
            said = exc.message.partition("\n")[0]
            raise SnapshotError(f"{said} The volume {volume_id} was made for it: {left}.", hint=exc.hint) from exc

    def _create(self, resource: ApiResource, body: ObjectView, volume_id: str) -> dict[str, t.Any]:
        """A request whose answer was lost is cleared up by a look, which waits for the server."""
        try:
            return create_object(self._client, resource, body)
        except KubeError as exc:
            if not exc.unreachable:
                raise
        found = get_object(self._client, resource, str(body["metadata"]["name"]))
        if found is not None and self._ebs is not None and self._ebs.volume_id(found) == volume_id:
            return found
        return create_object(self._client, resource, body)

    def _await_free(
        self, resource: ApiResource, name: str, timeout: float, progress: ProgressSink, cancel: CancelToken
    ) -> dict[str, t.Any] | None:
        """None once the name is free; a volume that stays. Raises ``SnapshotError`` when it neither goes nor stays."""
        begun, reminder = time.monotonic(), 0.0
        while True:
            live = get_object(self._client, resource, name)
            why = self.why_leaving(live) if live is not None else ""
            if live is None or not why:
                return live
            seconds = time.monotonic() - begun
            if seconds >= timeout:
                raise SnapshotError(
                    f"The old PersistentVolume {name} is still there after {timeout:g} s: {why}.",
                    hint="Delete it, or its claim, and restore again; with the reclaim policy Retain nobody else does.",
                )
            if seconds >= reminder:
                progress(f"waiting for the old PersistentVolume {name} to be gone: {why}")
                reminder = seconds + _REMINDER_SECONDS
            cancel.wait(_POLL_SECONDS)
            cancel.check()

    def _read(self, resource: ApiResource | None, name: str, namespace: str | None) -> dict[str, t.Any] | None:
        """An object; an empty one where it may not be read."""
        unknown: dict[str, t.Any] = {"metadata": {}}
        if resource is None or not name:
            return unknown
        try:
            return get_object(self._client, resource, name, namespace)
        except KubeError as exc:
            if exc.forbidden:
                return unknown
            raise


def _try_delete(ebs: EbsSnapshotter, volume_id: str) -> str:
    """Why it is still there; empty when it is gone."""
    try:
        ebs.delete_volume(volume_id)
    except SnapshotError as exc:
        return exc.message.rstrip(".")
    return ""


def _is_terminating(namespace: ObjectView) -> bool:
    phase = (namespace.get("status") or {}).get("phase")
    return phase == "Terminating" or bool(namespace["metadata"].get("deletionTimestamp"))


__all__ = ("EbsRestore",)
