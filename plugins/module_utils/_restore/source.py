# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""The backup that a restore reads: found, fit to be restored, its digests right."""

from __future__ import annotations

import difflib
import types
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_reader import BackupEntry, BackupReader
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.name_claim import is_in_progress
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_reader import TarballReader
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._restore.contents import BackupContents
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_object import check_backup_phase
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import (
    describe_restic_volumes,
    describe_volumes,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.native_records import NativeSnapshot, read_snapshots

_PODS = GroupResource("pods")
_LISTED_NAMES = 5


class BackupSource:
    """An open backup: ``contents``, the Backup's own ``spec``, ``volume_info`` and ``native_snapshots``.

    The volume info is what that file says or, without one, what its older files do; empty when nothing does. The native
    snapshots are by the names of their volumes.
    """

    def __init__(
        self, backup: t.Mapping[str, t.Any], reader: TarballReader, volume_info: t.Sequence[dict[str, t.Any]]
    ) -> None:
        self._backup = backup
        self._reader = reader
        self.contents = BackupContents(reader)
        self.volume_info = volume_info
        self.native_snapshots: dict[str, NativeSnapshot] = {}

    @classmethod
    def open(cls, store: Store, name: str, *, cancel: CancelToken | None = None) -> BackupSource:
        """Read the whole tarball and check it against our record where there is one.

        Raises ``RestoreError`` for an unknown backup, ``ValidationError`` for one that is not finished,
        ``ArchiveError`` for a corrupt one or one that no Velero server would take over, ``StoreError``.
        """
        store.check(write=False)
        reader = BackupReader(store, cancel)
        backup = reader.read_sound_backup(name)
        if backup is None:
            reader.validate(writable=False)
            raise _unknown_backup(reader, reader.entries(), name, store.location.describe)
        check_backup_phase(backup)
        volume_info = reader.read_json(name, "volumeinfo")
        # Read in any case: where one is damaged, nobody can say what is missing (Velero fails as well).
        pod_volumes = reader.read_json(name, "podvolumebackups")
        native = reader.read_json(name, "volumesnapshots")
        older = describe_volumes(
            volumesnapshots=native,
            podvolumebackups=pod_volumes,
            csi_volumesnapshots=reader.read_json(name, "csi_volumesnapshots"),
        )
        source = cls(backup, reader.open_tarball(name), volume_info or older)
        source.native_snapshots = read_snapshots(volumesnapshots=native, volumeinfo=volume_info)
        if pod_volumes is None and not source.has_api_versions:
            source.volume_info = [*source.volume_info, *source._restic_volumes()]
        return source

    def _restic_volumes(self) -> t.Iterator[dict[str, t.Any]]:
        """What annotations of pods tell, where no file does (Ark, Velero 1.0)."""
        for ref in self.contents.refs(_PODS):
            try:
                pod = self.contents.read(ref)
            except ArchiveError:
                continue  # told of when it would be restored
            yield from describe_restic_volumes(pod)

    @property
    def spec(self) -> t.Mapping[str, t.Any]:
        return self._backup.get("spec") or {}

    @property
    def has_api_versions(self) -> bool:
        """True when objects may lie in it in several API versions (Velero 1.4 and later)."""
        return str((self._backup.get("status") or {}).get("formatVersion") or "") >= "1.1.0"

    @property
    def warnings(self) -> list[str]:
        """What was odd about the archive, and a phase that promises less than everything."""
        name, phase = self._backup["metadata"]["name"], (self._backup.get("status") or {}).get("phase")
        odd = list(self.contents.warnings)
        if phase in ("Failed", "PartiallyFailed"):
            odd.append(f"Backup '{name}' is {phase}: it may not hold everything that it was asked for.")
        return odd

    def close(self) -> None:
        self._reader.close()

    def __enter__(self) -> BackupSource:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: types.TracebackType | None
    ) -> None:
        self.close()


def _unknown_backup(reader: BackupReader, entries: t.Sequence[BackupEntry], name: str, where: str) -> RestoreError:
    """The sentence for a name without a ``velero-backup.json``."""
    for entry in entries:
        if entry.name == name and entry.claimed and is_in_progress(reader, name):
            return RestoreError(
                f"Backup '{name}' in {where} is still being made.", hint="Wait until its run has ended."
            )
        if entry.name == name:
            return RestoreError(
                f"Backup '{name}' in {where} was never finished: it has no velero-backup.json.", hint="Make it again."
            )
    names = [entry.name for entry in entries if entry.complete]
    near = difflib.get_close_matches(name, names, n=_LISTED_NAMES, cutoff=0.5)
    if near:
        hint = f"Did you mean {', '.join(near)}?"
    elif names:
        hint = f"It holds {counted(len(names), 'backup')}, such as {', '.join(names[-_LISTED_NAMES:])}."
    else:
        hint = "It holds no backups at all: check path, bucket and prefix."
    return RestoreError(f"There is no backup '{name}' in {where}.", hint=hint, details={"near_names": near})


__all__ = ("BackupSource",)
