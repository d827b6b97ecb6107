# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""What keeps claims with data from coming back, found before the first write."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._restore.claim_rules import ClaimRules
from ansible_collections.arkive.k8s.plugins.module_utils._restore.csi_sources import CLAIMS
from ansible_collections.arkive.k8s.plugins.module_utils._restore.dry_run import DryRunJudge
from ansible_collections.arkive.k8s.plugins.module_utils._restore.live_state import ApiTypes, LiveState
from ansible_collections.arkive.k8s.plugins.module_utils._restore.object_quota import find_exceeding
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan import LEAVING, PlanItem, RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.pod_claims import claims_in_use
from ansible_collections.arkive.k8s.plugins.module_utils._restore.prepare import Preparer
from ansible_collections.arkive.k8s.plugins.module_utils._restore.selection import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volume_topology import (
    why_no_topology,
    why_out_of_reach,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes import VOLUMES, ClaimDecision
from ansible_collections.arkive.k8s.plugins.module_utils._velero.include_exclude import (
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
)

_NODES = GroupResource("nodes")
_QUOTAS = GroupResource("resourcequotas")
#: What a claim gets its data through.
_CARRIERS = (VOLUMES, VOLUME_SNAPSHOTS, VOLUME_SNAPSHOT_CONTENTS)


class ClaimPreflight:
    """Settles claims with data that would not come back as conflicts, and counts them among the refused ones."""

    def __init__(
        self, client: KubeClient, *, preparer: Preparer, live: LiveState, api: ApiTypes, rules: ClaimRules
    ) -> None:
        self._client = client
        self._preparer = preparer
        self._live = live
        self._api = api
        self._rules = rules

    def run(self, plan: RestorePlan, judge: DryRunJudge) -> None:
        """Ask the server, and look at what it does not look at: pods that keep an old one, quotas, zones."""
        conflicts = [item for item in plan.items if item.action == "conflict" and self._rules.is_lost(item)]
        new = [item for item in _of_types(plan, CLAIMS) if item.intent == "create"]
        claims = [item for item in new if self._rules.is_lost(item)]
        if claims:
            carriers = [item for item in _of_types(plan, *_CARRIERS) if item.intent == "create"]
            judge.find_conflicts(plan, [*carriers, *claims])
            self._look_at_carriers(claims, carriers)
            self._look_at_leaving(claims)
            self._look_at_quotas(new, claims)
            self._look_at_places(claims)
        self._rules.refuse_settled([*conflicts, *(item for item in claims if item.action == "conflict")])

    def _look_at_carriers(self, claims: t.Iterable[PlanItem], carriers: t.Iterable[PlanItem]) -> None:
        """A claim whose volume or snapshot is refused waits for ever."""
        refused = {(item.group_resource, item.name): item for item in carriers if item.action == "conflict"}
        for claim in claims if refused else ():
            decision = self._decision(claim)
            names = {(VOLUMES, self._preparer.volumes.target_name(decision.volume))} if decision.keeps_volume else set()
            if decision.snapshot is not None:
                names = {(kind, decision.snapshot.restored_name) for kind in _CARRIERS}
            for key in names & refused.keys():
                item = refused[key]
                claim.settle("conflict", f"{item.kind} '{item.name}' is refused: {item.reason}", hint=item.hint)

    def _look_at_leaving(self, claims: t.Iterable[PlanItem]) -> None:
        """A claim that is being deleted is kept by Kubernetes for as long as a pod uses it."""
        users: dict[str, dict[str, str]] = {}
        for item in claims:
            namespace = item.namespace or ""
            if not item.intent or item.reason != LEAVING:
                continue
            if namespace not in users:
                users[namespace] = self._users_of_claims(namespace)
            if pod := users[namespace].get(item.name):
                item.settle(
                    "conflict",
                    f"it is being deleted, and cannot go as long as pod '{pod}' uses it",
                    hint=f"Delete pod '{pod}' and what makes it, or restore into another namespace.",
                )

    def _users_of_claims(self, namespace: str) -> dict[str, str]:
        """Claims by name, each with a pod that uses it and is not itself on its way out."""
        pods = [pod for pod in self._list(PODS, namespace) if not pod["metadata"].get("deletionTimestamp")]
        return {claim: str(pod["metadata"]["name"]) for pod in pods for claim in claims_in_use(pod)}

    def look_at_quotas(self, plan: RestorePlan) -> None:
        """Settle everything else that would not fit any more once all before it are there, as the run will find."""
        for item, why in self._exceeding([item for item in plan.items if item.action == "create"]):
            item.settle("conflict", why)

    def _look_at_quotas(self, new: t.Iterable[PlanItem], claims: t.Iterable[PlanItem]) -> None:
        with_data = {id(item) for item in claims}
        for item, why in self._exceeding(new):
            if id(item) in with_data:
                item.settle("conflict", why)

    def _exceeding(self, new: t.Iterable[PlanItem]) -> t.Iterator[tuple[PlanItem, str]]:
        by_namespace: dict[str, list[PlanItem]] = {}
        for item in new:
            if item.intent and item.namespace and self._live.namespaces.get(item.namespace) == "present":
                by_namespace.setdefault(item.namespace, []).append(item)
        for namespace, items in by_namespace.items():
            quotas = self._list(_QUOTAS, namespace)
            if not quotas:
                continue
            refs = [(item.group_resource, item.ref) for item in items]
            bodies = [(kind, self._preparer.prepare(ref).body) for kind, ref in refs if ref is not None]
            exceeding = find_exceeding(bodies, quotas)
            yield from ((item, why) for item in items if (why := exceeding.get((item.group_resource, item.name), "")))

    def _look_at_places(self, claims: t.Iterable[PlanItem]) -> None:
        for item in claims:
            why = self._why_no_place(item) if item.intent else ""
            if why:
                self._rules.settle_out_of_reach(item, why)

    def _why_no_place(self, item: PlanItem) -> str:
        decision, volumes = self._decision(item), self._preparer.volumes
        if decision.snapshot is not None and volumes.csi is not None and item.ref is not None:
            _name, found = volumes.csi.target.class_of(self._preparer.prepare(item.ref).body)
            return why_no_topology(found, self._nodes) if found and found.get("allowedTopologies") else ""
        if not decision.keeps_volume:
            return ""
        name = volumes.target_name(decision.volume)
        volume = self._live.volumes.get(name) or volumes.stored_volume(decision.volume)
        has_place = volume is not None and (volume.get("spec") or {}).get("nodeAffinity")
        return why_out_of_reach(volume, self._nodes) if volume and has_place else ""

    def _decision(self, item: PlanItem) -> ClaimDecision:
        found = self._preparer.prepare(item.ref).volume if item.ref is not None else None
        return found or ClaimDecision(keeps_volume=False)

    @functools.cached_property
    def _nodes(self) -> list[dict[str, str]]:
        return [node["metadata"].get("labels") or {} for node in self._list(_NODES, None)]

    def _list(self, group_resource: GroupResource, namespace: str | None) -> list[dict[str, t.Any]]:
        """Empty where it may not be listed: then the run finds out."""
        resource = self._api.find(group_resource)
        try:
            pages = list_pages(self._client, resource, namespace=namespace) if resource is not None else ()
            return [item for page in pages for item in page.items]
        except KubeError as exc:
            if not exc.forbidden:
                raise
            return []


def _of_types(plan: RestorePlan, *types: GroupResource) -> t.Iterator[PlanItem]:
    for wave in plan.waves:
        if not set(types).isdisjoint(wave.group_resources):
            yield from (item for item in wave.items if item.group_resource in types)


__all__ = ("ClaimPreflight",)
