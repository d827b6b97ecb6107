# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects of a cluster follow a storage location, as with Velero's sync (docs/compatibility 7.5).

Nothing that is there is changed: objects are made, and those whose files are gone are removed. A run that is killed
leaves a mark on what it has not made whole, by which the next one ends it.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import BackupEntry, Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.side_by_side import read_each
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_location import SyncedLocation, find_location
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_orphans import remove_orphans
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_request import (
    Remark,
    SyncError,
    SyncOutcome,
    SyncRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.synced_objects import (
    NotTakenOver,
    kept_owners,
    synced_backup,
    synced_phase,
    synced_pod_volume,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_objects import (
    BackupRef,
    VeleroObjects,
    read_objects,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import VELERO
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import phase_of

_AT_ONCE = 50
#: No object fits into a compressed file of this size.
_EMPTY_FILE = 64


def sync_backups(
    request: SyncRequest,
    *,
    client: KubeClient,
    store: Store,
    check_mode: bool = False,
    cancel: CancelToken | None = None,
    clock: t.Callable[[], dt.datetime] = utc_now,
) -> SyncOutcome:
    """Make and remove objects until they are as the location has them. Raises ``ArkiveError``.

    A backup that cannot be taken over is a remark of the outcome, and holds up no other.
    """
    cancel = cancel or CancelToken()
    store.check(write=False)
    catalog = Catalog(store, cancel)
    catalog.validate(writable=False)
    # The cluster first: what is listed here and has no files afterwards is gone, and not just being made.
    objects, refs = read_objects(client, request.family, request.namespace, dry_run=check_mode)
    location = find_location(request, objects, store.location)
    entries = {entry.name: entry for entry in catalog.entries()}
    sync = _Sync(objects, catalog, location.name, cancel, clock())
    missing = [entry for name, entry in entries.items() if entry.complete and name not in refs]
    taken = sync.take_over(missing)
    finished = sync.finish(ref for name, ref in refs.items() if ref.pending and name in entries)
    removed, kept = remove_orphans(objects, catalog, location, present=entries, refs=refs.values())
    outcome = SyncOutcome(
        location=store.location.describe,
        api_version=objects.family.api_version,
        namespace=objects.namespace,
        before=tuple(sorted(refs)),
        created=tuple(each.name for each in taken if each.created),
        removed=removed,
        finished=tuple(each.name for each in finished),
        skipped=tuple(Remark(each.name, each.reason) for each in taken if each.reason),
        kept=kept,
        pod_volume_backups=sum(each.pod_volumes for each in (*taken, *finished)),
        location_created=location.created,
        warnings=(
            *location.warnings,
            *_elsewhere(objects, refs, entries, location),
            *(warning for each in (*taken, *finished) for warning in each.warnings),
        ),
    )
    if location.exists and (outcome.changed or request.note_time):
        objects.note_synced(location.name, clock())
    return outcome


class _Taken(t.NamedTuple):
    """What became of one backup. ``reason``: why no object was made, a sentence."""

    name: str
    created: bool = False
    reason: str = ""
    pod_volumes: int = 0
    warnings: tuple[str, ...] = ()


class _Stored(t.NamedTuple):
    """A backup that can be taken over, or what became of it already."""

    name: str
    backup: Object
    pod_volumes: list[Object]
    end: _Taken | None = None


class _Sync:
    """One run, from the files of a backup to its objects."""

    def __init__(
        self, objects: VeleroObjects, catalog: Catalog, location: str, cancel: CancelToken, now: dt.datetime
    ) -> None:
        self._objects = objects
        self._catalog = catalog
        self._location = location
        self._cancel = cancel
        self._now = now
        self._keeps_status = False

    def take_over(self, missing: t.Sequence[BackupEntry]) -> list[_Taken]:
        """Make the objects of these, in the order of their names."""
        found = []
        for first in range(0, len(missing), _AT_ONCE):
            group = missing[first : first + _AT_ONCE]
            for stored in read_each(self._read, group, cancel=self._cancel):
                self._cancel.check()
                found.append(stored.end or self._make(stored))
        return found

    def finish(self, begun: t.Iterable[BackupRef]) -> list[_Taken]:
        """Make what a run that was killed has left out."""
        return [self._finish(ref) for ref in begun if self._objects.is_of(ref, self._location)]

    def _finish(self, ref: BackupRef) -> _Taken:
        try:
            stored = self._pod_volumes(ref.name)
        except ArchiveError as exc:
            return _refused(ref.name, exc.message)
        backup = self._objects.backup(ref.name)
        return _Taken(ref.name) if backup is None else self._complete(backup, stored)

    def _read(self, entry: BackupEntry) -> _Stored:
        try:
            if entry.deleting:
                raise NotTakenOver("Its deletion has begun.")
            backup = self._catalog.read_sound_backup(entry.name)
            if backup is None:
                raise NotTakenOver("It is gone by now.")
            synced_phase(backup, self._now)
            has_file = entry.files.get(f"{entry.name}-podvolumebackups.json.gz", 0) > _EMPTY_FILE
            return _Stored(entry.name, backup, self._pod_volumes(entry.name) if has_file else [])
        except NotTakenOver as exc:
            return _Stored(entry.name, {}, [], _Taken(entry.name, reason=exc.message))
        except (ArchiveError, ValidationError) as exc:
            return _Stored(entry.name, {}, [], _refused(entry.name, exc.message))

    def _pod_volumes(self, name: str) -> list[Object]:
        """Ark had no file of them, and knows none of Velero's."""
        if self._objects.family is not VELERO:
            return []
        return list(self._catalog.files(name).read_json("podvolumebackups") or ())

    def _make(self, stored: _Stored) -> _Taken:
        owners, warnings = kept_owners(stored.backup, self._objects.schedule_uid)
        metadata = {**stored.backup["metadata"], "ownerReferences": owners}
        wanted = synced_backup(
            {**stored.backup, "metadata": metadata},
            family=self._objects.family,
            location=self._location,
            namespace=self._objects.namespace,
            phase=synced_phase(stored.backup, self._now),
            pending=bool(stored.pod_volumes),
        )
        try:
            self._prove_status(wanted)
            made = self._objects.create_backup(wanted)
        except KubeError as exc:
            if not is_about_object(exc):
                raise
            return _refused(stored.name, exc.message)
        if made is None:
            return _Taken(stored.name, reason="Another run has made its object.")
        done = self._complete(made, stored.pod_volumes) if stored.pod_volumes else _Taken(stored.name)
        return done._replace(created=True, warnings=(*warnings, *done.warnings))

    def _complete(self, backup: Object, pod_volumes: t.Iterable[Object]) -> _Taken:
        """The other objects of a Backup, and then our mark goes."""
        name = str(backup["metadata"]["name"])
        made, warnings = 0, []
        for stored in pod_volumes:
            self._cancel.check()
            wanted = synced_pod_volume(stored, backup=backup, location=self._location)
            try:
                made += self._objects.create_pod_volume(wanted)
            except KubeError as exc:
                if not is_about_object(exc):
                    raise
                warnings.append(f"A PodVolumeBackup of backup '{name}' is not made: {exc.message}")
        self._objects.mark_done(name)
        return _Taken(name, pod_volumes=made, warnings=tuple(warnings))

    def _prove_status(self, backup: Object) -> None:
        """Before the first one: an object that loses its status would be run as a new backup."""
        if self._keeps_status:
            return
        try:
            seen = self._objects.try_backup(backup)
        except KubeError as exc:
            if exc.already_exists:
                return
            raise
        if phase_of(seen) != phase_of(backup):
            raise SyncError(
                f"The type backups.{self._objects.family.group} of this cluster keeps no status of a new object, so "
                "that a Velero server would run each as a new backup.",
                hint="Install the types of Velero as its release has them: status is no subresource of a Backup.",
            )
        self._keeps_status = True


def is_about_object(exc: KubeError) -> bool:
    """Whether the API server refuses this object, and may take others."""
    return exc.status in (400, 409, 413, 422)


def _elsewhere(
    objects: VeleroObjects, refs: t.Mapping[str, BackupRef], entries: t.Mapping[str, BackupEntry], place: SyncedLocation
) -> t.Iterator[str]:
    for name, ref in refs.items():
        if name in entries and entries[name].complete and ref.location and not objects.is_of(ref, place.name):
            yield (
                f"The Backup object '{name}' belongs to the storage location '{ref.location}', and stays: the backup "
                f"of this name in '{place.name}' has no object."
            )


def _refused(name: str, reason: str) -> _Taken:
    """What somebody should look at."""
    return _Taken(name, reason=reason, warnings=(f"No object is made of the stored backup '{name}': {reason}",))


__all__ = ("is_about_object", "sync_backups")
