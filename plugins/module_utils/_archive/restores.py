# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Which restores were made from a backup: their records do not lie below it."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import re
import typing as t
import zlib

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.legacy_layout import group_by_directory
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_files import StoredFiles
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_json import parse_gzip_document
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import is_subdomain_name
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import MAX_CONNECTIONS, Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.document_shapes import RESTORE_RECORD
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import RESTORES, RestoreKeys

_MAX_RECORD = 64 << 20
#: Velero says at the start of a restore's log what it restores: bytes of the stored log, and of its text.
_LOG_START = 128 << 10
_LOG_TEXT = 1 << 20
_STARTING = re.compile(rb"Starting restore of backup (?:[^/\s\"]+/)?(?P<name>[a-z0-9.-]+)")
_GZIP = 16 + zlib.MAX_WBITS


@dataclasses.dataclass(frozen=True, slots=True)
class FoundRestores:
    """``keys`` of all files of each restore, by its name; ``unreadable``: nobody can say what those were made from."""

    keys: dict[str, list[str]]
    unreadable: list[str]


def find_restores(store: Store, backup_name: str) -> FoundRestores:
    """The restores made from ``backup_name``: by our own record, else by the start of the log (Velero, Ark 0.10).

    One listing, and one small read for each restore.
    """
    directories = {
        name: [info.key for info in files]
        for name, files in group_by_directory(store.list(RESTORES).objects, RESTORES).items()
        if is_subdomain_name(name)
    }
    files = StoredFiles(store)
    with concurrent.futures.ThreadPoolExecutor(MAX_CONNECTIONS, thread_name_prefix="arkive-restores") as pool:
        sources = list(pool.map(lambda name: _source_of(files, name, directories[name]), directories))
    found = dict(zip(directories, sources, strict=True))
    return FoundRestores(
        keys={name: directories[name] for name, source in found.items() if source == backup_name},
        unreadable=[name for name, source in found.items() if source is None],
    )


def _source_of(files: StoredFiles, name: str, present: t.Collection[str]) -> str | None:
    """The name of the backup, empty when nothing tells it, None when what would tell it is damaged."""
    keys = RestoreKeys(name)
    try:
        if keys.arkive_record in present:
            return _recorded(files.get(keys.arkive_record, max_bytes=_MAX_RECORD))
        return _logged(files.get_start(keys.logs, _LOG_START)) if keys.logs in present else ""
    except ArchiveError:
        return None
    except StoreError as exc:
        if exc.not_found:  # deleted since it was listed
            return ""
        if exc.failure == "too_large":
            return None
        raise


def _recorded(data: bytes) -> str:
    what = "The record of a restore"
    record = parse_gzip_document(data, RESTORE_RECORD, what=what)
    try:
        return str(record["restore"]["spec"]["backupName"])
    except (LookupError, TypeError) as exc:
        raise ArchiveError(f"{what} does not say what it was restored from.") from exc


def _logged(data: bytes) -> str:
    try:
        text = zlib.decompressobj(wbits=_GZIP).decompress(data, _LOG_TEXT)
    except zlib.error as exc:
        raise ArchiveError(f"The log of a restore is damaged: {exc}.") from exc
    found = _STARTING.search(text)
    return found["name"].decode() if found else ""


__all__ = ("FoundRestores", "find_restores")
