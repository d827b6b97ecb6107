# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""What changes objects on their way to the cluster, made ready once for the whole restore."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.api_versions import (
    Priorities,
    parse_version_priorities,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.csi_sources import CsiSources
from ansible_collections.arkive.k8s.plugins.module_utils._restore.csi_target import STORAGE_CLASSES, CsiTarget
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import RuleContext
from ansible_collections.arkive.k8s.plugins.module_utils._restore.live_state import LiveState
from ansible_collections.arkive.k8s.plugins.module_utils._restore.metadata import restore_labels
from ansible_collections.arkive.k8s.plugins.module_utils._restore.native_volumes import NativeVolumes
from ansible_collections.arkive.k8s.plugins.module_utils._restore.planner import Order
from ansible_collections.arkive.k8s.plugins.module_utils._restore.prepare import Preparer
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._restore.selection import (
    Selection,
    canonical_filter,
    excludes_snapshots,
    resource_filter,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.source import BackupSource
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes import VOLUMES, VolumeDecisions
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_modifiers import (
    ResourceModifiers,
    modifiers_of_configmap,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import (
    HIGH_PRIORITIES,
    LOW_PRIORITIES,
    data_first,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs import EbsSnapshotter

_CONFIG_MAPS = GroupResource("configmaps")
_VERSIONS_CONFIG_MAP = "enableapigroupversions"
_VERSIONS_KEY = "restoreResourcesVersionPriority"


def read_modifiers(client: KubeClient, discovery: Discovery, request: RestoreRequest) -> ResourceModifiers | None:
    """The rules of the request, or those in the ConfigMap that its spec names. Raises ``ValidationError``."""
    reference = request.spec.resource_modifier
    if reference is None:
        return request.modifiers
    name, namespace = str(reference["name"]), request.velero_namespace
    configmap = _read_configmap(client, discovery, namespace, name)
    if configmap is None:
        error = f"The ConfigMap {namespace}/{name} with the resource modifiers does not exist."
        raise ValidationError(
            error,
            hint="Give the rules in the task, as resource_modifiers.",
            details={"phase": "FailedValidation", "validation_errors": [error]},
        )
    return modifiers_of_configmap(configmap)


def read_version_priorities(client: KubeClient, discovery: Discovery, request: RestoreRequest) -> Priorities:
    """The versions that are wanted: those of Velero's ConfigMap, where there is one, and over them the request's."""
    try:
        configmap = _read_configmap(client, discovery, request.velero_namespace, _VERSIONS_CONFIG_MAP) or {}
    except KubeError as exc:
        if not exc.forbidden:
            raise
        configmap = {}
    text = (configmap.get("data") or {}).get(_VERSIONS_KEY) or ""
    source = f"the ConfigMap {request.velero_namespace}/{_VERSIONS_CONFIG_MAP}"
    return {**parse_version_priorities(text, source=source), **request.api_version_priorities}


def resolve_order(discovery: Discovery, request: RestoreRequest) -> Order:
    """The types to restore first and last; names are those of ``kubectl``."""
    if request.resource_priorities is None:
        return HIGH_PRIORITIES, LOW_PRIORITIES

    def resolve(name: str) -> GroupResource:
        resource = discovery.resolve(name)
        return resource.group_resource if resource else GroupResource.parse(name)

    first, last = ([resolve(name) for name in names] for names in request.resource_priorities)
    return data_first(first), tuple(last)


def make_preparer(
    request: RestoreRequest,
    source: BackupSource,
    *,
    client: KubeClient,
    discovery: Discovery,
    selection: Selection,
    live: LiveState,
    restore_name: str,
) -> Preparer:
    """All rules, mappings and modifiers of a restore, ready to be applied to its objects."""
    spec = request.spec

    def restored_classes() -> dict[str, dict[str, t.Any]]:
        return {ref.name: source.contents.read(ref) for ref in selection.refs.get(STORAGE_CLASSES, ())}

    csi = CsiSources(
        source.contents,
        CsiTarget(client, discovery, class_mapping=request.storage_class_mapping, restored_classes=restored_classes),
        restore_name=restore_name,
        left_out=excludes_snapshots(resource_filter(spec, discovery)),
    )
    volumes = VolumeDecisions(
        archive=source.contents,
        volume_info=source.volume_info,
        snapshot_volumes=source.spec.get("snapshotVolumes"),
        namespace_mapping=spec.namespace_mapping,
        live=live.volumes,
        restores_volumes=VOLUMES in selection.refs,
        restore_data=spec.restore_pvs is not False,
        restore_name=restore_name,
        csi=csi,
        native=NativeVolumes(
            source.native_snapshots,
            EbsSnapshotter(request.snapshot_location, client.cancel) if request.snapshot_location else None,
            client=client,
            discovery=discovery,
        ),
    )
    context = RuleContext(
        archive=source.contents,
        volumes=volumes,
        namespace_mapping=spec.namespace_mapping,
        preserve_node_ports=bool(spec.preserve_node_ports),
        keep_wait_containers=request.keep_wait_containers,
        restore_volume_data=spec.restore_pvs is not False,
        storage_class_mapping=request.storage_class_mapping,
        missing_storage_classes=_missing_classes(client, discovery, request, selection),
        image_mapping=request.image_mapping,
        hook_rules=spec.hooks,
    )
    return Preparer(
        source.contents,
        spec,
        context,
        labels=restore_labels(spec.backup_name, restore_name, legacy=request.legacy_labels),
        modifiers=read_modifiers(client, discovery, request),
        status_filter=canonical_filter(spec.restore_status, discovery) if spec.restore_status is not None else None,
    )


def _missing_classes(
    client: KubeClient, discovery: Discovery, request: RestoreRequest, selection: Selection
) -> frozenset[str]:
    """New classes of the mapping that will not be there; none when classes may not be listed."""
    wanted = set(request.storage_class_mapping.values())
    wanted -= {ref.name for ref in selection.refs.get(STORAGE_CLASSES, ())}
    resource = discovery.find(STORAGE_CLASSES)
    if not wanted or resource is None:
        return frozenset(wanted)
    try:
        there = {item["metadata"]["name"] for page in list_pages(client, resource) for item in page.items}
    except KubeError as exc:
        if not exc.forbidden:
            raise
        return frozenset()
    return frozenset(wanted - there)


def _read_configmap(client: KubeClient, discovery: Discovery, namespace: str, name: str) -> dict[str, t.Any] | None:
    resource = discovery.find(_CONFIG_MAPS)
    return get_object(client, resource, name, namespace) if resource is not None else None


__all__ = ("make_preparer", "read_modifiers", "read_version_priorities", "resolve_order")
