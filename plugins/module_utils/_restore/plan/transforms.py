# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What changes objects on their way to the cluster, made ready once for the whole restore."""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    DATA_UPLOADS,
    STORAGE_CLASSES,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_book import OwnerBook, read_tracking
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.tracking import Tracking
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.chosen import Chosen
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.chosen_items import (
    canonical_filter,
    excludes_snapshots,
    resource_filter,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.contents import BackupContents
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.configmaps import read_configmap
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import LiveState, read_live_state
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import RuleContext
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.volume_decisions import (
    VolumeDecisions,
    VolumeTerms,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.prepared import PreparedObjects
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.metadata import restore_labels
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.plan_diffs import PlanDiffs
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.prepare import Preparer
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.volume_objects import VolumeObjects
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_modifiers import (
    ResourceModifiers,
    modifiers_of_configmap,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import restore_volumes
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import RestoreJob, StoredRecords
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.storage_classes import StorageClasses


def read_modifiers(client: KubeClient, discovery: Discovery, request: RestoreRequest) -> ResourceModifiers | None:
    """The rules of the request, or those in the ConfigMap that its spec names. Raises ``ValidationError``."""
    reference = request.spec.resource_modifier
    if reference is None:
        return request.modifiers
    name, namespace = str(reference["name"]), request.velero_namespace
    configmap = read_configmap(client, discovery, namespace, name)
    if configmap is None:
        error = f"The ConfigMap {namespace}/{name} with the resource modifiers does not exist."
        raise ValidationError(
            error,
            hint="Give the rules in the task, as resource_modifiers.",
            details={"phase": "FailedValidation", "validation_errors": [error]},
        )
    return modifiers_of_configmap(configmap)


def find_out(run: RestoreRun, chosen: Chosen, objects: PreparedObjects) -> Findings:
    """What is in the cluster, and what becomes of volumes. ``objects`` keeps what will be prepared."""
    request = run.request
    live = read_live_state(
        run.client,
        chosen.api,
        namespaces=chosen.items.namespaces,
        with_volumes=bool(chosen.items.refs.keys() & {CLAIMS, VOLUMES}),
        workers=run.workers,
    )
    classes = read_classes(run, chosen)
    return Findings(
        live=live,
        objects=objects,
        diffs=PlanDiffs(request.max_diffs if request.want_diff else 0),
        volumes=decide_volumes(run, chosen, live, classes),
        classes=classes,
        owners=read_owners(run, chosen),
    )


def read_owners(run: RestoreRun, chosen: Chosen) -> OwnerBook | None:
    """How owners know their objects; they themselves are read when somebody asks."""
    terms, find = run.request.gitops, chosen.discovery.find
    if terms.on_owned == "ignore":
        return None
    tracking = read_tracking(
        run.client,
        find,
        namespace=terms.argocd_namespace,
        label=terms.instance_label,
        with_names=bool(run.request.spec.namespace_mapping),
    )
    return OwnerBook(run.client, find, tracking)


def read_classes(run: RestoreRun, chosen: Chosen) -> StorageClasses:
    """The storage classes that there will be. Nothing is read before somebody asks."""
    contents, refs = chosen.contents, chosen.items.refs

    def restored() -> dict[str, dict[str, t.Any]]:
        return {ref.name: contents.read(ref) for ref in refs.get(STORAGE_CLASSES, ())}

    mapping = run.request.storage_class_mapping
    return StorageClasses(run.client, chosen.discovery, mapping=mapping, restored=restored)


def decide_volumes(run: RestoreRun, chosen: Chosen, live: LiveState, classes: StorageClasses) -> VolumeDecisions:
    """What becomes of volumes, by the backup's records and the providers that know its snapshots."""
    request, spec, backup, client = run.request, run.request.spec, chosen.backup, run.client
    archive = VolumeObjects(chosen.contents)
    job = RestoreJob(
        name=run.name,
        archive=archive,
        records=StoredRecords(
            volumesnapshots=backup.volumesnapshots,
            volumeinfo=backup.volumeinfo,
            podvolumebackups=backup.podvolumebackups,
            data_uploads=functools.partial(_read_all, chosen.contents, DATA_UPLOADS),
        ),
        discovery=chosen.discovery,
        classes=classes,
        leaves_objects_out=excludes_snapshots(resource_filter(spec, chosen.discovery)),
        sparse=bool((spec.uploader_config or {}).get("writeSparseFiles")),
        parallel=int((spec.uploader_config or {}).get("parallelFilesDownload") or 0),
    )
    context = VolumeContext(
        connect=lambda: client, location=request.snapshot_location, moving=run.moving, cancel=client.cancel
    )
    return VolumeDecisions(
        archive=archive,
        volume_info=backup.volumes,
        live=live.volumes,
        providers=restore_volumes(context, job),
        terms=VolumeTerms(
            snapshot_volumes=backup.spec.get("snapshotVolumes"),
            namespace_mapping=spec.namespace_mapping,
            restores_volumes=VOLUMES in chosen.items.refs,
            restore_data=spec.restore_pvs is not False,
            restore_name=run.name,
        ),
    )


def _read_all(contents: BackupContents, group_resource: GroupResource) -> list[dict[str, t.Any]]:
    """All stored objects of a type, whatever the filters of the restore."""
    return [contents.read(ref) for ref in contents.refs(group_resource)]


def make_preparer(
    run: RestoreRun, chosen: Chosen, volumes: VolumeDecisions, tracking: Tracking | None = None
) -> Preparer:
    """All rules, mappings and modifiers of a restore, ready to be applied to its objects."""
    request, spec, discovery = run.request, run.request.spec, chosen.discovery
    context = RuleContext(
        archive=chosen.contents,
        volumes=volumes,
        namespace_mapping=spec.namespace_mapping,
        preserve_node_ports=bool(spec.preserve_node_ports),
        keep_wait_containers=request.keep_wait_containers,
        restore_failed_jobs=request.restore_failed_jobs,
        restore_volume_data=spec.restore_pvs is not False,
        storage_class_mapping=request.storage_class_mapping,
        missing_storage_classes=_missing_classes(run, chosen),
        image_mapping=request.image_mapping,
        hook_rules=spec.hooks,
        restore_name=run.name,
        tracking=tracking,
    )
    return Preparer(
        chosen.contents,
        spec,
        context,
        labels=restore_labels(spec.backup_name, run.name, legacy=request.legacy_labels),
        modifiers=read_modifiers(run.client, discovery, request),
        status_filter=canonical_filter(spec.restore_status, discovery) if spec.restore_status is not None else None,
    )


def _missing_classes(run: RestoreRun, chosen: Chosen) -> frozenset[str]:
    """New classes of the mapping that will not be there; none when classes may not be listed."""
    wanted = set(run.request.storage_class_mapping.values())
    wanted -= {ref.name for ref in chosen.items.refs.get(STORAGE_CLASSES, ())}
    resource = chosen.discovery.find(STORAGE_CLASSES)
    if not wanted or resource is None:
        return frozenset(wanted)
    try:
        there = {item["metadata"]["name"] for page in list_pages(run.client, resource) for item in page.items}
    except KubeError as exc:
        if not exc.forbidden:
            raise
        return frozenset()
    return frozenset(wanted - there)


__all__ = ("decide_volumes", "find_out", "make_preparer", "read_classes", "read_modifiers")
