# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan: each object is read, transformed and compared once, and gets its action."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import dataclasses
import itertools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    LEASES,
    NAMESPACES,
    PODS,
    VOLUME_SNAPSHOT_CONTENTS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.chosen import Chosen
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_lists import LiveLists
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import ApiTypes
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.restore_mark import LEASE_NAME
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.pods import LEFT_EMPTY_HINT, begins_empty
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import (
    LEAVING,
    ObjectKey,
    PlanItem,
    RestorePlan,
    Wave,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.prepared import Prepared
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.roll_back import KEPT_LABEL
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.stop_mark import as_before
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.candidates import (
    UNLISTED,
    Candidate,
    ObjectReader,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.claim_rules import ClaimRules, would_lose_data
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.compare import is_plainly_equal
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.existing import ExistingObjects
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings, Planned
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.metadata import made_by
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.order import resolve_order
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.snapshot_items import leave_out_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.transforms import make_preparer
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.unserved import UnservedTypes
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_modifiers import ResourceModifiers
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import restore_waves

#: Objects of one type in one namespace by their names, in the order of the names.
_Candidates: t.TypeAlias = "dict[str, Candidate]"
#: The same in all namespaces; the namespace of cluster-scoped objects is None.
_Groups: t.TypeAlias = "dict[str | None, _Candidates]"
_Planned: t.TypeAlias = "list[PlanItem]"

#: Whose bodies are asked for even where nothing is written: for hooks, and for volumes that are still awaited.
_ALWAYS_KEPT = frozenset({CLAIMS, PODS, VOLUME_SNAPSHOT_CONTENTS})


class Planner:
    """Plans waves of types. Reads only. ``chosen`` and ``findings`` are what it plans from."""

    def __init__(self, run: RestoreRun, chosen: Chosen, findings: Findings) -> None:
        self._run = run
        self.chosen = chosen
        self.findings = findings
        self._live = findings.live
        tracking = None if findings.owners is None else findings.owners.tracking
        self._preparer = make_preparer(run, chosen, findings.volumes, tracking)
        unserved = UnservedTypes(run, chosen, findings.live)
        self._reader = ObjectReader(run, chosen.contents, self._preparer, findings, unserved)
        self._lists = LiveLists(run.client, run.cancel)
        self._claims = ClaimRules(run, findings)
        self._existing = ExistingObjects(run, findings, self._claims)
        self._numbers = itertools.count()
        self._taken: set[ObjectKey] = set()

    @property
    def modifiers(self) -> ResourceModifiers | None:
        return self._preparer.modifiers

    def plan(self) -> Planned:
        """All chosen objects in Velero's order; ``namespaces`` stands for the target namespaces."""
        high, low = resolve_order(self.chosen.discovery, self._run.request)
        types: set[GroupResource] = {*self.chosen.items.refs, NAMESPACES}
        opened: list[tuple[tuple[GroupResource, ...], list[Candidate | PlanItem]]] = []
        groups: dict[GroupResource, _Groups] = {}
        for wave in restore_waves(types, high=high, low=low):
            places: list[Candidate | PlanItem] = []
            for group_resource in wave:
                if group_resource == NAMESPACES:
                    places += self._plan_namespaces()
                else:
                    places += self._open(group_resource, groups.setdefault(group_resource, {}))
            opened.append((wave, places))
        planned = {item.number: item for item in self._plan_groups(groups, self.chosen.api)}
        plan = RestorePlan(
            tuple(
                Wave(wave, tuple(place if isinstance(place, PlanItem) else planned[place.number] for place in places))
                for wave, places in opened
            )
        )
        return Planned(plan=drop_idle_snapshots(plan, self.findings), unreadable=self._reader.unreadable)

    def plan_new_types(self, plan: RestorePlan, api: ApiTypes) -> RestorePlan:
        """The plan, with what had no type before this restore created CustomResourceDefinitions."""
        groups: dict[GroupResource, _Groups] = {}
        for item in plan.items:
            if item.awaits_type and item.ref is not None:
                waiting = Candidate(item.number, item.group_resource, item.name, item.namespace, item.ref, waited=item)
                groups.setdefault(item.group_resource, {}).setdefault(item.namespace, {})[item.name] = waiting
        return plan.replacing(self._plan_groups(groups, api))

    def _plan_namespaces(self) -> t.Iterator[PlanItem]:
        for target, source in self.chosen.items.namespaces.items():
            item = PlanItem(
                number=next(self._numbers),
                group_resource=NAMESPACES,
                name=target,
                kind="Namespace",
                api_version="v1",
                resource=self.chosen.api.namespaces,
            )
            state = self._live.namespaces[target]
            if state in ("present", "unknown"):
                yield item.decided(
                    "unchanged", "it exists" if state == "present" else "it cannot be read; it is taken to exist"
                )
                continue
            prepared = self._preparer.prepare_namespace(target, source)
            self._report(item, prepared)
            self.findings.diffs.add(item, None, prepared.body)
            reason = self._why_leaving(target) if state == "terminating" else ""
            yield item.with_reason(reason, body=self.findings.objects.add(prepared.body))

    def _why_leaving(self, namespace: str) -> str:
        held = self._live.held.get(namespace)
        return f"{LEAVING} (it waits for this: {held})" if held else LEAVING

    def _open(self, group_resource: GroupResource, groups: _Groups) -> t.Iterator[Candidate | PlanItem]:
        """Candidates of one type, which come into ``groups``; an object whose place is taken by another is left out."""
        for ref in self.chosen.items.refs.get(group_resource, ()):
            namespace = self._run.request.spec.target_namespace(ref.namespace) if ref.namespace else None
            name = self._preparer.target_name(ref)
            candidate = Candidate(next(self._numbers), group_resource, name, namespace, ref)
            key = (group_resource, namespace, name)
            if group_resource == LEASES and name == LEASE_NAME:
                why = "it is the mark of a restore that ran while the backup was made"
                yield self._reader.bare_item(candidate).decided("skip", why)
            elif key in self._taken:
                yield self._plan_displaced(candidate)
            else:
                self._taken.add(key)
                groups.setdefault(namespace, {})[name] = candidate
                yield candidate

    def _plan_displaced(self, candidate: Candidate) -> PlanItem:
        """A claim whose place another one takes loses its data."""
        why = "an object of the same name from another namespace was mapped to its place"
        item = self._reader.bare_item(candidate).decided("skip", why)
        if candidate.group_resource != CLAIMS:
            return item
        try:
            prepared = self._preparer.prepare(candidate.ref)
        except ArchiveError as exc:
            self._reader.unreadable.add(exc.message)
            return item
        item = item.with_reason(why, facts=self._reader.facts(prepared))
        return self._claims.judge_displaced(item) if would_lose_data(item) else item

    def _plan_groups(self, groups: t.Mapping[GroupResource, _Groups], api: ApiTypes) -> _Planned:
        """What may be in the cluster is listed by several threads; meanwhile this one prepares all the rest."""
        planned: _Planned = []
        with concurrent.futures.ThreadPoolExecutor(max_workers=self._run.workers) as pool:
            tasks = []
            fresh: list[_Candidates] = []
            for found in groups.values():
                there = {namespace: some for namespace, some in found.items() if self._may_have_objects(namespace)}
                fresh.extend(some for namespace, some in found.items() if namespace not in there)
                if there:
                    tasks.append(pool.submit(self._plan_beside_live, pool, there, api))
            for some in fresh:
                planned += self._plan_absent(some, api)
            for task in tasks:
                for part in task.result():
                    planned += part.result()
        return planned

    def _may_have_objects(self, namespace: str | None) -> bool:
        return namespace is None or self._live.namespaces.get(namespace) in ("present", "unknown")

    def _plan_beside_live(
        self, pool: concurrent.futures.ThreadPoolExecutor, groups: _Groups, api: ApiTypes
    ) -> list[concurrent.futures.Future[_Planned]]:
        """Objects of one type in namespaces that are there, from one LIST or from one in each namespace."""
        resource = self._served_resource(groups, api)
        wanted = sum(map(len, groups.values()))
        if resource is not None and self._lists.one_is_enough(resource, namespaces=len(groups), wanted=wanted):
            done: concurrent.futures.Future[_Planned] = concurrent.futures.Future()
            done.set_result(self._plan_group(resource, groups, api, everywhere=True))
            return [done]
        return [pool.submit(self._plan_group, resource, {namespace: some}, api) for namespace, some in groups.items()]

    def _served_resource(self, groups: _Groups, api: ApiTypes) -> ApiResource | None:
        """The type in the version that the objects were stored in; None when it is not served."""
        for some in groups.values():
            for candidate in some.values():
                found = self._reader.look(candidate, api)
                if found.kind:
                    return found.resource
        return None

    def _plan_group(
        self, resource: ApiResource | None, groups: _Groups, api: ApiTypes, *, everywhere: bool = False
    ) -> _Planned:
        """Objects of one type; only a page of live objects and one body are in memory at a time."""
        planned: _Planned = []
        if resource is not None:
            for namespace in [None] if everywhere else groups:
                planned += self._compare_with_live(resource, namespace, groups, api)
        for some in groups.values():
            planned += self._plan_absent(some, api)
        return planned

    def _compare_with_live(
        self, resource: ApiResource, namespace: str | None, absent: _Groups, api: ApiTypes
    ) -> _Planned:
        """Stream the live objects: each that is wanted is compared at once, forgotten, and taken out of ``absent``."""
        planned: _Planned = []
        names: dict[str | None, set[str]] = {name: set() for name in absent}
        try:
            for live, problem in self._lists.objects(resource, namespace):
                metadata = live["metadata"]
                there = metadata.get("namespace") or None
                if there not in names:
                    continue
                if resource.group_resource == CLAIMS and KEPT_LABEL in (metadata.get("labels") or {}):
                    self._live.kept_claims.append(live)
                names[there].add(metadata["name"])
                candidate = absent[there].pop(metadata["name"], None)
                if candidate is not None:
                    planned.append(self._plan_existing(candidate, live, problem, api))
        except KubeError as exc:
            if not exc.forbidden:
                raise
            for some in [absent[namespace]] if namespace in absent else absent.values():
                for candidate in some.values():
                    candidate.unlisted = f"{UNLISTED}: {exc.message}"
            return planned
        for there, found in names.items():
            self._live.note_names(resource.group_resource, there, found)
        return planned

    def _plan_existing(self, candidate: Candidate, live: dict[str, t.Any], problem: str, api: ApiTypes) -> PlanItem:
        """``problem``: why ``live`` cannot be read; empty when it can."""
        found = self._reader.read(candidate, api)
        if isinstance(found, PlanItem):
            return found
        if problem:
            why = f"it exists, and what is there cannot be compared: {problem}"
            return self._reader.item(candidate, found).decided("conflict", why)
        live = as_before(live)
        body = found.prepared.body
        if self._is_settled(candidate, found.prepared, live):
            made = made_by(live, self._run.name)
            return self._reader.item(candidate, found, action="unchanged", intent="", made_before=made)
        item = self._reader.item(candidate, found, keep=True)
        there = self._reader.marks(live)
        item = dataclasses.replace(item, marks=(*there, *(mark for mark in item.marks if mark not in there)))
        item = self._existing.decide(item, live, body, stored_claim=found.prepared.stored_claim)
        if item.intent == "update" or item.method == "roll_back":
            self._report(item, found.prepared)
        if item.method == "roll_back":
            self.findings.diffs.add(item, None, body)
        return item

    def _is_settled(self, candidate: Candidate, prepared: Prepared, live: dict[str, t.Any]) -> bool:
        """Equal, and nothing else is to be decided: nearly all objects of a second restore."""
        return (
            candidate.group_resource not in _ALWAYS_KEPT
            and prepared.remade_from is None
            and not live["metadata"].get("deletionTimestamp")
            and is_plainly_equal(live, prepared.body)
        )

    def _plan_absent(self, candidates: _Candidates, api: ApiTypes) -> _Planned:
        """Objects that are not in the cluster, as far as anybody knows."""
        planned: _Planned = []
        for candidate in candidates.values():
            self._run.cancel.check()
            planned.append(self._plan_new(candidate, api))
        return planned

    def _plan_new(self, candidate: Candidate, api: ApiTypes) -> PlanItem:
        found = self._reader.read(candidate, api)
        if isinstance(found, PlanItem):
            return found
        maker = self._live_controller(candidate, found.prepared.owner, api)
        if maker:
            why = f"its {maker} is in the cluster and makes its own{begins_empty(found.prepared.pod_data)}"
            return self._tell_left_empty(self._reader.item(candidate, found).decided("skip", why))
        unlisted: dict[str, t.Any] = (
            {"action": "unverified", "reason": candidate.unlisted} if candidate.unlisted else {}
        )
        item = self._reader.item(candidate, found, keep=True, **unlisted)
        volume = found.prepared.volume
        if volume is not None and volume.missing:
            item = self._claims.judge_empty(item, volume)
            if item.forbids_all:
                return item
        self._report(item, found.prepared)
        self.findings.diffs.add(item, None, found.prepared.body)
        return item

    def _report(self, item: PlanItem, prepared: Prepared) -> None:
        """What was noticed while an object that will be written was prepared."""
        where = {"resource": str(item.group_resource), "namespace": item.namespace or "", "name": item.name}
        for warning in prepared.warnings:
            self._run.issues.warning(warning, **where)
        if item.group_resource == NAMESPACES:
            for error in prepared.errors:
                self._run.issues.error(f"error preparing {item.title}: {error}", **where)

    def _tell_left_empty(self, item: PlanItem) -> PlanItem:
        """``item``, a pod that is left out: a restore is not whole where that costs data, and says so."""
        if any(not each.missing for each in item.facts.pod_data):
            self._run.issues.warning(
                f"Pod {item.namespace}/{item.name} does not come back: {item.why}.",
                resource=str(item.group_resource),
                namespace=item.namespace or "",
                name=item.name,
                hint=LEFT_EMPTY_HINT,
            )
        return item

    def _live_controller(self, candidate: Candidate, owner: t.Mapping[str, t.Any] | None, api: ApiTypes) -> str:
        """The live controller that owned this pod: it would delete a restored pod beside its own."""
        namespace = candidate.namespace
        present = namespace is not None and self._live.namespaces.get(namespace) == "present"
        if candidate.group_resource.resource != "pods" or owner is None or not present:
            return ""
        resource = api.find_kind(str(owner.get("apiVersion")), str(owner.get("kind")))
        if resource is None or owner.get("name") not in self._live.names(self._run.client, resource, namespace):
            return ""
        return f"{owner.get('kind')} '{owner.get('name')}'"


def drop_idle_snapshots(plan: RestorePlan, findings: Findings) -> RestorePlan:
    """The plan without the snapshots that nothing will be made from."""
    found = leave_out_snapshots(plan, findings.volumes.objects, findings.live)
    for item in found:
        if not item.intent:
            findings.diffs.drop(item)
    return plan.replacing(found)


__all__ = ("Planner", "drop_idle_snapshots")
