# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of the volume providers: one row for each, in the order in which a backup asks them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.provider import CsiProvider
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.provider import EbsProvider
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext, VolumeProvider
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import RestoreJob, RestoreVolumes


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRow:
    """``title`` is for people. ``library``: what it needs beside the collection's own, empty for nothing.

    ``set_options``: the options of ``k8s_snapshot`` that are for it alone.
    """

    name: str
    title: str
    make: t.Callable[[VolumeContext], VolumeProvider]
    library: str = ""
    set_options: tuple[str, ...] = ()


PROVIDERS = (
    ProviderRow(
        name=CsiProvider.name,
        title="CSI snapshots",
        make=CsiProvider,
        set_options=("snapshot_class", "group_label", "retain"),
    ),
    ProviderRow(name=EbsProvider.name, title="snapshots of EBS", make=EbsProvider, library="boto3"),
)
PROVIDER_NAMES = tuple(row.name for row in PROVIDERS)


def make_providers(context: VolumeContext) -> tuple[VolumeProvider, ...]:
    """All of them. Nothing is asked of a cluster or a cloud yet."""
    return tuple(row.make(context) for row in PROVIDERS)


def restore_volumes(context: VolumeContext, job: RestoreJob) -> list[RestoreVolumes]:
    """What each of them knows of the snapshots of one backup; who knows of moved data is asked first.

    Of a claim whose data was moved, the snapshot that was taken for that is named as well, and is gone.
    """
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.restore import MoverRestore

    others = [provider for provider in make_providers(context) if provider.name != MoverRestore.name]
    return [MoverRestore(context, job), *(provider.for_restore(job) for provider in others)]


def find_row(name: str) -> ProviderRow:
    """The row of that name, one of ``PROVIDER_NAMES``."""
    return next(row for row in PROVIDERS if row.name == name)


__all__ = ("PROVIDERS", "PROVIDER_NAMES", "ProviderRow", "find_row", "make_providers", "restore_volumes")
