# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the versions of Ark and Velero keep the files of a backup.

Velero and Ark 0.11: ``backups/<n>/velero-backup.json``; Ark 0.10: ``backups/<n>/ark-backup.json``; Ark up to 0.9:
``<n>/ark-backup.json``, at the root of the bucket, where Velero takes no other directory than its own six.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import (
    ARK_METADATA_FILE,
    METADATA_FILE,
    BackupKeys,
)

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ObjectInfo, Store

#: The files of each directory, by the directory's name.
Directories: t.TypeAlias = "dict[str, list[ObjectInfo]]"


def places_of(name: str) -> tuple[BackupKeys, ...]:
    """Where a backup may lie; the first one that has a metadata file counts."""
    return (
        BackupKeys(name),
        BackupKeys(name, metadata_file=ARK_METADATA_FILE),
        BackupKeys(name, parent="", metadata_file=ARK_METADATA_FILE),
    )


def metadata_file_of(files: t.Collection[str], *, flat: bool) -> str | None:
    """The metadata file among a directory's ``files``: Velero's before Ark's."""
    known = (ARK_METADATA_FILE,) if flat else (METADATA_FILE, ARK_METADATA_FILE)
    return next((file for file in known if file in files), None)


def group_by_directory(objects: t.Iterable[ObjectInfo], parent: str) -> Directories:
    """What lies in the directories below ``parent``."""
    found: Directories = {}
    for info in objects:
        name, slash, _file = info.key.removeprefix(parent).partition("/")
        if slash:
            found.setdefault(name, []).append(info)
    return found


def read_flat_directories(store: Store, strangers: t.Sequence[str]) -> Directories:
    """The backups of Ark 0.3 to 0.9 at the root, where ``strangers`` are the directories that Velero does not know.

    Empty unless each of them is Ark's: it holds the metadata file or, where a run did not come that far, its log; and
    one at least is complete. A location whose first directory is not Ark's is not listed.
    """
    if not strangers or not any(store.exists(f"{strangers[0]}/{file}") for file in _ark_files(strangers[0])):
        return {}
    found = group_by_directory(store.list("").objects, "")
    directories = {name: found.get(name, []) for name in strangers}
    names = {name: {_file_name(info.key) for info in files} for name, files in directories.items()}
    if not all(files.intersection(_ark_files(name)) for name, files in names.items()):
        return {}
    return directories if any(ARK_METADATA_FILE in files for files in names.values()) else {}


def _ark_files(name: str) -> tuple[str, str]:
    return ARK_METADATA_FILE, f"{name}-logs.gz"


def _file_name(key: str) -> str:
    return key.rpartition("/")[2]


__all__ = ("Directories", "group_by_directory", "metadata_file_of", "places_of", "read_flat_directories")
