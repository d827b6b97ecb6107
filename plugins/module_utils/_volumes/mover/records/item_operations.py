# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of operations that outlast an item's own backup: what ``velero backup describe`` shows of moved volumes."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import DATA_UPLOADS
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.data_uploads import DataUpload

#: The plugin of Velero that starts such an operation.
_ACTION = "velero.io/csi-pvc-backupper"


def upload_operation(upload: DataUpload) -> Object:
    """The element of ``itemoperations.json.gz`` for one volume (docs/compatibility 19)."""
    done = upload.bytes if upload.is_good else 0
    status: Object = {"phase": "Completed" if upload.is_good else "Failed"}
    if not upload.is_good:
        status["error"] = upload.message
    if done:
        # Go leaves out a zero.
        status |= {"nCompleted": done, "nTotal": done}
    status |= {"operationUnits": "Bytes", "description": upload.phase}
    for member, moment in (("created", upload.created), ("started", upload.started), ("updated", upload.ended)):
        if moment is not None:
            status[member] = rfc3339(moment)
    return {
        "spec": {
            "backupName": upload.backup_name,
            "backupUID": upload.backup_uid,
            "backupItemAction": _ACTION,
            "resourceIdentifier": {
                "Group": "",
                "Resource": "persistentvolumeclaims",
                "Namespace": upload.claim_namespace,
                "Name": upload.claim,
            },
            "operationID": upload.operation_id,
            "postOperationItems": [
                {
                    "Group": DATA_UPLOADS.group,
                    "Resource": DATA_UPLOADS.resource,
                    "Namespace": upload.namespace,
                    "Name": upload.name,
                }
            ],
        },
        "status": status,
    }


__all__ = ("upload_operation",)
