# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a stored object to the body that the API server gets (Velero 1.18, docs/compatibility 5.6)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import copy
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    NAMESPACES,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.contents import BackupContents
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, RuleContext
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.namespace_mentions import NAME_LABEL
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.namespace_names import (
    NamespaceNames,
    is_made_by_another,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.table import (
    apply_item_rules,
    apply_last_rules,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.volume_decisions import VolumeDecisions
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.prepared import Prepared
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.metadata import strip_system_metadata
from ansible_collections.arkive.k8s.plugins.module_utils._velero.include_exclude import IncludeExclude
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_modifiers import ResourceModifiers
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec

#: On an object: whether its status is restored, whatever the restore's spec says.
RESTORE_STATUS_ANNOTATION = "velero.io/restore-status"


class Preparer:
    """Makes the body that an object gets in the cluster. Safe to use from any thread."""

    def __init__(
        self,
        contents: BackupContents,
        spec: RestoreSpec,
        context: RuleContext,
        *,
        labels: t.Mapping[str, str],
        modifiers: ResourceModifiers | None = None,
        status_filter: IncludeExclude | None = None,
    ) -> None:
        """``status_filter`` has the types whose status is restored, as discovery names them; None is none of them."""
        self._contents = contents
        self._spec = spec
        self._context = context
        self._labels = labels
        self.modifiers = modifiers
        self._status_filter = status_filter
        self._names = NamespaceNames(context.namespace_mapping)

    def prepare(self, ref: ItemRef) -> Prepared:
        """Read and transform one stored object. Raises ``ArchiveError`` when it cannot be read."""
        conversion = self._contents.read_converted(ref)
        body = conversion.body
        metadata = body.setdefault("metadata", {})
        stored_metadata, stored_status = dict(metadata), body.get("status") or {}
        strip_system_metadata(body)
        managed = tuple(metadata.pop("managedFields", None) or ())
        source = ref.namespace or ""
        stored_claim = _as_stored(body, stored_metadata) if ref.group_resource == CLAIMS else None
        draft = Draft(
            body=body,
            stored_metadata=stored_metadata,
            stored_status=stored_status,
            source_namespace=source,
            target_namespace=self._spec.target_namespace(source) if source else "",
            refusal=conversion.refusal,
            warnings=list(conversion.notes),
        )
        apply_item_rules(ref.group_resource, draft, self._context)
        left = [] if draft.skip else self._names.map(ref.group_resource, body)
        errors: list[str] = []
        if self.modifiers is not None and not draft.skip:
            body, errors = self.modifiers.apply(ref.group_resource, body, namespace=source)
            draft.body = body
        if not draft.skip:
            apply_last_rules(ref.group_resource, draft, self._context)
        metadata = body["metadata"]
        if source:
            metadata["namespace"] = draft.target_namespace
        metadata["labels"] = {**(metadata.get("labels") or {}), **self._labels}
        if self._names.maps and not (draft.skip or is_made_by_another(draft.owner, source, self._context.archive)):
            draft.warnings += self._names.warn(ref.group_resource, body, known=left if self.modifiers is None else None)
        return Prepared(
            body=body,
            skip=draft.skip,
            refusal=draft.refusal,
            errors=tuple(errors),
            status=stored_status if draft.keeps_status and self._restores_status(ref.group_resource, metadata) else {},
            warnings=tuple(draft.warnings),
            managed_fields=managed,
            owner=draft.owner,
            volume=draft.volume,
            stored_claim=stored_claim,
            remade_from=draft.remade_from,
            pod_data=draft.pod_data,
        )

    @property
    def volumes(self) -> VolumeDecisions:
        """The decisions on volumes that go into the bodies."""
        return self._context.volumes

    def target_name(self, ref: ItemRef) -> str:
        """The name that the object gets: its own, except for a volume whose name is taken, and for snapshots."""
        if ref.group_resource == VOLUMES:
            return self.volumes.target_name(ref.name)
        objects = self.volumes.objects
        if objects is not None and ref.group_resource == VOLUME_SNAPSHOTS:
            return objects.restored_snapshot_name(ref.namespace or "", ref.name)
        if objects is not None and ref.group_resource == VOLUME_SNAPSHOT_CONTENTS:
            return objects.restored_content_name(ref.name)
        return ref.name

    def _restores_status(self, group_resource: GroupResource, metadata: t.Mapping[str, t.Any]) -> bool:
        said = str((metadata.get("annotations") or {}).get(RESTORE_STATUS_ANNOTATION, "")).lower()
        if said in ("true", "false"):
            return said == "true"
        return self._status_filter is not None and self._status_filter.accepts(str(group_resource))

    def prepare_namespace(self, target: str, source: str) -> Prepared:
        """The Namespace ``target`` with labels, annotations and spec of the stored ``source``, or bare without one.

        Namespaces get no labels of ours (Velero 1.18). Modifiers see the name that it had.
        """
        stored = self._contents.find_object(NAMESPACES, None, source) or {}
        metadata: dict[str, t.Any] = {"name": source}
        for field in ("labels", "annotations"):
            values = dict((stored.get("metadata") or {}).get(field) or {})
            if values:
                metadata[field] = values
        body: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        if stored.get("spec"):
            body["spec"] = stored["spec"]
        errors: list[str] = []
        if self.modifiers is not None:
            body, errors = self.modifiers.apply(NAMESPACES, body, namespace=source)
        metadata = body["metadata"]
        metadata["name"] = target
        if NAME_LABEL in (metadata.get("labels") or {}):
            metadata["labels"][NAME_LABEL] = target
        return Prepared(body=body, errors=tuple(errors), warnings=tuple(self._names.warn(NAMESPACES, body)))


def _as_stored(claim: dict[str, t.Any], metadata: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A claim before rules change it."""
    return {**claim, **copy.deepcopy({"metadata": dict(metadata), "spec": claim.get("spec") or {}})}


__all__ = ("RESTORE_STATUS_ANNOTATION", "Preparer")
