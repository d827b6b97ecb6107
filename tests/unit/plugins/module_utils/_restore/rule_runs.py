# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restore's rules make of one object."""

from __future__ import annotations

import copy
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, RuleContext
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.table import (
    apply_item_rules,
    apply_last_rules,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.volume_decisions import (
    VolumeDecisions,
    VolumeTerms,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.metadata import strip_system_metadata


class Archive:
    """Stored objects by type, namespace and name."""

    def __init__(self, objects: t.Mapping[tuple[str, str | None, str], Object] | None = None) -> None:
        self.objects = {(GroupResource.parse(kind), ns, name): obj for (kind, ns, name), obj in (objects or {}).items()}

    def names(self, group_resource: GroupResource, namespace: str | None) -> list[str]:
        return [name for kind, ns, name in self.objects if (kind, ns) == (group_resource, namespace)]

    def find_object(self, group_resource: GroupResource, namespace: str | None, name: str) -> Object | None:
        return copy.deepcopy(self.objects.get((group_resource, namespace, name)))


def run_rules(
    kind: str,
    obj: Object,
    *,
    archive: Archive | None = None,
    mapping: dict[str, str] | None = None,
    namespace: str = "shop",
    preserve_node_ports: bool = False,
    keep_wait_containers: bool = False,
    volumes: VolumeDecisions | None = None,
    **more: t.Any,
) -> Draft:
    stored = archive or Archive()
    volumes = volumes or VolumeDecisions(
        archive=stored, volume_info=[], live={}, terms=VolumeTerms(namespace_mapping=mapping or {})
    )
    context = RuleContext(
        archive=stored,
        volumes=volumes,
        namespace_mapping=mapping or {},
        preserve_node_ports=preserve_node_ports,
        keep_wait_containers=keep_wait_containers,
        **more,
    )
    body = copy.deepcopy(obj)
    body.setdefault("metadata", {}).setdefault("name", "x")
    stored_metadata, status = dict(body["metadata"]), body.get("status") or {}
    strip_system_metadata(body)
    draft = Draft(
        body=body,
        stored_metadata=stored_metadata,
        stored_status=status,
        source_namespace=namespace,
        target_namespace=(mapping or {}).get(namespace, namespace),
    )
    apply_item_rules(GroupResource.parse(kind), draft, context)
    if not draft.skip:
        apply_last_rules(GroupResource.parse(kind), draft, context)
    return draft


__all__ = ("Archive", "run_rules")
