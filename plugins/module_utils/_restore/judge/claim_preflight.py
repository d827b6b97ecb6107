# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keeps claims with data from coming back, found before the first write."""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    NODES,
    PODS,
    RESOURCE_QUOTAS,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import claims_in_use
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import ApiTypes
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.volume_decisions import ClaimDecision
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.dry_run import DryRunJudge
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.object_quota import find_exceeding
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.volume_topology import (
    why_no_topology,
    why_out_of_reach,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import LEAVING, PlanItem, RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.claim_rules import ClaimRules, would_lose_data
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun

#: What a claim gets its data through.
_CARRIERS = (VOLUMES, VOLUME_SNAPSHOTS, VOLUME_SNAPSHOT_CONTENTS)
#: Claims with data, by their numbers.
_Claims: t.TypeAlias = "dict[int, PlanItem]"


class ClaimPreflight:
    """Asks the server, and looks at what it does not look at: pods that keep an old claim, quotas, zones."""

    def __init__(self, run: RestoreRun, findings: Findings, api: ApiTypes) -> None:
        self._run = run
        self._objects = findings.objects
        self._live = findings.live
        self._volumes = findings.volumes
        self._classes = findings.classes
        self._api = api
        self._judge = DryRunJudge(run, findings)
        self._rules = ClaimRules(run, findings)

    def find_lost(self, plan: RestorePlan) -> list[PlanItem]:
        """What is to take its place in the plan: claims with data that would not come back, as conflicts.

        So are the volumes and snapshots through which they would, where the server refuses them.
        """
        conflicts = [item for item in plan.items if item.action == "conflict" and would_lose_data(item)]
        new = [item for item in plan.of_types(CLAIMS) if item.intent == "create"]
        claims = {item.number: item for item in new if would_lose_data(item)}
        carriers = [item for item in plan.of_types(*_CARRIERS) if item.intent == "create"]
        refused: list[PlanItem] = []
        if claims:
            judged = {item.number: item for item in self._judge.find_conflicts(plan, [*carriers, *claims.values()])}
            refused = [judged[item.number] for item in carriers if item.number in judged]
            claims = {number: judged.get(number, item) for number, item in claims.items()}
            claims = self._look_at_carriers(claims, refused)
            claims = self._look_at_leaving(claims)
            claims = self._look_at_quotas(new, claims)
            claims = {number: self._look_at_place(item) for number, item in claims.items()}
        lost = [item for item in claims.values() if item.action == "conflict"]
        counted = self._rules.refuse_decided([*conflicts, *lost])
        known = {item.number for item in counted}
        return [*counted, *(item for item in (*refused, *lost) if item.number not in known)]

    def _look_at_carriers(self, claims: _Claims, carriers: t.Iterable[PlanItem]) -> _Claims:
        """A claim whose volume or snapshot is refused waits forever."""
        refused = {(item.group_resource, item.name): item for item in carriers}
        found = dict(claims)
        for number, claim in claims.items() if refused else ():
            decision = _decision(claim)
            names = {(VOLUMES, self._volumes.target_name(decision.volume))} if decision.keeps_volume else set()
            if decision.snapshot is not None:
                names = {(kind, decision.snapshot.helper) for kind in _CARRIERS}
            for key in names & refused.keys():
                item = refused[key]
                why = f"{item.kind} '{item.name}' is refused: {item.reason}"
                found[number] = claim.decided("conflict", why, hint=item.hint)
        return found

    def _look_at_leaving(self, claims: _Claims) -> _Claims:
        """A claim that is being deleted is kept by Kubernetes for as long as a pod uses it."""
        users: dict[str, dict[str, str]] = {}
        found = dict(claims)
        for number, item in claims.items():
            namespace = item.namespace or ""
            if not item.intent or item.reason != LEAVING:
                continue
            if namespace not in users:
                users[namespace] = self._users_of_claims(namespace)
            if pod := users[namespace].get(item.name):
                found[number] = item.decided(
                    "conflict",
                    f"it is being deleted, and cannot go as long as pod '{pod}' uses it",
                    hint=f"Delete pod '{pod}' and what makes it, or restore into another namespace.",
                )
        return found

    def _users_of_claims(self, namespace: str) -> dict[str, str]:
        """Claims by name, each with a pod that uses it and is not itself on its way out."""
        pods = [pod for pod in self._list(PODS, namespace) if not pod["metadata"].get("deletionTimestamp")]
        return {claim: str(pod["metadata"]["name"]) for pod in pods for claim in claims_in_use(pod)}

    def find_over_quota(self, plan: RestorePlan) -> list[PlanItem]:
        """Everything that would not fit any more once all before it are there, as the run will find, as conflicts."""
        new = [item for item in plan.items if item.action == "create"]
        return [item.decided("conflict", why) for item, why in self._exceeding(new)]

    def _look_at_quotas(self, new: t.Iterable[PlanItem], claims: _Claims) -> _Claims:
        """``new`` are all claims that would be made, with data or without."""
        over = self._exceeding([claims.get(item.number, item) for item in new])
        return claims | {item.number: item.decided("conflict", why) for item, why in over if item.number in claims}

    def _exceeding(self, new: t.Iterable[PlanItem]) -> t.Iterator[tuple[PlanItem, str]]:
        by_namespace: dict[str, list[PlanItem]] = {}
        for item in new:
            if item.intent and item.namespace and self._live.namespaces.get(item.namespace) == "present":
                by_namespace.setdefault(item.namespace, []).append(item)
        for namespace, items in by_namespace.items():
            quotas = self._list(RESOURCE_QUOTAS, namespace)
            if not quotas:
                continue
            bodies = [(item.group_resource, self._objects.load(item.body)) for item in items if item.body is not None]
            exceeding = find_exceeding(bodies, quotas)
            yield from ((item, why) for item in items if (why := exceeding.get((item.group_resource, item.name), "")))

    def _look_at_place(self, item: PlanItem) -> PlanItem:
        why = self._why_no_place(item) if item.intent else ""
        return self._rules.judge_out_of_reach(item, why) if why else item

    def _why_no_place(self, item: PlanItem) -> str:
        decision = _decision(item)
        if decision.snapshot is not None:
            _name, found = self._classes.class_of(self._objects.load(item.body))
            return why_no_topology(found, self._nodes) if found and found.get("allowedTopologies") else ""
        if not decision.keeps_volume:
            return ""
        name = self._volumes.target_name(decision.volume)
        volume = self._live.volumes.get(name) or self._volumes.stored_volume(decision.volume)
        has_place = volume is not None and (volume.get("spec") or {}).get("nodeAffinity")
        return why_out_of_reach(volume, self._nodes) if volume and has_place else ""

    @functools.cached_property
    def _nodes(self) -> list[dict[str, str]]:
        return [node["metadata"].get("labels") or {} for node in self._list(NODES, None)]

    def _list(self, group_resource: GroupResource, namespace: str | None) -> list[dict[str, t.Any]]:
        """Empty where it may not be listed: then the run finds out."""
        resource = self._api.find(group_resource)
        try:
            pages = list_pages(self._run.client, resource, namespace=namespace) if resource is not None else ()
            return [item for page in pages for item in page.items]
        except KubeError as exc:
            if not exc.forbidden:
                raise
            return []


def _decision(item: PlanItem) -> ClaimDecision:
    return item.facts.volume or ClaimDecision(keeps_volume=False)


__all__ = ("ClaimPreflight",)
