# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which restores a location has records of, and what these say."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.legacy_layout import group_by_directory
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_restore import RestoreFile, StoredRestore
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.describe import LOG_LIMIT, RESTORE_SECTIONS, Section
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.restores import read_record, source_of
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.side_by_side import read_each
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import is_subdomain_name
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ObjectInfo, Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import RESTORES, RestoreKeys

_T = t.TypeVar("_T")
_Files: t.TypeAlias = t.Sequence[ObjectInfo]

_FILE_OF: dict[str, RestoreFile] = {"volumes": "volumeinfo", "results": "results", "resource_list": "resource_list"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoreFilter:
    """What is empty admits everything. ``backup``: what it was made from."""

    name: str = ""
    backup: str = ""
    phases: frozenset[str] = frozenset()

    def admits(self, entry: t.Mapping[str, t.Any]) -> bool:
        """Whether a listed restore fits everything but the name."""
        return not (self.backup and entry["backup"] != self.backup) and (
            not self.phases or entry["phase"] in self.phases
        )


def list_restores(
    store: Store,
    wanted: RestoreFilter | None = None,
    *,
    sections: t.Collection[Section] = (),
    cancel: CancelToken | None = None,
) -> list[dict[str, t.Any]]:
    """The restores that ``wanted`` admits, by name; those of a Velero server too, which keeps no object of them there.

    One listing and one small read for each, then the files of ``sections``. What is damaged is a problem of its entry.
    """
    wanted = wanted or RestoreFilter()
    store.check(write=False)
    Catalog(store, cancel).validate(writable=False)
    below = RestoreKeys(wanted.name).directory if wanted.name else RESTORES
    found = group_by_directory(store.list(below).objects, RESTORES)
    names = sorted(name for name in found if is_subdomain_name(name))
    entries = read_each(lambda name: _read(store, name, found[name], wanted, sections, cancel), names, cancel=cancel)
    return [entry for entry in entries if entry is not None]


def _read(
    store: Store,
    name: str,
    files: _Files,
    wanted: RestoreFilter,
    sections: t.Collection[Section],
    cancel: CancelToken | None,
) -> dict[str, t.Any] | None:
    reader = _Reader(store, name, files, cancel)
    entry = reader.overview()
    if not wanted.admits(entry):
        return None
    for section in RESTORE_SECTIONS:
        if section in sections:
            entry |= reader.section(section)
    return entry


class _Reader:
    """One restore; a file that is damaged is a problem and leaves its part empty."""

    def __init__(self, store: Store, name: str, files: _Files, cancel: CancelToken | None) -> None:
        self._store = store
        self._keys = RestoreKeys(name)
        self._sizes = {info.key: info.size for info in files}
        self._files = StoredRestore(store, self._keys, cancel)
        self._problems: list[str] = []
        self._record: dict[str, t.Any] = {}

    def overview(self) -> dict[str, t.Any]:
        if self._keys.arkive_record in self._sizes:
            self._record = self._tried(lambda: read_record(self._store, self._keys.name), {})
        restore = self._record.get("restore") or {}
        status = restore.get("status") or {}
        return {
            "name": self._keys.name,
            "backup": self._backup(restore),
            "phase": status.get("phase") or "",
            "started": status.get("startTimestamp") or (restore.get("metadata") or {}).get("creationTimestamp"),
            "completed": status.get("completionTimestamp"),
            "warnings": status.get("warnings") or 0,
            "errors": status.get("errors") or 0,
            "size": sum(self._sizes.values()),
            "problems": self._problems,
            "restore": restore,
        }

    def section(self, section: Section) -> dict[str, t.Any]:
        if section == "items":
            summary = self._record.get("summary")
            return {"items": summary if isinstance(summary, dict) else {}}
        if section == "hooks":
            return {"hooks": self._record.get("hooks") or []}
        if section == "logs":
            text, truncated = self._tried(lambda: self._files.read_log_end(LOG_LIMIT), None) or ("", False)
            return {"logs": text, "logs_truncated": truncated}
        empty: t.Any = [] if section == "volumes" else {}
        return {section: self._tried(lambda: self._files.read_json(_FILE_OF[section]), None) or empty}

    def _backup(self, restore: t.Mapping[str, t.Any]) -> str:
        """Velero says at the start of its log what it restores."""
        known = (restore.get("spec") or {}).get("backupName")
        if known:
            return str(known)
        source = source_of(self._store, self._keys.name, [self._keys.logs] if self._keys.logs in self._sizes else [])
        if source is None:
            self._problems.append("Its log is damaged, so that nobody can say which backup was restored.")
        return source or ""

    def _tried(self, read: t.Callable[[], _T], otherwise: _T) -> _T:
        try:
            return read()
        except ArchiveError as exc:
            self._problems.append(exc.message)
        except StoreError as exc:
            if exc.failure != "too_large" and not exc.not_found:
                raise
            self._problems.append(exc.message)
        return otherwise


__all__ = ("RestoreFilter", "list_restores")
