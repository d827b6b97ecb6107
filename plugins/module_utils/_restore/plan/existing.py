# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done about an object that is in the cluster already (Velero 1.18, docs/compatibility 5.7)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    PODS,
    VOLUME_SNAPSHOT_CONTENTS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import LEAVING, PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.claim_rules import ClaimRules
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.compare import compare
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.metadata import made_by
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.overwrite import NEVER_RECREATED
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.shared_objects import merge_binding
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import WANTED_MARK


class ExistingObjects:
    """Decides by ``existing_resource_policy``: in the plan, and for what came after it. Safe to use from any thread."""

    def __init__(self, run: RestoreRun, findings: Findings, claims: ClaimRules) -> None:
        self._run = run
        self._live = findings.live
        self._objects = findings.objects
        self._volumes = findings.volumes
        self._claims = claims

    def decide(self, item: PlanItem, live: Object, desired: Object, *, stored_claim: Object | None) -> PlanItem:
        """``item`` with its action, by our own rules: of one that differs, the judge asks the API server.

        ``desired`` is the body that was prepared; it takes over fields of ``live`` on the way. ``stored_claim`` is how
        the backup has it, if it is a claim.
        """
        if live["metadata"].get("deletionTimestamp"):
            return item.with_reason(LEAVING)
        item = dataclasses.replace(item, made_before=made_by(live, self._run.name), kept="")
        if item.group_resource == VOLUME_SNAPSHOT_CONTENTS and item.made_before:
            # Whatever is different by now was written by its controllers.
            self._live.content_policies[item.name] = str((live.get("spec") or {}).get("deletionPolicy") or "")
            return item.decided("unchanged")
        if item.group_resource == CLAIMS:
            self._live.note_claim(live)
            item = self._claims.judge_live(item, live, stored_claim or {})
            if item.method == "roll_back":
                self._live.forget_claim(item.namespace or "", item.name)
            if item.forbids_all or item.method == "roll_back":
                return item
        if item.group_resource == PODS:
            self._note_waiting(item, live)
        source = item.facts.remade_from
        if source is not None:
            provider = self._volumes.provider_of(source)
            why = provider.why_leaving(live)
            if why:
                return item.with_reason(
                    f"{why}; the restore waits until it is gone and makes it anew from its snapshot"
                )
            desired = provider.adopt_volume(desired, live)
        return self._compare(item, live, desired)

    def _note_waiting(self, item: PlanItem, live: Object) -> None:
        filling = self._volumes.pod_filling
        if filling is not None and filling.is_unfilled(live):
            self._live.waiting_pods[item.namespace or "", item.name] = str(live["metadata"]["annotations"][WANTED_MARK])

    def _compare(self, item: PlanItem, live: Object, desired: Object) -> PlanItem:
        request = self._run.request
        policy = request.spec.policy
        merged = merge_binding(item.group_resource, live, desired) if request.merge_subjects else None
        comparison = merged or compare(item.group_resource, live, desired)
        if comparison.equal:
            return item.decided("unchanged")
        item = dataclasses.replace(item, patch=comparison.patch, live=self._objects.add(live), judged="", dropped=())
        if comparison.always:
            return item.decided("update", comparison.reason)
        if policy == "none":
            return item.decided("skip", "it exists and differs from the backup; existing_resource_policy is none")
        return _with_method(item.decided("update"), policy)


def _with_method(item: PlanItem, policy: str) -> PlanItem:
    if policy == "recreate" and item.group_resource in NEVER_RECREATED:
        return item.with_reason("it is changed in place: data would be lost with it")
    if policy == "recreate":
        return item.with_reason("it is deleted and created anew", method="recreate")
    if policy == "replace":
        return item.with_reason("it is replaced whole", method="replace")
    return item


__all__ = ("ExistingObjects",)
