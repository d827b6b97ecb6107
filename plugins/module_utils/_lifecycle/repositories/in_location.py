# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which repositories a location has, as its objects tell: no cluster and no password is needed for that."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.side_by_side import read_each
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.place import repositories_folder
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.repository import Repository


def find_repositories(store: Store) -> list[dict[str, t.Any]]:
    """Namespace, state and size of each, as they are returned. Raises ``StoreError``."""
    folder = repositories_folder()
    names = [prefix.removeprefix(folder).rstrip("/") for prefix in store.list(folder, "/").prefixes]
    found = read_each(lambda name: _look(store, name), names)
    return [each for each in found if each["state"] != "absent"]


def _look(store: Store, namespace: str) -> dict[str, t.Any]:
    repository = Repository(store, namespace)
    return {"namespace": namespace, "state": repository.state(), "size": repository.size()}


__all__ = ("find_repositories",)
