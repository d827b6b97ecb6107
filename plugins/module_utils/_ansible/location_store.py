# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The store of a task: the one way by which modules come to theirs.

Whoever may write asks the cluster first, by the one step here: it may say that its location is ReadOnly.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import kube_auth, names_cluster
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import MissingLibraryError, require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import storage_location
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import Task
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

#: A task that could do without the cluster does not wait for one that is away (seconds).
_PATIENCE = 10.0


def open_to_read(task: Task) -> Store:
    """For what never writes: whatever would change something is refused."""
    return open_read_only(task.params, task.cancel)


def open_read_only(params: t.Mapping[str, t.Any], cancel: CancelToken) -> Store:
    """The same for who has options and is no task."""
    return open_store(dataclasses.replace(storage_location(params), read_only=True), cancel=cancel)


def open_location(task: Task, *, namespace: str = "", client: KubeClient | None = None) -> Store:
    """For what writes now. ``namespace``: of Velero's objects. ``client``: where there is one already.

    Where the cluster says of the place that it is ReadOnly, the store is read-only.
    """
    place = storage_location(task.params)
    if _may_be_said_of(place):
        why = _word_of_cluster(task, place, namespace, client)
        place = dataclasses.replace(place, read_only=bool(why), read_only_why=why)
    return open_store(place, cancel=task.cancel)


def open_asking(task: Task, *, namespace: str = "") -> Store:
    """For what may write later, or not at all: the cluster is asked before the first change."""
    from ansible_collections.arkive.k8s.plugins.module_utils._store.asking import AskingStore
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import refuse_write

    place = storage_location(task.params)

    def permit() -> None:
        why = _word_of_cluster(task, place, namespace, None)
        refuse_write(dataclasses.replace(place, read_only=bool(why), read_only_why=why))

    store = open_store(place, cancel=task.cancel)
    return AskingStore(store, permit) if _may_be_said_of(place) else store


def named_or_newest(task: Task, store: Store) -> tuple[str, tuple[str, ...]]:
    """The backup of the option ``name``, else the newest good one of ``schedule``, and warnings about that choice."""
    if task.params["name"]:
        return str(task.params["name"]), ()
    from ansible_collections.arkive.k8s.plugins.module_utils._catalog.newest import newest_backup

    newest = newest_backup(store, task.params["schedule"])
    return newest.name, tuple(newest.warnings)


def _may_be_said_of(place: StorageLocation) -> bool:
    return not place.read_only and place.velero_spec is not None


def _word_of_cluster(task: Task, place: StorageLocation, namespace: str, client: KubeClient | None) -> str:
    """Why nothing may be written there, a sentence; empty when nobody says so.

    A task that names no cluster asks the one that is configured on this machine, if there is one that answers.
    """
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.retries import RetryPolicy
    from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.restore_only import restore_only_why

    try:
        if client is None:
            require_library("kubernetes")
            retry = RetryPolicy(attempts=1, first_contact_attempts=1)
            client = connect(kube_auth(task.params), timeout=_PATIENCE, retry=retry, cancel=task.cancel)
        return restore_only_why(client, place, namespace=namespace)
    except (KubeError, MissingLibraryError):
        if names_cluster(task.params):
            raise
        return ""


__all__ = ("named_or_newest", "open_asking", "open_location", "open_read_only", "open_to_read")
