# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restore before it happens: an action for each object, in waves. Nothing here changes once it is made."""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import Mark
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.prepared import NO_FACTS, Facts, Place

#: ``unverified`` is an object that will be created or updated (see ``intent``) but that the server could not judge yet.
Action: t.TypeAlias = t.Literal["create", "update", "unchanged", "skip", "conflict", "unverified"]
Intent: t.TypeAlias = t.Literal["", "create", "update"]
Method: t.TypeAlias = t.Literal["patch", "replace", "recreate", "roll_back"]
#: Who has said whether an object that exists would change: the API server's dry run, or our own comparison.
Judged: t.TypeAlias = t.Literal["", "server", "locally"]
ACTIONS: tuple[Action, ...] = ("create", "update", "unchanged", "skip", "conflict", "unverified")

#: The reason of an object whose old one is on its way out.
LEAVING = "it is being deleted; the restore waits until it is gone and makes it anew"
#: Type, target namespace, name.
ObjectKey: t.TypeAlias = "tuple[GroupResource, str | None, str]"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanItem:
    """One object. ``namespace`` is where it goes, ``source_namespace`` where it was; None for a cluster-scoped one.

    A later stage that decides otherwise makes another item of the same ``number``, its place in the plan; what was done
    about an item is an ``Applied``.
    """

    number: int
    group_resource: GroupResource
    name: str
    namespace: str | None = None
    source_namespace: str | None = None
    kind: str = ""
    api_version: str = ""
    #: None for a Namespace that the archive has no object for.
    ref: ItemRef | None = None
    #: None while the server does not serve the type.
    resource: ApiResource | None = None
    action: Action = "create"
    intent: Intent = "create"
    reason: str = ""
    hint: str = ""
    #: The API server's own word for its refusal (``Forbidden``), of a conflict that it was asked about.
    cause: str = ""
    #: JSON merge patch from what is in the cluster, for an update.
    patch: dict[str, t.Any] | None = None
    #: Where the body that was prepared is kept; None for one that nobody will ask for.
    body: Place | None = None
    #: What else is known of it since it was prepared.
    facts: Facts = NO_FACTS
    #: How an update is made: by ``patch``, by putting the new object over the old one, or by deleting that first.
    #: ``roll_back``, of a claim that is created: the one that is there, and its volume, make room for it before.
    method: Method = "patch"
    #: It carries this restore's label: an earlier run under the same name made it.
    made_before: bool = False
    #: Of a claim that is in the cluster: why its data is not that of the backup, or not rolled back to it.
    kept: str = ""
    #: Of a claim: because of it the restore is not begun.
    forbids_all: bool = False
    #: Where the object of the cluster is kept, of one that exists and differs by our own rules.
    live: Place | None = None
    #: Empty where nobody had to be asked: it is new, or equal by our own rules.
    judged: Judged = ""
    #: Fields that the API server does not keep.
    dropped: tuple[str, ...] = ()
    #: The owners that it names, and those that it turned out to have, for people.
    marks: tuple[Mark, ...] = ()
    managed_by: str = ""

    @property
    def key(self) -> ObjectKey:
        return (self.group_resource, self.namespace, self.name)

    @property
    def title(self) -> str:
        """``deployments.apps demo/web``, for messages."""
        return (
            f"{self.group_resource} {self.namespace}/{self.name}"
            if self.namespace
            else f"{self.group_resource} {self.name}"
        )

    @property
    def why(self) -> str:
        """The reason, with what is to be known of a claim that is there."""
        return "; ".join(filter(None, (self.kept, self.reason)))

    @property
    def awaits_verdict(self) -> bool:
        """It exists and differs by our own rules, and the API server was not asked yet."""
        return self.live is not None and not self.judged

    @property
    def awaits_type(self) -> bool:
        """It has no action because the server does not serve its type, or not yet."""
        return self.action == "conflict" and self.resource is None and self.body is not None

    def decided(self, action: Action, reason: str = "", *, hint: str = "", cause: str = "", **more: t.Any) -> PlanItem:
        """The same object with another action; whatever changes nothing has no intent. ``more`` are other fields."""
        intent: Intent = self.intent if action == "unverified" else ""
        if action in ("create", "update"):
            intent = t.cast("Intent", action)
        return dataclasses.replace(self, action=action, intent=intent, reason=reason, hint=hint, cause=cause, **more)

    def with_reason(self, reason: str, **more: t.Any) -> PlanItem:
        """The same action, explained."""
        return dataclasses.replace(self, reason=reason, **more)

    def to_return(self) -> dict[str, t.Any]:
        """The entry of a task's plan."""
        entry: dict[str, t.Any] = {
            "resource": str(self.group_resource),
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
            "action": self.action,
            "intent": self.intent,
            "reason": self.why,
        }
        if self.source_namespace != self.namespace:
            entry["source_namespace"] = self.source_namespace
        if self.hint:
            entry["hint"] = self.hint
        if self.judged:
            entry["judged"] = self.judged
        if self.dropped:
            entry["dropped"] = list(self.dropped)
        if self.managed_by:
            entry["managed_by"] = self.managed_by
        return entry


@dataclasses.dataclass(frozen=True, slots=True)
class Wave:
    """Objects of some types that may be written side by side, once the waves before it are done."""

    group_resources: tuple[GroupResource, ...]
    items: tuple[PlanItem, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class RestorePlan:
    """Waves in the order in which they are applied."""

    waves: tuple[Wave, ...] = ()

    @property
    def items(self) -> t.Iterator[PlanItem]:
        for wave in self.waves:
            yield from wave.items

    def of_types(self, *types: GroupResource) -> t.Iterator[PlanItem]:
        """In the order of the plan."""
        for wave in self.waves:
            if not set(types).isdisjoint(wave.group_resources):
                yield from (item for item in wave.items if item.group_resource in types)

    def replacing(self, items: t.Iterable[PlanItem]) -> RestorePlan:
        """The plan with these in the places of those that have their numbers."""
        new = {item.number: item for item in items}
        if not new:
            return self
        return RestorePlan(
            tuple(
                Wave(wave.group_resources, tuple(new.get(item.number, item) for item in wave.items))
                for wave in self.waves
            )
        )

    @property
    def changes(self) -> bool:
        """True when applying it would write anything."""
        return any(item.intent for item in self.items)

    def counts(self) -> dict[str, int]:
        """Items by action, every action named."""
        found = collections.Counter(item.action for item in self.items)
        return {action: found[action] for action in ACTIONS}

    def counts_by_resource(self) -> dict[str, dict[str, int]]:
        """Items by group-resource and action; zeros are left out."""
        counts: dict[str, collections.Counter[str]] = {}
        for item in self.items:
            counts.setdefault(str(item.group_resource), collections.Counter())[item.action] += 1
        return {resource: dict(found) for resource, found in counts.items()}

    def waves_to_return(self) -> list[dict[str, t.Any]]:
        """Types and counts of each wave, in the order of the run; whole, however many items there are."""
        return [
            {
                "wave": number,
                "resources": [str(group_resource) for group_resource in wave.group_resources],
                "actions": dict(collections.Counter(item.action for item in wave.items)),
            }
            for number, wave in enumerate(self.waves, 1)
            if wave.items
        ]


__all__ = ("ACTIONS", "LEAVING", "Action", "Intent", "Judged", "Method", "ObjectKey", "PlanItem", "RestorePlan", "Wave")
