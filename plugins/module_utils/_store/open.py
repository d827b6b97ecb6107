# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a location to its store."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._store.kinds import kind_of

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store


def open_store(location: StorageLocation, *, cancel: CancelToken | None = None) -> Store:
    """The store at ``location``. Nothing is read yet: ``check`` says whether it can be used.

    Once ``cancel`` is set, no request waits for its answer longer than a moment.
    """
    kind, cancel = kind_of(location), cancel or CancelToken()
    store = kind.open(location, cancel)
    # Wrappers are loaded where they are put around a store: few tasks need one.
    if kind.attempts > 1:
        from ansible_collections.arkive.k8s.plugins.module_utils._store.retrying import RetryingStore

        store = RetryingStore(store, attempts=kind.attempts, cancel=cancel)
    if location.read_only:
        from ansible_collections.arkive.k8s.plugins.module_utils._store.read_only import ReadOnlyStore

        store = ReadOnlyStore(store)
    return store


__all__ = ("open_store",)
