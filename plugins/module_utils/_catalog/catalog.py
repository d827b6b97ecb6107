# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which backups a storage location holds, and where each of them lies, whoever has written it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.legacy_layout import (
    Directories,
    group_by_directory,
    metadata_file_of,
    places_of,
    read_flat_directories,
)
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_files import StoredFiles
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.file_sizes import FileSizes
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import is_subdomain_name
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import (
    BACKUPS,
    DELETION,
    HOLD,
    TARBALL,
    WRITE_LOCK,
    BackupKeys,
    check_top_level,
    top_level_strangers,
)

if t.TYPE_CHECKING:
    import datetime as dt

    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ObjectInfo, Store


@dataclass(frozen=True, slots=True)
class BackupEntry:
    """One directory with a backup's files: ``size`` in bytes; ``locked`` when a run's lock lies in it.

    ``complete``: a server sees a backup there; else it is being made, or a dead run has left it. ``files``: the size of
    each by its name. ``written``: when its metadata file was stored, None when it has none. ``flat``: it lies at the
    root of the location, as with Ark up to 0.9.
    """

    name: str
    complete: bool
    locked: bool
    size: int
    objects: int
    files: t.Mapping[str, int] = field(default_factory=dict)
    written: dt.datetime | None = None
    flat: bool = False

    @property
    def is_named(self) -> bool:
        """Whether a backup can have this name. Under another one nobody holds, locks or deletes anything."""
        return is_subdomain_name(self.name)

    @property
    def held(self) -> bool:
        """Whether somebody holds it: it is not deleted."""
        return f"{self.name}{HOLD}" in self.files and self.is_named

    @property
    def deleting(self) -> bool:
        """Whether its deletion was begun: it may have lost snapshots and files."""
        return f"{self.name}{DELETION}" in self.files and self.is_named

    @property
    def has_archive(self) -> bool:
        """Whether the file with its objects is there."""
        return self.files.get(f"{self.name}{TARBALL}", 0) > 0

    def is_good(self, phase: str) -> bool:
        """See ``is_good_backup``. ``phase``: of its object."""
        return self.complete and is_good_backup(phase, has_archive=self.has_archive, deleting=self.deleting)


def is_good_backup(phase: str, *, has_archive: bool, deleting: bool) -> bool:
    """Whether all of a backup can be restored, as far as a listing and the phase of its object tell.

    Everybody means this by a good backup: retention, schedules, and what restores the newest.
    """
    return phase == "Completed" and has_archive and not deleting


