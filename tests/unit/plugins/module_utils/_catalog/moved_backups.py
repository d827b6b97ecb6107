# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups that name their snapshots in repositories among their objects alone (docs/compatibility 19.2)."""

from __future__ import annotations

import io
import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_writer import TarballWriter
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS, DATA_UPLOADS
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store


def put_moved(store: Store, name: str, *objects: dict[str, t.Any]) -> None:
    """A Completed backup with these claims and DataUploads, and no file beside them. It has expired long ago."""
    stream = io.BytesIO()
    with TarballWriter(stream) as writer:
        for kind in (CLAIMS, DATA_UPLOADS):
            found = [(one, None) for one in objects if one["kind"].lower() + "s" == kind.resource]
            version = "v1" if kind == CLAIMS else "v2alpha1"
            writer.add_items(kind, found, preferred_version=version)
        writer.close()
    status = {"phase": "Completed", "expiration": "2020-01-01T00:00:00Z"}
    backup = {"metadata": {"name": name}, "status": status, "spec": {"snapshotMoveData": True}}
    store.put(f"backups/{name}/{name}.tar.gz", stream.getvalue())
    document = {"apiVersion": "velero.io/v1", "kind": "Backup", **backup}
    store.put(f"backups/{name}/velero-backup.json", json.dumps(document).encode())


def moved_entry(handle: str, *, namespace: str = "shop", uploader: str = "kopia") -> dict[str, t.Any]:
    """Of a backup's volumeinfo (Velero 1.13 and later)."""
    return {
        "pvcName": f"claim-{handle}",
        "pvcNamespace": namespace,
        "pvName": f"pv-{handle}",
        "backupMethod": "CSISnapshot",
        "snapshotDataMoved": True,
        "csiSnapshotInfo": {"snapshotHandle": "unknown"},
        "snapshotDataMovementInfo": {"snapshotHandle": handle, "uploaderType": uploader},
    }


def upload(handle: str, *, backup: str = "", mover: str = "") -> dict[str, t.Any]:
    return {
        "apiVersion": "velero.io/v2alpha1",
        "kind": "DataUpload",
        "metadata": {
            "name": f"du-{handle}",
            "namespace": "velero",
            "labels": {"velero.io/backup-name": backup} if backup else {},
        },
        "spec": {"sourcePVC": "data", "sourceNamespace": "shop", "datamover": mover},
        "status": {"phase": "Completed", "snapshotID": handle},
    }


def claim(handle: str) -> dict[str, t.Any]:
    annotations = {"velero.io/data-upload-name": f"velero/du-{handle}"}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "shop", "annotations": annotations},
    }


__all__ = ("claim", "moved_entry", "put_moved", "upload")
