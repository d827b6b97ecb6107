# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Decide on an action for every selected object, from one LIST for each type and target namespace."""

from __future__ import annotations

import concurrent.futures
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.member_gate import BadMembers
from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.bodies import EncodedBodies
from ansible_collections.arkive.k8s.plugins.module_utils._restore.claim_rules import ClaimRules
from ansible_collections.arkive.k8s.plugins.module_utils._restore.compare import compare
from ansible_collections.arkive.k8s.plugins.module_utils._restore.live_lists import LiveLists
from ansible_collections.arkive.k8s.plugins.module_utils._restore.live_state import ApiTypes, LiveState
from ansible_collections.arkive.k8s.plugins.module_utils._restore.metadata import made_by
from ansible_collections.arkive.k8s.plugins.module_utils._restore.namespace_leases import LEASE_NAME, LEASES
from ansible_collections.arkive.k8s.plugins.module_utils._restore.overwrite import NEVER_RECREATED
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan import LEAVING, ObjectKey, PlanItem, Wave
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan_diffs import PlanDiffs
from ansible_collections.arkive.k8s.plugins.module_utils._restore.prepare import Prepared, Preparer
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._restore.results import RestoreIssues
from ansible_collections.arkive.k8s.plugins.module_utils._restore.selection import CLAIMS, PODS, VOLUMES, Selection
from ansible_collections.arkive.k8s.plugins.module_utils._restore.snapshot_items import leave_out_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._velero.include_exclude import VOLUME_SNAPSHOT_CONTENTS
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import (
    CRDS,
    HIGH_PRIORITIES,
    LOW_PRIORITIES,
    NAMESPACES,
    restore_waves,
)

Order: t.TypeAlias = "tuple[tuple[GroupResource, ...], tuple[GroupResource, ...]]"
#: Items of one type in one namespace by their names, in the order of the names.
_Items: t.TypeAlias = "dict[str, PlanItem]"
#: The same in all namespaces; the namespace of cluster-scoped objects is None.
_Groups: t.TypeAlias = "dict[str | None, _Items]"

#: Types whose objects are looked at once they are created.
_FOLLOWED = frozenset({CRDS, PODS})


