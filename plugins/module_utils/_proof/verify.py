# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read a backup back: its files against their digests, its objects against their names and forms, its snapshots."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import random
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.member_gate import BadMembers
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_files import StoredFiles
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import BackupEntry, Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.find_backup import find_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.recorded_snapshots import RecordedSnapshots
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.verification import (
    Verification,
    not_recorded,
    write_verification,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._proof.stored_digests import check_dumps, check_files
from ansible_collections.arkive.k8s.plugins.module_utils._proof.verify_request import (
    CheckedSnapshot,
    VerifyOutcome,
    VerifyRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import phase_of
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import Sighting, VolumeProvider


def verify_backup(
    request: VerifyRequest,
    *,
    store: Store,
    providers: t.Sequence[VolumeProvider] = (),
    check_mode: bool = False,
    cancel: CancelToken | None = None,
    clock: t.Callable[[], dt.datetime] = utc_now,
) -> VerifyOutcome:
    """Raises ``ArkiveError`` when there is no such backup, or its location cannot be read; else all is in the outcome.

    In check mode everything is read, and nothing recorded.
    """
    request.validate()
    cancel = cancel or CancelToken()
    catalog = Catalog(store, cancel)
    backup = find_backup(catalog, request.name)
    entry = catalog.entry(request.name)
    if entry is None:
        raise ArchiveError(f"Backup '{request.name}' was deleted as it was read.")
    files = catalog.files(request.name)
    checked = check_files(files, entry, cancel)
    dumps = check_dumps(store, entry, cancel)
    members = _read_objects(files, entry, request.percentage, cancel)
    snapshots, unknown = _look_for_snapshots(files, providers if request.snapshots else None, cancel)
    outcome = VerifyOutcome(
        name=request.name,
        location=store.location.describe,
        phase=phase_of(backup),
        problems=tuple(
            dict.fromkeys(
                [*_begun(entry), *checked.problems, *dumps.problems, *members.problems, *unknown, *_missing(snapshots)]
            )
        ),
        files=(*checked.files, *dumps.files),
        objects=members.total,
        read=members.read,
        snapshots=snapshots,
        warnings=(*checked.warnings, *members.warnings, *_unknown(snapshots)),
    )
    return _record(request, outcome, catalog, backup, write=not check_mode, now=clock())


class _Members(t.NamedTuple):
    total: int = 0
    read: int = 0
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def _read_objects(files: StoredFiles, entry: BackupEntry, percentage: int, cancel: CancelToken) -> _Members:
    """The whole tarball is unpacked whatever the percentage: its digest and its structure are of all of it."""
    if not entry.files.get(f"{entry.name}.tar.gz"):
        return _Members(problems=(f"It has no tarball ({entry.name}.tar.gz), so nothing can be restored from it.",))
    bad = BadMembers()
    try:
        with files.open_tarball() as tarball:
            refs = tarball.items
            chosen = refs
            if percentage < 100:
                # Which ones is nobody's secret: over the runs each has its turn.
                chosen = random.sample(refs, math.ceil(len(refs) * percentage / 100))
            for ref in chosen:
                cancel.check()
                bad.try_read(tarball.read, ref)
            if percentage == 100 and not bad.count:
                tarball.verify()
            return _Members(len(refs), len(chosen), (*bad.sentences, *_more(bad)), tuple(tarball.warnings))
    except ArchiveError as exc:
        return _Members(problems=(exc.message,))


def _more(bad: BadMembers) -> t.Iterator[str]:
    if bad.count > len(bad.sentences):
        yield f"{bad.count - len(bad.sentences)} more of its objects cannot be read."


def _look_for_snapshots(
    files: StoredFiles, providers: t.Sequence[VolumeProvider] | None, cancel: CancelToken
) -> tuple[tuple[CheckedSnapshot, ...], tuple[str, ...]]:
    """``providers`` None: nobody is asked. Also the problem of a file that does not say which there are."""
    try:
        recorded = RecordedSnapshots(files)
    except ArchiveError as exc:
        return (), (exc.message,)
    found = []
    for snapshot in recorded.all:
        cancel.check()
        sighting = Sighting("unknown", "nobody was asked")
        if providers is not None:
            sighting = _ask(snapshot, recorded, providers)
        found.append(CheckedSnapshot(snapshot, sighting))
    return tuple(found), ()


def _ask(snapshot: RecordedSnapshot, recorded: RecordedSnapshots, providers: t.Sequence[VolumeProvider]) -> Sighting:
    """The first who knows."""
    answers = [each.look_for(snapshot, recorded.contents) for each in providers if each.kind == snapshot.kind]
    known = [answer for answer in answers if answer.presence != "unknown"]
    if known:
        return known[0]
    reasons = "; ".join(answer.reason for answer in answers if answer.reason)
    return Sighting("unknown", reasons or "nobody here can be asked about snapshots of this kind")


def _begun(entry: BackupEntry) -> t.Iterator[str]:
    if entry.deleting:
        yield "Its deletion has begun, and it may have lost snapshots already."


def _missing(snapshots: t.Iterable[CheckedSnapshot]) -> t.Iterator[str]:
    for each in snapshots:
        if each.sighting.presence == "missing":
            yield f"Its snapshot {each.snapshot} is gone: {each.sighting.reason}."


def _unknown(snapshots: t.Iterable[CheckedSnapshot]) -> t.Iterator[str]:
    for each in snapshots:
        if each.sighting.presence == "unknown":
            yield f"Whether its snapshot {each.snapshot} is there is not known: {each.sighting.reason}."


def _record(
    request: VerifyRequest,
    outcome: VerifyOutcome,
    catalog: Catalog,
    backup: t.Mapping[str, t.Any],
    *,
    write: bool,
    now: dt.datetime,
) -> VerifyOutcome:
    verification = Verification(
        uid=str(backup["metadata"].get("uid") or ""),
        verified=now,
        sound=outcome.sound,
        percentage=request.percentage,
        snapshots=all(each.sighting.presence == "present" for each in outcome.snapshots),
        problems=outcome.problems,
    )
    outcome = dataclasses.replace(outcome, verification=verification.to_dict())
    location = catalog.store.location
    if not (write and request.record) or location.read_only or catalog.is_legacy:
        return outcome
    try:
        recorded = write_verification(catalog, request.name, verification)
    except StoreError as exc:
        recorded = not_recorded("verification", request.name, exc.message)
    return dataclasses.replace(outcome, recorded=recorded.done, warnings=(*outcome.warnings, *recorded.warnings))


__all__ = ("verify_backup",)
