# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Let the API server judge a plan by its own dry run, object by object."""

from __future__ import annotations

import concurrent.futures
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need, find_forbidden
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import (
    create_object,
    delete_object,
    get_object,
    patch_object,
    replace_object,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.live_state import LiveState
from ansible_collections.arkive.k8s.plugins.module_utils._restore.namespaces import why_not_made
from ansible_collections.arkive.k8s.plugins.module_utils._restore.overwrite import replacement
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan import ObjectKey, PlanItem, RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan_diffs import PlanDiffs
from ansible_collections.arkive.k8s.plugins.module_utils._restore.prepare import Preparer, needed_objects
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import CRDS, NAMESPACES

_NO_DRY_RUN = "does not support dry run"


class DryRunJudge:
    """Turns each planned create and update into what the server says of it. Writes nothing."""

    def __init__(
        self,
        client: KubeClient,
        *,
        preparer: Preparer,
        live: LiveState,
        diffs: PlanDiffs,
        cancel: CancelToken,
        workers: int,
        sources: t.Mapping[str, str],
    ) -> None:
        """``sources`` names, for each target namespace, the one its Namespace object comes from."""
        self._client = client
        self._preparer = preparer
        self._live = live
        self._diffs = diffs
        self._cancel = cancel
        self._workers = workers
        self._sources = sources
        self._planned: set[ObjectKey] = set()
        #: Namespaces that the server does not let us make, each with the reason and what to do about it.
        self._unmade: dict[str, tuple[str, str]] = {}
        self._forbidden: set[tuple[GroupResource, str]] = set()

    def find_conflicts(self, plan: RestorePlan, items: t.Sequence[PlanItem]) -> None:
        """Ask about some items of a plan: what the server refuses becomes a conflict, the others stay as they are.

        Items in a namespace that the server does not let us make are refused, the namespace itself stays as it is.
        """
        self._planned = {item.key for item in plan.items if item.intent == "create"}
        targets = {item.namespace for item in items}
        namespaces = [item for item in plan.items if item.group_resource == NAMESPACES and item.name in targets]
        before = [(item, item.action, item.intent, item.reason, item.hint) for item in (*namespaces, *items)]
        self._judge_all([*namespaces, *items])
        for item, action, intent, reason, hint in before:
            if item.action == "unverified" or item.group_resource == NAMESPACES:
                item.settle(action, reason, hint=hint)
                item.intent = intent

    def judge(self, plan: RestorePlan) -> None:
        self._planned = {item.key for item in plan.items if item.intent == "create"}
        self._explain_missing_types(plan)
        open_items = [item for item in plan.items if item.intent and item.action != "unverified"]
        self._judge_all(open_items)
        for item in plan.items:
            if not item.intent:
                self._diffs.drop(item)

    def _judge_all(self, items: t.Sequence[PlanItem]) -> None:
        """Namespaces first: what is to go into one that cannot be made need not be asked about."""
        self._look_at_rights(items)
        namespaces = [item for item in items if item.group_resource == NAMESPACES and item.intent]
        with concurrent.futures.ThreadPoolExecutor(max_workers=self._workers) as pool:
            for part in (namespaces, [item for item in items if item.group_resource != NAMESPACES]):
                for done in [pool.submit(self._judge, item) for item in part]:
                    done.result()
                self._unmade |= {item.name: (item.reason, item.hint) for item in namespaces if not item.intent}

    def _look_at_rights(self, items: t.Iterable[PlanItem]) -> None:
        """Where there is no namespace yet, nothing can be tried but what may not be done in it at all."""
        needs = {
            Need("create", item.group_resource.group, item.group_resource.resource, namespace=item.namespace): item
            for item in items
            if item.namespace and item.intent == "create" and self._live.namespaces.get(item.namespace) != "present"
        }
        forbidden = find_forbidden(self._client, needs, workers=self._workers)
        self._forbidden |= {(needs[need].group_resource, need.namespace) for need in forbidden}

    def _explain_missing_types(self, plan: RestorePlan) -> None:
        """A type that the server does not serve yet is no conflict when this plan brings its definition."""
        for item in plan.items:
            definition = (CRDS, None, str(item.group_resource))
            if item.action == "conflict" and item.resource is None and item.kind and definition in self._planned:
                item.intent = "create"
                item.settle(
                    "unverified",
                    f"its type is created by this restore (CustomResourceDefinition {item.group_resource})",
                )

    def _judge(self, item: PlanItem) -> None:
        self._cancel.check()
        if item.reason.startswith("it is being deleted"):
            item.settle("unverified", item.reason)
            return
        state = self._live.namespaces.get(item.namespace or "", "present")
        if item.namespace in self._unmade:
            why, hint = self._unmade[item.namespace]
            item.settle("conflict", why_not_made(item.namespace, why), hint=hint)
        elif (item.group_resource, item.namespace) in self._forbidden:
            self._ask(item)
        elif state == "absent":
            item.settle("unverified", f"namespace '{item.namespace}' is created by this restore")
        elif state == "terminating":
            item.settle(
                "unverified", f"namespace '{item.namespace}' is being deleted; the restore waits and makes it anew"
            )
        else:
            self._ask(item)

    def _ask(self, item: PlanItem) -> None:
        body = self._body(item)
        try:
            if item.resource is None:
                return
            if item.method == "recreate":
                delete_object(self._client, item.resource, item.name, item.namespace, dry_run=True)
                item.settle("unverified", f"{item.reason}; the server cannot judge the new one while the old is there")
            elif item.method == "replace":
                self._ask_replacement(item, item.resource, body)
            elif item.intent == "update":
                patch_object(
                    self._client, item.resource, item.name, item.patch or {}, namespace=item.namespace, dry_run=True
                )
            else:
                create_object(self._client, item.resource, body, namespace=item.namespace, dry_run=True)
        except KubeError as exc:
            self._settle_refusal(item, body, exc)

    def _ask_replacement(self, item: PlanItem, resource: ApiResource, body: dict[str, t.Any]) -> None:
        live = get_object(self._client, resource, item.name, item.namespace)
        if live is not None:
            new = replacement(item.group_resource, live, body)
            replace_object(self._client, resource, item.name, new, namespace=item.namespace, dry_run=True)

    def _body(self, item: PlanItem) -> dict[str, t.Any]:
        if item.group_resource == NAMESPACES:
            return self._preparer.prepare_namespace(item.name, self._sources[item.name])
        return self._preparer.prepare(item.ref).body if item.ref is not None else {}

    def _settle_refusal(self, item: PlanItem, body: dict[str, t.Any], exc: KubeError) -> None:
        first_line = exc.message.partition("\n")[0]
        needed = next((key for key in needed_objects(item.group_resource, body) if key in self._planned), None)
        if needed is not None and (exc.status or 0) in (403, 404, 422):
            item.settle(
                "unverified",
                f"the server refuses it until {needed[0]} '{needed[2]}' is there, which this restore creates",
            )
        elif _NO_DRY_RUN in exc.message:
            item.settle("unverified", f"an admission webhook does not support dry run: {exc.message}")
        elif exc.unreachable or exc.status == 429:
            item.settle("unverified", f"the server gave no answer: {exc.message}")
        elif (exc.status or 0) >= 500:
            item.settle("unverified", f"the server could not judge it: {first_line}")
        elif exc.already_exists:
            # An old one on its way out is why it has a reason.
            item.settle("unverified", item.reason or "it was created by someone else while the plan was made")
        else:
            item.settle("conflict", first_line, hint=exc.hint or "", cause=exc.reason)


__all__ = ("DryRunJudge",)
