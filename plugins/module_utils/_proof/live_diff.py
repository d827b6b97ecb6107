# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup beside the cluster, by the comparison of a restore. Nothing is changed."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._proof.diff_outcome import (
    DRIFT,
    ComparedObject,
    DiffOutcome,
    DiffState,
    Owned,
    controller_of,
    patched_fields,
    without_owned,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import ComparedBackup, compare_backup
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.rebuilt import why_rebuilt
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

_STATES: t.Mapping[str, DiffState] = {"unchanged": "equal", "update": "changed", "create": "missing"}


def diff_live(
    request: RestoreRequest,
    *,
    client: KubeClient,
    store: Store,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
) -> DiffOutcome:
    """``request``: a restore that would update what exists; it is not carried out. Raises ``ArkiveError``."""
    cancel = cancel or CancelToken()
    found = compare_backup(request, client=client, store=store, progress=progress, cancel=cancel)
    objects = without_owned([Owned(_compared(item), item.kind, _owner(item)) for item in found.items])
    warnings = [issue.to_return()["message"] for issue in found.issues.warnings]
    forbidden: list[str] = []
    why_not = _why_no_extras(request, found)
    if why_not:
        warnings.append(f"Objects that are in the cluster only are not looked for: {why_not}.")
    else:
        extras, forbidden = _find_extras(found, client, cancel)
        objects += extras
        warnings += forbidden
    drifted = {each.title for each in objects if each.state in DRIFT}
    return DiffOutcome(
        backup=found.backup,
        other=f"the cluster {client.server}",
        location=store.location.describe,
        objects=tuple(objects),
        diffs=[each for each in found.diffs if each["before_header"] in drifted],
        diffs_left_out=found.diffs_left_out,
        warnings=tuple(warnings),
        unknown=tuple(forbidden),
    )


def _compared(item: PlanItem) -> ComparedObject:
    state = _STATES.get(item.action, "not_compared")
    return ComparedObject(
        item.group_resource,
        item.namespace or "",
        item.name,
        state,
        reason=item.why if state == "not_compared" else "",
        fields=patched_fields(item.patch) if state == "changed" else (),
        is_unknown=item.action == "unverified",
    )


def _owner(item: PlanItem) -> tuple[str, str] | None:
    return controller_of([item.facts.owner])


def _why_no_extras(request: RestoreRequest, found: ComparedBackup) -> str:
    """What nobody has asked for is no drift."""
    spec = request.spec
    if request.names or request.select or spec.label_selector or spec.or_label_selectors:
        return "the task chooses single objects"
    if found.spec.get("labelSelector") or found.spec.get("orLabelSelectors"):
        return "the backup was made of objects with certain labels"
    return ""


def _find_extras(
    found: ComparedBackup, client: KubeClient, cancel: CancelToken
) -> tuple[list[ComparedObject], list[str]]:
    """Objects of the types and in the namespaces that the backup has, which it does not have; and warnings."""
    known = {item.key for item in found.items}
    types = {item.group_resource: item.resource for item in found.items if item.resource and item.resource.namespaced}
    extras, warnings = [], []
    for group_resource, resource in sorted(types.items()):
        for namespace in sorted({item.namespace for item in found.items if item.namespace}):
            cancel.check()
            try:
                names = list(_wanted_names(client, resource, namespace))
            except KubeError as exc:
                if not exc.forbidden:
                    raise
                warnings.append(f"Whether {namespace} has more {group_resource} than the backup is not known: {exc}")
                continue
            extras += [
                ComparedObject(group_resource, namespace, name, "extra")
                for name in names
                if (group_resource, namespace, name) not in known
            ]
    return extras, warnings


def _wanted_names(client: KubeClient, resource: ApiResource, namespace: str) -> t.Iterator[str]:
    """Of objects that somebody wants: not those that a controller makes, or the cluster by itself."""
    for page in list_pages(client, resource, namespace=namespace):
        for item in page.items:
            metadata = item["metadata"]
            owners = [owner for owner in metadata.get("ownerReferences") or () if owner.get("controller")]
            if not owners and not why_rebuilt(metadata, {}) and not metadata.get("deletionTimestamp"):
                yield str(metadata["name"])


__all__ = ("diff_live",)