class Catalog:
    """The backups in ``store``. Safe to use from several threads. After ``cancel`` no long read goes on."""

    def __init__(self, store: Store, cancel: CancelToken | None = None) -> None:
        self.store = store
        self._cancel = cancel or CancelToken()
        #: Where backups lie that were listed or read already: below which parent, and by which metadata file.
        self._places: dict[str, tuple[str, str]] = {}
        self._prefixes: list[str] | None = None
        self._flat: Directories | None = None

    @property
    def is_legacy(self) -> bool:
        """True for a location in Ark's layout up to 0.9: it is read, and never written."""
        return bool(self._flat_directories())

    def validate(self, *, writable: bool = True) -> None:
        """Raise ``ValidationError`` when the location holds what no backup location does (Velero's own rule).

        With ``writable=False`` the layout of Ark up to 0.9 is fine too.
        """
        self._prefixes = self._flat = None
        if not self.is_legacy:
            check_top_level(self._top_level(), place=self.store.location.describe)
        elif writable:
            raise ValidationError(
                f"{self.store.location.describe} holds backups of Ark 0.9 or older at its root, and no tool could use "
                "what would be written beside them.",
                hint="Its backups can be listed and restored; keep new ones under another prefix or bucket.",
            )

    def entries(self) -> list[BackupEntry]:
        """All directories with a backup's files, by name. One listing, no request for each backup."""
        flat = self._flat_directories()
        found = {name: self._entry(name, files, flat=True) for name, files in flat.items()}
        objects = self.store.list(BACKUPS).objects
        directories = group_by_directory(objects, BACKUPS)
        # What was listed goes as entries come.
        objects.clear()
        for name in list(directories):
            found[name] = self._entry(name, directories.pop(name), flat=False)
        return [entry for _name, entry in sorted(found.items())]

    def entry(self, name: str) -> BackupEntry | None:
        """The same for one name; None when it has no files."""
        for flat in (False, True):
            if is_subdomain_name(name) and (not flat or name in self._flat_directories()):
                directory = BackupKeys(name, parent="" if flat else BACKUPS).directory
                files = self.store.list(directory).objects
                if files:
                    return self._entry(name, files, flat=flat)
        return None

    def names(self) -> list[str]:
        """The backups that are complete."""
        return [entry.name for entry in self.entries() if entry.complete]

    def exists(self, name: str) -> bool:
        """True when a Velero server sees a backup of this name, and nothing may be stored under it."""
        return self.store.exists(BackupKeys(name).metadata)

    def files(self, name: str) -> StoredFiles:
        """The files of a backup where it lies; where Velero would keep it when it is not there."""
        return StoredFiles(self.store, self._find(name), self._cancel)

    def read_backup(self, name: str) -> dict[str, t.Any] | None:
        """The Backup object, None when there is no such backup; see ``StoredFiles.read_backup``."""
        known = self._known(name)
        for keys in places_of(name) if known is None else (known,):
            backup = StoredFiles(self.store, keys, self._cancel).read_backup()
            if backup is not None:
                self._know(keys)
                return backup
        return None

    def read_sound_backup(self, name: str) -> dict[str, t.Any] | None:
        """The same, but an object that a Velero server would not take over raises ``ArchiveError``."""
        backup = self.read_backup(name)
        if backup is None:
            return None
        from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import find_problems

        problems = find_problems(backup, name)
        if problems:
            raise ArchiveError(
                f"The backup '{name}' in {self.store.location.describe} cannot be trusted. {' '.join(problems)}",
                hint="No Velero server would take it over; use another backup.",
                details={"problems": problems},
            )
        return backup

    def _entry(self, name: str, files: t.Sequence[ObjectInfo], *, flat: bool) -> BackupEntry:
        sizes = {info.key.split("/", 1 if flat else 2)[-1]: info.size for info in files}
        metadata_file = metadata_file_of(sizes, flat=flat)
        is_named = is_subdomain_name(name)
        if metadata_file is not None and is_named:
            self._places[name] = ("" if flat else BACKUPS, metadata_file)
        return BackupEntry(
            name=name,
            complete=metadata_file is not None,
            locked=is_named and f"{name}{WRITE_LOCK}" in sizes,
            size=sum(sizes.values()),
            objects=len(files),
            files=FileSizes(name, sizes),
            written=next((info.modified for info in files if info.key.endswith(f"{name}/{metadata_file}")), None),
            flat=flat,
        )

    def _find(self, name: str) -> BackupKeys:
        known = self._known(name)
        if known is not None:
            return known
        places = places_of(name)
        for keys in places:
            if self.store.exists(keys.metadata):
                self._know(keys)
                return keys
        return places[0]

    def _known(self, name: str) -> BackupKeys | None:
        place = self._places.get(name)
        return None if place is None else BackupKeys(name, parent=place[0], metadata_file=place[1])

    def _know(self, keys: BackupKeys) -> None:
        parent, metadata_file = keys.directory.removesuffix(f"{keys.name}/"), keys.metadata.rpartition("/")[2]
        self._places[keys.name] = (parent, metadata_file)

    def _top_level(self) -> list[str]:
        if self._prefixes is None:
            self._prefixes = self.store.list("", "/").prefixes
        return self._prefixes

    def _flat_directories(self) -> Directories:
        if self._flat is None:
            self._flat = read_flat_directories(self.store, top_level_strangers(self._top_level()))
        return self._flat


__all__ = ("BackupEntry", "Catalog", "is_good_backup")
