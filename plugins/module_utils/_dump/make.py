# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make a dump of a database: from the pod straight into the store, and there only when it is whole.

The bytes are compressed as they go by, and the store shows nothing before the last of them. That one is given when the
program has ended with code 0 and the dump with its own mark of the end; else the write is given up. The record of the
dump is written last: without it there is no dump.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import hashlib
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.compression import (
    EXTENSIONS,
    Compression,
    best_compression,
    compressed,
    require_compression,
)
from ansible_collections.arkive.k8s.plugins.module_utils._archive.dump_record import DumpRecord
from ansible_collections.arkive.k8s.plugins.module_utils._archive.file_access import FileAccess, WrittenFile
from ansible_collections.arkive.k8s.plugins.module_utils._archive.file_writer import FileWriter
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_check import check_stored
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.dumps import read_dump
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.find_backup import find_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.name_lock import lock_name
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.dump_kind import WholeOutput
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._dump.errors import DumpError
from ansible_collections.arkive.k8s.plugins.module_utils._dump.pod_database import (
    PodDatabase,
    find_database,
    shown_words,
)
from ansible_collections.arkive.k8s.plugins.module_utils._dump.request import DumpOutcome, DumpRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_errors import ExecError, ExecRefused
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import IteratorSource, Store, refuse_write
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import DUMP_RECORD, BackupKeys
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import phase_of

_PROGRESS_SECONDS = 5.0
_AGAIN = "Run the task again."
_MIB = 1 << 20
#: Backups that are there for good, whatever they lack.
_PHASES = frozenset({"Completed", "PartiallyFailed"})


def make_dump(request: DumpRequest, *, run: ClusterRun, store: Store, check_mode: bool = False) -> DumpOutcome:
    """Nothing is done where the dump is there. Raises ``ArkiveError``; then nothing of it is to be seen."""
    request.validate()
    refuse_write(store.location)
    catalog = Catalog(store, run.cancel)
    _require_backup(catalog, request.backup)
    database = find_database(run.client, request)
    there = _find_there(request, store, database)
    if there.record is not None:
        return there
    compression = request.compression or best_compression()
    require_compression(compression)
    if check_mode:
        file = _keys(request, database, compression)[0].rpartition("/")[2]
        program = database.kind.program(database.order)
        planned = f"{program} would run in {database.where}, and {file} be written beside backup '{request.backup}'."
        return DumpOutcome(changed=True, location=store.location.describe, planned=planned, warnings=there.warnings)
    lock = lock_name(catalog, request.backup, run_id=run.run_id, cancel=run.cancel, progress=run.progress)
    with lock:
        _require_backup(catalog, request.backup)
        # Another run may have made it until the lock was had.
        there = _find_there(request, store, database)
        record, warnings = there.record, list(there.warnings)
        if record is None:
            record, noticed = _Making(request, run, store, database, compression).run(lock)
            warnings += noticed
    warnings += filter(None, [lock.left_behind])
    changed = there.record is None
    return DumpOutcome(changed=changed, location=store.location.describe, record=record, warnings=tuple(warnings))


def _find_there(request: DumpRequest, store: Store, database: PodDatabase) -> DumpOutcome:
    """The dump that is there, and is the same; without a record where none is, or its file is missing."""
    location = store.location.describe
    record = read_dump(store, request.backup, request.dump_name)
    if record is None:
        return DumpOutcome(changed=False, location=location)
    _require_same(record, request, database)
    if store.exists(f"{BackupKeys(request.backup).directory}{record.file}"):
        return DumpOutcome(changed=False, location=location, record=record)
    warning = f"The dump '{record.name}' was recorded, and its file {record.file} is missing: it is made anew."
    return DumpOutcome(changed=False, location=location, warnings=(warning,))


