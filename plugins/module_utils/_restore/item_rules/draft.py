# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an item rule works on, and what it may ask."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.tracking import Tracking
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.volume_decisions import (
    ClaimDecision,
    VolumeDecisions,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_hook_rules import RestoreHookRule
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import DataSource, PodData

_SNAPSHOT_FINALIZERS = "snapshot.storage.kubernetes.io/"


@dataclasses.dataclass(slots=True, kw_only=True)
class Draft:
    """An object on its way from the archive to the cluster.

    ``body`` has lost its system metadata and its status and is changed in place by the rules; ``stored_metadata`` and
    ``stored_status`` are as the archive has them. A rule that sets ``skip`` (a reason) ends the matter; one that sets
    ``refusal`` makes it an error of this object.
    """

    body: dict[str, t.Any]
    stored_metadata: t.Mapping[str, t.Any]
    stored_status: t.Mapping[str, t.Any]
    source_namespace: str
    target_namespace: str
    skip: str = ""
    refusal: str = ""
    warnings: list[str] = dataclasses.field(default_factory=list)
    #: Set for a claim: what becomes of its volume.
    volume: ClaimDecision | None = None
    #: Set for a volume that is recreated from this snapshot.
    remade_from: DataSource | None = None
    #: Set for a pod: the volumes whose data a container of an agent waited for.
    awaited: tuple[str, ...] = ()
    #: Set for a pod: its volumes without a claim, of which the backup has data.
    pod_data: tuple[PodData, ...] = ()
    #: False where the status is never restored, whoever asks for it.
    keeps_status: bool = True

    @property
    def name(self) -> str:
        return str(self.body["metadata"]["name"])

    @property
    def spec(self) -> dict[str, t.Any]:
        """``spec``, made when it is not there."""
        spec = self.body.get("spec")
        if spec is None:
            spec = self.body["spec"] = {}
        return spec

    @property
    def owner(self) -> t.Mapping[str, t.Any] | None:
        """The controller's owner reference, as stored."""
        for reference in self.stored_metadata.get("ownerReferences") or []:
            if reference.get("controller"):
                return t.cast("t.Mapping[str, t.Any]", reference)
        return None

    def drop_annotations(self, *names: str) -> None:
        annotations = self.body["metadata"].get("annotations")
        if annotations:
            for name in names:
                annotations.pop(name, None)

    def drop_snapshot_finalizers(self) -> None:
        """The snapshot controllers add theirs by themselves; without them nobody would take them off again."""
        metadata = self.body["metadata"]
        finalizers = metadata.pop("finalizers", None) or []
        kept = [name for name in finalizers if not name.startswith(_SNAPSHOT_FINALIZERS)]
        if kept:
            metadata["finalizers"] = kept


class ArchiveView(t.Protocol):
    """What rules may ask of the archive."""

    def names(self, group_resource: GroupResource, namespace: str | None) -> t.Collection[str]:
        """Names of the stored objects of one type in one namespace (of the backup)."""

    def find_object(self, group_resource: GroupResource, namespace: str | None, name: str) -> dict[str, t.Any] | None:
        """The stored object, None if it is not in the archive."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RuleContext:
    """The same for all objects of a restore."""

    archive: ArchiveView
    volumes: VolumeDecisions
    namespace_mapping: t.Mapping[str, str]
    preserve_node_ports: bool = False
    keep_wait_containers: bool = False
    restore_failed_jobs: bool = False
    restore_volume_data: bool = True
    storage_class_mapping: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    #: New classes of that mapping which neither the cluster nor this restore has.
    missing_storage_classes: frozenset[str] = frozenset()
    image_mapping: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    hook_rules: tuple[RestoreHookRule, ...] = ()
    restore_name: str = ""
    #: How owners know their objects; None where nobody asks about owners.
    tracking: Tracking | None = None


Rule: t.TypeAlias = "t.Callable[[Draft, RuleContext], None]"

__all__ = ("ArchiveView", "Draft", "Rule", "RuleContext")
