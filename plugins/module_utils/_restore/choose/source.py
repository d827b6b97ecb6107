# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backup that a restore reads: found, fit to be restored, its digests right."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.find_backup import find_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.newest import newest_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.open_backup import OpenBackup, open_backup
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_object import check_backup_phase


def with_backup(request: RestoreRequest, store: Store) -> tuple[RestoreRequest, list[str]]:
    """``request`` with the name of a backup, whether it named that or a schedule; and warnings about the choice.

    Raises ``CatalogError``.
    """
    spec = request.spec
    if spec.backup_name:
        return request, []
    newest = newest_backup(store, spec.schedule_name)
    return dataclasses.replace(request, spec=dataclasses.replace(spec, backup_name=newest.name)), newest.warnings


def open_source(store: Store, name: str, *, cancel: CancelToken | None = None) -> OpenBackup:
    """Raises ``ValidationError`` for a backup that is not finished, and what ``find_backup`` and ``open_backup`` do."""
    catalog = Catalog(store, cancel)
    backup = find_backup(catalog, name)
    check_backup_phase(backup)
    return open_backup(catalog.files(name), backup)


__all__ = ("open_source", "with_backup")
