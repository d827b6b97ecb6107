# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects of Velero, or Ark, in one namespace of a cluster, as far as a sync reads and makes them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import (
    create_object,
    delete_object,
    get_object,
    patch_object,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.sure_creates import create_surely
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_request import SyncError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.synced_objects import PENDING
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import FAMILIES, TypeFamily
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import phase_of


class BackupRef(t.NamedTuple):
    """A Backup object: its ``location`` as its label has it. ``pending``: a sync of ours has not ended it."""

    name: str
    uid: str
    phase: str
    location: str
    pending: bool


class VeleroObjects:
    """With ``dry_run`` the API server judges what is sent, and nothing is kept. Raises ``KubeError``."""

    def __init__(self, client: KubeClient, family: TypeFamily, namespace: str, *, dry_run: bool = False) -> None:
        self.family = family
        self.namespace = namespace
        self._client = client
        self._dry_run = dry_run
        self._schedules: dict[str, str] | None = None

    def backups(self) -> dict[str, BackupRef]:
        """All Backup objects by their names. Raises ``KubeError`` (``not_found``) where the type is missing."""
        found = {}
        for page in list_pages(self._client, self.family.backups, namespace=self.namespace):
            for item in page.items:
                metadata = item["metadata"]
                found[str(metadata["name"])] = BackupRef(
                    name=str(metadata["name"]),
                    uid=str(metadata.get("uid") or ""),
                    phase=phase_of(item),
                    location=str((metadata.get("labels") or {}).get(self.family.location_label) or ""),
                    pending=PENDING in (metadata.get("annotations") or {}),
                )
        return found

    def backup(self, name: str) -> Object | None:
        return get_object(self._client, self.family.backups, name, self.namespace)

    def schedule_uid(self, name: str) -> str | None:
        """The UID of a Schedule; None when there is none. All are listed once, when the first is asked for."""
        if self._schedules is None:
            pages = list_pages(self._client, self.family.schedules, namespace=self.namespace)
            self._schedules = {
                str(item["metadata"]["name"]): str(item["metadata"].get("uid") or "")
                for page in pages
                for item in page.items
            }
        return self._schedules.get(name)

    def create_backup(self, backup: ObjectView) -> Object | None:
        """None when one of this name is there."""
        label = backup["metadata"]["labels"][self.family.location_label]
        try:
            if self._dry_run:
                return self.try_backup(backup)
            return create_surely(
                self._client,
                self.family.backups,
                backup,
                namespace=self.namespace,
                is_ours=lambda found: (found["metadata"].get("labels") or {}).get(self.family.location_label) == label,
            )
        except KubeError as exc:
            if exc.already_exists:
                return None
            raise

    def try_backup(self, backup: ObjectView) -> Object:
        """What the API server would keep of it. Nothing is made."""
        return create_object(self._client, self.family.backups, backup, namespace=self.namespace, dry_run=True)

    def create_pod_volume(self, pod_volume: ObjectView) -> bool:
        """False when one of this name is there: nothing is changed in it."""
        types = self.family.pod_volume_backups
        try:
            create_object(self._client, types, pod_volume, namespace=self.namespace, dry_run=self._dry_run)
        except KubeError as exc:
            if exc.already_exists:
                return False
            raise
        return True

    def mark_done(self, name: str) -> None:
        """Take our mark off a Backup; it may be gone by now."""
        patch = {"metadata": {"annotations": {PENDING: None}}}
        try:
            patch_object(
                self._client, self.family.backups, name, patch, namespace=self.namespace, dry_run=self._dry_run
            )
        except KubeError as exc:
            if not exc.not_found:
                raise

    def delete_backup(self, ref: BackupRef) -> bool:
        """That object and no other of its name; False when it is gone."""
        return delete_object(
            self._client, self.family.backups, ref.name, self.namespace, uid=ref.uid, dry_run=self._dry_run
        )

    def location(self, name: str) -> Object | None:
        """A BackupStorageLocation; None without one, or without the type (Ark up to 0.9)."""
        return get_object(self._client, self.family.locations, name, self.namespace)

    def has_locations(self) -> bool:
        """Whether there is any BackupStorageLocation."""
        return any(page.items for page in list_pages(self._client, self.family.locations, namespace=self.namespace))

    def create_location(self, location: ObjectView) -> Object:
        try:
            return create_object(
                self._client, self.family.locations, location, namespace=self.namespace, dry_run=self._dry_run
            )
        except KubeError as exc:
            if not exc.already_exists:
                raise
            # Another run was first; it may have made another one.
            return self.location(str(location["metadata"]["name"])) or dict(location)

    def note_synced(self, name: str, now: dt.datetime) -> None:
        """Set the location's ``lastSyncedTime``: for people only, so that a missing right is no matter."""
        if self._dry_run:
            return
        try:
            patch_object(
                self._client,
                self.family.locations,
                name,
                {"status": {"lastSyncedTime": rfc3339(now)}},
                namespace=self.namespace,
            )
        except KubeError as exc:
            if not (exc.forbidden or exc.not_found):
                raise

    def is_of(self, ref: BackupRef, location: str) -> bool:
        """Whether a Backup object says that it lies in that storage location."""
        return ref.location == label_value(location)


def read_objects(
    client: KubeClient, family: TypeFamily | None, namespace: str, *, dry_run: bool
) -> tuple[VeleroObjects, dict[str, BackupRef]]:
    """The objects of the family that the cluster has, Velero's before Ark's, and its Backups.

    Raises ``SyncError`` where the types are missing, ``KubeError``.
    """
    asked = (family,) if family else FAMILIES
    for each in asked:
        objects = VeleroObjects(client, each, namespace or each.namespace, dry_run=dry_run)
        try:
            return objects, objects.backups()
        except KubeError as exc:
            if not exc.not_found:
                raise
    raise SyncError(
        f"The cluster {client.server} has no Backup type of {' or '.join(each.title for each in asked)}.",
        hint="A sync makes objects for those who use them. k8s_velero_operations with 'state: present' installs the "
        "types; backups are listed and restored without.",
    )


__all__ = ("BackupRef", "VeleroObjects", "read_objects")
