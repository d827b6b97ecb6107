# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Delete snapshots of a storage by their handles, after their objects have left the cluster.

The only way to ask a CSI driver for it is a VolumeSnapshotContent with the policy Delete: one is made for each handle,
and deleted as soon as its driver has taken it on (Velero 1.18, docs/compatibility 7.4).
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import dataclasses
import hashlib
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CSI_DRIVERS
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import delete_object, get_object, patch_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.sure_creates import create_surely
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import wait_for_object, wait_gone
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import SnapshotApi, list_classes
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.nudge import NUDGE_SECONDS, nudge
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.retained import remove_retained
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.status import stated_error
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import Sighting

#: It keeps the object until the driver has deleted the snapshot; the snapshot controller puts it there as well.
_FINALIZER = "snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection"
_SECRET_ANNOTATIONS = (
    "snapshot.storage.kubernetes.io/deletion-secret-name",
    "snapshot.storage.kubernetes.io/deletion-secret-namespace",
)
_SECRET_PARAMETERS = (
    "csi.storage.k8s.io/snapshotter-secret-name",
    "csi.storage.k8s.io/snapshotter-secret-namespace",
)
_TEMPLATE = "${"
#: What csi-snapshotter says, or a driver by its gRPC code, of a snapshot that the storage does not have.
_GONE = re.compile(r"can ?not find snapshot|code = NotFound", re.IGNORECASE)
#: An error may pass with the next try of the controller; after these seconds it is taken for the answer.
_PATIENCE = 15.0
_AT_A_TIME = 8


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StoredSnapshot:
    """A snapshot in the storage. ``content``: the VolumeSnapshotContent that a backup has of it, where it is known."""

    driver: str
    handle: str
    content: ObjectView = dataclasses.field(default_factory=dict, hash=False)