class Planner:
    """Plans waves of types. Reads only; safe to be asked again after the cluster got new types."""

    def __init__(
        self,
        client: KubeClient,
        request: RestoreRequest,
        *,
        restore_name: str,
        selection: Selection,
        preparer: Preparer,
        live: LiveState,
        bodies: EncodedBodies,
        issues: RestoreIssues,
        diffs: PlanDiffs,
        cancel: CancelToken,
        order: Order = (HIGH_PRIORITIES, LOW_PRIORITIES),
    ) -> None:
        """``order``: the types to restore first, and those to restore last."""
        self._client = client
        self._request = request
        self._restore_name = restore_name
        self._selection = selection
        self._preparer = preparer
        self._live = live
        self._bodies = bodies
        self._lists = LiveLists(client, cancel)
        self._issues = issues
        self._diffs = diffs
        self._cancel = cancel
        self._order = order
        self._troubled: set[ObjectKey] = set()
        self._handled: set[ObjectKey] = set()
        #: What is wrong with stored objects that cannot be read.
        self.unreadable = BadMembers()
        self.claims = ClaimRules(request.on_missing_volume_data, preparer=preparer, live=live, issues=issues)

    def plan_waves(self, types: t.Collection[GroupResource], api: ApiTypes) -> list[Wave]:
        """Waves for ``types`` (of the selection) in Velero's order; ``namespaces`` stands for the target namespaces."""
        high, low = self._order
        waves = [Wave(group) for group in restore_waves(types, high=high, low=low)]
        groups: dict[GroupResource, _Groups] = {}
        for wave in waves:
            for group_resource in wave.group_resources:
                if group_resource == NAMESPACES:
                    wave.items.extend(self._plan_namespaces(api))
                else:
                    groups[group_resource] = self._open_groups(wave, group_resource)
        self._plan_groups(groups, api)
        self.leave_out_snapshots(waves)
        return waves

    def leave_out_snapshots(self, waves: t.Sequence[Wave]) -> None:
        """Skip the snapshots that nothing will be made from; again after more claims were refused."""
        for item in leave_out_snapshots(waves, self._preparer.volumes.csi, self._live):
            self._diffs.drop(item)

    def plan_new_types(self, waves: t.Iterable[Wave], api: ApiTypes) -> None:
        """Plan again what had no type, after this restore created CustomResourceDefinitions."""
        groups: dict[GroupResource, _Groups] = {}
        for wave in waves:
            for item in wave.items:
                if item.action == "conflict" and item.resource is None and item.ref is not None:
                    item.intent = "create"
                    item.settle("create")
                    groups.setdefault(item.group_resource, {}).setdefault(item.namespace, {})[item.name] = item
        self._plan_groups(groups, api)

    def _plan_namespaces(self, api: ApiTypes) -> t.Iterator[PlanItem]:
        for target, source in self._selection.namespaces.items():
            item = PlanItem(
                group_resource=NAMESPACES, name=target, kind="Namespace", api_version="v1", resource=api.namespaces
            )
            state = self._live.namespaces[target]
            if state in ("present", "unknown"):
                item.settle(
                    "unchanged", "it exists" if state == "present" else "it cannot be read; it is taken to exist"
                )
            elif state == "terminating":
                item.reason = LEAVING
            if item.intent:
                self._diffs.add(item, None, self._preparer.prepare_namespace(target, source))
            yield item

    def _open_groups(self, wave: Wave, group_resource: GroupResource) -> _Groups:
        """Plan items of one type, by target namespace; an object whose place is taken by another is left out."""
        groups: _Groups = {}
        for ref in self._selection.refs.get(group_resource, ()):
            namespace = self._request.spec.target_namespace(ref.namespace) if ref.namespace else None
            item = PlanItem(
                group_resource=group_resource,
                name=self._preparer.target_name(ref),
                namespace=namespace,
                source_namespace=ref.namespace,
                ref=ref,
            )
            if group_resource == LEASES and item.name == LEASE_NAME:
                item.settle("skip", "it is the mark of a restore that ran while the backup was made")
            elif item.key in self._handled:
                item.settle("skip", "an object of the same name from another namespace was mapped to its place")
                self._tell_displaced(item)
            else:
                self._handled.add(item.key)
                groups.setdefault(namespace, {})[item.name] = item
            wave.items.append(item)
        return groups

    def _tell_displaced(self, item: PlanItem) -> None:
        """A claim whose place another one takes loses its data."""
        try:
            if self.claims.is_lost(item):
                self.claims.displace(item)
        except ArchiveError as exc:
            self.unreadable.add(exc.message)

    def _plan_groups(self, groups: t.Mapping[GroupResource, _Groups], api: ApiTypes) -> None:
        """What may be in the cluster is listed by several threads; meanwhile this one prepares all the rest."""
        with concurrent.futures.ThreadPoolExecutor(max_workers=self._request.workers) as pool:
            tasks = []
            fresh: list[_Items] = []
            for found in groups.values():
                there = {namespace: items for namespace, items in found.items() if self._may_have_objects(namespace)}
                fresh.extend(items for namespace, items in found.items() if namespace not in there)
                if there:
                    tasks.append(pool.submit(self._plan_beside_live, pool, there, api))
            for items in fresh:
                self._settle_all_absent(items, api)
            for task in tasks:
                for part in task.result():
                    part.result()

    def _may_have_objects(self, namespace: str | None) -> bool:
        return namespace is None or self._live.namespaces.get(namespace) in ("present", "unknown")

    def _plan_beside_live(
        self, pool: concurrent.futures.ThreadPoolExecutor, groups: _Groups, api: ApiTypes
    ) -> list[concurrent.futures.Future[None]]:
        """Items of one type in namespaces that are there, from one LIST or from one in each namespace."""
        resource = self._served_resource(groups, api)
        wanted = sum(map(len, groups.values()))
        if resource is not None and self._lists.one_is_enough(resource, namespaces=len(groups), wanted=wanted):
            self._plan_group(resource, groups, api, everywhere=True)
            return []
        return [pool.submit(self._plan_group, resource, {namespace: items}, api) for namespace, items in groups.items()]

    def _plan_group(
        self, resource: ApiResource | None, groups: _Groups, api: ApiTypes, *, everywhere: bool = False
    ) -> None:
        """Settle items of one type; only a page of live objects and one body are in memory at a time."""
        if resource is not None:
            for namespace in [None] if everywhere else groups:
                self._compare_with_live(resource, namespace, groups, api)
        for items in groups.values():
            self._settle_all_absent(items, api)

    def _settle_all_absent(self, items: _Items, api: ApiTypes) -> None:
        for item in items.values():
            self._cancel.check()
            prepared = self._prepare(item, api)
            if prepared is not None:
                self._settle_absent(item, prepared, api)

    def _served_resource(self, groups: _Groups, api: ApiTypes) -> ApiResource | None:
        """The type in the version that the items were stored in; None when it is not served."""
        for items in groups.values():
            for item in items.values():
                self._prepare(item, api)
                if item.kind:
                    return item.resource
        return None

    def _prepare(self, item: PlanItem, api: ApiTypes) -> Prepared | None:
        """The body of an item; None when that settles it (left out by a rule, unreadable, not served)."""
        try:
            prepared = self._preparer.prepare(t.cast(ItemRef, item.ref))
        except ArchiveError as exc:
            self.unreadable.add(exc.message)
            item.settle("conflict", exc.message, hint=exc.hint or "")
            return None
        body = prepared.body
        item.kind, item.api_version = str(body.get("kind", "")), str(body.get("apiVersion", ""))
        item.resource = api.find_kind(item.api_version, item.kind)
        if prepared.skip:
            item.settle("skip", prepared.skip)
            return None
        if prepared.refusal:
            item.settle("conflict", prepared.refusal)
            return None
        self._tell_errors(item, prepared)
        if item.resource is None:
            item.settle(
                "conflict",
                f"the API server does not serve {item.api_version} {item.kind}",
                hint="Restore its CustomResourceDefinition first, or leave the type out with excluded_resources.",
            )
            return None
        return prepared

    def _tell_errors(self, item: PlanItem, prepared: Prepared) -> None:
        """Once for each object, however often it is prepared."""
        if not prepared.errors or item.key in self._troubled:
            return
        self._troubled.add(item.key)
        for error in prepared.errors:
            self._issues.error(
                f"error preparing {item.title}: {error}",
                resource=str(item.group_resource),
                namespace=item.namespace or "",
                name=item.name,
            )

    def _compare_with_live(self, resource: ApiResource, namespace: str | None, absent: _Groups, api: ApiTypes) -> None:
        """Stream the live objects: each that is wanted is compared at once, forgotten, and taken out of ``absent``."""
        names: dict[str | None, set[str]] = {name: set() for name in absent}
        try:
            for live, problem in self._lists.objects(resource, namespace):
                metadata = live["metadata"]
                there = metadata.get("namespace") or None
                if there not in names:
                    continue
                names[there].add(metadata["name"])
                item = absent[there].pop(metadata["name"], None)
                prepared = self._prepare(item, api) if item is not None else None
                if item is not None and prepared is not None and problem:
                    item.settle("conflict", f"it exists, and what is there cannot be compared: {problem}")
                elif item is not None and prepared is not None:
                    self.settle_existing(item, live, prepared.body)
        except KubeError as exc:
            if not exc.forbidden:
                raise
            for items in [absent[namespace]] if namespace in absent else absent.values():
                for item in items.values():
                    item.settle("unverified", f"what is there cannot be listed: {exc.message}")
            return
        for there, found in names.items():
            self._live.note_names(resource.group_resource, there, found)

    def settle_existing(self, item: PlanItem, live: dict[str, t.Any], desired: dict[str, t.Any]) -> None:
        """Decide on an object that is there already (Velero 1.18, docs/compatibility 5.7)."""
        if live["metadata"].get("deletionTimestamp"):
            item.reason = LEAVING
            return
        item.made_before, item.kept = made_by(live, self._restore_name), ""
        if item.group_resource == VOLUME_SNAPSHOT_CONTENTS and item.made_before:
            # Whatever is different by now was written by its controllers.
            self._live.content_policies[item.name] = str((live.get("spec") or {}).get("deletionPolicy") or "")
            item.settle("unchanged")
            return
        if item.group_resource == CLAIMS:
            self._live.note_claim(live)
        if item.group_resource == CLAIMS and not self.claims.accepts_live(item, live):
            return
        if item.group_resource == VOLUMES and item.ref is not None and self._preparer.prepare(item.ref).native:
            native = self._preparer.volumes.native
            why = native.why_leaving(live) if native else ""
            if why:
                item.reason = f"{why}; the restore waits until it is gone and makes it anew from its snapshot"
                return
            desired = native.adopt_volume(desired, live) if native else desired
        comparison = compare(item.group_resource, live, desired)
        if comparison.equal:
            item.settle("unchanged")
        elif comparison.always or self._request.spec.policy != "none":
            item.patch = comparison.patch
            item.settle("update", comparison.reason)
            if not comparison.always:
                self._choose_method(item)
            self._diffs.add_update(item, live)
        else:
            item.settle("skip", "it exists and differs from the backup; existing_resource_policy is none")
            self._issues.warning(
                f'could not restore, {item.kind} "{item.name}" already exists. '
                "Warning: the in-cluster version is different than the backed-up version",
                resource=str(item.group_resource),
                namespace=item.namespace or "",
                name=item.name,
                hint="Set existing_resource_policy: update to change it.",
            )

    def _choose_method(self, item: PlanItem) -> None:
        policy = self._request.spec.policy
        if policy == "recreate" and item.group_resource in NEVER_RECREATED:
            item.reason = "it is changed in place: data would be lost with it"
        elif policy == "recreate":
            item.method, item.reason = "recreate", "it is deleted and created anew"
        elif policy == "replace":
            item.method, item.reason = "replace", "it is replaced whole"

    def _settle_absent(self, item: PlanItem, prepared: Prepared, api: ApiTypes) -> None:
        maker = self._live_controller(item, prepared, api)
        if maker:
            item.settle("skip", f"its {maker} is in the cluster and makes its own")
            return
        lost = prepared.volume
        if lost is not None and lost.missing and not self.claims.accepts_empty(item, lost):
            return
        for warning in prepared.warnings:
            self._issues.warning(
                warning, resource=str(item.group_resource), namespace=item.namespace or "", name=item.name
            )
        self._diffs.add(item, None, prepared.body)
        more = prepared.status or (self._request.restore_managed_fields and prepared.managed_fields)
        if not more and item.group_resource not in _FOLLOWED and prepared.native is None:
            item.body_place = self._bodies.add(prepared.body)

    def _live_controller(self, item: PlanItem, prepared: Prepared, api: ApiTypes) -> str:
        """The live controller that owned this pod: it would delete a restored pod beside its own."""
        owner = prepared.owner
        present = item.namespace is not None and self._live.namespaces.get(item.namespace) == "present"
        if item.group_resource.resource != "pods" or owner is None or not present:
            return ""
        resource = api.find_kind(str(owner.get("apiVersion")), str(owner.get("kind")))
        if resource is None or owner.get("name") not in self._live.names(self._client, resource, item.namespace):
            return ""
        return f"{owner.get('kind')} '{owner.get('name')}'"


__all__ = ("Order", "Planner")
