# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The database of a stored backup: everything comes from its files, but that the storage has the snapshots."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.find_backup import find_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.item_source import ItemSource
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.open_backup import open_backup
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS, PODS
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.request import ProofRequest
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.subject import (
    ClaimSnapshot,
    Subject,
    choose,
    claims_of,
    pull_secrets,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.sources import CsiSource, CsiSources


def stored_subject(request: ProofRequest, catalog: Catalog) -> Subject:
    """Raises ``ProofError``, ``CatalogError``, ``ArchiveError`` and ``StoreError``."""
    backup = find_backup(catalog, request.name)
    files = catalog.files(request.name)
    record = files.read_record()
    with open_backup(files, backup) as opened:
        stored = _StoredItems(opened.items)
        named = choose(request, stored.all(PODS), record.quiesces if record else [])
        namespace = str(named.pod["metadata"]["namespace"])
        sources = CsiSources(stored, restore_name="proof")
        snapshots, lacking = [], {}
        for name in claims_of(named.pod, named.container):
            claim = stored.find_object(CLAIMS, namespace, name)
            source = sources.of_claim(claim, namespace) if claim else None
            if claim is None or source is None or source.missing:
                lacking[name] = source.missing if source else "the backup has no CSI snapshot of it"
            else:
                snapshots.append(_snapshot(claim, source))
        if not snapshots:
            raise ProofError(
                f"Backup '{request.name}' has no CSI snapshot of a claim of pod {namespace}/"
                f"{named.pod['metadata']['name']}.",
                hint="Only snapshots by CSI drivers can be brought up by this module; restore others by k8s_restore.",
            )
        wanted = [*request.secrets, *request.config_maps]
        kept = stored.read_all(namespace, wanted, pull_secrets(named.pod))
        return Subject(
            source=f"backup '{request.name}' in {catalog.store.location.describe}",
            pod=named.pod,
            container=named.container,
            kind=named.kind,
            snapshots=tuple(snapshots),
            lacking=lacking,
            quiesce=named.quiesce,
            find=lambda kind, name: kept.get((str(kind), name)),
            taken=str((backup.get("status") or {}).get("startTimestamp") or ""),
            backup=backup,
            warnings=tuple(opened.warnings),
        )


def _snapshot(claim: ObjectView, source: CsiSource) -> ClaimSnapshot:
    return ClaimSnapshot(claim=claim, driver=source.driver, handle=source.handle, size=source.size)


class _StoredItems:
    """``StoredObjects`` over an open backup."""

    def __init__(self, items: ItemSource) -> None:
        self._items = items
        self._refs: dict[tuple[GroupResource, str | None], dict[str, ItemRef]] = {}
        for ref in items.items:
            self._refs.setdefault((ref.group_resource, ref.namespace), {})[ref.name] = ref

    def names(self, group_resource: GroupResource, namespace: str | None) -> t.Collection[str]:
        return self._refs.get((group_resource, namespace), {})

    def find_object(self, group_resource: GroupResource, namespace: str | None, name: str) -> Object | None:
        ref = self._refs.get((group_resource, namespace), {}).get(name)
        return self._items.read(ref) if ref is not None else None

    def all(self, group_resource: GroupResource) -> list[Object]:
        """In all namespaces."""
        found = [refs for (kind, _namespace), refs in self._refs.items() if kind == group_resource]
        return [self._items.read(ref) for refs in found for ref in refs.values()]

    def read_all(self, namespace: str, names: t.Iterable[str], images: t.Iterable[str]) -> dict[t.Any, Object]:
        """Secrets and ConfigMaps by type and name: the backup is closed when they are wanted."""
        found = {}
        for name in (*names, *images):
            for kind in (GroupResource("secrets"), GroupResource("configmaps")):
                obj = self.find_object(kind, namespace, name)
                if obj is not None:
                    found[str(kind), name] = obj
        return found


__all__ = ("stored_subject",)
