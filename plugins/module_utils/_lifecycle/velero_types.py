# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The types of Velero and of Heptio Ark in a cluster: the same words in two groups."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource

_VERBS = frozenset({"create", "delete", "get", "list", "patch", "update", "watch"})


@dataclasses.dataclass(frozen=True, slots=True)
class TypeFamily:
    """The types of one ``group``. ``namespace``: where its server has its objects unless somebody says otherwise."""

    group: str
    namespace: str
    title: str

    @property
    def api_version(self) -> str:
        return f"{self.group}/v1"

    @property
    def backups(self) -> ApiResource:
        return self.resource("backups", "Backup")

    @property
    def schedules(self) -> ApiResource:
        return self.resource("schedules", "Schedule")

    @property
    def pod_volume_backups(self) -> ApiResource:
        return self.resource("podvolumebackups", "PodVolumeBackup")

    @property
    def locations(self) -> ApiResource:
        return self.resource("backupstoragelocations", "BackupStorageLocation")

    @property
    def location_label(self) -> str:
        """On a Backup: its storage location. Ark has it since 0.10."""
        return f"{self.group}/storage-location"

    def resource(self, plural: str, kind: str) -> ApiResource:
        """A type of this family by its names."""
        return ApiResource(
            group=self.group,
            version="v1",
            plural=plural,
            singular=kind.lower(),
            kind=kind,
            namespaced=True,
            verbs=_VERBS,
            preferred=True,
        )

    def group_resource(self, plural: str) -> GroupResource:
        return GroupResource(plural, self.group)


VELERO = TypeFamily("velero.io", "velero", "Velero")
ARK = TypeFamily("ark.heptio.com", "heptio-ark", "Heptio Ark")
FAMILIES = (VELERO, ARK)


def family_of(group: str) -> TypeFamily:
    """Velero's where nothing else is said."""
    return next((family for family in FAMILIES if family.group == group), VELERO)


__all__ = ("ARK", "FAMILIES", "VELERO", "TypeFamily", "family_of")
