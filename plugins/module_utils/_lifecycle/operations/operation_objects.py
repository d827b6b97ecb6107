# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The custom resources of Velero, or Ark, in one namespace: which kinds there are, how they are read and written."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import is_subdomain_name, label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import (
    create_object,
    delete_object,
    get_object,
    patch_object,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_shapes import find_wrong_type
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import TypeFamily
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import SCHEDULE_LABEL

#: The kinds that a pass reads, with their plurals.
KINDS: t.Mapping[str, str] = {
    "Backup": "backups",
    "BackupStorageLocation": "backupstoragelocations",
    "DeleteBackupRequest": "deletebackuprequests",
    "DownloadRequest": "downloadrequests",
    "Restore": "restores",
    "Schedule": "schedules",
    "ServerStatusRequest": "serverstatusrequests",
    "VolumeSnapshotLocation": "volumesnapshotlocations",
}


#: One refusal names one right.
_ALL_RIGHTS = "The other rights that it takes are those of k8s_access_info for 'operations'."


class OperationObjects:
    """Those of one namespace. Every call raises ``KubeError`` or ``Cancelled``."""

    def __init__(self, client: KubeClient, family: TypeFamily, namespace: str) -> None:
        self._client = client
        self.family = family
        self.namespace = namespace
        self._unsound: list[tuple[Object, str]] = []

    def with_client(self, client: KubeClient) -> OperationObjects:
        return OperationObjects(client, self.family, self.namespace)

    def resource(self, kind: str) -> ApiResource:
        return self.family.resource(KINDS[kind], kind)

    def all(self, kind: str, *, label_selector: str | None = None) -> list[Object]:
        """The oldest first, as they were asked for; those that have a wrong type are left out."""
        try:
            pages = list_pages(
                self._client, self.resource(kind), namespace=self.namespace, label_selector=label_selector
            )
            found = [obj for page in pages for obj in page.items if self._is_sound(obj)]
        except KubeError as exc:
            if exc.forbidden:
                exc.hint = f"{exc.hint or ''} {_ALL_RIGHTS}".strip()
            raise (self._missing(kind) if exc.not_found else exc) from exc
        return sorted(found, key=lambda obj: (str(obj["metadata"].get("creationTimestamp")), obj["metadata"]["name"]))

    def of_schedule(self, schedule: str) -> list[Object]:
        """The Backups of one. No Schedule has a name that cannot be one, whatever a Restore asks for."""
        if not is_subdomain_name(schedule):
            return []
        return self.all("Backup", label_selector=f"{SCHEDULE_LABEL}={label_value(schedule)}")

    def take_unsound(self) -> list[tuple[Object, str]]:
        """Those that were left out since it was last asked, each with what is wrong. Safe for several threads."""
        taken, self._unsound = self._unsound, []
        return list({(obj["kind"], name_of(obj)): (obj, said) for obj, said in taken}.values())

    def _is_sound(self, obj: Object) -> bool:
        wrong = find_wrong_type(obj)
        if wrong:
            self._unsound.append((obj, f"{wrong}."))
        return not wrong

    def _missing(self, kind: str) -> KubeError:
        return KubeError(
            f"The cluster does not have the type {kind} of {self.family.title} ({KINDS[kind]}.{self.family.group}).",
            status=404,
            hint="Install the types of Velero: k8s_velero_operations with state: present does that.",
        )

    def get(self, kind: str, name: str) -> Object | None:
        """None when it is not there. Raises ``ValidationError`` when it has a wrong type."""
        if not is_subdomain_name(name):
            return None
        found = get_object(self._client, self.resource(kind), name, self.namespace)
        wrong = find_wrong_type(found) if found is not None else ""
        if wrong:
            raise ValidationError(f"{kind} '{name}' cannot be read: {wrong}.")
        return found

    def create(self, kind: str, obj: ObjectView) -> Object:
        body = {"apiVersion": self.family.api_version, "kind": kind, **obj}
        return create_object(self._client, self.resource(kind), body, namespace=self.namespace)

    def patch(self, obj: ObjectView, patch: ObjectView, *, unchanged: bool = False) -> Object:
        """Merge ``patch`` into ``obj``. ``unchanged``: only when nobody has changed it since it was read."""
        metadata = obj["metadata"]
        if unchanged:
            version = {"resourceVersion": metadata["resourceVersion"]}
            patch = {**patch, "metadata": {**(patch.get("metadata") or {}), **version}}
        return patch_object(
            self._client, self.resource(str(obj["kind"])), metadata["name"], patch, namespace=self.namespace
        )

    def delete(self, obj: ObjectView) -> bool:
        """Just this one, and none that has its name by now. False when it was not there."""
        metadata = obj["metadata"]
        resource = self.resource(str(obj["kind"]))
        return delete_object(self._client, resource, metadata["name"], self.namespace, uid=str(metadata["uid"]))


def phase_of(obj: ObjectView) -> str:
    """``New`` before anybody has seen to it."""
    return str((obj.get("status") or {}).get("phase") or "New")


def name_of(obj: ObjectView) -> str:
    return str(obj["metadata"]["name"])


__all__ = ("KINDS", "OperationObjects", "name_of", "phase_of")
