# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""A restore before it happens: an action for each object, in waves."""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource

#: ``unverified`` is an object that will be created or updated (see ``intent``) but that the server could not judge yet.
Action: t.TypeAlias = t.Literal["create", "update", "unchanged", "skip", "conflict", "unverified"]
Intent: t.TypeAlias = t.Literal["", "create", "update"]
Method: t.TypeAlias = t.Literal["patch", "replace", "recreate"]
#: What became of an item, in the words of Velero's restore resource list.
State: t.TypeAlias = t.Literal["", "created", "updated", "skipped", "failed"]
ACTIONS: tuple[Action, ...] = ("create", "update", "unchanged", "skip", "conflict", "unverified")

#: The reason of an object whose old one is on its way out.
LEAVING = "it is being deleted; the restore waits until it is gone and makes it anew"
#: Type, target namespace, name.
ObjectKey: t.TypeAlias = "tuple[GroupResource, str | None, str]"


@dataclasses.dataclass(slots=True, kw_only=True)
class PlanItem:
    """One object. ``namespace`` is where it goes, ``source_namespace`` where it was; None for a cluster-scoped one."""

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
    #: Where its body lies among the encoded ones, for an object that needs nothing but to be created.
    body_place: tuple[int, int] | None = None
    #: How an update is made: by ``patch``, by putting the new object over the old one, or by deleting that first.
    method: Method = "patch"
    #: It carries this restore's label: an earlier run under the same name made it.
    made_before: bool = False
    #: Of a claim that is in the cluster: why its data is not that of the backup, or not rolled back to it.
    kept: str = ""
    state: State = ""
    #: Why the state is ``failed``, where the server said so.
    failure: str = ""

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
    def became(self) -> str:
        """What became of it, in the words of the plan: ``skipped``, Velero's word in its records, is ``unchanged``."""
        left = self.state == "skipped" or (self.state == "created" and self.action == "unchanged")
        return "unchanged" if left else self.state

    @property
    def why(self) -> str:
        """The reason, with what is to be known of a claim that is there."""
        return "; ".join(filter(None, (self.kept, self.reason)))

    def settle(self, action: Action, reason: str = "", *, hint: str = "", cause: str = "") -> None:
        """Decide on an action; whatever changes nothing has no intent."""
        self.action, self.reason, self.hint, self.cause = action, reason, hint, cause
        if action not in ("create", "update", "unverified"):
            self.intent = ""
        elif action != "unverified":
            self.intent = "update" if action == "update" else "create"

    def to_return(self) -> dict[str, t.Any]:
        """The entry of a task's plan; ``state`` is there once the plan was applied."""
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
        return entry | ({"state": self.became} if self.state else {})


@dataclasses.dataclass(slots=True)
class Wave:
    """Objects of some types that may be written side by side, once the waves before it are done."""

    group_resources: tuple[GroupResource, ...]
    items: list[PlanItem] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True)
class RestorePlan:
    """Waves in the order in which they are applied."""

    waves: list[Wave] = dataclasses.field(default_factory=list)

    @property
    def items(self) -> t.Iterator[PlanItem]:
        for wave in self.waves:
            yield from wave.items

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

    def to_return(self) -> list[dict[str, t.Any]]:
        """All items in the order of the run, each with the number of its wave (from 1)."""
        return [
            {"wave": number, **item.to_return()} for number, wave in enumerate(self.waves, 1) for item in wave.items
        ]


__all__ = ("ACTIONS", "LEAVING", "Action", "Intent", "Method", "ObjectKey", "PlanItem", "RestorePlan", "State", "Wave")