class _Making:
    def __init__(
        self, request: DumpRequest, run: ClusterRun, store: Store, database: PodDatabase, compression: Compression
    ) -> None:
        self._request = request
        self._run = run
        self._store = store
        self._database = database
        self._compression: Compression = compression
        self._digest = hashlib.sha256()
        self._size = 0

    def run(self, lock: WriteLock) -> tuple[DumpRecord, list[str]]:
        key, record_key = _keys(self._request, self._database, self._compression)
        started = self._run.now()
        writer = FileWriter(FileAccess(self._store), lock, self._run.cancel)
        try:
            written = self._write(key, writer)
            warnings = check_stored(self._store, BackupKeys(self._request.backup).directory, [written.stored])
            record = self._record(written, started=rfc3339(started), completed=rfc3339(self._run.now()))
            lock.confirm()
            writer.put(record_key, record.to_bytes())
        except BaseException:
            # Whatever it was: without its record it is no dump, and what is left of it would only take room.
            writer.undo(self._run.progress)
            raise
        self._run.progress(f"dump {record.name}: {record.dump_size / _MIB:.1f} MiB, stored as {record.file}")
        return record, warnings

    def _write(self, key: str, writer: FileWriter) -> WrittenFile:
        pieces = compressed(self._pieces(), self._compression)
        with contextlib.closing(t.cast("t.Generator[bytes, None, None]", pieces)):
            return writer.put(key, IteratorSource(pieces))

    def _pieces(self) -> t.Iterator[bytes]:
        """The dump. Raises before its end unless it is whole."""
        database, order = self._database, self._database.order
        program = database.kind.program(order)
        self._run.progress(f"dump {self._request.dump_name}: {program} in {database.where}")
        whole, ending = WholeOutput(order.mark), database.kind.ending(order)
        pipe = database.start(database.kind.dump_command(order), self._request.seconds, stays_open=True)
        last = time.monotonic()
        try:
            for data in pipe.read(self._run.cancel):
                yield self._counted(ending.feed(whole.feed(data)))
                if whole.is_whole:
                    break
                if time.monotonic() - last >= _PROGRESS_SECONDS:
                    last = time.monotonic()
                    self._run.progress(f"dump {self._request.dump_name}: {self._size / _MIB:.1f} MiB")
            if not whole.is_whole:
                database.require_success(pipe, program)
                raise DatabaseError(f"The API server left out the end of what {program} wrote.", hint=_AGAIN)
            yield self._counted(ending.finish())
        except ExecRefused as exc:
            raise database.explained(exc) from exc
        except (ExecError, DatabaseError) as exc:
            said = " ".join(filter(None, [exc.message, shown_words(pipe.said)]))
            raise DumpError(
                f"The dump of {database.title} in {database.where} was given up. {said}", hint=exc.hint
            ) from exc
        finally:
            pipe.close()

    def _counted(self, data: bytes) -> bytes:
        self._digest.update(data)
        self._size += len(data)
        return data

    def _record(self, written: WrittenFile, *, started: str, completed: str) -> DumpRecord:
        namespace, pod, container = self._database.target
        return DumpRecord(
            name=self._request.dump_name,
            file=written.key.rpartition("/")[2],
            namespace=namespace,
            pod=pod,
            container=container,
            kind=self._database.kind_name,
            program=self._database.kind.program(self._database.order),
            database=self._request.database,
            compression=self._compression,
            size=written.size,
            sha256=written.sha256,
            dump_size=self._size,
            dump_sha256=self._digest.hexdigest(),
            started=started,
            completed=completed,
        )


def _keys(request: DumpRequest, database: PodDatabase, compression: Compression) -> tuple[str, str]:
    """Of the dump, and of its record."""
    keys = BackupKeys(request.backup)
    extension = f"{database.kind.extension(database.order)}.{EXTENSIONS[compression]}"
    return keys.dump(request.dump_name, extension), keys.dump(request.dump_name, DUMP_RECORD)


def _require_backup(catalog: Catalog, name: str) -> None:
    backup = find_backup(catalog, name)
    entry = catalog.entry(name)
    where = f"Backup '{name}' in {catalog.store.location.describe}"
    if entry is None or entry.deleting:
        raise ArkiveError(f"{where} is being deleted, and takes no dumps.")
    if entry.flat:
        raise ValidationError(
            f"{where} is one of Ark 0.9 or older at the root of the location, where nothing is ever changed."
        )
    if phase_of(backup) not in _PHASES:
        raise ValidationError(
            f"{where} is {phase_of(backup) or 'in no phase'}, and takes no dumps.", hint="Make the backup again first."
        )


def _require_same(there: DumpRecord, request: DumpRequest, database: PodDatabase) -> None:
    """A dump is never altered: what has its name is the same, or it is refused."""
    if not there.is_of(
        namespace=request.namespace, pod=request.pod, kind=database.kind_name, database=request.database
    ):
        raise ValidationError(
            f"The dump '{there.name}' beside backup '{request.backup}' is one of {there.what}.",
            hint="Give this one another name with dump_name.",
        )


__all__ = ("make_dump",)
