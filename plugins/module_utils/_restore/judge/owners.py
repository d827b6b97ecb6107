# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who owns what is restored, and what is to be done about that."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import SECRETS
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.comparing import compares_itself
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.decision import Change, Decision, decide
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.field_owners import changed_fields, git_changes
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner import Owner
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_book import OwnerBook
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import Identity, Mark, OwnerRef
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.pausing import Pausing
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.tracking import HELM
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import api_path
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem, RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.prepared import PreparedObjects
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.roll_back import Workload
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun

_HELM_RECORD = "sh.helm.release.v1."
#: Controllers of controllers: a pod of a ReplicaSet of a Deployment has two.
_DEEPEST = 5

_Named: t.TypeAlias = "dict[tuple[str, str | None, str], PlanItem]"


def find_owners(
    run: RestoreRun, plan: RestorePlan, findings: Findings, stopped: t.Sequence[Workload] = ()
) -> tuple[RestorePlan, Decision]:
    """The plan with the owners of its objects by name, and what is to be done about those. Writes nothing.

    ``stopped``: workloads, of the plan or not, that will be at rest for a while, and that an owner would start.
    """
    book, items = findings.owners, list(plan.items)
    if book is None:
        return plan, Decision()
    run.issues.add_warnings(_helm_warnings(items, run.client))
    if not book.has_types:
        return plan, Decision()
    named = _by_name(items)
    marked = [(item, dict(_owners_of(item, book, named))) for item in items]
    owners = {owner.ref: owner for _item, found in marked for owner in found.values()}
    listed = _listed(owners.values())
    changes: dict[OwnerRef, list[Change]] = {}
    owned: list[PlanItem] = []
    for item, found in marked:
        run.cancel.check()
        lister = listed.get(_identity(item)) if not found and item.namespace == item.source_namespace else None
        if lister is not None:
            found[Mark(lister.ref)] = lister
        if found:
            owned.append(dataclasses.replace(item, managed_by=", ".join(str(owner.ref) for owner in found.values())))
        for mark, owner in found.items():
            if item.intent and not mark.left_alone:
                changes.setdefault(owner.ref, []).append(_change(item, owner, findings.objects))
    for workload in stopped:
        for mark in () if not workload.patch else book.tracking.marks(workload.obj):
            above = None if mark.left_alone else book.find(mark.owner)
            if above is not None:
                owners[above.ref] = above
                changes.setdefault(above.ref, []).append(_stop_of(workload, above))
    terms = run.request.gitops
    decision = decide(
        book,
        terms,
        owners,
        {ref: tuple(some) for ref, some in changes.items()},
        Pausing(run.context, limit=terms.pause_limit),
    )
    run.issues.add_warnings(decision.warnings)
    return plan.replacing(owned), decision


def _owners_of(item: PlanItem, book: OwnerBook, named: _Named) -> t.Iterator[tuple[Mark, Owner]]:
    """Those that are in the cluster. An object without a mark has the owner of its controller."""
    for _level in range(_DEEPEST):
        if item.marks:
            break
        reference = item.facts.owner or {}
        above = named.get((str(reference.get("kind")), item.namespace, str(reference.get("name"))))
        if above is None:
            return
        item = above
    for mark in item.marks:
        owner = book.find(mark.owner)
        if owner is not None:
            yield mark, owner


def _listed(owners: t.Iterable[Owner]) -> dict[Identity, Owner]:
    """What the owners themselves say they own: an object may have lost its mark, or not have had it yet."""
    return {identity: owner for owner in owners for identity in owner.kind.inventory(owner.obj)}


def _by_name(items: t.Iterable[PlanItem]) -> _Named:
    return {(item.kind, item.namespace, item.name): item for item in items if item.kind}


def _identity(item: PlanItem) -> Identity:
    return Identity(item.group_resource.group, item.kind, item.namespace or "", item.name)


def _change(item: PlanItem, owner: Owner, objects: PreparedObjects) -> Change:
    fields: tuple[str, ...] | None = None
    if item.live is not None and compares_itself(owner):
        fields = changed_fields(item.patch or {})
    elif item.live is not None:
        fields = git_changes(objects.load(item.live), item.patch or {}, owner.last_applied)
    return Change(_identity(item), str(item.group_resource), fields)


def _stop_of(workload: Workload, owner: Owner) -> Change:
    kind = workload.group_resource
    identity = Identity(kind.group, workload.resource.kind, workload.namespace, workload.name)
    if compares_itself(owner):
        return Change(identity, str(kind), changed_fields(workload.patch))
    return Change(identity, str(kind), git_changes(workload.obj, workload.patch, owner.last_applied))


def _helm_warnings(items: t.Sequence[PlanItem], client: KubeClient) -> t.Iterator[str]:
    """Helm knows a release by the Secrets that it has made, and does not know one without."""
    records = {
        (item.namespace, item.name[len(_HELM_RECORD) :].rpartition(".")[0])
        for item in items
        if item.group_resource == SECRETS and item.name.startswith(_HELM_RECORD) and item.action != "conflict"
    }
    made = [item for item in items if item.intent == "create" and item.namespace == item.source_namespace]
    marks = [mark.owner for item in made for mark in item.marks if mark.owner.kind == HELM]
    for release in dict.fromkeys(marks):
        known = (release.namespace, release.name) in records
        if not known and not _has_helm_record(client, release):
            yield (
                f"{release} comes back without its Secrets {_HELM_RECORD}{release.name}.v*: Helm does not know it "
                "without them."
            )


def _has_helm_record(client: KubeClient, release: OwnerRef) -> bool:
    query = {"labelSelector": f"owner=helm,name={release.name}", "limit": "1"}
    try:
        return bool(client.get(api_path("api", "v1", "namespaces", release.namespace, "secrets"), query=query)["items"])
    except KubeError as exc:
        if exc.forbidden or exc.not_found:
            return False
        raise


__all__ = ("find_owners",)
