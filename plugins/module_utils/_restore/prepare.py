# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""From a stored object to the body that the API server gets (Velero 1.18, docs/compatibility 5.6)."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._restore.claim_origin import StoredClaim
from ansible_collections.arkive.k8s.plugins.module_utils._restore.contents import BackupContents
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, RuleContext
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.table import apply_item_rules
from ansible_collections.arkive.k8s.plugins.module_utils._restore.metadata import strip_system_metadata
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes import (
    VOLUMES,
    ClaimDecision,
    VolumeDecisions,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.include_exclude import (
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
    IncludeExclude,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_modifiers import ResourceModifiers
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import NAMESPACES
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.native_records import NativeSnapshot

#: On an object: whether its status is restored, whatever the restore's spec says.
RESTORE_STATUS_ANNOTATION = "velero.io/restore-status"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """``body`` is complete but for what the server adds. ``skip`` is a reason to leave the object out.

    ``refusal`` is a reason why it cannot be restored; ``errors`` are told and stop nothing.
    """

    body: dict[str, t.Any]
    skip: str = ""
    refusal: str = ""
    errors: tuple[str, ...] = ()
    #: To be set once the object is created; empty when its status is not restored. A custom one may be no mapping.
    status: t.Any = dataclasses.field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    managed_fields: tuple[t.Any, ...] = ()
    #: The stored reference to the controller: not part of the body.
    owner: t.Mapping[str, t.Any] | None = None
    #: Of a claim: what becomes of its volume.
    volume: ClaimDecision | None = None
    #: Of a volume: the snapshot that it is made anew from.
    native: NativeSnapshot | None = None


class Preparer:
    """Makes the same body each time it is asked: the plan and the run agree. Safe to use from any thread."""

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

    def prepare(self, ref: ItemRef) -> Prepared:
        """Read and transform one stored object. Raises ``ArchiveError`` when it cannot be read."""
        body = self._contents.read(ref)
        metadata = body.setdefault("metadata", {})
        stored_metadata, stored_status = dict(metadata), body.get("status") or {}
        strip_system_metadata(body)
        managed = tuple(metadata.pop("managedFields", None) or ())
        source = ref.namespace or ""
        draft = Draft(
            body=body,
            stored_metadata=stored_metadata,
            stored_status=stored_status,
            source_namespace=source,
            target_namespace=self._spec.target_namespace(source) if source else "",
        )
        apply_item_rules(ref.group_resource, draft, self._context)
        errors: list[str] = []
        if self.modifiers is not None and not draft.skip:
            body, errors = self.modifiers.apply(ref.group_resource, body, namespace=source)
        metadata = body["metadata"]
        if source:
            metadata["namespace"] = draft.target_namespace
        metadata["labels"] = {**(metadata.get("labels") or {}), **self._labels}
        return Prepared(
            body=body,
            skip=draft.skip,
            refusal=draft.refusal,
            errors=tuple(errors),
            status=stored_status if self._restores_status(ref.group_resource, metadata) else {},
            warnings=tuple(draft.warnings),
            managed_fields=managed,
            owner=draft.owner,
            volume=draft.volume,
            native=draft.native,
        )

    def stored_claim(self, ref: ItemRef) -> StoredClaim:
        """A claim as the backup has it, by which it is known again. Raises ``ArchiveError``."""
        claim, namespace = self._contents.read(ref), ref.namespace or ""
        decision = self.volumes.for_claim(claim, source_namespace=namespace)
        name = decision.volume
        return StoredClaim(
            claim=claim,
            namespace=namespace,
            backup_name=self._spec.backup_name,
            decision=decision,
            volume=self._contents.find_object(VOLUMES, None, name) if name else None,
            volume_name=self.volumes.target_name(name) if name else "",
        )

    @property
    def volumes(self) -> VolumeDecisions:
        """The decisions on volumes that go into the bodies."""
        return self._context.volumes

    def target_name(self, ref: ItemRef) -> str:
        """The name that the object gets: its own, but for a volume whose name is taken, and for snapshots."""
        if ref.group_resource == VOLUMES:
            return self.volumes.target_name(ref.name)
        if self.volumes.csi is not None and ref.group_resource == VOLUME_SNAPSHOTS:
            return self.volumes.csi.restored_snapshot_name(ref.namespace or "", ref.name)
        if self.volumes.csi is not None and ref.group_resource == VOLUME_SNAPSHOT_CONTENTS:
            return self.volumes.csi.restored_content_name(ref.name)
        return ref.name

    def _restores_status(self, group_resource: GroupResource, metadata: t.Mapping[str, t.Any]) -> bool:
        said = str((metadata.get("annotations") or {}).get(RESTORE_STATUS_ANNOTATION, "")).lower()
        if said in ("true", "false"):
            return said == "true"
        return self._status_filter is not None and self._status_filter.accepts(str(group_resource))

    def prepare_namespace(self, target: str, source: str) -> dict[str, t.Any]:
        """The Namespace ``target`` with labels, annotations and spec of the stored ``source``, or bare without one.

        Namespaces get no labels of ours and no rules (Velero 1.18).
        """
        stored = self._contents.find_object(NAMESPACES, None, source) or {}
        metadata: dict[str, t.Any] = {"name": target}
        for field in ("labels", "annotations"):
            values = dict((stored.get("metadata") or {}).get(field) or {})
            if field == "labels" and "kubernetes.io/metadata.name" in values:
                values["kubernetes.io/metadata.name"] = target
            if values:
                metadata[field] = values
        body: dict[str, t.Any] = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        return body | ({"spec": stored["spec"]} if stored.get("spec") else {})


def needed_objects(
    group_resource: GroupResource, body: t.Mapping[str, t.Any]
) -> list[tuple[GroupResource, str | None, str]]:
    """What must be there before the API server takes ``body``: its admission looks these up."""
    rbac = "rbac.authorization.k8s.io"
    namespace = (body.get("metadata") or {}).get("namespace")
    if group_resource == GroupResource("pods"):
        spec = body.get("spec") or {}
        needed: list[tuple[GroupResource, str | None, str]] = [
            (GroupResource("serviceaccounts"), namespace, str(spec.get("serviceAccountName") or "default"))
        ]
        if spec.get("priorityClassName"):
            needed.append((GroupResource("priorityclasses", "scheduling.k8s.io"), None, str(spec["priorityClassName"])))
        return needed
    if group_resource.group == rbac and group_resource.resource in ("rolebindings", "clusterrolebindings"):
        role = body.get("roleRef") or {}
        if role.get("kind") == "Role":
            return [(GroupResource("roles", rbac), namespace, str(role.get("name")))]
        return [(GroupResource("clusterroles", rbac), None, str(role.get("name")))]
    return []


__all__ = ("RESTORE_STATUS_ANNOTATION", "Prepared", "Preparer", "needed_objects")