class StorageSnapshots:
    """The snapshots that the drivers of a cluster can be asked to delete."""

    def __init__(self, client: KubeClient, discovery: Discovery, api: SnapshotApi, *, cancel: CancelToken) -> None:
        """Reads which drivers and classes there are; what may not be listed stays unknown."""
        self._client = client.with_cancel(cancel)
        self._undo_client = client.with_cancel(CancelToken())
        self._api = api
        self._classes = list_classes(client, api)
        self._drivers = _list_drivers(client, discovery)
        #: Of the deletions: which objects of the cluster still name a snapshot that is gone.
        self.notes: list[str] = []

    def why_not(self, driver: str) -> str:
        """Why this cluster cannot be asked to delete a snapshot of ``driver``; empty when it may."""
        if not driver:
            return "the backup does not say which driver made it"
        if self._drivers is None or driver in self._drivers or self._classes is None or self._classes_of(driver):
            return ""
        return f"its driver {driver} is not in this cluster"

    def needs_content(self, driver: str) -> bool:
        """True when only the stored VolumeSnapshotContent can name the credentials that the driver may need."""
        classes = self._classes_of(driver)
        return not classes or any(
            _TEMPLATE in str((entry.get("parameters") or {}).get(parameter, ""))
            for entry in classes
            for parameter in _SECRET_PARAMETERS
        )

    def delete(self, snapshots: t.Sequence[StoredSnapshot], *, timeout: float) -> dict[StoredSnapshot, str]:
        """Have them deleted, all at once; one that is gone is fine. Returns why others are still there.

        A run that is cancelled gives up those that are not gone. In any case no object of the deletion is left in
        the cluster. What had outlived its VolumeSnapshot by its policy Retain goes with the snapshot that it names.
        """
        if not snapshots:
            return {}
        with concurrent.futures.ThreadPoolExecutor(min(len(snapshots), _AT_A_TIME)) as pool:
            reasons = list(pool.map(lambda snapshot: self._delete(snapshot, timeout), snapshots))
        failed = {snapshot: why for snapshot, why in zip(snapshots, reasons, strict=True) if why}
        gone = {(snapshot.driver, snapshot.handle): snapshot for snapshot in snapshots if snapshot not in failed}
        names = {self._content_for(snapshot)["metadata"]["name"] for snapshot in gone.values()}
        if gone and not self._client.cancel.is_cancelled:
            self.notes += remove_retained(self._client, self._api, gone.keys(), driver_asked=names)
        return failed

    def look_for(self, snapshot: StoredSnapshot, *, timeout: float) -> Sighting:
        """Whether the driver knows it. The object that asks keeps the snapshot when it goes, which it does at once.

        A driver that lists no snapshots takes each handle for one that is there.
        """
        body = self._content_for(snapshot, keep=True)
        name = body["metadata"]["name"]
        try:
            taken_on = self._offer(body, timeout) or self._offer(body, timeout)
            if taken_on is not None and not _handle(taken_on):
                taken_on = self._wait_out_error(name, taken_on)
            found = _sighting(taken_on)
        except KubeError as exc:
            found = Sighting("unknown", exc.sentence)
        except Cancelled as exc:
            found = Sighting("unknown", exc.message)
        try:
            self._remove(name)
        except KubeError as exc:
            return Sighting(found.presence, f"VolumeSnapshotContent {name} may be left in the cluster: {exc.message}")
        return found

    def _delete(self, snapshot: StoredSnapshot, timeout: float) -> str:
        body = self._content_for(snapshot)
        name = body["metadata"]["name"]
        try:
            why = self._have_deleted(body, timeout)
        except KubeError as exc:
            why = exc.sentence
        except Cancelled as exc:
            why = exc.message
        try:
            # Also when nobody knows whether it was made.
            self._remove(name)
        except KubeError as exc:
            left = (
                f"VolumeSnapshotContent {name} may be left in the cluster, the next deletion of the backup removes it"
            )
            why = f"{why.rstrip('.') or exc.sentence.rstrip('.')}; {left}"
        return why

    def _create(self, body: dict[str, t.Any]) -> None:
        """The name is of the snapshot: one that is there was left by an earlier run."""
        try:
            create_surely(self._client, self._api.contents, body, is_ours=lambda _found: True)
        except KubeError as exc:
            if not exc.already_exists:
                raise

    def _have_deleted(self, body: dict[str, t.Any], timeout: float) -> str:
        """Empty when the driver has deleted the snapshot behind the object, else why not."""
        contents, name = self._api.contents, body["metadata"]["name"]
        # What an earlier run has left may be on its way out, without anybody's word on the snapshot.
        taken_on = self._offer(body, timeout) or self._offer(body, timeout)
        if taken_on is not None and not _handle(taken_on):
            taken_on = self._wait_out_error(name, taken_on)
        if taken_on is None:
            return f"somebody has deleted VolumeSnapshotContent {name}, which was to have it deleted"
        if not _handle(taken_on):
            error = stated_error(None, taken_on)
            if _GONE.search(error):
                return ""
            return f"the driver says: {error}" if error else "no csi-snapshotter of its driver has looked at it"
        delete_object(self._client, contents, name)
        left = self._wait_gone(name, timeout)
        if left is None:
            return ""
        error = stated_error(None, left)
        return f"the driver did not delete it within {timeout:g} s{f': {error}' if error else ''}"

    def _offer(self, body: dict[str, t.Any], timeout: float) -> dict[str, t.Any] | None:
        """The object as its driver has taken it on, or has not within ``timeout``; None when it has gone meanwhile."""
        self._create(body)
        return self._wait(body["metadata"]["name"], _is_taken_on, timeout)

    def _wait_out_error(self, name: str, state: dict[str, t.Any]) -> dict[str, t.Any] | None:
        """An error of the driver may pass; that there is no such snapshot does not."""
        error = stated_error(None, state)
        if not error or _GONE.search(error):
            return state
        return self._wait(name, lambda now: now is None or bool(_handle(now)), _PATIENCE)

    def _wait_gone(self, name: str, timeout: float) -> dict[str, t.Any] | None:
        """None as soon as the driver has let the object go."""
        contents = self._api.contents
        try:
            wait_gone(
                self._client,
                contents,
                name,
                None,
                timeout=timeout,
                every=NUDGE_SECONDS,
                look_again=lambda: nudge(self._client, contents, name),
            )
        except KubeTimeout:
            return get_object(self._client, contents, name)
        return None

    def _wait(
        self, name: str, predicate: t.Callable[[dict[str, t.Any] | None], bool], timeout: float
    ) -> dict[str, t.Any] | None:
        """The object as it is when ``predicate`` holds, or after ``timeout``; None when it is not there."""
        last: dict[str, t.Any] | None = None

        def look(state: dict[str, t.Any] | None) -> bool:
            nonlocal last
            last = state
            return predicate(state)

        try:
            return wait_for_object(self._client, self._api.contents, name, None, look, timeout=timeout)
        except KubeTimeout:
            return last

    def _remove(self, name: str) -> None:
        """Take the object away, whether or not its driver has done its part: nothing would finish it later."""
        if delete_object(self._undo_client, self._api.contents, name):
            try:
                patch_object(self._undo_client, self._api.contents, name, {"metadata": {"finalizers": None}})
            except KubeError as exc:
                if not exc.not_found:
                    raise

    def _content_for(self, snapshot: StoredSnapshot, *, keep: bool = False) -> dict[str, t.Any]:
        """The object that has it deleted or, with ``keep``, only looked at."""
        digest = hashlib.sha256(f"{snapshot.driver}\0{snapshot.handle}".encode()).hexdigest()[:20]
        name = f"arkive-{'look' if keep else 'delete'}-{digest}"
        spec: dict[str, t.Any] = {
            "deletionPolicy": "Retain" if keep else "Delete",
            "driver": snapshot.driver,
            "source": {"snapshotHandle": snapshot.handle},
            # There is never a VolumeSnapshot of that name, so that nothing is bound to it.
            "volumeSnapshotRef": {"kind": self._api.snapshots.kind, "namespace": "default", "name": name},
        }
        stored = snapshot.content.get("spec") or {}
        chosen = self._choose_class(snapshot.driver, str(stored.get("volumeSnapshotClassName") or ""))
        if chosen:
            spec["volumeSnapshotClassName"] = chosen["metadata"]["name"]
        metadata: dict[str, t.Any] = {"name": name, "finalizers": [_FINALIZER]}
        annotations = _secret_of(snapshot.content, chosen)
        if annotations:
            metadata["annotations"] = annotations
        api = self._api.contents
        return {"apiVersion": api.api_version, "kind": api.kind, "metadata": metadata, "spec": spec}

    def _choose_class(self, driver: str, wanted: str) -> ObjectView | None:
        """The snapshot's own class where the cluster still has it, else one of the driver: it names credentials."""
        classes = self._classes_of(driver)
        return next(
            (entry for entry in classes if entry["metadata"]["name"] == wanted), classes[0] if classes else None
        )

    def _classes_of(self, driver: str) -> list[dict[str, t.Any]]:
        return [entry for entry in self._classes or () if entry.get("driver") == driver]


