# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The digest of a judged plan: the same whenever the same would be done, on whatever machine, however often."""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    SECRETS,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.gate.covered_options import covered_options
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem, RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan_digest import (
    ObjectDigest,
    PlanDigest,
    digest_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.prepared import PreparedObjects
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.metadata import OUR_LABELS
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.restored_volumes import (
    RestoredVolume,
    RestoredVolumes,
)

#: The types whose names, and those that they name, may be made of the name of the restore, which has the time in it.
_RENAMED = frozenset({CLAIMS, VOLUMES, VOLUME_SNAPSHOTS, VOLUME_SNAPSHOT_CONTENTS})
#: What every reader of JSON takes for an integer, and the longest text of one.
_LEAST, _MOST, _LONGEST = -(2**63), 2**64 - 1, 20


def digest_plan(
    plan: RestorePlan,
    volumes: RestoredVolumes,
    *,
    request: RestoreRequest,
    backup: t.Mapping[str, t.Any],
    objects: PreparedObjects,
    stopped: t.Mapping[tuple[str, str], t.Sequence[str]] | None = None,
) -> PlanDigest:
    """``backup``: the Backup object, which says whose objects these are; ``objects`` holds the bodies of the plan.

    ``stopped``: what is stopped while a claim is rolled back, by the claim's namespace and name.
    """
    names = _new_names(plan, volumes)
    sources = {volume.item.number: volume for volume in volumes.volumes}
    found = [
        ObjectDigest(
            resource=str(item.group_resource),
            namespace=item.namespace or "",
            name=names.get(item.name, item.name) if item.group_resource in _RENAMED else item.name,
            action=item.intent or item.action,
            digest=_digest(
                item,
                sources.get(item.number),
                objects=objects,
                names=names,
                stopped=(stopped or {}).get((item.namespace or "", item.name), ()),
            ),
        )
        for item in plan.items
    ]
    metadata = backup.get("metadata") or {}
    return PlanDigest(
        backup_name=str(metadata.get("name") or ""),
        backup_uid=str(metadata.get("uid") or ""),
        options=covered_options(request),
        objects=tuple(sorted(found, key=lambda each: (each.id, each.digest))),
    )


def _new_names(plan: RestorePlan, volumes: RestoredVolumes) -> dict[str, str]:
    """What is called another way in each restore, and what it is called here."""
    names = {
        volume.source.helper: f"(snapshot of {volume.namespace}/{volume.claim})"
        for volume in volumes.volumes
        if volume.source is not None and volume.source.helper
    }
    for item in plan.of_types(*_RENAMED):
        if item.ref is not None and item.name != item.ref.name:
            names.setdefault(item.name, f"(copy of {item.ref.name})")
    return names


def _digest(
    item: PlanItem,
    volume: RestoredVolume | None,
    *,
    objects: PreparedObjects,
    names: t.Mapping[str, str],
    stopped: t.Sequence[str] = (),
) -> str:
    """Of what is written, how, and for a claim where its data comes from; of what is not written, only that."""
    if not item.intent:
        return digest_of([item.action])
    body = objects.read(item.body).decode() if item.body is not None else "{}"
    if item.group_resource in _RENAMED:
        for name, other in names.items():
            body = body.replace(json.dumps(name), json.dumps(other))
    source = [volume.method, volume.snapshot_id, volume.source.driver if volume.source else ""] if volume else []
    told = [item.intent, item.method, _desired(item, json.loads(body, parse_int=_number)), source]
    return digest_of([*told, list(stopped)] if item.method == "roll_back" else told)


def _desired(item: PlanItem, body: Object) -> Object:
    """Without the labels that say which restore it was, and without what is secret: a digest can be tried out."""
    metadata = dict(body.get("metadata") or {})
    if item.group_resource in _RENAMED:
        metadata.pop("name", None)
    labels = {name: value for name, value in (metadata.get("labels") or {}).items() if name not in OUR_LABELS}
    desired = {**body, "metadata": {**metadata, "labels": labels}}
    if item.group_resource == SECRETS:
        desired |= {field: sorted(body[field]) for field in ("data", "stringData") if isinstance(body.get(field), dict)}
        desired["metadata"]["annotations"] = sorted(metadata.get("annotations") or {})
    return desired


def _number(text: str) -> int | float:
    """As Go has it: what is too long for 64 bits comes as a float, whichever library has read it before."""
    number = int(text) if len(text) <= _LONGEST else None
    return number if number is not None and _LEAST <= number <= _MOST else float(text)


__all__ = ("digest_plan",)
