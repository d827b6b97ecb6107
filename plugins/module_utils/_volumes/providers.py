# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of the volume providers: one row for each, in the order in which a backup asks them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.provider import CsiProvider
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.provider import EbsProvider
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.provider import MoverProvider
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import (
    FILES,
    BackupJob,
    BackupVolumes,
    VolumeContext,
    VolumeProvider,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import RestoreJob, RestoreVolumes


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRow:
    """``title`` is for people. ``library``: what it needs beside the collection's own, empty for nothing.

    ``set_options``: the options of ``k8s_snapshot`` that are for it alone. ``sets``: it takes sets of snapshots.
    """

    name: str
    title: str
    make: t.Callable[[VolumeContext], VolumeProvider]
    library: str = ""
    set_options: tuple[str, ...] = ()
    sets: bool = True


PROVIDERS = (
    ProviderRow(
        name=CsiProvider.name,
        title="CSI snapshots",
        make=CsiProvider,
        set_options=("snapshot_class", "group_label", "retain"),
    ),
    ProviderRow(name=EbsProvider.name, title="snapshots of EBS", make=EbsProvider, library="boto3"),
    ProviderRow(name=MoverProvider.name, title="snapshots whose data is moved", make=MoverProvider, sets=False),
)
PROVIDER_NAMES = tuple(row.name for row in PROVIDERS)
#: Those of sets of snapshots.
SET_PROVIDER_NAMES = tuple(row.name for row in PROVIDERS if row.sets)


def make_providers(context: VolumeContext) -> tuple[VolumeProvider, ...]:
    """All of them. Nothing is asked of a cluster or a cloud yet."""
    return tuple(row.make(context) for row in PROVIDERS)


def backup_volumes(
    providers: t.Iterable[VolumeProvider], job: BackupJob, discovery: Discovery
) -> dict[str, BackupVolumes]:
    """Who keeps the volumes of one backup, by name, in the order in which they are asked.

    Whoever copies files is the last of them, and offers nothing of itself. CSI snapshots are all moved or none is: in a
    backup whose data is moved Velero restores no other of them.
    """
    found: dict[str, BackupVolumes] = {}
    movers = {provider.name: provider for provider in providers if isinstance(provider, MoverProvider)}
    for provider in providers:
        if isinstance(provider, CsiProvider) and job.moves and movers:
            for name, mover in movers.items():
                found[name] = mover.around(provider.for_backup(job, discovery), job)
        elif provider.name not in movers:
            found[provider.name] = provider.for_backup(job, discovery)
    for mover in movers.values() if job.copies else ():
        files = mover.for_files(job)
        if files is not None:
            found[FILES] = files
    return found


def names_around(name: str) -> tuple[str, ...]:
    """The provider of that name, and before it the one that it stands around."""
    return (CsiProvider.name, name) if name == MoverProvider.name else (name,)


def restore_volumes(context: VolumeContext, job: RestoreJob) -> list[RestoreVolumes]:
    """What each of them knows of the snapshots of one backup; who knows of moved data is asked first.

    Of a claim whose data was moved, the snapshot that was taken for that is named as well, and is gone.
    """
    found = [provider.for_restore(job) for provider in make_providers(context)]
    return sorted(found, key=lambda volumes: volumes.filling is None)


def find_row(name: str) -> ProviderRow:
    """The row of that name, one of ``PROVIDER_NAMES``."""
    return next(row for row in PROVIDERS if row.name == name)


__all__ = (
    "PROVIDERS",
    "PROVIDER_NAMES",
    "SET_PROVIDER_NAMES",
    "ProviderRow",
    "backup_volumes",
    "find_row",
    "make_providers",
    "names_around",
    "restore_volumes",
)