def _list_drivers(client: KubeClient, discovery: Discovery) -> set[str] | None:
    resource = discovery.find(CSI_DRIVERS)
    if resource is None:
        return None
    try:
        return {item["metadata"]["name"] for page in list_pages(client, resource) for item in page.items}
    except KubeError as exc:
        if exc.forbidden:
            return None
        raise


def _sighting(content: ObjectView | None) -> Sighting:
    if content is None:
        return Sighting("unknown", "somebody has deleted the VolumeSnapshotContent that asked for it")
    if _handle(content):
        return Sighting("present")
    error = stated_error(None, content)
    if _GONE.search(error):
        return Sighting("missing", f"the driver says: {error}")
    return Sighting(
        "unknown", f"the driver says: {error}" if error else "no csi-snapshotter of its driver looked at it"
    )


def _is_taken_on(content: ObjectView | None) -> bool:
    return content is None or bool(_handle(content)) or bool(stated_error(None, content))


def _handle(content: ObjectView) -> str:
    """Set by csi-snapshotter: without it a deletion would not reach the driver."""
    return str((content.get("status") or {}).get("snapshotHandle") or "")


def _secret_of(content: ObjectView, chosen: ObjectView | None) -> dict[str, str]:
    """The credentials for the deletion: those that the snapshot was made with, else those of the class."""
    stored = (content.get("metadata") or {}).get("annotations") or {}
    if all(annotation in stored for annotation in _SECRET_ANNOTATIONS):
        return {annotation: str(stored[annotation]) for annotation in _SECRET_ANNOTATIONS}
    parameters = (chosen or {}).get("parameters") or {}
    if all(parameters.get(name) and _TEMPLATE not in parameters[name] for name in _SECRET_PARAMETERS):
        named = zip(_SECRET_ANNOTATIONS, _SECRET_PARAMETERS, strict=True)
        return {annotation: str(parameters[parameter]) for annotation, parameter in named}
    return {}


__all__ = ("StorageSnapshots", "StoredSnapshot")
