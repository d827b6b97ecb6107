# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chosen objects on their way into the plan: each is read and transformed once, and kept."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.member_gate import BadMembers
from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import Mark
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.contents import BackupContents
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import ApiTypes
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.prepared import (
    NO_FACTS,
    Facts,
    Place,
    Prepared,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.prepare import Preparer
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.unserved import UnservedTypes
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun

#: How the reason begins of an object whose like may not be listed.
UNLISTED = "what is there cannot be listed"


class Read(t.NamedTuple):
    """An object before it is planned: what it is to be, and how the server serves its type."""

    prepared: Prepared
    kind: str
    api_version: str
    resource: ApiResource | None


@dataclasses.dataclass(slots=True, eq=False)
class Candidate:
    """An object that has its place in the plan, and no action yet.

    ``waited`` is what was planned of it before the server served its type. ``unlisted`` says why nobody knows whether
    it is in the cluster.
    """

    number: int
    group_resource: GroupResource
    name: str
    namespace: str | None
    ref: ItemRef
    waited: PlanItem | None = None
    unlisted: str = ""
    #: What a look at it has found, until it is planned.
    found: Read | PlanItem | None = None


class ObjectReader:
    """Reads and transforms candidates, and keeps what later stages ask for. Safe to use from any thread.

    ``unreadable`` is what is wrong with those that cannot be read.
    """

    def __init__(
        self,
        run: RestoreRun,
        contents: BackupContents,
        preparer: Preparer,
        findings: Findings,
        unserved: UnservedTypes,
    ) -> None:
        self._run = run
        self._contents = contents
        self._unserved = unserved
        self._preparer = preparer
        self._objects = findings.objects
        self._owners = findings.owners
        self.unreadable = BadMembers()

    def look(self, candidate: Candidate, api: ApiTypes) -> Read | PlanItem:
        """What ``read`` will return, at no further cost."""
        if candidate.found is None:
            candidate.found = self.read(candidate, api)
        return candidate.found

    def read(self, candidate: Candidate, api: ApiTypes) -> Read | PlanItem:
        """The object, or its place in the plan where that is decided (left out by a rule, unreadable, not served)."""
        found, candidate.found = candidate.found, None
        if found is not None:
            return found
        try:
            if candidate.waited is not None:
                return self._read_again(candidate, candidate.waited, api)
            prepared = self._preparer.prepare(candidate.ref)
        except ArchiveError as exc:
            self.unreadable.add(exc.message)
            return self.bare_item(candidate).decided("conflict", exc.message, hint=exc.hint or "")
        return self._check(candidate, prepared, api)

    def bare_item(self, candidate: Candidate) -> PlanItem:
        """The object as it is known by its name."""
        return PlanItem(
            number=candidate.number,
            group_resource=candidate.group_resource,
            name=candidate.name,
            namespace=candidate.namespace,
            source_namespace=candidate.ref.namespace,
            ref=candidate.ref,
        )

    def item(self, candidate: Candidate, read: Read, *, keep: bool = False, **decision: t.Any) -> PlanItem:
        """Its place in the plan: to be created, if ``decision`` does not say otherwise. ``keep`` its body."""
        if candidate.waited is not None:
            decision = {"action": "create", "intent": "create", "reason": "", "hint": ""} | decision
            return dataclasses.replace(candidate.waited, resource=read.resource, **decision)
        return PlanItem(
            number=candidate.number,
            group_resource=candidate.group_resource,
            name=candidate.name,
            namespace=candidate.namespace,
            source_namespace=candidate.ref.namespace,
            kind=read.kind,
            api_version=read.api_version,
            ref=candidate.ref,
            resource=read.resource,
            body=self._objects.add(read.prepared.body) if keep else None,
            facts=self.facts(read.prepared, keep=keep),
            marks=self.marks(read.prepared.body),
            **decision,
        )

    def marks(self, obj: t.Mapping[str, t.Any]) -> tuple[Mark, ...]:
        """The owners that an object names, stored or live; none where nobody asks about owners."""
        return () if self._owners is None else self._owners.tracking.marks(obj)

    def facts(self, prepared: Prepared, *, keep: bool = False) -> Facts:
        """``keep`` what is not small as well."""
        afterwards = self._keep_afterwards(prepared) if keep else None
        stored = self._objects.add(prepared.stored_claim) if keep and prepared.stored_claim is not None else None
        small = (prepared.warnings, prepared.owner, prepared.volume, prepared.remade_from, prepared.pod_data)
        if not any(small) and afterwards is None and stored is None:
            return NO_FACTS
        return Facts(
            warnings=prepared.warnings,
            owner=prepared.owner,
            volume=prepared.volume,
            remade_from=prepared.remade_from,
            pod_data=prepared.pod_data,
            stored_claim=stored,
            afterwards=afterwards,
        )

    def _check(self, candidate: Candidate, prepared: Prepared, api: ApiTypes) -> Read | PlanItem:
        kind, api_version = str(prepared.body.get("kind", "")), str(prepared.body.get("apiVersion", ""))
        read = Read(prepared, kind, api_version, api.find_kind(api_version, kind))
        if prepared.skip:
            return self.item(candidate, read).decided("skip", prepared.skip)
        if prepared.refusal:
            return self.item(candidate, read).decided("conflict", prepared.refusal)
        self._report_errors(candidate, prepared)
        return read if read.resource is not None else self._not_served(self.item(candidate, read, keep=True), api)

    def _read_again(self, candidate: Candidate, item: PlanItem, api: ApiTypes) -> Read | PlanItem:
        """What was kept of it, now that its type may be served."""
        self._contents.check_type(candidate.ref, item.api_version, item.kind)
        resource = api.find_kind(item.api_version, item.kind)
        if resource is None:
            return self._not_served(item, api)
        facts, body = item.facts, self._objects.load(item.body)
        prepared = Prepared(body=body, warnings=facts.warnings, owner=facts.owner)
        return Read(prepared, item.kind, item.api_version, resource)

    def _not_served(self, item: PlanItem, api: ApiTypes) -> PlanItem:
        why = self._unserved.explain(item.group_resource, item.api_version, item.kind, api)
        if not (why.for_good and self._run.request.convert_api_versions):
            return item.decided("conflict", why.reason, hint=why.hint)
        self._run.issues.warning(
            f"{item.title} was left out: {why.reason}.",
            resource=str(item.group_resource),
            namespace=item.namespace or "",
            name=item.name,
            hint=why.hint,
        )
        return item.decided("skip", why.reason, hint=why.hint)

    def _keep_afterwards(self, prepared: Prepared) -> Place | None:
        found: dict[str, t.Any] = {"status": prepared.status} if prepared.status else {}
        if self._run.request.restore_managed_fields and prepared.managed_fields:
            found["managedFields"] = list(prepared.managed_fields)
        return self._objects.add(found) if found else None

    def _report_errors(self, candidate: Candidate, prepared: Prepared) -> None:
        for error in prepared.errors:
            self._run.issues.error(
                f"error preparing {self.bare_item(candidate).title}: {error}",
                resource=str(candidate.group_resource),
                namespace=candidate.namespace or "",
                name=candidate.name,
            )


__all__ = ("UNLISTED", "Candidate", "ObjectReader", "Read")
