# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stored objects as a person would have written them: by the rules of a restore, without what a cluster writes.

The base are the rules of a restore (docs/compatibility 5.6), so that a restored tree gives what the backup gives.
Beside that, what tools write about themselves is left out, and what controllers make.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.open_backup import OpenBackup
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CONTROLLER_REVISIONS,
    LEASES,
    NAMESPACES,
    PODS,
    SECRETS,
    SERVICE_ACCOUNTS,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_init import parse_init_hook
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.contents import BackupContents
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import RuleContext
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.volume_decisions import (
    VolumeDecisions,
    VolumeTerms,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.metadata import OUR_LABELS
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.prepare import Preparer
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.server_owned import is_controller_annotation
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec

#: Which of them a cluster makes by itself, or are of one moment. Sources: the API reference of each type.
_OF_THE_MOMENT: t.Mapping[str, str] = {
    "events": "of a moment only",
    "events.events.k8s.io": "of a moment only",
    "endpoints": "made by its controller",
    "endpointslices.discovery.k8s.io": "made by its controller",
    "nodes": "of the cluster",
    "componentstatuses": "of the cluster",
    str(LEASES): "of a moment only",
    str(CONTROLLER_REVISIONS): "made by its controller",
    str(VOLUMES): "its data is no object: snapshots and their restore are for it",
    str(VOLUME_SNAPSHOTS): "its data is no object: snapshots and their restore are for it",
    str(VOLUME_SNAPSHOT_CONTENTS): "its data is no object: snapshots and their restore are for it",
    "volumeattachments.storage.k8s.io": "of a moment only",
    "csinodes.storage.k8s.io": "of the cluster",
    "csistoragecapacities.storage.k8s.io": "made by its controller",
    "metrics.k8s.io": "of a moment only",
}
_GROUPS_OF_OPERATIONS = ("velero.io", "ark.heptio.com")
#: Written by tools about what they did, with a copy of the object in it, of a Secret's values as well. A trailing ``/``
#: stands for the whole prefix. Sources: kubectl, banzaicloud/k8s-objectmatcher, kopf and rancher/wrangler.
_NOTES = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubectl.kubernetes.io/restartedAt",
    "banzaicloud.com/last-applied",
    "kopf.zalando.org/last-handled-configuration",
    "objectset.rio.cattle.io/applied",
    "backup.velero.io/must-include-additional-items",
    "velero.io/original-pv-name",
)
#: Why an object is left out that the archive has, damaged.
UNREAD = "cannot be read"
_NAME_LABEL = "kubernetes.io/metadata.name"
_TOKEN_TYPE = "kubernetes.io/service-account-token"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TreeObject:
    """One object for the tree. ``stored``: its metadata as the archive has it. ``left_out``: why it is in no file."""

    ref: ItemRef
    body: Object
    stored: ObjectView
    left_out: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return f"{self.ref.group_resource} {'/'.join(filter(None, (self.ref.namespace, self.ref.name)))}"


class TreeObjects:
    """The objects of an open backup, in an order that is always the same."""

    def __init__(self, backup: OpenBackup, *, node_ports: bool = False) -> None:
        self._contents = BackupContents(backup.items)
        context = RuleContext(
            archive=self._contents,
            volumes=VolumeDecisions(
                archive=self._contents, volume_info=(), live={}, terms=VolumeTerms(restore_data=False)
            ),
            namespace_mapping={},
            preserve_node_ports=node_ports,
            restore_volume_data=False,
            restore_failed_jobs=True,
        )
        self._preparer = Preparer(self._contents, RestoreSpec(), context, labels={})

    def __iter__(self) -> t.Iterator[TreeObject]:
        for group_resource in sorted(self._contents.types, key=str):
            for ref in self._contents.refs(group_resource):
                yield self._object(ref)

    def _object(self, ref: ItemRef) -> TreeObject:
        why = _of_no_interest(ref.group_resource)
        if why:
            return TreeObject(ref=ref, body={}, stored={}, left_out=why)
        try:
            stored = self._contents.read(ref).get("metadata") or {}
            prepared = self._preparer.prepare(ref)
        except ArchiveError as exc:
            return TreeObject(ref=ref, body={}, stored={}, left_out=UNREAD, warnings=(exc.message,))
        left_out = prepared.skip or _why_made(ref, prepared.body, stored)
        body = _cleaned(ref.group_resource, prepared.body)
        return TreeObject(ref=ref, body=body, stored=stored, left_out=left_out, warnings=prepared.warnings)


def _of_no_interest(group_resource: GroupResource) -> str:
    if group_resource.group in _GROUPS_OF_OPERATIONS:
        return "a record of backups, which is no part of an application"
    return _OF_THE_MOMENT.get(str(group_resource)) or _OF_THE_MOMENT.get(group_resource.group or "", "")


def _why_made(ref: ItemRef, body: ObjectView, stored: ObjectView) -> str:
    """Who makes it again by itself; empty for what somebody wrote."""
    for owner in stored.get("ownerReferences") or ():
        if owner.get("controller"):
            return f"made by a {readable(str(owner.get('kind')))}"
    if ref.group_resource == SECRETS and body.get("type") == _TOKEN_TYPE:
        return "a token that the cluster makes"
    if ref.group_resource == SERVICE_ACCOUNTS and ref.name == "default" and not _says_something(body):
        return "made with its namespace"
    return ""


def _says_something(account: ObjectView) -> bool:
    metadata = account.get("metadata") or {}
    return bool(
        account.get("imagePullSecrets")
        or account.get("secrets")
        or metadata.get("annotations")
        or metadata.get("labels")
    )


def _cleaned(group_resource: GroupResource, body: Object) -> Object:
    metadata = body.get("metadata") or {}
    metadata.pop("managedFields", None)
    _keep(metadata, "annotations", lambda name: not (is_controller_annotation(name) or _is_note(name)))
    _keep(metadata, "labels", lambda name: name not in OUR_LABELS)
    if group_resource == NAMESPACES:
        # Both are the API server's: one for each namespace, and one that is always "kubernetes".
        _keep(metadata, "labels", lambda name: name != _NAME_LABEL)
        if (body.get("spec") or {}).get("finalizers") == ["kubernetes"]:
            del body["spec"]
    if group_resource == PODS:
        _take_init_hook(body)
    return {name: value for name, value in body.items() if value is not None}


def _take_init_hook(pod: Object) -> None:
    """A restore puts the init container of the annotations into the pod, of a tree as well."""
    hook = parse_init_hook(pod)
    if hook is not None:
        spec = pod.get("spec") or {}
        spec["initContainers"] = [each for each in spec.get("initContainers") or [] if each.get("name") != hook.name]


def _is_note(name: str) -> bool:
    return any(name.startswith(known) if known.endswith("/") else name == known for known in _NOTES)


def _keep(metadata: dict[str, t.Any], member: str, wanted: t.Callable[[str], bool]) -> None:
    values = metadata.get(member)
    if values is None:
        return
    kept = {name: value for name, value in values.items() if wanted(name)}
    if kept:
        metadata[member] = kept
    else:
        del metadata[member]


__all__ = ("UNREAD", "TreeObject", "TreeObjects")
