# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The types of Velero, as definitions that take whatever Velero's own take: what is in an object is for its reader."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import VELERO

#: Which definitions we have made, and may take away.
MANAGED_LABEL = "app.kubernetes.io/managed-by"
MANAGER = "arkive.k8s"


class VeleroType(t.NamedTuple):
    """``listed``: objects of it are worth keeping, and are asked about before their type goes."""

    plural: str
    kind: str
    version: str = "v1"
    listed: bool = False

    @property
    def definition_name(self) -> str:
        return f"{self.plural}.{VELERO.group}"


#: Those that a pass sees to, and those that the command line asks for.
VELERO_TYPES = (
    VeleroType("backups", "Backup", listed=True),
    VeleroType("restores", "Restore", listed=True),
    VeleroType("schedules", "Schedule", listed=True),
    VeleroType("backupstoragelocations", "BackupStorageLocation", listed=True),
    VeleroType("volumesnapshotlocations", "VolumeSnapshotLocation", listed=True),
    VeleroType("deletebackuprequests", "DeleteBackupRequest"),
    VeleroType("downloadrequests", "DownloadRequest"),
    VeleroType("serverstatusrequests", "ServerStatusRequest"),
    VeleroType("podvolumebackups", "PodVolumeBackup", listed=True),
    VeleroType("podvolumerestores", "PodVolumeRestore"),
    VeleroType("backuprepositories", "BackupRepository", listed=True),
    VeleroType("datauploads", "DataUpload", "v2alpha1"),
    VeleroType("datadownloads", "DataDownload", "v2alpha1"),
)


def build_definition(of: VeleroType) -> Object:
    """A CustomResourceDefinition. As with Velero's, the status is no subresource: a sync makes objects with one."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {
        "type": "object",
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": anything,
            "status": anything,
        },
    }
    version = {
        "name": of.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "additionalPrinterColumns": [
            {"name": "Status", "type": "string", "jsonPath": ".status.phase"},
            {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        ],
    }
    names = {"plural": of.plural, "singular": of.kind.lower(), "kind": of.kind, "listKind": f"{of.kind}List"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": of.definition_name, "labels": {MANAGED_LABEL: MANAGER, "component": "velero"}},
        "spec": {"group": VELERO.group, "scope": "Namespaced", "names": names, "versions": [version]},
    }


__all__ = ("MANAGED_LABEL", "MANAGER", "VELERO_TYPES", "VeleroType", "build_definition")
