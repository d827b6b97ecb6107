# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fill a database from a dump. The whole dump is read and compared with its record before a byte of it is used."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.compression import require_compression
from ansible_collections.arkive.k8s.plugins.module_utils._archive.dump_record import DumpRecord
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.dumps import dump_names, dump_pieces, read_dump
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.find_backup import find_backup
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.dump_kind import ENDED, Target
from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.redis_dump import IN_PLACE, NOT_DOWN
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._dump.errors import DumpError
from ansible_collections.arkive.k8s.plugins.module_utils._dump.pod_database import (
    PodDatabase,
    find_database,
    shown_words,
)
from ansible_collections.arkive.k8s.plugins.module_utils._dump.request import DumpOutcome, DumpRequest
from ansible_collections.arkive.k8s.plugins.module_utils._dump.restarting import await_restart, require_lasting
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_errors import ExecError
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

_MIB = 1 << 20
_ENDED = re.compile(rf"^{ENDED} ([0-9]+)$".encode(), re.MULTILINE)
_FAMILIES = ({"mariadb", "mysql"}, {"redis", "valkey"})


def restore_dump(request: DumpRequest, *, run: ClusterRun, store: Store, check_mode: bool = False) -> DumpOutcome:
    """Raises ``ArkiveError``; whether something of the dump is in the database then, the sentence says."""
    request.validate()
    catalog = Catalog(store, run.cancel)
    record = _find_record(catalog, request)
    require_compression(record.compression)
    database = find_database(run.client, request)
    _require_fit(record, request, database)
    run.progress(f"dump {record.name}: comparing it with its digest")
    for _piece in dump_pieces(store, request.backup, record, run.cancel):
        pass
    target = _look(request, run, database)
    outcome = DumpOutcome(changed=True, location=store.location.describe, record=record)
    if check_mode:
        planned = f"{record.file}, which is intact, would be filled into {database.title} in {database.where}."
        return DumpOutcome(changed=True, location=outcome.location, record=record, planned=planned)
    _fill(request, run, database, target, record, dump_pieces(store, request.backup, record, run.cancel))
    run.progress(f"dump {record.name}: {record.dump_size / _MIB:.1f} MiB are restored in {database.where}")
    return outcome


def _find_record(catalog: Catalog, request: DumpRequest) -> DumpRecord:
    find_backup(catalog, request.backup)
    record = read_dump(catalog.store, request.backup, request.dump_name)
    if record is not None:
        return record
    entry = catalog.entry(request.backup)
    names = dump_names(request.backup, entry.files) if entry else []
    hint = f"Its dumps are {', '.join(names)}: name one with dump_name." if names else "It has no dumps at all."
    raise DumpError(f"Backup '{request.backup}' has no dump '{request.dump_name}'.", hint=hint)


def _require_fit(record: DumpRecord, request: DumpRequest, database: PodDatabase) -> None:
    kinds = {record.kind, database.kind_name}
    if len(kinds) > 1 and not any(kinds <= family for family in _FAMILIES):
        raise ValidationError(
            f"The dump '{record.name}' is one of {record.kind}, and no {database.kind_name} takes it."
        )
    if bool(record.database) != bool(request.database):
        said = f"of the database {record.database} alone" if record.database else "of a whole server"
        hint = "Name the database that it is filled into." if record.database else "Leave database out."
        raise ValidationError(f"The dump '{record.name}' is one {said}.", hint=hint)


def _look(request: DumpRequest, run: ClusterRun, database: PodDatabase) -> Target:
    """What is there already. Raises where that is something, and nobody has said that it may be."""
    order = database.order
    try:
        answer = database.ask(database.kind.look_command(order), "The look at what is there", run.cancel)
        target = database.kind.look(order, answer)
    except (ExecError, DatabaseError, DumpError) as exc:
        raise DumpError(f"Nothing was restored into {database.where}. {exc.message}", hint=exc.hint) from exc
    if target.found and not request.into_non_empty:
        raise DumpError(
            f"{database.title} in {database.where} is not empty: it has {target.found}. Nothing was restored.",
            hint="Restore into an empty one, or set into_non_empty: true.",
        )
    if target.place:
        require_lasting(database, target.place)
    return target


def _fill(
    request: DumpRequest,
    run: ClusterRun,
    database: PodDatabase,
    target: Target,
    record: DumpRecord,
    pieces: t.Iterator[bytes],
) -> None:
    kind, order = database.kind, database.order
    run.progress(f"dump {record.name}: into {database.where}")
    filling = _Filling(kind.filling(order, target, pieces))
    pipe = database.start(kind.fill_command(order, record.dump_size, target), request.seconds, filling.pieces())
    heard = b""
    try:
        for data in pipe.read(run.cancel):
            heard = (heard + data)[-4096:]
            ended = _ENDED.search(heard)
            if ended is not None:
                pipe.rc = int(ended[1])
                break
    except (ExecError, ArchiveError, StoreError) as exc:
        if not _is_in_place(heard):
            said = " ".join(filter(None, [exc.message, shown_words(pipe.said)]))
            raise DumpError(
                f"The restore of {record.name} broke off. {_left(record, database)} {said}", hint=exc.hint
            ) from exc
    finally:
        pipe.close()
    if target.place and _is_in_place(heard):
        # The container ends under its own command, whose exit code says nothing.
        await_restart(database, run, request.seconds)
        return
    try:
        database.require_success(pipe, f"The restore of {record.name}")
    except DumpError as exc:
        raise DumpError(f"{exc.message} {_left(record, database)}", hint=exc.hint) from exc
    if not filling.done:
        raise DumpError(
            f"The restore of {record.name} in {database.where} ended before it had read all of the dump. "
            f"{_left(record, database)}"
        )


class _Filling:
    """``done``: all of the pieces were given."""

    def __init__(self, pieces: t.Iterator[bytes]) -> None:
        self._pieces = pieces
        self.done = False

    def pieces(self) -> t.Iterator[bytes]:
        yield from self._pieces
        self.done = True


def _is_in_place(heard: bytes) -> bool:
    return IN_PLACE.encode() in heard and NOT_DOWN.encode() not in heard


def _left(record: DumpRecord, database: PodDatabase) -> str:
    if record.kind == "postgresql" and record.database:
        return "Nothing of it was committed, unless the dump has large objects."
    if record.kind in ("redis", "valkey"):
        return "The server has its data as before."
    return f"What was restored until then is in {database.where}."


__all__ = ("restore_dump",)
