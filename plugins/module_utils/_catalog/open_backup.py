# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An open backup: its objects, and what its files say of the data of volumes."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import types
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_files import StoredFiles
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.item_source import ItemSource
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import phase_of
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import (
    describe_restic_volumes,
    describe_volumes,
)

#: As a backup stores it when objects may lie in it in several API versions (Velero 1.4 and later).
_WITH_API_VERSIONS = "1.1.0"

Records: t.TypeAlias = "t.Sequence[dict[str, t.Any]] | None"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OpenBackup:
    """``backup``: the Backup object. ``items``: the stored objects, until it is closed.

    ``volumesnapshots``, ``volumeinfo`` and ``podvolumebackups``: the documents of those files, None for one that is not
    there. ``volumes``: what volumeinfo says or, without one, what older files and annotations do; empty when nothing
    does.
    """

    backup: t.Mapping[str, t.Any]
    items: ItemSource
    volumes: t.Sequence[dict[str, t.Any]] = ()
    volumesnapshots: Records = None
    volumeinfo: Records = None
    podvolumebackups: Records = None

    @property
    def spec(self) -> t.Mapping[str, t.Any]:
        return self.backup.get("spec") or {}

    @property
    def has_api_versions(self) -> bool:
        """True when objects may lie in it in several API versions."""
        return _has_api_versions(self.backup)

    @property
    def warnings(self) -> list[str]:
        """Warnings about the archive, and a phase that promises less than everything."""
        name, phase = self.backup["metadata"]["name"], phase_of(self.backup)
        odd = list(self.items.warnings)
        if phase in ("Failed", "PartiallyFailed"):
            odd.append(f"Backup '{name}' is {phase}: it may not hold everything that it was asked for.")
        return odd

    def close(self) -> None:
        self.items.close()

    def __enter__(self) -> OpenBackup:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: types.TracebackType | None
    ) -> None:
        self.close()


def open_backup(files: StoredFiles, backup: t.Mapping[str, t.Any]) -> OpenBackup:
    """Read the whole tarball and check it against our record where there is one. ``backup`` is the stored object.

    Raises ``ArchiveError`` for a corrupt file, ``StoreError``.
    """
    volumeinfo = files.read_json("volumeinfo")
    # Read in any case: where one is damaged, nobody can say what is missing (Velero fails as well).
    pod_volumes = files.read_json("podvolumebackups")
    snapshots = files.read_json("volumesnapshots")
    older = describe_volumes(
        volumesnapshots=snapshots,
        podvolumebackups=pod_volumes,
        csi_volumesnapshots=files.read_json("csi_volumesnapshots"),
    )
    items = files.open_tarball()
    volumes = list(volumeinfo or older)
    if pod_volumes is None and not _has_api_versions(backup):
        volumes += _restic_volumes(items)
    return OpenBackup(
        backup=backup,
        items=items,
        volumes=volumes,
        volumesnapshots=snapshots,
        volumeinfo=volumeinfo,
        podvolumebackups=pod_volumes,
    )


def _has_api_versions(backup: t.Mapping[str, t.Any]) -> bool:
    return str((backup.get("status") or {}).get("formatVersion") or "") >= _WITH_API_VERSIONS


def _restic_volumes(items: ItemSource) -> t.Iterator[dict[str, t.Any]]:
    """What annotations of pods say, where no file does (Ark, Velero 1.0)."""
    pods = [ref for ref in items.items if ref.group_resource == PODS]
    for ref in sorted(pods, key=lambda ref: (ref.namespace or "", ref.name)):
        try:
            pod = items.read(ref)
        except ArchiveError:
            continue  # reported when it would be restored
        yield from describe_restic_volumes(pod)


__all__ = ("OpenBackup", "open_backup")
