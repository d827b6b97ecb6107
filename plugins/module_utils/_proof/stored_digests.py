# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a backup, read to their ends: against the digests of our record, else as what they are to be."""

# Private: not for use outside of this collection.

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.arkive_record import ArkiveRecord, FileDigest
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.file_access import FileAccess
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_files import JsonFile, StoredFiles
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import BackupEntry
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.dumps import dump_names, dump_pieces, read_dump
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.verify_request import CheckedFile, FileState
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys

_CHUNK = 1 << 20
_JSON_FILES: tuple[JsonFile, ...] = t.get_args(JsonFile)


class CheckedFiles(t.NamedTuple):
    """``problems`` and ``warnings``: sentences."""

    files: tuple[CheckedFile, ...]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def check_files(files: StoredFiles, entry: BackupEntry, cancel: CancelToken) -> CheckedFiles:
    """The tarball is left to whoever unpacks it: that reads it once, and checks its digest. Raises ``StoreError``."""
    try:
        record = files.read_record()
    except ArchiveError as exc:
        return CheckedFiles((), (exc.message,), ())
    if record is None:
        return _check_documents(files, entry)
    return _check_digests(FileAccess(files.store), files.keys, record, entry, cancel)


def _check_digests(
    access: FileAccess, keys: BackupKeys, record: ArkiveRecord, entry: BackupEntry, cancel: CancelToken
) -> CheckedFiles:
    checked, problems, warnings = [], [], []
    for name, written in sorted(record.files.items()):
        key = f"{keys.directory}{name}"
        if key == keys.tarball:
            continue
        state = _state_of(access, key, written, cancel)
        checked.append(CheckedFile(name, entry.files.get(name, 0), state))
        if state == "missing":
            problems.append(f"Its file {name} is missing.")
        elif state == "changed" and key == keys.metadata:
            warnings.append(f"Its {name} was changed after it was written: a Velero server does so, and others may.")
        elif state == "changed":
            problems.append(f"Its file {name} is not the one that was written: its SHA-256 is another one.")
    return CheckedFiles(tuple(checked), tuple(problems), tuple(warnings))


def check_dumps(store: Store, entry: BackupEntry, cancel: CancelToken) -> CheckedFiles:
    """The dumps of databases beside a backup, read and unpacked to their ends. Raises ``StoreError``."""
    checked, problems = [], []
    for name in () if entry.flat else dump_names(entry.name, entry.files):
        file = f"dump {name}"
        state: FileState = "damaged"
        try:
            record = read_dump(store, entry.name, name)
            if record is None:
                continue
            file = record.file
            if file in entry.files:
                for _piece in dump_pieces(store, entry.name, record, cancel):
                    pass
                state = "intact"
            else:
                state = "missing"
                problems.append(f"Its dump {file} is missing.")
        except ArchiveError as exc:
            problems.append(exc.message)
        checked.append(CheckedFile(file, entry.files.get(file, 0), state))
    return CheckedFiles(tuple(checked), tuple(problems), ())


def _state_of(access: FileAccess, key: str, written: FileDigest, cancel: CancelToken) -> FileState:
    digest = hashlib.sha256()
    try:
        with access.open(key) as stream:
            while data := stream.read(_CHUNK):
                cancel.check()
                digest.update(data)
    except StoreError as exc:
        if exc.not_found:
            return "missing"
        raise
    return "intact" if digest.hexdigest() == written.sha256 else "changed"


def _check_documents(files: StoredFiles, entry: BackupEntry) -> CheckedFiles:
    """Velero records no digests: each file is what its name says, or it is damaged."""
    checked, problems = [], []
    for file in (*_JSON_FILES, "logs"):
        name = str(getattr(files.keys, file)).rpartition("/")[2]
        if name not in entry.files:
            continue
        try:
            if file == "logs":
                for _piece in files.read_pieces("logs") or ():
                    pass
            else:
                files.read_json(t.cast("JsonFile", file))
            state: FileState = "readable"
        except (ArchiveError, ValidationError) as exc:
            problems.append(exc.message)
            state = "damaged"
        checked.append(CheckedFile(name, entry.files[name], state))
    return CheckedFiles(tuple(checked), tuple(problems), ())


__all__ = ("CheckedFiles", "check_dumps", "check_files")
