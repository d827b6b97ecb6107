# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let the API server judge a plan by its own dry run, object by object."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CRDS, NAMESPACES
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need, find_forbidden
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import (
    create_object,
    delete_object,
    get_object,
    patch_object,
    replace_object,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.existing_judge import (
    changed_definitions,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.needed_objects import needed_objects
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import ObjectKey, PlanItem, RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.roll_back import kept_name
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.unmade_namespaces import why_not_made
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.candidates import UNLISTED
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.dropped import (
    find_dropped,
    show_path,
    without_fields,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.overwrite import replacement
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.refusal_hints import refusal_hint
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun, subject_of
from ansible_collections.arkive.k8s.plugins.module_utils._velero.builtin_types import builtin_type


@dataclasses.dataclass(frozen=True, slots=True)
class _Round:
    """What is known while the objects of one plan are asked about.

    ``planned`` are those that will be created, ``definitions`` those that are changed. ``unmade`` namespaces may not be
    made: why, and what to do about it. ``forbidden`` types may not be created in a namespace.
    """

    planned: frozenset[ObjectKey]
    definitions: frozenset[str]
    forbidden: frozenset[tuple[GroupResource, str]]
    unmade: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)


class DryRunJudge:
    """Turns each planned create and update into what the server says of it. Writes nothing."""

    def __init__(self, run: RestoreRun, findings: Findings) -> None:
        self._run = run
        self._client = run.client
        self._live = findings.live
        self._objects = findings.objects
        self._diffs = findings.diffs

    def find_conflicts(self, plan: RestorePlan, items: t.Sequence[PlanItem]) -> list[PlanItem]:
        """Those of some items of a plan that the server refuses, as conflicts.

        Items in a namespace that the server does not let us make are refused, the namespace itself is not reported.
        """
        targets = {item.namespace for item in items}
        namespaces = [item for item in plan.of_types(NAMESPACES) if item.name in targets]
        judged = self._judge_all(plan, [*namespaces, *items])
        return [item for item in judged if item.action != "unverified" and item.group_resource != NAMESPACES]

    def judge(self, plan: RestorePlan) -> RestorePlan:
        """The plan with the server's judgement of everything that would be written."""
        plan = plan.replacing(_explain_missing_types(plan, _planned_keys(plan)))
        open_items = [item for item in plan.items if item.intent and _can_be_asked(item)]
        plan = plan.replacing(self._judge_all(plan, open_items))
        for item in plan.items:
            if not item.intent:
                self._diffs.drop(item)
        return plan

    def _judge_all(self, plan: RestorePlan, items: t.Sequence[PlanItem]) -> list[PlanItem]:
        """What has changed. Namespaces first: what is to go into one that cannot be made need not be asked about."""
        found = _Round(_planned_keys(plan), changed_definitions(plan), self._find_forbidden(items))
        namespaces = [item for item in items if item.group_resource == NAMESPACES and item.intent]
        others = [item for item in items if item.group_resource != NAMESPACES]
        with concurrent.futures.ThreadPoolExecutor(max_workers=self._run.workers) as pool:
            judged = [done.result() for done in [pool.submit(self._judge, item, found) for item in namespaces]]
            found.unmade.update({item.name: (item.reason, item.hint) for item in judged if not item.intent})
            judged += [done.result() for done in [pool.submit(self._judge, item, found) for item in others]]
        return [new for new, old in zip(judged, [*namespaces, *others], strict=True) if new is not old]

    def _find_forbidden(self, items: t.Iterable[PlanItem]) -> frozenset[tuple[GroupResource, str]]:
        """Where there is no namespace yet, nothing can be tried but what may not be done in it at all."""
        needs = {
            Need("create", item.group_resource.group, item.group_resource.resource, namespace=item.namespace): item
            for item in items
            if item.namespace and item.intent == "create" and self._live.namespaces.get(item.namespace) != "present"
        }
        forbidden = find_forbidden(self._client, needs, workers=self._run.workers)
        return frozenset((needs[need].group_resource, need.namespace) for need in forbidden)

    def _judge(self, item: PlanItem, found: _Round) -> PlanItem:
        self._run.cancel.check()
        if item.reason.startswith("it is being deleted"):
            return item.decided("unverified", item.reason)
        namespace = item.namespace
        state = self._live.namespaces.get(namespace or "", "present")
        if namespace in found.unmade:
            why, hint = found.unmade[namespace]
            return item.decided("conflict", why_not_made(namespace, why), hint=hint)
        if (item.group_resource, namespace) in found.forbidden:
            return self._ask(item, found)
        if state == "absent":
            return item.decided("unverified", f"namespace '{namespace}' is created by this restore")
        if state == "terminating":
            return item.decided(
                "unverified", f"namespace '{namespace}' is being deleted; the restore waits and makes it anew"
            )
        if str(item.group_resource) in found.definitions:
            why = f"its definition is changed by this restore (CustomResourceDefinition {item.group_resource})"
            return item.decided("unverified", why)
        return self._ask(item, found)

    def _ask(self, item: PlanItem, found: _Round) -> PlanItem:
        resource = item.resource
        if resource is None or (item.judged == "server" and item.method != "recreate"):
            return item
        client = self._run.client_for(item)
        try:
            if item.method == "recreate":
                delete_object(self._client, resource, item.name, item.namespace, dry_run=True)
                why = f"{item.reason}; the server cannot judge the new one while the old is there"
                return item.decided("unverified", why)
            if item.method == "replace":
                self._ask_replacement(item, resource)
            elif item.intent == "update":
                patch = item.patch or {}
                patch_object(client, resource, item.name, patch, namespace=item.namespace, dry_run=True)
            else:
                body = self._objects.load(item.body)
                if item.method == "roll_back":
                    # Beside the one that is there: for a while there are two.
                    body["metadata"]["name"] = kept_name(item.name, self._run.name)
                made = create_object(client, resource, body, namespace=item.namespace, dry_run=True)
                body["metadata"]["name"] = item.name
                return self._without_dropped(item, body, made)
        except KubeError as exc:
            return self._refused(item, exc, found)
        return item

    def _without_dropped(self, item: PlanItem, body: Object, made: Object) -> PlanItem:
        paths = find_dropped(body, made, typed=builtin_type(item.group_resource) is not None)
        if not paths:
            return item
        item = dataclasses.replace(item, dropped=tuple(map(show_path, paths)))
        self._run.warned.note_dropped(subject_of(item), item.dropped)
        self._diffs.add(item, None, without_fields(body, paths))
        return item

    def _ask_replacement(self, item: PlanItem, resource: ApiResource) -> None:
        live = get_object(self._client, resource, item.name, item.namespace)
        if live is not None:
            new = replacement(item.group_resource, live, self._objects.load(item.body))
            replace_object(self._client, resource, item.name, new, namespace=item.namespace, dry_run=True)

    def _refused(self, item: PlanItem, exc: KubeError, found: _Round) -> PlanItem:
        first_line = exc.message.partition("\n")[0]
        needed = needed_objects(item.group_resource, self._objects.load(item.body))
        coming = next((key for key in needed if key in found.planned), None)
        if coming is not None and (exc.status or 0) in (403, 404, 422):
            return item.decided(
                "unverified",
                f"the server refuses it until {coming[0]} '{coming[2]}' is there, which this restore creates",
            )
        if exc.without_dry_run and item.intent == "update":
            return item.with_reason(f"an admission webhook does not support dry run: {exc.message}")
        if exc.without_dry_run:
            return item.decided("unverified", f"an admission webhook does not support dry run: {exc.message}")
        if exc.unreachable or exc.status == 429:
            return item.decided("unverified", f"the server gave no answer: {exc.message}")
        if (exc.status or 0) >= 500:
            return item.decided("unverified", f"the server could not judge it: {first_line}")
        if exc.already_exists:
            # An old one on its way out is why it has a reason.
            return item.decided("unverified", item.reason or "it was created by someone else while the plan was made")
        hint = refusal_hint(item, exc, self._run.request.spec)
        return item.decided("conflict", first_line, hint=hint, cause=exc.reason)


def _can_be_asked(item: PlanItem) -> bool:
    """What could not be listed is asked about too: whoever may not list objects may often not make them either."""
    return item.action != "unverified" or item.reason.startswith(UNLISTED)


def _planned_keys(plan: RestorePlan) -> frozenset[ObjectKey]:
    return frozenset(item.key for item in plan.items if item.intent == "create")


def _explain_missing_types(plan: RestorePlan, planned: frozenset[ObjectKey]) -> t.Iterator[PlanItem]:
    """A type that the server does not serve yet is no conflict when this plan brings its definition."""
    for item in plan.items:
        if item.awaits_type and (CRDS, None, str(item.group_resource)) in planned:
            yield dataclasses.replace(item, intent="create").decided(
                "unverified", f"its type is created by this restore (CustomResourceDefinition {item.group_resource})"
            )


__all__ = ("DryRunJudge",)
