# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of one restore, as they lie in the store."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError, advising
from ansible_collections.arkive.k8s.plugins.module_utils._archive.file_access import FileAccess
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_json import MAX_TEXT, parse_gzip_document
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_streams import read_log_end
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.document_shapes import BACKUP_FILES

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import RestoreKeys

#: Those that a restore has of the gzip'd JSON files, as attributes of ``RestoreKeys``; their forms are a backup's.
RestoreFile: t.TypeAlias = t.Literal["results", "resource_list", "volumeinfo"]


class StoredRestore:
    """Reads each file again. After ``cancel`` no long read goes on."""

    def __init__(self, store: Store, keys: RestoreKeys, cancel: CancelToken | None = None) -> None:
        self._files = FileAccess(store)
        self._keys = keys
        self._cancel = cancel or CancelToken()

    @advising("The backup itself is not concerned: the restore can be run again under another name.")
    def read_json(self, file: RestoreFile) -> t.Any:
        """A file's document; None when the file is not there. Raises ``ArchiveError`` for a damaged one."""
        key: str = getattr(self._keys, file)
        try:
            data = self._files.get(key, max_bytes=MAX_TEXT)
        except StoreError as exc:
            if exc.not_found:
                return None
            if exc.failure == "too_large":
                raise ArchiveError(exc.message) from exc
            raise
        return parse_gzip_document(data, BACKUP_FILES[file], what=key)

    def read_log_end(self, limit: int) -> tuple[str, bool] | None:
        """See ``read_log_end`` of ``_archive/stored_streams.py``."""
        return read_log_end(self._files, self._keys.logs, limit, self._cancel)


__all__ = ("RestoreFile", "StoredRestore")
