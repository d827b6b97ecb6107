# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The DataUploads of a backup, which lie among its objects: where Velero 1.12 and records made by hand name snapshots.

A backup of a whole cluster has those of other backups too, as the ordinary objects that they are there
(docs/compatibility 19.2, 19.3).
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS, DATA_UPLOADS
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import BACKUP_NAME, DATA_UPLOAD_NAME

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_files import StoredFiles
    from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object


def read_uploads(files: StoredFiles) -> list[Object]:
    """Those with the backup's label, with none, and those that a stored claim names: a copy has another's label.

    None where there is no tarball. Raises ``ArchiveError`` for a damaged one: then nobody knows.
    """
    if not files.store.exists(files.keys.tarball):
        return []
    own = ("", label_value(files.name))
    with files.open_tarball() as tarball:
        found = {
            f"{ref.namespace}/{ref.name}": tarball.read(ref)
            for ref in tarball.items
            if ref.group_resource == DATA_UPLOADS
        }
        if not found:
            return []
        named = {_annotation(tarball.read(ref)) for ref in tarball.items if ref.group_resource == CLAIMS}
    return [upload for name, upload in found.items() if name in named or _label(upload) in own]


def _annotation(claim: Object) -> str:
    return str((claim["metadata"].get("annotations") or {}).get(DATA_UPLOAD_NAME) or "")


def _label(upload: Object) -> str:
    return str((upload["metadata"].get("labels") or {}).get(BACKUP_NAME) or "")


__all__ = ("read_uploads",)
