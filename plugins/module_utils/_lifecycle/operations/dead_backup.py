# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Backup that a run has left in progress which is dead: what became of it, and what goes."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.interrupted import end_interrupted
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.stored_owner import has_uid_of
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import TERMINAL_PHASES
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import phase_of
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import BackupJob, VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import backup_volumes, make_providers

#: What Velero's server says when it starts.
DEAD_BACKUP = 'found a backup with status "InProgress" during the server starting, mark it as "Failed"'
DEAD_RESTORE = 'found a restore with status "InProgress" during the server starting, mark it as "Failed"'


class Stored(t.NamedTuple):
    """``backup``: the stored one, if the run came so far: then it is made, whoever is dead.

    ``is_of_another``: what lies under its name is none of its own, and stays.
    """

    backup: Object | None = None
    is_of_another: bool = False


def find_stored(store: Store, backup: ObjectView) -> Stored:
    """Raises ``ArkiveError`` when nobody can say."""
    try:
        stored = Catalog(store).read_sound_backup(backup["metadata"]["name"])
    except ArchiveError:
        # A run stores the object whole, or not at all.
        return Stored(is_of_another=True)
    if stored is not None and not has_uid_of(stored, backup):
        return Stored(is_of_another=True)
    return Stored(stored if stored is not None and phase_of(stored) in TERMINAL_PHASES else None)


def end_stored_backup(stored: ObjectView, store: Store, context: VolumeContext) -> list[str]:
    """What the run of a backup that is stored had still to do: its write lock, and objects of snapshots.

    Returns what is to be said. Raises ``ArkiveError``.
    """
    name = str(stored["metadata"]["name"])
    catalog = Catalog(store)
    _holder, warnings = end_interrupted(catalog, name)
    volumes = catalog.files(name).read_json("volumeinfo") or []
    namespaces = sorted({str(volume.get("pvcNamespace") or "") for volume in volumes} - {""})
    job = BackupJob(name=name, run_id="", location=store.location.describe)
    for provider in make_providers(context) if namespaces else ():
        warnings += provider.end_backup(job, namespaces)
    return warnings


def clear_dead_backup(name: str, store: Store, run: ClusterRun, context: VolumeContext) -> list[str]:
    """Remove the snapshots and the files of a backup that is not stored.

    Returns what is to be said. Raises ``ArkiveError``: a ``ValidationError`` where its run may still be alive.
    """
    providers = make_providers(context)
    said = list(delete_backup(name, store=store, providers=providers).issues.warnings)
    discovery = Discovery.read(run.client)
    job = BackupJob(name=name, run_id=run.run_id, location=store.location.describe)
    warnings = [issue.message for issue in said]
    for volumes in backup_volumes(providers, job, discovery).values():
        try:
            warnings += volumes.begin({}, namespaces=_namespaces(run, discovery), sweeps=True)
        finally:
            volumes.close()
    return warnings


def _namespaces(run: ClusterRun, discovery: Discovery) -> t.Sequence[str]:
    resource = discovery.find_kind("v1", "Namespace")
    if resource is None:
        return ()
    return [item["metadata"]["name"] for page in list_pages(run.client, resource) for item in page.items]


__all__ = ("DEAD_BACKUP", "DEAD_RESTORE", "clear_dead_backup", "end_stored_backup", "find_stored")
