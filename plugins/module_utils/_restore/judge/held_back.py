# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workloads that must wait: their controllers would make a claim, or a pod, that is empty in place of one with data."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    CONFIG_MAPS,
    CRDS,
    NAMESPACES,
    SECRETS,
    STATEFUL_SETS,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem, RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.prepared import PreparedObjects

#: What never makes a pod.
_INERT = frozenset(
    {
        CLAIMS,
        VOLUMES,
        VOLUME_SNAPSHOTS,
        VOLUME_SNAPSHOT_CONTENTS,
        CRDS,
        NAMESPACES,
        CONFIG_MAPS,
        SECRETS,
    }
)
#: Members whose text is the name of a claim, in pods and in what makes them, custom resources among it.
_CLAIM_MEMBERS = ("claimName", "existingClaim")

#: Claims by name, each with why it did not come back.
LostClaims: t.TypeAlias = "t.Mapping[str, str]"
_Owner: t.TypeAlias = "tuple[str, str, str]"


def hold_back(
    plan: RestorePlan, objects: PreparedObjects, lost: t.Mapping[str, LostClaims], *, hint: str
) -> list[PlanItem]:
    """What mounts, or would make, one of the claims ``lost`` (by target namespace), as conflicts.

    By the names in the object itself, whatever its type; and what owned such an object, or the claim, in the backup.
    """
    owners: dict[_Owner, str] = {}
    for item in plan.of_types(CLAIMS):
        if item.name in lost.get(item.namespace or "", {}):
            _note_owner(item, item.name, owners)
    held: list[PlanItem] = []
    waiting: list[PlanItem] = []
    for item in plan.items:
        claims = lost.get(item.namespace or "")
        if not item.intent or not claims or item.group_resource in _INERT:
            continue
        claim = _used_claim(item, objects, claims)
        if claim:
            _note_owner(item, claim, owners)
            held.append(_hold(item, claim, lost, hint))
        else:
            waiting.append(item)
    while found := [item for item in waiting if _owner_key(item) in owners]:
        for item in found:
            claim = owners[_owner_key(item)]
            _note_owner(item, claim, owners)
            held.append(_hold(item, claim, lost, hint))
            waiting.remove(item)
    return held


def hold_back_makers(plan: RestorePlan, unmade: t.Iterable[PlanItem], *, hint: str) -> list[PlanItem]:
    """What made pods ``unmade``, which have data in volumes of their own, as conflicts.

    Whatever made them in the backup would make others in their place, with empty volumes.
    """
    pods: dict[_Owner, str] = {}
    for item in unmade:
        _note_owner(item, item.name, pods)
    held: list[PlanItem] = []
    waiting = [item for item in plan.items if item.intent == "create"]
    while found := [item for item in waiting if _owner_key(item) in pods]:
        for item in found:
            pod = pods[_owner_key(item)]
            _note_owner(item, pod, pods)
            why = f"held back: it would make a pod with empty volumes in place of '{pod}', which could not be made"
            held.append(item.decided("conflict", why, hint=hint))
            waiting.remove(item)
    return held


def claims_named_by(group_resource: GroupResource, body: t.Mapping[str, t.Any], names: t.Collection[str]) -> list[str]:
    """Those of ``names`` that an object mounts, or that pods or controllers make for it."""
    patterns = list(_patterns(group_resource, body))
    return [name for name in names if any(pattern.fullmatch(name) for pattern in patterns)]


def _used_claim(item: PlanItem, objects: PreparedObjects, names: t.Collection[str]) -> str:
    return next(iter(claims_named_by(item.group_resource, objects.load(item.body), names)), "")


def _patterns(group_resource: GroupResource, body: t.Mapping[str, t.Any]) -> t.Iterator[re.Pattern[str]]:
    owner = re.escape(str((body.get("metadata") or {}).get("name", "")))
    # What a custom resource calls the stateful sets of its own is not known: its name is in theirs.
    pods = owner if group_resource == STATEFUL_SETS else rf"(.+-)?{owner}(-.+)?"
    waiting: list[t.Any] = [body.get("spec"), body.get("template")]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        if not isinstance(value, dict):
            continue
        waiting.extend(value.values())
        for member in _CLAIM_MEMBERS:
            if isinstance(value.get(member), str):
                yield re.compile(re.escape(value[member]))
        for template in _list(value.get("volumeClaimTemplates")):
            yield re.compile(rf"{re.escape(_name(template))}-{pods}-\d+")
        if isinstance(value.get("ephemeral"), dict) and isinstance(value.get("name"), str):
            yield re.compile(rf"{owner}(-.+)?-{re.escape(value['name'])}")


def _list(value: t.Any) -> list[t.Any]:
    return value if isinstance(value, list) else []


def _name(template: t.Any) -> str:
    metadata = template.get("metadata") if isinstance(template, dict) else None
    return str(metadata.get("name", "")) if isinstance(metadata, dict) else ""


def _note_owner(item: PlanItem, claim: str, owners: dict[_Owner, str]) -> None:
    owner = item.facts.owner
    if owner is not None:
        owners.setdefault((item.namespace or "", str(owner.get("kind")), str(owner.get("name"))), claim)


def _owner_key(item: PlanItem) -> _Owner:
    return (item.namespace or "", item.kind, item.name)


def _hold(item: PlanItem, claim: str, lost: t.Mapping[str, LostClaims], hint: str) -> PlanItem:
    why = lost[item.namespace or ""][claim].rstrip(".")
    return item.decided(
        "conflict", f"held back: it needs claim '{claim}', which did not come back with its data ({why})", hint=hint
    )


__all__ = ("LostClaims", "claims_named_by", "hold_back", "hold_back_makers")
