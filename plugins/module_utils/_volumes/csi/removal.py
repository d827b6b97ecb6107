# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take snapshots out of the cluster again: with the storage's own, or leaving that where it is."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import delete_object, get_object, patch_object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import SnapshotApi
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.nudge import NUDGE_SECONDS, nudge
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.records import (
    BACKUP_NAME,
    LOCATION_ANNOTATION,
    RUN_LABEL,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec, TakenSnapshot

#: How long objects with finalizers are waited for, in seconds: a driver that is taking one finishes that first.
_DISCARD_SECONDS = 60.0
_RELEASE_SECONDS = 30.0
_PAUSE = 0.2
_AT_A_TIME = 8

#: Without it the driver's side leaves a content alone (external-snapshotter 8).
_BEING_DELETED = "snapshot.storage.kubernetes.io/volumesnapshot-being-deleted"

Policy: t.TypeAlias = t.Literal["Delete", "Retain"]


class Swept(t.NamedTuple):
    """``found``: how many there were; ``warnings``: what is left of them, sentences."""

    found: int = 0
    warnings: t.Sequence[str] = ()


class SnapshotRemoval:
    """Never cancelled: ``client`` has a token of its own."""

    def __init__(self, client: KubeClient, api: SnapshotApi, *, with_contents: bool) -> None:
        self._client = client
        self._api = api
        self._with_contents = with_contents

    def set_policy(self, taken: TakenSnapshot, policy: Policy, *, labels: t.Mapping[str, str] | None = None) -> None:
        """Say what becomes of the storage snapshot when the objects go. Raises ``KubeError``."""
        patch: dict[str, t.Any] = {"spec": {"deletionPolicy": policy}}
        if labels:
            patch["metadata"] = {"labels": dict(labels)}
        patch_object(self._client, self._api.contents, taken.content, patch)

    def discard(self, snapshots: t.Sequence[TakenSnapshot]) -> list[str]:
        """Remove the objects and what the storage holds. A sentence for each that is not gone after a minute."""
        return self._all(snapshots, self._discard)

    def release(self, snapshots: t.Sequence[TakenSnapshot]) -> list[str]:
        """Remove the objects; the storage keeps its snapshots. A sentence for each that is not gone."""
        return self._all(snapshots, self._release)

    def sweep(self, namespaces: t.Sequence[str], *, backup_name: str, location: str) -> Swept:
        """Discard what carries a run's label, for this backup and this location. Nothing of a live run may be there."""
        found, left = self.find_left(namespaces, backup_name=backup_name, location=location)
        return Swept(len(found), left + self.discard(found))

    def release_left(self, namespaces: t.Sequence[str], *, backup_name: str, location: str) -> list[str]:
        """Release the same: the backup is stored, and its run could not do it."""
        found, left = self.find_left(namespaces, backup_name=backup_name, location=location)
        return left + self.release(found)

    def find_left(
        self, namespaces: t.Sequence[str], *, backup_name: str, location: str
    ) -> tuple[list[TakenSnapshot], list[str]]:
        """What ``sweep`` would discard, and sentences about where that is unknown."""
        selector = f"{RUN_LABEL},{BACKUP_NAME}={label_value(backup_name)}"
        found, left = [], []
        for namespace in namespaces:
            try:
                pages = list_pages(self._client, self._api.snapshots, namespace=namespace, label_selector=selector)
                found += [item for page in pages for item in page.items]
            except KubeError as exc:
                left.append(f"What earlier runs may have left in namespace {namespace} is unknown: {exc.sentence}")
        ours = [
            each for each in found if (each["metadata"].get("annotations") or {}).get(LOCATION_ANNOTATION) == location
        ]
        return [adopt(each) for each in ours], left

    def _all(self, snapshots: t.Sequence[TakenSnapshot], remove: t.Callable[[TakenSnapshot], str]) -> list[str]:
        made = [taken for taken in snapshots if taken.name]
        if not made:
            return []
        with concurrent.futures.ThreadPoolExecutor(min(len(made), _AT_A_TIME)) as pool:
            for taken, text in zip(made, pool.map(remove, made), strict=True):
                taken.left = text
        return [taken.left for taken in made if taken.left]

    def _discard(self, taken: TakenSnapshot) -> str:
        what = f"VolumeSnapshot {taken.spec.namespace}/{taken.name}"
        try:
            if not taken.uid and not self._was_made(taken):
                return ""
            content = self._content_of(taken)
            if content is not None and (content.get("spec") or {}).get("deletionPolicy") != "Delete":
                self.set_policy(taken, "Delete")
            delete_object(self._client, self._api.snapshots, taken.name, taken.spec.namespace, uid=taken.uid)
            left = self._wait_gone(taken, _DISCARD_SECONDS)
        except KubeError as exc:
            return f"The {what} could not be removed: {exc.sentence}"
        if left:
            return f"The {what} is being removed, but {left} is still there: the driver has not confirmed yet."
        return ""

    def _release(self, taken: TakenSnapshot) -> str:
        left = what = f"VolumeSnapshot {taken.spec.namespace}/{taken.name}"
        try:
            content = self._content_of(taken)
            if content is not None and (content.get("spec") or {}).get("deletionPolicy") != "Retain":
                return (
                    f"The {what} was left in the cluster: its content {taken.content} would take the snapshot with it."
                )
            delete_object(self._client, self._api.snapshots, taken.name, taken.spec.namespace, uid=taken.uid)
            if content is not None:
                left = f"VolumeSnapshotContent {taken.content}"
                delete_object(self._client, self._api.contents, taken.content)
            still = self._wait_gone(taken, _RELEASE_SECONDS)
        except KubeError as exc:
            return f"The {left} was left in the cluster: {exc.sentence}"
        return f"The {what} was deleted, and {still} is still there." if still else ""

    def _was_made(self, taken: TakenSnapshot) -> bool:
        """Whether an object of which nobody knew is there; its uid is noted then."""
        found = self._snapshot_of(taken)
        if found is None or not is_made_for(taken.spec, found):
            return False
        taken.uid = str(found["metadata"].get("uid") or "")
        return True

    def _snapshot_of(self, taken: TakenSnapshot) -> Object | None:
        """None as well where another has its name by now."""
        found = get_object(self._client, self._api.snapshots, taken.name, taken.spec.namespace)
        return None if found is None or (taken.uid and found["metadata"].get("uid") != taken.uid) else found

    def _content_of(self, taken: TakenSnapshot) -> Object | None:
        """Also one that was made after anybody looked last."""
        if not self._with_contents:
            return None
        if not taken.content:
            bound = ((self._snapshot_of(taken) or {}).get("status") or {}).get("boundVolumeSnapshotContentName")
            taken.content = str(bound or f"snapcontent-{taken.uid}")
        found = get_object(self._client, self._api.contents, taken.content)
        owner = str((((found or {}).get("spec") or {}).get("volumeSnapshotRef") or {}).get("uid") or "")
        return None if taken.uid and owner and owner != taken.uid else found

    def _wait_gone(self, taken: TakenSnapshot, seconds: float) -> str:
        """What is still there at the end, in words; empty when all is gone."""
        start = last_nudge = time.monotonic()
        while True:
            left = ""
            content = self._content_of(taken)
            if content is not None:
                left = f"VolumeSnapshotContent {taken.content}"
            elif self._snapshot_of(taken) is not None:
                left = "the object itself"
            now = time.monotonic()
            if not left or now >= start + seconds:
                return left
            if self._with_contents and now >= last_nudge + NUDGE_SECONDS:
                last_nudge = now
                if content is not None and "deletionTimestamp" not in content["metadata"]:
                    self._delete_orphan(taken)
                nudge(self._client, self._api.contents, taken.content)
                if self._snapshot_of(taken) is not None:
                    nudge(self._client, self._api.snapshots, taken.name, taken.spec.namespace)
            time.sleep(_PAUSE)

    def _delete_orphan(self, taken: TakenSnapshot) -> None:
        """Nobody else deletes a content whose VolumeSnapshot went while it was to be retained."""
        if self._snapshot_of(taken) is not None:
            return
        mark = {"metadata": {"annotations": {_BEING_DELETED: "yes"}}}
        try:
            patch_object(self._client, self._api.contents, taken.content, mark)
            delete_object(self._client, self._api.contents, taken.content)
        except KubeError as exc:
            if not (exc.not_found or exc.forbidden):
                raise


def is_made_for(spec: SnapshotSpec, snapshot: Object) -> bool:
    """Whether a VolumeSnapshot is the one of ``spec``: by all that it was to have, its run's mark among it."""
    metadata, source = snapshot["metadata"], (snapshot.get("spec") or {}).get("source") or {}
    return source.get("persistentVolumeClaimName") == spec.claim and all(
        wanted.items() <= (metadata.get(member) or {}).items()
        for member, wanted in (("labels", spec.labels), ("annotations", spec.annotations))
    )


def adopt(snapshot: Object) -> TakenSnapshot:
    """One that is there already."""
    metadata = snapshot["metadata"]
    claim = str((snapshot["spec"].get("source") or {}).get("persistentVolumeClaimName") or "")
    return TakenSnapshot(
        spec=SnapshotSpec(namespace=metadata["namespace"], claim=claim),
        requested=utc_now(),
        name=metadata["name"],
        uid=metadata["uid"],
    )


__all__ = ("Policy", "SnapshotRemoval", "Swept", "adopt", "is_made_for")
