# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API server is the judge of what exists: where its dry run changes nothing, nothing is written."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.accelerators import parse_json
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CRDS
from ansible_collections.arkive.k8s.plugins.module_utils._core.json_patch import apply_merge_patch
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import (
    create_object,
    get_object,
    patch_object,
    replace_object,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rule_words import rule_for
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem, RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.compare import is_same_to_server
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.dropped import find_dropped, show_path
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.overwrite import replacement
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.server_owned import carry_over
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.shared_objects import (
    hint_for_existing,
    hint_for_shared,
    who_loses,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun, subject_of
from ansible_collections.arkive.k8s.plugins.module_utils._velero.builtin_types import builtin_type

#: Room for what the server puts behind it, in names of 63 letters.
_LONGEST_PREFIX = 50


class _Answer(t.NamedTuple):
    """``sent`` was judged beside ``live``, which would become ``after``."""

    live: Object
    sent: t.Mapping[str, t.Any]
    after: Object


class ExistingJudge:
    """Asks about objects that exist and differ by our own rules, and about no others. Safe to use from any thread."""

    def __init__(self, run: RestoreRun, findings: Findings) -> None:
        self._run = run
        self._objects = findings.objects
        self._diffs = findings.diffs
        self._forbidden: set[tuple[GroupResource, str | None]] = set()
        self._gone: KubeError | None = None

    def judge_plan(self, plan: RestorePlan) -> RestorePlan:
        """The plan as the server judges it.

        Objects whose definition this plan changes are left for ``judge_types``: the server goes by the old one.
        """
        changing = changed_definitions(plan)
        return self._judge_some(plan, lambda item: not (item.intent and str(item.group_resource) in changing))

    def judge_types(self, plan: RestorePlan, types: t.Collection[str]) -> RestorePlan:
        """The plan, once the definitions of ``types`` are what they are to be."""
        return self._judge_some(plan, lambda item: str(item.group_resource) in types)

    def _judge_some(self, plan: RestorePlan, wanted: t.Callable[[PlanItem], bool]) -> RestorePlan:
        items = [item for item in plan.items if item.awaits_verdict and wanted(item)]
        if not items:
            return plan
        with concurrent.futures.ThreadPoolExecutor(max_workers=self._run.workers) as pool:
            return plan.replacing(list(pool.map(self.judge, items)))

    def judge(self, item: PlanItem) -> PlanItem:
        """``item`` as the server has it; one that nothing would change is unchanged.

        An update that the server refuses stays one: what is written before it may let it pass.
        """
        self._run.cancel.check()
        resource = item.resource
        if not item.awaits_verdict or resource is None:
            return item
        live = self._objects.load(item.live)
        if self._gone is not None or (item.group_resource, item.namespace) in self._forbidden:
            return self._by_ourselves(item, live)
        try:
            answer = self._ask(item, resource, live)
        except KubeError as exc:
            made = self._make_anew(item, resource, live) if exc.status == 422 else None
            if made is None:
                return self._unanswered(item, live, exc)
            answer = made
        return self._by_answer(item, answer)

    def _ask(self, item: PlanItem, resource: ApiResource, live: Object) -> _Answer:
        client = self._run.client_for(item)
        if item.method == "replace":
            return self._ask_replacement(client, item, resource, live)
        sent = item.patch or {}
        after = patch_object(client, resource, item.name, sent, namespace=item.namespace, dry_run=True)
        if not is_same_to_server(live, after) and _version(live) != _version(after):
            # Somebody has changed it since it was read.
            live = get_object(self._run.client, resource, item.name, item.namespace) or live
        return _Answer(live, sent, after)

    def _ask_replacement(self, client: KubeClient, item: PlanItem, resource: ApiResource, live: Object) -> _Answer:
        live = get_object(self._run.client, resource, item.name, item.namespace) or live
        sent = replacement(item.group_resource, live, self._objects.load(item.body))
        after = replace_object(client, resource, item.name, sent, namespace=item.namespace, dry_run=True)
        return _Answer(live, sent, after)

    def _make_anew(self, item: PlanItem, resource: ApiResource, live: Object) -> _Answer | None:
        """What the server would make of it under another name, where that is what is there; None where it is not.

        What cannot be changed is refused, and so is leaving out what the server adds to new objects only: the token of
        a pod, the labels of a Job.
        """
        sent = self._objects.load(item.body)
        metadata = {**sent["metadata"], "generateName": f"{item.name[:_LONGEST_PREFIX]}-"}
        del metadata["name"]
        new, client = {**sent, "metadata": metadata}, self._run.client_for(item)
        try:
            made = create_object(client, resource, new, namespace=item.namespace, dry_run=True)
        except KubeError:
            return None
        after = _renamed(made, live)
        carry_over(item.group_resource, live, after)
        return _Answer(live, sent, after) if is_same_to_server(live, after) else None

    def _by_answer(self, item: PlanItem, answer: _Answer) -> PlanItem:
        typed = builtin_type(item.group_resource) is not None
        dropped = tuple(map(show_path, find_dropped(answer.sent, answer.after, live=answer.live, typed=typed)))
        self._run.warned.note_dropped(subject_of(item), dropped)
        item = dataclasses.replace(item, judged="server", dropped=dropped)
        if is_same_to_server(answer.live, answer.after):
            why = f"the API server drops what differs: {', '.join(dropped)}" if dropped else ""
            return item.decided("unchanged", why)
        if item.intent:
            self._diffs.add(item, answer.live, answer.after)
            self._tell_losers(item, answer.live, answer.after)
        else:
            self._warn(item)
        return item

    def _unanswered(self, item: PlanItem, live: Object, exc: KubeError) -> PlanItem:
        if rule_for(exc.message):
            self._forbidden.add((item.group_resource, item.namespace))
        elif exc.unreachable and not isinstance(exc, KubeTimeout):
            self._gone = exc
        elif is_verdict(exc):
            self._keep(item, live)
            return item if item.intent else dataclasses.replace(item, judged="server")
        return self._by_ourselves(item, live)

    def _by_ourselves(self, item: PlanItem, live: Object) -> PlanItem:
        self._keep(item, live)
        return dataclasses.replace(item, judged="locally")

    def _keep(self, item: PlanItem, live: Object) -> None:
        """What our own comparison has found stands."""
        if item.intent:
            self._diffs.add_update(item, live)
            patched = item.method == "patch"
            after = apply_merge_patch(live, item.patch or {}) if patched else self._objects.load(item.body)
            self._tell_losers(item, live, after)
        else:
            self._warn(item)

    def _warn(self, item: PlanItem) -> None:
        self._run.issues.warning(
            f'could not restore, {item.kind} "{item.name}" already exists. '
            "Warning: the in-cluster version is different than the backed-up version",
            resource=str(item.group_resource),
            namespace=item.namespace or "",
            name=item.name,
            hint=hint_for_existing(item, self._run.request.spec),
        )

    def _tell_losers(self, item: PlanItem, live: Object, after: Object) -> None:
        """Under a mapping, what the original has of the cluster's objects is in use where that still runs."""
        losers = who_loses(item, live, after, self._run.request.spec)
        if losers:
            self._run.issues.warning(
                f"{item.title} is not the copy's alone, and this restore takes it from {', '.join(losers)}.",
                resource=str(item.group_resource),
                namespace=item.namespace or "",
                name=item.name,
                hint=hint_for_shared(item, self._run.request.spec),
            )


def changed_definitions(plan: RestorePlan) -> frozenset[str]:
    """Names of the definitions that are there and will be others: each is the group-resource of its objects."""
    return frozenset(item.name for item in plan.of_types(CRDS) if item.intent)


def is_verdict(exc: KubeError) -> bool:
    """Whether the server's refusal is about the object: it was able to judge it, and we may ask."""
    if exc.unreachable or exc.status in (405, 429) or (exc.status or 0) >= 500:
        return False
    return not rule_for(exc.message) and not exc.without_dry_run


def _renamed(made: Object, live: Object) -> Object:
    """``made`` with the name and the uid of ``live``, wherever the server has written its own."""
    text = encode_compact(made)
    for field in ("name", "uid"):
        text = text.replace(str(made["metadata"][field]).encode(), str(live["metadata"][field]).encode())
    renamed: Object = parse_json(text)
    return renamed


def _version(obj: t.Mapping[str, t.Any]) -> t.Any:
    return (obj.get("metadata") or {}).get("resourceVersion")


__all__ = ("ExistingJudge", "changed_definitions", "is_verdict")
